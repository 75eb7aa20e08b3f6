"""Patrons from CSV: made, brought up to date, refused with a reason; stopped, killed, resumed, run twice."""

from __future__ import annotations

import asyncio
import csv
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.importing.csv_patrons import PatronOptions, import_patrons
from gateway.importing.progress import ImportProblem, Report, Step
from gateway.platforms.reference.pins import Pins
from gateway.store.rows import EventRow, ImportProgressRow, PatronIdentifierRow, PatronRow, PseudonymRow
from tests.gateway.conftest import StorePlace
from tests.gateway.platforms.reference.library import PEPPER, Library

HEADER = "barcode,given,family,category,expires_on,email,pin\n"
File = Callable[..., Path]


async def run(library: Library, pins: Pins, source: Path, options: PatronOptions | None = None, **more: Any) -> Report:
    return await import_patrons(library.store, library.clock, "alpha", source, pins, options, **more)


def rejects(report: Report) -> list[list[str]]:
    assert report.rejects is not None
    with report.rejects.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


async def names(library: Library) -> set[str]:
    return {row.name for row in await library.rows(PatronRow)} - {"Ann", "Bob", "Cai"}


async def test_a_new_patron_can_come_in_with_the_pin_of_the_file(library: Library, pins: Pins, file: File) -> None:
    source = file(HEADER + "B1,Llŷr,Gŵyr,UG,2027-09-30,a@x.example;b@x.example,4321\n")
    report = await run(library, pins, source)
    assert (report.rows_done, report.rows_refused, report.finished, report.rejects) == (1, 0, True, None)
    row = await library.row(PatronRow, name="Llŷr Gŵyr")
    assert (row.category, row.expires_on, row.emails_json) == ("UG", "2027-09-30", '["a@x.example", "b@x.example"]')
    assert row.pin_hash is not None
    assert "4321" not in row.pin_hash
    assert await pins.verify("alpha", "4321", row.pin_hash)
    identifier = await library.row(PatronIdentifierRow, patron_id=row.id)
    assert (identifier.value, identifier.shown, identifier.type) == ("b1", "B1", "barcode")
    (event,) = await library.rows(EventRow, type="patron.created")
    assert event.subject == (await library.row(PseudonymRow, patron_id=row.id)).pseudonym


async def test_a_known_patron_is_brought_up_to_date_and_empty_cells_leave_things_alone(
    library: Library, pins: Pins, file: File
) -> None:
    await run(library, pins, file(HEADER + "B1,Mair,Rees,UG,2027-01-01,m@x.example,1111\n"))
    before = await library.row(PatronRow, name="Mair Rees")
    source = file("barcode,username,category,email,family\nb1,mair7,UG,,Huws\n", "second.csv")
    report = await run(library, pins, source)
    assert report.rows_refused == 0
    after = await library.row(PatronRow, id=before.id)
    assert (after.name, after.emails_json, after.pin_hash) == ("Mair Huws", before.emails_json, before.pin_hash)
    values = {row.value for row in await library.rows(PatronIdentifierRow, patron_id=before.id)}
    assert values == {"b1", "mair7"}
    (event,) = await library.rows(EventRow, type="patron.updated")
    assert "identifiers" in event.data_json


async def test_a_new_card_replaces_the_old_one(library: Library, pins: Pins, file: File) -> None:
    await run(library, pins, file("barcode,username,category,name\nOLD,mair,UG,Mair\n"))
    await run(library, pins, file("barcode,username,category\nNEW,mair,UG\n", "second.csv"))
    mair = await library.row(PatronRow, name="Mair")
    values = {row.value for row in await library.rows(PatronIdentifierRow, patron_id=mair.id)}
    assert values == {"new", "mair"}


async def test_the_same_content_once_more_writes_nothing(library: Library, pins: Pins, file: File) -> None:
    text = HEADER + "B1,Mair,Rees,UG,2027-01-01,m@x.example,1111\n"
    await run(library, pins, file(text))
    before = await library.rows(PatronRow)
    same_file = await run(library, pins, file(text))
    assert (same_file.rows_done, same_file.resumed_at, same_file.finished) == (1, 1, True)
    other_file = await run(library, pins, file(text + "\n", "copy.csv"))
    assert other_file.resumed_at == 0
    assert await library.rows(PatronRow) == before
    assert await library.rows(EventRow, type="patron.updated") == []


BAD_ROWS = {
    ",Mair,Rees,UG,,,": "no identifier",
    "B2,Mair,Rees,KING,,,": "no category 'KING'",
    "B3,Mair,Rees,,,,": "no category",
    "B4,,,UG,,,": "no name",
    "B5,Mair,Rees,UG,31/12/2027,,": "'31/12/2027' is no date",
    "B6,Mair,Rees,UG": "has 4 cells",
    "B7,Mair,Rees,UG,,,,,": "has 9 cells",
}


async def test_bad_rows_are_put_aside_with_their_reason_and_stop_nothing(
    library: Library, pins: Pins, file: File
) -> None:
    good = "G1,Aled,Pugh,UG,,,\n"
    source = file(HEADER + good + "\n".join(BAD_ROWS) + "\n" + good.replace("G1,Aled", "G2,Elen"))
    report = await run(library, pins, source)
    assert (report.rows_done, report.rows_refused, report.finished) == (9, 7, True)
    found = rejects(report)
    for reason in BAD_ROWS.values():
        assert any(reason in text for _, text in found), reason
    assert await names(library) == {"Aled Pugh", "Elen Pugh"}


async def test_identifiers_of_two_patrons_in_one_row_are_refused(library: Library, pins: Pins, file: File) -> None:
    source = file("barcode,username,category,name\nB1,mair,UG,Mair\nB2,elen,UG,Elen\nB1,elen,UG,Both\n")
    report = await run(library, pins, source)
    assert rejects(report) == [["row 4", "its identifiers belong to different patrons"]]
    assert await names(library) == {"Mair", "Elen"}


async def test_two_rows_of_one_patron_in_one_batch_end_as_the_last_says(
    library: Library, pins: Pins, file: File
) -> None:
    await run(library, pins, file("barcode,category,name\nB1,UG,One\nB1,UG,Two\nC-ann,UG,Annie\nC-ann,UG,Anna\n"))
    assert await names(library) == {"Two", "Anna"}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("barcode;name;category\nB1;José Ŵyn;UG\n".encode(), None),
        ("\ufeffbarcode\tname\tcategory\r\nB1\tJosé Ŵyn\tUG\r\n".encode(), None),
        ('"Barcode"|"NAME"|"Category"\n"B1"|"José Ŵyn"|"UG"\n'.encode(), "utf-8"),
    ],
)
async def test_delimiters_and_marks_are_found_out(
    library: Library, pins: Pins, file: File, content: bytes, encoding: str | None
) -> None:
    await run(library, pins, file(content), PatronOptions(encoding=encoding))
    assert await names(library) == {"José Ŵyn"}


async def test_what_is_not_utf8_is_windows_1252_unless_declared(library: Library, pins: Pins, file: File) -> None:
    content = "barcode,name,category\nB1,José,UG\nB2,Ann–Marie,UG\n".encode("cp1252")
    assert (await run(library, pins, file(content))).rows_refused == 0
    assert await names(library) == {"José", "Ann–Marie"}
    declared = await run(library, pins, file(content, "declared.csv"), PatronOptions(encoding="utf-8"))
    assert [reason for _, reason in rejects(declared)] == ["is not utf-8"] * 2


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("barcode,categori", "did you mean 'category'"),
        ("barcode,name", "category"),
        ("barcode,category,Barcode", "twice"),
        ("", "empty"),
    ],
)
async def test_a_header_that_cannot_be_right_stops_before_anything_is_written(
    library: Library, pins: Pins, file: File, header: str, says: str
) -> None:
    with pytest.raises(ImportProblem, match=says):
        await run(library, pins, file(header + "\n"))
    assert await library.rows(ImportProgressRow) == []


async def test_their_headers_are_mapped_on_ours(library: Library, pins: Pins, file: File) -> None:
    source = file("Card No,Full Name,Type,Shoe size,Ends\nB1,Mair,UG,38,31/12/2027\n")
    mapping = {"card no": "barcode", "Full Name": "name", "Type": "category", "Shoe size": "-", "Ends": "expires_on"}
    await run(library, pins, source, PatronOptions(mapping, date_format="%d/%m/%Y"))
    assert (await library.row(PatronRow, name="Mair")).expires_on == "2027-12-31"


async def test_a_member_without_rules_is_told_so(library: Library, pins: Pins, file: File) -> None:
    with pytest.raises(ImportProblem, match="gamma"):
        await import_patrons(library.store, library.clock, "gamma", file(HEADER), pins)


def many(rows: int, bad: int) -> str:
    """A file with a bad row after every `bad` - 1 good ones."""
    lines = (f"B{n},Name,{n},{'NONE' if n % bad == 0 else 'UG'},,," for n in range(1, rows + 1))
    return HEADER + "\n".join(lines) + "\n"


async def test_a_stopped_load_goes_on_where_it_ended(library: Library, pins: Pins, file: File) -> None:
    source = file(many(50, bad=10))
    steps: list[Step] = []
    first = await run(library, pins, source, progress=steps.append, stop=lambda: len(steps) == 2, batch_size=10)
    assert (first.rows_done, first.rows_refused, first.finished) == (20, 2, False)
    assert len(await names(library)) == 18
    second = await run(library, pins, source, batch_size=10)
    assert (second.rows_done, second.rows_refused, second.finished, second.resumed_at) == (50, 5, True, 20)
    assert len(await names(library)) == 45
    assert [row for row, _ in rejects(second)] == ["row 11", "row 21", "row 31", "row 41", "row 51"]
    assert [step.rows_done for step in steps] == [10, 20]
    assert all(0 < step.position <= step.total == source.stat().st_size for step in steps)


async def test_rejects_of_a_batch_that_was_never_committed_are_not_told_twice(
    library: Library, pins: Pins, file: File
) -> None:
    source = file(many(20, bad=5))
    first = await run(library, pins, source, stop=lambda: True, batch_size=10)
    assert first.rejects is not None
    with first.rejects.open("a", encoding="utf-8") as torn:
        torn.write("row 16,written by a process that was killed before it committed\r\nrow 2")
    second = await run(library, pins, source, batch_size=10)
    assert [row for row, _ in rejects(second)] == ["row 6", "row 11", "row 16", "row 21"]


KILLED = """
import asyncio, sys
from pathlib import Path
from gateway.clock import SystemClock
from gateway.importing.csv_patrons import import_patrons
from gateway.platforms.reference.pins import Pins
from gateway.store import open_store

async def main():
    store = await open_store(sys.argv[1])
    told = lambda step: print(step.rows_done, flush=True)
    pins = Pins(bytes.fromhex(sys.argv[3]))
    await import_patrons(store, SystemClock(), "alpha", Path(sys.argv[2]), pins, progress=told, batch_size=20)

asyncio.run(main())
"""


async def test_a_killed_load_loses_no_row_and_doubles_none(
    library: Library, pins: Pins, file: File, store_place: StorePlace
) -> None:
    source = file(many(2000, bad=100))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, store_place.url, str(source), PEPPER.hex(), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(3):
        await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    (progress,) = await library.rows(ImportProgressRow)
    assert 60 <= progress.rows_done < 2000
    assert len(await names(library)) == progress.rows_done - progress.rows_refused
    report = await run(library, pins, source)
    assert (report.resumed_at, report.rows_done, report.rows_refused) == (progress.rows_done, 2000, 20)
    assert len(await library.rows(PatronRow)) == 3 + 1980
    assert [row for row, _ in rejects(report)] == [f"row {n + 1}" for n in range(100, 2001, 100)]
