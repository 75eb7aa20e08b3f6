"""The door over a real index and records in memory, listening on loopback; clients that speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.adapters.z3950.server import Z3950Door
from gateway.adapters.z3950.settings import StandardClient, Z3950Settings
from gateway.canonical.context import PlatformCall
from gateway.catalogue.catalogue import Found
from gateway.catalogue.forms import Items
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index.reader import IndexReader
from gateway.catalogue.index.results import ResultSet
from gateway.catalogue.query import Query, SortKey
from gateway.catalogue.records import ALL, CatalogueRecord, Format, Holding, IndexEntry
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.clients.z3950 import Z3950Client
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.exchanges.model import Exchange
from gateway.members.readers import Readers
from gateway.members.secrets import hash_password
from library_protocols.marc import to_marcxml
from library_protocols.z3950.records import CircRecord
from tests.gateway.catalogue.index.building import build, record

READER, PASSWORD = "cardiff-discovery", "correct-horse"
TITLES = (
    ("A history of Wales", "Davies, John", "1993"),
    ("Hanes Cymru", "Davies, John", "1990"),
    ("Dŵr a thân", "Jones, Ŵyn", "2001"),
    ("Wales and the sea", "Jones, Mary", "2019"),
    ("The sea", "Banville, John", "2005"),
)


def made(
    number: int, title: str, author: str, year: str, member: str = "aber", form: Format = Format.MARC21
) -> CatalogueRecord:
    if form is Format.UNIMARC:
        text = f"001 {number}\n100    $a20010101d{year}    u  y0engy0103    ba\n200 1  $a{title}\n700  1 $a{author}"
    else:
        text = f"""
            001 {number}
            008 990101s{year}    xxk||||||||||||||||eng||
            100 1  $a{author}
            245 10 $a{title}
            260    $c{year}
        """
    holding = Holding(member, "MAIN", "DA 740", 1, "Main library", barcodes=(f"3{number:07}",))
    marcxml = to_marcxml(record(text))
    return CatalogueRecord(number, member, str(number), number, form, marcxml, 0, holdings=(holding,))


@dataclass
class Shelf:
    """A catalogue whose records are in memory and whose index is a real one. `away` stands for a store that is.

    Searches wait at the `gate`, where there is one, and say that they have `reached` it. `unread`: of each search,
    whether its records were thought not to be wanted."""

    index: IndexReader
    kept: dict[int, CatalogueRecord]
    exactly: dict[int, bytes] = field(default_factory=dict)
    away: bool = False
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    unread: list[bool] = field(default_factory=list)

    async def search(self, view: str, query: Query, sort: Sequence[SortKey] = (), **how: bool) -> ResultSet:
        self.unread.append(how["unread"])
        if self.away:
            raise CatalogueUnavailable("away")
        if self.gate is not None:
            self.reached.set()
            await self.gate.wait()
        return await self.index.search(view, query, sort, **how)

    async def sort(self, found: Found, keys: Sequence[SortKey]) -> Found:
        assert isinstance(found, ResultSet)
        return found.sorted(keys)

    async def scan(
        self, view: str, index: str, term: str, size: int = 10, position: int = 1, *, words: bool = False
    ) -> Scan:
        return await self.index.scan(view, index, term, size, position, words=words)

    async def records(self, view: str, ids: Sequence[int], *, holdings: bool = True) -> list[CatalogueRecord | None]:
        return [self.kept.get(one) for one in ids]

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]:
        return {one: (self.kept[one].format, self.exactly[one]) for one in ids if one in self.exactly}


@dataclass
class OnLoan:
    """Says of every item that it is there, and counts how often it was asked."""

    asked: list[list[str]] = field(default_factory=list)

    async def of(
        self, records: Iterable[CatalogueRecord], reader: str, exchange: str, calls: list[PlatformCall]
    ) -> dict[int, Items]:
        records = list(records)
        self.asked.append([one.control for one in records])
        return {
            one.id: {
                (one.member, barcode): CircRecord(available_now=True, item_id=barcode, renewable=False, on_hold=False)
                for barcode in one.holdings[0].barcodes
            }
            for one in records
        }


@dataclass
class Recorded:
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Listening:
    """The door, where it listens, and what stands behind it."""

    door: Z3950Door
    port: int
    shelf: Shelf
    items: OnLoan
    recorded: Recorded
    clients: list[Z3950Client] = field(default_factory=list)

    async def connect(self, **options: Any) -> Z3950Client:
        client = Z3950Client("127.0.0.1", self.port, **{"timeout": 10.0, **options})
        self.clients.append(client)
        await client.connect()
        return client

    def settle(self, **changes: Any) -> None:
        self.door.replace(replace(self.door.settings, **changes))


def configuration() -> Config:
    member = {"main_location": "MAIN"}
    return Config.model_validate(
        {
            "pepper": "p" * 32,
            "members": {
                "aber": {"name": "Aberystwyth", **member},
                "bangor": {"name": "Bangor", **member},
                "cardiff": {
                    "name": "Cardiff",
                    **member,
                    "catalogue": {"anonymous": False, "readers": {READER: {"password_hash": hash_password(PASSWORD)}}},
                },
            },
        }
    )


SETTINGS = Z3950Settings(
    names={"all": "Everything", "aber": "Aberystwyth", "bangor": "Bangor", "cardiff": "Cardiff"},
    clients=(
        StandardClient(implementation="Old client", charset="marc-8"),
        StandardClient(implementation="Careless", unsupported="ignore", charset="iso-8859-1"),
        StandardClient(implementation="Counting", term_counts=True),
    ),
)


@pytest.fixture(scope="session")
def shelf_records() -> list[CatalogueRecord]:
    found = [made(number, *row) for number, row in enumerate(TITLES, 1)]
    found.append(made(6, "Storia di Galles", "Rossi, Anna", "1970", form=Format.UNIMARC))
    found.append(made(7, "Private Wales", "Nobody", "2020", "cardiff"))
    return found


@pytest.fixture(scope="session")
def built_index(
    tmp_path_factory: pytest.TempPathFactory, shelf_records: list[CatalogueRecord]
) -> Iterator[IndexReader]:
    entries = [
        IndexEntry(one.id, one.id, one, (one.member,) if one.member == "cardiff" else (one.member, ALL), (one.member,))
        for one in shelf_records
    ]
    index = build(tmp_path_factory.mktemp("index"), entries)
    yield index
    index.close()


@pytest.fixture
def settings() -> Z3950Settings:
    return SETTINGS


@pytest.fixture
def inline() -> bool:
    """Whether requests are driven by hand, as over SQLite, or in tasks."""
    return True


@pytest.fixture
async def listening(
    inline: bool,
    built_index: IndexReader,
    shelf_records: list[CatalogueRecord],
    settings: Z3950Settings,
) -> AsyncIterator[Listening]:
    executor = ThreadPoolExecutor(1)
    shelf = Shelf(built_index, {one.id: one for one in shelf_records})
    clock = SystemClock()
    readers = Readers(configuration(), clock=clock, executor=executor)
    items, recorded = OnLoan(), Recorded()
    door = Z3950Door(shelf, readers, settings, clock=clock, availability=items, recorder=recorded, inline=inline)
    server = await asyncio.get_running_loop().create_server(door.factory(), "127.0.0.1", 0)
    listening = Listening(door, server.sockets[0].getsockname()[1], shelf, items, recorded)
    yield listening
    for client in listening.clients:
        await client.close()
    server.close()
    await asyncio.wait_for(door.drain(), 10)
    executor.shutdown()
