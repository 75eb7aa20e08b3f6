"""One PDU in octets and back. The tables of its fields are the classes themselves."""

from __future__ import annotations

from library_protocols import ber
from library_protocols.asn1 import Implicit, Recurring, Sequence
from library_protocols.ber import CONTEXT, BerError, Reader
from library_protocols.z3950 import apdu, control, sorting
from library_protocols.z3950.apdu import Pdu, UnknownPdu

CLASSES: dict[int, type[Pdu]] = {
    cls.tag: cls
    for module in (apdu, control, sorting)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Pdu) and isinstance(cls.__dict__.get("tag"), int)
}
"""Tag -> class, for every PDU of the standard."""

_VARYING = {apdu.SearchRequest: "query"}
"""What is another one each time, where all before it mostly is what it was."""
_TYPES = {
    tag: Implicit(CONTEXT | tag, Recurring(cls, _VARYING[cls]) if cls in _VARYING else Sequence(cls))
    for tag, cls in CLASSES.items()
}


def decode(data: bytes) -> Pdu:
    """The PDU that `data` is, whole and nothing else. A PDU of an unknown tag is an `UnknownPdu`.

    Raises BerError, and nothing else whatever `data` holds.
    """
    reader = Reader(data)
    tag, constructed, start, stop, after = head = reader.head(0, len(data))
    if after != len(data):
        raise BerError("octets after the PDU", after)
    if tag >> 24 != CONTEXT >> 24 or not constructed:
        raise BerError(f"{ber.tag_name(tag)} is no PDU", 0)
    kind = _TYPES.get(tag - CONTEXT)
    if kind is None:
        for _ in reader.children(start, stop):
            pass
        return UnknownPdu(number=tag - CONTEXT, octets=data)
    return kind.read(reader, head, 0)


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU, with definite lengths."""
    if isinstance(pdu, UnknownPdu):
        return pdu.octets
    return _TYPES[pdu.tag].write(pdu)


def reference_id_of(data: bytes) -> bytes | None:
    """The referenceId of a PDU that could not be read as a whole, for the answer that says so. Never raises."""
    reader = Reader(data)
    try:
        head = reader.head(0, len(data))
        for item in reader.children(head[2], head[3]):
            if item[0] == CONTEXT | 2:
                return ber.octets(reader, item)
    except BerError:
        pass
    return None


__all__ = ["CLASSES", "decode", "encode", "reference_id_of"]
