"""The gateway's own OAI-PMH door over a small shelf that has everything: sets, deletions, provenance, many parts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette

from gateway.adapters.oai_pmh.server import oai_door
from gateway.catalogue.records import Provenance
from gateway.clock import SystemClock
from gateway.members.readers import Readers
from tests.gateway.adapters.oai_pmh.conftest import SECRET, SETTINGS, configuration
from tests.gateway.adapters.oai_pmh.shelf import Shelf

RECORDS = 23
PART = 5


def shelf() -> Shelf:
    """Records a minute apart, every seventh deleted, the last one just now."""
    made = Shelf(int(time.time()) - 60 * RECORDS)
    origin = Provenance(
        base_url="http://source.example/oai",
        identifier="oai:source.example:1",
        datestamp="2020-01-01",
        metadata_namespace="http://www.loc.gov/MARC21/slim",
        harvested_at="2020-09-13T12:26:40Z",
        altered=False,
    )
    for number in range(1, RECORDS + 1):
        made.now += 60
        sets = ("format:book",) if number % 3 else ("format:book", "welsh")
        found = origin if number in (2, 3) else None
        made.put("aber", f"99{number:04}", f"Tŷ number {number}", sets, deleted=number % 7 == 4, provenance=found)
        made.put("bangor", f"88{number:04}", "Another library's", sets)
    return made


@contextmanager
def oai_server(made: Shelf) -> Iterator[int]:
    """The port, from `with` to `with`'s end: /oai/aber and /oai/bangor."""
    with ThreadPoolExecutor(1) as executor:
        readers = Readers(configuration(), clock=SystemClock(), executor=executor)
        door = oai_door(made, readers, replace(SETTINGS, page_records=PART, list_requests=16), secret=SECRET)
        config = uvicorn.Config(Starlette(routes=door.routes()), port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
