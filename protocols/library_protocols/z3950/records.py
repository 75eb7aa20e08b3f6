"""What stands inside an EXTERNAL: SUTRS, OPAC, counts of a search, diagnostics.

A value that is no BER of its type raises BerError; an EXTERNAL of another type is left to whoever knows it.
"""

from __future__ import annotations

from library_protocols import asn1
from library_protocols.asn1 import (
    BOOLEAN,
    EXTERNAL,
    INTEGER,
    TEXT,
    Choice,
    Composite,
    Constant,
    External,
    Implicit,
    Sequence,
    SequenceOf,
    optional,
    required,
    sequence,
)
from library_protocols.ber import CONTEXT, BerError
from library_protocols.z3950.apdu import QUERY, Query
from library_protocols.z3950.common import (
    DATABASE_NAME,
    DIAGNOSTIC,
    OTHER_INFORMATION,
    Diagnostic,
    DiagRec,
    OtherInformation,
    OtherInformationItem,
)
from library_protocols.z3950.facts.oids import DIAG_1, SEARCH_RESULT_1, USER_INFO_1
from library_protocols.z3950.rpn import Term
from library_protocols.z3950.rpn_codec import INT_UNIT, TERM

# SUTRS, REC.2


def write_sutrs(text: str) -> bytes:
    """A record of plain text, lines ended by LF, as the BER element an EXTERNAL holds."""
    return asn1.TEXT.write(text)


def read_sutrs(external: External) -> str:
    """The text of a SUTRS record. Raises BerError."""
    if external.single is not None:
        return asn1.read_whole(asn1.TEXT, external.single)
    if external.octets is not None:
        return external.octets.decode("utf-8", "surrogateescape")
    raise BerError("a SUTRS record without text", 0)


# OPAC, REC.3


@sequence
class Volume(Composite):
    enumeration: str | None = optional(TEXT, 1, default=None)
    chronology: str | None = optional(TEXT, 2, default=None)
    enum_and_chron: str | None = optional(TEXT, 3, default=None)


@sequence
class CircRecord(Composite):
    """One item. The standard spells the second field `availablityDate`."""

    available_now: bool = required(BOOLEAN, 1)
    availability_date: str | None = optional(TEXT, 2, default=None)
    available_thru: str | None = optional(TEXT, 3, default=None)
    restrictions: str | None = optional(TEXT, 4, default=None)
    item_id: str | None = optional(TEXT, 5, default=None)
    renewable: bool = required(BOOLEAN, 6)
    on_hold: bool = required(BOOLEAN, 7)
    enum_and_chron: str | None = optional(TEXT, 8, default=None)
    midspine: str | None = optional(TEXT, 9, default=None)
    temporary_location: str | None = optional(TEXT, 10, default=None)


@sequence
class HoldingsAndCirc(Composite):
    """Holdings of one place. Where a field comes from in MARC 21 holdings stands behind it."""

    type_of_record: str | None = optional(TEXT, 1, default=None)  # LDR/06
    encoding_level: str | None = optional(TEXT, 2, default=None)  # LDR/17
    format: str | None = optional(TEXT, 3, default=None)  # 007/00-01
    receipt_acq_status: str | None = optional(TEXT, 4, default=None)  # 008/06
    general_retention: str | None = optional(TEXT, 5, default=None)  # 008/12
    completeness: str | None = optional(TEXT, 6, default=None)  # 008/16
    date_of_report: str | None = optional(TEXT, 7, default=None)  # 008/26-31
    nuc_code: str | None = optional(TEXT, 8, default=None)  # 852 $a
    local_location: str | None = optional(TEXT, 9, default=None)  # 852 $b
    shelving_location: str | None = optional(TEXT, 10, default=None)  # 852 $c
    call_number: str | None = optional(TEXT, 11, default=None)  # 852 $h $i
    shelving_data: str | None = optional(TEXT, 12, default=None)  # 852 $j-$m
    copy_number: str | None = optional(TEXT, 13, default=None)  # 852 $t
    public_note: str | None = optional(TEXT, 14, default=None)  # 852 $z
    reproduction_note: str | None = optional(TEXT, 15, default=None)  # 843
    terms_use_repro: str | None = optional(TEXT, 16, default=None)  # 845
    enum_and_chron: str | None = optional(TEXT, 17, default=None)  # 85x, 86x
    volumes: tuple[Volume, ...] | None = optional(SequenceOf(Sequence(Volume)), 18, default=None)
    circulation_data: tuple[CircRecord, ...] | None = optional(SequenceOf(Sequence(CircRecord)), 19, default=None)


HoldingsRecord = HoldingsAndCirc | External
_HOLDINGS_RECORD = Choice(
    (External, Implicit(CONTEXT | 1, EXTERNAL)),
    (HoldingsAndCirc, Implicit(CONTEXT | 2, Sequence(HoldingsAndCirc))),
)


@sequence
class OpacRecord(Composite):
    """A bibliographic record with what the library has of it; an `External` among the holdings is MARC."""

    bibliographic_record: External | None = optional(EXTERNAL, 1, default=None)
    holdings_data: tuple[HoldingsRecord, ...] | None = optional(SequenceOf(_HOLDINGS_RECORD), 2, default=None)


_OPAC_RECORD = Sequence(OpacRecord)


def write_opac(record: OpacRecord) -> bytes:
    """An OPAC record as the BER element an EXTERNAL holds."""
    return _OPAC_RECORD.write(record)


def read_opac(external: External) -> OpacRecord:
    """An OPAC record. Raises BerError."""
    if external.single is None:
        raise BerError("an OPAC record that is no BER", 0)
    return asn1.read_whole(_OPAC_RECORD, external.single)


# SearchResult-1, USR.1


@sequence
class QueryTerm(Composite):
    """A sub-query that is one term."""

    query_term: Term = required(TERM, 1, explicit=True)
    term_comment: str | None = optional(TEXT, 2, default=None)


_QUERY_EXPRESSION = Choice(
    (QueryTerm, Implicit(CONTEXT | 1, Sequence(QueryTerm))), (Query, asn1.Explicit(CONTEXT | 2, QUERY))
)
ALL_DATABASES = "all"


@sequence
class ResultsByDb(Composite):
    """`databases`: names, or `ALL_DATABASES` for all of the search."""

    databases: tuple[str, ...] | str = required(
        Choice(
            (str, Constant(ALL_DATABASES, CONTEXT | 1)),
            (tuple, Implicit(CONTEXT | 2, SequenceOf(DATABASE_NAME))),
        ),
        1,
    )
    count: int | None = optional(INTEGER, 2, default=None)
    result_set_name: str | None = optional(TEXT, 3, default=None)


@sequence
class SubqueryReport(Composite):
    """What one part of a query found; `full_query`: it is all of the query."""

    subquery_id: str | None = optional(TEXT, 1, default=None)
    full_query: bool = required(BOOLEAN, 2)
    subquery_expression: QueryTerm | Query | None = optional(_QUERY_EXPRESSION, 3, default=None)
    subquery_interpretation: QueryTerm | Query | None = optional(_QUERY_EXPRESSION, 4, default=None)
    subquery_recommendation: QueryTerm | Query | None = optional(_QUERY_EXPRESSION, 5, default=None)
    subquery_count: int | None = optional(INTEGER, 6, default=None)
    subquery_weight: Composite | None = optional(INT_UNIT, 7, default=None)
    results_by_db: tuple[ResultsByDb, ...] | None = optional(SequenceOf(Sequence(ResultsByDb)), 8, default=None)


_SEARCH_INFO_REPORT = SequenceOf(Sequence(SubqueryReport))


def search_result_1(reports: tuple[SubqueryReport, ...]) -> OtherInformation:
    """Counts of the parts of a query, as `additional_search_info` holds them."""
    report = External(direct_reference=SEARCH_RESULT_1, single=_SEARCH_INFO_REPORT.write(reports))
    return (OtherInformationItem(externally_defined_info=report),)


def read_search_result_1(information: OtherInformation | None) -> tuple[SubqueryReport, ...]:
    """The counts in `additional_search_info`; none when there are none. Raises BerError."""
    for item in information or ():
        external = item.externally_defined_info
        if external is not None and external.direct_reference == SEARCH_RESULT_1 and external.single is not None:
            return asn1.read_whole(_SEARCH_INFO_REPORT, external.single)
    return ()


# Diagnostics, ERR


@sequence
class _Diag1Choice(Composite):
    default_diag_rec: Diagnostic | None = optional(DIAGNOSTIC, 1, default=None)


@sequence
class _Diag1(Composite):
    diagnostic: _Diag1Choice | None = optional(Sequence(_Diag1Choice), 1, default=None)
    message: str | None = optional(TEXT, 2, default=None)


def diagnostics_of(record: DiagRec) -> tuple[Diagnostic, ...]:
    """A diagnostic record in plain form. One of a form not read here gives none. Raises BerError."""
    if isinstance(record, Diagnostic):
        return (record,)
    if record.single is None:
        return ()
    found = asn1.read_whole(_DIAG_1, record.single)
    return tuple(one.diagnostic.default_diag_rec for one in found if one.diagnostic and one.diagnostic.default_diag_rec)


_DIAG_1 = SequenceOf(Sequence(_Diag1))


def init_diagnostic(diagnostic: Diagnostic) -> External:
    """Why an Init is refused, as `user_information_field` holds it: diag-1 inside user information (USR.2)."""
    choice = _Diag1Choice(default_diag_rec=diagnostic)
    report = External(direct_reference=DIAG_1, single=_DIAG_1.write((_Diag1(diagnostic=choice),)))
    item = OtherInformationItem(externally_defined_info=report)
    return External(direct_reference=USER_INFO_1, single=OTHER_INFORMATION.write((item,)))


def read_init_diagnostics(external: External | None) -> tuple[Diagnostic, ...]:
    """The diagnostics of a refused Init; none where there are none. Raises BerError."""
    if external is None or external.direct_reference != USER_INFO_1 or external.single is None:
        return ()
    found: list[Diagnostic] = []
    for item in asn1.read_whole(OTHER_INFORMATION, external.single):
        inner = item.externally_defined_info
        if inner is not None and inner.direct_reference == DIAG_1:
            found.extend(diagnostics_of(inner))
    return tuple(found)
