"""Every operation under generated requests, right and wrong ones, with all of schemathesis' checks.

The gateway runs in a thread of this process behind the real HTTP server, on a loopback port of its own. Most
names in generated requests are replaced by names that exist, or hardly anything beyond "not found" would be met.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import threading
import zlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, cast

import httpx
import hypothesis
import pytest
import schemathesis
import uvicorn
from schemathesis.config import ChecksConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.config._checks import PositiveDataAcceptanceConfig
from schemathesis.generation import GenerationMode

from gateway.api.app import create_app
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.demo.circulation import item_id
from gateway.demo.people import patron_id
from gateway.desk import Desk, pin
from gateway.members import Members
from tests.gateway.api.conftest import ABER, build

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "40"))
SEED = 20_261_122

SLOW_IS_FINE = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]

# A request that is as described may still meet a "no" of the library: a fee to acknowledge, an amount, a date.
REFUSALS = ("402", "422")

KNOWN = {
    "patron": [ABER.patron_barcode(n) for n in range(1, 13)],
    "patron_id": [patron_id(n) for n in range(1, 13)],
    "identifier": [ABER.patron_barcode(n) for n in range(1, 13)],
    "item": [ABER.item_barcode(n) for n in range(1, 40)],
    "item_id": [item_id(n) for n in range(1, 40)],
    "barcode": [ABER.item_barcode(n) for n in range(1, 40)],
    "pickup_location": [ABER.main_location, ABER.first_branch],
    "current_location": [ABER.main_location, ABER.first_branch],
    "location": [ABER.main_location, ABER.first_branch],
    "Gateway-Location": [ABER.main_location, ABER.first_branch],
    "pin": ["1234"],
    "currency": ["GBP"],
}


def _config() -> SchemathesisConfig:
    positive = PositiveDataAcceptanceConfig(
        expected_statuses=[*PositiveDataAcceptanceConfig._DEFAULT_EXPECTED_STATUSES, *REFUSALS]
    )
    project = ProjectConfig(checks=ChecksConfig(positive_data_acceptance=positive))
    return SchemathesisConfig(seed=SEED, projects=ProjectsConfig(default=project))


schema = schemathesis.openapi.from_dict(
    create_app(cast(Desk, None), cast(Members, None), SystemClock()).openapi(), config=_config()
)


@schema.auth()
class Key:
    """Puts the key where a request has one; schemathesis sends requests without and with a wrong one by itself."""

    def get(self, case: schemathesis.Case, context: Any) -> str:
        return ABER.api_key

    def set(self, case: schemathesis.Case, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


def name_what_exists(case: schemathesis.Case) -> None:
    """Puts names that exist in the places of most of those that were made up, where the request is as described.

    A cursor cannot be made up (test_paging tries): what fits its description is left out.
    """
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if isinstance((case.query or {}).get("cursor"), str):
        del case.query["cursor"]
    chance = random.Random(zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()))
    places: tuple[Any, ...] = (case.path_parameters, case.query, case.headers, case.body)
    for place in places:
        if not isinstance(place, MutableMapping):
            continue
        for name, values in KNOWN.items():
            if isinstance(place.get(name), str) and chance.random() < 0.8:
                place[name] = chance.choice(values)
            elif isinstance(place.get(name), list) and place[name]:
                place[name] = [chance.choice(values)]


class Live:
    """The gateway behind uvicorn in a thread, from `with` to `with`'s end."""

    def __init__(self, store: Path, config: Config) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(store, config)))
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None

    async def _serve(self, store: Path, config: Config) -> None:
        gateway = await build(store, config, SystemClock())
        self._server = uvicorn.Server(uvicorn.Config(gateway.app, log_level="critical", lifespan="off"))
        self._ready.set()
        await self._server.serve(sockets=[self._socket])
        await gateway.desk.drain()
        await gateway.platform.close()
        await gateway.store.close()

    def __enter__(self) -> Live:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()


@pytest.fixture(scope="module")
def live(loaded: Path, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = tmp_path_factory.mktemp("schemathesis") / "store.sqlite3"
    shutil.copy(loaded, store)
    # Hundreds of made-up PINs come from one key, which would be slowed down by seconds each.
    with pytest.MonkeyPatch.context() as patch, Live(store, config) as server:
        patch.setattr(pin, "TERMINAL_PAUSE", 0.0)
        key = {"Authorization": f"Bearer {ABER.api_key}"}
        with httpx.Client(base_url=server.url, headers=key) as client:
            _learn(client)
        yield server.url


def _learn(client: httpx.Client) -> None:
    """Adds the ids of loans, holds, charges and titles there are."""
    found: dict[str, list[str]] = {"loan_id": [], "hold_id": [], "fee_id": []}
    for patron in KNOWN["patron_id"]:
        account = client.get(f"/v1/patrons/{patron}/account").json()
        for name, ids in found.items():
            ids += [each["id"] for each in account[name.replace("_id", "s")]]
    changes = client.get("/v1/bib-changes").json()["items"]
    KNOWN.update({**found, "fee_ids": found["fee_id"], "bib_id": [each["bib"]["id"] for each in changes]})


@pytest.mark.timeout(600)
@schema.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=SLOW_IS_FINE)
def test_the_api_keeps_its_word(case: schemathesis.Case, live: str) -> None:
    name_what_exists(case)
    case.call_and_validate(base_url=live)
