"""`gateway harvest` as it is typed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.catalogue.store import open_reader
from gateway.cli import app
from tests.gateway.harvesting.provider import Provider, Reply

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
