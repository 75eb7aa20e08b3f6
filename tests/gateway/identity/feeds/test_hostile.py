"""Any octets: a feed reads them or says why not; what it takes for everything is everything."""

from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.identity import AlmaXmlFeedConfig, CsvFeedConfig
from gateway.identity.feeds.alma_xml import AlmaXmlFeed
from gateway.identity.feeds.answers import Unreadable, attributes, read_json, read_xml, tree
from gateway.identity.feeds.csv_people import CsvFeed
from gateway.identity.feeds.port import Feed, FeedError
from tests.gateway.identity.feeds.reading import Read, run

FILES = settings(max_examples=30, deadline=None)
"""Each example is a run with a folder, threads and locks: `make fuzz` does not make more of them."""
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
PEOPLE = st.lists(st.tuples(st.integers(0, 999).map(str), CELL, CELL), max_size=8)


def read(content: bytes, feed: type[CsvFeed] | type[AlmaXmlFeed]) -> Read | None:
    """What a feed makes of a file; None where it refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "people").write_bytes(content)
        said = {"name": "a", "folder": folder}
        made: Feed = (
            CsvFeed(CsvFeedConfig.model_validate({"kind": "csv", "source_id": "id", "max_bad_rows": 0, **said}))
            if feed is CsvFeed
            else AlmaXmlFeed(AlmaXmlFeedConfig.model_validate({"kind": "alma-xml", **said}))
        )
        try:
            return asyncio.run(run(made))
        except FeedError as error:
            if error.retry:  # octets do not get better
                raise
            return None


@FILES
@given(st.binary(max_size=200), st.sampled_from([b"", b"id,name\n", b"\xef\xbb\xbfid\n"]))
def test_any_octets_as_csv(octets: bytes, head: bytes) -> None:
    read(head + octets, CsvFeed)


@FILES
@given(st.binary(max_size=200), st.sampled_from([b"", b"<users><user>", b"PK\x03\x04"]))
def test_any_octets_as_user_xml(octets: bytes, head: bytes) -> None:
    read(head + octets, AlmaXmlFeed)


@FILES
@given(PEOPLE, st.data())
def test_csv_cut_short_is_everything_at_the_end_of_a_line_alone(
    people: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    file = io.StringIO(newline="")
    # All quoted, because the writer leaves a bare carriage return as it is, which ends a line.
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("id", "name", "mail"), *people])
    content = file.getvalue().encode()
    whole = read(content, CsvFeed)
    if not people:
        return
    assert whole is not None
    assert whole.ended.complete
    assert whole.ids == [id_ for id_, _, _ in people]
    octets = content[: data.draw(st.integers(0, len(content) - 1))]
    cut = read(octets, CsvFeed)
    # Cut at the end of a line a file looks whole: only a trailer or manifest finds that out.
    if cut is not None and cut.ended.complete:
        assert octets.endswith((b"\n", b"\r"))
        assert cut.ids == whole.ids[: len(cut.ids)]


@FILES
@given(st.integers(1, 5), st.data())
def test_user_xml_cut_short_is_never_everything(count: int, data: st.DataObject) -> None:
    users = "".join(f"<user><primary_id>{number}</primary_id></user>" for number in range(count))
    content = f"<users>{users}</users>".encode()
    whole = read(content, AlmaXmlFeed)
    assert whole is not None
    assert whole.ended.complete
    cut = read(content[: data.draw(st.integers(0, len(content) - 1))], AlmaXmlFeed)
    if cut is not None:
        assert not cut.ended.complete
        assert cut.ids == whole.ids[: len(cut.ids)]


@pytest.mark.fuzz
@given(st.recursive(st.none() | st.booleans() | CELL, lambda each: st.lists(each) | st.dictionaries(CELL, each)))
def test_any_record_becomes_lists_of_text(record: object) -> None:
    try:
        found = attributes(record)
    except Unreadable:
        assert not isinstance(record, dict)
        return
    assert all(isinstance(value, str) and value == value.strip() and value for many in found.values() for value in many)


@pytest.mark.fuzz
@given(st.binary(max_size=100), st.sampled_from([b"", b"<a>", b"{", b'<a xmlns="x"><b>']))
def test_any_octets_as_an_answer(octets: bytes, head: bytes) -> None:
    for reading in (read_json, lambda content: tree(read_xml(content))):
        try:
            reading(head + octets)
        except Unreadable:
            continue
