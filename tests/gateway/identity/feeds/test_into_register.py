"""Feeds as the sync uses them: what becomes of a file when a run is stopped, broken off or done."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import CsvFeedConfig, SoapFeedConfig
from gateway.identity.feeds.csv_people import CsvFeed
from gateway.identity.feeds.soap_people import SoapFeed
from gateway.identity.model import RunState, Stage
from gateway.identity.sync.engine import Kind, Outcome, Sync
from tests.gateway.identity.memory_register import MemoryRegister
from tests.soap_service import soap_service


class Clock:
    """A minute on with every look."""

    def __init__(self) -> None:
        self._minutes = itertools.count()

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC) + timedelta(minutes=next(self._minutes))

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """No time passes."""


class Bench:
    """A register and one feed of CSV files."""

    def __init__(self, folder: Path) -> None:
        self.drop = folder / "drop"
        self.drop.mkdir()
        self.register = MemoryRegister()
        self._spool = folder / "spool"
        self._spool.mkdir()
        self._clock = Clock()

    def arrives(self, ids: Iterable[int], name: str = "people.csv", *, rows: int | None = None) -> None:
        lines = [f"{number},3000{number},N{number}" for number in ids]
        said = len(lines) if rows is None else rows
        (self.drop / name).write_text("\n".join(["id,card,name", *lines, f"#{said}\n"]))

    async def sync(
        self, kind: Kind | None = None, *, accept: int = 0, stop: Callable[[], bool] = lambda: False, **said: Any
    ) -> Outcome:
        settings = CsvFeedConfig.model_validate(
            {
                "kind": "csv",
                "name": "people",
                "folder": self.drop,
                "source_id": "id",
                "trailer": r"^#(\d+)$",
                "fields": {"barcode": {"from": "card"}, "display": {"from": "name"}},
                **said,
            }
        )
        feed = CsvFeed(settings, clock=self._clock)
        try:
            sync = Sync(
                "bangor", settings, feed, self.register, self._clock, UTC, self._spool, stop=stop, accept=accept
            )
            return await sync.run(kind)
        finally:
            await feed.close()

    async def people(self, stage: Stage) -> int:
        return (await self.register.tally("bangor", "feed:people")).get(stage, 0)

    def files(self, folder: str = ".") -> list[str]:
        return sorted(path.name.rpartition("-")[2] for path in (self.drop / folder).glob("*.csv"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_file_is_done_when_its_run_is(bench: Bench) -> None:
    bench.arrives(range(50))
    assert (await bench.sync()).run.state is RunState.DONE
    assert await bench.people(Stage.PRESENT) == 50
    assert (bench.files(), bench.files("done")) == ([], ["people.csv"])
    assert (await bench.sync()).nothing == "no file is waiting"


async def test_a_file_of_a_stopped_run_waits_to_be_accepted(bench: Bench) -> None:
    bench.arrives(range(50))
    await bench.sync()
    bench.arrives(range(20), "smaller.csv")
    assert (await bench.sync("full")).run.state is RunState.STOPPED
    assert await bench.people(Stage.PRESENT) == 50
    assert bench.files() == ["smaller.csv"]
    assert (await bench.sync("full", accept=30)).run.state is RunState.DONE
    assert await bench.people(Stage.MISSING) == 30
    assert bench.files("done") == ["people.csv", "smaller.csv"]


async def test_a_file_that_is_not_whole_takes_nobody_away(bench: Bench) -> None:
    bench.arrives(range(50))
    await bench.sync()
    bench.arrives(range(1, 50), "short.csv", rows=50)
    stopped = (await bench.sync("full")).run
    assert stopped.state is RunState.STOPPED
    assert "its trailer says 50" in stopped.reason
    assert await bench.people(Stage.PRESENT) == 50
    assert bench.files("failed") == ["short.csv"]


async def test_a_run_broken_off_goes_on_in_its_file(bench: Bench) -> None:
    bench.arrives(range(1200))
    broken_off = await bench.sync(stop=lambda: True)
    assert broken_off.run.state is RunState.INTERRUPTED
    assert 0 < await bench.people(Stage.PRESENT) < 1200
    bench.arrives(range(1300), "later.csv")
    went_on = await bench.sync()
    assert went_on.resumed
    assert went_on.run.state is RunState.DONE
    assert await bench.people(Stage.PRESENT) == 1200
    assert bench.files() == ["later.csv"]


async def test_files_of_changes_take_nobody_away(bench: Bench) -> None:
    bench.arrives(range(50))
    await bench.sync(partial=True)
    bench.arrives([50, 51], "more.csv")
    assert (await bench.sync(partial=True)).run.state is RunState.DONE
    assert await bench.people(Stage.PRESENT) == 52
    bench.arrives([52], "broken.csv", rows=9)
    assert (await bench.sync(partial=True)).run.state is RunState.STOPPED
    assert (bench.files("done"), bench.files("failed")) == (["more.csv", "people.csv"], ["broken.csv"])


async def test_a_soap_service_that_breaks_off_takes_nobody_away(bench: Bench, tmp_path: Path) -> None:
    clock = Clock()
    with soap_service(tmp_path, 40) as service:
        settings = SoapFeedConfig.model_validate(
            {
                "kind": "soap",
                "name": "people",
                "wsdl": service.wsdl,
                "operation": "GetStudents",
                "user": service.user,
                "password": service.password,
                "records": "Students.Student",
                "source_id": "Code",
                "request": {"Page": "{page}", "Size": "{size}"},
                "paging": {"kind": "page", "size": 10, "total": "Total"},
                "fields": {"barcode": {"from": "ID[CARD]"}, "display": {"from": ["Name.First", "+", "Name.Last"]}},
                "per_second": 1000,
            }
        )

        async def sync() -> RunState:
            feed = SoapFeed(settings, clock=clock, sleep=clock.sleep)
            try:
                made = Sync("bangor", settings, feed, bench.register, clock, UTC, tmp_path / "spool")
                return (await made.run("full")).run.state
            finally:
                await feed.close()

        assert await sync() is RunState.DONE
        for behave in (["", "truncated", "truncated", "truncated"], ["", "", "broken"], ["", "down", "down", "down"]):
            service.behave = behave
            assert await sync() is RunState.FAILED
        service.total = 60
        assert await sync() is RunState.STOPPED
        assert await bench.people(Stage.PRESENT) == 40
