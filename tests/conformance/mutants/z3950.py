"""Z39.50 targets as they are met, each wrong in one way, and the probes that have to notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from library_conformance import octets
from library_conformance.probes.z3950.attributes import BATH, UNHEARD
from library_protocols.z3950 import (
    ANONYMOUS,
    BerError,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    Diagnostic,
    IdPass,
    InitializeRequest,
    InitializeResponse,
    NamePlusRecord,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    SortRequest,
    SortResponse,
    decode,
    encode,
    record_of,
)
from library_protocols.z3950 import Close as ClosePdu
from library_protocols.z3950.rpn import Operation, Operator, ResultSetRef
from tests.conformance.proxy import Act, Back, Close, Mutant, Talk, Transform

USMARC, SUTRS = "1.2.840.10003.5.10", "1.2.840.10003.5.101"
Kind = TypeVar("Kind", bound=Pdu)

MOST = 1_048_576


def whole(data: bytes) -> int:
    """Where a PDU ends; ValueError for one that says it is longer than anybody sends."""
    if data[:2] == b"\xb6\x84" and len(data) >= 6 and int.from_bytes(data[2:6], "big") > MOST:
        raise ValueError("too long")
    return octets.whole(data)


def _read(message: bytes) -> Pdu | None:
    try:
        return decode(message)
    except BerError:
        return None


def answered(kind: type[Kind], change: Callable[[Kind, Any], Pdu]) -> Transform:
    """Changes answers of this kind; `change` is handed the answer and the request."""

    def transform(message: bytes, talk: Talk) -> bytes:
        answer = _read(message)
        return encode(change(answer, _read(talk.request))) if isinstance(answer, kind) else message

    return transform


def asked(kind: type[Kind], change: Callable[[Kind], Pdu]) -> Transform:
    """Changes requests of this kind on their way."""

    def transform(message: bytes, talk: Talk) -> bytes:
        request = _read(message)
        return encode(change(request)) if isinstance(request, kind) else message

    return transform


def deaf(to: Callable[[bytes], bool]) -> Transform:
    """Says nothing to some requests."""

    def transform(message: bytes, talk: Talk) -> Iterable[Act]:
        return () if to(message) else (message,)

    return transform


def closing(at: Callable[[bytes], bool]) -> Transform:
    """Closes at some requests."""

    def transform(message: bytes, talk: Talk) -> Iterable[Act]:
        return (Close(),) if at(message) else (message,)

    return transform


# Parts of changes


def _refused(condition: int) -> SearchResponse:
    return SearchResponse(
        result_count=0, number_of_records_returned=0, next_result_set_position=0, search_status=False,
        result_set_status=3, non_surrogate_diagnostic=Diagnostic(condition=condition, addinfo=""),
    )  # fmt: skip


FOUND_THREE = SearchResponse(
    result_count=3, number_of_records_returned=0, next_result_set_position=1, search_status=True
)


def _refusing(condition: int, of: Callable[[SearchRequest], bool]) -> Transform:
    def change(answer: SearchResponse, request: Any) -> SearchResponse:
        return _refused(condition) if isinstance(request, SearchRequest) and of(request) else answer

    return answered(SearchResponse, change)


def _attributes(request: SearchRequest) -> int:
    root = request.query.value.root if isinstance(request.query.value, RpnQuery) else None
    return len(getattr(root, "attributes", ()))


def _operators(change: Callable[[Operation], Any]) -> Transform:
    """Rewrites the joins of queries."""

    def rewritten(node: Any) -> Any:
        if not isinstance(node, Operation):
            return node
        return change(replace(node, left=rewritten(node.left), right=rewritten(node.right)))

    def search(request: SearchRequest) -> SearchRequest:
        value = request.query.value
        if not isinstance(value, RpnQuery):
            return request
        return replace(request, query=Query(request.query.kind, replace(value, root=rewritten(value.root))))

    return asked(SearchRequest, search)


def _other(one: Operator, other: Operator) -> Transform:
    return _operators(lambda node: replace(node, operator=other) if node.operator is one else node)


def _flat(node: Operation) -> Any:
    """x and (y or z) as (x and y) or z."""
    right = node.right
    if node.operator is Operator.AND and isinstance(right, Operation) and right.operator is Operator.OR:
        return replace(right, left=replace(node, right=right.left))
    return node


def _without_type(kind: int) -> Transform:
    def search(request: SearchRequest) -> SearchRequest:
        value = request.query.value
        if not isinstance(value, RpnQuery) or isinstance(value.root, Operation):
            return request
        left = tuple(one for one in value.root.attributes if one.type != kind)
        return replace(request, query=Query(1, replace(value, root=replace(value.root, attributes=left))))

    return asked(SearchRequest, search)


def _has_set(request: Any) -> bool:
    value = request.query.value if isinstance(request, SearchRequest) else None
    root = value.root if isinstance(value, RpnQuery) else None
    return isinstance(root, Operation) and isinstance(root.left, ResultSetRef)


def _told(answer: Any, request: Any) -> Any:
    """A refusal as a success that found something."""
    return answer if answer.search_status else FOUND_THREE


def _drifting(message: bytes, talk: Talk) -> bytes:
    answer = _read(message)
    if not isinstance(answer, SearchResponse):
        return message
    talk.common["drift"] = talk.common.get("drift", 0) + 1
    return encode(replace(answer, result_count=answer.result_count + talk.common["drift"]))


def _harming(message: bytes, talk: Talk) -> Iterable[Act]:
    if message[:1] == b"\x05":
        talk.common["down"] = True
    return () if talk.common.get("down") else (message,)


def _without_init(message: bytes, talk: Talk) -> bytes:
    return encode(FOUND_THREE) if talk.requests[0][:1] == b"\xb6" else message


def _made_up(request: Any) -> bool:
    given = request.id_authentication if isinstance(request, InitializeRequest) else None
    return isinstance(given, IdPass) and given.user_id == "conformance-nobody"


def _lets_in(request: InitializeRequest) -> InitializeRequest:
    return replace(request, id_authentication=None) if _made_up(request) else request


def _records(change: Callable[[tuple[NamePlusRecord, ...]], tuple[NamePlusRecord, ...]]) -> Transform:
    return answered(
        PresentResponse, lambda answer, _: replace(answer, records=change(answer.records)) if answer.records else answer
    )


def _in_each(change: Callable[[bytes], bytes]) -> Transform:
    def one(record: NamePlusRecord) -> NamePlusRecord:
        found = record.record.retrieval_record
        return record_of(USMARC, change(found.octets), record.name) if found and found.octets else record

    return _records(lambda records: tuple(map(one, records)))


def _after_sort(message: bytes, talk: Talk) -> bytes:
    answer = _read(message)
    if isinstance(answer, SortResponse):
        talk.memory["sorted"] = True
    if isinstance(answer, PresentResponse) and answer.records and talk.memory.get("sorted"):
        return encode(replace(answer, records=(answer.records[0],) * len(answer.records)))
    return message


def _forgetful(message: bytes, talk: Talk) -> Iterable[Act]:
    """Says that sets are deleted, and deletes none."""
    if isinstance(_read(message), DeleteResultSetRequest):
        return (Back(encode(DeleteResultSetResponse(delete_operation_status=0))),)
    return (message,)


def _nonsense_elsewhere(request: SearchRequest) -> SearchRequest:
    return replace(request, result_set_name="elsewhere") if b"qzxqjvkwqz" in encode(request) else request


def _failed_elsewhere(request: SearchRequest) -> SearchRequest:
    return replace(request, result_set_name="elsewhere") if b"\x27\x0f" in encode(request) else request  # 9999


def _one_set(message: bytes, talk: Talk) -> bytes:
    request = _read(message)
    if isinstance(request, SearchRequest):
        return encode(replace(request, result_set_name="default"))
    return encode(replace(request, result_set_id="default")) if isinstance(request, PresentRequest) else message


def _scan_told(answer: ScanResponse, request: Any) -> ScanResponse:
    failed = answer.entries is not None and answer.entries.nonsurrogate_diagnostics
    return ScanResponse(scan_status=0, number_of_entries_returned=0) if failed else answer


def _scan_entries(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Transform:
    def changed(answer: ScanResponse, request: Any) -> ScanResponse:
        if answer.entries is None or not answer.entries.entries:
            return answer
        return replace(answer, entries=replace(answer.entries, entries=change(answer.entries.entries)))

    return answered(ScanResponse, changed)


def _syntax(instead: Callable[[PresentRequest], str | None]) -> Transform:
    return asked(PresentRequest, lambda one: replace(one, preferred_record_syntax=instead(one)))


def _init(**changes: Any) -> Transform:
    return answered(InitializeResponse, lambda answer, _: replace(answer, **changes))


UNSUPPORTED = tuple(
    f"z3950.attribute.unsupported.{name}/value-{value}" for name, (_, value, _) in UNHEARD.items()
)  # fmt: skip

MUTANTS = (
    # What stands on the wire
    Mutant("init-answered-by-another-pdu", ("z3950.frame.tags/init-octets",),
           lambda message, talk: b"\xb7" + message[1:] if message[:1] == b"\xb5" else message),
    Mutant("init-without-options", ("z3950.frame.tags/init-octets",),
           lambda message, talk: message.replace(b"\x84\x03", b"\x94\x03", 1)),
    Mutant("reference-lost", ("z3950.frame.reference-id/echo",),
           answered(Pdu, lambda answer, _: replace(answer, reference_id=None))),
    Mutant("reference-taken-for-text", ("z3950.frame.reference-id/echo",),
           answered(Pdu, lambda answer, _: replace(
               answer, reference_id=answer.reference_id and answer.reference_id.decode("utf-8", "replace").encode()))),
    Mutant("reference-invented", ("z3950.frame.reference-id.absent/none-sent",),
           answered(Pdu, lambda answer, _: replace(answer, reference_id=answer.reference_id or b"1"))),
    Mutant("definite-lengths-only", ("z3950.frame.indefinite/init",), requests=closing(lambda m: m[1] == 0x80)),
    Mutant("strings-in-one-piece-only", ("z3950.frame.constructed-strings/term-in-pieces",),
           lambda message, talk: encode(FOUND_THREE) if b"\xbf\x2d" in talk.request else message),
    Mutant("shortest-lengths-only", ("z3950.frame.long-lengths/init",), requests=closing(lambda m: m[1] == 0x84)),
    Mutant("known-elements-only", ("z3950.frame.unknown-elements/init",),
           requests=closing(lambda m: b"\x9f\x87\x04" in m)),
    Mutant("agrees-to-every-option", ("z3950.init.options.unknown/bits", "z3950.init.options.intersect/two-options"),
           answered(InitializeResponse, lambda answer, _: replace(answer, options=answer.options | {3, 28}))),
    Mutant("deaf-to-nonsense",
           ("z3950.frame.malformed/no-ber", "z3950.frame.malformed/search-without-anything",
            "z3950.frame.unknown-pdu/tag-99"),
           requests=deaf(lambda m: m[:1] == b"\x05" or m in (b"\xb6\x00", b"\xbf\x63\x00"))),
    Mutant("stuck-in-deep-queries", ("z3950.frame.deep/nested-operators",), requests=deaf(lambda m: len(m) > 4000)),
    Mutant("one-falls-all-fall", ("z3950.frame.others-unharmed/beside",), requests=_harming),
    Mutant("serves-without-init", ("z3950.session.before-init/search-first",), _without_init),
    Mutant("close-without-a-word", ("z3950.close.answered/finished",),
           lambda message, talk: (Close(),) if isinstance(_read(message), ClosePdu) else message),
    # Initialization
    Mutant("lets-nobody-in", ("z3950.init.accepted/three-versions",), _init(result=False)),
    Mutant("search-not-agreed-on", ("z3950.init.accepted/three-versions",), _init(options=frozenset())),
    Mutant("version-3-always", ("z3950.init.version.intersect/version-2",),
           _init(protocol_version=frozenset((0, 1, 2)))),
    Mutant("scan-announced-and-not-there", ("z3950.init.options.true/delete-and-scan",),
           answered(ScanResponse, lambda answer, _: replace(
               answer, entries=replace(answer.entries, entries=None, nonsurrogate_diagnostics=(
                   Diagnostic(condition=2),)) if answer.entries else None))),
    Mutant("records-shorter-than-messages", ("z3950.init.sizes/one-mebibyte",), _init(exceptional_record_size=1)),
    Mutant("sizes-not-kept", ("z3950.init.sizes.kept/small-client",),
           requests=asked(InitializeRequest, lambda request: replace(
               request, preferred_message_size=MOST, exceptional_record_size=MOST))),
    Mutant("nameless", ("z3950.init.implementation/name",), _init(implementation_name=None)),
    Mutant("any-name-is-good", ("z3950.auth.wrong-refused/made-up-name",),
           requests=asked(InitializeRequest, _lets_in)),
    Mutant("refused-without-a-reason", ("z3950.auth.wrong-refused/made-up-name",),
           _init(user_information_field=None, other_info=None)),
    Mutant("refused-and-served", ("z3950.auth.refused-is-out/search-after",),
           answered(InitializeResponse, lambda answer, request: replace(answer, result=not _made_up(request))),
           asked(InitializeRequest, _lets_in)),
    Mutant("wants-a-name", ("z3950.auth.anonymous/nobody",),
           answered(InitializeResponse, lambda answer, request: replace(
               answer, result=answer.result and request.id_authentication is not ANONYMOUS))),
    Mutant("negotiates-nothing", ("z3950.charset.negotiation/utf-8",), _init(user_information_field=None)),
    # Searches
    Mutant("refuses-every-query", ("z3950.search.count/plain-query",), _refusing(2, lambda request: True)),
    Mutant("counts-drift", ("z3950.search.count.stable/twice",), _drifting),
    Mutant("one-too-many",
           ("z3950.search.none/nonsense", "z3950.search.count.true/last-and-beyond", "z3950.scan.counts/search-again"),
           answered(SearchResponse, lambda answer, _: replace(answer, result_count=answer.result_count + 1))),
    Mutant("one-too-few", ("z3950.search.count.true/last-and-beyond",),
           answered(SearchResponse, lambda answer, _: replace(answer, result_count=max(answer.result_count - 1, 0)))),
    Mutant("next-record-is-the-second", ("z3950.search.next-position/nothing-returned",),
           answered(SearchResponse, lambda answer, _: replace(answer, next_result_set_position=2))),
    Mutant("and-is-or", ("z3950.search.operator.and/known-before",), requests=_other(Operator.AND, Operator.OR)),
    Mutant("or-is-and",
           ("z3950.search.operator.or/known-before", "z3950.search.operator.narrows/two-words"),
           requests=_other(Operator.OR, Operator.AND)),
    Mutant("not-is-and", ("z3950.search.operator.and-not/known-before",),
           requests=_other(Operator.AND_NOT, Operator.AND)),
    Mutant("operators-from-left-to-right", ("z3950.search.operator.nested/known-before",), requests=_operators(_flat)),
    Mutant("truncation-left-out", ("z3950.search.truncation/right",), requests=_without_type(5)),
    Mutant("sets-miscounted", ("z3950.search.result-set-operand/default",),
           answered(SearchResponse, lambda answer, request: replace(
               answer, result_count=answer.result_count + _has_set(request)))),
    Mutant("no-proximity", ("z3950.search.proximity/two-words",),
           _refusing(129, lambda request: b"\xa3" in encode(request))),
    Mutant("refuses-nothing",
           ("z3950.search.type.unsupported/type-0", "z3950.database.unknown/made-up",
            "z3950.database.combination/with-one-that-is-not", "z3950.attribute.unsupported.set/nobodys",
            "z3950.result-set.unnamed-only/without-option", "z3950.result-set.replace-off/same-name", *UNSUPPORTED),
           answered(SearchResponse, _told)),
    Mutant("refuses-by-a-number-of-its-own",
           ("z3950.search.type.unsupported/type-0", "z3950.database.unknown/made-up",
            "z3950.attribute.unsupported.set/nobodys", "z3950.result-set.replace-off/same-name", *UNSUPPORTED),
           answered(SearchResponse, lambda answer, _: answer if answer.search_status else _refused(1))),
    Mutant("culprits-not-named", ("z3950.attribute.addinfo/use-9999",),
           answered(SearchResponse, lambda answer, _: answer if answer.search_status else _refused(114))),
    Mutant("no-cql", ("z3950.search.type.cql/title",), _refusing(107, lambda request: request.query.kind == 104)),
    Mutant("ascii-only", ("z3950.search.term.utf-8/welsh",),
           _refusing(125, lambda request: "ŵ".encode() in encode(request))),
    Mutant("names-of-databases-by-letter", ("z3950.database.case/swapped",),
           _refusing(235, lambda request: request.database_names[0].isupper())),
    Mutant("no-records-with-answers", ("z3950.search.piggyback.small/first-record",),
           requests=asked(SearchRequest, lambda request: replace(
               request, small_set_upper_bound=0, large_set_lower_bound=1))),
    Mutant("two-for-one", ("z3950.search.piggyback.medium/one-record",),
           requests=asked(SearchRequest, lambda request: replace(request, medium_set_present_number=2))),
    Mutant("six-attributes-are-too-many", tuple(f"z3950.bath.{name}/all-six-attributes" for name in BATH),
           _refusing(123, lambda request: _attributes(request) == 6)),
    Mutant("attribute-sets-by-default-only", ("z3950.attribute.explicit-set/each-attribute",),
           _refusing(121, lambda request: encode(request).count(bytes.fromhex("2a8648ce130301")) > 1)),
    # Records
    Mutant("a-record-is-missing", ("z3950.present.records/first-two",), _records(lambda records: records[:-1])),
    Mutant("the-first-again-and-again",
           ("z3950.present.distinct/first-two", "z3950.present.same/alone-and-in-range"),
           _records(lambda records: (records[0],) * len(records))),
    Mutant("behind-the-last-is-an-accident", ("z3950.search.count.true/last-and-beyond",),
           answered(PresentResponse, lambda answer, _: replace(
               answer, non_surrogate_diagnostic=answer.non_surrogate_diagnostic and Diagnostic(condition=14)))),
    Mutant("sets-out-of-nothing", ("z3950.present.unknown-set/made-up",),
           answered(PresentResponse, lambda answer, _: replace(answer, non_surrogate_diagnostic=None))),
    Mutant("first-range-only", ("z3950.present.ranges/two",),
           requests=asked(PresentRequest, lambda request: replace(request, additional_ranges=None))),
    Mutant("records-from-nowhere", ("z3950.present.database-name/first",),
           _records(lambda records: tuple(replace(one, name=None) for one in records))),
    Mutant("marc-whatever-is-asked-for",
           ("z3950.syntax.sutrs/first-record", "z3950.syntax.xml/first-record", "z3950.syntax.opac/first-record",
            "z3950.syntax.unknown/made-up"),
           requests=_syntax(lambda request: USMARC)),
    Mutant("text-for-single-records", ("z3950.syntax.usmarc/first-record",),
           requests=_syntax(lambda one: SUTRS if one.number_of_records_requested == 1 else USMARC)),
    Mutant("leader-counts-wrong", ("z3950.record.iso2709/leader-and-directory",),
           _in_each(lambda octets: b"%05d" % (len(octets) + 1) + octets[5:])),
    Mutant("directory-leads-astray", ("z3950.record.iso2709/leader-and-directory",),
           _in_each(lambda octets: octets[:27] + b"%04d" % (int(octets[27:31]) + 1) + octets[31:])),
    Mutant("no-brief-records", ("z3950.element-set.full-brief/f-and-b",),
           requests=asked(PresentRequest, lambda one: replace(one, simple="none") if one.simple == "B" else one)),
    Mutant("full-whatever-is-asked-for", ("z3950.element-set.unknown/made-up",),
           requests=asked(PresentRequest, lambda request: replace(request, simple="F"))),
    # Scan
    Mutant("one-term-more", ("z3950.scan.offered/title",),
           requests=asked(ScanRequest, lambda request: replace(
               request, number_of_terms_requested=request.number_of_terms_requested + 1))),
    Mutant("terms-backwards", ("z3950.scan.order/folded",), _scan_entries(lambda entries: entries[::-1])),
    Mutant("terms-twice", ("z3950.scan.order/folded",), _scan_entries(lambda entries: (entries[0], *entries[:-1]))),
    Mutant("start-somewhere", ("z3950.scan.position/preferred-three",),
           answered(ScanResponse, lambda answer, _: replace(answer, position_of_term=None))),
    Mutant("scan-counts-more", ("z3950.scan.counts/search-again",),
           _scan_entries(lambda entries: tuple(
               replace(one, global_occurrences=(one.global_occurrences or 0) + 1) for one in entries))),
    Mutant("scan-refuses-nothing", ("z3950.scan.unsupported-use/value-9999", "z3950.scan.database/made-up"),
           answered(ScanResponse, _scan_told)),
    # Sort
    Mutant("sorted-and-lost", ("z3950.sort.offered/title",), _after_sort),
    Mutant("sorted-one-way", ("z3950.sort.direction/both-ways",),
           requests=asked(SortRequest, lambda request: replace(
               request, sort_sequence=tuple(replace(one, sort_relation=0) for one in request.sort_sequence)))),
    Mutant("sorted-by-anything", ("z3950.sort.unsupported-key/value-9999",),
           answered(SortResponse, lambda answer, _: replace(answer, sort_status=0, diagnostics=None))),
    # Result sets and the rest
    Mutant("one-set-at-a-time", ("z3950.result-set.named/two-sets",), requests=_one_set),
    Mutant("sets-never-replaced", ("z3950.result-set.replace-on/same-name",),
           requests=asked(SearchRequest, _nonsense_elsewhere)),
    Mutant("sets-outlive-failures", ("z3950.result-set.failed-search/old-set",),
           requests=asked(SearchRequest, _failed_elsewhere)),
    Mutant("deletes-nothing", ("z3950.delete.listed/one-set",), requests=_forgetful),
    Mutant("deletes-what-is-not-there", ("z3950.delete.unknown/made-up",),
           answered(DeleteResultSetResponse, lambda answer, _: DeleteResultSetResponse(delete_operation_status=0))),
    Mutant("explains-nothing", ("z3950.explain.offered/categories",),
           _refusing(235, lambda request: request.database_names[0] == "IR-Explain-1")),
)  # fmt: skip


def _half(message: bytes, talk: Talk) -> Iterable[Act]:
    return (message,) if octets.whole(message) else (Close(),)


def _first_alone(message: bytes, talk: Talk) -> bytes:
    return message[: octets.whole(message)]


BY_PIECE = (
    Mutant("a-piece-is-a-message", ("z3950.frame.split/octet-by-octet",), requests=_half),
    Mutant("one-message-a-piece", ("z3950.frame.together/two-searches",), requests=_first_alone),
    Mutant("waits-for-gigabytes", ("z3950.frame.oversize/two-gigabytes",),
           requests=deaf(lambda m: m.startswith(bytes.fromhex("b6847fffffff")))),
)  # fmt: skip
"""Of these the transform sees requests as they arrive from the network."""

INFORMING = {
    "z3950.session.second-init/again": "the standard leaves open what happens",
    "z3950.concurrent.offered/option": "may be offered or not",
    "z3950.present.segments/option": "may be offered or not",
    "z3950.present.nothing/zero-records": "may be refused or answered by none",
    "z3950.search.term.empty/title": "may find nothing, everything, or be refused",
    "z3950.scan.step-size/two": "may be taken, refused, or answered by another step",
    "z3950.syntax.unimarc/first-record": "may be offered or not",
    "z3950.syntax.grs-1/first-record": "may be offered or not",
    "z3950.auth.id-pass/right-name": "the demo's catalogue asks for no names",
    "z3950.auth.open/right-name": "the demo's catalogue asks for no names",
}
