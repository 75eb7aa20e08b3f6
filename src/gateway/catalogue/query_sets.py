"""Sets of records that a query in CQL defines, as the configuration names them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from gateway.catalogue import from_cql
from gateway.catalogue.index.evaluate import check, matches
from gateway.catalogue.index.extract import Fields, extract
from gateway.catalogue.index_map import INDEXES, Index, Kind, Source, parts
from gateway.catalogue.materials import TAGS as MATERIAL_TAGS
from gateway.catalogue.query import ProblemCode, Query, QueryProblem, ResultSetRef, Term, walk
from gateway.catalogue.records import Format
from library_protocols import cql
from library_protocols.cql import parser
from library_protocols.marc import Record

Tags = dict[Format, frozenset[str]]
_OTHER_SCRIPT = frozenset({"880"})  # stands for any other tag
_BESIDES = {"format": MATERIAL_TAGS, "oclc": dict.fromkeys(Format, frozenset({"001", "003"}))}
"""What decides beside the fields that the index map names."""
_OF_THE_LEADER = frozenset({"format", "level"})
_MOST_ANSWERS = 10_000


class _Last:
    """What was extracted of the record looked at last: all rules are asked of one record, then of the next."""

    def __init__(self) -> None:
        self._record: Record | None = None
        self._fields: dict[frozenset[str] | None, Fields] = {}

    def fields(self, record: Record, marc: Format, tags: frozenset[str] | None) -> Fields:
        if record is not self._record:
            self._record, self._fields = record, {}
        found = self._fields.get(tags)
        if found is None:
            found = self._fields[tags] = extract(record if tags is None else part_of(record, tags), marc)
        return found


_LAST = _Last()


def part_of(record: Record, tags: frozenset[str]) -> Record:
    """Those fields of a record."""
    return Record(record.leader, [one for one in record.control if one[0] in tags], record.some(tags))


def sources_of(index: Index, format_: Format) -> tuple[Source, ...]:
    return index.marc21_sources if format_ is Format.MARC21 else index.unimarc_sources


def tags_of(query: Query) -> Tags | None:
    """The fields that decide whether a record fits, by format; None where any may."""
    found = {format_: set[str]() for format_ in Format}
    for node in walk(query):
        for index in parts(INDEXES[node.index]) if isinstance(node, Term) else ():
            if index.name == "any":
                return None
            for format_, tags in found.items():
                tags.update(source.tag for source in sources_of(index, format_))
                tags |= _BESIDES.get(index.name, {}).get(format_, frozenset())
    return {format_: frozenset(tags) | _OTHER_SCRIPT for format_, tags in found.items()}


class Codes:
    """Answers by the codes that decide them, where nothing else does: a load repeats a few combinations of languages,
    countries, ... all the time."""

    def __init__(self, query: Query) -> None:
        asked = [index for node in walk(query) if isinstance(node, Term) for index in parts(INDEXES[node.index])]
        self.decide = bool(asked) and all(one.kind is Kind.CODE and one.name not in _OF_THE_LEADER for one in asked)
        self._places = {
            format_: [
                (one.tag, one.first, one.end) for index in asked for one in sources_of(index, format_) if not one.codes
            ]
            for format_ in Format
        }
        self._known: dict[Hashable, bool] = {}

    def key(self, record: Record, marc: Format, tags: frozenset[str]) -> Hashable:
        """All that decides about a record: positions of control fields, and the data fields with these tags."""
        coded = [record.text(tag)[first:end] for tag, first, end in self._places[marc]]
        return marc, tuple(coded), tuple(record.some(tags))

    def answer(self, key: Hashable) -> bool | None:
        return self._known.get(key)

    def keep(self, key: Hashable, answer: bool) -> bool:
        if len(self._known) >= _MOST_ANSWERS:
            self._known.clear()
        self._known[key] = answer
        return answer


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A `SetRule` of the store: the records of a view that a query finds.

    The query sees the record alone: holding libraries and result sets are not of the record and are refused."""

    view: str
    spec: str
    name: str
    description: str
    query: Query = field(repr=False)
    tags: Tags | None = field(repr=False, compare=False)
    codes: Codes = field(repr=False, compare=False)

    def matches(self, record: Record, marc: Format) -> bool:
        """Whether a record belongs to the set."""
        tags = self.tags[marc] if self.tags else None
        if tags is None or not self.codes.decide:
            return matches(self.query, _LAST.fields(record, marc, tags))
        key = self.codes.key(record, marc, tags)
        known = self.codes.answer(key)
        return self.codes.keep(key, matches(self.query, _LAST.fields(record, marc, tags))) if known is None else known


def query_set(view: str, spec: str, name: str, text: str, description: str = "") -> QuerySet:
    """The set of a query in CQL. Raises CqlError where it is none, QueryProblem where it cannot be answered."""
    parsed: cql.Query = parser.parse(text)
    query = from_cql.query(parsed)
    for node in walk(query):
        if isinstance(node, ResultSetRef):
            raise QueryProblem(ProblemCode.RESULT_SET_COMBINATION, node.name)
        if getattr(node, "index", None) == "holder":
            raise QueryProblem(ProblemCode.INDEX, "holder")
    check(query)
    return QuerySet(view, spec, name, description, query, tags_of(query), Codes(query))
