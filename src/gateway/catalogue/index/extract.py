"""A record becomes what the index holds of it: folded texts, numbers, headings, values to sort and count by.

`shapes.py` says what is done with a field. The texts of many records are folded together: folding them one by one
costs more than all the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gateway.catalogue.index.folding import heading, headings
from gateway.catalogue.index.numbers import Normal, oclc, shelf_order, years
from gateway.catalogue.index.shapes import CONTROLS, SHAPES, Shape, Texts, shape
from gateway.catalogue.index_map import INDEXES, Index, Kind
from gateway.catalogue.materials import material
from gateway.catalogue.records import Format
from library_protocols.marc import Record

HOLDER = "holder"
"""The index of the members that hold a record."""
_SUBDIVISIONS = frozenset("vxyz")
_NOT_FILED = re.compile("\u0098[^\u009c]*\u009c|\u0088[^\u0089]*\u0089|\u001bH[^\u001b]*\u001bI|<<[^<>]*>>")
_CONTROLS = re.compile("[\u0080-\u009f]")
_ABBREVIATED = frozenset(["jr", "sr", "dr", "etc", "inc", "co", "ltd", "st", "vol", "no", "pt"])


Heading = tuple[str, str, str]
"""A heading as scan lists it: its index, the key it is asked by, and how it is written."""


def _lists() -> defaultdict[str, list[Any]]:
    return defaultdict(list)


@dataclass(slots=True)
class Fields:
    """What the index holds of one record, by index name.

    `texts` one folded text a field, `parts` one a subfield (of anchored indexes only), `keys` normal forms, `numbers`
    years or days (yyyymmdd), `sort` the one value sorted by (text is folded), `facets` values to count as people read
    them, `headings` those of texts.
    """

    texts: dict[str, list[str]] = field(default_factory=_lists)
    parts: dict[str, list[str]] = field(default_factory=_lists)
    keys: dict[str, list[str]] = field(default_factory=_lists)
    numbers: dict[str, list[int]] = field(default_factory=_lists)
    sort: dict[str, str | int] = field(default_factory=dict)
    facets: dict[str, list[str]] = field(default_factory=_lists)
    headings: list[Heading] = field(default_factory=list)


def display(text: str) -> str:
    """A heading without the punctuation that joins it to what follows in a record."""
    if "  " in text:
        text = " ".join(text.split())
    if not text.isascii():
        text = _CONTROLS.sub("", text)
    text = text.strip(" /:;,=")
    if text.endswith(".") and not text.endswith(".."):
        last = text[:-1].replace(".", " ").rpartition(" ")[2]
        if not (len(last) == 1 and last.isalpha()) and last.lower() not in _ABBREVIATED:
            return text[:-1]
    return text


def extract(record: Record, format_: Format = Format.MARC21, holders: Iterable[str] = ()) -> Fields:
    """What the index holds of a record; `holders` are the members that hold it. Never raises on a sound record."""
    return extract_all([(record, format_, holders)])[0]


Later = tuple[Shape, tuple[str, ...], int]
"""A field whose text waits until that of all records is folded: what it holds, and where that begins."""


def extract_all(records: Iterable[tuple[Record, Format, Iterable[str]]]) -> list[Fields]:
    """The same for many records, each with its format and its holders."""
    texts: list[str] = []
    made: list[tuple[Fields, list[Later]]] = []
    for record, format_, holders in records:
        out = Fields()
        later: list[Later] = []
        made.append((out, later))
        known = SHAPES[format_]
        for found in record.data:
            tag, indicators, subfields = found
            if tag == "880":
                tag = found.first("6")[:3] or tag
            codes, written = zip(*subfields, strict=True) if subfields else ((), ())
            one = known.get((tag, indicators, codes)) or shape(format_, tag, indicators, codes)
            anywhere, groups, values = one
            if anywhere is not None or groups:
                later.append((one, written, len(texts)))
                texts += written
            for name, pick, first, end, joined in values:
                take = _TAKE[name]
                if joined:
                    take(out, " ".join(pick(written)), False)
                elif first is None:
                    for text in pick(written):
                        take(out, text, False)
                else:
                    for text in pick(written):
                        take(out, text[first:end], True)
        control = dict(reversed(record.control))
        for name, tag, first, end in CONTROLS[format_]:
            if text := control.get(tag):
                _TAKE[name](out, text if first is None else text[first:end], first is not None)
        _special(out, record, format_, holders)
    folded = headings(texts)
    for out, later in made:
        _text(out, later, folded)
    return [out for out, _ in made]


def _text(out: Fields, fields: Sequence[Later], folded: Sequence[str]) -> None:
    """What the indexes of text take of a record."""
    texts, parts = out.texts, out.parts
    everything: list[str] = []
    for (anywhere, groups, _), written, start in fields:
        own = folded[start : start + len(written)]
        if anywhere is not None:
            everything.append(" ".join(anywhere(own)))
        for group in groups:
            pick, names, anchored, listed, _, titles, _, _, _ = group
            chosen = pick(own)
            if "" in chosen:
                chosen = [words for words in chosen if words]
                if not chosen:
                    continue
            text = " ".join(chosen)
            for name in names:
                texts[name].append(text)
            for name in anchored:
                parts[name] += chosen
            filed = _title(out, group, pick(written), text) if titles else ""
            if listed:
                _list(out, group, pick(written), text, filed or text)
    texts["any"] = [text for text in everything if text.strip()]


def _list(out: Fields, group: Texts, written: Sequence[str], text: str, key: str) -> None:
    """The heading of a field, and the values counted."""
    shown = display(_with_dashes(written, group.codes) if group.codes else " ".join(written))
    for name in group.listed:
        out.headings.append((name, key, shown))
    for name in group.counted:
        values = out.facets[name]
        if shown not in values:
            values.append(shown)
        if name == "author" and name not in out.sort:
            out.sort[name] = text


def _with_dashes(written: Sequence[str], codes: str) -> str:
    """A subject as the record writes it, its subdivisions behind two dashes."""
    out = ""
    for code, text in zip(codes, written, strict=True):
        out += (" -- " if code in _SUBDIVISIONS else " ") + display(text) if out else display(text)
    return out


def _filed(written: str, skip: int) -> str | None:
    """The text without what is passed over in filing; None where there is nothing of that kind."""
    if 0 < skip < len(written):
        return written[skip:]
    if written.isascii() and "<<" not in written and "\x1b" not in written:
        return None
    without = _NOT_FILED.sub("", written)
    return without if without != written and without.strip() else None


def _title(out: Fields, group: Texts, written: Sequence[str], plain: str) -> str:
    """Finds a title without its article as well, and sorts by the title proper without it.

    The title as it is filed; empty where nothing is passed over."""
    sorts = group.sorts and "title" not in out.sort
    filed = _filed(" ".join(written), group.skip)
    if filed is None:
        if sorts:
            out.sort["title"] = plain
        return ""
    text = heading(filed)
    if sorts:
        out.sort["title"] = text
    if not text:
        return ""
    part = _filed(written[0], group.skip)
    for name in group.titles:
        out.texts[name].append(text)
        if part and name in out.parts and (words := heading(part)):
            out.parts[name].append(words)
    return text


def _take_years(name: str, out: Fields, text: str, coded: bool) -> None:
    if found := _coded_years(text) if coded else years(text):
        known = out.numbers[name]
        known.extend([year for year in found if year not in known])


def _take_day(name: str, out: Fields, text: str, coded: bool) -> None:
    day = ("19" if text >= "60" else "20") + text if len(text) == 6 else text
    if len(day) == 8 and day.isdecimal() and "01" <= day[4:6] <= "12" and "01" <= day[6:] <= "31":
        number = int(day)
        out.numbers[name].append(number)
        out.sort[name] = number


def _take_key(name: str, normal: Normal, out: Fields, text: str, coded: bool) -> None:
    if found := normal(text):
        known = out.keys[name]
        for key in found:
            if key not in known:
                known.append(key)


def _take_languages(name: str, normal: Normal, out: Fields, text: str, coded: bool) -> None:
    """Codes of languages, several of which older records write without blanks."""
    if len(text) > 3 and len(text) % 3 == 0:
        for at in range(0, len(text), 3):
            _take_key(name, normal, out, text[at : at + 3], coded)
    else:
        _take_key(name, normal, out, text, coded)


Take = Callable[[Fields, str, bool], None]
"""Adds what a text says to an index; whether it is coded data of fixed places."""


def _taking(index: Index) -> Take:
    if index.kind is Kind.YEAR:
        return partial(_take_years, index.name)
    if index.kind is Kind.DATE:
        return partial(_take_day, index.name)
    take = _take_languages if index.name == "language" else _take_key
    return partial(take, index.name, index.values or index.normal)


_TAKE = {index.name: _taking(index) for index in INDEXES.values()}


def _coded_years(text: str) -> tuple[int, ...]:
    """The two dates of coded data; an unknown digit stands for the first and the last year it may be."""
    found: list[int] = []
    for date in (text[:4], text[4:8]):
        if date.isdecimal() and len(date) == 4:
            if date not in ("9999", "0000"):
                found.append(int(date))
        elif date[:1].isdigit() and re.fullmatch(r"[0-9]{1,4}[u ]{0,3}", date):
            found += (int(date.replace("u", "0").replace(" ", "0")), int(date.replace("u", "9").replace(" ", "9")))
    return tuple(dict.fromkeys(found))


def _level(record: Record) -> str:
    """Bibliographic level, leader/07; `m` where it is not coded."""
    code = record.leader[7:8].lower()
    return code if code.isalpha() else "m"


_COUNTED = tuple(name for name, index in INDEXES.items() if index.facet and index.kind in (Kind.KEY, Kind.CODE))
_SORTED = tuple(name for name, index in INDEXES.items() if index.sortable and index.kind in (Kind.KEY, Kind.CODE))


def _special(out: Fields, record: Record, format_: Format, holders: Iterable[str]) -> None:
    """What is not simply a field: kind of material, OCLC number, holders; then sorts and counts by numbers."""
    keys = out.keys
    keys["format"] = [material(record, format_)]
    keys["level"] = [_level(record)]
    if codes := sorted(holders):
        keys[HOLDER] = codes
    control = record.text("001")
    if control[:3].lower() in ("ocm", "ocn", "on1") or record.text("003").strip() == "OCoLC":
        _take_key("oclc", oclc, out, control, False)
    for name in _COUNTED:
        if found := keys.get(name):
            out.facets[name] = found
    for name in _SORTED:
        if found := keys.get(name):
            out.sort[name] = heading(shelf_order(found[0]))
    if dates := out.numbers.get("date"):
        out.sort["date"] = dates[0]
        out.facets["date"] = [str(dates[0])]
