"""One PDU of every kind, with as much in it as its definition has room for."""

from __future__ import annotations

from library_protocols.asn1 import External, Unknown
from library_protocols.ber import CONTEXT
from library_protocols.z3950.apdu import (
    Close,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    IdPass,
    InitializeRequest,
    InitializeResponse,
    ListEntries,
    ListStatus,
    OccurrencesByAttributes,
    OccurrencesInDatabase,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    Range,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    TermInfo,
)
from library_protocols.z3950.common import (
    CompSpec,
    DatabaseElementSet,
    DatabaseSpecification,
    Diagnostic,
    ElementSpec,
    InfoCategory,
    NamePlusRecord,
    OtherInformationItem,
    RecordChoice,
    Specification,
    record_of,
    structured_record,
    surrogate,
)
from library_protocols.z3950.control import (
    AccessControlRequest,
    AccessControlResponse,
    DuplicateDetectionRequest,
    DuplicateDetectionResponse,
    ExtendedServicesRequest,
    ExtendedServicesResponse,
    Permission,
    ResourceControlRequest,
    ResourceControlResponse,
    ResourceReportRequest,
    ResourceReportResponse,
    TriggerResourceControlRequest,
)
from library_protocols.z3950.facts.oids import CQL, SUTRS, USMARC, XML
from library_protocols.z3950.records import write_sutrs
from library_protocols.z3950.rpn import (
    BIB_1,
    AttributeElement,
    AttributesPlusTerm,
    ComplexValue,
    DateTimeTerm,
    ExternalTerm,
    GeneralTerm,
    IntegerAndUnitTerm,
    NullTerm,
    NumericTerm,
    OidTerm,
    Operation,
    Operator,
    Proximity,
    ResultSetRef,
    RpnNode,
    RpnQuery,
    StringTerm,
    Term,
    Unit,
)
from library_protocols.z3950.sorting import (
    DatabaseSortKey,
    MissingValueAction,
    SortAttributes,
    SortElement,
    SortKeySpec,
    SortRequest,
    SortResponse,
)

TITLE = AttributeElement(1, 4)
REPORT = External(direct_reference="1.2.840.10003.7.1", single=b"\x30\x03\x02\x01\x05")
OTHER = (
    OtherInformationItem(category=InfoCategory(category_type_id=CQL, category_value=3), character_info="hello"),
    OtherInformationItem(binary_info=b"\0\xff"),
    OtherInformationItem(externally_defined_info=External(indirect_reference=3, octets=b"x")),
    OtherInformationItem(oid=XML),
)
TERMS: tuple[Term, ...] = (
    GeneralTerm("Dŵr".encode()),
    NumericTerm(-70_000),
    StringTerm("cymru"),
    OidTerm(XML),
    DateTimeTerm("20261122120000Z"),
    ExternalTerm(External(direct_reference=XML, octets=b"<a/>")),
    IntegerAndUnitTerm(7, Unit(unit_system="SI", unit_type="mass", unit=4, scale_factor=3)),
    NullTerm(),
)


def _tree() -> RpnNode:
    node: RpnNode = ResultSetRef("earlier")
    for operator, term in zip((Operator.AND, Operator.OR, Operator.AND_NOT), TERMS, strict=False):
        node = Operation(operator, node, AttributesPlusTerm((TITLE, AttributeElement(2, 3, BIB_1)), term))
    near = Proximity(3, True, 2, 2, False, False)
    complex_value = AttributeElement(1, ComplexValue(("title", 4), (1, 2)))
    right = Operation(
        Operator.PROX,
        AttributesPlusTerm((complex_value,), TERMS[0]),
        ResultSetRef("b", (TITLE,)),
        near,
    )
    return Operation(Operator.PROX, node, right, Proximity(0, False, 6, 99, True))


QUERY = RpnQuery(BIB_1, _tree())
SPECIFICATION = Specification(
    schema_uri="info:srw/schema/1/marcxml-v1.1", element_spec=ElementSpec(element_set_name="F")
)
RECORDS: tuple[NamePlusRecord, ...] = (
    record_of(USMARC, b"00026nam a22000251a 4500\x1e\x1d", "aber"),
    structured_record(SUTRS, write_sutrs("Title: Cymru\n")),
    surrogate(238, USMARC, "bangor"),
    NamePlusRecord(record=RecordChoice(starting_fragment=b"abc")),
    NamePlusRecord(record=RecordChoice(final_fragment=External(direct_reference=USMARC, octets=b"def"))),
)
DIAGNOSTIC = Diagnostic(condition=114, addinfo="1=9999")

PDUS: tuple[Pdu, ...] = (
    InitializeRequest(
        reference_id=b"\0\x01",
        protocol_version=frozenset((0, 1, 2)),
        options=frozenset((0, 1, 2, 7, 8, 14)),
        preferred_message_size=1_048_576,
        exceptional_record_size=8_388_608,
        id_authentication=IdPass(group_id="g", user_id="reader", password="secret"),
        implementation_id="81",
        implementation_name="sample",
        implementation_version="1",
        user_information_field=REPORT,
        other_info=OTHER,
    ),
    InitializeResponse(
        protocol_version=frozenset((0, 1)),
        options=frozenset((0, 1)),
        preferred_message_size=32_768,
        exceptional_record_size=32_768,
        result=False,
        implementation_name="sample",
        user_information_field=REPORT,
    ),
    SearchRequest(
        reference_id=b"7",
        small_set_upper_bound=5,
        large_set_lower_bound=100,
        medium_set_present_number=10,
        replace_indicator=True,
        result_set_name="default",
        database_names=("aber", "bangor"),
        small_set_element_set_names="F",
        medium_set_element_set_names=(DatabaseElementSet(db_name="aber", esn="B"),),
        preferred_record_syntax=USMARC,
        query=Query(101, QUERY),
        additional_search_info=OTHER,
        other_info=OTHER[:1],
    ),
    SearchRequest(
        small_set_upper_bound=0,
        large_set_lower_bound=1,
        medium_set_present_number=0,
        replace_indicator=False,
        result_set_name="1",
        database_names=("all",),
        query=Query(104, External(direct_reference=CQL, single=b"\x1b\x08dc.title")),
    ),
    SearchResponse(
        result_count=3,
        number_of_records_returned=5,
        next_result_set_position=4,
        search_status=True,
        result_set_status=1,
        present_status=0,
        records=RECORDS,
        additional_search_info=OTHER[:1],
    ),
    SearchResponse(
        result_count=0,
        number_of_records_returned=0,
        next_result_set_position=0,
        search_status=False,
        result_set_status=3,
        non_surrogate_diagnostic=DIAGNOSTIC,
    ),
    PresentRequest(
        result_set_id="default",
        result_set_start_point=1,
        number_of_records_requested=10,
        additional_ranges=(Range(starting_position=20, number_of_records=2),),
        simple="B",
        preferred_record_syntax=XML,
        max_segment_count=2,
        max_record_size=70_000,
        max_segment_size=8_000,
    ),
    PresentRequest(
        result_set_id="default",
        result_set_start_point=1,
        number_of_records_requested=1,
        complex=CompSpec(
            select_alternative_syntax=False,
            generic=SPECIFICATION,
            db_specific=(DatabaseSpecification(db="aber", spec=Specification(schema_oid=XML)),),
            record_syntax=(USMARC, XML),
        ),
    ),
    PresentResponse(number_of_records_returned=5, next_result_set_position=6, present_status=2, records=RECORDS),
    PresentResponse(
        number_of_records_returned=0,
        next_result_set_position=0,
        present_status=5,
        multiple_non_sur_diagnostics=(DIAGNOSTIC, REPORT),
    ),
    Segment(number_of_records_returned=2, segment_records=RECORDS[:2]),
    DeleteResultSetRequest(delete_function=0, result_set_list=("a", "b")),
    DeleteResultSetResponse(
        delete_operation_status=9,
        delete_list_statuses=(ListStatus(id="a", status=0), ListStatus(id="b", status=1)),
        number_not_deleted=1,
        delete_message="one of them",
    ),
    AccessControlRequest(simple_form=b"who?"),
    AccessControlResponse(externally_defined=REPORT, diagnostic=DIAGNOSTIC),
    ResourceControlRequest(
        suspended_flag=True,
        resource_report=REPORT,
        partial_results_available=2,
        response_required=True,
        triggered_request_flag=False,
    ),
    ResourceControlResponse(continue_flag=False, result_set_wanted=True),
    TriggerResourceControlRequest(requested_action=3, result_set_wanted=False),
    ResourceReportRequest(op_id=b"7", pref_resource_report_format="1.2.840.10003.7.1"),
    ResourceReportResponse(resource_report_status=0, resource_report=REPORT),
    ScanRequest(
        database_names=("aber",),
        attribute_set=BIB_1,
        term_list_and_start_point=AttributesPlusTerm((TITLE,), GeneralTerm(b"wal")),
        step_size=0,
        number_of_terms_requested=20,
        preferred_position_in_response=10,
    ),
    ScanResponse(
        step_size=0,
        scan_status=1,
        number_of_entries_returned=2,
        position_of_term=1,
        entries=ListEntries(
            entries=(
                TermInfo(
                    term=GeneralTerm(b"wales"),
                    display_term="Wales",
                    suggested_attributes=(TITLE,),
                    alternative_term=(AttributesPlusTerm((TITLE,), GeneralTerm(b"cymru")),),
                    global_occurrences=12,
                    by_attributes=(
                        OccurrencesByAttributes(
                            attributes=(TITLE,), by_database=(OccurrencesInDatabase(db="aber", num=3),)
                        ),
                    ),
                    other_term_info=OTHER[:1],
                ),
                DIAGNOSTIC,
            ),
            nonsurrogate_diagnostics=(DIAGNOSTIC,),
        ),
        attribute_set=BIB_1,
    ),
    SortRequest(
        input_result_set_names=("a", "b"),
        sorted_result_set_name="c",
        sort_sequence=(
            SortKeySpec(
                sort_element=SortElement(generic=SortAttributes(id=BIB_1, list=(TITLE,))),
                sort_relation=1,
                case_sensitivity=1,
                missing_value_action=MissingValueAction(missing_value_data=b"zzz"),
            ),
            SortKeySpec(
                sort_element=SortElement(database_specific=(DatabaseSortKey(database_name="aber", db_sort="date"),)),
                sort_relation=0,
                case_sensitivity=0,
                missing_value_action=MissingValueAction(null=True),
            ),
            SortKeySpec(sort_element=SortElement(generic=SPECIFICATION), sort_relation=0, case_sensitivity=1),
        ),
    ),
    SortResponse(sort_status=2, result_set_status=3, diagnostics=(DIAGNOSTIC,), result_count=0),
    ExtendedServicesRequest(
        function=1,
        package_type="1.2.840.10003.9.5",
        package_name="p",
        user_id="u",
        permissions=(Permission(user_id="u", allowable_functions=(1, 4)),),
        description="d",
        task_specific_parameters=REPORT,
        wait_action=1,
        elements="F",
    ),
    ExtendedServicesResponse(operation_status=3, diagnostics=(DIAGNOSTIC,), task_package=REPORT),
    Close(
        close_reason=6,
        diagnostic_information="why",
        resource_report_format="1.2.840.10003.7.1",
        resource_report=REPORT,
    ),
    DuplicateDetectionRequest(
        input_result_set_ids=("a",),
        output_result_set_name="b",
        clustering=True,
        # [8] retentionCriteria: [1] one entry
        unknown=(Unknown(CONTEXT | 8, bytes.fromhex("a8 03 81 01 01")),),
    ),
    DuplicateDetectionResponse(status=1, result_set_count=0, diagnostics=(DIAGNOSTIC,)),
)
