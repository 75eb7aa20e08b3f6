"""Who speaks NCIP: brokers and other systems, resolved from evidence to a peer of one member.

The credential speaks first (client certificate, API key, shared secret), then listener and TLS name, then the path, and
names inside the message last: a later one may only agree, or pick among the peers that the credential is known for.
A peer must show every credential that is configured of it. Whoever shows none that is right learns nothing else.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import SecretStr

from gateway.canonical.context import Context, LinkMemory, PlatformCall
from gateway.canonical.vocabulary import Permission
from gateway.clock import Clock
from gateway.config import Config, MemberConfig, NcipPeerConfig
from gateway.crosswalks.ncip import permissions_of, services_of
from gateway.members.evidence import Evidence, within
from gateway.members.guarded import Guarded
from gateway.members.secrets import key_digest

AUTHENTICATION = "Agency Authentication Failed"
COMBINATION = "Unauthorized Combination Of Element Values For Agency"
UNKNOWN_AGENCY = "Unknown Agency"
UNKNOWN_SYSTEM = "Unknown System"
MISSING = "Needed Data Missing"
NOT_NOW = "Temporary Processing Failure"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a message says of its sender and receiver, and the keys that came with it over HTTP. "" where nothing was
    said. `secret` is the message's own (FromAgencyAuthentication, else FromSystemAuthentication); `keys` are tried as
    API keys, each one that was sent must be right."""

    from_agency: str = ""
    secret: SecretStr | None = None
    from_system: str = ""
    profile: str = ""
    to_agency: str = ""
    on_behalf_of: str = ""
    keys: tuple[SecretStr, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerRefused:
    """Why nobody was recognised: `problem` is a ProblemType for the peer, `element` the path below the service that it
    is about, `reason` a word for records and staff; `retry_after` is in seconds where somebody has guessed too often.
    `member` is set where the credential was right and of one member alone."""

    problem: str
    reason: str
    element: str | None = None
    retry_after: float = 0.0
    member: str | None = None


@dataclass(frozen=True)
class PeerIdentity:
    """A peer of a member. `profile` is what is configured of it; `services` what it may ask for; `location` where its
    transactions take place; `owner_of` gives the member that an agency id names."""

    member: MemberConfig
    name: str
    profile: NcipPeerConfig
    services: frozenset[str]
    permissions: frozenset[Permission]
    location: str
    owner_of: Callable[[str], str | None]

    @cached_property
    def terminal(self) -> str:
        """What names it in records, and in exactly-once."""
        return f"ncip:{self.name}"

    @cached_property
    def agency(self) -> str:
        """The agency id by which it reads the member in answers."""
        names = (*self.profile.our_ids, *self.member.institution_ids)
        return names[0] if names else self.member.code.upper()

    @cached_property
    def names_of_ours(self) -> frozenset[str]:
        """Agency ids by which it may call the member and its branches, folded."""
        return _folded((*self.profile.our_ids, *self.member.institution_ids, *self.profile.branches))

    @cached_property
    def user_elements(self) -> frozenset[str]:
        """UserElementTypes that it may see, folded."""
        return _folded(self.profile.user_elements)

    def external_ref(self, value: str) -> str:
        """How a transaction that this peer named is known here."""
        return f"{self.terminal}:{value}"

    def own_ref(self, external_ref: str | None) -> str | None:
        """What this peer called a transaction; None where another one named it."""
        start = f"{self.terminal}:"
        return external_ref[len(start) :] if external_ref and external_ref.startswith(start) else None

    def context(
        self,
        *,
        link: LinkMemory | None = None,
        deadline: float | None = None,
        calls: list[PlatformCall] | None = None,
        exchange: str | None = None,
    ) -> Context:
        """The surroundings of one request. `deadline` is in seconds of the desk's monotonic clock."""
        own = self.profile.pin_required
        return Context(
            member=self.member.code,
            terminal=self.terminal,
            location=self.location,
            permissions=self.permissions,
            protocol="ncip",
            pin_required=self.member.policies.pin_required if own is None else own,
            foreign_items=self.member.policies.foreign_items,
            deadline=deadline,
            exchange=exchange,
            link=LinkMemory() if link is None else link,
            calls=calls,
        )


@dataclass(frozen=True)
class _Known:
    """A peer with its names folded, for comparing."""

    identity: PeerIdentity
    agencies: frozenset[str]
    ours: frozenset[str]
    branches: Mapping[str, str]
    systems: frozenset[str]
    profiles: frozenset[str]

    @cached_property
    def profile(self) -> NcipPeerConfig:
        return self.identity.profile

    @cached_property
    def code(self) -> str:
        return self.identity.member.code

    def means(self, to_agency: str, *, nobody: bool) -> bool:
        """Whether the word is one for the member. One that is nobody's agrees where the member has no names at all."""
        if not to_agency:
            return True
        if to_agency in self.ours or to_agency in self.branches:
            return True
        return nobody and not self.ours


@dataclass(slots=True)
class _Directory:
    """A configuration's peers and names, indexed."""

    institutions: dict[str, str] = field(default_factory=dict)
    tls_names: dict[str, str] = field(default_factory=dict)
    by_name: dict[tuple[str, str], _Known] = field(default_factory=dict)
    certificates: dict[str, list[_Known]] = field(default_factory=dict)
    keys: dict[str, list[_Known]] = field(default_factory=dict)
    secrets: dict[str, list[_Known]] = field(default_factory=dict)
    open: dict[tuple[str, ...], list[_Known]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> _Directory:
        made = cls()
        for code, member in config.members.items():
            made.institutions.update((name.casefold(), code) for name in member.institution_ids)
            made.tls_names.update((name.casefold(), code) for name in member.tls_names)
            for name, profile in member.ncip.peers.items():
                made._add(member, name, profile)
        return made

    def _add(self, member: MemberConfig, name: str, profile: NcipPeerConfig) -> None:
        services = services_of(profile.services)
        identity = PeerIdentity(
            member,
            name,
            profile,
            services,
            permissions_of(services),
            profile.location or member.main_location,
            self.owner_of,
        )
        known = _Known(
            identity,
            _folded(profile.agency_ids),
            _folded((*profile.our_ids, *member.institution_ids)),
            {branch.casefold(): location for branch, location in profile.branches.items()},
            _folded(profile.system_ids),
            _folded(profile.profiles),
        )
        self.by_name[member.code, name] = known
        if profile.client_certificate:
            self.certificates.setdefault(profile.client_certificate, []).append(known)
        if profile.api_key_sha256:
            self.keys.setdefault(profile.api_key_sha256, []).append(known)
        if profile.secret_hash:
            for agency in known.agencies:
                self.secrets.setdefault(agency, []).append(known)
        if not (profile.client_certificate or profile.api_key_sha256 or profile.secret_hash):
            self.open.setdefault(profile.networks, []).append(known)

    def open_from(self, peer: str | None) -> list[_Known]:
        """Those who are known by their address alone, and it is this one."""
        return [one for networks, several in self.open.items() if within(peer, networks) for one in several]

    def owner_of(self, agency: str) -> str | None:
        """Code of the member that goes by this name inside messages."""
        return self.institutions.get(agency.casefold())


class NcipPeers:
    """The peers of all members. Replaced as a whole with the configuration."""

    def __init__(self, config: Config, *, clock: Clock, executor: Executor) -> None:
        self._directory = _Directory.of(config)
        self._guarded = Guarded(clock, executor, self._hash_of)
        self.replace(config)

    def replace(self, config: Config) -> None:
        """Takes a new configuration, all of it at once."""
        self._directory = _Directory.of(config)
        self._guarded.replace(config.limits.login_failures, config.limits.login_backoff_seconds)
        self._members = frozenset(config.members)

    def exists(self, member: str) -> bool:
        """Whether there is a member of this code."""
        return member in self._members

    def find(self, member: str, name: str) -> PeerIdentity | None:
        """A peer by its name, for staff."""
        known = self._directory.by_name.get((member, name))
        return known.identity if known else None

    def of_member(self, member: str) -> tuple[PeerIdentity, ...]:
        """The peers of a member, for staff."""
        return tuple(one.identity for (code, _), one in self._directory.by_name.items() if code == member)

    async def resolve(self, evidence: Evidence, claim: Claim) -> PeerIdentity | PeerRefused:
        """Who asks, or what to answer. Takes as long for an unknown agency as for a wrong secret."""
        directory = self._directory
        shown = await self._by_credential(directory, evidence, claim)
        if isinstance(shown, PeerRefused):
            return shown
        if not shown:
            return PeerRefused(AUTHENTICATION, "nobody")
        allowed = [
            one for one in shown if not (one.profile.networks and not within(evidence.peer, one.profile.networks))
        ]
        if not allowed:
            return self._refused(shown, AUTHENTICATION, "network")
        encrypted = [one for one in allowed if evidence.tls or not one.profile.require_tls]
        if not encrypted:
            return self._refused(allowed, AUTHENTICATION, "tls_required")
        return self._by_names(directory, encrypted, evidence, claim)

    # The credential

    async def _by_credential(
        self, directory: _Directory, evidence: Evidence, claim: Claim
    ) -> list[_Known] | PeerRefused:
        """Those who have shown all that is configured of them."""
        recognised = [found] if (found := directory.certificates.get(evidence.client_certificate or "")) else []
        for key in claim.keys:
            digest = key_digest(key.get_secret_value())
            found = [one for one in directory.keys.get(digest, ()) if _is_key(one, digest)]
            if not found:
                return PeerRefused(AUTHENTICATION, "wrong_key")
            recognised.append(found)
        candidates = [
            *(one for found in recognised for one in found),
            *(directory.secrets.get(claim.from_agency.casefold(), ()) if claim.secret else ()),
        ]
        # Whatever was shown and is known here must be this peer's, and what is configured of it must have been shown.
        proven = [
            one
            for one in {id(one): one for one in candidates}.values()
            if all(any(one is known for known in found) for found in recognised)
            and one.profile.client_certificate in (None, evidence.client_certificate)
            and (one.profile.api_key_sha256 is None or claim.keys)
        ]
        if claim.secret is not None:
            checked = await self._by_secret(directory, proven, evidence, claim)
            if isinstance(checked, PeerRefused):
                return checked
            proven = checked
        else:
            proven = [one for one in proven if one.profile.secret_hash is None]
        if proven or recognised:
            return proven
        return directory.open_from(evidence.peer)

    async def _by_secret(
        self, directory: _Directory, candidates: list[_Known], evidence: Evidence, claim: Claim
    ) -> list[_Known] | PeerRefused:
        """Those of whom the secret in the message is right, or who have none to show."""
        assert claim.secret is not None
        secret = claim.secret.get_secret_value()
        asked = [one for one in candidates if one.profile.secret_hash is not None]
        without = [one for one in candidates if one.profile.secret_hash is None]
        if not asked:
            if not without and not directory.open_from(evidence.peer):
                # Nobody goes by that name: as much time is spent as if somebody did.
                wait = await self._guarded.check("", secret, evidence.peer, lambda: True)
                return PeerRefused(NOT_NOW if wait else AUTHENTICATION, "nobody", retry_after=wait or 0.0)
            return without
        # Where a broker stands at several members, those come first that the message is for: mostly one is enough.
        likely = [one for one in asked if self._agrees(directory, one, evidence, claim)] or asked
        right, wait = [], 0.0
        for one in likely:
            failed = await self._guarded.check(_guarded_name(one.identity), secret, evidence.peer, lambda: True)
            if failed is None:
                right.append(one)
            else:
                wait = max(wait, failed)
        if right or without:
            return [*right, *without]
        return PeerRefused(
            NOT_NOW if wait else AUTHENTICATION, "throttled" if wait else "wrong_secret", retry_after=wait
        )

    def _hash_of(self, name: str) -> str | None:
        member, _, peer = name.partition("/")
        known = self._directory.by_name.get((member, peer))
        hashed = known.profile.secret_hash if known else None
        return hashed.get_secret_value() if hashed else None

    # Names

    def _agrees(self, directory: _Directory, one: _Known, evidence: Evidence, claim: Claim) -> bool:
        places = _places(directory, evidence)
        return places <= {one.code} and one.means(claim.to_agency.casefold(), nobody=False)

    def _by_names(
        self, directory: _Directory, shown: list[_Known], evidence: Evidence, claim: Claim
    ) -> PeerIdentity | PeerRefused:
        places = _places(directory, evidence)
        left = [one for one in shown if places <= {one.code}]
        if not left:
            return self._refused(shown, COMBINATION, "disagrees")
        decided = len({one.code for one in left}) == 1
        to_agency = claim.to_agency.casefold()
        nobody = to_agency not in directory.institutions
        meant = [one for one in left if one.means(to_agency, nobody=nobody and decided)]
        if not meant:
            problem = COMBINATION if decided else UNKNOWN_AGENCY
            return self._refused(left, problem, "to_agency", "InitiationHeader/ToAgencyId/AgencyId")
        if len({one.code for one in meant}) > 1:
            problem = UNKNOWN_AGENCY if to_agency else MISSING
            return self._refused(meant, problem, "to_agency", "InitiationHeader/ToAgencyId/AgencyId")
        one = self._of_one_member(meant, claim)
        if isinstance(one, PeerRefused):
            return one
        branch = one.branches.get(to_agency)
        return one.identity if branch is None else replace(one.identity, location=branch)

    def _of_one_member(self, left: list[_Known], claim: Claim) -> _Known | PeerRefused:
        """The one that the sender's names mean."""
        agencies = [name.casefold() for name in (claim.from_agency, claim.on_behalf_of) if name]
        element = "InitiationHeader/FromAgencyId/AgencyId"
        called = left
        if claim.from_agency:
            several = len(left) > 1
            called = [one for one in left if not one.agencies or agencies[0] in one.agencies]
            if not called:
                return self._refused(left, UNKNOWN_AGENCY if several else COMBINATION, "from_agency", element)
        for name in agencies:
            called = [one for one in called if name in one.agencies] or called
        if not (known := [one for one in called if _allows(one.systems, claim.from_system)]):
            return self._refused(called, UNKNOWN_SYSTEM, "from_system", "InitiationHeader/FromSystemId")
        if not (fitting := [one for one in known if _allows(one.profiles, claim.profile)]):
            return self._refused(known, COMBINATION, "profile", "InitiationHeader/ApplicationProfileType")
        if claim.profile:
            fitting = [one for one in fitting if claim.profile.casefold() in one.profiles] or fitting
        if len(fitting) > 1:
            return self._refused(fitting, UNKNOWN_AGENCY if claim.from_agency else MISSING, "from_agency", element)
        return fitting[0]

    def _refused(self, among: Sequence[_Known], problem: str, reason: str, element: str | None = None) -> PeerRefused:
        codes = {one.code for one in among}
        return PeerRefused(problem, reason, element, member=codes.pop() if len(codes) == 1 else None)


def _is_key(one: _Known, digest: str) -> bool:
    return one.profile.api_key_sha256 is not None and hmac.compare_digest(one.profile.api_key_sha256, digest)


def _guarded_name(identity: PeerIdentity) -> str:
    return f"{identity.member.code}/{identity.name}"


def _places(directory: _Directory, evidence: Evidence) -> set[str]:
    """The members that listener, TLS name and path name."""
    tls_name = directory.tls_names.get(evidence.tls_name.casefold()) if evidence.tls_name else None
    return {evidence.listener_member, evidence.path_member, tls_name} - {None}  # pyright: ignore[reportReturnType]


def _allows(names: frozenset[str], said: str) -> bool:
    return not names or not said or said.casefold() in names


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
