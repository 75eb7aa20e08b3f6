"""Z39.50 in recordings: what clients owe. What servers owe is in `z3950_server`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from library_conformance.passive_rules import Findings, Link, Side, broken, found, kept, rule, z3950_server
from library_conformance.passive_rules.z3950_talk import Session, Turn, association, returned, turns, wanted
from library_protocols.z3950 import (
    Close,
    DeleteResultSetRequest,
    InitializeRequest,
    Pdu,
    PresentRequest,
    RpnQuery,
    ScanRequest,
    SearchRequest,
    SortRequest,
)
from library_protocols.z3950.control import ExtendedServicesRequest, ResourceReportRequest
from library_protocols.z3950.facts import Option
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, ComplexValue, Operation

__all__ = ["z3950_server"]

_SETS = "1.2.840.10003.3."
"""What the object identifiers of attribute sets begin with."""
Kind = TypeVar("Kind", bound=Pdu)


def of(link: Link, kind: type[Kind]) -> Iterator[tuple[Turn, Kind]]:
    """The requests of a kind."""
    for turn in turns(link):
        if isinstance(turn.pdu, kind):
            yield turn, turn.pdu


def _followed(link: Link) -> Iterator[tuple[Turn, Turn | None]]:
    """The requests, each with the one that follows."""
    yield from zip(turns(link), [*turns(link)[1:], None], strict=False)


# The association


@rule("z3950.client.init-first")
def begins_with_init(link: Link) -> Findings:
    if not link.whole:
        return
    for turn in turns(link)[:1]:
        yield found(isinstance(turn.pdu, InitializeRequest), turn.said, "asked before an init")
    for turn in turns(link)[1:]:
        if turn.session is None and turn.waiting:
            yield broken(turn.said, "asked before the init was answered")


@rule("z3950.client.init.sizes")
def proposes_sizes(link: Link) -> Findings:
    for turn, init in of(link, InitializeRequest):
        holds = 0 < init.preferred_message_size <= init.exceptional_record_size
        yield found(holds, turn.said, "sizes of nothing, or a record that is to be shorter than a message")


@rule("z3950.client.implementation")
def says_what_it_is(link: Link) -> Findings:
    for turn, init in of(link, InitializeRequest):
        yield found(bool(init.implementation_name), turn.said, "no name of the program")


@rule("z3950.client.refused")
def takes_no_for_no(link: Link) -> Findings:
    for before, turn in _followed(link):
        if isinstance(before.pdu, InitializeRequest) and before.answer is not None:
            asks = turn is not None and turn.refused and not isinstance(turn.pdu, InitializeRequest | Close)
            if not getattr(before.answer, "result", True):
                yield broken(turn.said, "asked on after a refusal") if asks and turn else kept(before.said)


def _needs(turn: Turn) -> Iterator[Option]:
    """The options that a request makes use of."""
    request = turn.pdu
    of_kind = {
        SearchRequest: Option.SEARCH,
        PresentRequest: Option.PRESENT,
        DeleteResultSetRequest: Option.DELETE_SET,
        ScanRequest: Option.SCAN,
        SortRequest: Option.SORT,
        ExtendedServicesRequest: Option.EXTENDED_SERVICES,
        ResourceReportRequest: Option.RESOURCE_REPORT,
    }
    if type(request) in of_kind:
        yield of_kind[type(request)]
    if isinstance(request, SearchRequest):
        if request.result_set_name.lower() != "default":
            yield Option.NAMED_RESULT_SETS
        if request.query.kind == 104:
            yield Option.QUERY_TYPE_104
    if isinstance(request, PresentRequest) and (request.max_segment_count or 0) > 1:
        yield Option.LEVEL_1_SEGMENTATION
    if turn.overlaps:
        yield Option.CONCURRENT_OPERATIONS


@rule("z3950.client.options")
def uses_what_was_agreed_on(link: Link) -> Findings:
    for turn in turns(link):
        if turn.session is not None:
            missing = [one for one in _needs(turn) if one not in turn.session.options]
            words = ", ".join(one.name.lower().replace("_", " ") for one in missing)
            yield found(not missing, turn.said, f"used what was not agreed on: {words}")


@rule("z3950.client.version")
def speaks_the_version(link: Link) -> Findings:
    for turn in turns(link):
        if turn.session is not None and turn.session.version < 3:
            yield found(not _is_new(turn.pdu), turn.said, "spoke version 3 where 2 was agreed on")


def _is_new(request: Pdu) -> bool:
    """Whether a request is or has what version 2 does not."""
    if isinstance(request, PresentRequest):
        return request.complex is not None or bool(request.additional_ranges)
    if isinstance(request, SearchRequest):
        value = request.query.value
        return request.query.kind in (101, 104) or (isinstance(value, RpnQuery) and _new_attributes(value))
    return isinstance(request, Close)


def _new_attributes(query: RpnQuery) -> bool:
    return any(one.attribute_set is not None or isinstance(one.value, ComplexValue) for one in _attributes(query.root))


def _attributes(node: object) -> Iterator[AttributeElement]:
    if isinstance(node, Operation):
        yield from _attributes(node.left)
        yield from _attributes(node.right)
    elif isinstance(node, AttributesPlusTerm):
        yield from node.attributes


@rule("z3950.client.reference-id")
def tells_requests_apart(link: Link) -> Findings:
    for turn in turns(link):
        if others := turn.overlaps:
            own = turn.pdu.reference_id
            apart = own is not None and all(one.pdu.reference_id not in (None, own) for one in others)
            yield found(apart, turn.said, "several requests at once that nothing tells apart")


# Searching


@rule("z3950.client.bounds")
def bounds_of_sets(link: Link) -> Findings:
    for turn, search in of(link, SearchRequest):
        holds = 0 <= search.small_set_upper_bound < search.large_set_lower_bound
        yield found(holds and search.medium_set_present_number >= 0, turn.said, "bounds that exclude each other")


@rule("z3950.client.database")
def names_databases(link: Link) -> Findings:
    for turn, search in of(link, SearchRequest):
        yield found(bool(search.database_names), turn.said, "a search in no database")


@rule("z3950.client.attribute-set")
def names_attribute_sets(link: Link) -> Findings:
    for turn, search in of(link, SearchRequest):
        if isinstance(search.query.value, RpnQuery):
            own = [one.attribute_set for one in _attributes(search.query.value.root) if one.attribute_set]
            names = [search.query.value.attribute_set, *own]
            yield found(
                all(one.startswith(_SETS) for one in names), turn.said, "attributes of what is no attribute set"
            )


@rule("z3950.client.scan")
def scans_for_terms(link: Link) -> Findings:
    for turn, scan in of(link, ScanRequest):
        number, place = scan.number_of_terms_requested, scan.preferred_position_in_response
        holds = number >= 1 and (place is None or 0 <= place <= number + 1)
        yield found(holds and bool(scan.database_names), turn.said, "a list of nothing, or a place outside of it")


# Records


def _known(turn: Turn) -> Session | None:
    """What was agreed on, where the result sets of the association are known."""
    return None if turn.refused else turn.session


@rule("z3950.client.position")
def counts_from_one(link: Link) -> Findings:
    for turn, present in of(link, PresentRequest):
        starts = [present.result_set_start_point, *(one.starting_position for one in present.additional_ranges or ())]
        yield found(min(starts) >= 1, turn.said, "a place before the first")


@rule("z3950.client.range")
def stays_within(link: Link) -> Findings:
    for turn, present in of(link, PresentRequest):
        count = turn.sets.get(present.result_set_id)
        if _known(turn) and count is not None:
            last = present.result_set_start_point + present.number_of_records_requested - 1
            yield found(last <= count, turn.said, "records behind the last one")


@rule("z3950.client.result-set")
def names_sets_that_are(link: Link) -> Findings:
    for turn in turns(link):
        names: tuple[str, ...] = ()
        if isinstance(turn.pdu, PresentRequest):
            names = (turn.pdu.result_set_id,)
        elif isinstance(turn.pdu, SortRequest):
            names = turn.pdu.input_result_set_names
        waits = any(isinstance(one.pdu, SearchRequest | SortRequest) for one in turn.waiting)
        if names and _known(turn) and not waits:
            yield found(all(name in turn.sets for name in names), turn.said, "a result set that is not there")


@rule("z3950.client.syntax")
def says_the_syntax(link: Link) -> Findings:
    for turn, present in of(link, PresentRequest):
        named = present.preferred_record_syntax or (present.complex and present.complex.record_syntax)
        yield found(bool(named), turn.said, "records of whatever syntax")


def _shorter(link: Link) -> Iterator[tuple[Turn, Turn | None, int, int]]:
    """Answers with fewer records than were asked for and are there: the request, the one that follows, the first place
    that did not come and the last that was asked for."""
    for turn, after in _followed(link):
        part, came = wanted(turn), returned(turn)
        if part is not None and came is not None and came < part[2]:
            yield turn, after, part[1] + came, part[1] + part[2] - 1


def _continues(turn: Turn, after: Turn | None) -> PresentRequest | None:
    """The next request, where it is for records of the same set."""
    part = wanted(turn)
    request = after.pdu if after is not None else None
    return request if part and isinstance(request, PresentRequest) and request.result_set_id == part[0] else None


@rule("z3950.client.place")
def goes_on_where_it_is(link: Link) -> Findings:
    for turn, after, missing, _ in _shorter(link):
        request = _continues(turn, after)
        if request is not None and after is not None and request.result_set_start_point >= missing:
            holds = request.result_set_start_point == missing
            yield found(holds, after.said, "went on behind records that had not come")


@rule("z3950.client.partial")
def asks_for_the_rest(link: Link) -> Findings:
    for turn, after, missing, last in _shorter(link):
        request = _continues(turn, after)
        asks = request is not None and request.result_set_start_point <= last
        if isinstance(turn.pdu, PresentRequest) and (after is not None or link.ended is Side.CLIENT):
            asks = asks and request is not None and request.result_set_start_point <= missing
            yield found(asks, turn.said, "left the rest of what it had asked for")


# The end


@rule("z3950.client.close")
def says_close(link: Link) -> Findings:
    talk = association(link)
    said = next((turn for turn in talk.turns if isinstance(turn.pdu, Close)), None)
    if said is not None:
        yield kept(said.said)
    elif talk.version == 3 and link.ended is Side.CLIENT and not talk.closes:
        yield broken(talk.turns[-1].said, "went away without Close")


@rule("z3950.client.close.answered")
def answers_close(link: Link) -> Findings:
    talk = association(link)
    for said, number in talk.closes:
        after = talk.turns[number : number + 1]
        if after:
            yield found(isinstance(after[0].pdu, Close), after[0].said, "asked on after Close")
        elif link.ended is Side.CLIENT:
            yield broken(said, "went away without Close")


@rule("z3950.client.close.last")
def ends_with_close(link: Link) -> Findings:
    for turn in turns(link):
        if isinstance(turn.pdu, Close) and turn.closed is None:
            yield kept(turn.said)
        elif turn.closed is Side.CLIENT:
            yield broken(turn.said, "asked on behind its own Close")
