"""The catalogue's processes as the server starts them: by which program they take orders, and what they say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index.progress import making
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_writer
from gateway.config import Config
from gateway.runtime.catalogue_work import orders
from gateway.runtime.child import Child
from gateway.runtime.program import program
from tests.gateway.catalogue.making import incoming

SOON = 60.0
MODULE = "gateway.runtime.catalogue_work"


def answer(role: str, told: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a process says to these orders, with nothing behind them."""
    octets = len(told).to_bytes(8, "big") + told
    return subprocess.run([sys.executable, "-m", MODULE, role], input=octets, capture_output=True, timeout=60)


@pytest.mark.parametrize(("role", "server"), [("fill", b"0.0.9-12345678"), ("index", b"\x80\x05\x95")])
def test_orders_of_another_program_are_refused_in_one_line(tmp_path: Path, role: str, server: bytes) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path / "data"})
    told = orders(config).partition(b"\n")[2]
    refused = answer(role, server + b"\n" + told)
    (line,) = refused.stdout.decode().splitlines()
    assert line.startswith("refuses the server is ")
    assert line.endswith(f"and {program()} is installed since: restart the server")
    assert (refused.returncode, refused.stderr) == (0, b"")
    assert not (tmp_path / "data").exists()


async def test_the_index_says_that_it_is_made_then_that_it_is_ready(tmp_path: Path) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path})
    await migrate.upgrade(config.catalogue_url)
    store = await open_writer(config.catalogue_url)
    await Ingest(store).put("aber", [incoming(f"{number}", f"Title {number}") for number in range(20)])
    await store.close()
    states: list[str] = []

    class Heard(Child):
        def _hear(self, line: str) -> None:
            super()._hear(line)
            states.append(self.state)

    child = Heard("index", [sys.executable, "-m", MODULE, "index"], orders(config))
    running = asyncio.create_task(child.run())
    async with asyncio.timeout(SOON):
        await child.ready()
    await child.stop()
    await running
    assert states == ["the index is being made: 0 of 20 records, 0 a second", "ready"]
    assert making(config.data_dir / INDEX_FOLDER) is None
