"""Conversations with the door over loopback: what clients ask for, and what they are told when it cannot be had."""

from __future__ import annotations

import asyncio

import pymarc
import pytest

from gateway.clients.z3950 import Z3950Client, Z3950Refused, complaints
from library_protocols.z3950 import (
    CompSpec,
    DeleteResultSetResponse,
    ElementSpec,
    InitializeRequest,
    MissingValueAction,
    PresentRequest,
    PresentResponse,
    Range,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    SortAttributes,
    SortElement,
    SortKeySpec,
    SortResponse,
    Specification,
    decode,
    encode,
    mask,
    parse_pqf,
)
from library_protocols.z3950.apdu import Query
from library_protocols.z3950.facts import Option
from library_protocols.z3950.facts.oids import BIB_1, OPAC, SUTRS, UNIMARC, USMARC, XML
from library_protocols.z3950.records import HoldingsAndCirc, read_opac, read_sutrs
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, GeneralTerm
from tests.gateway.adapters.z3950.asking import EVERYTHING, WALES, condition, octets, refused, search
from tests.gateway.adapters.z3950.conftest import PASSWORD, READER, TITLES, Listening

GRS_1 = "1.2.840.10003.5.105"


async def test_a_search_and_its_records(listening: Listening) -> None:
    client = await listening.connect()
    assert client.version == 3
    assert client.charset == "utf-8"
    assert client.options >= {Option.SEARCH, Option.PRESENT, Option.SCAN, Option.SORT, Option.NAMED_RESULT_SETS}
    response = await client.search(("Aber",), WALES)
    assert (response.result_count, response.search_status, response.records) == (2, True, None)
    page = await client.present(1, 2, syntax=USMARC)
    assert page.complete
    assert [one.name for one in page.records] == ["Aber", "Aber"]
    titles = {pymarc.Record(data=octets(one)).title for one in page.records}
    assert titles == {"A history of Wales", "Wales and the sea"}


async def test_who_reads_records_gets_the_same_whether_or_not_they_were_looked_for_before(listening: Listening) -> None:
    client = await listening.connect()
    pages: list[list[bytes]] = []
    for _ in range(3):
        await client.search(("aber",), WALES)
        pages.append([octets(one) for one in (await client.present(1, 2, syntax=USMARC)).records])
    assert listening.shelf.unread == [True, False, False]
    assert len(pages[0]) == 2
    assert pages[0] == pages[1] == pages[2]


async def test_records_that_came_as_we_write_them_are_sent_as_they_came(listening: Listening) -> None:
    as_it_came = b"00000 only octets, which nobody reads"
    listening.shelf.exactly = {1: as_it_came, 6: as_it_came}
    client = await listening.connect()
    await client.search(("all",), EVERYTHING)
    page = await client.present(1, 6, syntax=USMARC)
    *marc, other = page.records
    assert octets(marc[0]) == as_it_came
    assert condition(other) == (238, USMARC)
    assert [pymarc.Record(data=octets(one)).title for one in marc[1:]] == [title for title, *_ in TITLES[1:]]
    for syntax in (XML, SUTRS, OPAC):
        again = (await client.present(1, 1, syntax=syntax)).records[0].record.retrieval_record
        assert again is not None
        assert as_it_came not in (again.octets or again.single or b"")
    client = await listening.connect(charset="marc-8")
    await client.search(("all",), EVERYTHING)
    in_marc8 = (await client.present(1, 1, syntax=USMARC)).records[0]
    assert octets(in_marc8) != as_it_came


async def test_records_in_every_syntax(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), parse_pqf("@attr 1=4 dŵr"))
    (marc,) = (await client.present(1, 1)).records
    assert "Dŵr" in str(pymarc.Record(data=octets(marc)))
    (xml,) = (await client.present(1, 1, syntax=XML)).records
    assert b"<record" in octets(xml)
    assert "Dŵr".encode() in octets(xml)
    (brief,) = (await client.present(1, 1, syntax=XML, element_set="B")).records
    assert b"title" in octets(brief)
    (mods,) = (await client.present(1, 1, syntax=XML, element_set="mods")).records
    assert b"<mods" in octets(mods)
    (text,) = (await client.present(1, 1, syntax=SUTRS)).records
    assert text.record.retrieval_record is not None
    assert "Title: Dŵr a thân" in read_sutrs(text.record.retrieval_record)
    (unimarc,) = (await client.present(1, 1, syntax=UNIMARC)).records
    assert condition(unimarc) == (238, UNIMARC)
    await client.search(("all",), parse_pqf("@attr 1=4 galles"))
    (unimarc,) = (await client.present(1, 1, syntax=UNIMARC)).records
    assert b"Galles" in octets(unimarc)
    assert condition((await client.present(1, 1, syntax=USMARC)).records[0]) == (238, USMARC)
    (exchanged,) = (await client.present(1, 1, syntax=XML)).records
    assert b'format="UNIMARC"' in octets(exchanged)
    assert condition((await client.present(1, 1, syntax=XML, element_set="marcxml")).records[0]) == (238, "marcxml")


async def test_holdings_are_asked_for_in_one_batch(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("aber",), WALES)
    page = await client.present(1, 2, syntax=OPAC)
    assert len(listening.items.asked) == 1
    assert len(listening.items.asked[0]) == 2
    for one in page.records:
        assert one.record.retrieval_record is not None
        record = read_opac(one.record.retrieval_record)
        assert record.bibliographic_record is not None
        assert record.bibliographic_record.direct_reference == USMARC
        assert record.holdings_data is not None
        (holding,) = record.holdings_data
        assert isinstance(holding, HoldingsAndCirc)
        assert holding.call_number == "DA 740"
        assert holding.circulation_data is not None
        assert holding.circulation_data[0].available_now
    await client.present(1, 1, syntax=OPAC, element_set="B")
    assert len(listening.items.asked) == 1


async def test_records_that_come_with_the_answer(listening: Listening) -> None:
    client = await listening.connect()
    small = search(WALES, small_set_upper_bound=5, large_set_lower_bound=6, small_set_element_set_names="F")
    response = await client.send(small)
    assert isinstance(response, SearchResponse)
    assert (response.number_of_records_returned, response.present_status) == (2, 0)
    assert len(response.records or ()) == 2
    medium = search(WALES, small_set_upper_bound=0, large_set_lower_bound=10, medium_set_present_number=1)
    response = await client.send(medium)
    assert isinstance(response, SearchResponse)
    assert (response.number_of_records_returned, response.next_result_set_position) == (1, 2)
    large = search(WALES, small_set_upper_bound=0, large_set_lower_bound=2, medium_set_present_number=1)
    response = await client.send(large)
    assert isinstance(response, SearchResponse)
    assert response.number_of_records_returned == 0
    spoilt = search(WALES, small_set_upper_bound=5, large_set_lower_bound=6, preferred_record_syntax=GRS_1)
    response = await client.send(spoilt)
    assert isinstance(response, SearchResponse)
    assert response.search_status
    assert response.result_count == 2
    assert response.present_status == 5
    assert [(one.condition, one.addinfo) for one in complaints(response)] == [(239, GRS_1)]


@pytest.mark.parametrize(
    ("pqf", "expected"),
    [
        ("@attr 1=9999 wales", (114, "9999")),
        ("@attr 1=4 @attr 2=100 wales", (117, "100")),
        ("@attr 1=4 @attr 4=103 wales", (118, "103")),
        ("@attr 1=4 @attr 5=102 wales", (120, "102")),
        ("@attr 1=4 @attr 7=1 wales", (113, "7=1")),
        ("@attr gils 1=4 wales", (121, "1.2.840.10003.3.5")),
        ("@set nothing", (30, "nothing")),
        ("@prox 0 1 0 2 k 3 @attr 1=4 a @attr 1=4 b", (132, "3")),
        ("@attr 1=4 @term oid 1.2.3", (229, "Oid")),
    ],
)
async def test_the_culprit_is_named(listening: Listening, pqf: str, expected: tuple[int, str]) -> None:
    client = await listening.connect()
    assert await refused(client, search(parse_pqf(pqf))) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (search(WALES, ("nowhere",)), (235, "nowhere")),
        (search(WALES, ("cardiff",)), (236, "cardiff")),
        (search(WALES, ("aber", "bangor")), (23, "aber bangor")),
        (search(WALES, ()), (108, "no database")),
        (search(Query(2, b"x")), (107, "2")),
        (search(WALES, result_set_name="x" * 300), (128, "x" * 64)),
    ],
)
async def test_searches_that_cannot_be(
    listening: Listening, request_: SearchRequest, expected: tuple[int, str]
) -> None:
    client = await listening.connect()
    assert await refused(client, request_) == expected


async def test_the_same_database_twice_is_one(listening: Listening) -> None:
    client = await listening.connect()
    assert (await client.search(("aber", "Aber"), WALES)).result_count == 2


async def test_queries_in_cql(listening: Listening) -> None:
    client = await listening.connect()
    assert (await client.search(("all",), 'dc.title = "wales"')).result_count == 2
    response = await client.search(("all",), "dc.title = (")
    assert complaints(response)[0].condition == 108
    response = await client.search(("all",), "nothing.title = x")
    assert complaints(response)[0].condition == 121
    sorted_ = await client.search(("all",), "dc.title = wales sortby dc.date/sort.descending")
    assert sorted_.result_count == 2
    (first, _) = (await client.present(1, 2)).records
    assert b"2019" in octets(first)


async def test_a_name_opens_what_is_not_open_to_all(listening: Listening) -> None:
    client = await listening.connect(user=READER, password=PASSWORD)
    assert (await client.search(("cardiff",), WALES)).result_count == 1
    assert (await client.search(("all",), WALES)).result_count == 2
    with pytest.raises(Z3950Refused) as wrong:
        await listening.connect(user=READER, password="guess")
    assert [(one.condition, one.addinfo) for one in wrong.value.diagnostics] == [(1011, READER)]


async def test_the_password_is_not_kept(listening: Listening) -> None:
    await listening.connect(user=READER, password=PASSWORD)
    (init,) = [one for one in listening.recorded.exchanges if one.bytes_in[:1] == b"\xb4"]
    assert PASSWORD.encode() in init.bytes_in
    masked = mask(init.bytes_in)
    assert masked is not None
    assert PASSWORD.encode() not in masked
    assert init.terminal == READER
    assert init.request is not None
    assert init.request.operation == "z3950.init"  # type: ignore[attr-defined]


async def test_result_sets_by_name(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES, result_set="a")
    await client.search(("all",), parse_pqf("@attr 1=4 sea"), result_set="b")
    both = await client.search(("all",), parse_pqf("@and @set a @set b"), result_set="c")
    assert both.result_count == 1
    assert await refused(client, search(WALES, ("all",), replace_indicator=False, result_set_name="a")) == (21, "a")
    assert (await client.present(1, 1, result_set="a")).records
    assert await refused(client, search(parse_pqf("@set a"), ("aber",))) == (18, "the set is of all")
    deleted = await client.delete("a", "x")
    assert isinstance(deleted, DeleteResultSetResponse)
    assert deleted.delete_operation_status == 9
    assert [(one.id, one.status) for one in deleted.delete_list_statuses or ()] == [("a", 0), ("x", 1)]
    assert [one.condition for one in (await client.present(1, 1, result_set="a")).diagnostics] == [30]
    assert (await client.delete()).delete_operation_status == 0
    assert [one.condition for one in (await client.present(1, 1, result_set="b")).diagnostics] == [30]


async def test_the_oldest_result_set_goes_where_there_are_too_many(listening: Listening) -> None:
    listening.settle(result_sets=2)
    client = await listening.connect()
    for name in "abc":
        await client.search(("all",), WALES, result_set=name)
    assert [one.condition for one in (await client.present(1, 1, result_set="a")).diagnostics] == [27]
    assert (await client.present(1, 1, result_set="c")).records


async def test_a_failed_search_leaves_no_result_set(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    await client.search(("all",), parse_pqf("@attr 1=9999 x"))
    assert [one.condition for one in (await client.present(1, 1)).diagnostics] == [30]


@pytest.mark.parametrize(("first", "number"), [(0, 1), (1, 3), (3, 1), (1, -1), (2**31, 1)])
async def test_positions_that_are_not_there(listening: Listening, first: int, number: int) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    (diagnostic,) = (await client.present(first, number)).diagnostics
    assert diagnostic.condition == 13


async def test_ranges_and_compositions(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), EVERYTHING)
    response = await client.send(
        PresentRequest(
            result_set_id="default",
            result_set_start_point=1,
            number_of_records_requested=1,
            additional_ranges=(Range(starting_position=3, number_of_records=2),),
            complex=CompSpec(
                select_alternative_syntax=False,
                generic=Specification(
                    schema_uri="info:srw/schema/1/dc-v1.1", element_spec=ElementSpec(element_set_name="F")
                ),
                record_syntax=(GRS_1, XML),
            ),
        )
    )
    assert isinstance(response, PresentResponse)
    assert response.number_of_records_returned == 3
    assert response.next_result_set_position == 5
    assert all(b"<dc:title" in octets(one) for one in response.records or ())


@pytest.mark.parametrize(
    ("composition", "expected"),
    [
        ({"simple": "nothing"}, (25, "nothing")),
        ({"simple": "nothing", "preferred_record_syntax": XML}, (25, "nothing")),
        ({"preferred_record_syntax": GRS_1}, (239, GRS_1)),
        ({"complex": CompSpec(select_alternative_syntax=False, record_syntax=(GRS_1,))}, (239, GRS_1)),
        (
            {
                "preferred_record_syntax": XML,
                "complex": CompSpec(select_alternative_syntax=True, generic=Specification(schema_uri="info:nothing")),
            },
            (1066, "info:nothing"),
        ),
    ],
)
async def test_records_that_are_not_to_be_had(
    listening: Listening, composition: dict[str, object], expected: tuple[int, str]
) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    request = PresentRequest(
        result_set_id="default",
        result_set_start_point=1,
        number_of_records_requested=1,
        **composition,  # type: ignore[arg-type]
    )
    response = await client.send(request)
    assert isinstance(response, PresentResponse)
    assert response.present_status == 5
    (diagnostic,) = complaints(response)
    assert (diagnostic.condition, diagnostic.addinfo) == expected


async def test_a_record_that_has_gone_is_told_in_its_place(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    del listening.shelf.kept[1]
    page = await client.present(1, 2)
    assert sorted(condition(one)[0] for one in page.records if one.record.surrogate_diagnostic) == [1028]
    assert len(page.records) == 2


# Scan and sort


async def scanned(client: Z3950Client, pqf: str, **options: int) -> ScanResponse:
    start = parse_pqf(pqf).root
    assert isinstance(start, AttributesPlusTerm)
    return await client.scan(("all",), start, attribute_set=BIB_1, **options)


async def test_terms_of_an_index(listening: Listening) -> None:
    client = await listening.connect()
    response = await scanned(client, "@attr 1=4 a", terms=3)
    assert (response.scan_status, response.number_of_entries_returned, response.position_of_term) == (0, 3, 1)
    assert response.entries is not None
    shown = [(one.display_term, one.global_occurrences) for one in response.entries.entries or ()]  # type: ignore[union-attr]
    assert len(shown) == 3
    assert all(count == 1 for _, count in shown)
    words = await scanned(client, "@attr 1=4 @attr 4=2 wales", terms=1)
    assert words.entries is not None
    assert words.entries.entries is not None
    (wales,) = words.entries.entries
    assert (wales.term, wales.global_occurrences) == (GeneralTerm(b"wales"), 2)  # type: ignore[union-attr]
    end = await scanned(client, "@attr 1=4 @attr 4=2 wales", terms=5)
    assert end.scan_status == 5
    nothing = await scanned(client, "@attr 1=4 zzzz", terms=5)
    assert nothing.scan_status == 6


@pytest.mark.parametrize(
    ("pqf", "options", "expected"),
    [
        ("@attr 1=9999 a", {}, (114, "9999")),
        ("@attr 1=4 a", {"terms": 0}, (228, "0")),
        ("@attr 1=4 a", {"terms": 100_000}, (1029, "1000")),
        ("@attr 1=4 a", {"terms": 5, "position": 9}, (233, "9")),
        ("@attr 1=4 @attr 4=103 a", {}, (118, "103")),
    ],
)
async def test_scans_that_cannot_be(
    listening: Listening, pqf: str, options: dict[str, int], expected: tuple[int, str]
) -> None:
    client = await listening.connect()
    response = await scanned(client, pqf, **options)
    assert response.scan_status == 6
    assert response.entries is not None
    assert response.entries.nonsurrogate_diagnostics is not None
    (diagnostic,) = response.entries.nonsurrogate_diagnostics
    assert (diagnostic.condition, diagnostic.addinfo) == expected  # type: ignore[union-attr]


def key(
    use: int | str, *, descending: bool = False, case: int = 1, missing: MissingValueAction | None = None
) -> SortKeySpec:
    element: str | SortAttributes = (
        use if isinstance(use, str) else SortAttributes(id=BIB_1, list=(AttributeElement(1, use),))
    )
    return SortKeySpec(
        sort_element=SortElement(generic=element),
        sort_relation=int(descending),
        case_sensitivity=case,
        missing_value_action=missing,
    )


async def test_results_in_another_order(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    for keys, first in (([key(31)], b"1993"), ([key("date", descending=True)], b"2019"), ([key(4)], b"1993")):
        response = await client.sort(keys, into="sorted")
        assert isinstance(response, SortResponse)
        assert response.sort_status == 0
        (one,) = (await client.present(1, 1, result_set="sorted")).records
        assert first in octets(one)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([key(9999)], 114),
        ([key("nothing")], 207),
        ([key(4, case=0)], 215),
        ([key(4), key(4)], 212),
        ([key(1016)], 207),
        ([SortKeySpec(sort_element=SortElement(database_specific=()), sort_relation=0, case_sensitivity=1)], 210),
        ([SortKeySpec(sort_element=SortElement(generic="date"), sort_relation=3, case_sensitivity=1)], 214),
    ],
)
async def test_sorts_that_cannot_be(listening: Listening, keys: list[SortKeySpec], expected: int) -> None:
    client = await listening.connect()
    await client.search(("all",), WALES)
    response = await client.sort(keys)
    assert response.sort_status == 2
    assert [one.condition for one in response.diagnostics or ()] == [expected]  # type: ignore[union-attr]
    assert (await client.present(1, 1)).records


# Versions


async def test_version_2_has_no_close_and_no_negotiation(listening: Listening) -> None:
    client = await listening.connect(version=2)
    assert client.version == 2
    assert client.charset is None
    assert Option.NAMED_RESULT_SETS in client.options
    assert client.options.isdisjoint({Option.LEVEL_1_SEGMENTATION, Option.NEGOTIATION_MODEL, Option.QUERY_TYPE_104})
    newer = await listening.connect()
    assert newer.options >= {Option.LEVEL_1_SEGMENTATION, Option.QUERY_TYPE_104}
    assert (await client.search(("aber",), WALES)).result_count == 2


async def test_names_of_result_sets_must_be_agreed(listening: Listening) -> None:
    client = await listening.connect()
    request = InitializeRequest(
        protocol_version=frozenset((0, 1)),
        options=frozenset((0, 1)),
        preferred_message_size=10_000,
        exceptional_record_size=10_000,
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(encode(request) + encode(search(WALES, result_set_name="x")))
    await writer.drain()
    received = b""
    while b"x" not in received:
        received += await reader.read(1000)
    writer.close()
    first = received[: received[1] + 2]
    answer = decode(received[len(first) :])
    assert isinstance(answer, SearchResponse)
    assert complaints(answer)[0].condition == 22
    await client.close()
