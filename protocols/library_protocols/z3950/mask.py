"""Secrets out of the octets of a PDU, same length, before anything else about them is believed.

Only Init holds any: who the user is and the password, and the answer to a challenge. Where they stand is found by
headers alone; an Init that cannot be walked is not kept at all.
"""

from __future__ import annotations

from library_protocols.ber import CONTEXT, BerError, Head, Reader

_HARMLESS = {
    CONTEXT | 20: {CONTEXT | tag: 16 for tag in (2, 3, 4, 5, 6)} | {CONTEXT | tag: 256 for tag in (110, 111, 112)},
    CONTEXT | 29: {CONTEXT | 2: 16},
}
"""PDU that may hold secrets -> its elements that do not, with the most octets they may have to be believed."""
_CHARNEG = bytes.fromhex("06072a8648ce130f")  # OID 1.2.840.10003.15.x, without its last octet
_MAX_DEPTH = 64
_DAMAGED = 1 << 64
"""Above every tag: behind an element of a wrong length or place stand pieces of others that only look harmless."""


def mask(data: bytes) -> bytes | None:
    """`data` with every value covered by stars that may be of the authentication of an Init, as long as before.

    User information that is no negotiation of character sets may hold credentials too and is covered with it.
    None when `data` is no PDU, or an Init that cannot be walked: then only its length and hash may be kept.
    """
    reader = Reader(data)
    try:
        tag, constructed, start, stop, after = reader.head(0, len(data))
        if after != len(data) or not constructed or tag >> 24 != CONTEXT >> 24:
            return None
        harmless = _HARMLESS.get(tag)
        if harmless is None:
            return data
        out = bytearray(data)
        last = -1
        for item in reader.children(start, stop):
            if item[0] == CONTEXT | 201 and item[1]:
                for piece in reader.children(item[2], item[3]):
                    _cover_unless_charneg(reader, piece, out)
            elif not item[1] and last < item[0] and item[3] - item[2] <= harmless.get(item[0], -1):
                last = item[0]
            else:
                _cover_unless_charneg(reader, item, out)
                if not item[1]:
                    last = _DAMAGED
    except BerError:
        return None
    return bytes(out)


def _cover_unless_charneg(reader: Reader, item: Head, out: bytearray) -> None:
    if reader.data.find(_CHARNEG, item[2], min(item[2] + 32, item[3])) < 0:
        _cover(reader, item, out, 0)


def _cover(reader: Reader, item: Head, out: bytearray, depth: int) -> None:
    """Covers the values inside one element; its structure stays readable."""
    _, constructed, start, stop, _ = item
    if not constructed or depth == _MAX_DEPTH:
        out[start:stop] = b"*" * (stop - start)
        return
    for piece in reader.children(start, stop):
        _cover(reader, piece, out, depth + 1)
