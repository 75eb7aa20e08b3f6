"""Secrets out of recorded octets, before anything about them is believed. Same length, stars for values.

This parses nothing: it looks for where values of secret fields can be, and where it cannot be sure it
covers more. The checksum's digits go with a secret, for the sum of all octets would tell about it.
"""

from __future__ import annotations

import re

from library_protocols.sip2.facts import FIELDS, MESSAGES, FixedField

_SECRET = frozenset(code.encode("ascii") for code, fact in FIELDS.items() if fact.secret)
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
_BLANK = bytes(range(0x21))
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


# Every place that one of those two can find, told in a fraction of the time.
_SUSPECT = re.compile(rb"[^0-9A-Za-z](?:" + b"|".join(sorted(_SECRET | _PERSONAL)) + b")")
_PLAIN_FIELDS = 8192  # remembered: an institution, a location or a title comes again; below 2 MB
# Fields in which there is nothing of a person, let alone a secret. What is covered is never remembered.
_plain: set[bytes] = set()


def mask(data: bytes, delimiter: bytes = b"|", personal: bool = False) -> bytes | None:
    """`data` with the values of secret fields covered by stars, as long as before.

    `personal` covers the fields that identify or describe a person too, and those of unknown code. None when
    a line of `data` begins with no command of SIP2: then nothing of it may be kept but length and hash.
    """
    quickly = _mask_ordinary(data, delimiter, personal)
    return quickly if quickly is not None else _mask_carefully(data, delimiter, personal)


def _mask_carefully(data: bytes, delimiter: bytes, personal: bool) -> bytes | None:
    out = bytearray(data)
    for line in _LINES.finditer(data):
        start, end = line.span()
        while start < end and data[start] in b"\0 ":
            start += 1
        if start < end and not _mask_line(data, out, start, end, delimiter, personal):
            return None
    return bytes(out)


def _mask_ordinary(data: bytes, delimiter: bytes, personal: bool) -> bytes | None:
    """What `_mask_carefully` makes of one message with a proper fixed part and fields that leave no doubt; else None.

    Nearly all are like this, and field by field that is quickly seen.
    """
    end = len(data.rstrip(b"\r\n"))
    head = _HEADS.get(data[:2])
    fixed = head.match(data, 0, end) if head is not None and len(delimiter) == 1 else None
    if fixed is None or b"\r" in data[:end] or b"\n" in data[:end]:
        return None
    at = fixed.end()
    last = end - 1 if data.endswith(delimiter, at, end) else end
    trailer = _TRAILER.match(data, max(last - 9, at), last) or _TRAILER.match(data, max(last - 10, at), last)
    fields = data[at : trailer.start() if trailer else last].split(delimiter)
    if data[at : at + 2] not in _KNOWN and len(data) > at:
        return None
    covered = False
    for place, field in enumerate(fields):
        if field in _plain:
            continue
        masked = _mask_field(field, personal)
        if masked is None:
            return None
        if masked is not field:
            fields[place] = masked
            covered = True
        elif personal:
            if len(_plain) >= _PLAIN_FIELDS:
                _plain.clear()
            _plain.add(field)
    if not covered:
        return data
    body = delimiter.join(fields)
    if trailer is None:
        return None if b"AZ" in data[-12:] else data[:at] + body + data[last:]
    stop = trailer.end() - 4
    return data[:at] + body + data[trailer.start() : stop] + b"****" + data[last:]


def _mask_field(field: bytes, personal: bool) -> bytes | None:
    """A field that follows one of known code, as it is or covered; None where it is a secret or may hold one."""
    bare = field.lstrip(_BLANK)
    code = bare[:2].upper()
    if code in _SECRET:
        return None
    value = len(field) - len(bare) + 2
    if _SUSPECT.search(field, value) is not None:
        return None
    if personal and (code in _PERSONAL or code not in _KNOWN) and len(field) > value:
        return field[:value] + b"*" * (len(field) - value)
    return field


def _mask_line(data: bytes, out: bytearray, start: int, end: int, delimiter: bytes, personal: bool) -> bool:
    head = _HEADS.get(data[start : start + 2])
    if head is None:
        return False
    covered = False
    last = end - 1 if data.endswith(delimiter, start, end) else end
    trailer = _TRAILER.search(data, start, last)
    fixed = head.match(data, start, end)
    at = fixed.end() if fixed else start + 2
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
