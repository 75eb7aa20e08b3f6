"""Secrets out of recorded octets, before anything about them is believed. Same length, stars for values.

This parses nothing: it looks for where values of secret fields can be, and where it cannot be sure it
covers more. The checksum's digits go with a secret, for the sum of all octets would tell about it.
"""

from __future__ import annotations

import re
from functools import cache

from library_protocols.sip2.facts import FIELDS, MESSAGES, FixedField

_SECRET = frozenset(code.encode("ascii") for code, fact in FIELDS.items() if fact.secret)
_HARMLESS = frozenset(code.encode("ascii") for code, fact in FIELDS.items() if not fact.secret)
_PERSONAL = frozenset(code.encode("ascii") for code, fact in FIELDS.items() if fact.personal)
_KNOWN = frozenset(code.encode("ascii") for code in FIELDS)

_SHAPES = {
    "flag": rb"[0-9A-Z ]",
    "code": rb"[0-9 +*-]",
    "number": rb"[0-9 ]",
    "tenths": rb"[0-9 ]",
    "positions": rb"[YNyn ]",
    "currency": rb"[A-Za-z ]",
    "version": rb"[0-9A-Z. ]",
}
_DATE = rb"[0-9 ]{8}[0-9A-Za-z ]{4}[0-9 ]{6}"


def _shape(item: FixedField) -> bytes:
    return _DATE if item.kind == "date" else _SHAPES[item.kind] + b"{%d}" % item.width


# Per command: its fixed part, wide enough and of the right characters, so that no secret can be in it.
_HEADS = {
    fact.code.encode("ascii"): re.compile(fact.code.encode("ascii") + b"".join(map(_shape, fact.fixed)))
    for fact in MESSAGES.values()
}
_LINES = re.compile(rb"[^\r\n]+")
# Straight after a secret only this is believed to be no more of it.
_TRAILER = re.compile(rb"AY[0-9]{1,2}AZ[0-9A-Fa-f]{4}\Z")
_CHECKSUM = re.compile(rb"AZ([^|]{1,8})\Z")
# A secret field after a character that may be the peer's own delimiter. Blanks, hyphens and the like stand in
# names and titles and are none, unless digits follow the code as they do in a PIN or a card number.
_CODES = b"(?:" + b"|".join(sorted(_SECRET)) + b")"
_DIGITS = rb"(?=[0-9]{3})"
_OTHER_DELIMITER = re.compile(
    rb"[\x00-\x1f!#$%*+:;<=>?@\[\\\]^{|}~\x7f\x80]" + _CODES + rb"|[^0-9A-Za-z]" + _CODES + _DIGITS
)
_OTHER_PERSON = re.compile(rb"[^0-9A-Za-z](?:" + b"|".join(sorted(_PERSONAL)) + rb")" + _DIGITS)


@cache
def _suspects(delimiter: bytes) -> re.Pattern[bytes]:
    """Finds any place after the first field's code where `_mask_line` might find a secret."""
    field = rb"(?i:" + re.escape(delimiter) + rb"[\x00-\x20]*" + _CODES + rb")"
    return re.compile(field + b"|" + _OTHER_DELIMITER.pattern)


def mask(data: bytes, delimiter: bytes = b"|", personal: bool = False) -> bytes | None:
    """`data` with the values of secret fields covered by stars, as long as before.

    `personal` covers the fields that identify or describe a person too, and those of unknown code. None when
    a line of `data` begins with no command of SIP2: then nothing of it may be kept but length and hash.
    """
    out = bytearray(data)
    for line in _LINES.finditer(data):
        start, end = line.span()
        while start < end and data[start] in b"\0 ":
            start += 1
        if start < end and not _mask_line(data, out, start, end, delimiter, personal):
            return None
    return bytes(out)


def _mask_line(data: bytes, out: bytearray, start: int, end: int, delimiter: bytes, personal: bool) -> bool:
    head = _HEADS.get(data[start : start + 2])
    if head is None:
        return False
    covered = False
    last = end - 1 if data.endswith(delimiter, start, end) else end
    trailer = _TRAILER.search(data, start, last)
    fixed = head.match(data, start, end)
    at = fixed.end() if fixed else start + 2
    if fixed and not personal and data[at : at + 2] in _HARMLESS and not _suspects(delimiter).search(data, at, end):
        return True
    shapeless = fixed is None
    # Doubt: what stands here cannot be told apart from a secret or the rest of one.
    doubt = True
    while at < end:
        stop = data.find(delimiter, at, end)
        if stop < 0:
            stop = end
        field = at
        while field < stop and data[field] <= 0x20:
            field += 1
        code = data[field : min(field + 2, stop)].upper()
        limit = stop
        if trailer and trailer.start() >= field and trailer.end() <= stop:
            limit = trailer.start()
        if shapeless:
            # A fixed part that is none: cover all of it, up to the first delimiter.
            covered |= _cover(out, at, limit)
            shapeless = False
        elif code in _SECRET:
            covered |= _cover(out, field + 2, limit)
            doubt = True
        elif doubt and code not in _KNOWN:
            covered |= _cover(out, at, limit)
        else:
            doubt = False
            if personal and (code in _PERSONAL or code not in _KNOWN):
                covered |= _cover(out, field + 2, limit)
            if personal and (person := _OTHER_PERSON.search(data, field + 2, limit)):
                covered |= _cover(out, person.end(), limit)
            other = _OTHER_DELIMITER.search(data, field + 2, limit)
            if other:
                covered |= _cover(out, other.end(), limit)
                doubt = True
        at = stop + 1
    if covered:
        found = _CHECKSUM.search(data, start, last)
        if found:
            _cover(out, *found.span(1))
    return True


def _cover(out: bytearray, start: int, end: int) -> bool:
    if start >= end:
        return False
    out[start:end] = b"*" * (end - start)
    return True


__all__ = ["mask"]
