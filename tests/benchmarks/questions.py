"""What searchers ask, taken from the records themselves: every question finds something.

A question is made of a record drawn by chance, so that words are asked for as often as they occur. All are different:
no server answers from what it has just said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import NamedTuple

from library_protocols.marc import Record, read
from tests.benchmarks.corpus import corpus

KINDS = ("word", "two_words", "phrase", "prefix", "author", "anywhere", "isbn")
COMMON = ("word", "author", "anywhere")
"""Kinds that are asked where ten records are wanted."""
PAGE = 10
"""Records that are wanted."""
_SAMPLE = 8_000
_SEED = 1588
_WORD = re.compile(r"[a-z]{4,}")
_STOP = frozenset(["with", "from", "that", "this", "into", "their", "have", "been"])


class Question(NamedTuple):
    """One question in Prefix Query Format, and in CQL."""

    kind: str
    pqf: str
    cql: str


def questions(records: int, count: int, kinds: tuple[str, ...] = KINDS, *, common: bool = False) -> list[Question]:
    """At most `count` different questions about the first so many records, of all kinds in turn; fewer where the
    records do not give more. `common`: those that find ten records or more."""
    asker = _Asker(records, common)
    made: dict[Question, None] = {}
    streams = [asker.ask(kind) for kind in kinds]
    for _ in range(count * 5):
        for stream in streams:
            if (question := next(stream)) is not None:
                made.setdefault(question)
        if len(made) >= count:
            break
    return list(made)[:count]


class _Asker:
    def __init__(self, records: int, common: bool) -> None:
        sample = _sample(records)
        self._titles = [(words, record) for record in sample if len(words := _words(_title(record))) > 1]
        self._authors = [words for record in sample if (words := _words(record.first("100", "a")))]
        counted = Counter(word for words, _ in self._titles for word in set(words))
        counted_authors = Counter(words[0] for words in self._authors)
        least = PAGE * len(sample) // records + 2 if common else 1
        self._wanted: Callable[[str], bool] = lambda word: counted[word] >= least
        self._wanted_author: Callable[[str], bool] = lambda word: counted_authors[word] >= least

    def ask(self, kind: str) -> Iterator[Question | None]:
        """Questions without end; None where what was drawn does not make one."""
        chance = Random(f"{_SEED} {kind}")
        while True:
            words, record = chance.choice(self._titles)
            at = chance.randrange(len(words))
            word = words[at]
            match kind:
                case "word" if self._wanted(word):
                    yield Question(kind, f"@attr 1=4 {word}", f"dc.title = {word}")
                case "two_words":
                    other = words[at - 1]
                    yield (
                        Question(
                            kind,
                            f"@and @attr 1=4 {word} @attr 1=4 {other}",
                            f"dc.title = {word} and dc.title = {other}",
                        )
                        if other != word
                        else None
                    )
                case "phrase":
                    found = _phrase(_title(record), chance)
                    yield Question(kind, f'@attr 1=4 @attr 4=1 "{found}"', f'dc.title = "{found}"') if found else None
                case "prefix":
                    yield (
                        Question(kind, f"@attr 1=4 @attr 5=1 {word[:5]}", f"dc.title = {word[:5]}*")
                        if len(word) > 5
                        else None
                    )
                case "author" if self._wanted_author(name := chance.choice(self._authors)[0]):
                    yield Question(kind, f"@attr 1=1003 {name}", f"dc.creator = {name}")
                case "anywhere" if self._wanted(word):
                    yield Question(kind, f"@attr 1=1016 {word}", f"cql.serverChoice = {word}")
                case "isbn":
                    number = record.first("020", "a")
                    yield Question(kind, f"@attr 1=7 {number}", f"bath.isbn = {number}")
                case _:
                    yield None


@cache
def _sample(records: int) -> list[Record]:
    return [read(corpus().record(number)).record for number in range(0, records, max(records // _SAMPLE, 1))]


def _title(record: Record) -> str:
    return record.first("245", "a")


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP] if text.isascii() else []


def _phrase(text: str, chance: Random) -> str | None:
    """Two words that stand side by side."""
    words = text.lower().split()
    at = chance.randrange(max(len(words) - 1, 1))
    pair = words[at : at + 2]
    return " ".join(pair) if len(pair) == 2 and all(_WORD.fullmatch(word) for word in pair) else None
