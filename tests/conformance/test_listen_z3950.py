"""Search clients at a played target: ours copes with its liberties, YAZ's show what they do, scripted ones are found
out."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.clients.z3950 import Z3950Client, Z3950LinkFailed, Z3950Refused
from library_conformance import octets
from library_conformance.listen import Listener
from library_conformance.passive import KEPT
from library_protocols.z3950 import (
    Close,
    InitializeRequest,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    SearchRequest,
    SearchResponse,
    Segment,
    SortElement,
    SortKeySpec,
    decode,
    encode,
    parse_pqf,
)
from library_protocols.z3950.control import ResourceReportRequest
from library_protocols.z3950.facts import Option
from library_protocols.z3950.facts.oids import BIB_1, SUTRS, USMARC, XML
from library_protocols.z3950.rpn import AttributesPlusTerm
from tests.presence import missing

FERRY = parse_pqf("@attr 1=4 ferry")
OPTIONS = frozenset((Option.SEARCH, Option.PRESENT, Option.NAMED_RESULT_SETS, Option.LEVEL_1_SEGMENTATION))


@pytest.fixture
def target() -> Iterator[Listener]:
    with Listener("z3950") as listener:
        yield listener


def ended(listener: Listener) -> None:
    """Returns when the listener has seen that all its clients are gone."""
    until = time.monotonic() + 5
    while any(link.ended is None for link in listener.links) and time.monotonic() < until:
        time.sleep(0.01)


def verdicts(listener: Listener) -> dict[str, str]:
    ended(listener)
    return {
        one.rule.requirement.removeprefix("z3950.client."): one.worst[1].observation if one.worst else KEPT
        for one in listener.judgements()
        if one.findings
    }


def wrong(listener: Listener) -> dict[str, str]:
    return {name: one for name, one in verdicts(listener).items() if one != KEPT}


async def test_the_gateways_own_client_copes_with_everything(target: Listener) -> None:
    client = Z3950Client("127.0.0.1", target.port)
    await client.connect()
    found = await client.search(["Default"], FERRY, records=5, syntax=USMARC)
    assert (found.result_count, found.records) == (12, None)
    fewer = await client.present(1, 4, syntax=USMARC)
    rest = await client.present(3, 10, syntax=USMARC)
    assert (len(fewer.records), fewer.complete, len(rest.records)) == (2, False, 10)
    assert rest.records[1].record.surrogate_diagnostic is not None
    with pytest.raises(Z3950LinkFailed):
        await client.search(["Default"], FERRY)
    await client.connect()
    assert client.version == 2
    found = await client.search(["Default"], FERRY, records=5, syntax=USMARC)
    assert len(found.records or ()) == 5
    await client.close()
    for refuses in (False, True, False):
        if refuses:
            with pytest.raises(Z3950Refused):
                await client.connect()
        else:
            await client.connect()
            await client.search(["Default"], FERRY)
            await client.close()
    assert wrong(target) == {}
    shown = {"close.answered", "close"} | {
        "sizes.smaller",
        "pieces",
        "surrogate",
        "unknown-elements",
        "place",
        "partial",
        "refused",
        "options",
    }
    assert shown <= verdicts(target).keys()


async def test_what_it_does_not_have_is_refused_as_it_should_be(target: Listener) -> None:
    client = Z3950Client("127.0.0.1", target.port)
    await client.connect()

    async def condition(query: str | None = None, **asked: object) -> int:
        answer = await client.search(["Default"], parse_pqf(query) if query else "cql", **asked)  # type: ignore[arg-type]
        assert answer.non_surrogate_diagnostic is not None
        return answer.non_surrogate_diagnostic.condition

    assert await condition("@attr 1=9999 x") == 114
    assert await condition("@attrset gils @attr 1=4 x") == 121
    assert await condition("@and @set nothing @attr 1=4 x") == 30
    assert await condition() == 107
    await client.search(["Default"], FERRY)
    for start, number, syntax, element_set, expected in (
        (13, 1, USMARC, "F", 13), (1, 1, XML, "F", 239), (1, 1, SUTRS, "Q", 25),
    ):  # fmt: skip
        page = await client.present(start, number, syntax=syntax, element_set=element_set)
        assert [one.condition for one in page.diagnostics] == [expected]
    assert (await client.present(1, 1, result_set="none")).diagnostics[0].condition == 30
    await client.close()


async def test_indexes_sorted_sets_and_deletions(target: Listener) -> None:
    client = Z3950Client("127.0.0.1", target.port)
    await client.connect()
    start = parse_pqf("@attr 1=4 five").root
    assert isinstance(start, AttributesPlusTerm)
    terms = await client.scan(["Default"], start, attribute_set=BIB_1, terms=3, position=2)
    assert terms.entries is not None
    said = [one.term.octets.decode() for one in terms.entries.entries or ()]  # type: ignore[union-attr]
    assert said == ['Every harbour has a "last" boat', "Five bridges over the Llwyd", "Gwynt y dwyrain"]
    assert terms.position_of_term == 2
    await client.search(["Default"], FERRY, result_set="one")
    key = SortKeySpec(sort_element=SortElement(generic="title"), sort_relation=1, case_sensitivity=1)
    assert (await client.sort([key], result_set="one")).sort_status == 0
    first = (await client.present(1, 1, result_set="one", syntax=SUTRS)).records[0]
    assert first.record.retrieval_record is not None
    assert b"Leuchtfeuer" in (first.record.retrieval_record.single or b"")
    assert (await client.sort([key], result_set="other")).sort_status == 2
    assert (await client.delete("one", "two")).delete_operation_status == 9
    assert (await client.present(1, 1, result_set="one", syntax=SUTRS)).diagnostics[0].condition == 30
    assert (await client.delete()).delete_operation_status == 0
    await client.close()
    assert wrong(target) == {"result-set": "a result set that is not there"}


# Scripted clients


class Origin:
    """Says PDUs and reads PDUs, whatever they are."""

    def __init__(self, listener: Listener) -> None:
        self._socket = socket.create_connection(("127.0.0.1", listener.port))
        self._socket.settimeout(5)
        self._waiting = b""

    def say(self, pdu: Pdu) -> None:
        self._socket.sendall(encode(pdu))

    def hear(self) -> Pdu:
        while not (end := octets.whole(self._waiting)):
            piece = self._socket.recv(65_536)
            if not piece:
                raise ConnectionResetError
            self._waiting += piece
        message, self._waiting = self._waiting[:end], self._waiting[end:]
        return decode(message)

    def ask(self, pdu: Pdu) -> Pdu:
        self.say(pdu)
        return self.hear()

    def close(self) -> None:
        self._socket.close()


INIT = InitializeRequest(
    protocol_version=frozenset((0, 1, 2)), options=OPTIONS, preferred_message_size=1 << 20,
    exceptional_record_size=1 << 20, implementation_name="scripted",
)  # fmt: skip
SEARCH = SearchRequest(
    small_set_upper_bound=0, large_set_lower_bound=1, medium_set_present_number=0, replace_indicator=True,
    result_set_name="default", database_names=("Default",), query=Query(1, FERRY),
)  # fmt: skip


def present(start: int, number: int) -> PresentRequest:
    return PresentRequest(
        result_set_id="default", result_set_start_point=start, number_of_records_requested=number,
        preferred_record_syntax=USMARC,
    )  # fmt: skip


def test_a_client_that_believes_it_got_everything_is_found_out(target: Listener) -> None:
    with closing(Origin(target)) as origin:
        origin.ask(replace(INIT, options=OPTIONS - {Option.LEVEL_1_SEGMENTATION}))
        origin.ask(SEARCH)
        assert isinstance(answer := origin.ask(present(1, 6)), PresentResponse)
        assert answer.number_of_records_returned == 3
        origin.ask(present(7, 6))
        origin.ask(present(7, 6))
        assert isinstance(origin.ask(Close(close_reason=0)), Close)
    assert wrong(target) == {
        "place": "went on behind records that had not come",
        "partial": "left the rest of what it had asked for",
        "surrogate": "said it again",
    }


def test_a_client_that_breaks_off_is_found_out(target: Listener) -> None:
    for _ in range(3):
        with closing(Origin(target)) as origin:
            origin.ask(INIT)
    assert wrong(target) == {
        "sizes.smaller": "broke off",
        "unknown-elements": "broke off",
        "close": "went away without Close",
    }


def test_a_client_that_takes_no_refusal_and_uses_what_is_not_there_is_found_out(target: Listener) -> None:
    with closing(Origin(target)) as origin:
        origin.ask(INIT)
        assert isinstance(close := origin.ask(ResourceReportRequest()), Close)
        assert close.close_reason == 6
        origin.say(SEARCH)
        with pytest.raises(ConnectionResetError):
            origin.hear()
    for number in range(3):
        with closing(Origin(target)) as origin:
            origin.ask(INIT)
            if number == 2:
                origin.say(SEARCH)
                with pytest.raises(ConnectionResetError):
                    origin.hear()
            else:
                origin.ask(Close(close_reason=0))
    said = wrong(target)
    assert said["options"] == "used what was not agreed on: resource report"
    assert said["close.answered"] == "asked on after Close"
    assert said["refused"] == "asked on after a refusal"
    assert said["version"] == "spoke version 3 where 2 was agreed on"


def test_segments_come_where_they_are_agreed_on(target: Listener) -> None:
    with closing(Origin(target)) as origin:
        origin.ask(INIT)
        assert isinstance(origin.ask(SEARCH), SearchResponse)
        for start in (1, 2):
            origin.ask(present(start, 2))
        assert isinstance(segment := origin.ask(present(3, 2)), Segment)
        assert isinstance(last := origin.hear(), PresentResponse)
        assert (segment.number_of_records_returned, last.number_of_records_returned) == (1, 2)
        origin.ask(present(5, 1))
        origin.ask(Close(close_reason=0))
    assert verdicts(target)["segments"] == KEPT


# YAZ's clients


def talk(program: str, *lines: str) -> str:
    path = shutil.which(program)
    if path is None:
        missing(f"{program} is not installed")
    said = "".join(f"{line}\n" for line in (*lines, "quit"))
    return subprocess.run([path], input=said, capture_output=True, text=True, timeout=20, check=False).stdout


def test_zoom_asks_for_the_rest_and_leaves_a_close_unanswered(target: Listener) -> None:
    said = talk(
        "zoomsh", "set preferredRecordSyntax usmarc", f"connect 127.0.0.1:{target.port}/x", "search @attr 1=4 ferry",
        "show 0 5", "scan @attr 1=4 f", "search @attr 1=4 ferry",
    )  # fmt: skip
    assert ": 12 hits" in said
    assert "(Bib-1:14)" in said
    assert 'Every harbour has a "last" boat' in said
    judged = verdicts(target)
    assert {judged[name] for name in ("place", "partial", "surrogate", "pieces", "sizes.smaller", "scan")} == {KEPT}
    assert judged["close.answered"] == "went away without Close"


def test_yaz_client_says_close_when_it_is_told_to(target: Listener) -> None:
    said = talk("yaz-client", f"open 127.0.0.1:{target.port}/x", "find @attr 1=4 ferry", "show 1+1", "close")
    assert "Number of hits: 12" in said
    assert "Target has closed the association" in said
    assert wrong(target) == {}
    assert {"close", "close.last", "syntax", "bounds", "database"} <= verdicts(target).keys()
