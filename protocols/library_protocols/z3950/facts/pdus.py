"""The PDUs, who sends them and what answers them; the numbers their fields hold. Clauses are of Z39.50-2003."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from library_protocols.z3950.facts.tables import Table, table


@dataclass(frozen=True, slots=True)
class PduFact:
    """One PDU: its tag, its name in the standard, who sends it, the tag of its answer if it has one."""

    tag: int
    name: str
    title: str
    sender: str
    answer: int | None
    clause: str


_PDUS = """
20 | initRequest | opening of an association | origin | 21 | 3.2.1.1
21 | initResponse | acceptance or refusal of an association | target | - | 3.2.1.1
22 | searchRequest | search | origin | 23 | 3.2.2.1
23 | searchResponse | result of a search | target | - | 3.2.2.1
24 | presentRequest | request for records | origin | 25 | 3.2.3.1
25 | presentResponse | records | target | - | 3.2.3.1
26 | deleteResultSetRequest | request to drop result sets | origin | 27 | 3.2.4.1
27 | deleteResultSetResponse | result sets dropped | target | - | 3.2.4.1
28 | accessControlRequest | challenge | target | 29 | 3.2.5.1
29 | accessControlResponse | answer to a challenge | origin | - | 3.2.5.1
30 | resourceControlRequest | report of a long operation | target | 31 | 3.2.6.1
31 | resourceControlResponse | whether to go on | origin | - | 3.2.6.1
32 | triggerResourceControlRequest | request to report or cancel | origin | - | 3.2.6.2
33 | resourceReportRequest | request for a resource report | origin | 34 | 3.2.6.3
34 | resourceReportResponse | resource report | target | - | 3.2.6.3
35 | scanRequest | browse in an index | origin | 36 | 3.2.8.1
36 | scanResponse | terms of an index | target | - | 3.2.8.1
43 | sortRequest | sort of result sets | origin | 44 | 3.2.7.1
44 | sortResponse | result of a sort | target | - | 3.2.7.1
45 | segmentRequest | part of the records of a present | target | - | 3.2.3.2
46 | extendedServicesRequest | task outside search and retrieval | origin | 47 | 3.2.9.1
47 | extendedServicesResponse | what became of a task | target | - | 3.2.9.1
48 | close | end of the association | both | 48 | 3.2.11.1
49 | duplicateDetectionRequest | grouping of duplicates | origin | 50 | 3.2.7.2
50 | duplicateDetectionResponse | result of the grouping | target | - | 3.2.7.2
"""


def _pdus() -> dict[int, PduFact]:
    facts: dict[int, PduFact] = {}
    for line in _PDUS.strip().splitlines():
        tag, name, title, sender, answer, clause = (part.strip() for part in line.split("|"))
        facts[int(tag)] = PduFact(int(tag), name, title, sender, None if answer == "-" else int(answer), clause)
    return facts


PDUS = _pdus()
"""Tag -> fact."""


class Option(IntEnum):
    """Bits of `options` in Init; both sides have what both set. 3.2.1.1.3."""

    SEARCH = 0
    PRESENT = 1
    DELETE_SET = 2
    RESOURCE_REPORT = 3
    TRIGGER_RESOURCE_CONTROL = 4
    RESOURCE_CONTROL = 5
    ACCESS_CONTROL = 6
    SCAN = 7
    SORT = 8
    EXTENDED_SERVICES = 10
    LEVEL_1_SEGMENTATION = 11
    LEVEL_2_SEGMENTATION = 12
    CONCURRENT_OPERATIONS = 13
    NAMED_RESULT_SETS = 14
    ENCAPSULATION = 15
    RESULT_COUNT = 16
    NEGOTIATION_MODEL = 17
    DUPLICATE_DETECTION = 18
    QUERY_TYPE_104 = 19
    PQES_CORRECTION = 20
    STRING_SCHEMA = 21


class CloseReason(IntEnum):
    """3.2.11.1.1."""

    FINISHED = 0
    SHUTDOWN = 1
    SYSTEM_PROBLEM = 2
    COST_LIMIT = 3
    RESOURCES = 4
    SECURITY_VIOLATION = 5
    PROTOCOL_ERROR = 6
    LACK_OF_ACTIVITY = 7
    PEER_ABORT = 8
    UNSPECIFIED = 9


class PresentStatus(IntEnum):
    """3.2.3.1.10."""

    SUCCESS = 0
    PARTIAL_1 = 1
    PARTIAL_2 = 2
    PARTIAL_3 = 3
    PARTIAL_4 = 4
    FAILURE = 5


class ResultSetStatus(IntEnum):
    """What there is of a result set after a search that failed. 3.2.2.1.13."""

    SUBSET = 1
    INTERIM = 2
    NONE = 3
    ESTIMATE = 4


class DeleteStatus(IntEnum):
    """3.2.4.1.4."""

    SUCCESS = 0
    DID_NOT_EXIST = 1
    PREVIOUSLY_DELETED = 2
    SYSTEM_PROBLEM = 3
    ACCESS_NOT_ALLOWED = 4
    RESOURCE_CONTROL_AT_ORIGIN = 5
    RESOURCE_CONTROL_AT_TARGET = 6
    BULK_DELETE_NOT_SUPPORTED = 7
    NOT_ALL_DELETED_ON_BULK = 8
    NOT_ALL_REQUESTED_DELETED = 9
    IN_USE = 10


class ScanStatus(IntEnum):
    """3.2.8.1.6."""

    SUCCESS = 0
    PARTIAL_1 = 1
    PARTIAL_2 = 2
    PARTIAL_3 = 3
    PARTIAL_4 = 4
    PARTIAL_5 = 5
    FAILURE = 6


class SortStatus(IntEnum):
    """3.2.7.1.4."""

    SUCCESS = 0
    PARTIAL_1 = 1
    FAILURE = 2


class SortRelation(IntEnum):
    """3.2.7.1.3."""

    ASCENDING = 0
    DESCENDING = 1
    ASCENDING_BY_FREQUENCY = 3
    DESCENDING_BY_FREQUENCY = 4


_TABLES = (
    table("option", "options of an association", "3.2.1.1.3", """
        0 | search | search
        1 | present | present
        2 | delSet | deletion of result sets
        3 | resourceReport | resource reports
        4 | triggerResourceCtrl | cancelling, and reports on demand
        5 | resourceCtrl | reports by the target in the middle of an operation
        6 | accessCtrl | challenges by the target
        7 | scan | scan
        8 | sort | sort
        10 | extendedServices | extended services
        11 | level-1Segmentation | an answer to present in several PDUs
        12 | level-2Segmentation | records in several parts
        13 | concurrentOperations | several operations at a time
        14 | namedResultSets | result sets by name
        15 | encapsulation | PDUs inside PDUs
        16 | resultCount | result count as negotiated
        17 | negotiationModel | negotiation records in otherInfo
        18 | duplicateDetection | duplicate detection
        19 | queryType104 | queries of type 104
        20 | pQESCorrection | corrected periodic query schedule
        21 | stringSchema | schemas named by strings
    """),
    table("version", "versions of the protocol", "3.2.1.1.1", """
        0 | version-1 | version 1, the same as 2
        1 | version-2 | version 2
        2 | version-3 | version 3
    """),
    table("close_reason", "why an association ends", "3.2.11.1.1", """
        0 | finished | nothing more is wanted
        1 | shutdown | the system goes down
        2 | systemProblem | the system has a problem
        3 | costLimit | the cost limit is reached
        4 | resources | resources are exhausted
        5 | securityViolation | a breach of security
        6 | protocolError | the other side broke the protocol
        7 | lackOfActivity | nothing was asked for too long
        8 | peerAbort | the other side went away
        9 | unspecified | no reason is given
    """),
    table("present_status", "what became of a request for records", "3.2.3.1.10", """
        0 | success | all records asked for are here
        1 | partial-1 | not all: access control stopped it
        2 | partial-2 | not all: the rest does not fit the message
        3 | partial-3 | not all: resource control stopped it, by the origin
        4 | partial-4 | not all: resource control stopped it, by the target
        5 | failure | none
    """),
    table("result_set_status", "what there is of a result set", "3.2.2.1.11", """
        1 | subset | a valid part of the result
        2 | interim | an unpredictable part of the result
        3 | none | no result set
        4 | estimate | the count is an estimate
    """),
    table("delete_status", "what became of a deletion", "3.2.4.1.4", """
        0 | success | deleted
        1 | resultSetDidNotExist | no such result set
        2 | previouslyDeletedByTarget | the target had deleted it
        3 | systemProblemAtTarget | the target has a problem
        4 | accessNotAllowed | not allowed
        5 | resourceControlAtOrigin | stopped by the origin
        6 | resourceControlAtTarget | stopped by the target
        7 | bulkDeleteNotSupported | deleting all at once is not offered
        8 | notAllRsltSetsDeletedOnBulkDlte | some could not be deleted
        9 | notAllRequestedResultSetsDeleted | some of those named could not be deleted
        10 | resultSetInUse | in use
    """),
    table("scan_status", "what became of a scan", "3.2.8.1.6", """
        0 | success | as asked
        1 | partial-1 | not all: the target refused some entries
        2 | partial-2 | not all: the rest does not fit the message
        3 | partial-3 | not all: resource control, by the origin
        4 | partial-4 | not all: resource control, by the target
        5 | partial-5 | not all: the list begins or ends here
        6 | failure | none
    """),
    table("sort_status", "what became of a sort", "3.2.7.1.4", """
        0 | success | sorted
        1 | partial-1 | sorted, but some records lack a key
        2 | failure | not sorted
    """),
    table("sort_result_set_status", "what there is of a result set after a sort", "3.2.7.1.5", """
        1 | empty | it is empty
        2 | interim | it is partly sorted
        3 | unchanged | it is as before
        4 | none | there is none
    """),
    table("sort_relation", "order of a sort", "3.2.7.1.3", """
        0 | ascending | from low to high
        1 | descending | from high to low
        3 | ascendingByFrequency | the rarest first
        4 | descendingByFrequency | the most frequent first
    """),
    table("case_sensitivity", "case in a sort", "3.2.7.1.3", """
        0 | caseSensitive | capital and small letters differ
        1 | caseInsensitive | capital and small letters are the same
    """),
    table("resource_report_status", "what became of a request for a report", "3.2.6.3.4", """
        0 | success | the report is here
        1 | partial | part of it
        2 | failure-1 | no such operation
        3 | failure-2 | no report in that format
        4 | failure-3 | no report at all
        5 | failure-4 | not allowed
        6 | failure-5 | the target has a problem
        7 | failure-6 | no reason is given
    """),
    table("requested_action", "what is asked of a running operation", "3.2.6.2.1", """
        1 | resourceReport | report
        2 | resourceControl | report and ask
        3 | cancel | end
    """),
    table("es_function", "what is done with a task package", "3.2.9.1.1", """
        1 | create | make it
        2 | delete | delete it
        3 | modify | change it
    """),
    table("es_status", "what became of a task", "3.2.9.1.12", """
        1 | done | done
        2 | accepted | accepted, to be done
        3 | failure | refused
    """),
    table("proximity_unit", "units of distance", "3.7.2.1", """
        1 | character | characters
        2 | word | words
        3 | sentence | sentences
        4 | paragraph | paragraphs
        5 | section | sections
        6 | chapter | chapters
        7 | document | documents
        8 | element | elements
        9 | subelement | subelements
        10 | elementType | types of element
        11 | byte | octets
    """),
    table("proximity_relation", "how distances are compared", "3.7.2.1", """
        1 | lessThan | less than
        2 | lessThanOrEqual | at most
        3 | equal | exactly
        4 | greaterThanOrEqual | at least
        5 | greaterThan | more than
        6 | notEqual | any but
    """),
)  # fmt: skip

TABLES: dict[str, Table] = {one.name: one for one in _TABLES}
"""Name -> table."""
