"""What the doors say while there is no index yet: lists go on, searches are told to come back and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_writer
from gateway.clients.z3950 import Z3950Client, complaints
from gateway.config import Config
from gateway.runtime.compose import Composition, compose
from library_protocols.sru import read_response
from library_protocols.z3950.pqf import parse_pqf
from tests.gateway.catalogue.making import incoming

REASON = "the index is being made"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Composition]:
    """Records and no index: the process that makes it has not been started."""
    member = {"name": "Aberystwyth", "main_location": "MAIN"}
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path, "members": {"aber": member}})
    await migrate.upgrade(config.catalogue_url)
    store = await open_writer(config.catalogue_url)
    await Ingest(store).put("aber", [incoming("1", "A history of Wales")])
    await store.close()
    made = await compose(config)
    yield made
    await made.close()


@pytest.mark.parametrize("question", ["query=wales", "operation=scan&scanClause=title%3Dwales"])
async def test_sru_says_that_it_cannot_search_now_and_why(gateway: Composition, question: str) -> None:
    transport = httpx.ASGITransport(gateway.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://catalogue.example") as client:
        told = await client.get(f"/sru/aber?version=2.0&{question}")
        listed = await client.get("/oai/aber?verb=ListRecords&metadataPrefix=marc21")
    (diagnostic,) = read_response(told.content).diagnostics
    assert (diagnostic.uri, diagnostic.details) == ("info:srw/diagnostic/1/2", REASON)
    assert "A history of Wales" in listed.text


async def test_z3950_says_that_the_database_is_unavailable_and_why(gateway: Composition) -> None:
    assert gateway.doors is not None
    server = await asyncio.get_running_loop().create_server(gateway.doors.z3950.factory(), "127.0.0.1", 0)
    async with server:
        client = Z3950Client("127.0.0.1", server.sockets[0].getsockname()[1], timeout=10.0)
        await client.connect()
        (found,) = complaints(await client.search(["aber"], parse_pqf("wales")))
        await client.close()
    assert (found.condition, found.addinfo) == (109, REASON)
