"""Sets of records that a query in CQL defines, as the configuration names them."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.catalogue import from_cql
from gateway.catalogue.index.evaluate import check, matches
from gateway.catalogue.index.extract import Fields, extract
from gateway.catalogue.query import ProblemCode, Query, QueryProblem, ResultSetRef, walk
from gateway.catalogue.records import Format
from library_protocols import cql
from library_protocols.cql import parser
from library_protocols.marc import Record


class _Last:
    """The fields of the record looked at last: all rules are asked of one record, then of the next."""

    def __init__(self) -> None:
        self._record: Record | None = None
        self._fields = Fields()

    def fields(self, record: Record, marc: Format) -> Fields:
        if record is not self._record:
            self._record, self._fields = record, extract(record, marc)
        return self._fields


_LAST = _Last()


@dataclass(frozen=True, slots=True)
class QuerySet:
    """A `SetRule` of the store: the records of a view that a query finds.

    The query sees the record alone: holding libraries and result sets are not of the record and are refused."""

    view: str
    spec: str
    name: str
    description: str
    query: Query = field(repr=False)

    def matches(self, record: Record, marc: Format) -> bool:
        """Whether a record belongs to the set."""
        return matches(self.query, _LAST.fields(record, marc))


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
    return QuerySet(view, spec, name, description, query)
