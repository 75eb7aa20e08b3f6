"""Octets gone through element by element along the layout, without believing more of them than each header says.

From the first element on that does not belong where it stands nothing of its container is known any more.
"""

from __future__ import annotations

from typing import Protocol

from library_protocols.ber import BerError, Head, Reader
from library_protocols.ldap.facts.layout import MESSAGE, Element
from library_protocols.ldap.filters import MAX_FILTER_DEPTH

MAX_DEPTH = MAX_FILTER_DEPTH + 8
"""Elements inside one another: those of the deepest filter, and what it stands in and what stands in it."""


class Visit(Protocol):
    """Called for each element, a container before what is inside it. `element` says what it is; where nobody knows, it
    is None and nobody looks inside. `attribute` is the last attribute description or OID before it, here or further
    out."""

    def __call__(self, at: int, head: Head, element: Element | None, depth: int, attribute: bytes, /) -> None: ...


def walk(reader: Reader, at: int, end: int, visit: Visit) -> int:
    """Goes through the message that begins at `at`; where it ends. Raises BerError."""
    head = reader.head(at, end)
    _walk(reader, at, head, MESSAGE.fits(head[0]), 0, b"", visit)
    return head[4]


def _walk(
    reader: Reader, at: int, head: Head, element: Element | None, depth: int, attribute: bytes, visit: Visit
) -> None:
    _, constructed, start, stop, after = head
    if after != stop:
        raise BerError("an element of indefinite length", at)
    if element is not None and constructed == (element.kind != ""):
        element = None
    visit(at, head, element, depth, attribute)
    if not constructed or element is None:
        return
    if depth == MAX_DEPTH:
        raise BerError(f"more than {MAX_DEPTH} elements inside one another", at)
    inside, of = element.inside, element.of
    next_one = 0  # of `inside`: the first that has not come
    while start < stop:
        inner = reader.head(start, stop)
        if of is not None:
            found = of.fits(inner[0])
        else:
            found = None
            while found is None and next_one < len(inside):
                expected = inside[next_one]
                found = expected.fits(inner[0])
                next_one = next_one + 1 if found is not None or expected.optional else len(inside)
        _walk(reader, start, inner, found, depth + 1, attribute, visit)
        if found is not None and not inner[1] and found.kind in _DESCRIBES:
            attribute = reader.data[inner[2] : inner[3]]
        start = inner[4]


_DESCRIBES = frozenset(("name", "oid"))
