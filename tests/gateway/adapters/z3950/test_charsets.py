"""Character sets: what is agreed for messages and for records, and that every string and record is in it."""

from __future__ import annotations

from dataclasses import replace
from unicodedata import normalize

import pymarc
import pytest

from gateway.adapters.z3950.mapping import in_charset, wire_text
from gateway.adapters.z3950.session import Session
from gateway.adapters.z3950.settings import StandardClient
from gateway.catalogue.records import Holding
from gateway.clients.z3950 import Z3950Client, complaints
from library_protocols.asn1 import TEXT, External, Implicit, Sequence
from library_protocols.ber import CONTEXT
from library_protocols.marc import marc8
from library_protocols.z3950 import (
    InitializeRequest,
    InitializeResponse,
    MissingValueAction,
    SearchResponse,
    SortElement,
    SortKeySpec,
    TermInfo,
    parse_pqf,
)
from library_protocols.z3950.apdu import Query
from library_protocols.z3950.charneg import (
    Iso10646,
    Proposal,
    Raw,
    as_other_information,
    charset_of,
    proposal_in,
    propose,
    selection_in,
)
from library_protocols.z3950.explain_records import DatabaseInfo, HumanText, human, read_explain
from library_protocols.z3950.facts.oids import BIB_1, CHARNEG_3, CQL, EXPLAIN, OPAC, SUTRS, USMARC, XML
from library_protocols.z3950.records import HoldingsAndCirc, read_opac, read_sutrs
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, GeneralTerm, RpnQuery, StringTerm
from tests.gateway.adapters.z3950.asking import WALES, octets, search
from tests.gateway.adapters.z3950.conftest import SETTINGS, Listening

LATIN_1, MARC_8 = "iso-8859-1", "marc-8"


def read(text: str | None, charset: str) -> str:
    """A string of a PDU as a client reads it that agreed on this charset."""
    assert text is not None
    raw = text.encode("utf-8", "surrogateescape")
    return normalize("NFC", marc8.decode(raw)[0]) if charset == MARC_8 else raw.decode(charset)


def titled(text: bytes, term: type = GeneralTerm) -> RpnQuery:
    value = GeneralTerm(text) if term is GeneralTerm else StringTerm(text.decode("utf-8", "surrogateescape"))
    return RpnQuery(BIB_1, AttributesPlusTerm((AttributeElement(1, 4),), value))


THAN = {LATIN_1: "thân".encode("latin-1"), MARC_8: marc8.encode("thân")[0], "utf-8": "thân".encode()}


async def of_charset(listening: Listening, charset: str) -> Z3950Client:
    """A client that reads this charset, and has found the one record that has letters beyond ASCII."""
    listening.shelf.kept = dict(listening.shelf.kept)
    one = listening.shelf.kept[3]
    held = Holding(one.member, "MAIN", "Tŷ 7â", 1, "Llyfrgell y Tŷ Â", barcodes=("30000003",))
    listening.shelf.kept[3] = replace(one, holdings=(held,))
    client = await listening.connect(charset=charset)
    assert client.charset == charset
    assert (await client.search(("aber",), titled(THAN[charset]))).result_count == 1
    return client


# What is agreed


def agreed(*charsets: str, records: bool = True, rule: StandardClient | None = None) -> tuple[Session, bool | None]:
    """The session of a client that proposes these, in this order, and what it is told about records."""
    proposed: list[Iso10646 | Raw] = []
    for one in charsets:
        proposal = proposal_in(propose(one), None)
        assert proposal is not None
        proposed += proposal.proposed_char_sets or ()
    made = Proposal(proposed_char_sets=tuple(proposed), records_in_selected_char_sets=records)
    contents = Implicit(CONTEXT | 1, Sequence(Proposal)).write(made)
    request = InitializeRequest(
        protocol_version=frozenset((0, 1, 2)),
        options=frozenset((0, 1)),
        preferred_message_size=10_000,
        exceptional_record_size=10_000,
        other_info=as_other_information(External(direct_reference=CHARNEG_3, single=contents)),
    )
    session = Session()
    settings = replace(SETTINGS, clients=(rule,) if rule else ())
    response = session.agree(request, settings, None, None)
    assert isinstance(response, InitializeResponse)
    selection = selection_in(response.user_information_field, response.other_info)
    assert selection is not None
    assert charset_of(selection) in (session.charset, None)
    return session, selection.records_in_selected_char_sets


@pytest.mark.parametrize(
    ("proposed", "charset", "of_records", "told"),
    [
        (("utf-8",), "utf-8", "utf-8", True),
        (("MARC8",), MARC_8, MARC_8, True),
        ((MARC_8, "utf-8"), MARC_8, MARC_8, True),
        (("utf-8", MARC_8), "utf-8", "utf-8", True),
        ((LATIN_1,), LATIN_1, "utf-8", False),
        (("iso-8859-5", "Latin_1", MARC_8), LATIN_1, "utf-8", False),
        (("iso-8859-5",), "utf-8", "utf-8", False),
    ],
)
def test_the_first_proposed_that_we_have_is_agreed(
    proposed: tuple[str, ...], charset: str, of_records: str, told: bool
) -> None:
    session, of = agreed(*proposed)
    assert (session.charset, session.record_charset, of) == (charset, of_records, told)


def test_records_are_in_the_agreed_set_only_where_the_client_asks_for_it() -> None:
    session, of = agreed(MARC_8, records=False)
    assert (session.charset, session.record_charset, of) == (MARC_8, "utf-8", False)


def test_the_configuration_decides_between_the_sets_a_client_proposes() -> None:
    rule = StandardClient(charset=MARC_8)
    assert agreed("utf-8", MARC_8, rule=rule)[0].charset == MARC_8
    session, told = agreed(LATIN_1, rule=rule)
    assert (session.charset, session.record_charset, told) == (LATIN_1, MARC_8, False)
    assert agreed(MARC_8, "utf-8", rule=StandardClient(term_counts=True))[0].charset == MARC_8


# Records


@pytest.mark.parametrize(("charset", "leader"), [("utf-8", b"a"), (LATIN_1, b"a"), (MARC_8, b" ")])
async def test_marc_is_in_the_set_its_leader_says(listening: Listening, charset: str, leader: bytes) -> None:
    client = await of_charset(listening, charset)
    (marc,) = (await client.present(1, 1, syntax=USMARC)).records
    assert octets(marc)[9:10] == leader
    record = pymarc.Record(data=octets(marc))
    assert normalize("NFC", record.title or "") == "Dŵr a thân"
    (xml,) = (await client.present(1, 1, syntax=XML)).records
    assert "thân".encode() in octets(xml)


@pytest.mark.parametrize(("charset", "of_records"), [("utf-8", "utf-8"), (LATIN_1, "utf-8"), (MARC_8, MARC_8)])
async def test_the_strings_of_records_are_in_the_set_of_records(
    listening: Listening, charset: str, of_records: str
) -> None:
    client = await of_charset(listening, charset)
    (text,) = (await client.present(1, 1, syntax=SUTRS)).records
    assert text.record.retrieval_record is not None
    assert "Title: Dŵr a thân" in read(read_sutrs(text.record.retrieval_record), of_records)
    (opac,) = (await client.present(1, 1, syntax=OPAC)).records
    assert opac.record.retrieval_record is not None
    held = read_opac(opac.record.retrieval_record)
    assert held.holdings_data is not None
    (holding,) = held.holdings_data
    assert isinstance(holding, HoldingsAndCirc)
    assert read(holding.call_number, of_records) == "Tŷ 7â"
    assert read(holding.local_location, of_records) == "Llyfrgell y Tŷ Â"
    assert holding.circulation_data is not None
    assert holding.circulation_data[0].item_id == "30000003"
    listening.settle(names={"all": "Pawb", "aber": "Llyfrgell Tŷ Â", "bangor": "Bangor", "cardiff": "Caerdydd"})
    query = parse_pqf("@attrset exp-1 @and @attr 1=1 DatabaseInfo @attr 1=3 aber")
    await client.search(("IR-Explain-1",), query)
    (one,) = (await client.present(1, 1, syntax=EXPLAIN)).records
    assert one.record.retrieval_record is not None
    info = read_explain(one.record.retrieval_record)
    assert isinstance(info, DatabaseInfo)
    assert info.title_string is not None
    assert isinstance(info.title_string[0], HumanText)
    assert read(info.title_string[0].text, of_records) == "Llyfrgell Tŷ Â"


async def test_a_client_that_negotiates_nothing_has_what_its_rule_says(listening: Listening) -> None:
    old = await listening.connect(charset=None, implementation="Old client 4.2")
    assert (await old.search(("aber",), titled(THAN[MARC_8]))).result_count == 1
    (marc,) = (await old.present(1, 1)).records
    assert octets(marc)[9:10] == b" "
    assert b"th\xe3an" in octets(marc)
    careless = await listening.connect(charset=None, implementation="Careless/1")
    assert (await careless.search(("aber",), parse_pqf("@attr 1=9999 @attr 2=100 @attr 7=3 wales"))).result_count == 2
    assert (await careless.present(1, 1, element_set="Q")).records
    await careless.search(("aber",), titled(THAN[LATIN_1]))
    (text,) = (await careless.present(1, 1, syntax=SUTRS)).records
    assert text.record.retrieval_record is not None
    assert "thân" in read(read_sutrs(text.record.retrieval_record), LATIN_1)


# Terms and messages


@pytest.mark.parametrize("charset", ["utf-8", LATIN_1, MARC_8])
async def test_terms_are_read_in_the_agreed_set(listening: Listening, charset: str) -> None:
    client = await of_charset(listening, charset)
    assert (await client.search(("aber",), titled(THAN[charset], StringTerm))).result_count == 1
    query = b'dc.title = "' + THAN[charset] + b'"'
    for external in (
        External(direct_reference=CQL, octets=query),
        External(direct_reference=CQL, single=TEXT.write(query.decode("utf-8", "surrogateescape"))),
    ):
        response = await client.send(search(Query(104, external)))
        assert isinstance(response, SearchResponse)
        assert response.result_count == 1
    missing = MissingValueAction(missing_value_data=THAN[charset])
    element = SortElement(generic="title")
    key = SortKeySpec(sort_element=element, sort_relation=0, case_sensitivity=1, missing_value_action=missing)
    assert (await client.sort([key])).sort_status == 0


@pytest.mark.parametrize("charset", ["utf-8", LATIN_1, MARC_8])
async def test_messages_are_in_the_agreed_set(listening: Listening, charset: str) -> None:
    client = await of_charset(listening, charset)
    start = titled(THAN[charset][:2]).root
    assert isinstance(start, AttributesPlusTerm)
    scanned = await client.scan(("aber",), start, attribute_set=BIB_1, terms=50, position=25)
    assert scanned.entries is not None
    entries = [one for one in scanned.entries.entries or () if isinstance(one, TermInfo)]
    (shown,) = [one.display_term for one in entries if (one.display_term or "").startswith("D")]
    assert read(shown, charset) == ("D?r a thân" if charset == LATIN_1 else "Dŵr a thân")
    name = THAN[charset].decode("utf-8", "surrogateescape")
    (echoed,) = complaints(await client.search((name,), WALES))
    assert echoed.addinfo.encode("utf-8", "surrogateescape") == THAN[charset]
    beside = search(WALES, ("aber",), small_set_upper_bound=9, large_set_lower_bound=10,
                    small_set_element_set_names=name)  # fmt: skip
    response = await client.send(beside)
    assert isinstance(response, SearchResponse)
    assert response.search_status
    (said,) = complaints(response)
    assert (said.condition, said.addinfo.encode("utf-8", "surrogateescape")) == (25, THAN[charset])


def test_text_is_encoded_wherever_it_stands() -> None:
    info = DatabaseInfo(name="aber", user_fee=False, available=True, title_string=human("Tŷ Â"))
    assert in_charset(info, "utf-8") is info
    changed = in_charset(info, MARC_8)
    assert read(changed.title_string[0].text, MARC_8) == "Tŷ Â"
    assert replace(changed, title_string=info.title_string) == info
    assert wire_text("Tŷ Â", LATIN_1).encode("utf-8", "surrogateescape") == b"T? \xc2"
    assert wire_text("Â \udcc2", LATIN_1) == "Â \udcc2"
