"""`gateway harvest` as it is typed."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway import cli as commands
from gateway.catalogue.store import open_reader
from gateway.catalogue.store.sqlite import SqliteStore
from gateway.catalogue.store.writer import Writer
from gateway.cli import app
from gateway.harvesting import cli
from gateway.harvesting.harvest import Outcome
from tests.gateway.harvesting.provider import Provider, Reply, fill, on_page

RUN = CliRunner()


@pytest.fixture
def config(tmp_path: Path, provider: Provider) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(
        f'pepper = "{"p" * 32}"\ndata_dir = "{tmp_path}"\n[members.aber]\nname = "Aberystwyth"\n'
        'main_location = "ABER"\n[members.bangor]\nname = "Bangor"\nmain_location = "BANGOR"\n'
        f'[[members.aber.catalogue.harvest]]\nname = "ils"\nurl = "{provider.url}"\n'
    )
    return file


def run(config: Path, *words: str) -> tuple[int, str]:
    found = RUN.invoke(app, ["harvest", *words, "--config", str(config)])
    return found.exit_code, found.output


def held(config: Path) -> int:
    async def count() -> int:
        store = await open_reader(f"sqlite:///{config.parent / 'catalogue.sqlite3'}")
        try:
            return (await store.count("aber", "", None, None))[0]
        finally:
            await store.close()

    return asyncio.run(count())


def test_a_harvest(config: Path, provider: Provider) -> None:
    for number in range(5):
        provider.put(str(number))
    code, output = run(config, "aber", "--dry-run")
    assert (code, held(config)) == (0, 0)
    assert "ils: 5 records (the whole list): read, nothing written" in output
    code, output = run(config, "aber", "--source", "ils", "--json")
    [outcome] = json.loads(output.splitlines()[-1])
    assert (code, outcome["added"], outcome["finished"], held(config)) == (0, 5, True, 5)
    code, output = run(config, "aber", "--full")
    assert (code, "0 new, 0 changed" in output) == (0, True)


def test_an_empty_set_is_no_silent_success(config: Path) -> None:
    config.write_text(config.read_text() + 'set_spec = "nowhere"\n')
    code, output = run(config, "aber", "--dry-run")
    assert (code, held(config)) == (0, 0)
    assert "the set 'nowhere' is empty, or the source has none of that name" in " ".join(output.split())


def test_problems_and_refusals_are_told(config: Path, provider: Provider) -> None:
    provider.put("1")
    provider.put("2", first="x" * 500)
    code, output = run(config, "aber")
    assert (code, held(config)) == (1, 1)
    assert "oai:source.example:2" in output
    provider.faults = [lambda p, r, b: Reply(403)]
    code, output = run(config, "aber")
    assert code == 1
    assert "403" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [(("nowhere",), "no member"), (("bangor",), "no source"), (("aber", "--source", "other"), "it has ils")],
)
def test_what_cannot_be_harvested(config: Path, words: tuple[str, ...], said: str) -> None:
    code, output = run(config, *words)
    assert (code, said in output) == (2, True)


def test_why_a_list_was_begun_again_is_told(config: Path, provider: Provider) -> None:
    fill(provider, 7)

    def loses(source: Provider, body: bytes) -> bytes:
        source.epoch += 1
        return body

    provider.faults = [on_page(1, loses)]
    code, output = run(config, "aber")
    assert (code, held(config)) == (0, 7)
    assert "begun from the beginning again: the source lost its resumption token after 3 of 7" in " ".join(
        output.split()
    )


def test_standard_output_is_for_the_answer(config: Path, provider: Provider) -> None:
    """As a process of its own: what the harvest logs goes elsewhere."""
    fill(provider, 7)
    provider.faults = [on_page(2, lambda p, b: Reply(404))]
    command = [sys.executable, "-m", "gateway", "harvest", "aber", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    [outcome] = json.loads(done.stdout)
    assert (outcome["finished"], outcome["restarts"]) == (True, 1)
    assert "harvest.begun_anew" in done.stderr


@pytest.fixture
def two(config: Path) -> Path:
    """A second source, which cannot be reached."""
    source = 'name = "closed"\nurl = "http://127.0.0.1:1/oai"\n'
    config.write_text(f"{config.read_text()}[[members.aber.catalogue.harvest]]\n{source}")
    return config


def interrupts(monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
    """Ctrl-C, as one harvest begins or has ended."""
    work = cli.harvest_source

    async def interrupted(*given: Any, **kept: Any) -> Outcome:
        if before:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
        outcome = await work(*given, **kept)
        if not before:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
        return outcome

    monkeypatch.setattr(cli, "harvest_source", interrupted)


def test_an_interruption_when_all_has_come_is_none(
    config: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(provider, 7)
    interrupts(monkeypatch, before=False)
    code, output = run(config, "aber")
    assert (code, held(config)) == (0, 7)
    assert "interrupted" not in output


def test_an_interruption_as_the_catalogue_is_closed_loses_no_report(
    config: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(provider, 7)
    close = SqliteStore.close

    async def closes(store: SqliteStore) -> None:
        await close(store)
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)

    monkeypatch.setattr(SqliteStore, "close", closes)
    code, output = run(config, "aber")
    assert (code, "ils: 7 records" in output) == (0, True)


def test_an_interruption_between_two_sources_names_the_one_that_is_left(
    two: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(provider, 7)
    interrupts(monkeypatch, before=False)
    code, output = run(two, "aber")
    assert (code, held(two)) == (4, 7)
    assert "interrupted: closed not harvested to the end; the next `gateway harvest aber`" in " ".join(output.split())


def test_an_interruption_before_the_first_page_is_told(
    config: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(provider, 7)
    interrupts(monkeypatch, before=True)
    code, output = run(config, "aber")
    assert (code, held(config)) == (4, 0)
    assert "interrupted: ils not harvested to the end" in " ".join(output.split())


def test_an_interruption_before_a_source_is_asked_is_told(
    config: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opening(url: str) -> Writer:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)
        raise AssertionError

    monkeypatch.setattr(cli, "open_writer", opening)
    code, output = run(config, "aber")
    assert (code, provider.asked) == (4, [])
    assert "interrupted: ils not harvested to the end" in " ".join(output.split())


def test_an_interruption_while_a_command_is_loaded_is_told(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loading(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "import_module", loading)
    code, output = run(config, "aber")
    assert (code, output.strip()) == (130, "interrupted")
