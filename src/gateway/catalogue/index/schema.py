"""How the fields of a record lie in tantivy: one schema made from the index map, and documents made from `Fields`.

A text field of the record is one run of words between two signs, `^` before and `$` behind it, so that "first in
field" and "whole field" are phrases like others; between two fields of the record lie more positions than any
proximity reaches (a filter takes the padding out and leaves its positions). Anchored indexes have a second field with
their subfields. Numbers are whole tokens; years and days signed integers (an int in an unsigned field kills a writer).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import metadata
from typing import Any

import tantivy

from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index_map import INDEXES, Kind

FIRST, LAST = "^", "$"
"""Before the first and behind the last word of a field; no folded word holds them."""
_PAD = "|"
MAX_DISTANCE = 20
"""The furthest that two words may be from each other in a proximity search, in words."""
_GAP = " " + " ".join([_PAD] * (MAX_DISTANCE + 1)) + " "

ID, VIEW, HAS = "id", "view", "has"
"""The source record's number; the views that show it; the indexes it has values of."""

_LAYOUT = "1"
"""Changes whenever the same fields are laid down in another way."""

RAW, WORDS = "raw", "words"


def part_field(index: str) -> str:
    """The field that holds the subfields of an anchored index."""
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


@cache
def schema() -> tantivy.Schema:
    """The schema of every catalogue index of this version."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field(ID, indexed=True, fast=True)
    builder.add_text_field(VIEW, tokenizer_name=RAW, index_option="basic")
    builder.add_text_field(HAS, tokenizer_name=RAW, index_option="basic")
    for index in INDEXES.values():
        if index.of:
            continue
        if index.kind is Kind.TEXT:
            builder.add_text_field(index.name, tokenizer_name=WORDS, index_option="position")
            if index.anchored:
                builder.add_text_field(part_field(index.name), tokenizer_name=WORDS, index_option="position")
        elif index.ranges:
            builder.add_integer_field(index.name, indexed=True)
        else:
            builder.add_text_field(index.name, tokenizer_name=RAW, index_option="basic")
        if index.sortable and index.ranges:
            builder.add_integer_field(sort_number(index.name), indexed=True, fast=True)
        elif index.sortable:
            first, second, whole = sort_fields(index.name)
            builder.add_integer_field(first, indexed=True, fast=True)
            builder.add_integer_field(second, indexed=True, fast=True)
            builder.add_text_field(whole, tokenizer_name=RAW, index_option="basic", fast=True)
        if index.facet:
            builder.add_text_field(facet_field(index.name), tokenizer_name=RAW, index_option="basic", fast=True)
    return builder.build()


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
_RANK = {sign: rank for rank, sign in enumerate(_SIGNS, 1)}
_BASE = 39
_SIGNS_EACH = 11
_OTHER = _BASE - 1


def _packed(text: str) -> tuple[int, bool]:
    """Eleven signs as a number that keeps their order, and whether they were all told apart."""
    number = 0
    for place in range(_SIGNS_EACH):
        if place >= len(text):
            return number * _BASE ** (_SIGNS_EACH - place), False
        rank = _RANK.get(text[place], _OTHER)
        number = number * _BASE + rank
        if rank == _OTHER:
            room = _BASE ** (_SIGNS_EACH - place - 1)
            return number * room + _other_script(text[place:], room), False
    return number, True


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


def packed(text: str) -> tuple[int, int]:
    """The beginning of a folded text as two numbers: where they differ, texts are in the order of the numbers."""
    first, whole = _packed(text)
    return first, _packed(text[_SIGNS_EACH:])[0] if whole else 0


def told_apart(text: str) -> int:
    """How many first signs of a text all texts with the same numbers share, at least."""
    for place, sign in enumerate(text[: 2 * _SIGNS_EACH]):
        if sign not in _RANK:
            return place
    return min(len(text), 2 * _SIGNS_EACH)


_LONGEST_SORT = 512
_LONGEST_FACET = 256


def document(id_: int, views: Sequence[str], fields: Fields) -> tantivy.Document:
    """The document of one source record."""
    content: dict[str, Any] = {ID: id_, VIEW: list(views)}
    has: list[str] = []
    for name, texts in fields.texts.items():
        if texts:
            has.append(name)
            content[name] = _GAP.join([f"{FIRST} {text} {LAST}" for text in texts])
    for name, texts in fields.parts.items():
        content[part_field(name)] = _GAP.join([f"{FIRST} {text} {LAST}" for text in texts])
    for name, keys in fields.keys.items():
        has.append(name)
        content[name] = keys
    for name, numbers in fields.numbers.items():
        has.append(name)
        content[name] = numbers
    for name, value in fields.sort.items():
        if isinstance(value, int):
            content[sort_number(name)] = value
        else:
            first, second, whole = sort_fields(name)
            content[first], content[second] = packed(value)
            content[whole] = value[:_LONGEST_SORT]
    for name, values in fields.facets.items():
        content[facet_field(name)] = [value[:_LONGEST_FACET] for value in values]
    content[HAS] = has
    return tantivy.Document.from_dict(content, schema())
