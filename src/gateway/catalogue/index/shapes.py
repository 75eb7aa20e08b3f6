"""What the index map does with a field, worked out once for each shape of field: tag, indicators, codes of subfields.

Records repeat a few hundred shapes. For each the subfields that an index takes are known by their places, and indexes
that take the same ones share the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

from gateway.catalogue.index_map import INDEXES, Index, Kind, Source
from gateway.catalogue.records import Format

_ANY_TAGS = {Format.MARC21: ("100", "900"), Format.UNIMARC: ("200", "800")}
_NOT_TEXT = frozenset("uw0123456789")
_JOINED = frozenset({"050", "090", "680", "852"})
"""Call numbers: class and item part are one value."""
_MOST_SHAPES = 50_000

_FILED_AT = {"130": 0, "730": 0, "740": 0, "222": 1, "240": 1, "242": 1, "245": 1, "440": 1, "830": 1}
"""MARC 21: which indicator counts the characters that are passed over in filing."""

Places = tuple[int, ...]
Pick = Callable[[Sequence[str]], Sequence[str]]
"""Takes what an index takes from the subfields of a field."""


class Texts(NamedTuple):
    """Indexes of text that take the same subfields of a field: those among them that are anchored, that are listed,
    that count values, and that hold titles.

    `codes`: of the subfields taken, in a subject, whose subdivisions are written apart; else empty. `skip` first
    characters are not filed. `sorts`: it is the title that the record is sorted by."""

    pick: Pick
    names: tuple[str, ...]
    anchored: tuple[str, ...]
    listed: tuple[str, ...]
    counted: tuple[str, ...]
    titles: tuple[str, ...]
    codes: str
    skip: int
    sorts: bool


class Values(NamedTuple):
    """An index of numbers or codes and the subfields it takes; `first` and `end` are positions in them; a `joined`
    value is all of them together."""

    name: str
    pick: Pick
    first: int | None
    end: int | None
    joined: bool


class Shape(NamedTuple):
    """`anywhere`: the subfields that are found by searches anywhere."""

    anywhere: Pick | None
    texts: tuple[Texts, ...]
    values: tuple[Values, ...]


class Control(NamedTuple):
    """An index of numbers or codes, and the control field or positions of one that it takes."""

    name: str
    tag: str
    first: int | None
    end: int | None


def _sources(format_: Format) -> list[tuple[Index, Source]]:
    return [
        (index, source)
        for index in INDEXES.values()
        for source in (index.marc21_sources if format_ is Format.MARC21 else index.unimarc_sources)
    ]


_SOURCES = {format_: _sources(format_) for format_ in Format}
_BY_TAG = {
    format_: {
        tag: [(index, source) for index, source in rows if source.tag == tag and source.codes]
        for tag in {source.tag for _, source in rows}
    }
    for format_, rows in _SOURCES.items()
}
CONTROLS = {
    format_: tuple(Control(index.name, one.tag, one.first, one.end) for index, one in rows if not one.codes)
    for format_, rows in _SOURCES.items()
}
"""What is taken from control fields."""

SHAPES: dict[Format, dict[tuple[str, str, tuple[str, ...]], Shape]] = {format_: {} for format_ in Format}
"""Those known, by tag, indicators and codes: to be looked at before `shape` is asked."""


def shape(format_: Format, tag: str, indicators: str, codes: tuple[str, ...]) -> Shape:
    """What is done with a field of this shape; known from now on."""
    known = SHAPES[format_]
    if len(known) > _MOST_SHAPES:
        known.clear()
    made = known[tag, indicators, codes] = _made(format_, tag, indicators, codes)
    return made


def _made(format_: Format, tag: str, indicators: str, codes: tuple[str, ...]) -> Shape:
    anywhere: set[int] = set()
    first, last = _ANY_TAGS[format_]
    if first <= tag < last:
        anywhere.update(place for place, code in enumerate(codes) if code not in _NOT_TEXT)
    texts: dict[Places, list[Index]] = {}
    values: list[Values] = []
    for index, source in _BY_TAG[format_].get(tag, ()):
        if source.indicator is not None and indicators[source.indicator - 1 : source.indicator] != source.value:
            continue
        places = tuple(place for place, code in enumerate(codes) if source.takes(code))
        if not places:
            continue
        if index.kind is not Kind.TEXT:
            values.append(Values(index.name, _pick(places), source.first, source.end, tag in _JOINED))
        elif index.name == "any":
            anywhere.update(places)
        else:
            texts.setdefault(places, []).append(index)
    skip = _skip(indicators, _FILED_AT[tag]) if format_ is Format.MARC21 and tag in _FILED_AT else 0
    return Shape(
        _pick(tuple(sorted(anywhere))) if anywhere else None,
        tuple(_texts(places, indexes, tag, codes, skip) for places, indexes in texts.items()),
        tuple(values),
    )


def _pick(places: Places) -> Pick:
    if places[-1] - places[0] == len(places) - 1:
        return itemgetter(slice(places[0], places[-1] + 1))
    return itemgetter(*places)


def _skip(indicators: str, place: int) -> int:
    digit = indicators[place : place + 1]
    return int(digit) if digit.isdecimal() else 0


def _texts(places: Places, indexes: list[Index], tag: str, codes: tuple[str, ...], skip: int) -> Texts:
    titles = tuple(index.name for index in indexes if index.title_like)
    return Texts(
        _pick(places),
        tuple(index.name for index in indexes),
        tuple(index.name for index in indexes if index.anchored),
        tuple(index.name for index in indexes if index.scannable and not index.list_of),
        tuple(index.name for index in indexes if index.facet),
        titles,
        "".join(codes[place] for place in places) if tag[0] == "6" else "",
        skip,
        "title" in titles and tag in ("245", "200"),
    )
