"""The PDUs as values: access and resource control, extended services, duplicate detection."""

from __future__ import annotations

from library_protocols.asn1 import (
    BOOLEAN,
    EXTERNAL,
    INTEGER,
    OCTETS,
    OID,
    TEXT,
    Composite,
    External,
    Sequence,
    SequenceOf,
    optional,
    required,
    sequence,
)
from library_protocols.z3950.apdu import Pdu
from library_protocols.z3950.common import DIAG_REC, DIAG_RECS, ELEMENT_SET_NAME, DiagRec
from library_protocols.z3950.rpn_codec import INT_UNIT

# Access control, 3.2.5


@sequence
class AccessControlRequest(Pdu):
    """One of `simple_form` and `externally_defined` (together: securityChallenge) is there."""

    tag = 28
    simple_form: bytes | None = optional(OCTETS, 37, default=None)
    externally_defined: External | None = optional(EXTERNAL, 0, explicit=True, default=None)


@sequence
class AccessControlResponse(Pdu):
    tag = 29
    simple_form: bytes | None = optional(OCTETS, 38, default=None)
    externally_defined: External | None = optional(EXTERNAL, 0, explicit=True, default=None)
    diagnostic: DiagRec | None = optional(DIAG_REC, 223, default=None)


# Accounting and resource control, 3.2.6


@sequence
class ResourceControlRequest(Pdu):
    tag = 30
    suspended_flag: bool | None = optional(BOOLEAN, 39, default=None)
    resource_report: External | None = optional(EXTERNAL, 40, explicit=True, default=None)
    partial_results_available: int | None = optional(INTEGER, 41, default=None)
    response_required: bool = required(BOOLEAN, 42)
    triggered_request_flag: bool | None = optional(BOOLEAN, 43, default=None)


@sequence
class ResourceControlResponse(Pdu):
    tag = 31
    continue_flag: bool = required(BOOLEAN, 44)
    result_set_wanted: bool | None = optional(BOOLEAN, 45, default=None)


@sequence
class TriggerResourceControlRequest(Pdu):
    tag = 32
    requested_action: int = required(INTEGER, 46)
    pref_resource_report_format: str | None = optional(OID, 47, default=None)
    result_set_wanted: bool | None = optional(BOOLEAN, 48, default=None)


@sequence
class ResourceReportRequest(Pdu):
    tag = 33
    op_id: bytes | None = optional(OCTETS, 210, default=None)
    pref_resource_report_format: str | None = optional(OID, 49, default=None)


@sequence
class ResourceReportResponse(Pdu):
    tag = 34
    resource_report_status: int = required(INTEGER, 50)
    resource_report: External | None = optional(EXTERNAL, 51, explicit=True, default=None)


# Extended services, 3.2.9


@sequence
class Permission(Composite):
    user_id: str | None = optional(TEXT, 1, default=None)
    allowable_functions: tuple[int, ...] = required(SequenceOf(INTEGER), 2)


@sequence
class ExtendedServicesRequest(Pdu):
    tag = 46
    function: int = required(INTEGER, 3)
    package_type: str = required(OID, 4)
    package_name: str | None = optional(TEXT, 5, default=None)
    user_id: str | None = optional(TEXT, 6, default=None)
    retention_time: Composite | None = optional(INT_UNIT, 7, default=None)
    permissions: tuple[Permission, ...] | None = optional(SequenceOf(Sequence(Permission)), 8, default=None)
    description: str | None = optional(TEXT, 9, default=None)
    task_specific_parameters: External | None = optional(EXTERNAL, 10, default=None)
    wait_action: int = required(INTEGER, 11)
    elements: str | None = optional(ELEMENT_SET_NAME, default=None)


@sequence
class ExtendedServicesResponse(Pdu):
    tag = 47
    operation_status: int = required(INTEGER, 3)
    diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 4, default=None)
    task_package: External | None = optional(EXTERNAL, 5, default=None)


# Duplicate detection, 3.2.7.2: its criteria are kept as they came, for this service is answered with a refusal


@sequence
class DuplicateDetectionRequest(Pdu):
    tag = 49
    input_result_set_ids: tuple[str, ...] = required(SequenceOf(TEXT), 3)
    output_result_set_name: str = required(TEXT, 4)
    applicable_portion_of_record: External | None = optional(EXTERNAL, 5, default=None)
    clustering: bool | None = optional(BOOLEAN, 7, default=None)


@sequence
class DuplicateDetectionResponse(Pdu):
    tag = 50
    status: int = required(INTEGER, 3)
    result_set_count: int | None = optional(INTEGER, 4, default=None)
    diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 5, default=None)
