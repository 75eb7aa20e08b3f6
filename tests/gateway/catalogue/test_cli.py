"""`gateway catalogue` from the shell."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.cli import app
from gateway.catalogue.index import directory
from gateway.catalogue.index.progress import Progress
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.writer import Writer
from gateway.config import load
from tests.gateway.catalogue.making import ISBNS, incoming

CONFIG = """
data_dir = "."
pepper = "0123456789abcdef"
[members.aber]
name = "Aberystwyth"
main_location = "MAIN"
[members.bangor]
name = "Bangor"
main_location = "MAIN"
"""
SETS = """
[[catalogue.sets]]
spec = "welsh"
name = "Welsh"
query = 'dc.title = "wales"'
"""


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """Two members with a pair that is in doubt."""
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG)
    settings = load(path)
    await migrate.upgrade(settings.catalogue_url)
    store = await open_writer(settings.catalogue_url)
    ingest = Ingest.configured(store, settings)
    await ingest.put("aber", [incoming("1", isbn=ISBNS[:1]), incoming("2", "Ink", suppressed=True)])
    await ingest.put("bangor", [incoming("b", "Chemistry", isbn=ISBNS[:1])])
    await store.close()
    return path


async def gateway(*arguments: str | Path | int) -> Result:
    """Runs the command on a thread, because it makes an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, [str(argument) for argument in arguments])


async def answer(*arguments: str | Path | int) -> Any:
    done = await gateway(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def rewrite(config: Path, text: str) -> None:
    config.write_text(text)


async def opened(config: Path) -> Writer:
    return await open_writer(load(config).catalogue_url)


async def test_stats(config: Path) -> None:
    told = await answer("stats", "-c", config)
    assert (told["records"], told["shared"], told["open_reviews"]) == (3, 2, 1)
    assert told["by_member"]["aber"] == {"visible": 1, "suppressed": 1}
    assert told["index"] is None
    shown = await gateway("stats", "-c", config)
    assert "3 records in 2 shared bibs" in shown.stdout


async def test_stats_say_how_far_an_index_is_that_is_being_made(config: Path) -> None:
    path = load(config).data_dir / INDEX_FOLDER
    path.mkdir()
    Progress(path, 40_000, lambda made: None)
    assert (await answer("stats", "-c", config))["index"]["total"] == 40_000
    shown = await gateway("stats", "-c", config)
    assert "the index is being made: 0 of 40,000 records" in " ".join(shown.stdout.split())


async def test_review(config: Path) -> None:
    (pair,) = await answer("review", "-c", config)
    assert pair["reason"] == "title"
    assert [one["title"] for one in pair["records"]] == ["A history of Wales", "Chemistry"]
    shown = await gateway("review", "-c", config)
    assert "ISBN in common, but: title" in shown.stdout
    made = await answer("review", pair["id"], "same", "--by", "sian", "-c", config)
    assert (made["decision"], made["decided_by"]) == ("same", "sian")
    assert await answer("review", "-c", config) == []
    assert [one["id"] for one in await answer("review", "--decided", "-c", config)] == [pair["id"]]
    assert (await answer("stats", "-c", config))["shared"] == 1
    assert (await gateway("review", 99, "same", "-c", config)).exit_code == 1
    assert (await gateway("review", 1, "-c", config)).exit_code == 2


async def test_rebuild_sets(config: Path) -> None:
    rewrite(config, CONFIG + SETS)
    told = await answer("rebuild", "sets", "-c", config)
    assert told == {"looked": 3, "moved": 1, "finished": True}
    store = await opened(config)
    assert await store.count(ALL, "welsh", None, None) == (1, 0)
    await store.close()
    rewrite(config, CONFIG)
    assert (await answer("rebuild", "sets", "-c", config))["moved"] == 1
    store = await opened(config)
    assert await store.count(ALL, "welsh", None, None) == (0, 1)
    await store.close()


async def test_rebuild_index(config: Path) -> None:
    told = await answer("rebuild", "index", "-c", config)
    assert (told["looked"], told["finished"]) == (2, True)
    folder = directory.current(load(config).data_dir / INDEX_FOLDER)
    assert folder is not None
    with directory.alone(load(config).data_dir / INDEX_FOLDER):
        refused = await gateway("rebuild", "index", "-c", config)
    assert refused.exit_code == 1
    assert (await gateway("rebuild", "index", "-c", config)).exit_code == 0
    assert directory.current(load(config).data_dir / INDEX_FOLDER) != folder


async def test_rebuild_a_damaged_index(config: Path) -> None:
    await answer("rebuild", "index", "-c", config)
    path = load(config).data_dir / INDEX_FOLDER
    folder = directory.current(path)
    assert folder is not None
    (folder / "tantivy" / "meta.json").write_bytes(b"")
    told = await answer("rebuild", "index", "-c", config)
    assert (told["looked"], told["finished"]) == (2, True)
    assert directory.current(path) != folder


async def test_a_set_that_is_none(config: Path, tmp_path: Path) -> None:
    rewrite(config, CONFIG + SETS.replace("dc.title = ", "dc.title = = ("))
    wrong = await gateway("rebuild", "sets", "-c", config)
    assert wrong.exit_code == 2
    assert "welsh" in wrong.output
    assert (await gateway("stats", "-c", tmp_path / "none.toml")).exit_code == 2
