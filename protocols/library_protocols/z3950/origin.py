"""The origin's end of one association: requests out, octets in, answers back to whoever asked.

One operation at a time, as nearly all targets want it. Challenges and reports by the target are answered by the
engine: an origin that set no option for them refuses the first and lets the operation go on.
"""

from __future__ import annotations

from collections import deque

from library_protocols.ber import BerError
from library_protocols.z3950.apdu import Close, InitializeRequest, InitializeResponse, Pdu, Segment, UnknownPdu
from library_protocols.z3950.codec import decode, encode
from library_protocols.z3950.common import Diagnostic
from library_protocols.z3950.control import (
    AccessControlRequest,
    AccessControlResponse,
    ResourceControlRequest,
    ResourceControlResponse,
)
from library_protocols.z3950.events import CLOSED, NEED_DATA, Failed, Ignored, LocalError, Response, Send, Waiting
from library_protocols.z3950.facts.pdus import PDUS, CloseReason
from library_protocols.z3950.framing import Framer

MAX_ANSWER = 64 * 1_048_576
"""Octets of one answer: what a target may send that ignores the sizes agreed, before memory is at risk."""

Event = Response | Send | Ignored | Failed


class Origin:
    """Engine of one association, origin side."""

    __slots__ = ("_asked", "_closed", "_closing", "_framer", "_opened", "_waiting", "options", "version")

    def __init__(self, max_pdu: int = MAX_ANSWER) -> None:
        self._framer = Framer(max_pdu)
        self._waiting: deque[bytes] = deque()
        self._asked: Pdu | None = None
        self._opened = False
        self._closing = False
        self._closed = False
        self.options: frozenset[int] = frozenset()
        """What both sides agreed on, once the target has accepted."""
        self.version = 2
        """The version in force."""

    @property
    def opened(self) -> bool:
        """Whether the target has accepted and the association has not ended."""
        return self._opened and not self._closed and not self._closing

    @property
    def asked(self) -> Pdu | None:
        """The request whose answer has not come."""
        return self._asked

    def send(self, pdu: Pdu) -> bytes:
        """Octets of a request. Raises LocalError when another is outstanding, or it is not its turn."""
        fact = PDUS[pdu.tag]
        if self._closed or self._closing:
            raise LocalError("the association has ended")
        if self._asked is not None:
            raise LocalError(f"{PDUS[self._asked.tag].name} has no answer yet")
        if fact.sender == "target" or fact.answer is None:
            raise LocalError(f"{fact.name} asks for nothing")
        if isinstance(pdu, InitializeRequest) == self._opened:
            raise LocalError("initRequest comes first, and once")
        self._asked = pdu
        if isinstance(pdu, Close):
            self._closing = True
        return encode(pdu)

    def receive_data(self, data: bytes) -> None:
        """Take octets from the connection, in pieces of any size. Never raises."""
        self._waiting.extend(self._framer.feed(data))

    def next_event(self) -> Event | Waiting:
        """The next thing that came, or why there is none. Never raises, whatever was received."""
        if self._closed:
            return CLOSED
        if not self._waiting:
            if self._framer.error is not None:
                return self._fail(self._framer.error.reason)
            return NEED_DATA
        octets = self._waiting.popleft()
        try:
            pdu = decode(octets)
        except BerError as error:
            return self._fail(str(error))
        return self._judge(pdu, octets)

    def _judge(self, pdu: Pdu, octets: bytes) -> Event:
        if isinstance(pdu, Close):
            return self._closed_by_target(pdu, octets)
        if isinstance(pdu, UnknownPdu):
            return self._fail(f"a PDU of unknown tag {pdu.number}")
        if isinstance(pdu, AccessControlRequest):
            answer = AccessControlResponse(reference_id=pdu.reference_id, diagnostic=Diagnostic(condition=101))
            return Send(encode(answer), octets, pdu, "a challenge is refused")
        if isinstance(pdu, ResourceControlRequest):
            if not pdu.response_required:
                return Ignored(octets, "a report that wants no answer", pdu)
            answer = ResourceControlResponse(reference_id=pdu.reference_id, continue_flag=True)
            return Send(encode(answer), octets, pdu, "the operation may go on")
        if self._asked is None:
            return Ignored(octets, "an answer nobody asked for", pdu)
        if isinstance(pdu, Segment) and self._asked.tag == 24:
            return Response(pdu, octets)
        if pdu.tag != PDUS[self._asked.tag].answer:
            if self._closing:
                return Ignored(octets, "an answer that comes after our Close", pdu)
            return self._fail(f"{PDUS[pdu.tag].name} does not answer {PDUS[self._asked.tag].name}")
        if self._asked.reference_id != pdu.reference_id and pdu.reference_id is not None:
            return Ignored(octets, "an answer to another request", pdu)
        self._asked = None
        if isinstance(pdu, InitializeResponse):
            self._opened = pdu.result
            self._closed = not pdu.result
            self.options = pdu.options
            self.version = 3 if 2 in pdu.protocol_version else 2
        return Response(pdu, octets)

    def _closed_by_target(self, pdu: Close, octets: bytes) -> Event:
        self._closed = True
        if self._closing:
            self._asked = None
            return Response(pdu, octets)
        fact = PDUS[48]
        reason = CloseReason(pdu.close_reason).name.lower().replace("_", " ") if pdu.close_reason <= 9 else "unknown"
        words = pdu.diagnostic_information or ""
        answer = encode(Close(reference_id=pdu.reference_id, close_reason=CloseReason.FINISHED))
        return Failed(f"the target sent {fact.name}: {reason}{': ' + words if words else ''}", answer, pdu)

    def _fail(self, reason: str) -> Failed:
        self._closed = True
        data = b""
        if self._opened and self.version >= 3:
            data = encode(Close(close_reason=CloseReason.PROTOCOL_ERROR, diagnostic_information=reason))
        return Failed(reason, data)


__all__ = ["Event", "Origin"]
