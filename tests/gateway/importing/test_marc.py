"""Bibs and items from MARC, ISO 2709 and XML: damaged records are told and passed over, changes get new positions."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymarc import Field, Indicators, Leader, Record, Subfield, record_to_xml

from gateway.canonical import requests as req
from gateway.catalogue.forms import render
from gateway.catalogue.records import CatalogueRecord, Format, Holding
from gateway.importing.item_fields import ITEM_FIELDS, ItemFields
from gateway.importing.item_rows import ItemDefaults
from gateway.importing.marc import MarcOptions, import_marc
from gateway.importing.marc_source import MarcFile
from gateway.importing.progress import ImportProblem, Report, Step
from gateway.store.rows import BibRow, ItemRow, MemberStateRow
from tests.gateway.platforms.reference.library import Library

File = Callable[..., Path]
ITEMS = MarcOptions(ITEM_FIELDS["952"], ItemDefaults("BOOK", "MAIN"), {"CPL": "MAIN"}, {"BK": "BOOK"})


def record(number: str, title: str = "Tŷ ar y bryn :", *, status: str = "n", **items: str) -> Record:
    """A record with a title, an author and, for each keyword, an item: barcode=location."""
    made = Record(force_utf8=True, leader=Leader(f"     {status}am a22      i 4500"))  # pyright: ignore[reportArgumentType]
    made.add_field(
        Field("001", data=number),
        Field("008", data="260101s1987    wlk           000 0 wel d"),
        Field("020", Indicators(" ", " "), [Subfield("a", "978-0-00-000000-2 (clawr)")]),
        Field("035", Indicators(" ", " "), [Subfield("a", "(OCoLC)ocm00012345")]),
        Field("100", Indicators("1", " "), [Subfield("a", "Jones, Siân,"), Subfield("e", "awdur.")]),
        Field("245", Indicators("1", "0"), [Subfield("a", title), Subfield("b", "nofel /")]),
    )
    for barcode, place in items.items():
        fields = [Subfield("p", barcode), Subfield("a", place), Subfield("y", "BK"), Subfield("o", "891.66 JON")]
        made.add_field(Field("952", Indicators(" ", " "), fields))
    return made


def iso(*records: Record) -> bytes:
    return b"".join(made.as_marc() for made in records)


def xml(*records: Record) -> bytes:
    inner = b"".join(record_to_xml(made) for made in records)
    return b'<?xml version="1.0"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">' + inner + b"</collection>"


FORMS = pytest.mark.parametrize("form", [iso, xml], ids=["iso2709", "marcxml"])


async def run(library: Library, source: Path, options: MarcOptions | None = None, **more: Any) -> Report:
    return await import_marc(library.store, library.clock, "alpha", source, options, **more)


def rejects(report: Report) -> list[list[str]]:
    assert report.rejects is not None
    with report.rejects.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


async def bibs(library: Library) -> dict[str, BibRow]:
    return {row.id: row for row in await library.rows(BibRow) if row.id not in ("x", "y")}


@FORMS
async def test_records_come_in_with_their_words_and_items(library: Library, file: File, form: Any) -> None:
    source = file(form(record("m1", T1="CPL", T2="BRANCH"), record("m2", "Dŵr")), "source.mrc")
    report = await run(library, source, ITEMS)
    assert (report.rows_done, report.rows_refused, report.finished) == (2, 0, True)
    one = (await bibs(library))["m1"]
    assert (one.title, one.author, one.year, one.language) == ("Tŷ ar y bryn : nofel", "Jones, Siân", "1987", "wel")
    assert (one.isbn_json, one.oclc_json, one.media_type) == ('["9780000000002"]', '["12345"]', "book")
    assert one.marc is not None
    assert "Tŷ".encode() in one.marc
    places = {row.barcode: row.permanent_location for row in await library.rows(ItemRow, bib_id="m1")}
    assert places == {"T1": "MAIN", "T2": "BRANCH"}
    shown = await library.platform.bib_get(library.context(), req.BibGet(bib_id="m2", with_marc=True))
    assert "Dŵr" in shown.bib.marcxml  # type: ignore[union-attr,operator]


async def test_copies_as_this_gateway_gives_them_out_come_in_as_they_are(library: Library, file: File) -> None:
    holding = Holding(
        "alpha", "BRANCH", "891.66 JON", 2, "The branch", "LOCAL", item_type="BOOK", barcodes=("T1", "T2")
    )
    marcxml = xml(record("m1")).partition(b'slim">')[2].removesuffix(b"</collection>")
    shown = CatalogueRecord(1, "alpha", "m1", 5, Format.MARC21, marcxml, 0, holdings=(holding,))
    report = await run(library, file(render("marcxml-holdings", shown)), MarcOptions(ITEM_FIELDS["952"]))
    assert (report.rows_done, report.rows_refused) == (1, 0)
    rows = await library.rows(ItemRow, bib_id="m1")
    said = {(row.barcode, row.permanent_location, row.call_number, row.collection, row.item_type) for row in rows}
    assert said == {(code, "BRANCH", "891.66 JON", "LOCAL", "BOOK") for code in ("T1", "T2")}


@FORMS
async def test_only_what_changed_gets_a_new_position(library: Library, file: File, form: Any) -> None:
    await run(library, file(form(record("m1"), record("m2"), record("m3"))))
    before = await bibs(library)
    assert [before[name].position for name in ("m1", "m2", "m3")] == [1, 2, 3]
    await run(library, file(form(record("m1"), record("m2", "Arall"), record("m3", status="d")), "second.mrc"))
    after = await bibs(library)
    assert after["m1"] == before["m1"]
    assert (after["m2"].position, after["m2"].created_at) == (4, before["m2"].created_at)
    assert (after["m3"].position, after["m3"].deleted_at) == (5, library.clock.millis)
    assert (await library.row(MemberStateRow)).change_position == 5
    await run(library, file(form(record("m3", status="d"), record("m4", status="d")), "third.mrc"))
    assert (await library.row(MemberStateRow)).change_position == 5
    await run(library, file(form(record("m3")), "fourth.mrc"))
    again = (await bibs(library))["m3"]
    assert (again.position, again.deleted_at) == (6, None)


async def test_the_last_of_several_records_with_one_id_counts(library: Library, file: File) -> None:
    await run(library, file(iso(record("m1", "Cyntaf"), record("m1", "Olaf"))))
    assert {name: row.title for name, row in (await bibs(library)).items()} == {"m1": "Olaf nofel"}


async def test_damaged_records_are_told_with_their_offset_and_stop_nothing(library: Library, file: File) -> None:
    good, wrong_length = iso(record("m1")), bytearray(iso(record("m2")))
    wrong_length[0:5] = b"00099"
    no_title = Record(force_utf8=True)
    no_title.add_field(Field("001", data="m4"))
    not_utf8 = iso(record("m5")).replace("ŷ".encode(), b"\xff\xfe")
    content = good + b"\r\n" + bytes(wrong_length) + b"rubbish\x1d" + iso(no_title) + not_utf8 + iso(record("m6"))
    report = await run(library, file(content + b"00100nam  cut off"))
    assert set(await bibs(library)) == {"m1", "m2", "m5", "m6"}
    found = dict(rejects(report))
    offset = len(good) + 2 + len(wrong_length)
    assert found == {
        f"byte {offset}": "8 bytes are too short for a leader",
        f"byte {offset + 8}": "no title (245)",
        f"byte {len(content)}": "17 bytes are too short for a leader",
    }
    assert report.finished
    assert report.repairs is not None
    with report.repairs.open(newline="", encoding="utf-8") as repaired:
        rows = list(csv.reader(repaired))
    assert rows[0] == ["byte", "repair"]
    assert str(len(good) + 2) in {offset for offset, _ in rows[1:]}
    assert report.rows_repaired == len({offset for offset, _ in rows[1:]})


async def test_damaged_xml_is_read_past(library: Library, file: File) -> None:
    content = xml(record("m1"), record("m2"), record("m3"))
    middle = content.index(b"m2")
    damaged = content[:middle] + b"m2 & <b" + content[middle + 2 :]
    report = await run(library, file(damaged, "source.xml"))
    assert report.finished
    assert set(await bibs(library)) == {"m1", "m3"}
    ((label, reason),) = rejects(report)
    assert label == f"byte {content.rindex(b'<record', 0, middle)}"
    assert "damaged XML" in reason


async def test_a_record_that_does_not_end_takes_no_other_with_it(library: Library, file: File) -> None:
    content = xml(record("m1"), record("m2"), record("m3")).replace(b"</record>", b"", 1)
    report = await run(library, file(content, "source.xml"))
    assert set(await bibs(library)) == {"m2", "m3"}
    assert [reason for _, reason in rejects(report)] == ["has no end"]


async def test_prefixes_declared_above_and_records_in_an_oai_answer_are_understood(
    library: Library, file: File
) -> None:
    inner = record_to_xml(record("m1", "Dŵr")).decode().replace("<", "<marc:").replace("<marc:/", "</marc:")
    inner = inner.replace("<marc:record", '<marc:record xsi:type="marc:recordType"')
    one = f"<record><header><identifier>oai:1</identifier></header><metadata>{inner}</metadata></record>"
    declared = 'xmlns:marc="http://www.loc.gov/MARC21/slim" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    answer = f"<OAI-PMH {declared}><ListRecords>{one}{one}</ListRecords></OAI-PMH>"
    content = f'<?xml version="1.0" encoding="ISO-8859-14"?>{answer}'
    report = await run(library, file(content.encode("iso-8859-14"), "oai.xml"))
    assert (report.rows_done, report.rows_refused) == (2, 0)
    assert (await bibs(library))["m1"].title == "Dŵr nofel"


async def test_entities_are_not_followed(library: Library, file: File, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    bomb = xml(record("m1", "TITLE")).replace(
        b'<?xml version="1.0"?>', f'<!DOCTYPE c [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
    )
    await run(library, file(bomb.replace(b"TITLE", b"x &e; y")))
    assert all("secret" not in row.title for row in (await bibs(library)).values())


async def test_bad_items_leave_their_record_in(library: Library, file: File) -> None:
    source = file(iso(record("m1", T1="MOON", T2="CPL")))
    report = await run(library, source, ITEMS)
    assert rejects(report) == [["byte 0", "m1, item T1: there is no location 'MOON'"]]
    assert [row.barcode for row in await library.rows(ItemRow, bib_id="m1")] == ["T2"]


async def test_item_fields_need_a_barcode(library: Library, file: File) -> None:
    with pytest.raises(ImportProblem, match="barcode"):
        await run(library, file(iso(record("m1"))), MarcOptions(ItemFields("952", {"location": "a"})))


@FORMS
async def test_a_stopped_load_goes_on_where_it_ended(library: Library, file: File, form: Any) -> None:
    source = file(form(*(record(f"m{n}", T=f"T{n}") if n == 0 else record(f"m{n}") for n in range(25))))
    steps: list[Step] = []
    first = await run(library, source, progress=steps.append, stop=lambda: True, batch_size=10)
    assert (first.rows_done, first.finished) == (10, False)
    second = await run(library, source, progress=steps.append, batch_size=10)
    assert (second.rows_done, second.finished, second.resumed_at) == (25, True, 10)
    assert sorted(row.position for row in (await bibs(library)).values()) == list(range(1, 26))
    assert steps[-1].position == steps[-1].total


@settings(max_examples=150)
@given(content=st.binary(max_size=400) | st.builds(lambda a, b: a + iso(record("m1")) + b, st.binary(), st.binary()))
def test_any_bytes_give_records_or_problems(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "source"
    path.write_bytes(content)
    for taken in MarcFile(path).rows(0):
        assert (taken.value is None) == (taken.problem is not None)


def test_real_records_are_read_or_told(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("marc")
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".mrc", ".xml", ".marc", ".dat"})[:150]
    assert files
    read = 0
    for path in files:
        for taken in MarcFile(path).rows(0):
            assert (taken.value is None) == (taken.problem is not None)
            read += taken.value is not None
    assert read > 100
