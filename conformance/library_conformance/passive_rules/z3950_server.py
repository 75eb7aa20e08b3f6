"""Z39.50 in recordings: what servers owe."""

from __future__ import annotations

from collections.abc import Iterator

from library_conformance.passive_rules import Finding, Findings, Link, Said, Side, broken, found, kept, rule
from library_conformance.passive_rules.z3950_talk import Turn, association, turns
from library_protocols.z3950 import (
    Close,
    Diagnostic,
    DiagRec,
    InitializeRequest,
    InitializeResponse,
    NamePlusRecord,
    Pdu,
    PresentRequest,
    PresentResponse,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    UnknownPdu,
    encode,
)
from library_protocols.z3950.facts import PDUS, Option
from library_protocols.z3950.facts.oids import USMARC


def _answers(link: Link) -> Iterator[tuple[Turn, Said, Pdu]]:
    """Answers that end an operation."""
    for turn in turns(link):
        if turn.answer is not None and turn.answered is not None:
            yield turn, turn.answered, turn.answer


def _diagnostics(answer: Pdu) -> list[DiagRec]:
    """Why an operation failed, or why none of its records came."""
    if isinstance(answer, SearchResponse | PresentResponse):
        one = answer.non_surrogate_diagnostic
        instead = [record.record.surrogate_diagnostic for record in answer.records or ()]
        alone = [told for told in instead if told is not None] if all(instead) else []
        return [*([one] if one else ()), *(answer.multiple_non_sur_diagnostics or ()), *alone]
    if isinstance(answer, ScanResponse) and answer.entries:
        return list(answer.entries.nonsurrogate_diagnostics or ())
    return []


def _refused(answer: Pdu, said: Said, *conditions: int) -> Finding:
    """Whether an answer is a refusal with one of these diagnostics."""
    told = [one.condition for one in _diagnostics(answer) if isinstance(one, Diagnostic)]
    if not told:
        return broken(said, "not refused")
    return found(told[0] in conditions, said, f"refused with diagnostic {told[0]}")


@rule("z3950.frame.tags", side=Side.SERVER)
def answers_what_was_asked(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if not isinstance(turn.pdu, UnknownPdu):
            holds = getattr(answer, "tag", None) == PDUS[turn.pdu.tag].answer
            yield found(holds, said, "a PDU that does not belong to the request")


@rule("z3950.frame.reference-id", side=Side.SERVER)
def echoes_reference_ids(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if turn.pdu.reference_id is not None:
            yield found(answer.reference_id == turn.pdu.reference_id, said, "another reference id, or none")


@rule("z3950.frame.reference-id.absent", side=Side.SERVER)
def makes_up_no_reference_ids(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if turn.pdu.reference_id is None:
            yield found(answer.reference_id is None, said, "a reference id that nobody gave")


@rule("z3950.session.before-init", side=Side.SERVER)
def serves_nobody_before_init(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if link.whole and turn.session is None and not isinstance(turn.pdu, InitializeRequest | Close):
            yield found(bool(_diagnostics(answer)), said, "served before an init")


@rule("z3950.auth.refused-is-out", side=Side.SERVER)
def serves_nobody_refused(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if turn.refused and not isinstance(turn.pdu, InitializeRequest | Close):
            yield found(bool(_diagnostics(answer)), said, "served after a refusal")


def _inits(link: Link) -> Iterator[tuple[Said, InitializeRequest, InitializeResponse]]:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, InitializeRequest) and isinstance(answer, InitializeResponse):
            yield said, turn.pdu, answer


@rule("z3950.init.version.intersect", side=Side.SERVER)
def agrees_on_a_version(link: Link) -> Findings:
    for said, asked, told in _inits(link):
        yield found(told.protocol_version <= asked.protocol_version, said, "a version that was not proposed")


@rule("z3950.init.options.intersect", side=Side.SERVER)
def agrees_on_options(link: Link) -> Findings:
    for said, asked, told in _inits(link):
        yield found(told.options <= asked.options, said, "options that were not proposed")


@rule("z3950.init.sizes", side=Side.SERVER)
def agrees_on_sizes(link: Link) -> Findings:
    for said, _, told in _inits(link):
        if told.result:
            holds = 0 < told.preferred_message_size <= told.exceptional_record_size
            yield found(holds, said, "sizes of nothing, or a record shorter than a message")


@rule("z3950.init.sizes.kept", side=Side.SERVER)
def keeps_to_sizes(link: Link) -> Findings:
    """One record that was asked for alone may be as long as a record may."""
    for turn in turns(link):
        for said, answer in turn.answers:
            if turn.session is not None and isinstance(answer, SearchResponse | PresentResponse | Segment):
                alone = isinstance(turn.pdu, PresentRequest) and turn.pdu.number_of_records_requested == 1
                most = turn.session.record_size if alone else turn.session.message_size
                yield found(len(encode(answer)) <= most, said, "an answer longer than was agreed on")


# Searches


@rule("z3950.search.count", side=Side.SERVER)
def counts(link: Link) -> Findings:
    for _, said, answer in _answers(link):
        if isinstance(answer, SearchResponse):
            holds = answer.result_count >= 0 if answer.search_status else bool(_diagnostics(answer))
            yield found(holds, said, "no count, or a failure without a diagnostic")


@rule("z3950.search.next-position", side=Side.SERVER)
def tells_the_next_position(link: Link) -> Findings:
    for _, said, answer in _answers(link):
        if not isinstance(answer, SearchResponse) or not answer.search_status:
            continue
        if answer.result_count > 0 and answer.number_of_records_returned == 0:
            yield found(answer.next_result_set_position == 1, said, "the next record is not the first")


@rule("z3950.result-set.unnamed-only", side=Side.SERVER)
def refuses_names(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, SearchRequest) and turn.session and isinstance(answer, SearchResponse):
            named = turn.pdu.result_set_name.lower() != "default"
            if named and Option.NAMED_RESULT_SETS not in turn.session.options:
                yield _refused(answer, said, 22)


# Records


def _records(turn: Turn) -> list[NamePlusRecord] | None:
    """The records of an answer, segments included; None where a recording has left them out."""
    answer = turn.answer
    if not isinstance(answer, SearchResponse | PresentResponse) or answer.records is None:
        return None
    before = [one for _, pdu in turn.answers if isinstance(pdu, Segment) for one in pdu.segment_records]
    return [*before, *answer.records]


@rule("z3950.present.records", side=Side.SERVER)
def says_how_many(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        records = _records(turn)
        if isinstance(answer, PresentResponse) and isinstance(turn.pdu, PresentRequest) and records is not None:
            ranges = turn.pdu.additional_ranges or ()
            asked = turn.pdu.number_of_records_requested + sum(one.number_of_records for one in ranges)
            holds = len(records) == answer.number_of_records_returned <= asked
            yield found(holds, said, "another number of records than is said, or more than were asked for")


@rule("z3950.present.out-of-range", side=Side.SERVER)
def refuses_what_is_not_there(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, PresentRequest) and turn.session and not turn.refused:
            count = turn.sets.get(turn.pdu.result_set_id)
            if count is not None and turn.pdu.result_set_start_point > count:
                yield _refused(answer, said, 13)


@rule("z3950.present.unknown-set", side=Side.SERVER)
def refuses_unknown_sets(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, PresentRequest) and turn.session and not turn.refused and not turn.waiting:
            name = turn.pdu.result_set_id
            if name not in turn.sets and name not in turn.gone:
                yield _refused(answer, said, 30)


@rule("z3950.delete.gone", side=Side.SERVER)
def forgets_what_was_deleted(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, PresentRequest) and turn.pdu.result_set_id in turn.gone:
            yield found(bool(_diagnostics(answer)), said, "records of a set that was deleted")


@rule("z3950.record.iso2709", side=Side.SERVER)
def records_are_as_long_as_they_say(link: Link) -> Findings:
    for turn, said, _ in _answers(link):
        for one in _records(turn) or ():
            external = one.record.retrieval_record
            if external is not None and external.direct_reference == USMARC and external.octets is not None:
                length = external.octets[:5]
                holds = length.isdigit() and int(length) == len(external.octets)
                yield found(holds, said, "a record of another length than its leader says")


# Scan, close


@rule("z3950.scan.number", side=Side.SERVER)
def lists_no_more_than_asked(link: Link) -> Findings:
    for turn, said, answer in _answers(link):
        if isinstance(turn.pdu, ScanRequest) and isinstance(answer, ScanResponse) and not _diagnostics(answer):
            entries = len((answer.entries and answer.entries.entries) or ())
            holds = entries == answer.number_of_entries_returned <= turn.pdu.number_of_terms_requested
            yield found(holds, said, "another number of terms than is said, or more than were asked for")


@rule("z3950.close.answered", side=Side.SERVER)
def answers_close(link: Link) -> Findings:
    for turn in association(link).turns:
        if isinstance(turn.pdu, Close) and turn.closed is None and turn.session and turn.session.version == 3:
            if turn.answer is not None:
                yield kept(turn.said)
            elif link.ended is Side.SERVER:
                yield broken(turn.said, "no Close")
