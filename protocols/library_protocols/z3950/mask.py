"""Secrets out of the octets of a PDU, same length, before anything else about them is believed.

Init and access control hold them where headers alone tell: there only what is known to be harmless stays. In any other
PDU its own elements stay but those about a person; an Init whose tag alone is damaged shows as such a PDU.
What is of no known tag, or cannot be walked, is not kept at all.
"""

from __future__ import annotations

from library_protocols.asn1 import Sequence
from library_protocols.ber import APPLICATION, CONTEXT, EXTERNAL, BerError, Head, Reader
from library_protocols.z3950.codec import CLASSES

_INIT = {CONTEXT | tag: 16 for tag in (2, 3, 4, 5, 6, 12)} | {CONTEXT | tag: 256 for tag in (110, 111, 112)}
_HARMLESS: dict[int, dict[int, int]] = {
    CONTEXT | 20: _INIT,
    CONTEXT | 21: _INIT,
    CONTEXT | 28: {},  # one damaged tag makes a short answer to a challenge look like a referenceId
    CONTEXT | 29: {},
}
"""PDU that may hold secrets -> its elements that do not, with the most octets they may have to be believed."""
_ABOUT_PEOPLE = {
    CONTEXT | 46: frozenset((CONTEXT | 6, CONTEXT | 8, CONTEXT | 10)),
    CONTEXT | 47: frozenset((CONTEXT | 5,)),
}
"""PDU -> its own elements that say who somebody is, or how they pay (item order): 3.2.9.1."""
_TABLES = {CONTEXT | tag: Sequence(cls) for tag, cls in CLASSES.items()}
_OTHER_INFO = CONTEXT | 201
_SECRET_SHAPES = {
    CONTEXT | 7: range(APPLICATION),  # idAuthentication, 3.2.1.1: around one of several universal types
    CONTEXT | 11: range(APPLICATION),  # userInformationField
    CONTEXT: (EXTERNAL,),  # the answer to a challenge, 3.2.5.1; SearchRequest and Segment have a [0] of their own
}
"""Elements that hold secrets in Init and access control -> what stands directly in them there, and nowhere else."""
_CHARNEG = bytes.fromhex("06072a8648ce130f")  # OID 1.2.840.10003.15.x, without its last octet
_PRIMITIVE, _CONSTRUCTED = 0x80, 0xA0
"""First octets of elements with a context-specific tag under 31, without the tag."""
_PLAIN = {
    tag: frozenset(
        form | number
        for number in range(31)
        for form in (_PRIMITIVE, _CONSTRUCTED)
        if table.field(CONTEXT | number)[0] is not None
        and CONTEXT | number not in _SECRET_SHAPES
        and CONTEXT | number not in _ABOUT_PEOPLE.get(tag, ())
    )
    for tag, table in _TABLES.items()
    if tag not in _HARMLESS
}
"""PDU without secrets -> first octets of those of its own elements of which nothing more need be known."""
_MAX_DEPTH = 64
_DAMAGED = 1 << 64
"""Above every tag: behind an element of a wrong length or place stand pieces of others that only look harmless."""


def mask(data: bytes) -> bytes | None:
    """`data` with every value covered by stars that may tell who a user is or how they show it, as long as before.

    User information and other information that is no negotiation of character sets may hold credentials too and is
    covered, and so is an element that is not read here of such a PDU.
    None when `data` is no PDU, one of an unknown tag, or cannot be walked: then only its length and hash may be kept.
    """
    reader = Reader(data)
    try:
        tag, constructed, start, stop, after = reader.head(0, len(data))
        if after != len(data) or not constructed or tag not in _TABLES:
            return None
        if tag in _PLAIN and _is_plain(data, start, stop, _PLAIN[tag]):
            return data
        out = bytearray(data)
        last = -1
        harmless = _HARMLESS.get(tag)
        for item in reader.children(start, stop):
            if item[0] == _OTHER_INFO and item[1]:
                for piece in reader.children(item[2], item[3]):
                    _cover_unless_charneg(reader, piece, out)
            elif harmless is None:
                if not _is_own(reader, tag, item):
                    _cover(reader, item, out, 0)
            elif not item[1] and last < item[0] and item[3] - item[2] <= harmless.get(item[0], -1):
                last = item[0]
            else:
                _cover_unless_charneg(reader, item, out)
                if not item[1]:
                    last = _DAMAGED
    except BerError:
        return None
    return bytes(out)


def _is_plain(data: bytes, at: int, stop: int, plain: frozenset[int]) -> bool:
    """Whether there is nothing between two offsets but such elements, each of under 128 octets: so are most PDUs."""
    while at + 1 < stop:
        if data[at] not in plain or data[at + 1] > 0x7F:
            return False
        at += 2 + data[at + 1]
    return at == stop


def _is_own(reader: Reader, pdu: int, item: Head) -> bool:
    """Whether an element is one that the PDU has by its definition, about nobody and not of a secret's shape."""
    tag, constructed, start, stop, _ = item
    if _TABLES[pdu].field(tag)[0] is None or tag in _ABOUT_PEOPLE.get(pdu, ()):
        return False
    shape = _SECRET_SHAPES.get(tag, ())
    return not (shape and constructed and any(piece[0] in shape for piece in reader.children(start, stop)))


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
