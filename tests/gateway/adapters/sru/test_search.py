"""Searching at the door: records, schemas, sorting, result sets, facets, and what is refused."""

from __future__ import annotations

import asyncio

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.adapters.sru.mapping import SCHEMAS
from gateway.catalogue.forms import Form
from gateway.catalogue.query import Missing, SortKey
from gateway.catalogue.records import Format
from library_protocols.sru import Record, SearchResponse, Surrogate, diagnostic_number
from tests.gateway.adapters.sru.conftest import Asked, elements

OLD = {"operation": "searchRetrieve", "version": "1.1"}


def numbers(found: SearchResponse) -> list[int | None]:
    return [diagnostic_number(each.uri) for each in found.diagnostics]


def controls(found: SearchResponse) -> list[str]:
    return [elements(record.data, "controlfield")[0] for record in found.records if isinstance(record, Record)]


@pytest.mark.parametrize("more", [{}, OLD, {**OLD, "version": "1.2"}, {"version": "2.0"}])
async def test_a_search(asked: Asked, more: dict[str, str]) -> None:
    found = await asked.search("dc.title = wales", maximumRecords="2", **more)
    assert (found.count, found.next_position) == (3, 3)
    assert controls(found) == ["b1", "b2"]
    assert [record.position for record in found.records] == [1, 2]
    assert found.diagnostics == ()
    rest = await asked.search("dc.title = wales", startRecord="3", **more)
    assert (controls(rest), rest.next_position) == (["b4"], None)


async def test_a_member_finds_its_own_and_the_consortium_finds_all(asked: Asked) -> None:
    assert controls(await asked.search("wales", "/sru/bangor")) == ["b6"]
    assert (await asked.search("wales", "/sru")).count == 4


async def test_post_is_as_good_as_get(asked: Asked) -> None:
    answer = await asked.client.post("/sru/aber", data={"query": "tŷ", "recordSchema": "dc"})
    asked.judge(answer.content, asked.version(answer.content))
    assert elements(answer.content, "title") == ["Tŷ a gardd"]


@pytest.mark.parametrize("name", ["dc", "DC", "info:srw/schema/1/dc-v1.1"])
async def test_schemas_go_by_short_name_and_uri(asked: Asked, name: str) -> None:
    found = await asked.search("fish", recordSchema=name)
    assert [each.schema for each in found.records if isinstance(each, Record)] == ["info:srw/schema/1/dc-v1.1"]


async def test_an_unknown_schema_is_named(asked: Asked) -> None:
    found = await asked.search("fish", recordSchema="pica")
    assert (numbers(found), found.diagnostics[0].details, found.count) == ([66], "pica", 0)


@pytest.mark.parametrize("more", [{**OLD, "recordPacking": "string"}, {"recordXMLEscaping": "string"}])
async def test_records_as_strings(asked: Asked, more: dict[str, str]) -> None:
    answer = await asked.get(query="fish", **more)
    data = next(etree.fromstring(answer.content).iter("{*}recordData"))
    assert len(data) == 0
    assert etree.fromstring(data.text).tag == "{http://www.loc.gov/MARC21/slim}record"


async def test_a_record_that_cannot_be_given_is_replaced_by_its_reason(asked: Asked) -> None:
    asked.shelf.retitle(2, b"<record>cannot be</record>")
    asked.shelf.gone.add(4)
    found = await asked.search("wales", recordSchema="dc")
    assert isinstance(found.records[0], Record)
    reasons = [diagnostic_number(each.diagnostic.uri) for each in found.records if isinstance(each, Surrogate)]
    assert (found.count, reasons) == (3, [67, 65])
    assert [each.position for each in found.records] == [1, 2, 3]


async def test_what_is_no_marc21_is_had_in_marcxchange(asked: Asked) -> None:
    asked.shelf.put("bangor", "Storia", Format.UNIMARC)
    for schema in ("marcxml", "marcxml-holdings"):
        [record] = (await asked.search("storia", "/sru/bangor", recordSchema=schema)).records
        assert isinstance(record, Surrogate)
        assert diagnostic_number(record.diagnostic.uri) == 67
    marcxchange = "info:lc/xmlns/marcxchange-v2"
    for sent in ({}, {"recordSchema": "marcxchange"}, {"recordSchema": marcxchange}):
        [record] = (await asked.search("storia", "/sru/bangor", **sent)).records
        assert isinstance(record, Record)
        assert (record.schema, etree.fromstring(record.data).get("format")) == (marcxchange, "UNIMARC")
    asked.shelf.put("bangor", "Storia", Format.MARC21)
    both = (await asked.search("storia", "/sru/bangor")).records
    assert [each.schema for each in both if isinstance(each, Record)] == [
        marcxchange, "info:srw/schema/1/marcxml-v1.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ({"query": "wales sortby dc.title/sort.descending"}, (SortKey("title", True),)),
        ({"query": "wales", "sortKeys": "title,,0"}, (SortKey("title", True),)),
        ({"query": "wales", "sortKeys": "title,dc,1,0,omit"}, (SortKey("title", missing=Missing.OMIT),)),
        ({"query": "wales", "sortKeys": 'dc.title,,,,"zz"'}, (SortKey("title", False, Missing.VALUE, "zz"),)),
        ({"query": "wales sortby dc.title", "sortKeys": "date"}, (SortKey("title"),)),
    ],
)
async def test_sorting(asked: Asked, sent: dict[str, str], keys: tuple[SortKey, ...]) -> None:
    found = await asked.search(**sent)
    assert found.diagnostics == ()
    assert asked.shelf.sorts[-1] == keys


@pytest.mark.parametrize(
    ("sort", "number"), [("title,,1,1", 91), ("shoe", 80), ("title,mods", 80), ("title,,2", 90), ("dc.date", 80)]
)
async def test_sorting_that_is_not_offered(asked: Asked, sort: str, number: int) -> None:
    assert numbers(await asked.search("wales", sortKeys=sort)) == [number]


async def test_search_terms_is_a_query_type_of_its_own(asked: Asked) -> None:
    assert (await asked.search("Wales (war", queryType="searchTerms")).count == 0
    assert (await asked.search("war Wales", queryType="searchTerms")).count == 1
    assert numbers(await asked.search("a", queryType="xquery")) == [11]


REFUSED = [
    ({"query": "dc.title ="}, 10),
    ({"query": "(wales"}, 13),
    ({"query": '"wales'}, 14),
    ({"query": "shoe.size = 3"}, 15),
    ({"query": "dc.shoe = 3"}, 16),
    ({"query": "dc.title foo 3"}, 19),
    ({"query": "a prox/unit=sentence b"}, 42),
    ({"query": "wales sortby dc.shoe"}, 16),
    ({"query": "wales", "startRecord": "4"}, 61),
    ({"query": "wales", "color": "red"}, 8),
    ({"query": "wales", "httpAccept": "application/json"}, 6),
    ({"query": "wales", "renderedBy": "server"}, 6),
    ({"query": "wales", "responseType": "rss"}, 6),
    ({"query": "wales", "stylesheet": "https://evil.example/x.xsl"}, 110),
    ({"query": "wales", "facetLimit": "3:dc.title"}, 16),
    ({**OLD, "query": "wales", "recordXPath": "/a"}, 72),
    ({**OLD, "query": "x" * 17_000}, 12),
    ({"query": 'cql.resultSetId = "none"'}, 51),
]


@pytest.mark.parametrize(("sent", "number"), REFUSED)
async def test_refusals_are_valid_answers(asked: Asked, sent: dict[str, str], number: int) -> None:
    found = await asked.ask(**sent)
    assert [diagnostic_number(each.uri) for each in found.diagnostics] == [number]
    assert asked.recorded.exchanges[-1].error == str(number)


async def test_beyond_the_end_the_count_is_told(asked: Asked) -> None:
    found = await asked.search("wales", startRecord="9")
    assert (found.count, numbers(found), found.records, found.next_position) == (3, [61], (), None)
    nothing = await asked.search("nowhere")
    assert (nothing.count, nothing.diagnostics) == (0, ())


async def test_no_records_and_too_many(asked: Asked) -> None:
    found = await asked.search("wales", maximumRecords="0")
    assert (found.count, found.records, found.next_position) == (3, (), 1)
    for number in range(200):
        asked.shelf.put("aber", f"Sheep {number}")
    found = await asked.search("sheep", maximumRecords="5000")
    assert (len(found.records), found.next_position) == (60, 61)
    assert len((await asked.search("sheep")).records) == 10


async def test_a_result_set_is_kept_while_it_is_used(asked: Asked) -> None:
    found = await asked.search("wales", resultSetTTL="60")
    assert found.ttl == 60
    asked.shelf.put("aber", "Wales anew")
    again = await asked.search(f'cql.resultSetId = "{found.result_set}"')
    assert again.count == 3
    narrowed = await asked.search(f'cql.resultSetId = "{found.result_set}" and war')
    assert controls(narrowed) == ["b1"]
    for ahead in (50, 100, 150):
        asked.clock.ahead = ahead
        assert (await asked.search(f'cql.resultSetId="{found.result_set}"')).count == 3
    asked.clock.ahead = 211
    assert numbers(await asked.search(f'cql.resultSetId="{found.result_set}"')) == [51]


async def test_a_result_set_is_of_its_view(asked: Asked) -> None:
    found = await asked.search("wales", resultSetTTL="60")
    assert numbers(await asked.search(f'cql.resultSetId="{found.result_set}"', "/sru/bangor")) == [51]


async def test_the_oldest_result_set_makes_room(asked: Asked) -> None:
    names = [(await asked.search("wales", resultSetTTL="99999")).result_set for _ in range(3)]
    assert len(set(names)) == 3
    counts = [(await asked.search(f'cql.resultSetId="{name}"')).count for name in names]
    assert counts == [0, 3, 3]
    assert (await asked.search("wales")).result_set == ""
    old = await asked.search("wales", **OLD, resultSetTTL="99999")
    assert old.ttl == 600


async def test_facets_narrow_the_search(asked: Asked) -> None:
    found = await asked.search("wales", facetLimit="2:dc.subject,1:dc.language", maximumRecords="0")
    assert [(facet.index, facet.label, len(facet.terms)) for facet in found.facets] == [
        ("dc.subject", "Subject", 2),
        ("dc.language", "Language", 1),
    ]
    term = found.facets[0].terms[0]
    assert (term.value, term.count, term.query) == ("Wales", 3, "wales and dc.subject == Wales")
    assert found.facets[1].terms[0].query == "wales and dc.language = Wales"
    assert found.precision == "exact"


async def test_facets_by_page_and_in_order(asked: Asked) -> None:
    def values(found: SearchResponse) -> list[str]:
        return [term.value for term in found.facets[0].terms]

    assert values(await asked.search("wales", facetLimit="2:dc.subject", facetStart="3:dc.subject")) == ["A", "The"]
    by_name = await asked.search("wales", facetLimit="3:dc.subject", facetSort="alphanumeric")
    assert values(by_name) == ["A", "The", "Wales"]
    backwards = await asked.search("wales", facetLimit="2:dc.subject", facetSort="alphanumeric,descending")
    assert values(backwards) == ["war", "of"]
    rare = await asked.search("wales", facetLimit="1:dc.subject", facetSort="recordCount,ascending")
    assert rare.facets[0].terms[0].count == 1


async def test_a_general_limit_means_every_facet(asked: Asked) -> None:
    found = await asked.search("wales", facetLimit="1")
    assert {"dc.subject", "dc.language"} <= {facet.index for facet in found.facets}


def on_the_shelf(found: SearchResponse) -> list[list[str | None]]:
    """What each OPAC record says of its items: 1, 0, or nothing."""
    return [
        [each.get("value") for each in etree.fromstring(record.data).iter("availableNow")]
        for record in found.records
        if isinstance(record, Record)
    ]


async def test_what_is_on_loan_is_asked_once_for_all_records(asked: Asked) -> None:
    found = await asked.search("wales", recordSchema="opac")
    assert on_the_shelf(found) == [["1"], [], ["1"]]
    [(context, request)] = asked.desk.asked
    assert (context.member, context.protocol, request.bib_ids) == ("aber", "sru", ("b1", "b2", "b4"))
    await asked.search("wales", "/sru", recordSchema="opac")
    assert [ctx.member for ctx, _ in asked.desk.asked[1:]] == ["aber", "bangor"]
    assert (await asked.search("wales", recordSchema="marcxml")).count == 3
    assert len(asked.desk.asked) == 3
    for number in range(60):
        asked.shelf.put("aber", f"Sheep {number}")
    await asked.search("sheep", recordSchema="opac", maximumRecords="60")
    assert [len(request.bib_ids) for _, request in asked.desk.asked[3:]] == [60]


async def test_records_are_given_while_the_platform_is_away(asked: Asked) -> None:
    asked.desk.away = True
    found = await asked.search("wales", recordSchema="opac")
    assert on_the_shelf(found) == [[], [], []]
    assert all(b"PR 1" in record.data for record in found.records if isinstance(record, Record))


@pytest.mark.parametrize("form", SCHEMAS, ids=lambda form: form.name)
async def test_every_schema_is_given_under_each_of_its_names(asked: Asked, form: Form) -> None:
    for name in form.schemas:
        found = await asked.search("fish", recordSchema=name)
        [record] = found.records
        assert isinstance(record, Record)
        assert record.schema == form.uri


async def test_the_catalogue_away_is_told_as_such(asked: Asked) -> None:
    asked.shelf.away = True
    for sent in ({"query": "wales"}, {"scanClause": "wales"}):
        found = await asked.ask(**sent)
        assert [diagnostic_number(each.uri) for each in found.diagnostics] == [2]
    assert asked.recorded.exchanges[-1].verdict == "failed"


async def test_others_get_their_turn_while_many_records_are_rendered(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.sru.service.TURN_SECONDS", 0.0)
    for number in range(50):
        asked.shelf.put("aber", f"Sheep {number}")
    turns: list[int] = []

    async def another() -> None:
        while len(turns) < 1000:
            turns.append(1)
            await asyncio.sleep(0)

    beside = asyncio.create_task(another())
    found = await asked.search("sheep", maximumRecords="50", recordSchema="dc")
    beside.cancel()
    assert len(found.records) == 50
    assert len(turns) >= 50
