"""What a library keeps to itself, as its users see it: a running gateway, a load, three doors, and two reloads."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.clients.oai_pmh import OaiClient
from gateway.clients.sru import SruClient
from gateway.clients.z3950 import Z3950Client
from library_protocols.marc import DataField, Record, to_iso2709
from library_protocols.sru import Version
from library_protocols.z3950 import parse_pqf
from tests.gateway.catalogue.making import ISBNS, record

WAIT = 60.0


def configured(folder: Path, conditions: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(
        f"""
pepper = "a pepper for this test alone"
data_dir = "data"

[listeners.api]
protocol = "http"
port = 0

[listeners.z3950]
protocol = "z3950"
port = 0

[members.bangor]
name = "Bangor"
main_location = "MAIN"

[members.aber]
name = "Aberystwyth"
main_location = "MAIN"

[members.aber.catalogue]
{conditions}
""",
        encoding="utf-8",
    )
    return file


def own(control: str, title: str, *more: DataField, isbn: str = "") -> bytes:
    made: Record = record(control, title, isbn=[isbn] if isbn else [])
    return to_iso2709(made.replace(data=[*made.data, *more]), "utf-8")


HIDDEN, STAFF = DataField("942", "  ", (("n", "1"),)), DataField("599", "  ", (("a", "Not to be lent"),))
ABER = (own("a1", "Ink", isbn=ISBNS[0]), own("a2", "Paper", STAFF, isbn=ISBNS[1]), own("a3", "Glue", HIDDEN))
BANGOR = (own("b2", "Paper", isbn=ISBNS[1]), own("b3", "Wood", HIDDEN))
ALL_OF = {"aber": {"a1", "a2", "a3"}, "bangor": {"b2", "b3"}}


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[bytes]
    ports: dict[str, int]


def gateway(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "gateway", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=WAIT, stdout=subprocess.DEVNULL)


@contextmanager
def serving(config: Path) -> Iterator[Running]:
    ready = config.parent / "ready"
    with (config.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "-c", str(config), "--ready-file", str(ready)], stderr=log
        )
    try:
        give_up = time.monotonic() + WAIT
        while not ready.exists():
            assert process.poll() is None, (config.parent / "log").read_text(encoding="utf-8")
            assert time.monotonic() < give_up
            time.sleep(0.05)
        lines = [line.split() for line in ready.read_text(encoding="ascii").splitlines()]
        yield Running(process, {name: int(port) for name, port in lines})
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Seen:
    """What one view shows at all doors. `known`: titles that a search by control number finds, at both doors that
    search; `gone`: how many deletions a harvester of the view is told of."""

    hits: int
    titles: tuple[str, ...]
    counted: int
    known: frozenset[str]
    harvested: int
    gone: int


async def seen(ports: dict[str, int], view: str) -> Seen:
    path = "" if view == "all" else f"/{view}"
    base = f"http://127.0.0.1:{ports['api']}"
    z3950 = Z3950Client("127.0.0.1", ports["z3950"])
    async with SruClient(f"{base}/sru{path}", Version.V2_0) as sru, OaiClient(f"{base}/oai{path}") as oai:
        found = await sru.search("cql.allRecords = 1", maximum=0, facets="100:local.format")
        scanned = await sru.scan("dc.title = a", maximum=20)
        listed = (await oai.ask("ListIdentifiers", metadataPrefix="oai_dc")).response
        await z3950.connect()
        known: set[str] = set()
        for control in sorted(ALL_OF["aber"] | ALL_OF["bangor"]):
            answers = (
                (await sru.search(f"rec.identifier = {control}", maximum=0)).count,
                (await z3950.search([view], parse_pqf(f"@attr 1=12 {control}"))).result_count,
            )
            assert answers in ((0, 0), (1, 1))
            known |= {control} if answers == (1, 1) else set()
        await z3950.close()
        return Seen(
            found.count or 0,
            tuple(f"{term.value} {term.count}" for term in scanned.terms),
            sum(term.count for facet in found.facets for term in facet.terms),
            frozenset(known),
            sum(not header.deleted for header in listed.headers),
            sum(header.deleted for header in listed.headers),
        )


def shows(titles: str, *known: str, gone: int = 0) -> Seen:
    listed = tuple(f"{title} 1" for title in titles.split())
    return Seen(len(listed), listed, len(listed), frozenset(known), len(listed), gone)


async def until(running: Running, expected: dict[str, Seen]) -> None:
    give_up = time.monotonic() + WAIT
    while True:
        found = {view: await seen(running.ports, view) for view in expected}
        if found == expected or time.monotonic() > give_up:
            break
        await asyncio.sleep(0.5)
    assert found == expected


def reload(running: Running, folder: Path, conditions: str) -> None:
    configured(folder, conditions)
    running.process.send_signal(signal.SIGHUP)


CONDITIONS = 'private = ["599a"]\nsuppressed = ["942n=1"]'


@pytest.mark.timeout(300)  # programs are started, and waited for
async def test_conditions_hold_at_every_door_and_change_with_a_reload(tmp_path: Path) -> None:
    config = configured(tmp_path, CONDITIONS)
    for member, records in (("aber", ABER), ("bangor", BANGOR)):
        (tmp_path / f"{member}.mrc").write_bytes(b"".join(records))
        gateway("import", "marc", member, tmp_path / f"{member}.mrc", "-c", config, "--catalogue-only", "--json")
    bangor = shows("paper wood", "b2", "b3")
    with serving(config) as running:
        await until(
            running,
            {
                "aber": shows("ink paper", "a1", "a2"),
                "bangor": bangor,
                "all": shows("ink paper wood", "a1", "b2", "b3"),
            },
        )
        reload(running, tmp_path, "")
        await until(
            running,
            {
                "aber": shows("glue ink paper", "a1", "a2", "a3"),
                "bangor": bangor,
                "all": shows("glue ink paper wood", "a1", "a3", "b2", "b3"),
            },
        )
        held = Z3950Client("127.0.0.1", running.ports["z3950"])
        await held.connect()
        assert (await held.search(["all"], parse_pqf("@attr 1=12 a3"))).result_count == 1
        assert (await held.present(1, 1)).records[0].record.surrogate_diagnostic is None
        reload(running, tmp_path, CONDITIONS)
        await until(
            running,
            {
                "aber": shows("ink paper", "a1", "a2", gone=1),
                "bangor": bangor,
                "all": shows("ink paper wood", "a1", "b2", "b3", gone=1),
            },
        )
        (kept,) = (await held.present(1, 1)).records
        assert kept.record.surrogate_diagnostic is not None
        await held.close()
