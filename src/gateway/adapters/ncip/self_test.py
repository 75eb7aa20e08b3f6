"""What is configured wrong of a peer: one sentence a check, each saying what to change. Nobody's data are in it.

The desk is asked what there is (locations, item types, the patron who stands for the peer), the peer's own server only
through what was handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from gateway.adapters.ncip.mapping import HANDLERS, NEEDS
from gateway.adapters.ncip.work import PeerDesk
from gateway.canonical.context import Context
from gateway.canonical.outcomes import ConfigOutcome, PatronOutcome
from gateway.canonical.refusals import PlatformFailure
from gateway.canonical.requests import ConfigList, PatronGet
from gateway.canonical.vocabulary import BlockScope, BlockSeverity, PatronStatus, Permission
from gateway.members.ncip_peers import PeerIdentity

OUTWARD_SECONDS = 15.0
"""Longest wait for the peer's own server."""
ANSWER_SECONDS = 20.0
"""Longest wait for the platform."""
_ASKS = frozenset({Permission.CONFIG_READ, Permission.PATRON_READ})
_NOTHING_LENT = "no item can be lent to people who are not known here"

Outward = Callable[[PeerIdentity], Awaitable[str]]
"""Asks a peer's own server which versions it speaks, or which agency it is, and gives the answer in a few words. Raises
whatever went wrong: its class name alone is told."""


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and a sentence on it."""

    name: str
    level: Level
    told: str


@dataclass(frozen=True, slots=True)
class Report:
    """The checks of one peer."""

    member: str
    peer: str
    checks: tuple[Check, ...]

    @property
    def level(self) -> Level:
        """That of the worst check."""
        found = {check.level for check in self.checks}
        return next((level for level in (Level.WRONG, Level.WARNING) if level in found), Level.OK)

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        checks = [{"check": one.name, "level": one.level.value, "told": one.told} for one in self.checks]
        return {"member": self.member, "peer": self.peer, "level": self.level.value, "checks": checks}


def _ok(name: str, told: str) -> Check:
    return Check(name, Level.OK, told)


def _warning(name: str, told: str) -> Check:
    return Check(name, Level.WARNING, told)


def _wrong(name: str, told: str) -> Check:
    return Check(name, Level.WRONG, told)


class SelfTest:
    """Examines peers."""

    def __init__(self, desk: PeerDesk, monotonic: Callable[[], float]) -> None:
        self._desk = desk
        self._monotonic = monotonic

    async def examine(self, peer: PeerIdentity, outward: Outward | None = None, *, tls: bool | None = None) -> Report:
        """All checks of a peer. `tls`: whether it has come encrypted, None where it did not come itself."""
        checks = [*_names(peer), *_credentials(peer, tls), *self._services(peer), *_settings(peer)]
        checks += await self._places(peer)
        checks += await self._institution(peer)
        checks += await _outside(peer, outward)
        return Report(peer.member.code, peer.name, tuple(checks))

    def _services(self, peer: PeerIdentity) -> Iterator[Check]:
        capabilities = self._desk.capabilities(peer.member.code)

        def able(service: str) -> bool:
            needs = NEEDS.get(service)
            return needs is None or any(
                operation in capabilities and capabilities[operation].level != "none" for operation in needs
            )

        unserved = sorted(service for service in peer.services - HANDLERS.keys() if service != "LookupVersion")
        unable = sorted(service for service in peer.services & HANDLERS.keys() if not able(service))
        if unserved:
            yield _warning("services", f"Nobody answers these here, leave them out of `services`: {_list(unserved)}.")
        if unable:
            yield _warning("services", f"Allowed, but the member's platform cannot do these: {_list(unable)}.")
        if not (unserved or unable):
            yield _ok("services", f"All {len(peer.services)} services that it may ask for can be carried out.")

    async def _places(self, peer: PeerIdentity) -> list[Check]:
        rows = await self._rows(peer, "locations")
        if rows is None:
            return [_warning("locations", "The platform does not say which locations there are: nothing was compared.")]
        known = {str(row.get("code")): bool(row.get("pickup")) for row in rows}
        checks = [
            _ok("location", f"Its transactions take place at {peer.location}.")
            if peer.location in known
            else _wrong("location", f"There is no location {peer.location!r}: set `location` to a code that exists.")
        ]
        for branch, code in peer.profile.branches.items():
            if code not in known:
                checks.append(_wrong("branches", f"Branch {branch!r} is at {code!r}, which is no location."))
        lost = [f"{name!r} to {code!r}" for name, code in peer.profile.pickup.items() if not known.get(code)]
        if lost:
            checks.append(_wrong("pickup", f"These names lead to no pickup location: {_list(lost)}."))
        elif peer.profile.pickup:
            checks.append(_ok("pickup", f"All {len(peer.profile.pickup)} names lead to pickup locations."))
        elif peer.services & {"RequestItem", "AcceptItem", "ItemRequested"}:
            codes = _list(sorted(code for code, pickup in known.items() if pickup)) or "none"
            checks.append(_ok("pickup", f"Without `pickup` it must name our own codes: {codes}."))
        checks += await self._item_type(peer)
        return checks

    async def _item_type(self, peer: PeerIdentity) -> list[Check]:
        wanted = peer.profile.item_type
        if wanted is None:
            return []
        rows = await self._rows(peer, "item_types")
        if rows is None:
            return [_warning("item_type", "The platform does not say which item types there are.")]
        if wanted in {str(row.get("code")) for row in rows}:
            return [_ok("item_type", f"Temporary items are of the type {wanted}.")]
        return [_wrong("item_type", f"There is no item type {wanted!r}: set `item_type` to one that exists.")]

    async def _institution(self, peer: PeerIdentity) -> list[Check]:
        name = "institution_patron"
        lends = bool(peer.services & {"CheckOutItem", "RequestItem", "ItemCheckedOut", "ItemRequested"})
        identifier = peer.profile.institution_patron
        if identifier is None:
            told = f"Without `institution_patron` {_NOTHING_LENT}."
            return [_ok(name, told)] if lends else []
        try:
            found = await self._desk.perform(self._context(peer), PatronGet(patron=identifier))
        except PlatformFailure as failure:
            return [_warning(name, f"The platform could not be asked ({failure.code}).")]
        if not isinstance(found, PatronOutcome):
            return [_wrong(name, "There is no such patron: set `institution_patron` to an identifier that exists.")]
        blocks = [
            block.reason.value
            for block in found.patron.blocks
            if block.severity is BlockSeverity.BLOCK and block.scope in (BlockScope.ALL, BlockScope.BORROW)
        ]
        if found.patron.status is not PatronStatus.ACTIVE:
            return [_wrong(name, f"The patron is {found.patron.status.value}: {_NOTHING_LENT}.")]
        if blocks:
            return [_wrong(name, f"The patron may not borrow ({_list(blocks)}).")]
        return [_ok(name, "The patron who stands for it exists and may borrow.")]

    async def _rows(self, peer: PeerIdentity, what: str) -> tuple[Mapping[str, Any], ...] | None:
        try:
            answer = await self._desk.perform(self._context(peer), ConfigList(what=what))
        except PlatformFailure:
            return None
        return answer.rows if isinstance(answer, ConfigOutcome) else None

    def _context(self, peer: PeerIdentity) -> Context:
        deadline = self._monotonic() + ANSWER_SECONDS
        return replace(peer.context(deadline=deadline), permissions=_ASKS, pin_required=frozenset())


def _names(peer: PeerIdentity) -> Iterator[Check]:
    profile, own = peer.profile, peer.member.code
    foreign = [name for name in profile.agency_ids if peer.owner_of(name) == own]
    if foreign:
        yield _wrong("agency_ids", f"{_list(foreign)} is this member's own name, not the peer's (FromAgencyId).")
    elif profile.agency_ids:
        yield _ok("agency_ids", f"It calls itself {_list(profile.agency_ids)}.")
    else:
        yield _warning("agency_ids", "Any FromAgencyId is taken: list its own in `agency_ids`.")
    strangers = [name for name in profile.our_ids if peer.owner_of(name) not in (None, own)]
    if strangers:
        yield _wrong("our_ids", f"{_list(strangers)} is another member's name.")
    elif profile.our_ids or peer.member.institution_ids:
        names = dict.fromkeys((*profile.our_ids, *peer.member.institution_ids, *profile.branches))
        yield _ok("our_ids", f"It may call the member {_list(names)} (ToAgencyId).")
    else:
        yield _warning("our_ids", "Any ToAgencyId that is nobody else's is taken: list what it calls us in `our_ids`.")
    if profile.user_identifiers and profile.user_id not in profile.user_identifiers.values():
        yield _warning("user_id", f"It reads {profile.user_id.value} identifiers, which none of its types means.")


def _credentials(peer: PeerIdentity, tls: bool | None) -> Iterator[Check]:
    profile = peer.profile
    shown = [
        name
        for name, value in (
            ("a client certificate", profile.client_certificate),
            ("an API key", profile.api_key_sha256),
            ("a shared secret", profile.secret_hash),
        )
        if value
    ]
    at_home = bool(profile.networks) and all(ip_network(network).is_loopback for network in profile.networks)
    if shown:
        yield _ok("credential", f"It is known by {_list(shown)}{', from its networks' if profile.networks else ''}.")
    elif at_home:
        yield _ok("credential", "It is known by its address alone, which is this machine's.")
    else:
        yield _warning("credential", "It is known by its network alone: whoever has such an address is taken for it.")
    if tls is False and not at_home:
        yield _warning("tls", "This very request came in clear text: people's data can be read on the way.")
    if profile.require_tls:
        yield _ok("tls", "It is answered over TLS only.")
    elif not at_home:
        yield _warning("tls", "It is answered in clear text too: set `require_tls` once it has changed its address.")


def _settings(peer: PeerIdentity) -> Iterator[Check]:
    profile, services = peer.profile, peer.services
    if profile.delete_on_checkin and "DeleteItem" not in services:
        yield _wrong("delete_on_checkin", "Items can only be removed where `services` has DeleteItem.")
    if profile.delete_on_checkin and not services & {"CheckInItem", "ItemCheckedIn"}:
        yield _warning("delete_on_checkin", "It has no effect: `services` has no CheckInItem.")
    if profile.notifications == "act" and not any(service in services for service in NOTIFICATIONS):
        yield _warning("notifications", "Nothing is carried out: `services` has none of its notifications.")
    if profile.institution_patron and not services & {"CheckOutItem", "RequestItem", "ItemCheckedOut", "ItemRequested"}:
        yield _warning("institution_patron", "It has no effect: `services` has neither CheckOutItem nor RequestItem.")


NOTIFICATIONS = (
    "ItemCheckedIn", "ItemCheckedOut", "ItemRecalled", "ItemReceived", "ItemRenewed", "ItemRequestCancelled",
    "ItemRequested", "ItemShipped",
)  # fmt: skip
"""Notifications that brokers of NCIP 1 mean as commands."""


async def _outside(peer: PeerIdentity, outward: Outward | None) -> list[Check]:
    settings = peer.profile.outward
    if settings is None:
        return [_ok("outward", "It is told of nothing: it has no address of its own here.")]
    checks: list[Check] = []
    told = urlsplit(settings.url)
    secret = settings.secret.get_secret_value() or settings.bearer.get_secret_value() or settings.user
    if secret and told.scheme != "https" and not _is_here(told.hostname or ""):
        checks.append(_warning("outward", "Its credential goes out in clear text: use an https address."))
    if not settings.notify:
        checks.append(_ok("outward", "It has an address, and is told of nothing: `notify` is empty."))
    if outward is None:
        return checks
    try:
        async with asyncio.timeout(min(settings.timeout_seconds, OUTWARD_SECONDS)):
            said = await outward(peer)
    except Exception as error:
        checks.append(_wrong("outward", f"Its server does not answer at {told.hostname} ({type(error).__name__})."))
    else:
        checks.append(_ok("outward", f"Its server answers: {said}"))
    return checks


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_network(host).is_loopback
    except ValueError:
        return False


def _list(names: Any) -> str:
    return ", ".join(names)
