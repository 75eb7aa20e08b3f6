"""A disk that is full: what was written stays, nothing false is told, and all goes on when there is room again."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_reader, open_writer
from gateway.catalogue.store.compress import ENOUGH
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.importing.marc_catalogue import import_catalogue
from library_protocols.marc import DataField, Record, to_iso2709
from tests.gateway.catalogue.disk import Disk, disk_of
from tests.gateway.catalogue.making import incoming


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"


@pytest.fixture
async def ingest(url: str) -> AsyncIterator[Ingest]:
    await migrate.upgrade(url)
    store = await open_writer(url)
    yield Ingest(store)
    await store.close()


@pytest.fixture
def disk(ingest: Ingest) -> Disk:
    return disk_of(ingest.store)


async def titles(url: str) -> list[str]:
    """As another process reads them."""
    reader = await open_reader(url)
    try:
        page = await reader.changes("aber", "", 0, None, None, 10_000)
        return sorted(one.marcxml.decode().partition('tag="245"')[2] for one in await reader.feed_records("aber", page))
    finally:
        await reader.close()


async def test_records_are_never_written_with_a_dictionary_that_was_not_kept(
    url: str, ingest: Ingest, disk: Disk
) -> None:
    batch = [incoming(str(number), f"Book {number}") for number in range(ENOUGH + 10)]
    disk.room = 0
    with pytest.raises(CatalogueUnavailable, match="full"):
        await ingest.put("aber", batch)
    assert await titles(url) == []
    disk.room = None
    await ingest.put("aber", batch)
    assert len([title for title in await titles(url) if "Book" in title]) == ENOUGH + 10


async def test_a_load_goes_on_where_the_disk_was_full(url: str, ingest: Ingest, disk: Disk, tmp_path: Path) -> None:
    leader, title = "00000nam a2200000 a 4500", [DataField("245", "00", (("a", "A book"),))]
    records = [Record(leader, [("001", str(n))] if n % 10 else [], title) for n in range(40)]
    source = tmp_path / "source.mrc"
    source.write_bytes(b"".join(map(to_iso2709, records)))
    disk.room = 2
    with pytest.raises(CatalogueUnavailable, match="full"):
        await import_catalogue(ingest, "aber", source, workers=0, batch_size=10)
    assert len(await titles(url)) == 18
    disk.room = None
    report = await import_catalogue(ingest, "aber", source, workers=0, batch_size=10)
    assert (report.finished, report.rows_done, report.rows_refused, report.resumed_at) == (True, 40, 4, 20)
    assert len(await titles(url)) == 36
    assert report.rejects is not None
    with report.rejects.open(newline="", encoding="utf-8") as told:
        assert len(list(csv.reader(told))) == 1 + 4


async def test_rejects_that_cannot_be_written_are_told_again(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, title = "00000nam a2200000 a 4500", [DataField("245", "00", (("a", "A book"),))]
    source = tmp_path / "source.mrc"
    source.write_bytes(b"".join(to_iso2709(Record(leader, [], title)) for _ in range(5)))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.importing.batches.Rejects.add", full)
        with pytest.raises(OSError, match="No space"):
            await import_catalogue(ingest, "aber", source, workers=0)
    report = await import_catalogue(ingest, "aber", source, workers=0)
    assert (report.rows_refused, report.resumed_at) == (5, 0)
