"""Octets gone through element by element along the layout, without believing more of them than each header says.

From the first element on that does not belong where it stands nothing of its container is known any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from library_protocols.ber import BerError, Head, Reader
from library_protocols.ldap.facts.layout import MESSAGE, Element
from library_protocols.ldap.filters import MAX_FILTER_DEPTH

MAX_DEPTH = MAX_FILTER_DEPTH + 8
"""Elements inside one another: those of the deepest filter, and what it stands in and what stands in it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One element where it was found: `element` says what it is, None where nobody knows. `attribute` is the last
    attribute description or OID before it in its container, or in those around it."""

    at: int
    head: Head
    element: Element | None
    depth: int
    attribute: bytes


def walk(reader: Reader, at: int, end: int) -> Iterator[Part]:
    """The parts of the message that begins at `at`, a container before what is inside it. Raises BerError."""
    head = reader.head(at, end)
    yield from _walk(reader, at, head, MESSAGE.fits(head[0]), 0, b"")


def _walk(reader: Reader, at: int, head: Head, element: Element | None, depth: int, attribute: bytes) -> Iterator[Part]:
    _, constructed, start, stop, after = head
    if after != stop:
        raise BerError("an element of indefinite length", at)
    if element is not None and constructed == bool(element.kind):
        element = None
    if constructed and depth == MAX_DEPTH:
        raise BerError(f"more than {MAX_DEPTH} elements inside one another", at)
    yield Part(at, head, element, depth, attribute)
    if not constructed:
        return
    waiting = list(element.inside) if element is not None else []
    of = element.of if element is not None else None
    for inner in reader.children(start, stop):
        found = of.fits(inner[0]) if of is not None else _next(waiting, inner[0])
        yield from _walk(reader, start, inner, found, depth + 1, attribute)
        if found is not None and found.kind in ("name", "oid") and not inner[1]:
            attribute = reader.data[inner[2] : inner[3]]
        start = inner[4]


def _next(waiting: list[Element], tag: int) -> Element | None:
    """What an element of that tag is among those that may come now; takes it and those before it off the list."""
    while waiting:
        element = waiting.pop(0)
        found = element.fits(tag)
        if found is not None:
            return found
        if not element.optional:
            break
    waiting.clear()
    return None
