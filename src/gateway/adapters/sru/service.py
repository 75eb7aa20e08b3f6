"""What the SRU door answers, HTTP aside: a request in, octets out. Every problem becomes a diagnostic.

Nothing is remembered between requests but result sets that were asked for (`session.ResultSets`), so that any page of
any size of result is as good as the first, on any node.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.adapters.sru import mapping
from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.session import ResultSets
from gateway.canonical.context import PlatformCall
from gateway.catalogue import from_cql
from gateway.catalogue.catalogue import Found
from gateway.catalogue.forms import Form, Items
from gateway.catalogue.index.facets import MOST_VALUES, Count
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index_map import INDEXES
from gateway.catalogue.live import Availability
from gateway.catalogue.query import AllRecords, QueryProblem, SortKey, bind
from gateway.catalogue.query import Query as CatalogueQuery
from gateway.catalogue.records import CatalogueRecord
from gateway.catalogue.remote import Able
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.doors.pages import PAGE_RECORDS
from library_protocols import cql, sru
from library_protocols.sru import Diagnostic, Operation, Record, Surrogate, Version

SLICE = 20  # records fetched at once
LIVE_SLICE = 200  # the same where the desks are asked about them, each once
TURN_SECONDS = 0.005  # of rendering before others get theirs: a kiosk waits for this loop too
_ACCEPTED = ("application/sru+xml", "application/xml", "text/xml", "application/*", "text/*", "*/*")


class SruCatalogue(Protocol):
    """The catalogue, as far as this door asks it (see `gateway.catalogue.catalogue.Catalogue`)."""

    async def search(self, view: str, query: CatalogueQuery, sort: Sequence[SortKey] = ()) -> Found: ...

    async def facets(
        self, found: Found, names: Sequence[str], limit: int = 10, start: int = 0
    ) -> dict[str, list[Count]]: ...

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan: ...

    async def records(
        self, view: str, ids: Sequence[int], *, holdings: bool = True
    ) -> list[CatalogueRecord | None]: ...

    async def indexes(self, view: str) -> dict[str, Able] | None: ...

    async def horizon(self) -> int: ...


@dataclass(slots=True)
class Asker:
    """Where and by whom something is asked. `url` is scheme, host, port and path; `reader` for the desk's record;
    `as_page`: a page for people is made of the answer, which holds so many records at most."""

    view: str
    url: tuple[str, str, int, str]
    reader: str = "catalogue"
    exchange: str = ""
    as_page: bool = False
    calls: list[PlatformCall] = field(default_factory=list)


@dataclass(slots=True)
class Answer:
    """Octets and, for the record, the numbers of the diagnostics and whether the catalogue failed."""

    octets: bytes
    diagnostics: tuple[Diagnostic, ...] = ()
    failed: bool = False


class _Refused(Exception):
    """The request cannot be answered; the answer holds the diagnostic alone."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics


class SruService:
    """`availability` is None where no desk can be asked what is on loan."""

    def __init__(
        self,
        catalogue: SruCatalogue,
        settings: SruSettings,
        sets: ResultSets[Found],
        availability: Availability | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._sets = sets
        self._availability = availability
        self.settings = settings

    def replace(self, settings: SruSettings) -> None:
        """Takes new settings while running."""
        self.settings = settings
        self._sets.resize(settings.result_sets)

    async def answer(self, asker: Asker, request: sru.Request) -> Answer:
        """The answer to a request, whatever is wrong with it."""
        operation = _operation(request)
        failed = False
        try:
            self._check(request)
            match request:
                case sru.SearchRequest():
                    return await self._search(asker, request)
                case sru.ScanRequest():
                    return await self._scan(asker, request)
                case sru.ExplainRequest():
                    return await self._explain(asker, request)
                case _:
                    raise TypeError(type(request))
        except _Refused as refused:
            found = refused.diagnostics
        except cql.CqlError as error:
            found = (mapping.unreadable(error),)
        except QueryProblem as problem:
            found = (mapping.diagnostic(problem),)
        except CatalogueUnavailable:
            found, failed = (Diagnostic.of(2, "the catalogue is away"),), True
        return Answer((await self.failure(asker, operation, request.version, found)).octets, found, failed)

    async def failure(
        self, asker: Asker, operation: Operation, version: Version, diagnostics: tuple[Diagnostic, ...]
    ) -> Answer:
        """The answer that says what is wrong with a request; explain is told all the same."""
        explain = await self._description(asker, version) if operation is Operation.EXPLAIN else b""
        octets = sru.failure(operation, version, diagnostics, explain)
        return Answer(octets, diagnostics)

    def _check(self, request: sru.Request) -> None:
        """Raises _Refused for parameters of all operations that are known and not offered."""
        wrong: list[Diagnostic] = []
        accept = request.arguments.get("httpAccept", "")
        kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
        if accept and not any(kind in _ACCEPTED for kind in kinds):
            wrong.append(Diagnostic.of(6, f"httpAccept {accept}"))
        if "responseType" in request.arguments:
            wrong.append(Diagnostic.of(6, f"responseType {request.arguments['responseType']}"))
        if "recordXPath" in request.arguments:
            wrong.append(Diagnostic.of(72))
        if request.stylesheet:
            wrong.append(Diagnostic.of(110))
        if isinstance(request, sru.SearchRequest) and request.rendered_by == "server":
            wrong.append(Diagnostic.of(6, "renderedBy server"))
        if wrong:
            raise _Refused(*wrong)

    # searchRetrieve

    async def _search(self, asker: Asker, request: sru.SearchRequest) -> Answer:
        schema = mapping.find_schema(request.record_schema)
        if schema is None:
            raise _Refused(Diagnostic.of(66, request.record_schema))
        query = _parsed(request)
        sort = from_cql.sort_keys(query) or mapping.sort_keys(request.sort)
        asked = bind(from_cql.query(query), lambda name: self._sets.find(asker.view, name))
        found = await self._catalogue.search(asker.view, asked, sort)
        wrong: list[Diagnostic] = []
        start = request.start_record
        size = mapping.DEFAULT_RECORDS if request.maximum_records is None else request.maximum_records
        most = min(self.settings.search_records, PAGE_RECORDS) if asker.as_page else self.settings.search_records
        size = min(size, most, max(found.count - start + 1, 0))
        if start > max(found.count, 1):
            wrong.append(Diagnostic.of(61, str(start)))
        records = await self._records(asker, found, schema, request.record_schema, start, size)
        following = start + size if found.count >= start + size else None
        kept = None
        if request.ttl:
            kept = sru.ResultSet(*self._sets.keep(asker.view, found, request.ttl))
        octets = b"".join(
            sru.search_response(
                request.version,
                found.count,
                records,
                string=request.string,
                next_position=following,
                result_set=kept,
                precision="exact",
                facets=await self._facets(found, query, request.facets) if request.facets else (),
                diagnostics=wrong,
                echo=request,
                query=query,
            )
        )
        return Answer(octets, tuple(wrong))

    async def _records(
        self, asker: Asker, found: Found, schema: Form, named: str, start: int, size: int
    ) -> list[Record | Surrogate]:
        begun = time.perf_counter()
        rendered: list[Record | Surrogate] = []
        ask_desks = schema.name == mapping.LIVE and self._availability is not None
        step = LIVE_SLICE if ask_desks else SLICE
        for position in range(start, start + size, step):
            ids = await found.page(position, min(step, start + size - position))
            records = await self._catalogue.records(asker.view, ids, holdings=schema.holdings)
            live: dict[int, Items] = {}
            if ask_desks and self._availability is not None:
                shown = [record for record in records if record is not None]
                live = await self._availability.of(shown, asker.reader, asker.exchange, asker.calls)
            for place, record in enumerate(records, position):
                rendered.append(_rendered(schema, named, record, live, place))
                if time.perf_counter() - begun > TURN_SECONDS:
                    await asyncio.sleep(0)
                    begun = time.perf_counter()
        return rendered

    async def _facets(self, found: Found, query: cql.Query, wanted: sru.FacetRequest) -> tuple[sru.Facet, ...]:
        starts = {from_cql.index_of(cql.Name(name)).name: start for name, start in wanted.starts.items()}
        facets: list[sru.Facet] = []
        for name, (shown, limit) in mapping.facet_names(wanted.limits, wanted.limit).items():
            first = starts.get(name, wanted.start) - 1
            most_frequent_first = wanted.by_count and wanted.ascending is not True
            if most_frequent_first:
                counts = (await self._catalogue.facets(found, (name,), limit, first))[name]
            else:
                every = (await self._catalogue.facets(found, (name,), MOST_VALUES))[name]
                every.sort(key=lambda one: (one.count, one.value) if wanted.by_count else one.value)
                if wanted.ascending is False:
                    every.reverse()
                counts = every[first : first + limit]
            facets.append(mapping.facet(query, INDEXES[name], shown, counts))
        return tuple(facets)

    # scan and explain

    async def _scan(self, asker: Asker, request: sru.ScanRequest) -> Answer:
        parsed = cql.parse(request.clause)
        if not isinstance(parsed.root, cql.SearchClause) or parsed.sort:
            raise _Refused(Diagnostic.of(10, "a scan takes one search clause"))
        target = mapping.scan_target(parsed.root)
        size = mapping.DEFAULT_TERMS if request.maximum_terms is None else request.maximum_terms
        found = await self._catalogue.scan(
            asker.view, target.index, target.term, size, request.position, words=target.words
        )
        octets = sru.scan_response(
            request.version,
            mapping.scan_terms(found),
            echo=request,
            clause=parsed.root,
        )
        return Answer(octets)

    async def _explain(self, asker: Asker, request: sru.ExplainRequest) -> Answer:
        octets = sru.explain_response(
            request.version,
            await self._description(asker, request.version),
            string=request.string,
            echo=request,
        )
        return Answer(octets)

    async def _description(self, asker: Asker, version: Version) -> bytes:
        """The explain record; without numbers where the catalogue is away."""
        records: int | None = None
        horizon: int | None = None
        able: dict[str, Able] | None = None
        try:
            able = await self._catalogue.indexes(asker.view)
        except QueryProblem:
            able = {}  # a server of the member's own that is away: nothing is known of it now
        try:
            horizon = await self._catalogue.horizon() if able is None else None
            records = (await self._catalogue.search(asker.view, AllRecords())).count
        except (QueryProblem, CatalogueUnavailable):
            records = None
        described = mapping.describe(self.settings, asker.view, asker.url, records, horizon, able)
        return sru.write_explain(described, version)


def _operation(request: sru.Request) -> Operation:
    match request:
        case sru.SearchRequest():
            return Operation.SEARCH_RETRIEVE
        case sru.ScanRequest():
            return Operation.SCAN
        case _:
            return Operation.EXPLAIN


def _parsed(request: sru.SearchRequest) -> cql.Query:
    """The tree of the query. Raises CqlError, and _Refused for a query type that is not answered."""
    match request.query_type:
        case "cql":
            return cql.parse(request.query)
        case "searchTerms":
            return mapping.words(request.query)
        case other:
            raise _Refused(Diagnostic.of(11, other))


def _rendered(
    schema: Form, named: str, record: CatalogueRecord | None, live: dict[int, Items], position: int
) -> Record | Surrogate:
    if record is None:
        return Surrogate(Diagnostic.of(65), position)
    schema = mapping.schema_of(record, schema, named)
    try:
        data = schema.render(record, live.get(record.id))
    except ValueError:
        return Surrogate(Diagnostic.of(67, schema.name), position)
    return Record(schema.uri, data, position)
