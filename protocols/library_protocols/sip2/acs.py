"""The ACS's end of one link: octets in, requests out one at a time, answers back to octets.

The engine does what the standard asks of every ACS (96, 97, echo of AY, error detection as the message came)
and leaves what a request means to its owner. It holds no socket and no clock.
"""

from __future__ import annotations

from collections import deque

from library_protocols.sip2.codec import Body, DecodeError, decode, encode_body, seal
from library_protocols.sip2.dialect import STANDARD, Dialect
from library_protocols.sip2.events import NEED_DATA, PAUSED, Ignored, LocalError, Request, Send, Waiting
from library_protocols.sip2.facts import MESSAGES
from library_protocols.sip2.framing import Framer, Oversize
from library_protocols.sip2.messages import Checksum, Message, build

Event = Request | Send | Ignored


class Acs:
    """Engine of one link, ACS side.

    `dialect` may be replaced between messages (after a login); it holds for whatever is read or written next.
    """

    __slots__ = (
        "_current",
        "_dialect",
        "_framer",
        "_frames",
        "_last_frame",
        "_last_parts",
        "_last_response",
        "_last_sent",
        "_queued",
    )

    def __init__(self, dialect: Dialect = STANDARD) -> None:
        self._dialect = dialect
        self._framer = Framer(dialect.max_message)
        self._frames: deque[bytes | Oversize] = deque()
        self._queued = 0  # octets in _frames
        self._current: Request | None = None
        self._last_frame = b""
        self._last_response = b""
        self._last_sent = b""
        self._last_parts: tuple[bytes, bool] = (b"", False)

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    @dialect.setter
    def dialect(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._framer.max_message = dialect.max_message

    @property
    def last_response(self) -> bytes:
        """Octets of the answer to the previous request; empty before the first."""
        return self._last_response

    @property
    def backlog(self) -> int:
        """Octets received and not yet delivered: the owner stops reading when this grows."""
        return self._queued + self._framer.buffered

    def receive_data(self, data: bytes) -> None:
        """Take octets from the link, in pieces of any size. Never raises."""
        for frame in self._framer.feed(data):
            self._frames.append(frame)
            if isinstance(frame, bytes):
                self._queued += len(frame)

    def next_event(self) -> Event | Waiting:
        """The next thing to do, or why there is none. Never raises, whatever was received."""
        if self._current is not None:
            return PAUSED
        if not self._frames:
            return NEED_DATA
        frame = self._frames.popleft()
        if isinstance(frame, Oversize):
            return Ignored(b"", f"a message of {frame.length} octets is too long")
        self._queued -= len(frame)
        try:
            message = decode(frame, self._dialect)
        except DecodeError as error:
            return Ignored(frame, error.reason)
        return self._judge(message, frame)

    def _judge(self, message: Message, frame: bytes) -> Event:
        if self._must_resend(message):
            return Send(self._ask_resend(), frame, message, "wrong checksum")
        fact = MESSAGES.get(message.code)
        if fact is None:
            return Ignored(frame, "unknown command", message)
        if message.code == "97":
            if not self._last_sent:
                return Send(self._ask_resend(), frame, message, "nothing to resend")
            return Send(self._resend(), frame, message, "resend")
        if fact.sender != "SC":
            return Ignored(frame, f"{fact.title} is no message an SC sends", message)
        retransmission = (
            message.sequence is not None and message.checksum is not Checksum.ABSENT and frame == self._last_frame
        )
        self._current = Request(message, frame, retransmission)
        return self._current

    def _must_resend(self, message: Message) -> bool:
        mode = self._dialect.error_detection
        if mode == "never":
            return False
        if mode == "always" and message.checksum is Checksum.ABSENT:
            return message.known
        return message.checksum is Checksum.INVALID

    def _ask_resend(self) -> bytes:
        body = encode_body(_RESEND, self._dialect)
        with_checksum = self._dialect.error_detection != "never"
        self._last_parts = (body, with_checksum)
        self._last_sent = seal(body, None, with_checksum, self._dialect)
        return self._last_sent

    def _resend(self) -> bytes:
        if not self._dialect.resend_keeps_sequence:
            body, with_checksum = self._last_parts
            self._last_sent = seal(body, None, with_checksum, self._dialect)
        return self._last_sent

    def respond(self, message: Message | Body) -> bytes:
        """Octets of the answer to the outstanding request, with its AY and with AZ as it had one.

        `message` itself is not changed; it may be shared, and a `Body` must be of this link's dialect.
        Raises LocalError when no request is outstanding or when `message` is not an answer to it, ValueError when its
        fixed part is misshapen.
        """
        request = self._outstanding()
        if message.code not in MESSAGES[request.message.code].answers:
            raise LocalError(f"{message.code} does not answer {request.message.code}")
        mode = self._dialect.error_detection
        absent = request.message.checksum is Checksum.ABSENT
        with_checksum = mode == "always" or (mode == "auto" and not absent)
        body = message.octets if isinstance(message, Body) else encode_body(message, self._dialect)
        data = seal(body, request.message.sequence if with_checksum else None, with_checksum, self._dialect)
        self._last_parts = (body, with_checksum)
        self._finish(request, data)
        return data

    def replay(self) -> bytes:
        """Answer the outstanding retransmission with the octets its first sending got.

        Raises LocalError when the outstanding request is not a retransmission.
        """
        request = self._outstanding()
        if not request.retransmission:
            raise LocalError("only a retransmission has an earlier answer")
        self._finish(request, self._last_response)
        return self._last_response

    def _outstanding(self) -> Request:
        if self._current is None:
            raise LocalError("no request is outstanding")
        return self._current

    def _finish(self, request: Request, data: bytes) -> None:
        self._current = None
        self._last_frame = request.frame
        self._last_response = self._last_sent = data


_RESEND = build("96")

__all__ = ["Acs", "Event"]
