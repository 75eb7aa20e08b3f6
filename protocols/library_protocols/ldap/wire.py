"""The small parts that messages, filters and controls are read from and written of.

LDAP takes less of BER than others (RFC 4511 5.1): lengths are definite, strings in one piece. Elements stand in the
order of their definition, so a container is read from its beginning to its end.
"""

from __future__ import annotations

from library_protocols import ber
from library_protocols.asn1 import write_text
from library_protocols.ber import BerError, Head, Reader

MAX_INT = 2**31 - 1
"""maxInt: the largest message id, limit and page size (RFC 4511 4.1.1)."""

MAX_VALUES = 100_000
"""Elements of one list, such as the members of a group in one answer; fewer than fill memory."""


class Fields:
    """The elements of one container, taken in order. Raises BerError."""

    __slots__ = ("at", "reader", "stop")

    def __init__(self, reader: Reader, start: int, stop: int) -> None:
        self.reader = reader
        self.at = start
        self.stop = stop

    def comes(self, tag: int) -> bool:
        """Whether the next element has that tag; one of a single octet."""
        at = self.at
        return at < self.stop and self.reader.data[at] & 0xDF == (tag >> 18 | tag & 0x1F)

    def element(self) -> Head:
        """The next element, whatever it is."""
        at = self.at
        head = self.reader.head(at, self.stop)
        if head[4] != head[3]:
            raise BerError("an element of indefinite length", at)
        self.at = head[4]
        return head

    def take(self, tag: int, constructed: bool, what: str) -> Head:
        """The next element, which must be that one."""
        at = self.at
        if at >= self.stop:
            raise BerError(f"{what} is missing", at)
        head = self.reader.head(at, self.stop)
        if head[0] != tag or head[1] != constructed or head[4] != head[3]:
            raise _wrong(head, tag, what, at)
        self.at = head[4]
        return head

    def inside(self, tag: int, what: str) -> Fields:
        """The elements of the next element."""
        head = self.take(tag, True, what)
        return Fields(self.reader, head[2], head[3])

    def octets(self, what: str, tag: int = ber.OCTET_STRING) -> bytes:
        head = self.take(tag, False, what)
        return self.reader.data[head[2] : head[3]]

    def text(self, what: str, tag: int = ber.OCTET_STRING) -> str:
        return self.octets(what, tag).decode("utf-8", "surrogateescape")

    def number(self, what: str, tag: int = ber.INTEGER) -> int:
        """A number from 0 to `MAX_INT`."""
        at = self.at
        found = ber.integer(self.reader, self.take(tag, False, what))
        if not 0 <= found <= MAX_INT:
            raise BerError(f"{what} is {found}", at)
        return found

    def integer(self, what: str, tag: int = ber.INTEGER) -> int:
        return ber.integer(self.reader, self.take(tag, False, what))

    def boolean(self, what: str, tag: int = ber.BOOLEAN) -> bool:
        return ber.boolean(self.reader, self.take(tag, False, what))

    def optional_octets(self, tag: int, what: str) -> bytes | None:
        return self.octets(what, tag) if self.comes(tag) else None

    def optional_text(self, tag: int, what: str) -> str | None:
        return self.text(what, tag) if self.comes(tag) else None

    def all_octets(self, what: str) -> tuple[bytes, ...]:
        """What is left, all of it octet strings."""
        found: list[bytes] = []
        data, head, at, stop = self.reader.data, self.reader.head, self.at, self.stop
        while at < stop:
            if len(found) == MAX_VALUES:
                raise BerError(f"more than {MAX_VALUES} of {what}", at)
            one = head(at, stop)
            if one[0] != ber.OCTET_STRING or one[1]:
                raise _wrong(one, ber.OCTET_STRING, what, at)
            found.append(data[one[2] : one[3]])
            at = one[4]
        self.at = at
        return tuple(found)

    def all_texts(self, what: str) -> tuple[str, ...]:
        return tuple(value.decode("utf-8", "surrogateescape") for value in self.all_octets(what))

    def end(self) -> None:
        """Passes over what is left: elements that no definition here knows (RFC 4511 4)."""
        if self.at < self.stop:
            self.rest()

    def rest(self) -> bytes:
        """What is left, as it stands: elements that no definition here knows."""
        start = self.at
        while self.at < self.stop:
            self.element()
        return self.reader.data[start : self.stop]


def _wrong(head: Head, tag: int, what: str, at: int) -> BerError:
    if head[4] != head[3]:
        return BerError("an element of indefinite length", at)
    if head[0] != tag:
        return BerError(f"{ber.tag_name(head[0])} where {what} belongs", at)
    return BerError(f"{what} is {'constructed' if head[1] else 'primitive'}", at)


# Elements of values

TRUE, FALSE = b"\x01\x01\xff", b"\x01\x01\x00"


def octets(value: bytes, tag: int = ber.OCTET_STRING) -> bytes:
    return ber.element(tag, False, value)


def text(value: str, tag: int = ber.OCTET_STRING) -> bytes:
    return ber.element(tag, False, write_text(value))


def integer(value: int, tag: int = ber.INTEGER) -> bytes:
    return ber.element(tag, False, ber.write_integer(value))


def enumerated(value: int) -> bytes:
    return ber.element(ber.ENUMERATED, False, ber.write_integer(value))


def boolean(value: bool) -> bytes:
    return TRUE if value else FALSE


def sequence(*parts: bytes, tag: int = ber.SEQUENCE) -> bytes:
    return ber.element(tag, True, b"".join(parts))
