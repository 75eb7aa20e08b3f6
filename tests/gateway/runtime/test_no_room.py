"""The catalogue's own processes where something ends them: a full disk is told in a line, and gives room back."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index import directory
from gateway.config import Config
from gateway.runtime import beside, catalogue_work


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Processes that fail, and an index in use beside one that is half made."""

    async def fails(_: Config) -> None:
        raise ExceptionGroup("parts", [ValueError("An error occurred in a thread")])

    monkeypatch.setattr(catalogue_work, "follow", fails)
    monkeypatch.setattr(catalogue_work, "fill", fails)
    path = tmp_path / INDEX_FOLDER
    directory.use(path, directory.begin(path))
    directory.begin(path)
    return Config.model_validate({"pepper": "p" * 32, "data_dir": str(tmp_path)})


def generations(config: Config) -> list[str]:
    return sorted(folder.name for folder in (config.data_dir / INDEX_FOLDER).iterdir() if folder.is_dir())


def free(monkeypatch: pytest.MonkeyPatch, octets: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=octets))


def test_a_full_disk_is_told_and_what_was_half_made_goes(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 3 << 20)
    with capture_logs() as told, pytest.raises(SystemExit):
        beside.run("index", config)
    [line] = told
    assert (line["event"], line["path"], line["free_megabytes"]) == ("disk_full", str(config.data_dir), 3)
    assert generations(config) == ["1"]


def test_who_fills_leaves_the_index_to_its_own_process(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 0)
    with capture_logs() as told, pytest.raises(SystemExit):
        beside.run("fill", config)
    assert [line["event"] for line in told] == ["disk_full"]
    assert generations(config) == ["1", "2"]


def test_with_room_on_the_disk_it_is_another_fault(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1 << 40)
    with pytest.raises(ExceptionGroup):
        beside.run("index", config)
    assert generations(config) == ["1", "2"]
