"""What the index map does with a field, worked out once for each shape of field: tag, indicators, codes of subfields.

Records repeat a few hundred shapes. For each the subfields that an index takes are known by their places, and indexes
that take the same ones share the work.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.catalogue.index.numbers import Normal
from gateway.catalogue.index_map import INDEXES, Index, Kind, Source
from gateway.catalogue.records import Format

_ANY_TAGS = {Format.MARC21: ("100", "900"), Format.UNIMARC: ("200", "800")}
_NOT_TEXT = frozenset("uw0123456789")
_JOINED = frozenset({"050", "090", "680", "852"})
"""Call numbers: class and item part are one value."""
_MOST_SHAPES = 50_000

Places = tuple[int, ...]


class Texts(NamedTuple):
    """Indexes of text that take the same subfields of a field: those among them that are anchored, that are listed,
    that count values, and that hold titles."""

    places: Places
    names: tuple[str, ...]
    anchored: tuple[str, ...]
    listed: tuple[str, ...]
    counted: tuple[str, ...]
    titles: tuple[str, ...]


class Values(NamedTuple):
    """An index of numbers or codes and the subfields it takes; `first` and `end` are positions in them; `normal` reads
    them."""

    row: Index
    normal: Normal
    places: Places
    first: int | None
    end: int | None
    joined: bool


class Shape(NamedTuple):
    """`anywhere`: the subfields that are found by searches anywhere."""

    anywhere: Places
    texts: tuple[Texts, ...]
    values: tuple[Values, ...]


class Control(NamedTuple):
    """An index of numbers or codes, and the control field or positions of one that it takes."""

    row: Index
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
    format_: tuple(Control(index, one.tag, one.first, one.end) for index, one in rows if not one.codes)
    for format_, rows in _SOURCES.items()
}
"""What is taken from control fields."""

_shapes: dict[tuple[Format, str, str, str], Shape] = {}


def shape(format_: Format, tag: str, indicators: str, codes: str) -> Shape:
    """What is done with a field of this shape."""
    key = (format_, tag, indicators, codes)
    found = _shapes.get(key)
    if found is None:
        if len(_shapes) > _MOST_SHAPES:
            _shapes.clear()
        found = _shapes[key] = _made(format_, tag, indicators, codes)
    return found


def _made(format_: Format, tag: str, indicators: str, codes: str) -> Shape:
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
            values.append(Values(index, index.values or index.normal, places, source.first, source.end, tag in _JOINED))
        elif index.name == "any":
            anywhere.update(places)
        else:
            texts.setdefault(places, []).append(index)
    return Shape(tuple(sorted(anywhere)), tuple(_texts(*one) for one in texts.items()), tuple(values))


def _texts(places: Places, indexes: list[Index]) -> Texts:
    return Texts(
        places,
        tuple(index.name for index in indexes),
        tuple(index.name for index in indexes if index.anchored),
        tuple(index.name for index in indexes if index.scannable and not index.list_of),
        tuple(index.name for index in indexes if index.facet),
        tuple(index.name for index in indexes if index.title_like),
    )
