"""A real SRU server for tests: a small catalogue loaded, indexed and served over HTTP on loopback."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.server import sru_door
from gateway.canonical.answers import Answer
from gateway.canonical.context import Context
from gateway.canonical.outcomes import AvailabilityOutcome
from gateway.canonical.requests import BibAvailability
from gateway.catalogue.catalogue import INDEX_FOLDER, Catalogue
from gateway.catalogue.index.writer import rebuild
from gateway.catalogue.ingest import Incoming, Ingest
from gateway.catalogue.records import SourceKind
from gateway.catalogue.store import migrate, open_writer
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.members.readers import Readers
from gateway.members.secrets import hash_password
from library_protocols.marc import DataField, Record, to_iso2709

READER, PASSWORD = "bangor-discovery", "correct horse"
TITLES = (
    ("Under milk wood", "Thomas, Dylan", "1954", "eng"),
    ("The Mabinogion", "Jones, Gwyn", "1949", "eng"),
    ("Un nos ola leuad", "Prichard, Caradog", "1961", "wel"),
    ("Tŷ a gardd yng Nghymru", "Jones, Mair", "1999", "wel"),
    ("A history of Wales", "Davies, John", "1993", "eng"),
    ("Wales in the Middle Ages", "Jones, Jane", "2004", "eng"),
    ("Fish & chips: a \"history\"", "Panayi, Panikos", "2014", "eng"),
)  # fmt: skip


class NoItems:
    """A desk that knows no items."""

    async def perform(self, ctx: Context, request: BibAvailability) -> Answer:
        return AvailabilityOutcome(bibs=())


def isbn(number: int) -> str:
    """An ISBN-13 with its right check digit: only such a number speaks for two records being one."""
    digits = f"97800000{number:04}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def marc(control: str, title: str, author: str, year: str, language: str) -> Record:
    fixed = f"010101s{year}    wlk           000 0 {language} d"
    data = (
        DataField("020", "  ", (("a", isbn(int(control))),)),
        DataField("100", "1 ", (("a", author),)),
        DataField("245", "10", (("a", title),)),
        DataField("260", "  ", (("a", "Cardiff"), ("b", "Gwasg"), ("c", year))),
        DataField("650", " 0", (("a", "Wales"),)),
    )
    return Record("00000nam a2200000 a 4500", (("001", control), ("008", fixed)), data)


def configuration() -> Config:
    reader = {READER: {"password_hash": hash_password(PASSWORD)}}
    return Config.model_validate({
        "pepper": "p" * 32,
        "members": {
            "aber": {"name": "Aberystwyth", "main_location": "MAIN"},
            "bangor": {"name": "Bangor", "main_location": "MAIN", "catalogue": {"anonymous": False, "readers": reader}},
        },
    })  # fmt: skip


async def load(url: str, index: Path) -> None:
    """Both members' records, in the store behind `url` and in the index below `index`."""
    await migrate.upgrade(url)
    store = await open_writer(url)
    try:
        ingest = Ingest(store, names={"aber": "Aberystwyth", "bangor": "Bangor"})
        for member, titles in (("aber", TITLES), ("bangor", TITLES[:2])):
            records = [marc(str(number), *title) for number, title in enumerate(titles, 1)]
            await ingest.put(member, [Incoming(to_iso2709(one, "utf-8"), SourceKind.ISO2709, one) for one in records])
        await rebuild(store, index)
    finally:
        await store.close()


@contextmanager
def sru_server(folder: Path) -> Iterator[str]:
    """The base URL of the consortium's view, from `with` to `with`'s end; `/aber` and `/bangor` behind it."""
    url = f"sqlite:///{folder / 'catalogue.sqlite3'}"
    asyncio.run(load(url, folder / INDEX_FOLDER))
    started: list[uvicorn.Server] = []
    ready = threading.Event()

    async def serve() -> None:
        catalogue = await Catalogue.open(url, folder)
        with ThreadPoolExecutor(1) as executor:
            clock = SystemClock()
            readers = Readers(configuration(), clock=clock, executor=executor)
            names = {"all": "Everything", "aber": "Aberystwyth", "bangor": "Bangor"}
            door = sru_door(catalogue, readers, NoItems(), SruSettings(names), clock=clock)
            app = Starlette(routes=door.routes())
            started.append(uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off")))
            ready.set()
            await started[0].serve()
        await catalogue.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait(20)
    for _ in range(2000):
        if started and started[0].started:
            break
        time.sleep(0.01)
    try:
        port = started[0].servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/sru"
    finally:
        started[0].should_exit = True
        thread.join(20)
