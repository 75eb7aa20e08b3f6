"""ISO 2709 on hand-written octets: what is sound both ways, and what is repaired or refused."""

from __future__ import annotations

import pytest

from library_protocols.marc import DataField, MarcError, Parsed, Record, from_marcxml, read, to_iso2709, to_marcxml
from tests.protocols.marc.octets import FIELDS, RECORD, TITLE, octets

# Leader; directory of three entries of 12; data: 001 "42", 008, 245 with two indicators and two subfields.
WRITTEN_OUT = (
    b"00133nam a2200061 a 4500"
    b"001000300000" b"008004100003" b"245002700044" b"\x1e"
    b"42\x1e"
    b"850101s1985    wlk           000 0 eng  \x1e"
    b"10\x1faA title /\x1fcby someone.\x1e"
    b"\x1d"
)  # fmt: skip
AS_RECORD = Record(
    "00133nam a2200061 a 4500",
    [("001", "42"), ("008", "850101s1985    wlk           000 0 eng  ")],
    [DataField("245", "10", (("a", "A title /"), ("c", "by someone.")))],
)


def codes(parsed: Parsed) -> list[str]:
    return [repair.code for repair in parsed.repairs]


def same_fields(found: Record, wanted: Record = AS_RECORD) -> bool:
    return tuple(found.control) == tuple(wanted.control) and tuple(found.data) == tuple(wanted.data)


def test_a_sound_record_is_read_and_written_both_ways() -> None:
    assert read(WRITTEN_OUT) == Parsed(AS_RECORD, "marc21", "ascii", (), exact=True)
    assert to_iso2709(AS_RECORD) == WRITTEN_OUT
    assert octets(FIELDS) == RECORD


@pytest.mark.parametrize(
    "text",
    ["plain", "ŵ", "a & b", "a < b > c", 'a "" b', '"said"', "line\rend", "\x1f&code", "\x1f<code", '\x1f"code'],
)
@pytest.mark.parametrize("number", ["42", "<42>", '4""2'])
def test_a_field_is_the_same_split_at_once_or_when_it_is_asked_for(text: str, number: str) -> None:
    fields = [("001", number.encode()), ("020", b"  \x1fa1"), *[("245", f"10\x1fa{text}\x1fbx".encode())] * 2]
    asked = read(octets(fields)).record
    assert asked.unsplit is not None
    split = Record(asked.leader, asked.control, list(read(octets(fields)).record.data))
    assert to_marcxml(asked) == to_marcxml(split)
    assert from_marcxml(to_marcxml(asked)) == split
    assert asked.fields("245") == asked.some({"245", "100"}) == split.fields("245") == split.some({"245"})
    assert asked.fields("246") == ()
    assert asked.first("245", "a") == split.first("245", "a")
    assert asked == split
    assert asked.fields("020") == split.fields("020")


def test_a_record_of_control_fields_alone() -> None:
    made = read(octets([("001", b"1"), ("008", b"x")]))
    assert made.exact
    assert (made.record.data, made.record.fields("245")) == ([], ())
    assert from_marcxml(to_marcxml(made.record)) == made.record


def broken(*, leader: bytes | None = None, old: bytes = b"", new: bytes = b"", end: bytes = b"\x1d") -> bytes:
    data = RECORD if leader is None else leader + RECORD[24:]
    return data.replace(old, new, 1)[:-1] + end


@pytest.mark.parametrize(
    ("data", "repairs"),
    [
        pytest.param(b"\r\n\x00 " + RECORD, ["filler"], id="filler-before"),
        pytest.param(RECORD[:-1], ["terminator", "record-length"], id="no-record-terminator"),
        pytest.param(b"99999" + RECORD[5:], ["record-length"], id="wrong-length"),
        pytest.param(RECORD.replace(b"a2200061", b"a2200099"), ["base-address"], id="wrong-base"),
        pytest.param(RECORD.replace(b"a2200061", b"a22  x61"), ["base-address"], id="base-is-no-number"),
        pytest.param(RECORD.replace(b"245002700044", b"245002600044"), ["directory-lengths"], id="wrong-field-length"),
        pytest.param(RECORD.replace(b"245002700044", b"245002700045"), ["directory-lengths"], id="wrong-start"),
        pytest.param(RECORD.replace(b"008004100003", b"008 41 00003"), ["directory-lengths"], id="blanks-in-directory"),
        pytest.param(RECORD[:60] + b"\x1f" + RECORD[61:], ["terminator"], id="directory-ended-by-another-separator"),
        pytest.param(
            b"00097nam a2200025 a 4500\x1e00142\x1e" + b"008" + FIELDS[1][1] + b"\x1e245" + TITLE + b"\x1e\x1d",
            ["record-length", "directory-missing"],
            id="no-directory",
        ),
    ],
)
def test_structure_is_repaired(data: bytes, repairs: list[str]) -> None:
    parsed = read(data)
    assert codes(parsed) == repairs
    assert same_fields(parsed.record)


def test_lengths_counted_in_characters() -> None:
    title = "10\x1faŵŷ ŵŷ"
    right = octets([("001", b"1"), ("245", title.encode()), ("500", b"  \x1faa note")])
    wrong = right.replace(b"245%04d00002" % (len(title.encode()) + 1), b"245%04d00002" % (len(title) + 1))
    wrong = wrong.replace(b"500001000%03d" % (3 + len(title.encode())), b"500001000%03d" % (3 + len(title)))
    assert wrong != right
    parsed = read(wrong)
    assert codes(parsed) == ["lengths-in-characters"]
    assert parsed.record.first("245", "a") == "ŵŷ ŵŷ"
    assert parsed.record.first("500", "a") == "a note"


def test_fields_in_another_order_than_the_directory() -> None:
    # 245 stands before 008 in the data; the directory knows.
    data = b"00133nam a2200061 a 4500001000300000008004100030245002700003\x1e42\x1e" + TITLE + b"\x1e" + FIELDS[1][1]
    parsed = read(data + b"\x1e\x1d")
    assert codes(parsed) == ["directory-order"]
    assert same_fields(parsed.record)


def test_a_terminator_inside_a_field() -> None:
    parsed = read(RECORD.replace(b"A title /", b"A\x1etitle /"))
    assert codes(parsed) == ["stray-terminator"]
    assert same_fields(parsed.record)


def test_positions_of_six_digits() -> None:
    fields = [("001", b"1"), *[("500", b"  \x1fa" + b"x" * 5000)] * 21, ("501", b"  \x1falast")]
    data, position, directory = b"", 0, b""
    for tag, content in fields:
        directory += f"{tag}{len(content) + 1:04d}{position:05d}".encode()
        data += content + b"\x1e"
        position += len(content) + 1
    assert position > 100_000
    parsed = read(b"99999nam a2200000 a 4500" + directory + b"\x1e" + data + b"\x1d")
    assert codes(parsed) == ["base-address", "record-length", "directory-lengths"]
    assert parsed.record.first("501", "a") == "last"
    assert len(parsed.record.fields("500")) == 21


@pytest.mark.parametrize(
    ("content", "indicators", "subfields", "repairs"),
    [
        (b"|0\x1fat", " 0", (("a", "t"),), ["indicator"]),
        (b"A0\x1fat", "a0", (("a", "t"),), ["indicator"]),
        (b"1\x1fat", "1 ", (("a", "t"),), ["indicator"]),
        ("é0\x1fat".encode(), " 0", (("a", "t"),), ["indicator"]),
        (b"10 \x1fat", "10", (("a", "t"),), ["indicator"]),
        (b"10\x1fat\x1f\x1fbu", "10", (("a", "t"), ("b", "u")), ["subfield-code"]),
        (b"10\x1fat\x1f@u", "10", (("a", "t"), ("?", "u")), ["subfield-code"]),
        (b"10text", "10", (("a", "text"),), ["no-subfield"]),
        (b"10text\x1fbu", "10", (("a", "text"), ("b", "u")), ["no-subfield"]),
        (b"10\x1fat\x02u", "10", (("a", "tu"),), ["control-character"]),
    ],
)
def test_fields_are_repaired(
    content: bytes, indicators: str, subfields: tuple[tuple[str, str], ...], repairs: list[str]
) -> None:
    parsed = read(octets([("001", b"1"), ("245", content)]))
    assert codes(parsed) == repairs
    assert parsed.record.data == [DataField("245", indicators, subfields)]


@pytest.mark.parametrize(
    ("fields", "control", "data", "repairs"),
    [
        ([("001", b"1"), ("2 5", TITLE)], 1, 0, ["tag"]),
        ([("001", b"1"), ("aB1", TITLE)], 1, 1, []),
        ([("000", b"0"), ("001", b"1")], 1, 0, ["tag"]),
        ([("245", TITLE), ("001", b"1")], 1, 1, ["control-order"]),
        ([("001", b"1"), ("245", b"10")], 1, 0, ["empty-field"]),
    ],
)
def test_tags_and_order(fields: list[tuple[str, bytes]], control: int, data: int, repairs: list[str]) -> None:
    parsed = read(octets(fields))
    assert codes(parsed) == repairs
    assert (len(parsed.record.control), len(parsed.record.data)) == (control, data)


def test_a_tag_in_two_cases_is_written_in_one() -> None:
    assert read(octets([("001", b"1"), ("aB1", TITLE)])).record.data[0].tag == "AB1"


def test_the_leader_is_made_sound() -> None:
    parsed = read(broken(leader=b"00133^^m a22000610|04e00"))
    assert codes(parsed) == ["leader"]
    assert parsed.record.leader == "00133 am a22000610 04500"


@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        (b"", 0, "nothing but filler"),
        (b"\r\n\x00", 0, "nothing but filler"),
        (b"  00146nam", 2, "too short for a leader"),
        (b"x" * 200, 24, "no field terminator"),
        (b"00026nam a2200025 a 4500\x1e\x1d", 24, "no entry"),
        (RECORD[:100] + b"\x1d", 101, "ends 32 bytes before its directory says"),
        (
            RECORD[:24] + b"001000100005008000100006245000100007\x1e42\x1e" + TITLE + b"\x1e\x1d",
            61,
            "2 fields do not fit a directory of 3 entries",
        ),
        (octets([("2 5", b"10\x1fat")]), 0, "no field has a tag"),
    ],
)
def test_what_is_no_record_is_refused_with_offset_and_reason(data: bytes, offset: int, reason: str) -> None:
    with pytest.raises(MarcError, match=reason) as caught:
        read(data, source="iso2709")
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([("008", b"x"), ("245", TITLE)], "marc21"),
        ([("100", b"  \x1fa19900101d1990    k  y0frey50      ba"), ("200", TITLE)], "unimarc"),
        ([("200", TITLE)], "unimarc"),
        ([("100", b"1 \x1faAnon."), ("245", TITLE)], "marc21"),
    ],
)
def test_the_format_is_told_by_the_fields_unless_the_caller_says(fields: list[tuple[str, bytes]], found: str) -> None:
    data = octets([("001", b"1"), *fields])
    assert read(data).format == found
    assert read(data, format="unimarc").format == "unimarc"
