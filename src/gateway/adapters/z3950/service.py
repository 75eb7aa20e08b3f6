"""What the Z39.50 door answers, connections aside: a request and its session in, a response out.

Every problem becomes a diagnostic in the place the standard gives it: beside the records, in the place of the result,
or in the place of one record.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.adapters.z3950 import explain, mapping
from gateway.adapters.z3950.mapping import Problem, Wanted, problem_of
from gateway.adapters.z3950.records import Availability, Pack, checked_ranges, pack
from gateway.adapters.z3950.session import Credentials, Held, Session, credentials, refusal
from gateway.adapters.z3950.settings import Z3950Settings
from gateway.canonical.context import PlatformCall
from gateway.catalogue.catalogue import Found
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.query import Query as CatalogueQuery
from gateway.catalogue.query import QueryProblem, SortKey, bind
from gateway.catalogue.records import CatalogueRecord, Format
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.members.readers import Reader, ReaderRefused, Readers
from library_protocols.z3950 import (
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    Diagnostic,
    InitializeRequest,
    InitializeResponse,
    ListEntries,
    ListStatus,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    SortRequest,
    SortResponse,
)
from library_protocols.z3950.common import OtherInformation
from library_protocols.z3950.control import (
    DuplicateDetectionRequest,
    DuplicateDetectionResponse,
    ExtendedServicesRequest,
    ExtendedServicesResponse,
    ResourceReportRequest,
    ResourceReportResponse,
)
from library_protocols.z3950.facts import DeleteStatus, PresentStatus, ResultSetStatus, ScanStatus, SortStatus
from library_protocols.z3950.records import SubqueryReport, search_result_1

LARGEST_SCAN = 1_000
"""Terms of one scan; no client shows more on a screen, and each costs a count."""
MOST_RANGES = 100
"""Ranges of one present, each of which costs a look at the index."""


class Z3950Catalogue(Protocol):
    """The catalogue, as far as this door asks it (see `gateway.catalogue.catalogue.Catalogue`)."""

    async def search(
        self,
        view: str,
        query: CatalogueQuery,
        sort: Sequence[SortKey] = (),
        *,
        once: bool = False,
        unread: bool = False,
    ) -> Found: ...

    async def sort(self, found: Found, keys: Sequence[SortKey]) -> Found: ...

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan: ...

    async def records(
        self, view: str, ids: Sequence[int], *, holdings: bool = True
    ) -> list[CatalogueRecord | None]: ...

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]: ...


@dataclass(slots=True)
class Work:
    """One request on its way. `segments` go before the response; `problem` is what the response complains of."""

    exchange: str = ""
    peer: str | None = None
    view: str | None = None
    segments: list[Segment] = field(default_factory=list)
    calls: list[PlatformCall] = field(default_factory=list)
    problem: Diagnostic | None = None
    failed: bool = False


class Z3950Service:
    """Answers requests of any number of sessions. `availability` is None where nobody can say what is on loan."""

    def __init__(
        self,
        catalogue: Z3950Catalogue,
        readers: Readers,
        settings: Z3950Settings,
        availability: Availability | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._readers = readers
        self._availability = availability
        self.settings = settings

    def replace(self, settings: Z3950Settings) -> None:
        """Takes new settings while running; sessions keep what they agreed."""
        self.settings = settings

    async def answer(self, session: Session, request: Pdu, work: Work) -> Pdu:
        """The response to a request, whatever is wrong with it."""
        try:
            if isinstance(request, SearchRequest):
                return await self._search(session, request, work)
            return await self._answer(session, request, work)
        except Problem as problem:
            found = problem
        except QueryProblem as error:
            found = problem_of(error)
        except CatalogueUnavailable:
            work.failed = True
            found = Problem(109, work.view or "")
        work.problem = found.diagnostic
        return self._complaint(session, request, found)

    async def _answer(self, session: Session, request: Pdu, work: Work) -> Pdu:
        """The response to anything but a search."""
        match request:
            case PresentRequest():
                return await self._present(session, request, work)
            case ScanRequest():
                return await self._scan(session, request, work)
            case SortRequest():
                return await self._sort(session, request, work)
            case DeleteResultSetRequest():
                return _delete(session, request)
            case InitializeRequest():
                return await self._initialize(session, request, work)
            case ResourceReportRequest():
                return ResourceReportResponse(resource_report_status=3)
            case ExtendedServicesRequest():
                raise Problem(221, request.package_type)
            case DuplicateDetectionRequest():
                raise Problem(1025, "duplicateDetection")
            case _:
                raise TypeError(type(request))

    def _complaint(self, session: Session, request: Pdu, problem: Problem) -> Pdu:
        """The response that says what is wrong, as each kind of request has a place for it."""
        said = mapping.in_charset(problem.diagnostic, session.charset)
        match request:
            case InitializeRequest():
                return refusal(request, self.settings, problem)
            case SearchRequest():
                if request.replace_indicator:
                    session.drop(request.result_set_name)
                return SearchResponse(
                    result_count=0,
                    number_of_records_returned=0,
                    next_result_set_position=0,
                    search_status=False,
                    result_set_status=ResultSetStatus.NONE,
                    non_surrogate_diagnostic=said,
                )
            case PresentRequest():
                return PresentResponse(
                    number_of_records_returned=0,
                    next_result_set_position=0,
                    present_status=PresentStatus.FAILURE,
                    non_surrogate_diagnostic=said,
                )
            case ScanRequest():
                return ScanResponse(
                    scan_status=ScanStatus.FAILURE,
                    number_of_entries_returned=0,
                    entries=ListEntries(nonsurrogate_diagnostics=(said,)),
                )
            case SortRequest():
                return SortResponse(sort_status=SortStatus.FAILURE, result_set_status=3, diagnostics=(said,))
            case ExtendedServicesRequest():
                return ExtendedServicesResponse(operation_status=3, diagnostics=(said,))
            case DuplicateDetectionRequest():
                return DuplicateDetectionResponse(status=1, diagnostics=(said,))
            case _:
                raise TypeError(type(request))

    # Initialization

    async def _initialize(self, session: Session, request: InitializeRequest, work: Work) -> InitializeResponse:
        given = credentials(request)
        reader = await self._login(given, work) if given.user else None
        if reader is None and not any(self._readers.may_read(view) for view in self._readers.views):
            raise Problem(1017)
        return session.agree(request, self.settings, reader, work.peer)

    async def _login(self, given: Credentials, work: Work) -> Reader:
        found = await self._readers.login(given.user, given.password, work.peer)
        if isinstance(found, ReaderRefused):
            if found.retry_after > 0:
                raise Problem(1020, f"{found.retry_after:.0f} seconds")
            raise Problem(1011, given.user)
        return found

    # Search

    def _view(self, session: Session, names: Sequence[str]) -> tuple[str, str]:
        """The view that database names mean, and the name as the client writes it. Raises Problem."""
        if not names:
            raise Problem(108, "no database")
        first = names[0].casefold()
        alike = True
        for name in names:
            view = name.casefold()
            alike = alike and view == first
            if view == explain.NAME or self._readers.may_read(view, session.reader):
                continue
            raise Problem(236 if self._readers.exists(view) else 235, name)
        if not alike:
            raise Problem(23, " ".join(names))
        return first, names[0]

    async def _search(self, session: Session, request: SearchRequest, work: Work) -> SearchResponse:
        name = request.result_set_name
        session.check_name(name, replace=request.replace_indicator)
        view, database = self._view(session, request.database_names)
        if view == explain.NAME:
            readable = [one for one in self._readers.views if self._readers.may_read(one, session.reader)]
            explained = explain.search(request.query, self.settings, readable, session.record_charset)
            held = Held(view, database, explained, explain=True)
        else:
            work.view = view
            asked, sort = mapping.catalogue_query(request.query, session.charset, session.tolerant)
            bound = bind(asked, session.operand)
            found = await self._catalogue.search(view, bound, sort, once=True, unread=not session.reads)
            held = Held(view, database, found)
        session.keep(name, held, self.settings.result_sets)
        number, small = mapping.piggybacked(request, held.count)
        if number == 0:
            response = SearchResponse(
                result_count=held.count,
                number_of_records_returned=0,
                next_result_set_position=1 if held.count else 0,
                search_status=True,
            )
        else:
            response = await self._with_records(session, request, held, number, small, work)
        if session.version >= 3 and (session.rule.term_counts or request.additional_search_info):
            return replace(response, additional_search_info=await self._term_counts(session, request, held))
        return response

    async def _term_counts(self, session: Session, request: SearchRequest, held: Held) -> OtherInformation | None:
        """What each term of the query finds alone (SearchResult-1). A server of the member's own is not asked."""
        terms = mapping.terms_to_count(request, session.rule.term_counts) if isinstance(held.found, ResultSet) else ()
        reports: list[SubqueryReport] = []
        for term in terms:
            count = None
            with suppress(QueryProblem):
                asked, _ = mapping.catalogue_query(Query(1, term), session.charset, session.tolerant)
                count = (await self._catalogue.search(held.view, asked, once=True, unread=True)).count
            reports.append(mapping.term_report(term, count))
        return search_result_1(tuple(reports)) if reports else None

    async def _with_records(
        self, session: Session, request: SearchRequest, held: Held, number: int, small: bool, work: Work
    ) -> SearchResponse:
        """The answer to a search whose records come with it; what is wrong with them does not spoil the search."""
        try:
            wanted = self._wanted_of_search(request, held, small, session)
            packed = await self._pack(session, held, [(1, min(number, self.settings.search_records))], wanted, 1, work)
        except (Problem, QueryProblem) as error:
            problem = problem_of(error) if isinstance(error, QueryProblem) else error
            work.problem = problem.diagnostic
            return SearchResponse(
                result_count=held.count,
                number_of_records_returned=0,
                next_result_set_position=1,
                search_status=True,
                present_status=PresentStatus.FAILURE,
                non_surrogate_diagnostic=mapping.in_charset(problem.diagnostic, session.charset),
            )
        complete = not packed.rest and packed.count == number
        return SearchResponse(
            result_count=held.count,
            number_of_records_returned=packed.count,
            next_result_set_position=_next(packed.count + 1, held),
            search_status=True,
            present_status=PresentStatus.SUCCESS if complete else PresentStatus.PARTIAL_2,
            records=tuple(packed.parts[0]),
        )

    def _wanted_of_search(self, request: SearchRequest, held: Held, small: bool, session: Session) -> Wanted:
        if held.explain:
            explain.check_syntax(request.preferred_record_syntax)
            return _EXPLAIN
        return mapping.wanted_of_search(request, small, held.database, session.tolerant)

    async def _pack(
        self,
        session: Session,
        held: Held,
        ranges: Sequence[tuple[int, int]],
        wanted: Wanted,
        most_parts: int,
        work: Work,
    ) -> Pack:
        session.reads = True
        return await pack(
            self._catalogue,
            self._availability,
            session,
            held,
            ranges,
            wanted,
            most_parts=most_parts,
            exchange=work.exchange,
            calls=work.calls,
        )

    # Present

    async def _present(self, session: Session, request: PresentRequest, work: Work) -> PresentResponse:
        held = session.find(request.result_set_id)
        if not held.explain:
            work.view = held.view
            if not self._readers.may_read(held.view, session.reader):  # the policy may have changed since
                raise Problem(236, held.database)
        more = request.additional_ranges or ()
        if len(more) > MOST_RANGES:
            raise Problem(243, str(MOST_RANGES))
        asked = [
            (request.result_set_start_point, request.number_of_records_requested),
            *((one.starting_position, one.number_of_records) for one in more),
        ]
        checked_ranges(held, asked)
        if held.explain:
            explain.check_syntax(request.preferred_record_syntax)
            wanted = _EXPLAIN
        else:
            wanted = mapping.wanted_of_present(request, held.database, session.tolerant)
        ranges, cut = _at_most(asked, self.settings.search_records)
        most_parts = (request.max_segment_count or 1_000) if session.segments else 1
        packed = await self._pack(session, held, ranges, wanted, max(most_parts, 1), work)
        *before, last = packed.parts
        work.segments = [Segment(number_of_records_returned=len(one), segment_records=tuple(one)) for one in before]
        return PresentResponse(
            number_of_records_returned=packed.count,
            next_result_set_position=_next(_position_after(asked, packed.count), held),
            present_status=PresentStatus.PARTIAL_2 if packed.rest or cut else PresentStatus.SUCCESS,
            records=tuple(last),
        )

    # Scan and sort

    async def _scan(self, session: Session, request: ScanRequest, work: Work) -> ScanResponse:
        view, database = self._view(session, request.database_names)
        if view == explain.NAME:
            raise Problem(1025, database)
        work.view = view
        if request.step_size:
            raise Problem(205, str(request.step_size))
        size = request.number_of_terms_requested
        if not 0 < size <= LARGEST_SCAN:
            raise Problem(1029 if size > 0 else 228, str(LARGEST_SCAN if size > 0 else size))
        position = 1 if request.preferred_position_in_response is None else request.preferred_position_in_response
        if not 0 <= position <= size + 1:
            raise Problem(233, str(position))
        point = mapping.scan_point(request, session.charset, session.tolerant)
        found = await self._catalogue.scan(view, point.index, point.term, size, position, words=point.words)
        return mapping.scan_response(found, size, session.charset)

    async def _sort(self, session: Session, request: SortRequest, work: Work) -> SortResponse:
        if len(request.input_result_set_names) != 1:
            raise Problem(230, str(len(request.input_result_set_names)))
        if not request.sorted_result_set_name:
            raise Problem(208)
        held = session.find(request.input_result_set_names[0])
        if held.explain:
            raise Problem(1025, held.database)
        work.view = held.view
        session.check_name(request.sorted_result_set_name, replace=True)
        keys = [mapping.sort_key(spec, session.charset, session.tolerant) for spec in request.sort_sequence]
        found = await self._catalogue.sort(held.found, keys)
        session.keep(request.sorted_result_set_name, Held(held.view, held.database, found), self.settings.result_sets)
        return SortResponse(sort_status=SortStatus.SUCCESS, result_count=found.count)


_EXPLAIN = Wanted("", "")


def _delete(session: Session, request: DeleteResultSetRequest) -> DeleteResultSetResponse:
    if request.delete_function == 1:
        session.drop_all()
        return DeleteResultSetResponse(delete_operation_status=DeleteStatus.SUCCESS)
    statuses = tuple(
        ListStatus(id=name, status=DeleteStatus.SUCCESS if session.drop(name) else DeleteStatus.DID_NOT_EXIST)
        for name in request.result_set_list or ()
    )
    all_gone = all(one.status == DeleteStatus.SUCCESS for one in statuses)
    status = DeleteStatus.SUCCESS if all_gone else DeleteStatus.NOT_ALL_REQUESTED_DELETED
    return DeleteResultSetResponse(delete_operation_status=status, delete_list_statuses=statuses)


def _next(position: int, held: Held) -> int:
    """nextResultSetPosition: 0 behind the last record."""
    return position if position <= held.count else 0


def _at_most(ranges: list[tuple[int, int]], most: int) -> tuple[list[tuple[int, int]], bool]:
    """The ranges up to so many records, and whether any had to be left out."""
    kept: list[tuple[int, int]] = []
    for first, number in ranges:
        taken = min(number, most)
        if taken:
            kept.append((first, taken))
        most -= taken
        if taken < number:
            return kept, True
    return kept, False


def _position_after(ranges: Sequence[tuple[int, int]], count: int) -> int:
    """The position behind the last of `count` records taken from these ranges in turn."""
    for first, number in ranges:
        if count <= number:
            return first + count
        count -= number
    return sum(ranges[-1])
