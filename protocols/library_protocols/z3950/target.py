"""The target's end of one association: octets in, requests out one at a time, answers back to octets.

The engine does what the standard asks of every target (initialization comes first and once, Close, a PDU that
cannot be read, referenceId echoed) and leaves what a request means to its owner. It holds no socket and no clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from library_protocols.ber import BerError
from library_protocols.z3950.apdu import Close, InitializeRequest, InitializeResponse, Pdu, Segment, UnknownPdu
from library_protocols.z3950.codec import CLASSES, decode, encode, reference_id_of
from library_protocols.z3950.control import TriggerResourceControlRequest
from library_protocols.z3950.events import CLOSED, NEED_DATA, PAUSED, Ignored, LocalError, Request, Send, Waiting
from library_protocols.z3950.facts.pdus import PDUS, CloseReason
from library_protocols.z3950.framing import MAX_PDU, Framer

Event = Request | Send | Ignored
_OPERATIONS = frozenset(
    CLASSES[tag]
    for tag, fact in PDUS.items()
    if fact.sender == "origin" and fact.answer is not None and tag != InitializeRequest.tag
)
"""What an origin may ask at any time of an association."""


class Target:
    """Engine of one association, target side."""

    __slots__ = ("_closed", "_current", "_framer", "_opened", "_queued", "_version", "_waiting")

    def __init__(self, max_pdu: int = MAX_PDU) -> None:
        self._framer = Framer(max_pdu)
        self._waiting: deque[bytes] = deque()
        self._queued = 0  # octets in _waiting
        self._current: Request | None = None
        self._opened = False
        self._closed = False
        self._version = 2

    @property
    def backlog(self) -> int:
        """Octets received and not yet delivered: the owner stops reading when this grows."""
        return self._queued + self._framer.buffered

    @property
    def version(self) -> int:
        """The version in force, 2 or 3, once an association has been accepted."""
        return self._version

    @property
    def opened(self) -> bool:
        """Whether an association has been accepted and not yet ended."""
        return self._opened and not self._closed

    def receive_data(self, data: bytes) -> None:
        """Take octets from the connection, in pieces of any size. Never raises."""
        for pdu in self._framer.feed(data):
            self._waiting.append(pdu)
            self._queued += len(pdu)

    def next_event(self) -> Event | Waiting:
        """The next thing to do, or why there is none. Never raises, whatever was received."""
        if self._closed:
            return CLOSED
        if self._current is not None:
            return PAUSED
        if not self._waiting:
            if self._framer.error is not None:
                return self._break_off(b"", None, self._framer.error.reason)
            return NEED_DATA
        octets = self._waiting.popleft()
        self._queued -= len(octets)
        try:
            pdu = decode(octets)
        except BerError as error:
            return self._break_off(octets, None, str(error))
        return self._judge(pdu, octets)

    def _judge(self, pdu: Pdu, octets: bytes) -> Event:
        if self._opened and type(pdu) in _OPERATIONS:
            self._current = Request(pdu, octets)
            return self._current
        if isinstance(pdu, Close):
            return self._close(octets, pdu, CloseReason.FINISHED, "closed by the origin")
        if isinstance(pdu, UnknownPdu):
            return self._break_off(octets, pdu, f"a PDU of unknown tag {pdu.number}")
        fact = PDUS[pdu.tag]
        if fact.sender == "target":
            return self._break_off(octets, pdu, f"{fact.name} is nothing an origin sends")
        if isinstance(pdu, InitializeRequest) == self._opened:
            return self._break_off(octets, pdu, f"{fact.name} {'twice' if self._opened else 'before initRequest'}")
        if isinstance(pdu, TriggerResourceControlRequest):
            return Ignored(octets, "the operation it is about has ended", pdu)
        if fact.answer is None:
            return self._break_off(octets, pdu, f"{fact.name} answers nothing that was asked")
        self._current = Request(pdu, octets)
        return self._current

    def _break_off(self, octets: bytes, pdu: Pdu | None, reason: str) -> Send:
        return self._close(octets, pdu, CloseReason.PROTOCOL_ERROR, reason)

    def _close(self, octets: bytes, pdu: Pdu | None, reason: CloseReason, words: str) -> Send:
        self._closed = True
        reference = pdu.reference_id if pdu is not None else reference_id_of(octets)
        information = words if reason is not CloseReason.FINISHED else None
        data = encode(Close(reference_id=reference, close_reason=reason, diagnostic_information=information))
        return Send(data, octets, pdu, words, closes=True)

    def segment(self, pdu: Segment) -> bytes:
        """Octets of a part of the answer to the outstanding present. Raises LocalError when there is none."""
        request = self._outstanding()
        if request.pdu.tag != 24:
            raise LocalError("only a present is answered in segments")
        return _encoded(pdu, request)

    def respond(self, pdu: Pdu) -> bytes:
        """Octets of the answer to the outstanding request, with its referenceId.

        Raises LocalError when no request is outstanding or when `pdu` is no answer to it. A refused
        initialization leaves the association unopened: the connection is to be closed.
        """
        request = self._outstanding()
        if pdu.tag != PDUS[request.pdu.tag].answer:
            raise LocalError(f"{type(pdu).__name__} does not answer {type(request.pdu).__name__}")
        if isinstance(pdu, InitializeResponse):
            self._opened = pdu.result
            self._closed = not pdu.result
            self._version = 3 if 2 in pdu.protocol_version else 2
        data = _encoded(pdu, request)
        self._current = None
        return data

    def close(self, reason: CloseReason, words: str | None = None) -> bytes:
        """Octets of a Close of our own; a request that is outstanding stays unanswered, nothing more is read.

        Close exists in version 3 only: under version 2, or before initialization, there are none.
        """
        already = self._closed
        self._closed = True
        self._current = None
        if already or not self._opened or self._version < 3:
            return b""
        return encode(Close(close_reason=reason, diagnostic_information=words))

    def _outstanding(self) -> Request:
        if self._current is None:
            raise LocalError("no request is outstanding")
        return self._current


def _encoded(pdu: Pdu, request: Request) -> bytes:
    reference = request.pdu.reference_id
    return encode(pdu if pdu.reference_id == reference else replace(pdu, reference_id=reference))


__all__ = ["Event", "Target"]
