"""Our own doors as members' servers, and a catalogue that searches them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.remote import RemoteViews
from gateway.catalogue.store.port import CatalogueReader
from gateway.clock import SystemClock
from gateway.config import SourceConfig
from library_protocols.z3950 import Framer, Pdu, decode, encode
from tests.gateway.adapters.z3950.conftest import built_index, inline, listening, settings, shelf_records
from tests.sru_server import sru_server

__all__ = ["built_index", "inline", "listening", "settings", "shelf_records"]

Script = Sequence[tuple[Pdu | bytes, ...]]


class NoStore:
    """Nothing of what is searched at a member's own server is asked of the store, but how far its feed is."""

    async def horizon(self) -> int:
        return 1_000_000_000

    async def close(self) -> None:
        return


Federated = Callable[..., Catalogue]


@pytest.fixture
async def federated(built_index: IndexReader) -> AsyncIterator[Federated]:
    """Makes a catalogue with sources: view = URL, or view = settings of a source."""
    opened: list[RemoteViews] = []

    def make(clock: Any = None, **sources: str | dict[str, Any]) -> Catalogue:
        settings = {
            view: SourceConfig.model_validate({"url": source} if isinstance(source, str) else source)
            for view, source in sources.items()
        }
        remote = RemoteViews(settings, clock or SystemClock())
        opened.append(remote)
        return Catalogue(cast("CatalogueReader", NoStore()), built_index, remote)

    yield make
    for remote in opened:
        await remote.close()


@pytest.fixture(scope="session")
def sru_remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of an SRU server's catalogue `aber`."""
    with sru_server(tmp_path_factory.mktemp("sru")) as url:
        yield f"{url}/aber"


@dataclass
class Scripted:
    """A target that answers each request of a connection with the next entry of a script, then hangs up."""

    script: Script
    port: int = 0
    connections: int = 0
    requests: list[Pdu] | None = None

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.requests = []
        framer, rest = Framer(), list(self.script)
        while rest and (data := await reader.read(10_000)):
            for octets in framer.feed(data):
                asked = decode(octets)
                self.requests.append(asked)
                for answer in rest.pop(0) if rest else ():
                    told = (
                        answer
                        if isinstance(answer, bytes)
                        else encode(replace(answer, reference_id=asked.reference_id))
                    )
                    writer.write(told)
        await writer.drain()
        writer.close()


Serve = Callable[[Script], Awaitable[Scripted]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers: list[asyncio.Server] = []

    async def start(script: Script) -> Scripted:
        target = Scripted(script)
        servers.append(await asyncio.start_server(target.converse, "127.0.0.1", 0))
        target.port = servers[-1].sockets[0].getsockname()[1]
        return target

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def nowhere(free_port: Callable[[], int]) -> str:
    """The address of a target that is not there."""
    return f"z3950://127.0.0.1:{free_port()}/x"


__all__ += ["Federated", "Path", "Scripted", "Serve"]
