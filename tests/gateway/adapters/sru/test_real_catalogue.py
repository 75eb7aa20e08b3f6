"""The door over a real store and index: what explain, facets and scan tell is true when it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.clients.sru import SruClient
from gateway.commands.brief import brief
from library_protocols.sru import Description, Record, Version
from tests.sru_server import TITLES, sru_server


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sru_server(tmp_path_factory.mktemp("real")) as url:
        yield url


@pytest.fixture
async def aber(base: str) -> AsyncIterator[SruClient]:
    async with SruClient(f"{base}/aber", Version.V2_0) as client:
        yield client


async def told(client: SruClient) -> Description:
    found = (await client.explain()).explain
    assert found is not None
    return found


async def count(client: SruClient, query: str) -> int:
    found = await client.search(query, maximum=0)
    assert found.diagnostics == (), query
    assert found.count is not None
    return found.count


async def test_what_a_facet_counts_its_query_finds(aber: SruClient) -> None:
    for query in ("cql.allRecords = 1", "wales or dc.creator any jones sortby dc.title"):
        found = await aber.search(query, maximum=0, facets="100")
        assert len(found.facets) > 3
        for facet in found.facets:
            for term in facet.terms:
                assert await count(aber, term.query) == term.count, term


async def test_what_a_list_counts_a_search_finds(aber: SruClient) -> None:
    for index in ("dc.title", "dc.creator", "dc.subject"):
        found = await aber.scan(f"{index} = a", maximum=50)
        assert found.terms
        for term in found.terms:
            assert await count(aber, f'{index} == "{term.value}"') == term.count, term


async def test_every_relation_and_modifier_that_explain_tells_of_is_answered(aber: SruClient) -> None:
    supports = (await told(aber)).supports
    asked = 0
    for kind, value in supports:
        match kind:
            case "relation" if value in ("<", "<=", ">", ">="):
                query = f"dc.date {value} 1990"
            case "relation" if value == "within":
                query = 'dc.date within "1900 2000"'
            case "relation":
                query = f"dc.title {value} wales"
            case "relationModifier" if value in ("isoDate", "number"):
                query = f"dc.date =/{value} 1993"
            case "relationModifier":
                query = f"dc.title any/{value} wales"
            case "booleanModifier":
                given = {"distance": "<3", "unit": "=word"}.get(value, "")
                query = f"a prox/{value}{given} history"
            case "sortModifier":
                query = f"wales sortby dc.title/sort.{value}" + ("=x" if value == "missingValue" else "")
            case "maskingCharacter":
                query = f"dc.title = wal{value}s"
            case "anchoring":
                query = 'dc.title = "^a history"'
            case _:
                continue
        await count(aber, query)
        asked += 1
    assert asked > 20


async def test_sorting_both_ways(aber: SruClient) -> None:
    async def years(sort: str) -> list[str]:
        found = await aber.search(f"cql.allRecords = 1 sortby {sort}", schema="marcxml")
        return [brief(record.data).date for record in found.records if isinstance(record, Record)]

    expected = sorted(year for _, _, year, _ in TITLES)
    assert await years("dc.date") == expected
    assert await years("dc.date/sort.descending") == expected[::-1]


async def test_welsh_is_found_as_it_is_typed_and_without_signs(aber: SruClient) -> None:
    for query in ("tŷ", "TŶ", "ty", 'dc.title = "tŷ a gardd"', "nghymru and dc.language = wel"):
        assert await count(aber, query) == 1, query


async def test_the_consortium_shows_a_shared_record_once(base: str) -> None:
    async with SruClient(base) as everything:
        assert await count(everything, "cql.allRecords = 1") == len(TITLES)
