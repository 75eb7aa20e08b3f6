"""The door over a catalogue in memory, asked through an HTTP application without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway.adapters.oai_pmh.mapping import OaiFormat, OaiSettings
from gateway.adapters.oai_pmh.server import OaiDoor, oai_door
from gateway.catalogue.records import CatalogueRecord, Format
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.exchanges.model import Exchange
from gateway.members.readers import Readers
from gateway.members.secrets import hash_password
from library_protocols.oai_pmh import Response, read_response
from tests.gateway.adapters.oai_pmh.shelf import Shelf
from tests.gateway.catalogue.conftest import catalogue_database, catalogue_file, catalogue_url, sqlite_url
from tests.oai_schemas import judge

__all__ = ["catalogue_database", "catalogue_file", "catalogue_url", "sqlite_url"]

READER, PASSWORD = "cardiff-discovery", "correct horse"
SECRET = b"s" * 32
SLIM = "http://www.loc.gov/MARC21/slim"


def dublin_core(found: CatalogueRecord) -> bytes:
    if b"cannot be" in found.marcxml:
        raise ValueError("no title")
    return (
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>{found.control}</dc:identifier></oai_dc:dc>'
    ).encode()


FORMATS = (
    OaiFormat(
        "oai_dc",
        "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
        "http://www.openarchives.org/OAI/2.0/oai_dc/",
        dublin_core,
    ),
    OaiFormat(
        "marc21",
        "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd",
        SLIM,
        lambda found: found.marcxml,
        holdings=False,
        marc=Format.MARC21,
    ),
    OaiFormat(
        "marc21_withholdings",
        "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd",
        SLIM,
        lambda found: found.marcxml,
        marc=Format.MARC21,
    ),
)
SETTINGS = OaiSettings(
    names={"all": "Everything", "aber": "Aberystwyth", "bangor": "Bangor", "cardiff": "Cardiff"},
    admin_emails=("post@demo.example",),
    repository_identifier="demo.example",
    page_records=10,
    list_requests=3,
)


@dataclass
class Recorded:
    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class Asked:
    """The door and who asks it. `ask` checks every answer against the schemas."""

    shelf: Shelf
    door: OaiDoor
    client: httpx.AsyncClient
    recorded: Recorded
    valid: Callable[[bytes], None]

    async def get(
        self, arguments: dict[str, str], path: str = "/oai/aber", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """An answer as it is."""
        return await self.client.get(path, params=arguments, headers=headers)

    async def ask(self, verb: str, path: str = "/oai/aber", **arguments: str) -> Response:
        """An answer read; `from_` stands for `from`, which is a word of the language."""
        names = {name.rstrip("_"): value for name, value in arguments.items()}
        answer = await self.get({"verb": verb, **names}, path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        self.valid(answer.content)
        return read_response(answer.content)

    async def harvest(self, verb: str = "ListRecords", path: str = "/oai/aber", **arguments: str) -> list[Response]:
        """Every page of a list."""
        pages = [await self.ask(verb, path, **arguments)]
        while (token := pages[-1].token) is not None and token.value:
            pages.append(await self.ask(verb, path, resumptionToken=token.value))
            assert len(pages) < 100
        return pages

    def settle(self, **changes: Any) -> None:
        self.door.replace(replace(SETTINGS, **changes))


@pytest.fixture(scope="session")
def valid(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], None]:
    """Fails when a response is not valid against the schemas."""
    return judge(shared_data, tmp_path_factory.mktemp("schemas"))


def configuration() -> Config:
    member = {"main_location": "MAIN"}
    return Config.model_validate({
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
    })  # fmt: skip


@pytest.fixture
def asked(valid: Callable[[bytes], None]) -> Iterator[Asked]:
    """An empty catalogue with three members, of whom `cardiff` is open to its reader alone; pages of ten records."""
    shelf, recorded = Shelf(), Recorded()
    with ThreadPoolExecutor(1) as executor:
        readers = Readers(configuration(), clock=SystemClock(), executor=executor)
        door = oai_door(shelf, readers, SETTINGS, secret=SECRET, recorder=recorded, formats=FORMATS)
        transport = httpx.ASGITransport(Starlette(routes=door.routes()))
        yield Asked(
            shelf, door, httpx.AsyncClient(transport=transport, base_url="http://library.example"), recorded, valid
        )
