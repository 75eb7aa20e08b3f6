"""A record becomes what the index holds of it: folded texts, numbers, headings, values to sort and count by.

`shapes.py` says what is done with a field. All subfields of a record that are ASCII, as most are, are folded together:
folding them one by one costs more than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.catalogue.index.folding import SEPARATOR, fold, heading
from gateway.catalogue.index.numbers import Normal, oclc, shelf_order, years
from gateway.catalogue.index.shapes import CONTROLS, Places, Texts, shape
from gateway.catalogue.index_map import INDEXES, Index, Kind
from gateway.catalogue.materials import material
from gateway.catalogue.records import Format
from library_protocols.marc import DataField, Record

HOLDER = "holder"
"""The index of the members that hold a record."""
_SUBDIVISIONS = frozenset("vxyz")
_FILED_AT = {"130": 0, "730": 0, "740": 0, "222": 1, "240": 1, "242": 1, "245": 1, "440": 1, "830": 1}
"""MARC 21: which indicator counts the characters that are passed over in filing."""
_NOT_FILED = re.compile("\u0098[^\u009c]*\u009c|\u0088[^\u0089]*\u0089|\u001bH[^\u001b]*\u001bI|<<[^<>]*>>")
_CONTROLS = re.compile("[\u0080-\u009f]")
_ABBREVIATED = frozenset(["jr", "sr", "dr", "etc", "inc", "co", "ltd", "st", "vol", "no", "pt"])


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


def _fold_all(texts: list[str]) -> list[str]:
    """The folded texts: those in ASCII together, the others one by one."""
    joined = SEPARATOR.join(texts)
    if joined.isascii():
        folded = fold(joined).split(SEPARATOR)
        if len(folded) == len(texts):
            return folded
        return [fold(text) for text in texts]
    plain = iter(fold(SEPARATOR.join([text for text in texts if text.isascii()])).split(SEPARATOR))
    return [next(plain) if text.isascii() else fold(text) for text in texts]


def _tag(found: DataField) -> str:
    """The tag that an 880 gives in another script."""
    return found.first("6")[:3] or "880"


def _written(found: DataField, tag: str, places: Places) -> str:
    """The heading as the record writes it, subdivisions of subjects behind two dashes."""
    subfields = found[2]
    if tag[0] != "6":
        return " ".join([subfields[place][1] for place in places])
    out = ""
    for place in places:
        code, text = subfields[place]
        out += (" -- " if code in _SUBDIVISIONS else " ") + display(text) if out else display(text)
    return out


def _filed(found: DataField, tag: str, format_: Format, written: str) -> str | None:
    """The text without what is passed over in filing; None where there is nothing of that kind."""
    if format_ is Format.MARC21 and tag in _FILED_AT:
        skip = found[1][_FILED_AT[tag] : _FILED_AT[tag] + 1]
        if skip.isdecimal() and skip != "0" and int(skip) < len(written):
            return written[int(skip) :]
    if written.isascii() and "<<" not in written and "\x1b" not in written:
        return None
    without = _NOT_FILED.sub("", written)
    return without if without != written and without.strip() else None


def extract(record: Record, format_: Format = Format.MARC21, holders: Iterable[str] = ()) -> Fields:
    """What the index holds of a record; `holders` are the members that hold it. Never raises on a sound record."""
    out = Fields()
    data = record.data
    folded = _fold_all([text for found in data for _, text in found[2]])
    start = 0
    everything: list[str] = []
    for found in data:
        tag, indicators, subfields = found
        if tag == "880":
            tag = _tag(found)
        codes = "".join([code for code, _ in subfields])
        anywhere, texts, values = shape(format_, tag, indicators, codes)
        if anywhere:
            everything.append(" ".join([folded[start + place] for place in anywhere]))
        for group in texts:
            _texts(out, group, found, tag, format_, folded, start)
        for row, normal, places, first, end, joined in values:
            if joined:
                _value(out, row, normal, " ".join([subfields[place][1] for place in places]), coded=False)
                continue
            for place in places:
                text = subfields[place][1]
                _value(out, row, normal, text if first is None else text[first:end], coded=first is not None)
        start += len(subfields)
    out.texts["any"] = [text for text in everything if not text.isspace()]
    for row, tag, first, end in CONTROLS[format_]:
        if text := record.text(tag):
            _value(out, row, row.normal, text if first is None else text[first:end], coded=first is not None)
    _special(out, record, format_, holders)
    return out


def _texts(
    out: Fields, group: Texts, found: DataField, tag: str, format_: Format, folded: list[str], start: int
) -> None:
    """What the indexes of a group take of a field."""
    places = group.places
    chosen = [folded[start + place] for place in places]
    text = " ".join((" ".join(chosen) if len(chosen) > 1 else chosen[0]).split())
    if not text:
        return
    texts = out.texts
    for name in group.names:
        texts.setdefault(name, []).append(text)
    if group.anchored:
        parts = [part for words in chosen if (part := words.strip())]
        for name in group.anchored:
            out.parts.setdefault(name, []).extend(parts)
    filed = _title(out, group, found, tag, format_, text) if group.titles else None
    if not group.listed:
        return
    written = display(_written(found, tag, places))
    for name in group.listed:
        out.headings.append(Heading(name, filed or text, written))
    for name in group.counted:
        values = out.facets.setdefault(name, [])
        if written not in values:
            values.append(written)
        if name == "author" and name not in out.sort:
            out.sort[name] = text


def _title(out: Fields, group: Texts, found: DataField, tag: str, format_: Format, plain: str) -> str | None:
    """Finds a title without its article as well, and sorts by the title proper without it.

    The title as it is filed; None where nothing is passed over."""
    subfields = found[2]
    sorts = "title" in group.titles and tag in ("245", "200") and "title" not in out.sort
    written = " ".join([subfields[place][1] for place in group.places])
    filed = _filed(found, tag, format_, written)
    if filed is None:
        if sorts:
            out.sort["title"] = plain
        return None
    text = heading(filed)
    if sorts:
        out.sort["title"] = text
    if not text:
        return None
    part = _filed(found, tag, format_, subfields[group.places[0]][1])
    for name in group.titles:
        out.texts[name].append(text)
        if part and name in out.parts and (words := heading(part)):
            out.parts[name].append(words)
    return text


def _value(out: Fields, index: Index, normal: Normal, text: str, *, coded: bool) -> None:
    if index.kind is Kind.YEAR:
        if found := _coded_years(text) if coded else years(text):
            known = out.numbers.setdefault(index.name, [])
            known.extend([year for year in found if year not in known])
    elif index.kind is Kind.DATE:
        day = ("19" if text >= "60" else "20") + text if len(text) == 6 else text
        if len(day) == 8 and day.isdecimal() and "01" <= day[4:6] <= "12" and "01" <= day[6:] <= "31":
            number = int(day)
            out.numbers.setdefault(index.name, []).append(number)
            out.sort[index.name] = number
    elif index.name == "language" and len(text) > 3 and len(text) % 3 == 0:
        for at in range(0, len(text), 3):
            _keep(out, index, normal(text[at : at + 3]))
    else:
        _keep(out, index, normal(text))


def _keep(out: Fields, index: Index, normal: tuple[str, ...]) -> None:
    if not normal:
        return
    known = out.keys.setdefault(index.name, [])
    for key in normal:
        if key not in known:
            known.append(key)


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


def _special(out: Fields, record: Record, format_: Format, holders: Iterable[str]) -> None:
    """What is not simply a field: kind of material, OCLC number, holders; then headings and sort values of numbers."""
    out.keys["format"] = [material(record, format_)]
    out.keys["level"] = [_level(record)]
    if codes := sorted(holders):
        out.keys[HOLDER] = codes
    control = record.text("001")
    if control[:3].lower() in ("ocm", "ocn", "on1") or record.text("003").strip() == "OCoLC":
        _keep(out, INDEXES["oclc"], oclc(control))
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
