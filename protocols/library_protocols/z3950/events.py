"""What an engine tells its owner, the same words for both ends of an association."""

from __future__ import annotations

from enum import Enum

from library_protocols.values import value
from library_protocols.z3950.apdu import Pdu


class Waiting(Enum):
    """Why there is no event now."""

    NEED_DATA = "need_data"
    """Nothing complete has arrived."""
    PAUSED = "paused"
    """A request waits for its answer; call `respond` first."""
    CLOSED = "closed"
    """The association has ended; nothing more will be read."""


NEED_DATA = Waiting.NEED_DATA
PAUSED = Waiting.PAUSED
CLOSED = Waiting.CLOSED


@value
class Request:
    """A PDU for the target to answer; `octets` is what came."""

    pdu: Pdu
    octets: bytes


@value
class Response:
    """A PDU for the origin: an answer, or a segment that comes before one. `octets` is what came."""

    pdu: Pdu
    octets: bytes


@value
class Send:
    """Octets to write now; the engine decided by itself. `pdu` is what was received, when it could be read.

    `closes`: nothing may be sent after them, and the connection is to be closed.
    """

    data: bytes
    octets: bytes
    pdu: Pdu | None
    reason: str
    closes: bool = False


@value
class Ignored:
    """A PDU that gets no answer, and why."""

    octets: bytes
    reason: str
    pdu: Pdu | None = None


@value
class Failed:
    """The other side broke the protocol, or said Close; what was asked stays unanswered. `data` is to be sent,
    if there is any, before the connection is closed."""

    reason: str
    data: bytes = b""
    pdu: Pdu | None = None


class LocalError(RuntimeError):
    """The engine's own owner asked for something the protocol does not allow."""
