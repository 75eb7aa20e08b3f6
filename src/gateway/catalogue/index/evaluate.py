"""Whether one record fits a query, from its extracted fields alone: for sets that are defined by queries, and as the
judge of the index in tests. Slow and simple on purpose; the same words, numbers and limits as `compile.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.catalogue.index import compile as compiled
from gateway.catalogue.index import patterns
from gateway.catalogue.index.extract import Fields
from gateway.catalogue.index.patterns import Word
from gateway.catalogue.index_map import INDEXES, Index, Kind, parts
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    Structure,
    Term,
    Truncation,
)


def matches(query: Query, fields: Fields) -> bool:
    """Whether a record is found by a query. QueryProblem for result sets: they are of a view, not of a record."""
    if isinstance(query, Term):
        return _term(query, fields)
    if isinstance(query, And):
        return matches(query.left, fields) and matches(query.right, fields)
    if isinstance(query, Or):
        return matches(query.left, fields) or matches(query.right, fields)
    if isinstance(query, AndNot):
        return matches(query.left, fields) and not matches(query.right, fields)
    if isinstance(query, Prox):
        near = _near(query, fields)
        return matches(query.left, fields) and not near if query.exclusion else near
    if isinstance(query, AllRecords):
        return True
    raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, "a set of one record")


def check(query: Query) -> None:
    """Raises the QueryProblem that asking the index this query would raise."""
    compiled.compile_query(query, lambda _: compiled.any_of([]))


def _present(index: Index, fields: Fields) -> bool:
    return bool(fields.texts.get(index.name) or fields.keys.get(index.name) or fields.numbers.get(index.name))


def _term(asked: Term, fields: Fields) -> bool:
    index = INDEXES.get(asked.index)
    if index is None:
        raise QueryProblem(ProblemCode.INDEX, asked.index)
    if asked.relation is Relation.NOT_EQUAL:
        return not _any_part(index, asked, fields)
    if asked.relation is Relation.PRESENT:
        return any(_present(part, fields) for part in parts(index))
    if (
        index.of
        and index.kind is Kind.TEXT
        and asked.structure in (Structure.ALL, Structure.WORD)
        and patterns.free(asked)
    ):
        texts = [text for part in parts(index) for text in fields.texts.get(part.name, ())]
        return _all_words(patterns.words(asked), texts)
    return _any_part(index, asked, fields)


def _any_part(index: Index, asked: Term, fields: Fields) -> bool:
    return any(_single(part, asked, fields) for part in parts(index))


def _single(index: Index, asked: Term, fields: Fields) -> bool:
    if index.ranges:
        low, high = compiled.bounds(index, asked)
        return any(
            (low is None or low <= number) and (high is None or number <= high)
            for number in fields.numbers.get(index.name, ())
        )
    if index.kind is not Kind.TEXT:
        return _key(index, asked, fields.keys.get(index.name, ()))
    words = patterns.words(asked)
    texts = fields.texts.get(index.name, ())
    if patterns.free(asked) and asked.structure in (Structure.WORD, Structure.ALL):
        return _all_words(words, texts)
    if patterns.free(asked) and asked.structure is Structure.ANY:
        return any(word.fits(found) for text in texts for found in text.split() for word in words)
    by_part = asked.completeness is Completeness.SUBFIELD or (
        asked.position is Position.FIRST_IN_SUBFIELD and asked.completeness is Completeness.INCOMPLETE
    )
    candidates = fields.parts.get(index.name, ()) if by_part else texts
    return any(_phrase(words, asked, text.split()) for text in candidates)


def _all_words(words: Sequence[Word], texts: Sequence[str]) -> bool:
    found = [word for text in texts for word in text.split()]
    return all(any(word.fits(other) for other in found) for word in words)


def _phrase(words: Sequence[Word], asked: Term, text: Sequence[str]) -> bool:
    whole = asked.completeness is not Completeness.INCOMPLETE
    first = whole or asked.position is not Position.ANY
    last = (whole and not words[-1].open_end) or asked.last_in_field
    for start in range(len(text) - len(words) + 1):
        if first and start:
            return False
        if last and start + len(words) != len(text):
            continue
        if all(word.fits(text[start + place]) for place, word in enumerate(words)):
            return True
    return False


def _key(index: Index, asked: Term, keys: Sequence[str]) -> bool:
    if asked.truncation is Truncation.NONE:
        texts = asked.text.split() if asked.structure in (Structure.ANY, Structure.ALL) else [asked.text]
        hits = [any(form in keys for form in index.normal(text)) for text in texts]
        return all(hits) if asked.structure is Structure.ALL else any(hits)
    return any(word.fits(key) for word in patterns.key_words(asked, index) for key in keys)


def _places(words: Sequence[Word], text: Sequence[str]) -> list[int]:
    return [
        start
        for start in range(len(text) - len(words) + 1)
        if all(word.fits(text[start + place]) for place, word in enumerate(words))
    ]


def _near(query: Prox, fields: Fields) -> bool:
    if not isinstance(query.left, Term) or not isinstance(query.right, Term):
        raise QueryProblem(ProblemCode.PROXIMITY, "only of two terms")
    distances = compiled.allowed_distances(query)
    left, right = patterns.words(query.left), patterns.words(query.right)
    for part in parts(INDEXES[query.left.index]):
        for text in fields.texts.get(part.name, ()):
            words = text.split()
            before, behind = _places(left, words), _places(right, words)
            for one in before:
                for other in behind:
                    if other - (one + len(left) - 1) in distances:
                        return True
                    if not query.ordered and one - (other + len(right) - 1) in distances:
                        return True
    return False
