"""Who is asking, once it is known: a member, and a terminal or key of it."""

from __future__ import annotations

from collections.abc import Callable

from gateway.canonical.context import Context, LinkMemory, PlatformCall
from gateway.canonical.vocabulary import Permission
from gateway.config import MemberConfig, TerminalConfig


class Identity:
    """One credential in use: on one link (terminal) or in one request (API key).

    `live` turns False when the credential is removed from the configuration or a newer link takes its place; every
    message of a link asks it. What else changes in the configuration holds from the next login.
    """

    __slots__ = ("__weakref__", "_foreign_items", "_institutions", "_pin_required", "credential", "live", "location",
                 "member", "permissions", "terminal")  # fmt: skip

    def __init__(
        self,
        member: MemberConfig,
        terminal: TerminalConfig | None,
        *,
        permissions: frozenset[Permission],
        credential: str,
        institutions: Callable[[str], str | None],
    ) -> None:
        self.member = member
        self.terminal = terminal
        self.permissions = permissions
        self.credential = credential
        self.location = (terminal and terminal.location) or member.main_location
        self.live = True
        own = terminal.pin_required if terminal else frozenset()
        self._pin_required = member.policies.pin_required if own is None else own
        self._foreign_items = member.policies.foreign_items
        self._institutions = institutions

    def accepts_institution(self, name: str) -> bool:
        """Whether a name inside a message agrees with who is asking.

        The empty name says nothing, and so does one that is nobody's where the member has given no names of its own.
        Another member's name never does.
        """
        if not name:
            return True
        owner = self._institutions(name)
        if owner is None:
            return not self.member.institution_ids
        return owner == self.member.code

    def context(
        self,
        *,
        protocol: str,
        link: LinkMemory | None = None,
        deadline: float | None = None,
        calls: list[PlatformCall] | None = None,
        location: str | None = None,
        exchange: str | None = None,
    ) -> Context:
        """The surroundings of one request. `deadline` is in seconds of the desk's monotonic clock."""
        return Context(
            member=self.member.code,
            terminal=self.credential,
            location=location or self.location,
            permissions=self.permissions,
            protocol=protocol,
            pin_required=self._pin_required,
            foreign_items=self._foreign_items,
            deadline=deadline,
            exchange=exchange,
            link=LinkMemory() if link is None else link,
            calls=calls,
        )
