"""Records into the catalogue alone: with other processes and without them the same, interrupted or not."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL, Holding, SourceKind
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.compress import ORIGINAL, RENDERING
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.visibility import Visibility, condition
from gateway.importing.item_fields import ITEM_FIELDS
from gateway.importing.marc import MarcOptions
from gateway.importing.marc_catalogue import import_catalogue
from gateway.importing.progress import Report, Step
from library_protocols.marc import DataField, Record, to_iso2709, to_marcxml

File = Callable[..., Path]
ITEMS = MarcOptions(ITEM_FIELDS["952"])


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[Ingest]:
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    await migrate.upgrade(url)
    store = await open_writer(url)
    yield Ingest(store)
    await store.close()


def record(number: int, *copies: tuple[str, str]) -> Record:
    data = [DataField("245", "00", (("a", f"Book {number}"),))]
    data += [DataField("952", "  ", (("p", code), ("a", place), ("o", "PB 1"))) for code, place in copies]
    return Record("00000nam a2200000 a 4500", [("001", str(number))], data)


def content(count: int, form: Any = to_iso2709) -> bytes:
    return b"".join(form(record(number)) for number in range(count))


async def controls(ingest: Ingest) -> list[str]:
    page = await ingest.store.changes("aber", "", 0, None, None, 10_000)
    return sorted((one.control for one in await ingest.store.feed_records("aber", page)), key=int)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("form", [to_iso2709, to_marcxml])
async def test_a_file_is_loaded(ingest: Ingest, file: File, workers: int, form: Any) -> None:
    source = file(content(47, form), "source.mrc")
    steps: list[Step] = []
    report = await import_catalogue(ingest, "aber", source, workers=workers, batch_size=10, progress=steps.append)
    assert report == Report(rows_done=47, finished=True)
    assert await controls(ingest) == [str(number) for number in range(47)]
    kept = await ingest.store.originals([1, 47])
    kind = SourceKind.EXACT if form is to_iso2709 else SourceKind.MARCXML
    assert kept == {1: (kind, form(record(0))), 47: (kind, form(record(46)))}
    assert steps[-1].position == steps[-1].total
    again = await import_catalogue(ingest, "aber", source, workers=workers, batch_size=10)
    assert (again.rows_done, again.resumed_at, again.finished) == (47, 47, True)


async def test_dictionaries_that_are_there_are_used_from_the_first_record_on(ingest: Ingest, file: File) -> None:
    source = file(content(620), "source.mrc")
    await import_catalogue(ingest, "bangor", source, workers=0, batch_size=600)
    assert (await ingest.store.learnt(RENDERING), await ingest.store.learnt(ORIGINAL[0])) == (True, True)
    report = await import_catalogue(ingest, "aber", source, workers=1, batch_size=100)
    assert report == Report(rows_done=620, finished=True)
    assert await controls(ingest) == [str(number) for number in range(620)]
    numbers = list((await ingest.store.controls("aber", [str(number) for number in range(620)])).values())
    async with ingest.store.snapshot(EVERYTHING) as session:
        rows = await session.fetch(sql.RENDERED, ids=numbers)
    assert {row[1] for row in rows} == {1}
    kept = await ingest.store.originals(numbers[:1])
    assert list(kept.values()) == [(SourceKind.EXACT, to_iso2709(record(0)))]


async def test_a_stopped_load_goes_on_where_it_ended(ingest: Ingest, file: File) -> None:
    source = file(content(35), "source.mrc")
    first = await import_catalogue(ingest, "aber", source, batch_size=10, stop=lambda: True)
    assert (first.rows_done, first.finished) == (10, False)
    rounds: list[Step] = []
    second = await import_catalogue(
        ingest, "aber", source, batch_size=10, progress=rounds.append, stop=lambda: len(rounds) == 2
    )
    assert (second.rows_done, second.resumed_at, second.finished) == (30, 10, False)
    third = await import_catalogue(ingest, "aber", source, batch_size=10, workers=0)
    assert (third.rows_done, third.resumed_at, third.finished) == (35, 30, True)
    assert await controls(ingest) == [str(number) for number in range(35)]


@pytest.mark.parametrize("workers", [0, 1])
async def test_what_is_damaged_or_repaired_is_told_by_its_byte(ingest: Ingest, file: File, workers: int) -> None:
    good, wrong = content(12), bytearray(to_iso2709(record(50)))
    wrong[:5] = b"00099"
    nameless = to_iso2709(record(51).replace(control=[]))
    source = file(good + bytes(wrong) + b"rubbish\x1d" + nameless + to_iso2709(record(52)), "source.mrc")
    report = await import_catalogue(ingest, "aber", source, workers=workers, batch_size=10)
    assert (report.rows_done, report.rows_refused, report.rows_repaired) == (16, 2, 1)
    assert report.rejects is not None
    assert report.repairs is not None
    with report.rejects.open(newline="", encoding="utf-8") as told:
        rows = list(csv.reader(told))
    damaged = len(good) + len(wrong)
    assert rows[1:] == [
        [f"byte {damaged}", "8 bytes are too short for a leader"],
        [f"byte {damaged + 8}", "has no control number (001)"],
    ]
    with report.repairs.open(newline="", encoding="utf-8") as told:
        assert {offset for offset, _ in list(csv.reader(told))[1:]} == {str(len(good))}
    assert await controls(ingest) == [*map(str, range(12)), "50", "52"]


@pytest.mark.parametrize("workers", [0, 1])
async def test_what_a_member_keeps_to_itself(ingest: Ingest, file: File, workers: int) -> None:
    """Told to the processes that prepare, too."""
    hiding = Visibility((condition("245a=book 3"),), (condition("952a=staff"),))
    made = [record(number, *([("T1", "STAFF")] if number == 4 else [])) for number in range(6)]
    source = file(b"".join(map(to_iso2709, made)), "source.mrc")
    loader = Ingest(ingest.store, hiding={"aber": hiding})
    await import_catalogue(loader, "aber", source, workers=workers, batch_size=2)
    assert await controls(ingest) == ["0", "1", "2", "4", "5"]
    assert (await ingest.store.stats()).by_member["aber"] == {"visible": 4, "suppressed": 1, "private": 1}
    assert await ingest.store.count(ALL, "", None, None) == (4, 0)


async def test_items_of_the_record_are_its_holdings(ingest: Ingest, file: File) -> None:
    made = record(1, ("T1", "CPL"), ("T2", "CPL"), ("", "BRANCH"))
    await import_catalogue(ingest, "aber", file(to_iso2709(made), "source.mrc"), ITEMS, workers=0)
    assert await ingest.store.holdings("aber", [1]) == {
        1: (
            Holding("aber", "CPL", "PB 1", 2, barcodes=("T1", "T2"), control="1"),
            Holding("aber", "BRANCH", "PB 1", 1, control="1"),
        )
    }


async def test_an_empty_file(ingest: Ingest, file: File) -> None:
    report = await import_catalogue(ingest, "aber", file(b"", "source.mrc"))
    assert (report.rows_done, report.finished) == (0, True)


async def test_real_records(ingest: Ingest, shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Whatever stands in the files: taken or told, and what was taken can be read again as it came."""
    for path in sorted(shared_data("marc").glob("*.mrc"))[::6]:
        target = tmp_path / f"{path.name}.rejects.csv"
        report = await import_catalogue(ingest, path.stem[:12], path, rejects=target, workers=0)
        assert report.finished
    stats = await ingest.store.stats()
    assert stats.records > 100
    records = [one.record for one in await ingest.store.index_entries(0, 20_000) if one.record is not None]
    assert len(records) == stats.records
    kept = await ingest.store.originals([one.id for one in records])
    assert len(kept) == len(records)


def test_processes_that_prepare_start_without_databases_and_configuration() -> None:
    script = "import sys, gateway.importing.marc_batches, gateway.catalogue.query_sets; print(*sys.modules)"
    started = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(started.stdout.split())
    assert "gateway.importing.marc_batches" in loaded
    assert loaded.isdisjoint({"sqlalchemy", "pydantic", "asyncpg", "gateway.config", "gateway.catalogue.store.reader"})


_IMPORTER = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from gateway.importing import marc_batches, marc_catalogue
workers = ProcessPoolExecutor(1, marc_catalogue._forked_clean(), marc_batches.begin, (None,))
print(workers.submit(os.getpid).result(), flush=True)
time.sleep(60)
"""


def test_workers_end_with_an_importer_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _IMPORTER], stdout=subprocess.PIPE) as importer:
        assert importer.stdout is not None
        worker = psutil.Process(int(importer.stdout.readline()))
        importer.kill()
    for _ in range(200):
        if not _works(worker):
            return
        time.sleep(0.05)
    worker.kill()
    pytest.fail("the worker waits for ever")


def _works(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
