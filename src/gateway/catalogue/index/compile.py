"""A query tree becomes a tantivy query, exactly or not at all: what cannot be answered as asked is a QueryProblem.

`patterns.py` reads words and masks; here they become terms, phrases with exact places, ranges and booleans. Proximity
is a union of phrases, one for each distance that is allowed: tantivy's own slop counts moves, not words between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import tantivy

from gateway.catalogue.index import patterns
from gateway.catalogue.index.numbers import period
from gateway.catalogue.index.patterns import Word
from gateway.catalogue.index.schema import FIRST, LAST, MAX_DISTANCE, VIEW, part_field, presence, schema
from gateway.catalogue.index_map import INDEXES, Index, Kind, parts
from gateway.catalogue.query import (
    AllRecords,
    And,
    AndNot,
    Completeness,
    InSet,
    Or,
    Position,
    ProblemCode,
    Prox,
    Query,
    QueryProblem,
    Relation,
    ResultSetRef,
    Structure,
    Term,
    Truncation,
    walk,
)

MOST_NODES = 600
"""Terms and booleans of one query, those of the result sets in it among them. tantivy goes through them by recursion
and ends the process at about a thousand."""
MOST_WORDS = 5_000
"""Words of one query in all."""
_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_TQuery = tantivy.Query


@lru_cache(maxsize=256)
def in_view(view: str) -> tantivy.Query:
    """The records that a view shows."""
    return _TQuery.const_score_query(_TQuery.term_query(schema(), VIEW, view), 0.0)


def both(left: tantivy.Query, right: tantivy.Query) -> tantivy.Query:
    return _TQuery.boolean_query([(_MUST, left), (_MUST, right)])


def any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return _TQuery.boolean_query([(_SHOULD, query) for query in queries]) if queries else _TQuery.empty_query()


def all_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """Of one query at least."""
    return queries[0] if len(queries) == 1 else _TQuery.boolean_query([(_MUST, query) for query in queries])


def without(left: tantivy.Query, right: tantivy.Query) -> tantivy.Query:
    return _TQuery.boolean_query([(_MUST, left), (_NOT, right)])


def how_many(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """How many records a query finds, exactly."""
    # A constant score, for there is no way not to have one.
    found: Any = searcher.search(_TQuery.const_score_query(query, 0.0), 1, count=True)
    return found.count


def compile_query(query: Query, in_set: Callable[[Any], tantivy.Query]) -> tantivy.Query:
    """The tantivy query of a tree, its view not yet among the conditions. `in_set` gives the records of a held set.

    Raises QueryProblem."""
    measured(query)
    return compile_measured(query, in_set)


def compile_measured(query: Query, in_set: Callable[[Any], tantivy.Query]) -> tantivy.Query:
    """The same of a tree that is known not to be too large. Raises QueryProblem."""
    try:
        return _Compiler(in_set).node(query)
    except ValueError as error:
        # An automaton that grows too large in spite of `MOST_WORK`.
        raise QueryProblem(ProblemCode.MASKED_TOO_MANY, str(error)[:200]) from error


class Size:
    """What a query amounts to as its nodes are counted in, one by one: whether it can be compiled at all.

    `nodes`: terms and booleans, those of the result sets in it among them. `work`: what its masks cost in all, by
    `patterns.work_of`; terms that cannot be read cost nothing. `looks`: how often the records of one list are gone
    through. `sets`: the result sets in it. `relevant`: its hits are to be ranked.
    """

    __slots__ = ("_words", "looks", "nodes", "relevant", "sets", "work")

    def __init__(self) -> None:
        self.nodes = self.work = self.looks = self._words = 0
        self.sets: list[Any] = []
        self.relevant = False

    def add(self, node: Query) -> None:
        """One node without those below it. Raises QueryProblem where the query is too large with it."""
        if isinstance(node, Term):
            self.nodes += 1
            words = len(node.text.split())
            self._words += words
            self.looks += words or 1
            if node.truncation is not Truncation.NONE:
                self.work += _work(node)
            if node.relevant:
                self.relevant = True
        elif isinstance(node, InSet):
            self.nodes += node.result_set.nodes
            self.sets.append(node.result_set)
        else:
            self.nodes += 1
            if isinstance(node, Prox):
                self.looks += 2 * node.distance
                self.work += _work(node)
        if self.nodes > MOST_NODES:
            raise QueryProblem(ProblemCode.TOO_MANY_BOOLEANS, str(MOST_NODES))
        if self._words > MOST_WORDS:
            raise QueryProblem(ProblemCode.TERM_TOO_LONG, f"{MOST_WORDS} words in all")
        if self.work > patterns.MOST_WORK:
            raise QueryProblem(ProblemCode.MASKED_TOO_MANY, node.text[:200] if isinstance(node, Term) else "proximity")


def measured(query: Query) -> Size:
    """The size of a whole query. Raises QueryProblem where it is too large."""
    size = Size()
    if isinstance(query, Term):
        size.add(query)
        return size
    for node in walk(query):
        size.add(node)
    return size


def _work(node: Query) -> int:
    """The work of a node without those below it: proximity asks for its terms once more for each distance."""
    if isinstance(node, Prox):
        phrases = min(max(node.distance, 1), MAX_DISTANCE) * (1 if node.ordered else 2)
        return (phrases - 1) * (_work(node.left) + _work(node.right))
    if not isinstance(node, Term) or node.truncation is Truncation.NONE or node.index not in INDEXES:
        return 0
    return sum(_work_of(part, node) for part in parts(INDEXES[node.index]))


def _work_of(index: Index, asked: Term) -> int:
    try:
        if index.kind is Kind.TEXT:
            return sum(patterns.work_of(word.pattern) for word in patterns.words(asked) if word.pattern is not None)
        if index.ranges:
            return 0
        return sum(patterns.work_of(word.pattern) for word in patterns.key_words(asked, index) if word.pattern)
    except QueryProblem:
        return 0


class _Compiler:
    def __init__(self, in_set: Callable[[Any], tantivy.Query]) -> None:
        self._in_set = in_set

    def node(self, query: Query) -> tantivy.Query:
        if isinstance(query, Term):
            return term(query)
        if isinstance(query, And):
            return both(self.node(query.left), self.node(query.right))
        if isinstance(query, Or):
            return any_of([self.node(query.left), self.node(query.right)])
        if isinstance(query, AndNot):
            return without(self.node(query.left), self.node(query.right))
        if isinstance(query, Prox):
            near = proximity(query)
            return without(self.node(query.left), near) if query.exclusion else near
        if isinstance(query, InSet):
            return self._in_set(query.result_set)
        if isinstance(query, ResultSetRef):
            raise QueryProblem(ProblemCode.RESULT_SET, query.name)
        return _TQuery.all_query()


def term(asked: Term) -> tantivy.Query:
    """One condition. Raises QueryProblem."""
    index = INDEXES.get(asked.index)
    if index is None:
        raise QueryProblem(ProblemCode.INDEX, asked.index)
    if asked.relation is not Relation.EQUAL:
        if asked.relation is Relation.NOT_EQUAL:
            return without(_TQuery.all_query(), term(replace(asked, relation=Relation.EQUAL)))
        if asked.relation is Relation.PRESENT:
            return any_of(
                [_TQuery.term_query(schema(), *presence(part), index_option="basic") for part in parts(index)]
            )
        if not index.ranges:
            raise QueryProblem(ProblemCode.RELATION_FOR_INDEX, f"{asked.relation.value} {parts(index)[0].name}")
    if index.kind is Kind.TEXT:
        words = patterns.words(asked)
        if len(words) == 1 and patterns.free(asked):
            if not index.of:
                return _word(index.name, words[0])
            return any_of([_word(part.name, words[0]) for part in parts(index)])
        if index.of and asked.structure in (Structure.ALL, Structure.WORD) and patterns.free(asked):
            return _across(index, words)
        return any_of([_text(part, asked, words) for part in parts(index)])
    return any_of([_range(part, asked) if part.ranges else _key(part, asked) for part in parts(index)])


def _across(index: Index, words: Sequence[Word]) -> tantivy.Query:
    """Every word somewhere in one of the indexes asked at once."""
    return all_of([any_of([_word(part.name, word) for part in parts(index)]) for word in words])


def _text(index: Index, asked: Term, words: Sequence[Word]) -> tantivy.Query:
    if patterns.free(asked) and asked.structure in (Structure.WORD, Structure.ALL, Structure.ANY):
        return _words_query(index.name, words, asked.structure)
    if not patterns.free(asked) and not index.anchored:
        code = ProblemCode.POSITION if asked.completeness is Completeness.INCOMPLETE else ProblemCode.COMPLETENESS
        raise QueryProblem(ProblemCode.ANCHOR if asked.last_in_field else code, index.name)
    by_part = asked.completeness is Completeness.SUBFIELD or (
        asked.position is Position.FIRST_IN_SUBFIELD and asked.completeness is Completeness.INCOMPLETE
    )
    if by_part and asked.last_in_field and asked.completeness is not Completeness.SUBFIELD:
        raise QueryProblem(ProblemCode.ATTRIBUTE_COMBINATION, index.name)
    whole = asked.completeness is not Completeness.INCOMPLETE
    placed: list[Word] = list(words)
    if whole or asked.position is not Position.ANY:
        placed.insert(0, Word(FIRST))
    if (whole and not words[-1].open_end) or asked.last_in_field:
        placed.append(Word(LAST))
    if not whole and asked.structure in (Structure.ANY, Structure.ALL, Structure.WORD) and len(words) > 1:
        raise QueryProblem(ProblemCode.ATTRIBUTE_COMBINATION, f"{asked.structure.value} words at one position")
    phrase = list(enumerate(placed))
    if not by_part:
        return _phrase(index.name, phrase)
    field = part_field(index.name)
    whole_fields = without(_phrase(index.name, phrase), _TQuery.term_query(schema(), field, FIRST))
    return any_of([_phrase(field, phrase), whole_fields])


def _words_query(field: str, words: Sequence[Word], structure: Structure) -> tantivy.Query:
    queries = [_word(field, word) for word in words]
    return any_of(queries) if structure is Structure.ANY else all_of(queries)


def _word(field: str, word: Word) -> tantivy.Query:
    if word.pattern is None:
        return _TQuery.term_query(schema(), field, word.written, index_option="freq")
    return _masked(field, word)


def _masked(field: str, word: Word) -> tantivy.Query:
    """What fits a word that leaves something open. A mere beginning takes no expression, which is slow to make."""
    if word.beginning:
        return _TQuery.fuzzy_term_query(schema(), field, word.beginning, distance=0, prefix=True)
    return _expression(field, word.regex)


@lru_cache(maxsize=32)
def _expression(field: str, expression: str) -> tantivy.Query:
    """Kept, for a term is often compiled twice, and asked for again a page later."""
    return _TQuery.regex_query(schema(), field, expression)


def _phrase(field: str, placed: Sequence[tuple[int, Word]]) -> tantivy.Query:
    if len(placed) == 1:
        return _word(field, placed[0][1])
    if all(word.pattern is None for _, word in placed):
        return _TQuery.phrase_query(schema(), field, [(place, word.written) for place, word in placed])
    return _TQuery.regex_phrase_query(schema(), field, [(place, word.regex) for place, word in placed])


def _key(index: Index, asked: Term) -> tantivy.Query:
    if asked.truncation in (Truncation.LEFT, Truncation.BOTH):
        raise QueryProblem(ProblemCode.TRUNCATION, f"{asked.truncation.value} {index.name}")
    if asked.truncation is Truncation.NONE:
        texts = asked.text.split() if asked.structure in (Structure.ANY, Structure.ALL) else [asked.text]
        each: list[tantivy.Query] = []
        for text in texts:
            if not (forms := index.normal(text)):
                raise QueryProblem(ProblemCode.TERM_FORMAT, f"{index.name}: {text}"[:200])
            each.append(any_of([_TQuery.term_query(schema(), index.name, form) for form in forms]))
        if not each:
            raise QueryProblem(ProblemCode.TERM_EMPTY, index.name)
        return all_of(each) if asked.structure is Structure.ALL else any_of(each)
    found = patterns.key_words(asked, index)
    if not found:
        raise QueryProblem(ProblemCode.TERM_FORMAT, f"{index.name}: {asked.text}"[:200])
    return any_of([_masked(index.name, word) for word in found])


def _range(index: Index, asked: Term) -> tantivy.Query:
    if asked.truncation is not Truncation.NONE:
        raise QueryProblem(ProblemCode.TRUNCATION, f"{asked.truncation.value} {index.name}")
    low, high = bounds(index, asked)
    if low is not None and high is not None and low > high:
        return _TQuery.empty_query()
    return _TQuery.range_query(schema(), index.name, tantivy.FieldType.Integer, low, high)


def bounds(index: Index, asked: Term) -> tuple[int | None, int | None]:
    """The first and the last number that a term of a date index asks for, both inclusive; None where it is open."""
    if asked.relation is Relation.WITHIN:
        ends = asked.text.split()
        if len(ends) != 2:
            raise QueryProblem(ProblemCode.TERM_FORMAT, f"{index.name}: {asked.text}"[:200])
        return _period(index, ends[0])[0], _period(index, ends[1])[1]
    first, last = _period(index, asked.text)
    return {
        Relation.LESS: (None, first - 1),
        Relation.LESS_OR_EQUAL: (None, last),
        Relation.GREATER: (last + 1, None),
        Relation.GREATER_OR_EQUAL: (first, None),
    }.get(asked.relation, (first, last))


def _period(index: Index, text: str) -> tuple[int, int]:
    found = period(text)
    if found is None or (index.kind is Kind.YEAR and found[1] % 10_000 != 9999):
        raise QueryProblem(ProblemCode.TERM_FORMAT, f"{index.name}: {text}"[:200])
    return (found[0] // 10_000, found[0] // 10_000) if index.kind is Kind.YEAR else found


def proximity(query: Prox) -> tantivy.Query:
    """Words or phrases of one index at a distance, in one field. Raises QueryProblem."""
    left, right = query.left, query.right
    if not isinstance(left, Term) or not isinstance(right, Term):
        sets = isinstance(left, InSet | ResultSetRef) or isinstance(right, InSet | ResultSetRef)
        raise QueryProblem(ProblemCode.PROXIMITY_OF_SETS if sets else ProblemCode.PROXIMITY, "only of two terms")
    index = INDEXES.get(left.index)
    if index is None:
        raise QueryProblem(ProblemCode.INDEX, left.index)
    if left.index != right.index:
        raise QueryProblem(ProblemCode.PROXIMITY, f"{left.index} and {right.index}")
    for side in (left, right):
        if index.kind is not Kind.TEXT or side.relation is not Relation.EQUAL or not patterns.free(side):
            raise QueryProblem(ProblemCode.PROXIMITY, f"{side.index} {side.relation.value}")
        if side.structure in (Structure.ANY, Structure.ALL) and len(patterns.words(side)) > 1:
            raise QueryProblem(ProblemCode.PROXIMITY, f"{side.structure.value} of several words")
    distances = allowed_distances(query)
    before, behind = patterns.words(left), patterns.words(right)
    found: list[tantivy.Query] = []
    for part in parts(index):
        for distance in distances:
            found.append(_apart(part.name, before, behind, distance))
            if not query.ordered:
                found.append(_apart(part.name, behind, before, distance))
    return any_of(found)


def _apart(field: str, left: Sequence[Word], right: Sequence[Word], distance: int) -> tantivy.Query:
    start = len(left) - 1 + distance
    return _phrase(field, [*enumerate(left), *((start + place, word) for place, word in enumerate(right))])


def allowed_distances(query: Prox) -> range:
    """The distances in words that a proximity search allows; QueryProblem for relations without an upper end."""
    distance = query.distance
    if query.relation not in (Relation.LESS, Relation.LESS_OR_EQUAL, Relation.EQUAL):
        raise QueryProblem(ProblemCode.PROXIMITY_RELATION, query.relation.value)
    last = distance - 1 if query.relation is Relation.LESS else distance
    if not 1 <= last <= MAX_DISTANCE:
        raise QueryProblem(ProblemCode.PROXIMITY_DISTANCE, str(distance))
    return range(last, last + 1) if query.relation is Relation.EQUAL else range(1, last + 1)


def is_everything(query: Query) -> bool:
    """Whether a query asks for every record of its view."""
    return isinstance(query, AllRecords)
