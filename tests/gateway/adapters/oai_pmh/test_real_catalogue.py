"""The door over the real store with the real forms: every format valid, and harvested back whole by our harvester."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from gateway.adapters.oai_pmh.mapping import catalogue_formats
from gateway.adapters.oai_pmh.server import OaiDoor, oai_door
from gateway.catalogue.ingest import Incoming, Ingest
from gateway.catalogue.records import ALL, Format, Holding, SourceKind
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.turns import Turns
from gateway.catalogue.store.writer import Writer
from gateway.clock import SystemClock
from gateway.config import HarvestConfig
from gateway.harvesting.harvest import Harvest
from gateway.harvesting.source import Source
from gateway.members.readers import Readers
from library_protocols.marc import Cutter, MarcError, read
from library_protocols.oai_pmh import Response, read_provenance, read_response
from tests.gateway.adapters.oai_pmh.conftest import SECRET, SETTINGS, configuration
from tests.gateway.catalogue.making import incoming

# Files whose records are whole and valid as MARC 21: what is broken is the reader's own tests' affair.
FILES = ("psu__spec_fixtures_format_006_games.mrc", "yaz__test_marc-files_marc0.json.marc")


@dataclass
class Served:
    store: Writer
    ingest: Ingest
    door: OaiDoor
    client: httpx.AsyncClient
    now: int = 1_700_000_000

    async def page(self, view: str = "aber", **arguments: str) -> tuple[bytes, Response]:
        path = "/oai" if view == ALL else f"/oai/{view}"
        answer = await self.client.get(path, params=arguments)
        assert answer.status_code == 200
        return answer.content, read_response(answer.content)


@pytest.fixture
async def served(catalogue_url: str) -> AsyncIterator[Served]:
    """Once on SQLite and once on PostgreSQL."""
    store = await open_writer(catalogue_url)
    with ThreadPoolExecutor(1) as executor:
        readers = Readers(configuration(), clock=SystemClock(), executor=executor)
        door = oai_door(store, readers, replace(SETTINGS, page_records=7), secret=SECRET)
        transport = httpx.ASGITransport(Starlette(routes=door.routes()))
        client = httpx.AsyncClient(transport=transport, base_url="http://library.example")
        made = Served(store, Ingest(store), door, client)
        made.ingest = Ingest(store, now=lambda: made.now)
        yield made
    await store.close()


@pytest.mark.parametrize("prefix", [form.prefix for form in catalogue_formats()])
@pytest.mark.parametrize("view", ["aber", ALL])
async def test_every_format_is_valid(served: Served, valid: Callable[[bytes], None], prefix: str, view: str) -> None:
    held = (Holding("aber", "ABER", "QA76", 2, "Hugh Owen <Library>", barcodes=("1",)),)
    titles = ("Tŷ & <tŷ>", "كتاب", "Ελλάδα", "A history of Wales")
    made = [incoming(f"c {n}", title, isbn=[], year="1999", holdings=held) for n, title in enumerate(titles)]
    await served.ingest.put("aber", made)
    first, response = await served.page(view, verb="ListRecords", metadataPrefix=prefix)
    valid(first)
    assert len(response.records) == len(titles)
    single, _ = await served.page(
        view, verb="GetRecord", metadataPrefix=prefix, identifier=response.records[1].header.identifier
    )
    valid(single)


async def test_real_records_in_every_format(
    served: Served, valid: Callable[[bytes], None], shared_data: Callable[[str], Path]
) -> None:
    batch: list[Incoming] = []
    for name in FILES:
        cutter = Cutter()
        for cut in [*cutter.feed(shared_data(f"marc/{name}").read_bytes()), *cutter.close()]:
            try:
                parsed = read(cut.data)
            except MarcError:
                continue
            batch.append(Incoming(cut.data, SourceKind.ISO2709, parsed.record, Format(parsed.format)))
    report = await served.ingest.put("aber", batch)
    assert report.added > 0
    for form in catalogue_formats():
        octets, response = await served.page(verb="ListRecords", metadataPrefix=form.prefix)
        valid(octets)
        assert response.records


async def test_views_do_not_mix(served: Served) -> None:
    await served.ingest.put(
        "aber", [incoming("1", "Shared", isbn=["9780306406157"]), incoming("2", "Own", private=True)]
    )
    await served.ingest.put(
        "bangor", [incoming("9", "Shared", isbn=["9780306406157"]), incoming("8", "Hidden", suppressed=True)]
    )
    listed = {}
    for view in ("aber", "bangor", ALL):
        _, response = await served.page(view, verb="ListIdentifiers", metadataPrefix="marc21")
        listed[view] = [header.identifier.rpartition(":")[2] for header in response.headers]
    assert listed["aber"] == ["1", "2"]
    assert listed["bangor"] == ["9"]
    assert len(listed[ALL]) == 1
    for identifier in ("oai:demo.example:bangor:8", "oai:demo.example:bangor:2"):
        _, response = await served.page("bangor", verb="GetRecord", metadataPrefix="marc21", identifier=identifier)
        assert [error.code for error in response.errors] == ["idDoesNotExist"]


@pytest.mark.parametrize("prefix", ["marc21", "marcxchange"])
async def test_our_own_harvester_takes_it_all_with_its_provenance(served: Served, tmp_path: Path, prefix: str) -> None:
    await served.ingest.put("aber", [incoming(f"{n}", f"Title {n}") for n in range(30)])
    served.now += 100
    await served.ingest.put("aber", [incoming("3", deleted=True), incoming("4", "Changed")])
    await served.store.beat(served.now + 1000)
    copied = f"sqlite:///{tmp_path / 'copy.sqlite3'}"
    await migrate.upgrade(copied)
    application = Starlette(routes=served.door.routes())
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    store = await open_writer(copied)
    try:
        while not server.started:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        config = HarvestConfig.model_validate({
            "name": "ours", "url": f"http://127.0.0.1:{port}/oai/aber", "metadata_prefix": prefix
        })  # fmt: skip
        provider = Source(config.url, stop=threading.Event(), wait_seconds=0.01)
        turns = Turns(copied, tmp_path / "locks")
        harvest = Harvest("bangor", config, provider, store, Ingest(store), SystemClock(), turns, tmp_path / "harvest")
        outcome = await harvest.run()
        provider.close()
        assert (outcome.finished, outcome.problem, outcome.refused) == (True, "", [])
        assert (outcome.added, outcome.deleted) == (29, 1)
        kept = await store.by_identifier("bangor", "4")
        assert kept is not None
        assert b"Changed" in kept.marcxml
        door = oai_door(
            store, served.door._readers, SETTINGS, secret=SECRET
        )  # the copy is served in turn, and says where it came from
        transport = httpx.ASGITransport(Starlette(routes=door.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://other.example") as client:
            told: dict[str, set[tuple[str, str, bool]]] = {}
            for form in catalogue_formats():
                answer = await client.get("/oai/bangor", params={"verb": "ListRecords", "metadataPrefix": form.prefix})
                abouts = [read_provenance(record.about[0]) for record in read_response(answer.content).records]
                told[form.prefix] = {(about.base_url, about.namespace, about.altered) for about in abouts if about}
        came_as = next(form.namespace for form in catalogue_formats() if form.prefix == prefix)
        assert told == {each: {(config.url, came_as, each != prefix)} for each in told}
    finally:
        await store.close()
        server.should_exit = True
        await serving
