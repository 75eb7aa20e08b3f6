"""A `Description` as lines of text, for SUTRS and for people: a label, a colon, what stands in the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.catalogue.forms.model import Description
from gateway.catalogue.forms.text import unique
from gateway.catalogue.records import Holding

_WIDTH = 76
_INDENT = "    "


def sutrs(found: Description, holdings: Sequence[Holding], brief: bool = False) -> bytes:
    """UTF-8 text in lines of at most 76 characters where words allow it, ended by LF."""
    lines: list[str] = []
    for label, text in _brief(found) if brief else (*_brief(found), *_full(found, holdings)):
        if text:
            lines += _folded(f"{label}: {text}".translate(_SPACES))
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


# Line ends within a text would look like lines of their own; C1 marks have no shape.
_SPACES = {ord(c): " " for c in "\r\n\t\x85\u2028\u2029"} | {c: None for c in range(0x80, 0xA0) if c != 0x85}


def _brief(found: Description) -> Iterator[tuple[str, str]]:
    titles = [title for title in found.titles if title.kind == ""]
    yield from (("Title", title.line()) for title in titles)
    if not titles:
        yield "Record without title", found.control_number or "and without number"
    yield from (("Author", name.line()) for name in found.names)
    for made in found.publications:
        places = ", ".join(made.places)
        yield "Published", ", ".join(part for part in (places, *made.agents, made.date) if part)
    first, _ = found.years()
    if first and not found.publications:
        yield "Date", first


def _full(found: Description, holdings: Sequence[Holding]) -> Iterator[tuple[str, str]]:
    yield from (("Other title", title.line()) for title in found.titles if title.kind)
    yield "Edition", found.edition
    yield from (("Physical description", text) for text in found.extents)
    yield from (("Series", _in_series(item.title, item.part)) for item in found.related if item.kind == "series")
    yield from (("In", _in_series(item.title, item.part)) for item in found.related if item.kind == "host")
    yield "Language", ", ".join(found.languages)
    yield from (("Subject", subject.line()) for subject in found.subjects)
    yield from (("Genre", text) for _, text in found.genres)
    yield from (("Summary", note.text) for note in found.abstracts)
    yield from (("Contents", note.text) for note in found.contents)
    yield from (("Note", note.text) for note in found.notes)
    yield from (
        (number.kind.upper(), number.text) for number in found.identifiers if not number.invalid
    )  # fmt: skip
    yield from (("Link", link.url) for link in found.links)
    for holding in holdings:
        place = holding.location_name or holding.location
        yield "Held by", " / ".join(unique([holding.member, place, holding.call_number, holding.summary]))
    yield "Record", found.control_number


def _in_series(title: str, part: str) -> str:
    return f"{title} ; {part}" if part else title


def _folded(line: str) -> Iterator[str]:
    indent = ""
    while len(line) > _WIDTH:
        at = line.rfind(" ", len(indent) + 1, _WIDTH + 1)
        if at < 0:
            break
        yield line[:at]
        indent = _INDENT
        line = indent + line[at + 1 :]
    yield line
