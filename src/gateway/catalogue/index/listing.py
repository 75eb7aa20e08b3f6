"""What is listed of records for scan: headings, numbers, years, and the words of some indexes.

Apart from the lists themselves, for the processes that make records ready start the sooner the less they import.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index_map import INDEXES, Kind

WORDS = "words"
"""The list of words."""
WORDS_OF = ("title", "author", "subject")
"""Whose words are listed, in one list for all: words of notes would make it four times as long."""
LONGEST = 400
"""Signs of a key."""
_LONGEST_NUMBER = 4
"""Digits of a word that is listed: longer ones are numbers of something, which have lists of their own."""

Listed = defaultdict[str, dict[str, str | None]]
"""What is listed of records that the same views show: by list the keys, each with its display form, None where that is
the key."""

_KEYS = tuple(index.name for index in INDEXES.values() if index.scannable and index.kind in (Kind.KEY, Kind.CODE))
_YEARS = tuple(index.name for index in INDEXES.values() if index.scannable and index.kind is Kind.YEAR)


def listed_of(records: Sequence[Fields]) -> Listed:
    """The headings and words of records."""
    listed: Listed = defaultdict(dict)
    for fields in records:
        for name, key, display in fields.headings:
            listed[name].setdefault(key[:LONGEST], None if display == key else display)
    for name in _KEYS:
        listed[name].update({key[:LONGEST]: None for fields in records for key in fields.keys.get(name, ())})
    for name in _YEARS:
        found = {year for fields in records for year in fields.numbers.get(name, ())}
        listed[name].update({f"{year:04}": None if year > 999 else str(year) for year in found})
    texts = [text for fields in records for name in WORDS_OF if name in fields.texts for text in fields.texts[name]]
    for word in set(" ".join(texts).split()):
        if len(word) <= _LONGEST_NUMBER or not word.isdecimal():
            listed[WORDS][word[:LONGEST]] = None
    return listed
