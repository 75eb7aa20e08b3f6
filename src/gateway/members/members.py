"""Resolves who is asking. The only place where evidence becomes an identity.

A running configuration is replaced as a whole; identities in use stay valid unless their credential was removed.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from weakref import ReferenceType, ref

from gateway.clock import Clock, SystemClock
from gateway.config import ApiKeyConfig, Config, MemberConfig, TerminalConfig
from gateway.members.evidence import Evidence, within
from gateway.members.identity import Identity
from gateway.members.secrets import key_digest, password_matches
from gateway.members.throttle import Throttle

# Passwords checked at a time: as many as there are cores to spare, and so many guesses may slip past the throttle.
_CHECKS = 2


class Refused(StrEnum):
    """Why a login was refused: for records and staff, never for the one who tries."""

    WRONG = "wrong"  # no such login, or not its password
    THROTTLED = "throttled"
    DISAGREES = "disagrees"  # listener, TLS name, path or institution belong to another member
    NETWORK = "network"
    TLS_REQUIRED = "tls_required"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """`retry_after` is in seconds, with `throttled` only."""

    reason: Refused
    retry_after: float = 0.0


class _Directory:
    """A configuration's credentials and names, indexed."""

    def __init__(self, config: Config) -> None:
        self.members = config.members
        self.logins: dict[str, tuple[MemberConfig, TerminalConfig]] = {}
        self.certificates: dict[str, tuple[MemberConfig, TerminalConfig]] = {}
        self.open: list[tuple[MemberConfig, TerminalConfig]] = []  # known by their network alone
        self.keys: dict[str, tuple[MemberConfig, ApiKeyConfig]] = {}
        self.institutions: dict[str, str] = {}
        self.tls_names: dict[str, str] = {}
        for code, member in config.members.items():
            self.institutions.update((name.casefold(), code) for name in member.institution_ids)
            self.tls_names.update((name.casefold(), code) for name in member.tls_names)
            self.keys.update((key.sha256, (member, key)) for key in member.api_keys)
            for terminal in member.terminals.values():
                self.logins[terminal.login] = (member, terminal)
                if terminal.client_certificate:
                    self.certificates[terminal.client_certificate] = (member, terminal)
                elif terminal.password_hash is None:
                    self.open.append((member, terminal))


class Members:
    """The members of the consortium and their credentials."""

    def __init__(self, config: Config, *, clock: Clock | None = None, executor: Executor | None = None) -> None:
        self._clock = clock or SystemClock()
        self._executor = executor or ThreadPoolExecutor(_CHECKS, thread_name_prefix="login")
        self._checking = asyncio.Semaphore(_CHECKS)
        self._directory = _Directory(config)
        self._throttle = Throttle(config.limits.login_failures, config.limits.login_backoff_seconds)
        # Weak: a link that forgets to release its identity must not use up the places of its login.
        self._links: dict[str, list[ReferenceType[Identity]]] = {}

    @property
    def by_code(self) -> Mapping[str, MemberConfig]:
        return self._directory.members

    def institution(self, name: str) -> str | None:
        """Code of the member that goes by this name inside messages."""
        return self._directory.institutions.get(name.casefold())

    async def login(self, user: str, password: str, evidence: Evidence) -> Identity | LoginRefused:
        """A terminal's login. Takes as long for a wrong login as for a wrong password."""
        # Guesses that come all at once wait here, where each meets the count of those before it.
        async with self._checking:
            return await self._check(user, password, evidence)

    def knows(self, login: str) -> bool:
        """Whether a terminal logs in by this name."""
        return login in self._directory.logins

    async def _check(self, user: str, password: str, evidence: Evidence) -> Identity | LoginRefused:
        now = self._clock.monotonic()
        peer = evidence.peer or ""
        if (wait := self._throttle.wait(peer, user, now)) > 0:
            return LoginRefused(Refused.THROTTLED, wait)
        found = self._directory.logins.get(user)
        hashed = found[1].password_hash if found else None
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(
            self._executor, password_matches, password, hashed.get_secret_value() if hashed else None
        )
        # Looked up again: the configuration may have been replaced while the password was checked.
        found = self._directory.logins.get(user)
        if not matches or found is None or found[1].password_hash != hashed:
            self._throttle.failed(peer, user, now)
            return LoginRefused(Refused.WRONG)
        self._throttle.succeeded(peer, user)
        member, terminal = found
        if refused := self._objection(member, terminal, evidence):
            return LoginRefused(refused)
        return self._admit(member, terminal)

    def by_evidence(self, evidence: Evidence) -> Identity | None:
        """The terminal that a connection without a login is: by its client certificate, or by its network alone."""
        if evidence.client_certificate is not None:
            found = self._directory.certificates.get(evidence.client_certificate)
            candidates = [found] if found else []
        else:
            candidates = [pair for pair in self._directory.open if within(evidence.peer, pair[1].networks)]
        candidates = [pair for pair in candidates if self._objection(*pair, evidence) is None]
        return self._admit(*candidates[0]) if len(candidates) == 1 else None

    def by_api_key(self, key: str, evidence: Evidence | None = None) -> Identity | None:
        """The identity behind a bearer key, None where there is none or the evidence disagrees."""
        digest = key_digest(key)
        found = self._directory.keys.get(digest)
        if found is None or not hmac.compare_digest(found[1].sha256, digest):
            return None
        member, api_key = found
        if evidence is not None:
            if api_key.networks and not within(evidence.peer, api_key.networks):
                return None
            if self._names_another(member, evidence):
                return None
        return Identity(
            member,
            None,
            permissions=api_key.scopes,
            credential=f"api:{api_key.name}",
            institutions=self.institution,
        )

    def release(self, identity: Identity) -> None:
        """A link has ended, or logged in anew."""
        self._links[identity.credential] = [link for link in self._live(identity.credential) if link() is not identity]

    def replace(self, config: Config) -> None:
        """Takes a new configuration, all of it at once. Identities whose credential is gone are refused from now on."""
        directory = _Directory(config)
        self._throttle = Throttle(config.limits.login_failures, config.limits.login_backoff_seconds)
        self._directory = directory
        for login in self._links:
            found = directory.logins.get(login)
            for link in self._live(login):
                identity = link()
                if identity and (found is None or found[0].code != identity.member.code):
                    identity.live = False

    def _admit(self, member: MemberConfig, terminal: TerminalConfig) -> Identity:
        identity = Identity(
            member,
            terminal,
            permissions=terminal.permissions,
            credential=terminal.login,
            institutions=self.institution,
        )
        links = [*self._live(terminal.login), ref(identity)]
        for link in links[: -terminal.links]:
            if oldest := link():
                oldest.live = False
        self._links[terminal.login] = links[-terminal.links :]
        return identity

    def _live(self, login: str) -> list[ReferenceType[Identity]]:
        return [link for link in self._links.get(login, ()) if link() is not None]

    def _objection(self, member: MemberConfig, terminal: TerminalConfig, evidence: Evidence) -> Refused | None:
        if self._names_another(member, evidence):
            return Refused.DISAGREES
        if terminal.require_tls and not evidence.tls:
            return Refused.TLS_REQUIRED
        if terminal.client_certificate and evidence.client_certificate != terminal.client_certificate:
            return Refused.CERTIFICATE
        networks = terminal.networks or member.networks
        if networks and not within(evidence.peer, networks):
            return Refused.NETWORK
        return None

    def _names_another(self, member: MemberConfig, evidence: Evidence) -> bool:
        """Whether anything weaker than the credential names a member, and not this one."""
        directory = self._directory
        named = {evidence.listener_member, evidence.path_member}
        if evidence.tls_name:
            named.add(directory.tls_names.get(evidence.tls_name.casefold()))
        if evidence.client_certificate and (found := directory.certificates.get(evidence.client_certificate)):
            named.add(found[0].code)
        if evidence.institution:
            named.add(directory.institutions.get(evidence.institution.casefold()))
        return bool(named - {None, member.code})
