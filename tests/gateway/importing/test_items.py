"""Items from CSV: copies of known titles; what circulation decides about an item stays untouched."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.importing.csv_items import ItemOptions, import_items
from gateway.importing.item_rows import ItemDefaults
from gateway.importing.progress import Report
from gateway.store.rows import EventRow, ItemRow
from tests.gateway.platforms.reference.library import Library, item

File = Callable[..., Path]


async def run(library: Library, source: Path, options: ItemOptions | None = None, **more: Any) -> Report:
    return await import_items(library.store, library.clock, "alpha", source, options, **more)


def reasons(report: Report) -> list[str]:
    assert report.rejects is not None
    with report.rejects.open(newline="", encoding="utf-8") as file:
        return [reason for _, reason in csv.reader(file)][1:]


async def test_a_new_item_stands_on_its_shelf(library: Library, file: File) -> None:
    source = file(
        "barcode,bib_id,item_type,location,call_number,price,restrictions\n"
        "N1,x,BOOK,BRANCH,942.9 JEN,12.50,not_for_loan;supervised\n"
    )
    await run(library, source)
    row = await library.row(ItemRow, barcode="N1")
    assert (row.bib_id, row.status, row.item_type) == ("x", "AVAILABLE", "BOOK")
    assert (row.permanent_location, row.current_location, row.price) == ("BRANCH", "BRANCH", 1250)
    assert (row.call_number, row.restrictions) == ("942.9 JEN", "NOT_FOR_LOAN,SUPERVISED")
    assert len(await library.rows(EventRow, type="item.created")) == 1


async def test_defaults_fill_what_a_new_items_row_leaves_out(library: Library, file: File) -> None:
    source = file("barcode,bib_id\nN1,x\n")
    without = await run(library, source)
    assert "no item type" in reasons(without)[0]
    await run(library, source, ItemOptions(defaults=ItemDefaults("BOOK", "MAIN")))
    assert (await library.row(ItemRow, barcode="N1")).permanent_location == "MAIN"


async def test_a_known_item_keeps_what_the_file_does_not_say_and_what_circulation_says(
    library: Library, file: File
) -> None:
    await library.lend("x", "ann")
    before = await library.row(ItemRow, id="x")
    source = file("barcode,bib_id,location,call_number,status\nb-x,x,BRANCH,NEW,\nb-y.1,y,BRANCH,,MISSING\n")
    report = await run(library, source)
    assert report.rows_refused == 0
    lent, shelved = await library.row(ItemRow, id="x"), await library.row(ItemRow, id="y.1")
    assert (lent.permanent_location, lent.current_location, lent.call_number) == ("BRANCH", "MAIN", "NEW")
    assert (lent.status, lent.last_key) == (before.status, before.last_key)
    assert (shelved.permanent_location, shelved.current_location, shelved.status) == ("BRANCH", "BRANCH", "MISSING")


async def test_the_same_rows_again_write_nothing(library: Library, file: File) -> None:
    text = "barcode,bib_id,item_type,location\nN1,x,BOOK,MAIN\n"
    await run(library, file(text))
    before = await library.rows(ItemRow)
    await run(library, file(text + "\n", "again.csv"))
    assert await library.rows(ItemRow) == before


async def test_bad_rows_say_what_is_wrong(library: Library, file: File) -> None:
    await library.lend("x", "ann")
    await library.add(item("guest", bib_id="y", owner_member="beta", temporary=True))
    await library.add(item("piece", bib_id="y", temporary=True))
    rows = {
        "N1,none,BOOK,MAIN,,": "no bib 'none'",
        "N2,x,COMIC,MAIN,,": "no item type 'COMIC'",
        "N3,x,BOOK,MOON,,": "no location 'MOON'",
        "N4,x,BOOK,MAIN,-5,": "'-5' is no price",
        "N5,x,BOOK,MAIN,1.234,": "'1.234' is no price",
        "b-x,x,BOOK,MAIN,,MISSING": "item b-x is ON_LOAN",
        "b-y.1,y,BOOK,MAIN,,ON_LOAN": "status that can be loaded",
        "b-guest,y,BOOK,MAIN,,": "belongs to another member",
        "b-piece,y,BOOK,MAIN,,": "interlibrary loan",
        ",x,BOOK,MAIN,,": "no barcode",
    }
    source = file("barcode,bib_id,item_type,location,price,status\n" + "\n".join(rows) + "\n")
    report = await run(library, source)
    found = reasons(report)
    assert len(found) == len(rows)
    for expected, reason in zip(rows.values(), found, strict=True):
        assert expected in reason
    assert len(await library.rows(ItemRow)) == 5
