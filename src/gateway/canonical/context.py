"""Who is asking, resolved once in `gateway.members` and carried with every call.

Every canonical call carries the member: there is no query without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.canonical.vocabulary import ForeignItems, Permission


@dataclass(slots=True)
class PlatformCall:
    """One call through the Platform port, for the record of the exchange; `answer` is None while it runs or failed."""

    operation: str
    request: object
    started: float  # monotonic seconds
    finished: float | None = None
    answer: object = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class CommandKey:
    """Names one command for exactly-once.

    `value` is the door's own key (what counts as the same command is the protocol's affair), `window` the seconds
    within which a retry may still arrive, `permanent` that it names this transaction for ever (a payment reference).
    `fingerprint` digests what was asked where the client chose the key itself: the same key with another fingerprint
    is refused as CONFLICT instead of answered with what somebody else's words had led to. Empty: not compared.
    `repeatable` says that the value names words and no transaction: after the window they are another command, and
    within it once somebody else has done something to what they name.
    """

    value: str
    window: float
    permanent: bool = False
    fingerprint: str = ""
    repeatable: bool = False


@dataclass(slots=True)
class LinkMemory:
    """What one link remembers between messages: a verified PIN, for one patron, for a short time, in memory only."""

    verified_patron: str | None = None
    verified_until: float = 0.0  # monotonic seconds

    def forget(self) -> None:
        self.verified_patron = None
        self.verified_until = 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """One request's surroundings. `deadline` is in seconds of the desk's monotonic clock, None for no limit."""

    member: str
    terminal: str
    location: str
    permissions: frozenset[Permission]
    protocol: str = "http"
    pin_required: frozenset[str] = frozenset()  # operations that need a PIN at this door
    foreign_items: ForeignItems = ForeignItems.UNKNOWN
    deadline: float | None = None
    exchange: str | None = None
    link: LinkMemory = field(default_factory=LinkMemory)
    calls: list[PlatformCall] | None = None  # the desk appends each platform call here where a recorder wants them

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions
