"""The PDUs as values: initialization, search, retrieval, browse, sort, deletion, termination.

Field names are the standard's, in this language's spelling. `reference_id` is the origin's own and is echoed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from library_protocols import ber
from library_protocols.asn1 import (
    BITS,
    BOOLEAN,
    EXTERNAL,
    INTEGER,
    OCTETS,
    OID,
    TEXT,
    VISIBLE,
    Choice,
    Composite,
    Constant,
    Explicit,
    External,
    Implicit,
    Sequence,
    SequenceOf,
    optional,
    required,
    sequence,
)
from library_protocols.ber import CONTEXT, Head, Reader
from library_protocols.z3950.common import (
    COMP_SPEC,
    DATABASE_NAME,
    DATABASE_NAMES,
    DIAG_REC,
    DIAG_RECS,
    DIAGNOSTIC,
    ELEMENT_SET_NAMES,
    NAME_PLUS_RECORDS,
    OTHER_INFORMATION,
    RESULT_SET_ID,
    CompSpec,
    Diagnostic,
    DiagRec,
    ElementSetNames,
    NamePlusRecord,
    OtherInformation,
)
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, RpnQuery, Term
from library_protocols.z3950.rpn_codec import ATTRIBUTE_LIST, ATTRIBUTES_PLUS_TERM, RPN_QUERY, TERM


@sequence
class Pdu(Composite):
    """What every PDU has."""

    tag: ClassVar[int]
    reference_id: bytes | None = optional(OCTETS, 2, default=None)
    other_info: OtherInformation | None = optional(OTHER_INFORMATION, default=None, last=True)


# Initialization, 3.2.1


@sequence
class IdPass(Composite):
    """A user's group, name and password; secret."""

    group_id: str | None = optional(TEXT, 0, default=None)
    user_id: str | None = optional(TEXT, 1, default=None)
    password: str | None = optional(TEXT, 2, default=None)


class Anonymous:
    """Authentication by saying that one has no name."""

    def __repr__(self) -> str:
        return "ANONYMOUS"


ANONYMOUS = Anonymous()

IdAuthentication = str | IdPass | Anonymous | External
_ID_AUTHENTICATION = Choice(
    (str, VISIBLE), (IdPass, Sequence(IdPass)), (Anonymous, Constant(ANONYMOUS)), (External, EXTERNAL)
)

VERSIONS_1_TO_3 = frozenset((0, 1, 2))
"""Bits of `protocol_version`: bit 2 is version 3, bits 0 and 1 are both version 2."""


@sequence
class InitializeRequest(Pdu):
    tag = 20
    protocol_version: frozenset[int] = required(BITS, 3)
    options: frozenset[int] = required(BITS, 4)
    preferred_message_size: int = required(INTEGER, 5)
    exceptional_record_size: int = required(INTEGER, 6)
    id_authentication: IdAuthentication | None = optional(_ID_AUTHENTICATION, 7, default=None)
    implementation_id: str | None = optional(TEXT, 110, default=None)
    implementation_name: str | None = optional(TEXT, 111, default=None)
    implementation_version: str | None = optional(TEXT, 112, default=None)
    user_information_field: External | None = optional(EXTERNAL, 11, explicit=True, default=None)


@sequence
class InitializeResponse(Pdu):
    tag = 21
    protocol_version: frozenset[int] = required(BITS, 3)
    options: frozenset[int] = required(BITS, 4)
    preferred_message_size: int = required(INTEGER, 5)
    exceptional_record_size: int = required(INTEGER, 6)
    result: bool = required(BOOLEAN, 12)
    implementation_id: str | None = optional(TEXT, 110, default=None)
    implementation_name: str | None = optional(TEXT, 111, default=None)
    implementation_version: str | None = optional(TEXT, 112, default=None)
    user_information_field: External | None = optional(EXTERNAL, 11, explicit=True, default=None)


# Search, 3.2.2


class Query:
    """A query: `kind` is its type (0, 1, 2, 100, 101, 102, 104), `value` what that type holds.

    1 and 101: `RpnQuery`; 104: `External`; 0: the octets of one BER element; the others: octets.
    """

    __slots__ = ("kind", "value")

    def __init__(self, kind: int, value: RpnQuery | External | bytes) -> None:
        self.kind = kind
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and (self.kind, self.value) == (other.kind, other.value)

    def __hash__(self) -> int:
        return hash((self.kind, self.value))

    def __repr__(self) -> str:
        return f"Query({self.kind}, {self.value!r})"


class _QueryChoice(Choice):
    """Query; the tag of the alternative is the type of the query."""

    def __init__(self) -> None:
        self._kinds = {
            1: Implicit(CONTEXT | 1, RPN_QUERY),
            2: Explicit(CONTEXT | 2, OCTETS),
            100: Explicit(CONTEXT | 100, OCTETS),
            101: Implicit(CONTEXT | 101, RPN_QUERY),
            102: Explicit(CONTEXT | 102, OCTETS),
            104: Implicit(CONTEXT | 104, EXTERNAL),
        }
        self.tags = (CONTEXT, *(CONTEXT | kind for kind in self._kinds))

    def read(self, reader: Reader, head: Head, depth: int) -> Query:
        kind = head[0] - CONTEXT
        if kind == 0:
            return Query(0, reader.data[head[2] : head[3]])
        return Query(kind, self._kinds[kind].read(reader, head, depth))

    def write(self, value: Any, /) -> bytes:
        if value.kind == 0:
            return ber.element(CONTEXT, True, value.value)
        return self._kinds[value.kind].write(value.value)


QUERY = _QueryChoice()


@sequence
class SearchRequest(Pdu):
    tag = 22
    small_set_upper_bound: int = required(INTEGER, 13)
    large_set_lower_bound: int = required(INTEGER, 14)
    medium_set_present_number: int = required(INTEGER, 15)
    replace_indicator: bool = required(BOOLEAN, 16)
    result_set_name: str = required(TEXT, 17)
    database_names: tuple[str, ...] = required(DATABASE_NAMES, 18)
    small_set_element_set_names: ElementSetNames | None = optional(ELEMENT_SET_NAMES, 100, default=None)
    medium_set_element_set_names: ElementSetNames | None = optional(ELEMENT_SET_NAMES, 101, default=None)
    preferred_record_syntax: str | None = optional(OID, 104, default=None)
    query: Query = required(QUERY, 21)
    additional_search_info: OtherInformation | None = optional(Implicit(CONTEXT | 203, OTHER_INFORMATION), default=None)


@sequence
class SearchResponse(Pdu):
    """At most one of `records`, `non_surrogate_diagnostic`, `multiple_non_sur_diagnostics` is there."""

    tag = 23
    result_count: int = required(INTEGER, 23)
    number_of_records_returned: int = required(INTEGER, 24)
    next_result_set_position: int = required(INTEGER, 25)
    search_status: bool = required(BOOLEAN, 22)
    result_set_status: int | None = optional(INTEGER, 26, default=None)
    present_status: int | None = optional(INTEGER, 27, default=None)
    records: tuple[NamePlusRecord, ...] | None = optional(NAME_PLUS_RECORDS, 28, default=None)
    non_surrogate_diagnostic: Diagnostic | None = optional(DIAGNOSTIC, 130, default=None)
    multiple_non_sur_diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 205, default=None)
    additional_search_info: OtherInformation | None = optional(Implicit(CONTEXT | 203, OTHER_INFORMATION), default=None)


# Retrieval, 3.2.3


@sequence
class Range(Composite):
    starting_position: int = required(INTEGER, 1)
    number_of_records: int = required(INTEGER, 2)


@sequence
class PresentRequest(Pdu):
    """At most one of `simple` and `complex` (together: recordComposition) is there."""

    tag = 24
    result_set_id: str = required(RESULT_SET_ID)
    result_set_start_point: int = required(INTEGER, 30)
    number_of_records_requested: int = required(INTEGER, 29)
    additional_ranges: tuple[Range, ...] | None = optional(SequenceOf(Sequence(Range)), 212, default=None)
    simple: ElementSetNames | None = optional(ELEMENT_SET_NAMES, 19, default=None)
    complex: CompSpec | None = optional(COMP_SPEC, 209, default=None)
    preferred_record_syntax: str | None = optional(OID, 104, default=None)
    max_segment_count: int | None = optional(INTEGER, 204, default=None)
    max_record_size: int | None = optional(INTEGER, 206, default=None)
    max_segment_size: int | None = optional(INTEGER, 207, default=None)


@sequence
class PresentResponse(Pdu):
    """As in `SearchResponse`, at most one of the three last is there."""

    tag = 25
    number_of_records_returned: int = required(INTEGER, 24)
    next_result_set_position: int = required(INTEGER, 25)
    present_status: int = required(INTEGER, 27)
    records: tuple[NamePlusRecord, ...] | None = optional(NAME_PLUS_RECORDS, 28, default=None)
    non_surrogate_diagnostic: Diagnostic | None = optional(DIAGNOSTIC, 130, default=None)
    multiple_non_sur_diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 205, default=None)


@sequence
class Segment(Pdu):
    tag = 45
    number_of_records_returned: int = required(INTEGER, 24)
    segment_records: tuple[NamePlusRecord, ...] = required(NAME_PLUS_RECORDS, 0)


# Result-set-delete, 3.2.4


@sequence
class DeleteResultSetRequest(Pdu):
    """`delete_function`: 0 those of `result_set_list`, 1 all."""

    tag = 26
    delete_function: int = required(INTEGER, 32)
    result_set_list: tuple[str, ...] | None = optional(SequenceOf(RESULT_SET_ID), default=None)


@sequence
class ListStatus(Composite):
    id: str = required(RESULT_SET_ID)
    status: int = required(INTEGER, 33)


_LIST_STATUSES = SequenceOf(Sequence(ListStatus))


@sequence
class DeleteResultSetResponse(Pdu):
    tag = 27
    delete_operation_status: int = required(INTEGER, 0)
    delete_list_statuses: tuple[ListStatus, ...] | None = optional(_LIST_STATUSES, 1, default=None)
    number_not_deleted: int | None = optional(INTEGER, 34, default=None)
    bulk_statuses: tuple[ListStatus, ...] | None = optional(_LIST_STATUSES, 35, default=None)
    delete_message: str | None = optional(TEXT, 36, default=None)


# Scan, 3.2.8


@sequence
class ScanRequest(Pdu):
    tag = 35
    database_names: tuple[str, ...] = required(DATABASE_NAMES, 3)
    attribute_set: str | None = optional(OID, default=None)
    term_list_and_start_point: AttributesPlusTerm = required(ATTRIBUTES_PLUS_TERM)
    step_size: int | None = optional(INTEGER, 5, default=None)
    number_of_terms_requested: int = required(INTEGER, 6)
    preferred_position_in_response: int | None = optional(INTEGER, 7, default=None)


@sequence
class OccurrencesInDatabase(Composite):
    db: str = required(DATABASE_NAME)
    num: int | None = optional(INTEGER, 1, default=None)
    other_db_info: OtherInformation | None = optional(OTHER_INFORMATION, default=None)


@sequence
class OccurrencesByAttributes(Composite):
    attributes: tuple[AttributeElement, ...] = required(ATTRIBUTE_LIST, 1, explicit=True)
    global_: int | None = optional(INTEGER, 2, explicit=True, default=None)
    by_database: tuple[OccurrencesInDatabase, ...] | None = optional(
        SequenceOf(Sequence(OccurrencesInDatabase)), 3, default=None
    )
    other_occur_info: OtherInformation | None = optional(OTHER_INFORMATION, default=None)


@sequence
class TermInfo(Composite):
    """`display_term` is there when `term` is not fit to be shown; `global_occurrences` counts records."""

    term: Term = required(TERM)
    display_term: str | None = optional(TEXT, 0, default=None)
    suggested_attributes: tuple[AttributeElement, ...] | None = optional(ATTRIBUTE_LIST, default=None)
    alternative_term: tuple[AttributesPlusTerm, ...] | None = optional(
        SequenceOf(ATTRIBUTES_PLUS_TERM), 4, default=None
    )
    global_occurrences: int | None = optional(INTEGER, 2, default=None)
    by_attributes: tuple[OccurrencesByAttributes, ...] | None = optional(
        SequenceOf(Sequence(OccurrencesByAttributes)), 3, default=None
    )
    other_term_info: OtherInformation | None = optional(OTHER_INFORMATION, default=None)


Entry = TermInfo | Diagnostic | External


class _EntryChoice(Choice):
    """Entry: a term, or a diagnostic in its place."""

    def __init__(self) -> None:
        super().__init__(
            (TermInfo, Implicit(CONTEXT | 1, Sequence(TermInfo))), (object, Explicit(CONTEXT | 2, DIAG_REC))
        )

    def write(self, value: Any, /) -> bytes:
        return self._by_class[TermInfo if isinstance(value, TermInfo) else object].write(value)


@sequence
class ListEntries(Composite):
    entries: tuple[Entry, ...] | None = optional(SequenceOf(_EntryChoice()), 1, default=None)
    nonsurrogate_diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 2, default=None)


@sequence
class ScanResponse(Pdu):
    tag = 36
    step_size: int | None = optional(INTEGER, 3, default=None)
    scan_status: int = required(INTEGER, 4)
    number_of_entries_returned: int = required(INTEGER, 5)
    position_of_term: int | None = optional(INTEGER, 6, default=None)
    entries: ListEntries | None = optional(Sequence(ListEntries), 7, default=None)
    attribute_set: str | None = optional(OID, 8, default=None)


# Termination, 3.2.11


@sequence
class Close(Pdu):
    tag = 48
    close_reason: int = required(INTEGER, 211)
    diagnostic_information: str | None = optional(TEXT, 3, default=None)
    resource_report_format: str | None = optional(OID, 4, default=None)
    resource_report: External | None = optional(EXTERNAL, 5, explicit=True, default=None)


@sequence
class UnknownPdu(Pdu):
    """A PDU with a tag that no definition read here has; `octets` is all of it."""

    number: int
    octets: bytes
