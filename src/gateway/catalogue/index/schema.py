"""How the fields of a record lie in tantivy: one schema made from the index map, and documents made from `Fields`.

A field of an anchored index is one run of words between two signs, `^` before and `$` behind it, so that "first in
field" and "whole field" are phrases like others; a second field has the subfields, of records where they are not the
same. Between two fields of the record lie more positions than any proximity reaches (a filter takes the padding out and
leaves its positions). Numbers are whole tokens; years and days signed integers. Columns to sort and count by are only
that: nothing looks values up in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import metadata
from operator import mul
from typing import Any

import orjson
import tantivy

from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index_map import INDEXES, Index, Kind

FIRST, LAST = "^", "$"
"""Before the first and behind the last word of a field; no folded word holds them."""
_PAD = "|"
MAX_DISTANCE = 20
"""The furthest that two words may be from each other in a proximity search, in words."""
_GAP = " " + " ".join([_PAD] * MAX_DISTANCE) + " "
_NEXT_FIELD = f" {LAST}{_GAP}{FIRST} "
_NEXT_PART = f" {LAST} {FIRST} "
"""No gap: what is asked of subfields begins or ends with one of the signs."""

ID, VIEW, HAS = "id", "view", "has"
"""The source record's number; the views that show it; the indexes it has values of, save those that have `FIRST`."""

_LAYOUT = "4"
"""Changes whenever the same fields are laid down in another way."""

RAW, WORDS = "raw", "words"


def presence(index: Index) -> tuple[str, str]:
    """The field and the term in it that every record with a value of this index has."""
    return (index.name, FIRST) if index.anchored else (HAS, index.name)


def part_field(index: str) -> str:
    """The field that holds the subfields of an anchored index, of records where these are not its fields as well."""
    return f"{index}.part"


def sort_fields(index: str) -> tuple[str, str, str]:
    """The columns that text is sorted by: twice eleven signs as numbers, and the whole."""
    return f"{index}.sort1", f"{index}.sort2", f"{index}.sort"


def sort_number(index: str) -> str:
    """The column that a number or day is sorted by."""
    return f"{index}.sort1"


def facet_field(index: str) -> str:
    """The column that values are counted in."""
    return f"{index}.facet"


def _number(name: str, *, indexed: bool = True, fast: bool = False) -> dict[str, Any]:
    # Signed: an int in an unsigned field kills a writer.
    return {"name": name, "type": "i64", "options": {"indexed": indexed, "fast": fast, "stored": False}}


def _tokens(name: str, *, words: bool = False, lengths: bool = False) -> dict[str, Any]:
    """Words with their places, or whole values; `lengths` of texts are kept for ranking."""
    tokens = {"record": "position", "tokenizer": WORDS} if words else {"record": "basic", "tokenizer": RAW}
    return {"name": name, "type": "text", "options": {"indexing": {**tokens, "fieldnorms": lengths}, "stored": False}}


def _signs(name: str) -> dict[str, Any]:
    """Values that hold no blanks, as one text: it is cut faster than as many values are taken one by one."""
    return {
        "name": name,
        "type": "text",
        "options": {"indexing": {"record": "basic", "tokenizer": WORDS, "fieldnorms": False}, "stored": False},
    }


def _column(name: str) -> dict[str, Any]:
    return {"name": name, "type": "text", "options": {"fast": True, "stored": False}}


def _fields(index: Index) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if index.kind is Kind.TEXT:
        rows.append(_tokens(index.name, words=True, lengths=True))
        if index.anchored:
            rows.append(_tokens(part_field(index.name), words=True))
    else:
        rows.append(_number(index.name) if index.ranges else _tokens(index.name))
    if index.sortable and index.ranges:
        rows.append(_number(sort_number(index.name), indexed=False, fast=True))
    elif index.sortable:
        first, second, whole = sort_fields(index.name)
        rows += [_number(first, indexed=False, fast=True), _number(second, indexed=False, fast=True), _column(whole)]
    if index.facet:
        rows.append(_column(facet_field(index.name)))
    return rows


@cache
def schema() -> tantivy.Schema:
    """The schema of every catalogue index of this version."""
    rows = [_number(ID, fast=True), _tokens(VIEW), _signs(HAS)]
    rows += [row for index in INDEXES.values() if not index.of for row in _fields(index)]
    # Made from what a schema is pickled as: tantivy's builder knows no column that is not indexed as well.
    unpickle: Any = tantivy.SchemaBuilder().build().__reduce__()[0]
    return unpickle({"inner": rows})


@cache
def version() -> str:
    """Names what an index must have been made with to be used: the map, the layout, and tantivy itself."""
    rows = "\n".join(repr(index) for index in INDEXES.values())
    return sha256(f"{_LAYOUT}\n{MAX_DISTANCE}\n{metadata.version('tantivy')}\n{rows}".encode()).hexdigest()[:16]


def prepare(index: tantivy.Index) -> tantivy.Index:
    """Registers the analyzers that the schema names; needed after every opening."""
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(WORDS, words.filter(tantivy.Filter.custom_stopword([_PAD])).build())
    return index


_SIGNS = " 0123456789abcdefghijklmnopqrstuvwxyz"
_BASE = 39
_SIGNS_EACH = 11
_OTHER = _BASE - 1
_POWERS = tuple(_BASE**place for place in reversed(range(_SIGNS_EACH)))


class _Ranks(dict[int, int]):
    """What `str.translate` makes of signs: their rank, which is that of all others for those without one."""

    def __missing__(self, code: int) -> int:
        return _OTHER


_RANKS = _Ranks({ord(sign): rank for rank, sign in enumerate(_SIGNS, 1)})


def packed(text: str) -> tuple[int, int]:
    """The beginning of a folded text as two numbers: where they differ, texts are in the order of the numbers."""
    ranks = text[: 2 * _SIGNS_EACH].translate(_RANKS).encode()
    other = ranks.find(_OTHER)
    first = sum(map(mul, ranks if other < 0 else ranks[:other], _POWERS))
    second = sum(map(mul, ranks[_SIGNS_EACH:] if other < 0 else ranks[_SIGNS_EACH:other], _POWERS))
    if other < 0:
        return first, second
    room = _POWERS[other % _SIGNS_EACH]
    rest = _OTHER * room + _other_script(text[other:], room)
    return (first + rest, 0) if other < _SIGNS_EACH else (first, second + rest)


def _other_script(text: str, room: int) -> int:
    """As many signs of another script as the room left holds, by code point."""
    number = 0
    for sign in text:
        room //= 0x10000
        if room == 0:
            break
        number += min(ord(sign), 0xFFFF) * room
        if ord(sign) >= 0xFFFF:
            break
    return number


_LONGEST_SORT = 512
_LONGEST_FACET = 256
_ANCHORED = frozenset(name for name, index in INDEXES.items() if index.anchored)
_PART = {name: part_field(name) for name in _ANCHORED}
_SORT = {name: sort_fields(name) for name in INDEXES}
_FACET = {name: facet_field(name) for name in INDEXES}


def document(id_: int, views: Sequence[str], fields: Fields) -> str:
    """The document of one source record, in JSON: tantivy reads that faster than it takes values over one by one."""
    content: dict[str, Any] = {ID: id_, VIEW: views}
    has: list[str] = []
    for name, texts in fields.texts.items():
        if not texts:
            continue
        if name in _ANCHORED:
            content[name] = f"{FIRST} {_NEXT_FIELD.join(texts)} {LAST}"
        else:
            has.append(name)
            content[name] = _GAP.join(texts)
    for name, texts in fields.parts.items():
        if texts != fields.texts[name]:
            content[_PART[name]] = f"{FIRST} {_NEXT_PART.join(texts)} {LAST}"
    for found in (fields.keys, fields.numbers):
        has += found
        content.update(found)
    for name, value in fields.sort.items():
        if isinstance(value, int):
            content[_SORT[name][0]] = value
        else:
            first, second, whole = _SORT[name]
            content[first], content[second] = packed(value)
            content[whole] = value[:_LONGEST_SORT]
    for name, values in fields.facets.items():
        content[_FACET[name]] = [value[:_LONGEST_FACET] for value in values]
    content[HAS] = " ".join(has)
    return orjson.dumps(content).decode()
