"""Messages written octet by octet, and answers read so. Each tag is explained where it stands."""

from __future__ import annotations

from library_conformance.octets import Element, Unreadable, element, tlv, whole
from library_conformance.run import Line

MESSAGE = b"\x30"
BIND_RESPONSE, DONE, EXTENDED_RESPONSE = b"\x61", b"\x65", b"\x78"  # [APPLICATION 1], 5, 24
ANONYMOUS = bytes.fromhex("6007 020103 0400 8000")  # bindRequest: version 3, no name, simple [0] without a password
ROOT = bytes.fromhex(
    # searchRequest: base "", scope baseObject, never dereference, no limits, not typesOnly, (objectClass=*), "1.1"
    "6325 0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374436c617373 3005 0403312e31"
)
UNBIND = bytes.fromhex("4200")  # [APPLICATION 2] NULL
NOTICE = b"1.3.6.1.4.1.1466.20036"
START_TLS = bytes.fromhex("7718 8016") + b"1.3.6.1.4.1.1466.20037"  # extendedReq with requestName [0]


def message(number: int, operation: bytes, *rest: bytes) -> bytes:
    return tlv(0x30, _integer(number), operation, *rest)


def _integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def heard(line: Line, patience: float | None = None) -> Element | None:
    """The next message; None where none came. Raises Unreadable."""
    octets = line.receive(whole, patience)
    return element(octets) if octets else None


def parts(answer: Element) -> tuple[int, Element]:
    """Message id and operation. Raises Unreadable."""
    inside = answer.inside
    if answer.tag != MESSAGE or len(inside) < 2 or inside[0].tag != b"\x02":
        raise Unreadable("no message")
    return inside[0].number, inside[1]


def code(operation: Element) -> int:
    """resultCode of an operation's result; -1 where there is none."""
    found = operation.find(0x0A)
    return found.number if found is not None else -1


def came(line: Line, patience: float | None = None) -> str:
    """What became of a connection that was said something bad."""
    try:
        answer = heard(line, patience)
        if answer is None:
            return "closed" if line.closed else "no answer"
        number, operation = parts(answer)
    except Unreadable:
        return "answered what is no message"
    if not number:
        name = operation.find(0x8A)  # responseName [10]
        named = operation.tag == EXTENDED_RESPONSE and name is not None and name.contents == NOTICE
        return "notice of disconnection" if named else "a notice that is none"
    return f"answered result {code(operation)}" if operation.find(0x0A) else "answered"
