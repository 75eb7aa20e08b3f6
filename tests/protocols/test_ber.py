"""BER, by octets written out by hand: what is read, what is refused, where the error is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols import ber
from library_protocols.ber import CONTEXT, BerError, Reader, Scan


def head(octets: str) -> ber.Head:
    data = bytes.fromhex(octets)
    return Reader(data).head(0, len(data))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("02 01 05", (ber.INTEGER, False, 2, 3, 3)),  # INTEGER, one octet
        ("b4 02 05 00", (CONTEXT | 20, True, 2, 4, 4)),  # [20] constructed, two octets
        ("9f 6e 01 41", (CONTEXT | 110, False, 3, 4, 4)),  # [110]: tag in two octets
        ("bf 81 49 00", (CONTEXT | 201, True, 4, 4, 4)),  # [201]: tag in three octets
        ("04 81 01 41", (ber.OCTET_STRING, False, 3, 4, 4)),  # a length in two octets where one would do
        ("04 84 00 00 00 01 41", (ber.OCTET_STRING, False, 6, 7, 7)),  # and in five
        ("30 80 02 01 05 00 00", (ber.SEQUENCE, True, 2, 5, 7)),  # indefinite, ended by 00 00
        ("30 80 30 80 00 00 04 00 00 00", (ber.SEQUENCE, True, 2, 8, 10)),  # an indefinite one inside
        ("30 80 30 04 30 80 00 00 00 00", (ber.SEQUENCE, True, 2, 8, 10)),  # one inside a definite one
    ],
)
def test_headers(octets: str, expected: ber.Head) -> None:
    assert head(octets) == expected


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        ("", 0),
        ("02", 0),  # no length
        ("02 02 05", 0),  # one octet of two
        ("02 88 80 00 00 00 00 00 00 00", 0),  # a length of 2^63
        ("02 ff" + "ff" * 20, 0),  # a length of 127 octets that are not there
        ("04 80 00 00", 0),  # a primitive of indefinite length
        ("30 80 02 01 05", 2),  # an indefinite one without its end
        ("30 80 00 01", 2),  # an end of contents with contents
        ("00 00", 0),  # an end of contents where nothing is open
        ("9f", 0),  # a tag that is cut off
        ("9f ff ff ff 7f 00", 0),  # a tag of four octets
    ],
)
def test_what_is_no_element_is_refused_where_it_stands(octets: str, offset: int) -> None:
    with pytest.raises(BerError) as refused:
        head(octets)
    assert refused.value.offset == offset


def test_indefinite_elements_inside_one_another_are_counted_not_followed() -> None:
    with pytest.raises(BerError, match="inside one another"):
        head("30 80" * 100_000)


def test_values() -> None:
    # an octet string in three pieces, one of them in pieces itself
    data = bytes.fromhex("24 80 04 01 41 24 04 04 02 42 43 04 01 44 00 00")
    reader = Reader(data)
    assert ber.octets(reader, reader.head(0, len(data))) == b"ABCD"
    for octets, value in (("02 01 ff", -1), ("02 02 00 80", 128), ("02 09 00" + "ff" * 8, 2**64 - 1)):
        reader = Reader(bytes.fromhex(octets))
        assert ber.integer(reader, reader.head(0, len(reader.data))) == value
    # bits 0, 1 and 8: two octets with seven unused
    reader = Reader(bytes.fromhex("03 03 07 c0 80"))
    assert ber.bits(reader, reader.head(0, 5)) == {0, 1, 8}
    # in two pieces: the second goes on where the first ends
    reader = Reader(bytes.fromhex("23 08 03 02 00 c0 03 02 07 80"))
    assert ber.bits(reader, reader.head(0, 10)) == {0, 1, 8}
    # 1.2.840.10003.5.10
    reader = Reader(bytes.fromhex("06 07 2a 86 48 ce 13 05 0a"))
    assert ber.oid(reader, reader.head(0, 9)) == "1.2.840.10003.5.10"


@pytest.mark.parametrize(
    ("read", "octets"),
    [
        (ber.integer, "02 00"),
        (ber.integer, "02 11" + "01" * 17),
        (ber.boolean, "01 02 ff ff"),
        (ber.null, "05 01 00"),
        (ber.bits, "03 00"),
        (ber.bits, "03 02 08 ff"),
        (ber.bits, "03 01 01"),
        (ber.oid, "06 01 86"),
        (ber.oid, "06 00"),
        (ber.octets, "24 03 04 05 41"),
    ],
)
def test_values_that_are_none(read: object, octets: str) -> None:
    reader = Reader(bytes.fromhex(octets))
    with pytest.raises(BerError):
        read(reader, reader.head(0, len(reader.data)))  # type: ignore[operator]


@given(st.integers(-(2**127), 2**127 - 1))
def test_integers_come_back_and_are_short(value: int) -> None:
    octets = ber.write_integer(value)
    reader = Reader(ber.element(ber.INTEGER, False, octets))
    assert ber.integer(reader, reader.head(0, len(reader.data))) == value
    assert len(octets) == 1 or octets[0] not in (0, 255) or (octets[0] == 0) == (octets[1] > 127)


@given(st.frozensets(st.integers(0, 60)))
def test_bits_come_back(positions: frozenset[int]) -> None:
    reader = Reader(ber.element(ber.BIT_STRING, False, ber.write_bits(positions)))
    assert ber.bits(reader, reader.head(0, len(reader.data))) == positions


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=8), st.integers(0, 39), st.integers(0, 1))
def test_object_identifiers_come_back(arcs: list[int], second: int, first: int) -> None:
    dotted = ".".join(map(str, (first, second, *arcs)))
    reader = Reader(ber.element(ber.OBJECT_IDENTIFIER, False, ber.write_oid(dotted)))
    assert ber.oid(reader, reader.head(0, len(reader.data))) == dotted


@pytest.mark.parametrize("dotted", ["1", "3.1.1", "1.40.1", "1.x", ""])
def test_what_is_no_object_identifier_cannot_be_written(dotted: str) -> None:
    with pytest.raises(ValueError, match=r"identifier|invalid literal"):
        ber.write_oid(dotted)


def test_lengths_are_as_short_as_can_be() -> None:
    assert ber.element(4, False, b"x" * 127)[:2] == b"\x04\x7f"
    assert ber.element(4, False, b"x" * 128)[:3] == b"\x04\x81\x80"
    assert ber.element(4, False, b"x" * 70_000)[:5] == b"\x04\x83\x01\x11\x70"


@given(st.binary(max_size=60))
def test_any_octets_are_an_element_or_an_error(data: bytes) -> None:
    reader = Reader(data)
    try:
        _, _, start, stop, after = reader.head(0, len(data))
    except BerError as refused:
        start, stop, after = 2, refused.offset, len(data)
    assert start >= 2
    assert stop <= after <= len(data)


@given(st.binary(max_size=60))
def test_an_end_is_found_in_pieces_where_it_is_found_at_once(tail: bytes) -> None:
    data = b"\x30\x80" + tail
    results: list[int | str] = []
    for step in (1, len(data)):
        scan = Scan(2)
        found: int | str = "incomplete"
        for end in range(step, len(data) + step, step):
            try:
                if scan.advance(data, min(end, len(data))):
                    found = scan.at
                    break
            except BerError:
                found = "error"
                break
        results.append(found)
    assert results[0] == results[1]
