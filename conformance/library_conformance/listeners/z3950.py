"""A catalogue for search clients over Z39.50: every search that it takes finds the same dozen records.

It refuses what it does not have as it should be refused. Its liberties are those that real targets take: smaller
sizes, an old version, fewer records than were asked for, a diagnostic among them, an end that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from library_conformance import octets as ber
from library_conformance.listeners import Act, Close, Script, Shown, in_pieces
from library_conformance.listeners.shelf import BOOKS, lines, marc21
from library_protocols.ber import BerError
from library_protocols.z3950 import (
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    Diagnostic,
    InitializeRequest,
    InitializeResponse,
    ListEntries,
    ListStatus,
    NamePlusRecord,
    Pdu,
    PresentRequest,
    PresentResponse,
    Request,
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    Send,
    SortRequest,
    SortResponse,
    Target,
    TermInfo,
    Waiting,
    decode,
    encode,
    record_of,
    structured_record,
    surrogate,
)
from library_protocols.z3950.facts import CloseReason, DeleteStatus, Option, PresentStatus, ScanStatus, SortStatus
from library_protocols.z3950.facts.oids import BIB_1, SUTRS, USMARC
from library_protocols.z3950.records import init_diagnostic, write_sutrs
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, GeneralTerm, Operation, ResultSetRef

_OFFERED = frozenset((
    Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.SORT, Option.LEVEL_1_SEGMENTATION,
    Option.NAMED_RESULT_SETS,
))  # fmt: skip
_OLD = frozenset((0, 1))
_SMALL = 32_768
"""Octets of a message that are agreed on where a client proposes more; no answer here is half as long."""
_USES = frozenset((4, 7, 8, 21, 31, 1003, 1016))
_NEW_ELEMENT = ber.tlv(0x9F8704, b"?")
"""An element of an init that no edition defines."""


class Refused(Exception):
    """What is not to be had, as a diagnostic of Bib-1."""

    def __init__(self, condition: int, addinfo: str = "") -> None:
        super().__init__(condition, addinfo)
        self.diagnostic = Diagnostic(condition=condition, addinfo=addinfo)


@dataclass(slots=True)
class Played(Script):
    """A target: sizes are smaller than proposed, then version 2, an unknown element, a refusal, an association each;
    searches are answered in pieces, without the records that could come along, and by Close; records come fewer than
    asked for, with a diagnostic among them, and in segments where that is agreed on."""

    shows: ClassVar[Mapping[str, str]] = {
        "smaller": "z3950.client.sizes.smaller",
        "unknown element": "z3950.client.unknown-elements",
        "pieces": "z3950.client.pieces",
        "surrogate": "z3950.client.surrogate",
        "segments": "z3950.client.segments",
    }

    target: Target = field(default_factory=Target)
    options: frozenset[int] = frozenset()
    sets: dict[str, list[int]] = field(default_factory=dict)
    """Result sets by name, as numbers of records in their order."""
    leaving: bool = False
    """Whether Close was said from here, or the init refused: nothing more is answered, and the client has the last
    word."""

    def whole(self, octets: bytes) -> int:
        return ber.whole(octets)

    def acts(self, message: bytes) -> Iterator[Act]:
        if self.leaving:
            yield Close()
        self.target.receive_data(message)
        while not isinstance(event := self.target.next_event(), Waiting):
            if isinstance(event, Request):
                yield from self._answered(event.pdu)
            elif isinstance(event, Send):
                yield event.data
                yield Close()

    def again(self, before: bytes, message: bytes) -> bool:
        """A search may well be repeated; records that are asked for again have not been understood."""
        return message[:1] == b"\xb8" and _without_reference(message) == _without_reference(before)

    def gone(self) -> tuple[Shown, ...]:
        return tuple(Shown(self.shows[name], "broke off") for name in self.said[-1:] if name in self.shows)

    def _answered(self, request: Pdu) -> Iterator[Act]:
        match request:
            case InitializeRequest():
                yield from self._init(request)
            case SearchRequest():
                yield from self._search(request)
            case PresentRequest():
                yield from self._present(request)
            case ScanRequest():
                yield self.target.respond(self._scan(request))
            case SortRequest():
                yield self.target.respond(self._sort(request))
            case DeleteResultSetRequest():
                yield self.target.respond(self._delete(request))
            case _:
                yield self._leave(CloseReason.PROTOCOL_ERROR, "this was not agreed on")

    def _leave(self, reason: CloseReason, words: str) -> bytes:
        """Close, where version 3 is spoken."""
        self.leaving = self.target.version == 3
        return self.target.close(reason, words)

    # Init

    def _init(self, request: InitializeRequest) -> Iterator[Act]:
        way = self.liberty("smaller", "version 2", "unknown element", "refused")
        size = min(request.preferred_message_size, _SMALL)
        self.options = request.options & _OFFERED - ({Option.LEVEL_1_SEGMENTATION} if way == "version 2" else set())
        response = InitializeResponse(
            protocol_version=request.protocol_version & (_OLD if way == "version 2" else _OLD | {2}),
            options=self.options,
            preferred_message_size=size,
            exceptional_record_size=max(size, min(request.exceptional_record_size, _SMALL)),
            result=way != "refused",
            implementation_name="library-conformance",
            user_information_field=init_diagnostic(Diagnostic(condition=1015)) if way == "refused" else None,
        )
        answer = self.target.respond(response)
        if way == "unknown element":
            answer = ber.tlv(0xB5, ber.element(answer).contents, _NEW_ELEMENT)
        elif way == "refused":
            self.leaving = True
        elif way == "smaller" and size == request.preferred_message_size:
            self.said.remove(way)
        yield answer

    # Search

    def _search(self, request: SearchRequest) -> Iterator[Act]:
        try:
            self._check_search(request)
        except Refused as refused:
            self.sets.pop(request.result_set_name, None)
            yield self.target.respond(
                SearchResponse(
                    result_count=0, number_of_records_returned=0, next_result_set_position=0, search_status=False,
                    result_set_status=3, non_surrogate_diagnostic=refused.diagnostic,
                )
            )  # fmt: skip
            return
        self.sets[request.result_set_name] = list(range(len(BOOKS)))
        records, diagnostic = self._along(request)
        answer = SearchResponse(
            result_count=len(BOOKS),
            number_of_records_returned=len(records),
            next_result_set_position=len(records) + 1 if len(records) < len(BOOKS) else 0,
            search_status=True,
            present_status=PresentStatus.FAILURE if diagnostic else PresentStatus.SUCCESS,
            records=tuple(records) or None,
            non_surrogate_diagnostic=diagnostic,
        )
        if not records and self.liberty("pieces"):
            yield from in_pieces(self.target.respond(answer))
        elif self.target.version == 3 and self.liberty("close"):
            yield self._leave(CloseReason.SHUTDOWN, "this is only played")
        else:
            yield self.target.respond(answer)

    def _check_search(self, request: SearchRequest) -> None:
        """Raises Refused."""
        name = request.result_set_name
        if name != "default" and Option.NAMED_RESULT_SETS not in self.options:
            raise Refused(22)
        if name in self.sets and not request.replace_indicator:
            raise Refused(21, name)
        query = request.query.value
        if not isinstance(query, RpnQuery):
            raise Refused(107, str(request.query.kind))
        if query.attribute_set != BIB_1:
            raise Refused(121, query.attribute_set)
        self._check(query.root)

    def _check(self, node: object) -> None:
        if isinstance(node, Operation):
            self._check(node.left)
            self._check(node.right)
        elif isinstance(node, ResultSetRef):
            if node.name not in self.sets:
                raise Refused(30, node.name)
        elif isinstance(node, AttributesPlusTerm):
            _check_attributes(node.attributes)

    def _along(self, request: SearchRequest) -> tuple[Sequence[NamePlusRecord], Diagnostic | None]:
        """The records that come with the answer, as many as the request's bounds say."""
        found = len(BOOKS)
        if found <= request.small_set_upper_bound:
            number, names = found, request.small_set_element_set_names
        elif found < request.large_set_lower_bound:
            number, names = min(found, request.medium_set_present_number), request.medium_set_element_set_names
        else:
            return (), None
        if number and self.liberty("nothing along"):
            return (), None
        try:
            return _made(range(number), request.preferred_record_syntax, names), None
        except Refused as refused:
            return (), refused.diagnostic

    # Present

    def _present(self, request: PresentRequest) -> Iterator[Act]:
        start, number = request.result_set_start_point, request.number_of_records_requested
        try:
            held = self.sets.get(request.result_set_id)
            if held is None:
                raise Refused(30, request.result_set_id)
            if request.additional_ranges:
                raise Refused(243)
            if request.complex is not None:
                raise Refused(244)
            if start < 1 or number < 0 or start + number - 1 > len(held):
                raise Refused(13)
            records = _made(held[start - 1 : start - 1 + number], request.preferred_record_syntax, request.simple)
        except Refused as refused:
            yield self.target.respond(
                PresentResponse(
                    number_of_records_returned=0, next_result_set_position=0, present_status=PresentStatus.FAILURE,
                    non_surrogate_diagnostic=refused.diagnostic,
                )
            )  # fmt: skip
            return
        status, parts = PresentStatus.SUCCESS, [records]
        if number > 1 and self.liberty("fewer"):
            status, parts = PresentStatus.PARTIAL_2, [records[: number // 2]]
        elif number > 1 and self.liberty("surrogate"):
            parts = [[records[0], surrogate(14, "", records[0].name), *records[2:]]]
        elif number > 1 and self._may_segment(request) and self.liberty("segments"):
            parts = [records[:1], records[1:]]
        for part in parts[:-1]:
            yield self.target.segment(Segment(number_of_records_returned=len(part), segment_records=tuple(part)))
        told = sum(map(len, parts))
        behind = start + told
        yield self.target.respond(
            PresentResponse(
                number_of_records_returned=told,
                next_result_set_position=behind if behind <= len(held) else 0,
                present_status=status,
                records=tuple(parts[-1]),
            )
        )

    def _may_segment(self, request: PresentRequest) -> bool:
        return Option.LEVEL_1_SEGMENTATION in self.options and request.max_segment_count != 1

    # Scan, sort, delete

    def _scan(self, request: ScanRequest) -> ScanResponse:
        start = request.term_list_and_start_point
        try:
            if request.attribute_set not in (None, BIB_1):
                raise Refused(121, request.attribute_set or "")
            if request.step_size:
                raise Refused(205, str(request.step_size))
            _check_attributes(start.attributes)
            term = start.term.octets.decode("utf-8", "replace") if isinstance(start.term, GeneralTerm) else ""
        except Refused as refused:
            return ScanResponse(
                scan_status=ScanStatus.FAILURE, number_of_entries_returned=0,
                entries=ListEntries(nonsurrogate_diagnostics=(refused.diagnostic,)),
            )  # fmt: skip
        titles = [title for title, *_ in BOOKS]
        place = sum(title.casefold() < term.casefold() for title in titles)
        wanted = request.preferred_position_in_response
        position = 1 if wanted is None else wanted
        first = max(0, place - position + 1)
        shown = titles[first : place - position + 1 + request.number_of_terms_requested]
        entries = tuple(TermInfo(term=GeneralTerm(one.encode()), global_occurrences=1) for one in shown)
        return ScanResponse(
            step_size=0,
            scan_status=ScanStatus.SUCCESS if len(shown) == request.number_of_terms_requested else ScanStatus.PARTIAL_5,
            number_of_entries_returned=len(shown),
            position_of_term=place - first + 1,
            entries=ListEntries(entries=entries) if entries else None,
        )

    def _sort(self, request: SortRequest) -> SortResponse:
        names = request.input_result_set_names
        missing = next((name for name in names if name not in self.sets), None)
        if missing is not None:
            diagnostic = Refused(30, missing).diagnostic
            return SortResponse(sort_status=SortStatus.FAILURE, result_set_status=3, diagnostics=(diagnostic,))
        found = sorted({number for name in names for number in self.sets[name]})
        descending = bool(request.sort_sequence) and request.sort_sequence[0].sort_relation == 1
        self.sets[request.sorted_result_set_name] = found[::-1] if descending else found
        return SortResponse(sort_status=SortStatus.SUCCESS)

    def _delete(self, request: DeleteResultSetRequest) -> DeleteResultSetResponse:
        if request.delete_function == 1:
            self.sets.clear()
            return DeleteResultSetResponse(delete_operation_status=DeleteStatus.SUCCESS)
        names = request.result_set_list or ()
        told = tuple(
            ListStatus(
                id=name,
                status=DeleteStatus.DID_NOT_EXIST if self.sets.pop(name, None) is None else DeleteStatus.SUCCESS,
            )
            for name in names
        )
        failed = any(one.status for one in told)
        return DeleteResultSetResponse(
            delete_operation_status=DeleteStatus.NOT_ALL_REQUESTED_DELETED if failed else DeleteStatus.SUCCESS,
            delete_list_statuses=told,
        )


def _check_attributes(attributes: Sequence[AttributeElement]) -> None:
    """Raises Refused for a Use attribute that is not offered, and for a set of attributes that is not."""
    for one in attributes:
        if one.attribute_set not in (None, BIB_1):
            raise Refused(121, one.attribute_set or "")
        if one.type == 1 and (not isinstance(one.value, int) or one.value not in _USES):
            raise Refused(114, str(one.value) if isinstance(one.value, int) else "")


def _made(numbers: Sequence[int], syntax: str | None, names: object) -> list[NamePlusRecord]:
    """Records in a syntax. Raises Refused."""
    if isinstance(names, str) and names.upper() not in ("F", "B"):
        raise Refused(25, names)
    if syntax in (None, USMARC):
        return [record_of(USMARC, marc21(number), "Played") for number in numbers]
    if syntax == SUTRS:
        return [structured_record(SUTRS, write_sutrs(lines(number)), "Played") for number in numbers]
    raise Refused(239, syntax or "")


def _without_reference(message: bytes) -> bytes:
    try:
        return encode(replace(decode(message), reference_id=None))
    except BerError:
        return message
