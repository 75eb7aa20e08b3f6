"""BER by hand: elements made of octets, and octets taken apart, for probes that must owe nothing to the codec.

Tags are octets as they stand on the wire (`b"\\xbf\\x5f"`), contents are octets, and that is all that is known here.
"""

from __future__ import annotations

from dataclasses import dataclass

_DEEPEST = 64
"""Elements inside one another; no answer that is looked at by hand has half as many."""


class Unreadable(ConnectionError):
    """What came is no BER."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `tag` as on the wire, and what is in it."""

    tag: bytes
    contents: bytes

    @property
    def inside(self) -> list[Element]:
        """The elements in a constructed one. Raises Unreadable."""
        return elements(self.contents)

    def find(self, *path: int) -> Element | None:
        """The first element below that is reached by these tags, each one octet long or, as on the wire, more."""
        found: Element | None = self
        for tag in path:
            wanted = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
            found = next((one for one in found.inside if one.tag == wanted), None) if found else None
        return found

    @property
    def number(self) -> int:
        return int.from_bytes(self.contents, "big", signed=True)


def tlv(tag: int, *contents: bytes) -> bytes:
    """An element of definite length, in the shortest form. `tag` is written as it stands: 0x30, 0xbf5f."""
    inside = b"".join(contents)
    size = len(inside)
    length = bytes((size,)) if size < 0x80 else _long(size)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + inside


def _long(size: int) -> bytes:
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def whole(data: bytes) -> int:
    """Where the first element ends; 0 where that has not come. What is no element is taken as a whole."""
    try:
        return _end(data, 0, 0)
    except IndexError:
        return 0
    except Unreadable:
        return len(data)


def elements(data: bytes) -> list[Element]:
    """The elements that stand one behind the other. Raises Unreadable."""
    found: list[Element] = []
    at = 0
    while at < len(data):
        try:
            start, size = _head(data, at)
            end = _end(data, at, 0)
        except IndexError:
            raise Unreadable("an element is cut short") from None
        tag = data[at : _after_tag(data, at)]
        found.append(Element(tag, data[start : end - 2] if size is None else data[start:end]))
        at = end
    return found


def element(data: bytes) -> Element:
    """The first element. Raises Unreadable."""
    found = elements(data)
    if not found:
        raise Unreadable("nothing came")
    return found[0]


def _after_tag(data: bytes, at: int) -> int:
    if data[at] & 0x1F != 0x1F:
        return at + 1
    at += 1
    while data[at] & 0x80:
        at += 1
    return at + 1


def _head(data: bytes, at: int) -> tuple[int, int | None]:
    """Where the contents begin, and how long they are; None where they have an end of their own."""
    at = _after_tag(data, at)
    first = data[at]
    if first < 0x80:
        return at + 1, first
    if first == 0x80:
        return at + 1, None
    if first == 0xFF:
        raise Unreadable("a length that is none")
    count = first & 0x7F
    octets = data[at + 1 : at + 1 + count]
    if len(octets) < count:
        raise IndexError
    return at + 1 + count, int.from_bytes(octets, "big")


def _end(data: bytes, at: int, depth: int) -> int:
    """Raises IndexError where the end has not come, Unreadable where there cannot be one."""
    if depth > _DEEPEST:
        raise Unreadable("too deep")
    start, size = _head(data, at)
    if size is not None:
        if start + size > len(data):
            raise IndexError
        return start + size
    at = start
    while data[at : at + 2] != b"\x00\x00":
        at = _end(data, at, depth + 1)
    return at + 2
