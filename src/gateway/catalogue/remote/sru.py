"""A connection to an SRU server that is searched in our place. The server keeps nothing: every page is asked anew."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from gateway.catalogue import to_cql
from gateway.catalogue.index.headings import Entry, Scan
from gateway.catalogue.index_map import INDEXES, cql_names
from gateway.catalogue.query import ProblemCode, Query, QueryProblem, SortKey
from gateway.catalogue.remote.link import Able, LinkFailed, LinkTimeout, Opened
from gateway.catalogue.remote.reading import Told, of_marc
from gateway.clients.sru import SruBadAnswer, SruClient, SruLinkFailed, SruTimeout
from gateway.config import SourceConfig
from gateway.crosswalks.catalogue import code_of_sru
from library_protocols import cql
from library_protocols.sru import Diagnostic, Record, SearchResponse, Surrogate, Version, diagnostic_number

SCHEMAS = ("marcxml", "info:srw/schema/1/marcxml-v1.1", "marc21", "unimarc", "")
"""What records are asked for as, in turn; empty: what the server likes best."""
FIRST = 10
"""Records asked for with a search: most who search look at the first page, and some servers refuse to send none."""
_OTHER_SCHEMA = frozenset((66, 67))
"""info:srw/diagnostic/1: unknown schema, record not available in it."""

T = TypeVar("T")


@dataclass
class Habits:
    """What was learnt of a server, by all connections to it: `schema` is a position in SCHEMAS, `known` are what it
    calls its indexes, None as long as it was not asked; `able` is what it says that it does with each of them."""

    schema: int = 0
    version: Version = Version.V1_2
    known: to_cql.Known | None = None
    able: dict[str, Able] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was sent: CQL, and the parameter sortKeys for servers that know no other sort."""

    query: str
    sort: str = ""


class SruLink:
    """One client of a server. `view` is the member's code."""

    def __init__(
        self, view: str, source: SourceConfig, habits: Habits, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._view = view
        self._habits = habits
        self._client = SruClient(
            source.url,
            habits.version,
            user=source.user,
            password=source.password.get_secret_value(),
            timeout=source.timeout_seconds,
            transport=transport,
        )

    async def open(self) -> None:
        """Asks once for the names that the server has for its indexes. Raises LinkFailed, LinkTimeout."""
        if self._habits.known is not None:
            return
        self._habits.known = frozenset()  # a server that cannot explain itself is not asked to again
        try:
            told = (await self._client.explain()).explain
        except SruBadAnswer:
            return
        except (SruTimeout, SruLinkFailed) as error:
            self._habits.known = None
            raise LinkFailed(str(error)) from error
        indexes = told.indexes if told is not None else ()
        self._habits.able = {
            f"{set_}.{name}".lower(): Able(one.scan, one.sort) for one in indexes for set_, name in one.names
        }
        self._habits.known = frozenset(self._habits.able)

    async def indexes(self) -> dict[str, Able]:
        """By the names that the server says it has; of one that says nothing those whose names are everybody's."""
        able = self._habits.able
        if not able:
            return {index.name: Able() for index in INDEXES.values() if index.cql}
        named = {index.name: [name.lower() for name in cql_names(index)] for index in INDEXES.values()}
        return {
            index: able[known]
            for index, names in named.items()
            if (known := next((name for name in names if name in able), None)) is not None
        }

    async def close(self) -> None:
        await self._client.__aexit__(None, None, None)

    def holds(self, handle: Any) -> bool:
        """Any connection can ask again."""
        return isinstance(handle, Asked)

    async def find(self, query: Query, sort: Sequence[SortKey]) -> Opened:
        """Searches. Raises QueryProblem, LinkFailed, LinkTimeout."""
        asked = self._asked(query, sort)
        answer = await self._search(asked, 1, FIRST)
        if self._habits.version is not self._client.version:
            self._habits.version = self._client.version
            if sort and self._habits.version is Version.V1_1:  # it has just told that it cannot have read sortby
                asked = self._asked(query, sort)
                answer = await self._search(asked, 1, FIRST)
        if answer.count is None:
            raise QueryProblem(ProblemCode.UNAVAILABLE, "the member's server does not say how much it found")
        return Opened(answer.count, asked, tuple(map(self._told, answer.records)))

    def _asked(self, query: Query, sort: Sequence[SortKey]) -> Asked:
        known = self._habits.known or frozenset()
        if self._client.version is Version.V1_1:
            return Asked(cql.write(to_cql.query(query, known=known)), to_cql.sort_parameter(sort, known))
        return Asked(cql.write(to_cql.query(query, sort, known)))

    async def _search(self, asked: Asked, start: int, size: int) -> SearchResponse:
        """One page, in a schema that the server has."""
        while True:
            schema = self._habits.schema
            answer = await _answered(
                self._client.search(
                    asked.query, start=start, maximum=size, schema=SCHEMAS[schema], sort=asked.sort
                )
            )  # fmt: skip
            said = [*answer.diagnostics, *_all_refused(answer)]
            other = any(diagnostic_number(one.uri) in _OTHER_SCHEMA for one in said)
            if other and schema + 1 < len(SCHEMAS):
                self._habits.schema = max(self._habits.schema, schema + 1)
                continue
            if answer.diagnostics and not answer.records:
                raise _problem(answer.diagnostics[0])
            return answer

    async def records(self, handle: Any, start: int, size: int) -> list[Told | None]:
        """Records of a search. Raises QueryProblem, LinkFailed, LinkTimeout."""
        found: list[Told | None] = []
        while len(found) < size:
            answer = await self._search(handle, start + len(found), size - len(found))
            if not answer.records:
                break
            found += [self._told(one) for one in answer.records]
        return found[:size]

    def _told(self, record: Record | Surrogate) -> Told | None:
        return of_marc(self._view, record.data) if isinstance(record, Record) else None

    async def scan(self, index: str, term: str, size: int, position: int, *, words: bool) -> Scan:
        """The terms around one. Raises QueryProblem, LinkFailed, LinkTimeout."""
        known = self._habits.known or frozenset()
        clause = cql.write(cql.Query(to_cql.scan_clause(index, term, words=words, known=known)))
        answer = await _answered(self._client.scan(clause, position=position, maximum=size))
        if answer.diagnostics and not answer.terms:
            raise _problem(answer.diagnostics[0])
        entries = tuple(Entry(one.value, one.display or one.value, one.count) for one in answer.terms)
        first = bool(answer.terms) and answer.terms[0].where in ("first", "only")
        last = bool(answer.terms) and answer.terms[-1].where in ("last", "only")
        return Scan(entries, min(position, len(entries) + 1), first, last)


async def _answered(answer: Awaitable[T]) -> T:
    """An answer, its failures in the words of `link`."""
    try:
        return await answer
    except SruTimeout as error:
        raise LinkTimeout(str(error)) from error
    except (SruLinkFailed, SruBadAnswer) as error:
        raise LinkFailed(str(error)) from error


def _all_refused(answer: SearchResponse) -> tuple[Diagnostic, ...]:
    """The diagnostics that stand in the place of records, where there is nothing else."""
    if any(isinstance(one, Record) for one in answer.records):
        return ()
    return tuple(one.diagnostic for one in answer.records if isinstance(one, Surrogate))


def _problem(said: Diagnostic) -> QueryProblem:
    """What a server's diagnostic means; its own words stay the detail."""
    number = diagnostic_number(said.uri)
    code = code_of_sru(number)
    if code is ProblemCode.UNAVAILABLE:
        words = (str(number or said.uri), said.message, f"({said.details})" if said.details else "")
        return QueryProblem(code, " ".join(filter(None, words)))
    return QueryProblem(code, said.details or said.message)
