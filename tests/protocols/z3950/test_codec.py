"""PDUs to octets and back: every kind both ways, and octets written out by hand."""

from __future__ import annotations

import pytest

from library_protocols import ber
from library_protocols.asn1 import Recurring
from library_protocols.ber import CONTEXT, BerError
from library_protocols.z3950 import codec, rpn_codec
from library_protocols.z3950.apdu import (
    ANONYMOUS,
    Close,
    IdPass,
    InitializeRequest,
    PresentRequest,
    Query,
    SearchRequest,
    UnknownPdu,
)
from library_protocols.z3950.codec import CLASSES, decode, encode, reference_id_of
from library_protocols.z3950.facts import PDUS as FACTS
from library_protocols.z3950.rpn import (
    AttributeElement,
    AttributesPlusTerm,
    GeneralTerm,
    Operation,
    Operator,
    RpnNode,
    RpnQuery,
)
from library_protocols.z3950.rpn_codec import MAX_ATTRIBUTES, MAX_RPN_DEPTH
from tests.protocols.z3950.samples import PDUS

BIB_1 = "1.2.840.10003.3.1"


def test_every_pdu_of_the_standard_has_a_class_and_a_sample() -> None:
    assert CLASSES.keys() == FACTS.keys()
    assert {pdu.tag for pdu in PDUS} == CLASSES.keys()
    for tag, cls in CLASSES.items():
        name = FACTS[tag].name
        class_name = name[0].upper() + name[1:]
        assert cls.__name__ == {"SegmentRequest": "Segment"}.get(class_name, class_name.replace("Init", "Initialize"))


@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_both_directions(pdu: object) -> None:
    octets = encode(pdu)  # type: ignore[arg-type]
    assert decode(octets) == pdu
    assert encode(decode(octets)) == octets


INIT = bytes.fromhex(
    "b4 23"  # [20] initRequest, 35 octets
    "83 02 05 e0"  # [3] protocolVersion: bits 0, 1, 2; five unused
    "84 03 00 e9 82"  # [4] options: 0 1 2 4 7, 8 14
    "85 02 40 00"  # [5] preferredMessageSize 16384
    "86 02 40 00"  # [6] exceptionalRecordSize 16384
    "a7 07 1a 05 61 62 2f 63 64"  # [7] idAuthentication: VisibleString "ab/cd"
    "9f 6e 02 38 31"  # [110] implementationId "81"
    "82 02 00 09"  # [2] referenceId, out of its place
)


def test_an_initialization_by_hand() -> None:
    pdu = decode(INIT)
    assert pdu == InitializeRequest(
        reference_id=b"\0\x09",
        protocol_version=frozenset((0, 1, 2)),
        options=frozenset((0, 1, 2, 4, 7, 8, 14)),
        preferred_message_size=16_384,
        exceptional_record_size=16_384,
        id_authentication="ab/cd",
        implementation_id="81",
    )


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("a7 02 05 00", ANONYMOUS),  # NULL
        ("a7 08 30 06 81 01 75 82 01 70", IdPass(user_id="u", password="p")),  # SEQUENCE of [1] and [2]
        ("a7 80 30 80 81 01 75 82 01 70 00 00 00 00", IdPass(user_id="u", password="p")),  # indefinite
        ("a7 05 1b 03 61 2f 62", "a/b"),  # GeneralString where VisibleString belongs
        ("a7 07 3a 05 1a 03 61 2f 62", "a/b"),  # a constructed string
    ],
)
def test_ways_to_say_who_one_is(octets: str, expected: object) -> None:
    inside = bytes.fromhex("83 02 05 e0 84 02 06 c0 85 01 01 86 01 01" + octets)
    pdu = decode(bytes((0xB4, len(inside))) + inside)
    assert isinstance(pdu, InitializeRequest)
    assert pdu.id_authentication == expected


# A search as Sisis and OCLC ZFL clients send it: the attribute set stands again on every attribute.
SISIS = bytes.fromhex(
    "b6 81 92"  # [22] searchRequest, 146 octets
    "8d 01 00 8e 01 01 8f 01 00"  # [13] 0, [14] 1, [15] 0: no records with the answer
    "90 01 01"  # [16] replaceIndicator: 1 is true too
    "91 07 64 65 66 61 75 6c 74"  # [17] "default"
    "b2 07 9f 69 04 61 62 65 72"  # [18] databases: [105] "aber"
    "b5 72"  # [21] query
    "a1 70"  # type-1
    "06 07 2a 86 48 ce 13 03 01"  # Bib-1
    "a0 65"  # [0] operand
    "bf 66 62"  # [102] attributes plus term
    "bf 2c 57"  # [44] attributes
    + "".join(
        # [1] Bib-1, [120] type, [121] value
        f"30 11 81 07 2a 86 48 ce 13 03 01 9f 78 01 {kind:02x} 9f 79 01 {value:02x}"
        for kind, value in ((1, 4), (2, 3), (3, 3), (4, 2))
    )
    + "30 09 9f 78 01 06 9f 79 02 00 01"  # the last without it, and with a value of two octets
    "9f 2d 05 77 61 6c 65 73"  # [45] "wales"
)


def test_the_attribute_set_on_every_attribute() -> None:
    pdu = decode(SISIS)
    assert isinstance(pdu, SearchRequest)
    assert isinstance(pdu.query.value, RpnQuery)
    assert pdu.query.value.root == AttributesPlusTerm(
        (
            AttributeElement(1, 4, BIB_1),
            AttributeElement(2, 3, BIB_1),
            AttributeElement(3, 3, BIB_1),
            AttributeElement(4, 2, BIB_1),
            AttributeElement(6, 1),
        ),
        GeneralTerm(b"wales"),
    )


def test_unknown_elements_are_kept_and_written_again() -> None:
    octets = encode(Close(close_reason=0))
    more = bytes.fromhex("9f 87 68 01 2a")  # [1000] of somebody's own
    changed = octets[:2] + bytes((octets[2] + len(more),)) + octets[3:] + more
    pdu = decode(changed)
    assert [one.octets for one in pdu.unknown] == [more]
    assert encode(pdu) == changed


def test_an_unknown_pdu_is_kept() -> None:
    octets = bytes.fromhex("bf 63 03 81 01 05")
    assert decode(octets) == UnknownPdu(number=99, octets=octets)
    assert encode(decode(octets)) == octets


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("30 00", "no PDU"),
        ("9a 01 00", "no PDU"),
        ("b6 00", "without"),
        ("b6 03 8d 01 00 00", "after the PDU"),
        ("bf 30 09 9f 81 53 01 00 9f 81 53 01"[:-1] + "1", "beyond"),
        ("bf 30 0a 9f 81 53 01 00 9f 81 53 01 00", "twice"),
        ("b8 06 9f 1f 00 9e 01 00", "without"),
        ("b8 04 bf 1f 01 01", "cut off|begins|beyond"),
    ],
)
def test_what_is_no_pdu_is_refused(octets: str, words: str) -> None:
    with pytest.raises(BerError, match=words):
        decode(bytes.fromhex(octets))


def _deep(depth: int) -> RpnQuery:
    node: RpnNode = AttributesPlusTerm((), GeneralTerm(b"x"))
    for _ in range(depth):
        node = Operation(Operator.AND, node, AttributesPlusTerm((), GeneralTerm(b"y")))
    return RpnQuery(BIB_1, node)


def _search(query: RpnQuery) -> SearchRequest:
    return SearchRequest(
        small_set_upper_bound=0,
        large_set_lower_bound=1,
        medium_set_present_number=0,
        replace_indicator=True,
        result_set_name="1",
        database_names=("a",),
        query=Query(1, query),
    )


def test_a_query_may_be_as_deep_as_the_limit_and_no_deeper() -> None:
    assert decode(encode(_search(_deep(MAX_RPN_DEPTH)))) == _search(_deep(MAX_RPN_DEPTH))
    with pytest.raises(BerError, match="operations inside one another"):
        decode(encode(_search(_deep(MAX_RPN_DEPTH + 1))))


def test_a_query_of_a_hundred_thousand_levels_is_refused_at_once() -> None:
    inside = bytes.fromhex("06 07 2a 86 48 ce 13 03 01") + b"\xa1\x80" * 100_000
    with pytest.raises(BerError):
        decode(ber.element(CONTEXT | 22, True, ber.element(CONTEXT | 21, True, ber.element(CONTEXT | 1, True, inside))))


def test_attributes_without_end_are_refused() -> None:
    many = AttributesPlusTerm(tuple(AttributeElement(1, n) for n in range(MAX_ATTRIBUTES + 1)), GeneralTerm(b"x"))
    with pytest.raises(BerError, match="attributes"):
        decode(encode(_search(RpnQuery(BIB_1, many))))


def test_an_operand_is_read_alike_by_the_short_way_and_by_the_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    operand = AttributesPlusTerm((AttributeElement(1, 4), AttributeElement(5, 1)), GeneralTerm(b"cat"))
    whole = encode(_search(RpnQuery(BIB_1, Operation(Operator.AND, operand, operand))))
    assert decode(whole) == decode(whole)
    damaged = [
        whole[:at] + bytes((octet,)) + whole[at + 1 :]
        for at in range(len(whole))
        for octet in (*range(0, 256, 5), 0xBF)
    ]

    def said(data: bytes) -> object:
        try:
            return decode(data)
        except BerError as error:
            return str(error)

    short = [said(data) for data in damaged]
    monkeypatch.setattr(rpn_codec, "_usual_operand", lambda *_: None)
    monkeypatch.setattr(rpn_codec, "_PLAIN_OPERATORS", {})
    assert [said(data) for data in damaged] == short


def test_octets_that_are_no_text_come_back() -> None:
    request = PresentRequest(
        result_set_id=b"caf\xe9".decode("utf-8", "surrogateescape"),
        result_set_start_point=1,
        number_of_records_requested=1,
    )
    assert b"caf\xe9" in encode(request)
    assert decode(encode(request)) == request


def test_the_reference_of_a_pdu_that_cannot_be_read() -> None:
    assert reference_id_of(bytes.fromhex("b6 08 82 02 61 62 8d 05 00 00")) == b"ab"
    assert reference_id_of(b"\xb6") is None
    assert codec.reference_id_of(b"") is None


def _searching(query: Query, reference: bytes | None = None, databases: tuple[str, ...] = ("all",)) -> SearchRequest:
    return SearchRequest(
        reference_id=reference, small_set_upper_bound=0, large_set_lower_bound=1, medium_set_present_number=0,
        replace_indicator=True, result_set_name="1", database_names=databases, query=query,
    )  # fmt: skip


def test_a_search_that_begins_as_another_did_says_what_it_says_itself() -> None:
    queries = [Query(2, b"one"), Query(1, RpnQuery(BIB_1, AttributesPlusTerm((), GeneralTerm(b"two"))))]
    references = [bytes([number]) for number in range(3 * Recurring.MOST)]
    asked = [_searching(query, reference) for reference in references for query in queries]
    asked += [_searching(query, databases=("a" * Recurring.MOST_OCTETS,)) for query in queries]
    for _ in range(2):
        for pdu in asked:
            assert decode(encode(pdu)) == pdu


def test_a_search_is_refused_alike_whatever_came_before_it() -> None:
    good = encode(_searching(Query(2, b"one")))
    twice = encode(_searching(Query(2, b"one"))) + good[2:9]
    twice = twice[:1] + bytes((len(twice) - 2,)) + twice[2:]

    def said(data: bytes) -> str:
        with pytest.raises(BerError) as raised:
            decode(data)
        return str(raised.value)

    cut = [good[:1] + bytes((size - 2,)) + good[2:size] for size in range(3, len(good))]
    before = [said(data) for data in (twice, *cut)]
    assert decode(good) == _searching(Query(2, b"one"))
    assert [said(data) for data in (twice, *cut)] == before
    assert "twice" in before[0]
