"""CSV: what is refused as a whole, what is put aside, and what proves that nothing is missing."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import CsvFeedConfig
from gateway.identity.feeds import files
from gateway.identity.feeds.csv_people import CsvFeed
from gateway.identity.feeds.port import End, FeedError
from tests.gateway.identity.feeds.reading import Read, collect, first_page, run

HEAD = "id,name,mail\n"


def feed(folder: Path, **said: Any) -> CsvFeed:
    return CsvFeed(
        CsvFeedConfig.model_validate({"kind": "csv", "name": "students", "folder": folder, "source_id": "id", **said})
    )


async def read(folder: Path, text: str | bytes, **said: Any) -> Read:
    (folder / "people.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return await run(feed(folder, **said))


async def refused(folder: Path, text: str | bytes, **said: Any) -> str:
    with pytest.raises(FeedError) as error:
        await read(folder, text, **said)
    assert not error.value.retry
    return error.value.reason


async def test_rows_become_records_and_empty_is_not_absent(tmp_path: Path) -> None:
    found = await read(tmp_path, HEAD + '1,"Li, Wei", li@x.example \n2,Ann,\n')
    assert found.records[0].attributes == {"id": ["1"], "name": ["Li, Wei"], "mail": ["li@x.example"]}
    assert found.records[1].attributes["mail"] == []
    assert "phone" not in found.records[1].attributes
    assert found.records[1].where == "row 3"
    assert found.ended == End(True)


async def test_a_cell_may_have_lines_and_the_file_a_mark_of_byte_order(tmp_path: Path) -> None:
    found = await read(tmp_path, b"\xef\xbb\xbf" + (HEAD + '1,"Flat 2\n\nHigh St",\r\n').encode(), encoding="utf-8")
    assert found.records[0].attributes["name"] == ["Flat 2\n\nHigh St"]
    assert found.ended.complete


@pytest.mark.parametrize(
    ("octets", "encoding", "reason"),
    [
        ((HEAD + "1,Zoë,\n").encode("cp1252"), "utf-8-sig", "is not utf-8-sig"),
        ((HEAD + "1,Zoë,\n").encode(), "cp1252", "is UTF-8 throughout"),
        ((HEAD + "1,Zoë,\n").encode(), "ascii", "is not ascii"),
        ((HEAD + "1,Ann,\n").encode("utf-16"), "cp1252", "names none of the columns"),
    ],
)
async def test_another_encoding_than_declared_is_refused(
    tmp_path: Path, octets: bytes, encoding: str, reason: str
) -> None:
    assert reason in await refused(tmp_path, octets, encoding=encoding)


async def test_the_declared_encoding_is_read(tmp_path: Path) -> None:
    for encoding in ("cp1252", "utf-16", "utf-8"):
        found = await read(tmp_path, (HEAD + f"1,Zoë {encoding},\n").encode(encoding), encoding=encoding)
        assert found.records[0].attributes["name"] == [f"Zoë {encoding}"]


async def test_a_misspelt_column_is_told_with_what_is_there(tmp_path: Path) -> None:
    reason = await refused(tmp_path, "id,E-Mail,name\n1,a@x.example,Ann\n", header=["id", "email", "barcode"])
    assert reason == "people.csv lacks columns: 'email' (there is 'E-Mail'), 'barcode'"
    assert [path.name.split("-", 2)[2] for path in sorted((tmp_path / "failed").glob("*.csv"))] == ["people.csv"]


async def test_a_file_without_a_header_tells_nobody(tmp_path: Path) -> None:
    reason = await refused(tmp_path, "1,Ann,emal@x.example,Ann\n2,Bo,b,Bo\n", header=["email"])
    assert reason == "the first row of people.csv names none of the columns"


async def test_a_misspelt_source_id_is_told_too(tmp_path: Path) -> None:
    fields = {"display": {"from": "name"}}
    reason = await refused(tmp_path, "ID,name\n1,Ann\n", fields=fields)
    assert reason == "people.csv lacks columns: 'id' (there is 'ID')"


async def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    assert "twice: name" in await refused(tmp_path, "id,name,name\n1,a,b\n")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"source_id": ""}, "source_id"),
        ({"trailer": "("}, "`trailer`"),
        ({"trailer": "^#rows$"}, "`trailer`"),
        ({"encoding": "rot13"}, "no encoding"),
        ({"encoding": "utf-9"}, "no encoding"),
    ],
)
async def test_settings_that_are_wrong_are_not_the_files_fault(
    tmp_path: Path, said: dict[str, Any], reason: str
) -> None:
    assert reason in await refused(tmp_path, HEAD + "1,a,b\n", **said)
    assert (tmp_path / "people.csv").exists()


async def test_bad_rows_are_put_aside_as_they_stood(tmp_path: Path) -> None:
    rows = '1,Ann,a\n2,"Bo",b,extra\n,Cy,c\n4,D\0,d\n5,Eve,e\n'
    found = await read(tmp_path, HEAD + rows, max_bad_rows=3)
    assert found.ids == ["1", "5"]
    assert [(bad.where, bad.reason) for bad in found.bad] == [
        ("row 3", "has 4 cells, the header has 3"),
        ("row 4", "has no usable id"),
        ("row 5", "holds a NUL character"),
    ]
    assert found.ended.complete
    (aside,) = (tmp_path / "done").glob("*.bad.csv")
    with aside.open(newline="") as file:
        kept = list(csv.reader(file))
    assert kept[0] == ["row", "reason", "text"]
    assert kept[1] == ["3", "has 4 cells, the header has 3", '2,"Bo",b,extra']
    assert aside.stat().st_mode & 0o077 == 0


async def test_too_many_bad_rows_are_not_everything(tmp_path: Path) -> None:
    found = await read(tmp_path, HEAD + "1,Ann,a\n2\n3\n", max_bad_rows=1)
    assert not found.ended.complete
    assert "2 rows that cannot be read" in found.ended.reason
    assert list((tmp_path / "failed").glob("*.bad.csv"))


@pytest.mark.parametrize(
    "rows",
    [
        '1,"Ann,a\n2,Bo,b\n3,Cy,c\n',  # never closed
        '1,"Ann,a\n2,"Bo",b\n3,Cy,c\n',  # closed by the next row's
        '1,"Ann\n2,Bo,"\n3,Cy,c\n',  # closed in the next row, by accident as it should be
        '1,Ann,a\n2,"Bo"x,b\n3,Cy,c\n',
    ],
)
async def test_a_quote_that_may_hide_rows_is_not_everything(tmp_path: Path, rows: str) -> None:
    found = await read(tmp_path, HEAD + rows)
    assert not found.ended.complete


async def test_a_quote_that_swallows_the_rest_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.feeds.csv_people._LONGEST_ROW", 200)
    rows = "".join(f"{number},Ann,a\n" for number in range(2, 100))
    found = await read(tmp_path, HEAD + '1,"Ann,a\n' + rows)
    assert "99" in found.ids
    assert "does not close" in found.ended.reason


@pytest.mark.parametrize(
    ("last", "complete"),
    [("#rows=2", True), ("#rows=2\n", True), ("#rows=3\n", False), ("", False), ("#ROWS 2\n", False)],
)
async def test_a_trailer_counts(tmp_path: Path, last: str, complete: bool) -> None:
    found = await read(tmp_path, HEAD + "1,Ann,a\n2,Bo,b\n" + last, trailer=r"^#rows=(\d+)$")
    assert found.ended.complete is complete
    assert found.ids == ["1", "2"]


@pytest.mark.parametrize("number", ["9" * 5000, "1,200", "", "two"])
async def test_a_trailer_without_a_number_refuses_the_file(tmp_path: Path, number: str) -> None:
    with pytest.raises(FeedError, match="no number of rows") as refused:
        await read(tmp_path, HEAD + f"1,Ann,a\n#rows={number}\n", trailer=r"^#rows=(.*)$")
    assert not refused.value.retry


@pytest.mark.parametrize(("text", "complete"), [("1,Ann,a\n", True), ("1,Ann,a\n2,B", False), ("1,Ann,a", False)])
async def test_without_count_the_last_line_has_to_end(tmp_path: Path, text: str, complete: bool) -> None:
    assert (await read(tmp_path, HEAD + text)).ended.complete is complete


@pytest.mark.parametrize("text", [HEAD, HEAD + "\n \n"])
async def test_nobody_is_not_everybody(tmp_path: Path, text: str) -> None:
    assert (await read(tmp_path, text)).ended.reason == "people.csv holds no rows"


async def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "names none of the columns" in await refused(tmp_path, "")


async def test_a_manifest_counts_and_knows_its_file(tmp_path: Path) -> None:
    text = HEAD + "1,Ann,a\n2,Bo,b"
    digest = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "people.csv.manifest").write_text(f"rows=2\nsha256={digest.upper()}\n")
    found = await read(tmp_path, text, manifest=True)
    assert found.ended.complete
    assert found.pages[0].expected == 2
    text += "\n3,Cy,c\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "people.csv.manifest").write_text(f"rows=2\nsha256={digest}\n")
    assert "its manifest says 2" in (await read(tmp_path, text, manifest=True)).ended.reason
    (tmp_path / "people.csv.manifest").write_text(f"rows=3\nsha256={digest}\n")
    assert "is not the file of its manifest" in await refused(tmp_path, text + "4,Di,d\n", manifest=True)
    (tmp_path / "people.csv.manifest").write_text("rows=many\n")
    assert "does not say" in await refused(tmp_path, text, manifest=True)


async def test_reading_goes_on_behind_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.feeds.csv_people.PAGE", 2)
    (tmp_path / "people.csv").write_text(HEAD + "1,Ann,a\nbad\n3,Cy,c\n4,Di,d\n5,Eve,e\n")
    first = feed(tmp_path)
    page = await first_page(first.read())
    assert [record.source_id for record in page.records] == ["1"]
    await first.close()  # as a process that is killed would
    found = await run(feed(tmp_path), page.position)
    assert found.ids == ["3", "4", "5"]
    assert found.bad == []
    assert found.ended.complete
    (aside,) = (tmp_path / "done").glob("*.bad.csv")
    assert len(aside.read_text().splitlines()) == 2


async def test_a_file_that_grows_while_it_is_read_is_not_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.identity.feeds.csv_people.PAGE", 1)
    path = tmp_path / "people.csv"
    path.write_text(HEAD + "1,Ann,a\n2,Bo,b\n")
    with path.open("a") as late:
        growing = feed(tmp_path)
        pages = growing.read()
        await first_page(pages)
        late.write("3,Cy,c\n")
        late.flush()
        found = await collect(pages)
    assert "changed while it was read" in found.ended.reason
    await growing.settle(done=False)
    assert list((tmp_path / "failed").glob("*.reason.txt"))


async def test_the_file_of_the_same_name_that_comes_meanwhile_is_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEAD + "1,Ann,a\n")
    first = feed(tmp_path)
    pages = first.read()
    await first_page(pages)
    path.write_text(HEAD + "2,Bo,b\n")
    assert (await collect(pages)).ended.complete
    await first.settle(done=True)
    assert (await run(feed(tmp_path))).ids == ["2"]


async def test_files_of_changes_are_deltas_and_never_everything(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(HEAD + "1,Ann,a\n")
    whole, partial = feed(tmp_path), feed(tmp_path, partial=True)
    assert whole.delta({}) is None
    pages = partial.delta({})
    assert pages is not None
    found = await collect(pages)
    assert found.ids == ["1"]
    assert not found.ended.complete
    assert found.ended.next_delta is not None
    await partial.settle(done=True)
    assert len(list((tmp_path / "done").glob("*-people.csv"))) == 1


async def test_pages_are_small(tmp_path: Path) -> None:
    rows = "".join(f"{number},Ann,a\n" for number in range(files.PAGE * 2 + 1))
    found = await read(tmp_path, HEAD + rows)
    assert [len(page.records) for page in found.pages] == [files.PAGE, files.PAGE, 1]
    assert found.pages[1].position["rows"] == files.PAGE * 2
