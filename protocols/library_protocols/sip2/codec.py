"""Octets of one message to a `Message` and back, as lenient in reading as real peers need.

Reading goes from the end: the trailer (AY, AZ) is found first, on octets, then the fixed part is sliced as
ASCII and the rest is decoded and split. Whatever is tolerated is remarked on. Only `DecodeError` is raised.
"""

from __future__ import annotations

from typing import NamedTuple

from library_protocols.sip2.charset import decode_text, encode_text
from library_protocols.sip2.dialect import STANDARD, Dialect
from library_protocols.sip2.facts import FIELDS, MESSAGES
from library_protocols.sip2.messages import Checksum, Message, Remark

_ABSENT, _VALID, _INVALID = Checksum.ABSENT, Checksum.VALID, Checksum.INVALID
_DIGITS = {b"%dAZ" % digit: str(digit) for digit in range(10)}
_HEX_DIGITS = b"0123456789ABCDEFabcdef"
_CONTINUED = frozenset({"AF", "AG"})

_Plan = tuple[str, int, tuple[tuple[str, slice], ...]]
_PLANS: dict[bytes, _Plan] = {
    fact.code.encode("ascii"): (fact.code, 2 + fact.width, fact.slices) for fact in MESSAGES.values()
}
_FIXED_NAMES: dict[str, tuple[str, ...]] = {
    fact.code: tuple(name for name, _ in fact.slices) for fact in MESSAGES.values()
}


class DecodeError(ValueError):
    """These octets are no SIP2 message: where it shows (octets from the start), why, and the clause."""

    def __init__(self, offset: int, reason: str, clause: str) -> None:
        super().__init__(f"{reason} (octet {offset}; {clause})")
        self.offset = offset
        self.reason = reason
        self.clause = clause


class Trailer(NamedTuple):
    """Where AY and AZ are: `start` of the trailer, `checksum_at` the letters AZ (-1: none), `end` of the value."""

    start: int
    sequence: str | None
    checksum_at: int
    end: int


# The same, as the hot path passes it: a plain tuple is made in a third of the time.
_TrailerParts = tuple[int, str | None, int, int]


def checksum(data: bytes) -> str:
    """Four upper-case hexadecimal digits for `data`, which runs from the command code through the letters AZ."""
    return f"{-sum(data) & 0xFFFF:04X}"


def find_trailer(frame: bytes, dialect: Dialect = STANDARD) -> Trailer | None:
    """Find AY and AZ at the end of `frame` (without terminator), or None.

    The trailer begins like a field: after a delimiter or the fixed part. Straight after a value it is
    believed only as AY, digits, AZ and hexadecimal digits, or when the sum is right; so `AY` or `AZ` in a
    title is not taken for it. A delimiter after AY or AZ is tolerated.
    """
    plan = _PLANS.get(frame[:2])
    found = _find_trailer(frame, plan[1] if plan else 2, dialect.delimiter_octet)
    return Trailer(*found) if found else None


def _find_trailer(frame: bytes, start: int, delimiter: bytes) -> _TrailerParts | None:
    end = len(frame)
    if frame.endswith(delimiter):
        end -= 1
    az = frame.rfind(b"AZ", 2, end)
    if az < 0 or delimiter in frame[az + 2 : end]:
        return _find_lone_sequence(frame, start, delimiter, end)
    ay = frame.rfind(b"AY", max(2, az - 5), az)
    if ay >= 0:
        between = frame[ay + 2 : az]
        digits = between.removesuffix(delimiter)
        if len(digits) <= 2 and delimiter not in digits:
            believable = (
                ay == start
                or frame[ay - 1 : ay] == delimiter
                or (between.isdigit() and _is_hex(frame[az + 2 : end]))
                or (len(digits) == len(between) and _sums_up(frame, az, end))
            )
            if believable:
                return ay, digits.decode("latin-1") or None, az, end
    if az == start or frame[az - 1 : az] == delimiter or _sums_up(frame, az, end):
        return az, None, az, end
    return None


def _find_lone_sequence(frame: bytes, start: int, delimiter: bytes, end: int) -> _TrailerParts | None:
    ay = frame.rfind(b"AY", max(2, end - 4), end)
    if ay >= 0 and frame[ay + 2 : end].isdigit() and (ay == start or frame[ay - 1 : ay] == delimiter):
        return ay, frame[ay + 2 : end].decode("ascii"), -1, end
    return None


def _is_hex(value: bytes) -> bool:
    value = value.strip(b" \0")
    return 0 < len(value) <= 4 and not value.strip(_HEX_DIGITS)


def _sums_up(frame: bytes, az: int, end: int) -> bool:
    value = frame[az + 2 : end]
    return _is_hex(value) and not (sum(frame[: az + 2]) + int(value.strip(b" \0"), 16)) & 0xFFFF


def _verdict(frame: bytes, az: int, end: int, dialect: Dialect) -> Checksum:
    if az < 0:
        return _ABSENT
    if _sums_up(frame, az, end):
        return _VALID
    if dialect.accept_character_sums and not frame.isascii() and _is_hex(frame[az + 2 : end]):
        points = sum(map(ord, decode_text(frame[: az + 2], dialect)))
        if (points + int(frame[az + 2 : end].strip(b" \0"), 16)) & 0xFFFF == 0:
            return Checksum.VALID_AS_CHARACTERS
    return _INVALID


def decode(frame: bytes, dialect: Dialect = STANDARD) -> Message:
    """Read one message, with or without its terminator.

    Raises DecodeError when there is no command code or more than `dialect.max_message` octets; a wrong
    checksum, a short fixed part and unknown codes do not raise, the message says them. An unknown command
    gives a message that is not `known`, with its text in fixed["body"].
    """
    if frame[-1:] in (b"\r", b"\n"):
        frame = frame.rstrip(b"\r\n")
    plan = _PLANS.get(frame[:2])
    if plan is None or len(frame) > dialect.max_message:
        return _decode_unknown(frame, dialect)
    code, start, slices = plan
    delimiter = dialect.delimiter_octet
    # The trailer as the standard wants it, and right: nearly every message, and a third of the time.
    end = len(frame) - 9
    sequence, verdict = _DIGITS.get(frame[-7:-4]), _VALID
    if (
        sequence is None
        or frame[end : end + 2] != b"AY"
        or (end != start and frame[end - 1 : end] != delimiter)
        or frame[-4:] != b"%04X" % (-sum(frame[:-4]) & 0xFFFF)
    ):
        trailer = _find_trailer(frame, start, delimiter)
        if trailer is None:
            end, sequence, verdict = len(frame), None, _ABSENT
        else:
            end, sequence, az, stop = trailer
            verdict = _verdict(frame, az, stop, dialect)
    remarks: tuple[Remark, ...] = ()
    if end < start or delimiter in frame[2:start]:
        fixed, start, remarks = _recover_fixed(frame, code, end, delimiter)
    else:
        head = frame[:start].decode("ascii", "surrogateescape")
        fixed = {name: head[part] for name, part in slices}
    rest = frame[start:end]
    body = rest.decode("ascii") if rest.isascii() else rest.decode(dialect.encoding, "surrogateescape")
    segments = body.split(dialect.delimiter_character)
    if segments[-1]:
        remarks += (Remark(end, "the last field has no delimiter", "P message format"),)
    elif not segments[0] and rest:
        remarks += (Remark(start, "a delimiter stands after the fixed part", "P message format"),)
    fields = [(segment[:2], segment[2:]) for segment in segments if segment]
    return Message(code, fixed, fields, sequence, verdict, remarks)


def _decode_unknown(frame: bytes, dialect: Dialect) -> Message:
    if len(frame) > dialect.max_message:
        raise DecodeError(dialect.max_message, "longer than a message may be", "G message buffer")
    code = frame[:2]
    if len(code) < 2:
        raise DecodeError(len(frame), "too short for a command code", "P message format")
    if not code.isalnum():
        raise DecodeError(0, "no command code", "P message format")
    trailer = _find_trailer(frame, 2, dialect.delimiter_octet)
    end = trailer[0] if trailer else len(frame)
    body = {"body": decode_text(frame[2:end], dialect)}
    remarks = (Remark(0, "unknown command", "P message format"),)
    if trailer is None:
        return Message(code.decode("ascii"), body, [], None, _ABSENT, remarks)
    _, sequence, az, stop = trailer
    verdict = _verdict(frame, az, stop, dialect)
    return Message(code.decode("ascii"), body, [], sequence, verdict, remarks)


def body_start(frame: bytes, code: str, end: int, delimiter: bytes) -> int:
    """Where the coded fields of a known message begin, `end` being where its trailer does.

    That is after the fixed part, unless a delimiter or the trailer shows that it is shorter than it should be.
    Some clients leave out a date altogether: then one of the message's own field codes stands at a boundary
    between fixed fields. Else everything up to the first delimiter counts as fixed part.
    """
    fact = MESSAGES[code]
    start = 2 + fact.width
    stop = min(start, end)
    cut = frame.find(delimiter, 2, stop)
    if cut < 0:
        cut = stop
    if cut == start:
        return start
    known = {item.encode("ascii") for item in fact.required + fact.optional}
    for _, part in reversed(fact.slices):
        if frame[part.start : part.start + 2] in known and part.start + 2 <= cut:
            return part.start
    return cut


def _recover_fixed(
    frame: bytes, code: str, end: int, delimiter: bytes
) -> tuple[dict[str, str], int, tuple[Remark, ...]]:
    cut = body_start(frame, code, end, delimiter)
    fact = MESSAGES[code]
    text = frame[:cut].decode("ascii", "surrogateescape")
    remark = Remark(cut, f"the fixed part has {cut - 2} of {fact.width} characters", fact.clause)
    fixed = {name: text[part].ljust(part.stop - part.start) for name, part in fact.slices}
    return fixed, cut, (remark,)


def encode_body(message: Message, dialect: Dialect = STANDARD) -> bytes:
    """`message` without AY, AZ and terminator. Raises ValueError when a fixed field is missing or misshapen.

    Text the charset cannot hold, delimiters and controls in values never raise (see `charset`).
    """
    code = message.code
    plan = _PLANS.get(code.encode("ascii"))
    if plan is None:
        return code.encode("ascii") + _free_body(message, dialect)
    fixed = message.fixed
    try:
        head = code + "".join([fixed[name] for name in _FIXED_NAMES[code]])
    except KeyError as error:
        raise ValueError(f"message {code} lacks its fixed field {error}") from error
    if len(head) != plan[1]:
        raise ValueError(f"the fixed part of message {code} has {len(head) - 2} characters, not {plan[1] - 2}")
    fields = message.fields
    if not fields:
        return head.encode("ascii", "surrogateescape")
    body = _encode_plain(fields, dialect)
    if body is not None:
        return head.encode("ascii", "surrogateescape") + body
    parts = [head.encode("ascii", "surrogateescape")]
    for field, value in fields:
        field_octets = encode_text(field, dialect)
        for piece in _pieces(field, value, dialect):
            parts += (field_octets, piece, dialect.delimiter_octet)
    return b"".join(parts)


class Body(NamedTuple):
    """An answer in octets, as `encode_body` gives them."""

    code: str
    octets: bytes


class Mould:
    """A message made into octets once, for one dialect, but for one fixed field that is filled in each time.

    Raises ValueError as `encode_body` does, and where the message has no such fixed field.
    """

    __slots__ = ("_after", "_before", "_width", "code")

    def __init__(self, message: Message, open_field: str, dialect: Dialect = STANDARD) -> None:
        part = dict(MESSAGES[message.code].slices).get(open_field) if message.known else None
        if part is None:
            raise ValueError(f"message {message.code} has no fixed field {open_field}")
        octets = encode_body(message, dialect)
        self.code = message.code
        self._before, self._after = octets[: part.start], octets[part.stop :]
        self._width = part.stop - part.start

    def fill(self, value: str) -> Body:
        """Raises ValueError where `value` is not as wide as the field, or not ASCII."""
        if len(value) != self._width:
            raise ValueError(f"the open field of message {self.code} holds {self._width} characters, not {len(value)}")
        return Body(self.code, self._before + value.encode("ascii") + self._after)


def _encode_plain(fields: list[tuple[str, str]], dialect: Dialect) -> bytes | None:
    """All fields at once when no value needs care, else None."""
    delimiter, limit = dialect.delimiter, dialect.max_field_length
    text = delimiter.join([field + value for field, value in fields])
    if not text.isprintable() or text.count(delimiter) != len(fields) - 1:
        return None
    text += delimiter
    if text.isascii():
        data = text.encode("ascii")
    else:
        try:
            data = text.encode(dialect.encoding)
        except UnicodeEncodeError:
            return None
        if data.count(dialect.delimiter_octet) != len(fields):
            return None
    if limit and len(data) > limit and max(map(len, data.split(dialect.delimiter_octet))) - 2 > limit:
        return None
    return data


def _free_body(message: Message, dialect: Dialect) -> bytes:
    """Octets of the body of a message whose command we do not know."""
    return message.fixed.get("body", "").encode(dialect.encoding, "surrogateescape")


def _pieces(field: str, value: str, dialect: Dialect) -> list[bytes]:
    """The value as it goes out: whole, continued over several fields of this code, or cut for display."""
    data = encode_text(value, dialect)
    limit = dialect.max_field_length
    fact = FIELDS.get(field)
    if not limit or len(data) <= limit or fact is None or fact.kind != "text":
        return [data]
    pieces: list[bytes] = []
    while value:
        piece = value[: _fitting(value, limit, dialect)]
        value = value[len(piece) :]
        pieces.append(encode_text(piece.rstrip(" ") if value else piece, dialect))
    return pieces if field in _CONTINUED else pieces[:1]


def _fitting(value: str, limit: int, dialect: Dialect) -> int:
    """How many characters of `value` go into `limit` octets: to the last blank that fits, else as many as fit."""
    room, blank = limit, 0
    for at, character in enumerate(value):
        room -= len(encode_text(character, dialect))
        if room < 0:
            return blank or max(at, 1)
        if character == " ":
            blank = at + 1
    return len(value)


def seal(body: bytes, sequence: str | None, with_checksum: bool, dialect: Dialect = STANDARD) -> bytes:
    """`body` with AY (unless `sequence` is None), AZ when asked for, and the dialect's terminator."""
    if sequence is not None:
        body += b"AY" + sequence.encode("latin-1", "replace")
    if with_checksum:
        body += b"AZ"
        body += b"%04X" % (-sum(body) & 0xFFFF)
    return body + dialect.terminator_octets


def encode(message: Message, dialect: Dialect = STANDARD, *, with_checksum: bool | None = None) -> bytes:
    """Octets of `message` with its terminator, AY when it has a sequence.

    AZ is written when `with_checksum` says so; None: when the message came with one. Raises ValueError
    only for a fixed part that is not as wide as the standard wants it.
    """
    if with_checksum is None:
        with_checksum = message.checksum is not _ABSENT
    return seal(encode_body(message, dialect), message.sequence, with_checksum, dialect)


__all__ = [
    "Body",
    "DecodeError",
    "Mould",
    "Trailer",
    "body_start",
    "checksum",
    "decode",
    "encode",
    "encode_body",
    "find_trailer",
    "seal",
]
