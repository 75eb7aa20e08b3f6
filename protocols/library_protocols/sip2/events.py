"""What an engine tells its owner, the same words for both ends of a link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from library_protocols.sip2.messages import Message


class Waiting(Enum):
    """Why there is no event now."""

    NEED_DATA = "need_data"
    """Nothing complete has arrived."""
    PAUSED = "paused"
    """A request waits for its answer; call `respond` or `replay` first."""


NEED_DATA = Waiting.NEED_DATA
PAUSED = Waiting.PAUSED


class Request(NamedTuple):
    """A message for an ACS to answer. `frame` is what came, without terminator.

    `retransmission`: it is the link's previous request octet by octet, AY and AZ included. Then a command
    must not be done again (`Acs.replay` gives the answer); a read may simply run again.
    """

    message: Message
    frame: bytes
    retransmission: bool


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to what an SC asked. `frame` is what came, without terminator."""

    message: Message
    frame: bytes


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The ACS answered with a 98 nobody asked for: take note of it, then repeat the message (`Sc.retransmit`)."""

    message: Message
    frame: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """Octets to write now; the engine decided by itself. `message` is what was received, when it could be read."""

    data: bytes
    frame: bytes
    message: Message | None
    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that gets no answer, and why. `frame` is empty for a line that was too long to keep."""

    frame: bytes
    reason: str
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """The two ends cannot understand each other; what was asked stays unanswered."""

    frame: bytes
    reason: str


class LocalError(RuntimeError):
    """The owner broke an engine's rules, such as an answer without a request."""


__all__ = [
    "NEED_DATA",
    "PAUSED",
    "Ignored",
    "LinkFailed",
    "LocalError",
    "Request",
    "Response",
    "Send",
    "StatusChanged",
    "Waiting",
]
