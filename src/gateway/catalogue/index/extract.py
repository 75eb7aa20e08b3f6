"""A record becomes what the index holds of it: folded texts, numbers, headings, values to sort and count by.

The index map is compiled once into a table by tag, so that each field of a record is looked at once. All subfields of
a record are folded together where they are ASCII, which most are: folding one by one costs more than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.catalogue.index.folding import SEPARATOR, fold, heading
from gateway.catalogue.index.numbers import oclc, period, shelf_order, years
from gateway.catalogue.index_map import INDEXES, Index, Kind, Source
from gateway.catalogue.materials import material
from gateway.catalogue.records import Format
from library_protocols.marc import DataField, Record

_ANY_TAGS = {Format.MARC21: ("100", "900"), Format.UNIMARC: ("200", "800")}
_NOT_TEXT = frozenset("uw0123456789")
_SUBDIVISIONS = frozenset("vxyz")
_FILED_AT = {"130": 0, "730": 0, "740": 0, "222": 1, "240": 1, "242": 1, "245": 1, "440": 1, "830": 1}
"""MARC 21: which indicator counts the characters that are passed over in filing."""
_NOT_FILED = re.compile("\u0098[^\u009c]*\u009c|\u0088[^\u0089]*\u0089|\u001bH[^\u001b]*\u001bI|<<[^<>]*>>")
_CONTROLS = re.compile("[\u0080-\u009f]")
_END = " /:;,=."
_ABBREVIATED = re.compile(r"(?:\b[^\W\d_]|\b(?:jr|sr|dr|etc|inc|co|ltd|st|vol|no|pt))\.$", re.IGNORECASE)


class Heading(NamedTuple):
    """A term as scan lists it: `name` is its index, `key` what it is asked by, `display` as it is written."""

    name: str
    key: str
    display: str


@dataclass(slots=True)
class Fields:
    """What the index holds of one record, by index name.

    `texts` one folded text a field, `parts` one a subfield (of anchored indexes only), `keys` normal forms, `numbers`
    years or days (yyyymmdd), `sort` the one value sorted by (text is folded), `facets` values to count as people read
    them.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    sort: dict[str, str | int] = field(default_factory=dict)
    facets: dict[str, list[str]] = field(default_factory=dict)
    headings: list[Heading] = field(default_factory=list)


class _Text(NamedTuple):
    name: str
    source: Source
    codes: frozenset[str] | None
    anchored: bool
    scannable: bool
    facet: bool
    title_like: bool


class _Value(NamedTuple):
    row: Index
    source: Source


class _Plan(NamedTuple):
    texts: dict[str, list[_Text]]
    values: dict[str, list[_Value]]
    controls: list[_Value]
    any_from: str
    any_to: str


def _plan(format_: Format) -> _Plan:
    texts: dict[str, list[_Text]] = {}
    values: dict[str, list[_Value]] = {}
    controls: list[_Value] = []
    for index in INDEXES.values():
        for source in index.marc21_sources if format_ is Format.MARC21 else index.unimarc_sources:
            if index.kind is not Kind.TEXT:
                kept = values.setdefault(source.tag, []) if source.codes else controls
                kept.append(_Value(index, source))
                continue
            codes = None if source.codes == "*" else frozenset(source.codes)
            texts.setdefault(source.tag, []).append(
                _Text(index.name, source, codes, index.anchored, index.scannable, index.facet, index.title_like)
            )
    return _Plan(texts, values, controls, *_ANY_TAGS[format_])


_PLANS = {format_: _plan(format_) for format_ in Format}


def display(text: str) -> str:
    """A heading without the punctuation that joins it to what follows in a record."""
    text = _CONTROLS.sub("", " ".join(text.split())).rstrip(" /:;,=")
    if text.endswith(".") and not text.endswith("..") and not _ABBREVIATED.search(text):
        text = text[:-1]
    return text


def _fold_all(texts: list[str]) -> list[str]:
    joined = SEPARATOR.join(texts)
    if joined.isascii():
        folded = fold(joined).split(SEPARATOR)
        if len(folded) == len(texts):
            return folded
    return [fold(text) for text in texts]


def _tag(found: DataField) -> str:
    """The field's tag, of an 880 that of the field that it gives in another script."""
    if found.tag != "880":
        return found.tag
    for code, text in found.subfields:
        if code == "6":
            return text[:3]
    return "880"


def _written(action: _Text, found: DataField, tag: str) -> str:
    """The heading as the record writes it, subdivisions of subjects behind two dashes."""
    codes = action.codes
    if tag[0] != "6":
        return " ".join(text for code, text in found.subfields if codes is None or code in codes)
    out = ""
    for code, text in found.subfields:
        if codes is None or code in codes:
            out += (" -- " if code in _SUBDIVISIONS else " ") + display(text) if out else display(text)
    return out


def _filed(found: DataField, tag: str, format_: Format, written: str) -> str | None:
    """The text without what is passed over in filing; None where there is nothing of that kind."""
    if format_ is Format.MARC21 and tag in _FILED_AT:
        skip = found.indicators[_FILED_AT[tag] : _FILED_AT[tag] + 1]
        if skip.isdigit() and skip != "0" and int(skip) < len(written):
            return written[int(skip) :]
    without = _NOT_FILED.sub("", written)
    return without if without != written and without.strip() else None


def extract(record: Record, format_: Format = Format.MARC21, holders: Iterable[str] = ()) -> Fields:
    """What the index holds of a record; `holders` are the members that hold it. Never raises on a sound record."""
    plan = _PLANS[format_]
    out = Fields()
    texts = out.texts
    data = record.data
    folded = _fold_all([text for found in data for _, text in found[2]])
    place = 0
    everything: list[str] = []
    for found in data:
        subfields = found[2]
        mine = folded[place : place + len(subfields)]
        place += len(subfields)
        tag = found[0] if found[0] != "880" else _tag(found)
        if plan.any_from <= tag < plan.any_to:
            text = " ".join([words for (code, _), words in zip(subfields, mine, strict=True) if code not in _NOT_TEXT])
            if text:
                everything.append(text)
        for index, source in plan.values.get(tag, ()):
            for text in _texts_of(found, source):
                _value(out, index, source, text)
        actions = plan.texts.get(tag)
        if actions is None:
            continue
        for action in actions:
            source, codes = action.source, action.codes
            if source.indicator is not None and found[1][source.indicator - 1 : source.indicator] != source.value:
                continue
            if codes is None:
                chosen = [words for (code, _), words in zip(subfields, mine, strict=True) if code not in _NOT_TEXT]
            else:
                chosen = [words for (code, _), words in zip(subfields, mine, strict=True) if code in codes]
            if not chosen:
                continue
            text = " ".join(" ".join(chosen).split())
            if not text:
                continue
            if action.name == "any":
                everything.append(text)
                continue
            texts.setdefault(action.name, []).append(text)
            if action.anchored:
                out.parts.setdefault(action.name, []).extend([part for words in chosen if (part := words.strip())])
            filed = _title(out, action, found, tag, format_) if action.title_like else None
            if action.scannable:
                written = display(_written(action, found, tag))
                out.headings.append(Heading(action.name, filed or text, written))
                if action.facet:
                    values = out.facets.setdefault(action.name, [])
                    if written not in values:
                        values.append(written)
                if action.name == "author" and "author" not in out.sort:
                    out.sort["author"] = text
    texts["any"] = everything
    for index, source in plan.controls:
        if text := record.text(source.tag):
            _value(out, index, source, text if source.first is None else text[source.first : source.end])
    _special(out, record, format_, holders)
    return out


def _title(out: Fields, action: _Text, found: DataField, tag: str, format_: Format) -> str | None:
    """Finds a title without its article as well, and sorts by the title proper without it.

    The title as it is filed; None where nothing is passed over."""
    codes = action.codes or frozenset()
    written = " ".join(text for code, text in found.subfields if code in codes)
    filed = _filed(found, tag, format_, written)
    text = heading(filed if filed is not None else written)
    if filed is not None and text:
        out.texts[action.name].append(text)
        if action.anchored:
            first = next(text for code, text in found.subfields if code in codes)
            if (part := _filed(found, tag, format_, first)) and (words := heading(part)):
                out.parts[action.name].append(words)
    if action.name == "title" and "title" not in out.sort and tag in ("245", "200"):
        out.sort["title"] = text
    return text if filed is not None else None


def _value(out: Fields, index: Index, source: Source, text: str) -> None:
    if index.kind is Kind.YEAR:
        found = _coded_years(text) if source.first is not None else years(text)
        if found:
            known = out.numbers.setdefault(index.name, [])
            known.extend([year for year in found if year not in known])
    elif index.kind is Kind.DATE:
        day = ("19" if text >= "60" else "20") + text if len(text) == 6 else text
        if text.isdecimal() and (days := period(day)) and days[0] == days[1]:
            out.numbers.setdefault(index.name, []).append(days[0])
            out.sort[index.name] = days[0]
    elif index.name == "language" and len(text) > 3 and len(text) % 3 == 0:
        for at in range(0, len(text), 3):
            _keep(out, index, index.normal(text[at : at + 3]))
    else:
        _keep(out, index, index.normal(text))


def _keep(out: Fields, index: Index, normal: tuple[str, ...]) -> None:
    if not normal:
        return
    known = out.keys.setdefault(index.name, [])
    known.extend(key for key in normal if key not in known)


def _coded_years(text: str) -> tuple[int, ...]:
    """The two dates of coded data; an unknown digit stands for the first and the last year it may be."""
    found: list[int] = []
    for date in (text[:4], text[4:8]):
        if date[:1].isdigit() and date != "9999" and date != "0000" and re.fullmatch(r"[0-9]{1,4}[u ]{0,3}", date):
            found += (int(date.replace("u", "0").replace(" ", "0")), int(date.replace("u", "9").replace(" ", "9")))
    return tuple(dict.fromkeys(found))


def _texts_of(found: DataField, source: Source) -> list[str]:
    if source.indicator is not None and found[1][source.indicator - 1 : source.indicator] != source.value:
        return []
    texts = [text for code, text in found[2] if source.takes(code)]
    if source.first is not None:
        return [text[source.first : source.end] for text in texts]
    return [" ".join(texts)] if texts and source.tag in _JOINED else texts


_JOINED = frozenset({"050", "090", "680", "852"})
"""Call numbers: class and item part are one value."""


def _level(record: Record) -> str:
    """Bibliographic level, leader/07; `m` where it is not coded."""
    code = record.leader[7:8].lower()
    return code if code.isalpha() else "m"


def _special(out: Fields, record: Record, format_: Format, holders: Iterable[str]) -> None:
    """What is not simply a field: kind of material, OCLC number, holders; then headings and sort values of numbers."""
    out.keys["format"] = [material(record, format_)]
    out.keys["level"] = [_level(record)]
    if codes := sorted(holders):
        out.keys["holder"] = codes
    numbers = [
        text for text in record.all("035", "az") if text.lower().startswith(("(ocolc)", "ocm", "ocn"))
    ]  # fmt: skip
    control = record.text("001")
    if record.text("003").strip() == "OCoLC" or control.lower().startswith(("ocm", "ocn", "on1")):
        numbers.append(control)
    for number in numbers:
        _keep(out, INDEXES["oclc"], oclc(number))
    for name, keys in out.keys.items():
        index = INDEXES[name]
        if index.scannable:
            out.headings.extend([Heading(name, key, key) for key in keys])
        if index.facet:
            out.facets[name] = keys
        if index.sortable and keys:
            out.sort[name] = heading(shelf_order(keys[0]))
    if found := out.numbers.get("date"):
        out.sort["date"] = found[0]
        out.facets["date"] = [str(found[0])]
        out.headings.extend([Heading("date", f"{year:04}", str(year)) for year in found])
