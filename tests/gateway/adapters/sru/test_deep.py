"""The door over a real index of more records than any page: every one of them can be reached, in every order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.sru.server import sru_door
from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.records import CatalogueRecord
from gateway.clock import SystemClock
from gateway.members.readers import Readers
from tests.gateway.adapters.sru.conftest import SETTINGS, FakeDesk, configuration
from tests.gateway.adapters.sru.shelf import Shelf
from tests.gateway.catalogue.index.building import build, entry
from tests.gateway.catalogue.making import record

RECORDS = 12_000
PAGE = 1_000
CONTROL = re.compile(rb'<controlfield tag="001">(\d+)<')


def title(number: int) -> str:
    """Titles in another order than the records: 7,919 has no factor in common with their number."""
    return f"Sheep {number * 7_919 % RECORDS:05}"


class Made(Shelf):
    """A store that makes each record when it is asked for."""

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        return [entry(number, record(str(number), title(number))).record for number in ids]


@dataclass
class Deep:
    client: httpx.AsyncClient

    async def page(self, query: str, start: int, size: int) -> list[int]:
        """The control numbers of a page."""
        sent = {"query": query, "startRecord": str(start), "maximumRecords": str(size), "recordSchema": "marcxml"}
        answer = await self.client.get("/sru/aber", params=sent)
        assert b"diagnostic" not in answer.content
        assert f"numberOfRecords>{RECORDS}<".encode() in answer.content
        return [int(control) for control in CONTROL.findall(answer.content)]


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deep]:
    folder = tmp_path_factory.mktemp("deep") / "index"
    index = build(folder, [entry(number, record(str(number), title(number))) for number in range(1, RECORDS + 1)])
    catalogue = Catalogue(Made(), index)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as executor:
        clock = SystemClock()
        readers = Readers(configuration(), clock=clock, executor=executor)
        door = sru_door(catalogue, readers, FakeDesk(), replace(SETTINGS, search_records=PAGE), clock=clock)
        transport = httpx.ASGITransport(Starlette(routes=door.routes()))
        yield Deep(httpx.AsyncClient(transport=transport, base_url="http://library.example"))
    index.close()


async def test_every_record_is_on_one_page(deep: Deep) -> None:
    paged = [control for start in range(1, RECORDS, PAGE) for control in await deep.page("sheep", start, PAGE)]
    assert paged == list(range(1, RECORDS + 1))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("start", [9_996, 10_001, RECORDS - 4])
async def test_sorted_pages_go_to_the_end(deep: Deep, start: int, descending: bool) -> None:
    expected = sorted(range(1, RECORDS + 1), key=title, reverse=descending)
    query = "sheep sortby dc.title" + ("/sort.descending" if descending else "")
    assert await deep.page(query, start, 10) == expected[start - 1 : start + 9]
