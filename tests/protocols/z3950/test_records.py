"""What stands inside an EXTERNAL, both ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from library_protocols.asn1 import External, Sequence, SequenceOf, Unknown, read_whole
from library_protocols.ber import CONTEXT, BerError
from library_protocols.z3950.apdu import Query
from library_protocols.z3950.common import NAME_PLUS_RECORDS, Diagnostic, NamePlusRecord, RecordChoice, record_of
from library_protocols.z3950.explain_records import (
    AccessInfo,
    AttributeDescription,
    AttributeDetails,
    AttributeSetDetails,
    AttributeSetInfo,
    AttributeTypeDetails,
    AttributeTypeInfo,
    AttributeValue,
    CategoryInfo,
    CategoryList,
    DatabaseInfo,
    ExplainRecord,
    TargetInfo,
    human,
    read_explain,
    write_explain,
)
from library_protocols.z3950.facts.oids import BIB_1, DIAG_1, EXPLAIN, OPAC, SEARCH_RESULT_1, SUTRS, USMARC
from library_protocols.z3950.records import (
    ALL_DATABASES,
    CircRecord,
    HoldingsAndCirc,
    OpacRecord,
    QueryTerm,
    ResultsByDb,
    SubqueryReport,
    Volume,
    diagnostics_of,
    read_opac,
    read_search_result_1,
    read_sutrs,
    search_result_1,
    write_opac,
    write_sutrs,
)
from library_protocols.z3950.rpn import GeneralTerm
from tests.protocols.z3950.samples import QUERY

MARC = External(direct_reference=USMARC, octets=b"marc")


def test_sutrs() -> None:
    text = "Title: Dŵr\n"
    assert read_sutrs(External(direct_reference=SUTRS, single=write_sutrs(text))) == text
    assert read_sutrs(External(direct_reference=SUTRS, octets=text.encode())) == text
    with pytest.raises(BerError):
        read_sutrs(External(direct_reference=SUTRS))


OPAC_OCTETS = bytes.fromhex(
    "30 28"  # OPACRecord
    "a1 0f 06 07 2a 86 48 ce 13 05 0a 81 04 6d 61 72 63"  # [1] EXTERNAL: USmarc, "marc"
    "a2 15"  # [2] holdings
    "a2 13"  # [2] holdings and circulation
    "89 02 4d 4c"  # [9] localLocation "ML"
    "b3 0d"  # [19] circulation
    "30 0b"
    "81 01 ff"  # [1] availableNow
    "85 00"  # [5] itemId, empty
    "86 01 00"  # [6] renewable
    "87 01 ff"  # [7] onHold
)
OPAC_RECORD = OpacRecord(
    bibliographic_record=MARC,
    holdings_data=(
        HoldingsAndCirc(
            local_location="ML",
            circulation_data=(CircRecord(available_now=True, item_id="", renewable=False, on_hold=True),),
        ),
    ),
)


def test_an_opac_record_by_hand() -> None:
    assert write_opac(OPAC_RECORD) == OPAC_OCTETS
    assert read_opac(External(direct_reference=OPAC, single=OPAC_OCTETS)) == OPAC_RECORD


def test_an_opac_record_with_everything() -> None:
    holdings = HoldingsAndCirc(
        type_of_record="x",
        encoding_level="4",
        format="zu",
        receipt_acq_status="4",
        general_retention="8",
        completeness="1",
        date_of_report="261122",
        nuc_code="AbU",
        local_location="ML",
        shelving_location="open",
        call_number="DA 740",
        shelving_data="q",
        copy_number="2",
        public_note="in two parts",
        reproduction_note="film",
        terms_use_repro="none",
        enum_and_chron="v.1 (1990)",
        volumes=(Volume(enumeration="v.1", chronology="1990", enum_and_chron="v.1 (1990)"),),
        circulation_data=(
            CircRecord(
                available_now=False,
                availability_date="20261201",
                available_thru="x",
                restrictions="r",
                item_id="3",
                renewable=True,
                on_hold=True,
                enum_and_chron="e",
                midspine="m",
                temporary_location="t",
            ),
        ),
    )
    record = OpacRecord(holdings_data=(holdings, MARC))
    assert read_opac(External(direct_reference=OPAC, single=write_opac(record))) == record
    with pytest.raises(BerError):
        read_opac(MARC)


def test_counts_of_a_search() -> None:
    reports = (
        SubqueryReport(subquery_id="0", full_query=True, subquery_expression=Query(1, QUERY), subquery_count=12),
        SubqueryReport(
            full_query=False,
            subquery_interpretation=QueryTerm(query_term=GeneralTerm(b"wales"), term_comment="title"),
            results_by_db=(
                ResultsByDb(databases=("aber", "bangor"), count=2, result_set_name="x"),
                ResultsByDb(databases=ALL_DATABASES),
            ),
        ),
    )
    information = search_result_1(reports)
    assert information[0].externally_defined_info is not None
    assert information[0].externally_defined_info.direct_reference == SEARCH_RESULT_1
    assert read_search_result_1(information) == reports
    assert read_search_result_1(None) == ()


def test_structured_diagnostics() -> None:
    plain = Diagnostic(condition=30, addinfo="x")
    assert diagnostics_of(plain) == (plain,)
    # SEQUENCE OF SEQUENCE { [1] { [1] { Bib-1 diagnostics, 30, "x" } } }
    octets = bytes.fromhex("30 17 30 15 a1 13 a1 11 06 07 2a 86 48 ce 13 04 01 02 02 00 1e 1a 02 78 79")
    (found,) = diagnostics_of(External(direct_reference=DIAG_1, single=octets))
    assert (found.condition, found.addinfo) == (30, "xy")
    assert diagnostics_of(MARC) == ()


ACCESS = AccessInfo(
    attribute_set_ids=(BIB_1,), record_syntaxes=(USMARC,), element_set_names=("F", "B"), unit_systems=()
)


@pytest.mark.parametrize(
    "record",
    [
        CategoryList(categories=(CategoryInfo(category="TargetInfo", description=human("about the target")),)),
        TargetInfo(
            name="catalogue",
            named_result_sets=True,
            multiple_db_search=False,
            max_result_sets=100,
            description=human("x"),
            common_access_info=ACCESS,
        ),
        DatabaseInfo(
            name="aber",
            user_fee=False,
            available=True,
            title_string=human("Aber", "wel"),
            record_count=12,
            access_info=ACCESS,
        ),
        DatabaseInfo(name="IR-Explain-1", explain_database=True, user_fee=False, available=True),
        AttributeSetInfo(
            attribute_set=BIB_1,
            name="Bib-1",
            attributes=(
                AttributeTypeInfo(
                    name="Use",
                    attribute_type=1,
                    attribute_values=(AttributeDescription(name="title", attribute_value=4),),
                ),
            ),
        ),
        AttributeDetails(
            database_name="aber",
            attributes_by_set=(
                AttributeSetDetails(
                    attribute_set=BIB_1,
                    attributes_by_type=(
                        AttributeTypeDetails(attribute_type=1, attribute_values=(AttributeValue(value=4),)),
                    ),
                ),
            ),
        ),
    ],
    ids=lambda record: type(record).__name__,
)
def test_explain_records(record: ExplainRecord) -> None:
    assert read_explain(External(direct_reference=EXPLAIN, single=write_explain(record))) == record


def test_what_is_no_explain_record() -> None:
    with pytest.raises(BerError):
        read_explain(MARC)
    with pytest.raises(BerError):
        read_explain(External(direct_reference=EXPLAIN, single=b"\xa9\x00"))


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 256, 70_000])
@pytest.mark.parametrize("name", [None, "", "all"])
def test_records_of_octets_are_written_as_the_definition_has_it(size: int, name: str | None) -> None:
    plain = record_of(USMARC, b"x" * size, name)
    assert plain.record.retrieval_record is not None
    odd = replace(plain.record.retrieval_record, indirect_reference=1, unknown=(Unknown(CONTEXT | 9, b"\x89\x00"),))
    for one in (plain, replace(plain, record=RecordChoice(retrieval_record=odd))):
        octets = NAME_PLUS_RECORDS.write((one,))
        assert octets == SequenceOf(Sequence(NamePlusRecord)).write((one,))
        assert read_whole(NAME_PLUS_RECORDS, octets) == (one,)
