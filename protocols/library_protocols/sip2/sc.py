"""The SC's end of one link: one message out, its answer back, with the standard's rules for retrying.

The owner keeps the clock: when an answer does not come in time it calls `retransmit`, as often as the ACS's
98 allows. Everything else (AY, AZ, 96, 97, stray answers) is decided here.
"""

from __future__ import annotations

from collections import deque

from library_protocols.sip2.codec import DecodeError, decode, encode_body, seal
from library_protocols.sip2.dialect import STANDARD, Dialect
from library_protocols.sip2.events import (
    NEED_DATA,
    Ignored,
    LinkFailed,
    LocalError,
    Response,
    Send,
    StatusChanged,
    Waiting,
)
from library_protocols.sip2.facts import MESSAGES
from library_protocols.sip2.framing import Framer, Oversize
from library_protocols.sip2.messages import Checksum, Message, build

MAX_RESENDS = 3
"""How often one message may go round by 96 and 97 before the link counts as failed: real pairs have looped."""

Event = Response | StatusChanged | Send | Ignored | LinkFailed


class Sc:
    """Engine of one link, SC side. AY and AZ are sent unless the dialect's error_detection is never.

    With error_detection always, an answer without AZ counts as a damaged one; with auto it is taken.
    """

    __slots__ = ("_asked", "_asked_resend", "_dialect", "_framer", "_frames", "_next", "_resends", "_sent", "_sequence")

    def __init__(self, dialect: Dialect = STANDARD) -> None:
        self._dialect = dialect
        self._framer = Framer(dialect.max_message)
        self._frames: deque[bytes | Oversize] = deque()
        self._next = 0
        self._asked: Message | None = None
        self._sent = b""
        self._sequence: str | None = None
        self._resends = 0
        self._asked_resend = False

    @property
    def outstanding(self) -> Message | None:
        """The message whose answer is awaited."""
        return self._asked

    def send(self, message: Message) -> bytes:
        """Octets of a new message; its sequence number is the next of 0 to 9, whatever `message` says.

        Raises LocalError while another message awaits its answer or when an SC does not send such a message.
        """
        if self._asked is not None:
            raise LocalError(f"{self._asked.code} is not answered yet")
        fact = MESSAGES.get(message.code)
        if fact is None or fact.sender != "SC" or not fact.answers:
            raise LocalError(f"{message.code} is no message an SC asks with")
        body = encode_body(message, self._dialect)
        detecting = self._dialect.error_detection != "never"
        self._sequence = str(self._next) if detecting else None
        self._next = (self._next + 1) % 10
        self._sent = seal(body, self._sequence, detecting, self._dialect)
        self._asked = message
        self._resends = 0
        self._asked_resend = False
        return self._sent

    def retransmit(self) -> bytes:
        """The same octets again, for when no answer came in time. Raises LocalError when nothing is awaited."""
        if self._asked is None:
            raise LocalError("nothing is awaited")
        self._asked_resend = False
        return self._sent

    def give_up(self) -> None:
        """Stop waiting for the answer; if it comes after all, its sequence number gives it away."""
        self._asked = None

    def receive_data(self, data: bytes) -> None:
        """Take octets from the link, in pieces of any size. Never raises."""
        self._frames.extend(self._framer.feed(data))

    def next_event(self) -> Event | Waiting:
        """The next thing that happened, or NEED_DATA. Never raises, whatever was received."""
        if not self._frames:
            return NEED_DATA
        frame = self._frames.popleft()
        if isinstance(frame, Oversize):
            return Ignored(b"", f"a message of {frame.length} octets is too long")
        try:
            message = decode(frame, self._dialect)
        except DecodeError as error:
            return Ignored(frame, error.reason)
        if self._asked is None:
            return Ignored(frame, "nothing was asked", message)
        if self._damaged(message):
            return self._go_round(frame, message, "wrong checksum")
        if message.code == "96":
            if self._asked_resend:
                return self._fail(frame, "the ACS asks back when asked to resend")
            return self._go_round(frame, message, "the ACS asks to resend")
        if None not in (self._sequence, message.sequence) and message.sequence != self._sequence:
            return Ignored(frame, "answer to an earlier message", message)
        if message.code not in MESSAGES[self._asked.code].answers:
            if message.code == "98":
                return StatusChanged(message, frame)
            return Ignored(frame, f"{message.code} does not answer {self._asked.code}", message)
        self._asked = None
        return Response(message, frame)

    def _damaged(self, message: Message) -> bool:
        mode = self._dialect.error_detection
        if mode == "always" and message.checksum is Checksum.ABSENT:
            return True
        return mode != "never" and message.checksum is Checksum.INVALID

    def _go_round(self, frame: bytes, message: Message, reason: str) -> Event:
        """Ask for the answer again, or send the message again when it is the ACS that asks."""
        self._resends += 1
        if self._resends > MAX_RESENDS:
            return self._fail(frame, f"{reason}, {MAX_RESENDS} times over")
        if self._damaged(message):
            self._asked_resend = True
            return Send(seal(encode_body(_RESEND), None, True, self._dialect), frame, message, reason)
        return Send(self._sent, frame, message, reason)

    def _fail(self, frame: bytes, reason: str) -> LinkFailed:
        self._asked = None
        return LinkFailed(frame, reason)


_RESEND = build("97")

__all__ = ["MAX_RESENDS", "Event", "Sc"]
