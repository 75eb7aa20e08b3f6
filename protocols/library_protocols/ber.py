"""BER (X.690): elements out of octets and back, for every standard that is written in ASN.1.

Reading walks one buffer by offsets and copies nothing but the values. It takes what DER forbids: lengths that are
longer than needed, indefinite lengths, strings in pieces. Ends of indefinite elements are found without recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

MAX_DEPTH = 64
"""Elements inside one another. The deepest definitions in use here (Explain, proximity, extended services) need
under 30; a bomb of nested elements must not reach the interpreter's own stack."""
MAX_TAG = 0x1FFFFF
"""Three octets of tag number; the largest assigned in any module read here is 1013."""
MAX_INTEGER = 16
"""Octets of an INTEGER. Nothing counted or numbered here needs more than 8."""
MAX_OID = 128
"""Octets of an OBJECT IDENTIFIER; the longest in use are under 20."""

UNIVERSAL, APPLICATION, CONTEXT, PRIVATE = (cls << 24 for cls in range(4))
"""Classes of tags. A tag here is one number: its class and its number together, e.g. `CONTEXT | 20`."""

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER = 1, 2, 3, 4, 5, 6
OBJECT_DESCRIPTOR, EXTERNAL, ENUMERATED, UTF8_STRING, SEQUENCE, SET = 7, 8, 10, 12, 16, 17
NUMERIC_STRING, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING = 18, 19, 20, 22
GENERALIZED_TIME, VISIBLE_STRING, GENERAL_STRING = 24, 26, 27

Head = tuple[int, bool, int, int, int]
"""tag, constructed, start of the contents, end of the contents, start of what comes next (all offsets)."""


class BerError(ValueError):
    """Octets that are no BER, or BER that means nothing here. `offset` counts from the start of the buffer."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (at octet {offset})")
        self.reason = reason
        self.offset = offset


def tag_name(tag: int) -> str:
    """A tag for people: `[20]` for context-specific, the class in words for the others."""
    number = tag & 0xFFFFFF
    return (f"[UNIVERSAL {number}]", f"[APPLICATION {number}]", f"[{number}]", f"[PRIVATE {number}]")[tag >> 24]


class Reader:
    """Elements of one buffer. Every offset it takes or gives counts from the start of `data`."""

    __slots__ = ("_ends", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._ends: dict[int, int] = {}  # start of indefinite contents -> their end

    def head(self, at: int, end: int) -> Head:
        """The element that begins at `at`, which may not go beyond `end`. Raises BerError."""
        data = self.data
        start = at + 2
        if start > end:
            raise BerError("an element begins where its container ends", at)
        first = data[at]
        tag = first & 0x1F
        if tag == 0x1F:
            tag = data[at + 1]
            if tag & 0x80 or start == end:
                tag, start = _long_tag(data, at + 1, end)
            start += 1
        tag |= (first & 0xC0) << 18
        length = data[start - 1]
        if length < 0x80 and tag and (stop := start + length) <= end:
            return tag, first & 0x20 != 0, start, stop, stop  # the usual case
        if length & 0x80:
            if length == 0x80:
                if not first & 0x20:
                    raise BerError("a primitive element of indefinite length", at)
                if tag == 0:
                    raise BerError("end of contents with contents", at)
                stop = self._end_of(start, end)
                return tag, True, start, stop, stop + 2
            count = length & 0x7F
            if start + count > end:
                raise BerError("a length is cut off", at)
            length = int.from_bytes(data[start : start + count], "big")
            start += count
        stop = start + length
        if stop > end:
            raise BerError(f"an element of {length} octets goes beyond its container", at)
        if tag == 0:
            raise BerError("end of contents where no element has an indefinite length", at)
        return tag, first & 0x20 != 0, start, stop, stop

    def children(self, start: int, stop: int) -> Iterator[Head]:
        """The elements between two offsets. Raises BerError as it goes."""
        while start < stop:
            head = self.head(start, stop)
            yield head
            start = head[4]

    def _end_of(self, start: int, end: int) -> int:
        """Where the contents of an indefinite element end that begin at `start`; remembers those inside it."""
        ends = self._ends
        known = ends.get(start)
        if known is not None:
            if known + 2 > end:
                raise BerError("an element of indefinite length goes beyond its container", start)
            return known
        scan = Scan(start)
        if not scan.advance(self.data, end, ends):
            raise BerError("an element of indefinite length has no end", start)
        return ends[start]


class Scan:
    """Search for the end of an indefinite element; can go on when more octets have arrived.

    Definite elements inside it are stepped over whole, so the work is one look at every header.
    """

    __slots__ = ("_open", "at")

    def __init__(self, start: int) -> None:
        self.at = start
        self._open = [start]

    def advance(self, data: bytes | bytearray, end: int, ends: dict[int, int] | None = None) -> bool:
        """Goes on up to `end`; True when the end was found (`at` is then behind it). Raises BerError."""
        at = self.at
        while self._open:
            if at + 2 > end:
                return False
            if data[at] == 0:
                if data[at + 1] != 0:
                    raise BerError("end of contents with contents", at)
                at += 2
                start = self._open.pop()
                if ends is not None:
                    ends[start] = at - 2
                self.at = at
                continue
            measured = measure(data, at, end)
            if measured is None:
                return False
            start, stop = measured
            if stop is None:
                if len(self._open) == MAX_DEPTH:
                    raise BerError(f"more than {MAX_DEPTH} elements inside one another", at)
                self._open.append(start)
                at = start
            else:
                if stop > end:
                    return False
                at = stop
            self.at = at
        return True


def measure(data: bytes | bytearray, at: int, end: int) -> tuple[int, int | None] | None:
    """Where the contents of the element at `at` begin and end; the end is None when its length is indefinite.

    None when its header is not whole yet. The end may be beyond `end`. Raises BerError.
    """
    if at + 2 > end:
        return None
    first = data[at]
    start = at + 1
    if first & 0x1F == 0x1F:
        while data[start] & 0x80:
            start += 1
            if start - at > 3:
                raise BerError("a tag of more than three octets", at)
            if start >= end:
                return None
        start += 1
        if start >= end:
            return None
    length = data[start]
    start += 1
    if length == 0x80:
        if not first & 0x20:
            raise BerError("a primitive element of indefinite length", at)
        return start, None
    if length & 0x80:
        count = length & 0x7F
        if start + count > end:
            return None
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    return start, start + length


def _long_tag(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A tag number in base 128 from `at`; it and the offset of the length octet."""
    number = 0
    for offset in range(at, min(at + 3, end)):
        octet = data[offset]
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            if offset + 1 >= end:
                raise BerError("an element without a length", at - 1)
            return number, offset + 1
    raise BerError("a tag is cut off or has more than three octets", at - 1)


# Values, read from between two offsets


def octets(reader: Reader, head: Head, depth: int = 0) -> bytes:
    """A string of octets or characters, joined where it was sent in pieces. Raises BerError."""
    _, constructed, start, stop, _ = head
    if not constructed:
        return reader.data[start:stop]
    if depth > MAX_DEPTH:
        raise BerError(f"more than {MAX_DEPTH} elements inside one another", start)
    return b"".join(octets(reader, piece, depth + 1) for piece in reader.children(start, stop))


def integer(reader: Reader, head: Head) -> int:
    """A whole number. Raises BerError."""
    _, constructed, start, stop, _ = head
    if constructed or not 0 < stop - start <= MAX_INTEGER:
        raise BerError(f"a number of {stop - start} octets", start)
    return int.from_bytes(reader.data[start:stop], "big", signed=True)


def boolean(reader: Reader, head: Head) -> bool:
    """True for anything but zero. Raises BerError."""
    _, constructed, start, stop, _ = head
    if constructed or stop - start != 1:
        raise BerError("a truth value that is not one octet", start)
    return reader.data[start] != 0


def null(reader: Reader, head: Head) -> None:
    """Nothing. Raises BerError when there is something."""
    if head[1] or head[2] != head[3]:
        raise BerError("a null with contents", head[2])


def bits(reader: Reader, head: Head, depth: int = 0) -> frozenset[int]:
    """The positions of the bits that are set; bit 0 is the first. Raises BerError."""
    _, constructed, start, stop, _ = head
    if constructed:
        if depth > MAX_DEPTH:
            raise BerError(f"more than {MAX_DEPTH} elements inside one another", start)
        found: set[int] = set()
        width = 0
        for piece in reader.children(start, stop):
            found.update(width + bit for bit in bits(reader, piece, depth + 1))
            width += 8 * max(piece[3] - piece[2] - 1, 0)
        return frozenset(found)
    if start == stop:
        raise BerError("a bit string without its first octet", start)
    unused = reader.data[start]
    width = 8 * (stop - start - 1) - unused
    if unused > 7 or width < 0:
        raise BerError(f"a bit string with {unused} unused bits", start)
    if width > 8 * MAX_OID:
        raise BerError(f"a bit string of {width} bits", start)
    value = int.from_bytes(reader.data[start + 1 : stop], "big") >> unused
    return frozenset(bit for bit in range(width) if value >> (width - 1 - bit) & 1)


def oid(reader: Reader, head: Head) -> str:
    """An object identifier in dotted form. Raises BerError."""
    _, constructed, start, stop, _ = head
    if constructed:
        raise BerError("an object identifier in pieces", start)
    if stop - start > MAX_OID:
        raise BerError(f"an object identifier of {stop - start} octets", start)
    try:
        return _dotted(reader.data[start:stop])
    except ValueError as error:
        raise BerError(str(error), start) from None


@lru_cache(maxsize=512)
def _dotted(contents: bytes) -> str:
    if not contents or contents[-1] & 0x80:
        raise ValueError("an object identifier is cut off")
    arcs: list[int] = []
    value = 0
    for octet in contents:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


# Octets of values


@lru_cache(maxsize=1024)
def write_tag(tag: int, constructed: bool) -> bytes:
    """The octets of a tag."""
    number = tag & 0xFFFFFF
    first = tag >> 24 << 6 | (0x20 if constructed else 0)
    if number < 0x1F:
        return bytes((first | number,))
    return bytes((first | 0x1F,)) + _base128(number)


def element(tag: int, constructed: bool, contents: bytes) -> bytes:
    """One element, with the shortest definite length."""
    length = len(contents)
    if length < 0x80:
        return write_tag(tag, constructed) + _SHORT[length] + contents
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return write_tag(tag, constructed) + bytes((0x80 | len(size),)) + size + contents


_SHORT = tuple(bytes((length,)) for length in range(0x80))


def write_integer(value: int) -> bytes:
    """The contents of a number, as short as can be."""
    if 0 <= value < 0x80:
        return _SHORT[value]
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)


def write_bits(positions: frozenset[int]) -> bytes:
    """The contents of a bit string that ends with its last bit set."""
    if not positions:
        return b"\0"
    width = max(positions) + 1
    unused = -width % 8
    value = sum(1 << (width - 1 - bit) for bit in positions) << unused
    return bytes((unused,)) + value.to_bytes((width + unused) // 8, "big")


@lru_cache(maxsize=512)
def write_oid(dotted: str) -> bytes:
    """The contents of an object identifier. Raises ValueError when `dotted` is none."""
    arcs = [int(arc) for arc in dotted.split(".")]
    if len(arcs) < 2 or min(arcs) < 0 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise ValueError(f"{dotted!r} is no object identifier")
    return b"".join(_base128(arc) for arc in (40 * arcs[0] + arcs[1], *arcs[2:]))


def _base128(number: int) -> bytes:
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))
