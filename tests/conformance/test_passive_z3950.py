"""Recordings of search clients and their targets are judged: each rule sees what it is for, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.exchanges.record import RecordMaker
from library_conformance.catalogue import catalogue
from library_conformance.model import Role
from library_conformance.passive import KEPT, judge, links_of
from library_conformance.passive_rules import Side, rules_of
from library_protocols.z3950 import (
    Close,
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
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    TermInfo,
    encode,
    mask,
    parse_pqf,
    record_of,
    surrogate,
)
from library_protocols.z3950.facts import Option
from library_protocols.z3950.facts.oids import BIB_1, USMARC
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, GeneralTerm
from tests.conformance.recordings import Talk, verdicts
from tests.gateway.adapters.z3950.conftest import (
    PASSWORD,
    READER,
    Listening,
    built_index,
    inline,
    listening,
    settings,
    shelf_records,
)

__all__ = ["built_index", "inline", "listening", "settings", "shelf_records"]

RESULTS = Path(__file__).parents[2] / "conformance" / "results"
ALL = frozenset((Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.NAMED_RESULT_SETS))
V3 = frozenset((0, 1, 2))
MARC = b"00026nam a2200025 a 4500\x1e\x1d"
QUERY = parse_pqf("@attr 1=4 ferry")
START = AttributesPlusTerm((AttributeElement(1, 4),), GeneralTerm(b"ferry"))

INIT = InitializeRequest(
    protocol_version=V3, options=ALL, preferred_message_size=4096, exceptional_record_size=4096,
    implementation_name="tests",
)  # fmt: skip
INITED = InitializeResponse(
    protocol_version=V3, options=ALL, preferred_message_size=4096, exceptional_record_size=4096, result=True
)
SEARCH = SearchRequest(
    small_set_upper_bound=0, large_set_lower_bound=1, medium_set_present_number=0, replace_indicator=True,
    result_set_name="default", database_names=("Default",), query=Query(1, QUERY),
)  # fmt: skip
FOUND = SearchResponse(result_count=5, number_of_records_returned=0, next_result_set_position=1, search_status=True)
CLOSE = Close(close_reason=0)
SCAN = ScanRequest(
    database_names=("Default",), attribute_set=BIB_1, term_list_and_start_point=START, number_of_terms_requested=2,
    preferred_position_in_response=1,
)  # fmt: skip
TERM = TermInfo(term=GeneralTerm(b"ferry"), global_occurrences=1)
SCANNED = ScanResponse(scan_status=0, number_of_entries_returned=2, entries=ListEntries(entries=(TERM, TERM)))
DELETE = DeleteResultSetRequest(delete_function=0, result_set_list=("default",))
DELETED = DeleteResultSetResponse(delete_operation_status=0, delete_list_statuses=(ListStatus(id="default", status=0),))


def present(start: int, number: int, name: str = "default", **more: Any) -> PresentRequest:
    return PresentRequest(
        result_set_id=name, result_set_start_point=start, number_of_records_requested=number,
        **{"preferred_record_syntax": USMARC, **more},
    )  # fmt: skip


def records(number: int, status: int = 0, said: int | None = None, octets: bytes = MARC) -> PresentResponse:
    return PresentResponse(
        number_of_records_returned=number if said is None else said, next_result_set_position=0, present_status=status,
        records=tuple(record_of(USMARC, octets) for _ in range(number)) or None,
    )  # fmt: skip


def refused(condition: int) -> PresentResponse:
    return replace(records(0, 5), non_surrogate_diagnostic=Diagnostic(condition=condition))


def unfound(condition: int) -> SearchResponse:
    return replace(FOUND, result_count=0, search_status=False, non_surrogate_diagnostic=Diagnostic(condition=condition))


def talk(*pdus: Pdu | tuple[str, Pdu]) -> Talk:
    """Requests and answers by turns; with a mark where it is another's turn."""
    said: Talk = []
    for one in pdus:
        mark, pdu = one if isinstance(one, tuple) else ("<" if said and said[-1][0] == ">" else ">", one)
        said.append((mark, encode(pdu)))
    return said


def after(*pdus: Pdu | tuple[str, Pdu]) -> Talk:
    """The same in an association that is open."""
    return talk(INIT, INITED, *pdus)


def found(*pdus: Pdu | tuple[str, Pdu]) -> Talk:
    """The same with five records found."""
    return after(SEARCH, FOUND, *pdus)


def with_reference(pdu: Any, reference: bytes) -> Any:
    return replace(pdu, reference_id=reference)


CALM = found(
    with_reference(present(1, 3), b"r"), with_reference(records(2, 2), b"r"), present(3, 2), records(2),
    replace(SEARCH, result_set_name="two"), unfound(114), SCAN, SCANNED, DELETE, DELETED, CLOSE, CLOSE,
)  # fmt: skip
"""A client that keeps everything."""
CURIOUS = found(
    present(1, 2), records(2), present(9, 1), refused(13), present(1, 1, "none"), refused(30), DELETE, DELETED,
    present(1, 1), refused(30), with_reference(SCAN, b"s"), with_reference(SCANNED, b"s"), CLOSE, CLOSE,
)  # fmt: skip
"""A client that asks for what is not there, and a target that keeps everything."""
OLD = replace(INITED, protocol_version=frozenset((0, 1)))

CLIENTS: dict[str, tuple[Talk, str]] = {
    "init-first": (talk(SEARCH, FOUND), "asked before an init"),
    "init.sizes": (
        talk(replace(INIT, exceptional_record_size=5), INITED),
        "sizes of nothing, or a record that is to be shorter than a message",
    ),
    "implementation": (talk(replace(INIT, implementation_name=None), INITED), "no name of the program"),
    "refused": (talk(INIT, replace(INITED, result=False), SEARCH), "asked on after a refusal"),
    "options": (talk(INIT, replace(INITED, options=ALL - {Option.SCAN}), SCAN), "used what was not agreed on: scan"),
    "version": (talk(INIT, OLD, SEARCH, FOUND, CLOSE), "spoke version 3 where 2 was agreed on"),
    "reference-id": (
        after((">", SEARCH), (">", SCAN), ("<", FOUND), ("<", SCANNED)),
        "several requests at once that nothing tells apart",
    ),
    "bounds": (after(replace(SEARCH, small_set_upper_bound=9)), "bounds that exclude each other"),
    "database": (after(replace(SEARCH, database_names=())), "a search in no database"),
    "attribute-set": (
        after(replace(SEARCH, query=Query(1, RpnQuery(USMARC, START)))), "attributes of what is no attribute set",
    ),
    "scan": (after(replace(SCAN, preferred_position_in_response=4)), "a list of nothing, or a place outside of it"),
    "position": (found(present(0, 1)), "a place before the first"),
    "range": (found(present(4, 3)), "records behind the last one"),
    "result-set": (found(present(1, 1, "another")), "a result set that is not there"),
    "syntax": (found(present(1, 1, preferred_record_syntax=None)), "records of whatever syntax"),
    "place": (found(present(1, 4), records(2, 2), present(5, 1)), "went on behind records that had not come"),
    "partial": (found(present(1, 4), records(2, 2), SEARCH), "left the rest of what it had asked for"),
    "close.answered": (found(("<", CLOSE), (">", SCAN)), "asked on after Close"),
    "close.last": (found((">", CLOSE), (">", SCAN)), "asked on behind its own Close"),
}  # fmt: skip

TARGETS: dict[str, tuple[Talk, str]] = {
    "frame.tags": (after(SEARCH, SCANNED), "a PDU that does not belong to the request"),
    "frame.reference-id": (
        after(with_reference(SEARCH, b"a"), with_reference(FOUND, b"b")), "another reference id, or none",
    ),
    "frame.reference-id.absent": (after(SEARCH, with_reference(FOUND, b"b")), "a reference id that nobody gave"),
    "session.before-init": (talk(SEARCH, FOUND), "served before an init"),
    "auth.refused-is-out": (talk(INIT, replace(INITED, result=False), SEARCH, FOUND), "served after a refusal"),
    "init.version.intersect": (
        talk(replace(INIT, protocol_version=frozenset((0, 1))), INITED), "a version that was not proposed",
    ),
    "init.options.intersect": (talk(INIT, replace(INITED, options=ALL | {13})), "options that were not proposed"),
    "init.sizes": (
        talk(INIT, replace(INITED, exceptional_record_size=0)), "sizes of nothing, or a record shorter than a message",
    ),
    "init.sizes.kept": (found(present(1, 5), records(5, octets=b"x" * 900)), "an answer longer than was agreed on"),
    "search.count": (after(SEARCH, replace(FOUND, search_status=False)), "no count, or a failure without a diagnostic"),
    "search.next-position": (
        after(SEARCH, replace(FOUND, next_result_set_position=0)), "the next record is not the first",
    ),
    "result-set.unnamed-only": (
        talk(INIT, replace(INITED, options=ALL - {14}), replace(SEARCH, result_set_name="two"), FOUND), "not refused",
    ),
    "present.records": (
        found(present(1, 2), records(2, said=1)), "another number of records than is said, or more than were asked for",
    ),
    "present.out-of-range": (found(present(6, 1), refused(30)), "refused with diagnostic 30"),
    "present.unknown-set": (found(present(1, 1, "none"), records(1)), "not refused"),
    "delete.gone": (found(DELETE, DELETED, present(1, 1), records(1)), "records of a set that was deleted"),
    "record.iso2709": (
        found(present(1, 1), records(1, octets=MARC + b"x")), "a record of another length than its leader says",
    ),
    "scan.number": (
        after(replace(SCAN, number_of_terms_requested=1), SCANNED),
        "another number of terms than is said, or more than were asked for",
    ),
}  # fmt: skip
NEEDS_AN_END = {"z3950.client.close", "z3950.close.answered"}


@pytest.mark.parametrize(
    ("said", "side", "most"), [(CALM, Side.CLIENT, 15), (CALM, Side.SERVER, 9), (CURIOUS, Side.SERVER, 14)]
)
def test_a_good_client_and_a_good_target_keep_everything_that_shows(said: Talk, side: Side, most: int) -> None:
    judged = verdicts("z3950", said, side=side)
    assert {name: one for name, one in judged.items() if one != KEPT} == {}
    assert len(judged) >= most


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_that_deviates_is_found_out(name: str) -> None:
    said, observation = CLIENTS[name]
    assert verdicts("z3950", said)[f"z3950.client.{name}"] == observation


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_that_deviates_is_found_out(name: str) -> None:
    said, observation = TARGETS[name]
    assert verdicts("z3950", said, side=Side.SERVER)[f"z3950.{name}"] == observation


def test_what_is_no_pdu_is_left_aside() -> None:
    for octets in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\xb4\x84", b"\xbf\x63\x00"):
        for side in Side:
            said = verdicts("z3950", [(">", octets), ("<", encode(CLOSE)), ("<", octets)], side=side)
            assert set(said.values()) <= {KEPT, "asked before an init"}


def test_a_place_behind_the_end_may_be_refused_by_a_diagnostic_instead_of_the_record() -> None:
    instead = replace(records(0), number_of_records_returned=1, records=(surrogate(13),))
    assert verdicts("z3950", found(present(6, 1), instead), side=Side.SERVER)["z3950.present.out-of-range"] == KEPT


def closing(note: str, *pdus: Pdu | tuple[str, Pdu], side: Side) -> dict[str, str]:
    """Verdicts on a talk that one side ended."""
    rows = [{"t": 0.0, "dir": "connect"}]
    rows += [
        {"t": 0.1, "dir": "send" if mark == ">" else "receive", "hex": octets.hex()} for mark, octets in found(*pdus)
    ]
    rows.append({"t": 0.2, "dir": "close", "note": note})
    made = judge(links_of(map(json.dumps, rows), "z3950"), "z3950", [side])
    return {one.rule.requirement: one.worst[1].observation if one.worst else KEPT for one in made if one.findings}


def test_who_went_away_without_close_is_found_out() -> None:
    assert closing("ours", side=Side.CLIENT)["z3950.client.close"] == "went away without Close"
    assert closing("ours", CLOSE, CLOSE, side=Side.CLIENT)["z3950.client.close"] == KEPT
    assert "z3950.client.close" not in closing("", side=Side.CLIENT)
    assert closing("ours", ("<", CLOSE), side=Side.CLIENT)["z3950.client.close.answered"] == "went away without Close"
    assert closing("", CLOSE, side=Side.SERVER)["z3950.close.answered"] == "no Close"
    assert closing("", CLOSE, CLOSE, side=Side.SERVER)["z3950.close.answered"] == KEPT


def test_every_rule_has_somebody_who_breaks_it() -> None:
    assert {one.requirement for one in rules_of("z3950", [Side.CLIENT])} - NEEDS_AN_END == {
        f"z3950.client.{name}" for name in CLIENTS
    }
    assert {one.requirement for one in rules_of("z3950", [Side.SERVER])} - NEEDS_AN_END == {
        f"z3950.{name}" for name in TARGETS
    }
    for one in rules_of("z3950"):
        role = catalogue()[one.requirement].role
        assert role is Role.BOTH or role.value == one.side.value, one.requirement


def test_what_is_covered_or_missing_is_not_judged() -> None:
    """The gateway's record: octets are masked, long answers have no records, some answers are not there at all."""

    def row(at: float, asked: Pdu, told: Pdu | None) -> dict[str, Any]:
        octets = {"in": encode(asked), "out": b"" if told is None else encode(told)}
        parts = {
            name: {"length": len(one), "text": (mask(one) or b"").decode("latin-1")} for name, one in octets.items()
        }
        if told is None:
            parts["out"] = {"length": 20}  # type: ignore[dict-item]
        return {"protocol": "z3950", "link": "z-1", "peer": "10.0.0.1:9", "started": at, "milliseconds": 1.0, **parts}

    rows = [
        row(0.0, replace(INIT, id_authentication="reader/secret"), INITED),
        row(1.0, SEARCH, None),
        row(2.0, present(1, 3), records(3)),
        row(3.0, SEARCH, FOUND),
        row(4.0, present(1, 5), replace(records(0), number_of_records_returned=5)),
        row(5.0, CLOSE, CLOSE),
    ]
    assert "secret" not in json.dumps(rows)
    links = links_of(map(json.dumps, rows), "z3950")
    for side in Side:
        wrong = {one.rule.requirement: one.worst[1].observation for one in judge(links, "z3950", [side]) if one.worst}
        assert wrong == {}


def test_what_a_run_has_recorded_of_a_target_is_judged_as_it_was_measured() -> None:
    """The transcripts of probes against yaz-ztest, which breaks two requirements and keeps all others that show."""
    found = {True: 0, False: 0}
    broken: set[str] = set()
    for file in sorted((RESULTS / "yaz-ztest" / "z3950" / "transcripts").glob("*.jsonl")):
        for one in judge(links_of(file.read_text().splitlines(), "z3950"), "z3950", [Side.SERVER]):
            for _, finding in one.findings:
                found[finding.kept] += 1
                if not finding.kept:
                    broken.add(one.rule.requirement)
    assert found[True] > 500
    assert broken == {"z3950.delete.gone", "z3950.result-set.unnamed-only"}


async def test_what_a_gateway_recorded_is_judged_from_both_sides(listening: Listening) -> None:
    good = await listening.connect(user=READER, password=PASSWORD)
    assert (await good.search(["all"], parse_pqf("@attr 1=4 wales"), records=2, syntax=USMARC)).result_count == 2
    await good.present(2, 1, syntax=USMARC)
    await good.search(["all"], parse_pqf("@attr 1=9999 wales"))
    await good.scan(["all"], START, attribute_set=BIB_1, terms=3)
    await good.close()
    careless = await listening.connect()
    await careless.search(["all"], parse_pqf("@attr 1=4 wales"))
    await careless.present(1, 1)
    await careless.present(50, 1, syntax=USMARC)
    await careless.close()
    maker = RecordMaker({"z3950": mask}, b"secret")
    rows = [json.dumps(maker.make(one)) for one in listening.recorded.exchanges]
    assert PASSWORD not in "".join(rows)
    links = links_of(rows, "z3950", whole=True)
    assert len(links) == 2
    said = {side: {one.rule.requirement: one for one in judge(links, "z3950", [side])} for side in Side}
    assert {name: one.worst[1].observation for name, one in said[Side.CLIENT].items() if one.worst} == {
        "z3950.client.range": "records behind the last one",
        "z3950.client.syntax": "records of whatever syntax",
    }
    assert {name: one.worst[1].observation for name, one in said[Side.SERVER].items() if one.worst} == {}
    assert sum(bool(one.findings) for one in said[Side.SERVER].values()) >= 11
