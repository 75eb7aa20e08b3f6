"""ISO 2709 ends at 99,999 bytes a record and 9,999 a field: what is kept, and that it is said."""

from __future__ import annotations

import pytest

from library_protocols.marc import MAX_FIELD, MAX_RECORD, DataField, Record, read, to_iso2709, write_iso2709

LEADER = "00000nam a2200000 a 4500"


def record(*fields: DataField) -> Record:
    return Record(LEADER, (("001", "1"),), fields)


def field(tag: str, *texts: str) -> DataField:
    return DataField(tag, "  ", tuple(("a", text) for text in texts))


@pytest.mark.parametrize("charset", ["utf-8", "marc-8", "iso-5426"])
def test_a_field_at_the_limit_and_beyond_it(charset: str) -> None:
    # Two indicators, delimiter and code, terminator: five bytes beside the text.
    exact = write_iso2709(record(field("520", "x" * (MAX_FIELD - 5))), charset)
    assert (exact.changes, exact.loses) == ((), False)
    over = write_iso2709(record(field("520", "x" * (MAX_FIELD - 4))), charset)
    assert ([change.code for change in over.changes], over.loses) == (["field-too-long"], True)
    assert read(over.data).repairs == ()
    assert len(read(over.data).record.first("520", "a")) == MAX_FIELD - 5


@pytest.mark.parametrize("charset", ["utf-8", "marc-8"])
def test_text_is_cut_between_characters_and_later_subfields_go(charset: str) -> None:
    written = write_iso2709(record(field("505", "ŵ" * 3000, "ŷ" * 3000, "z")), charset)
    kept = read(written.data).record.all("505", "a")
    assert kept[0] == "ŵ" * 3000
    assert len(kept) == 2
    assert set(kept[1]) == {"ŷ"}
    assert 9990 < len(kept[0].encode()) + len(kept[1].encode()) < MAX_FIELD


def test_a_record_beyond_the_limit_loses_local_fields_first_then_holdings_then_the_last() -> None:
    note = "n" * 9000
    fields = [field("245", "T" * 50), *[field("500", note)] * 10, *[field("852", note)] * 2, *[field("952", note)] * 2]
    written = write_iso2709(record(*fields))
    assert len(written.data) <= MAX_RECORD
    assert written.loses
    assert [change.code for change in written.changes] == ["record-too-long"]
    tags = list(read(written.data).record.tags())
    assert tags == ["001", "245", *["500"] * 10, "852"]
    more = write_iso2709(record(*[field("500", note)] * 12, field("245", "T")))
    assert [*read(more.data).record.tags()].count("245") == 1


def test_a_control_field_beyond_the_limit() -> None:
    written = write_iso2709(Record(LEADER, (("001", "9" * 20_000),), (field("245", "t"),)))
    assert [change.code for change in written.changes] == ["field-too-long"]
    assert len(read(written.data).record.control_number) == MAX_FIELD - 1


def test_the_leader_says_the_charset_and_the_lengths() -> None:
    both = record(field("245", "é"))
    utf8, marc8 = to_iso2709(both), to_iso2709(both, "marc-8")
    assert (utf8[9:10], marc8[9:10]) == (b"a", b" ")
    assert [int(data[:5]) for data in (utf8, marc8)] == [len(utf8), len(marc8)]
    assert to_iso2709(both, "utf-8", "unimarc")[20:24] == b"450 "
