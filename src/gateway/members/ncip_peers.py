"""Who speaks NCIP: brokers and other systems, resolved from evidence to a peer of one member.

The credential speaks first (client certificate, API key, shared secret), then listener and TLS name, then the path, and
names inside the message last: a later one may only agree, or pick among the members where that credential is known.
Secrets are checked off the event loop, remembered for a minute, and guesses are slowed down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.canonical.context import Context, LinkMemory, PlatformCall
from gateway.config import MemberConfig, NcipPeerConfig
from gateway.crosswalks.ncip import permissions_of, services_of


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """A peer of a member, in one message. `profile` is what is configured of it; `services` what it may ask for;
    `location` where its transactions take place; `owner_of` gives the member that an agency id names."""

    member: MemberConfig
    name: str
    profile: NcipPeerConfig
    services: frozenset[str]
    location: str
    owner_of: Callable[[str], str | None]

    @property
    def terminal(self) -> str:
        """What names it in records, and in exactly-once."""
        return f"ncip:{self.name}"

    @property
    def agency(self) -> str:
        """The agency id by which it reads the member in answers."""
        names = (*self.profile.our_ids, *self.member.institution_ids)
        return names[0] if names else self.member.code.upper()

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
            permissions=permissions_of(self.services),
            protocol="ncip",
            pin_required=self.member.policies.pin_required if own is None else own,
            foreign_items=self.member.policies.foreign_items,
            deadline=deadline,
            exchange=exchange,
            link=LinkMemory() if link is None else link,
            calls=calls,
        )


def peer_of(member: MemberConfig, name: str, owner_of: Callable[[str], str | None], location: str = "") -> PeerIdentity:
    """The peer as configured; `location` where a branch was named."""
    profile = member.ncip.peers[name]
    return PeerIdentity(
        member,
        name,
        profile,
        services_of(profile.services),
        location or profile.location or member.main_location,
        owner_of,
    )
