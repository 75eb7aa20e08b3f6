"""Z39.50 in recordings: each request of a client with its answer, and what was agreed on and held when it was made.

What was not recorded, or is covered, is not known: a rule finds None there and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from library_conformance.decoding import elements
from library_conformance.octets import Unreadable
from library_conformance.passive_rules import Link, Said, Side, once
from library_protocols.ber import BerError
from library_protocols.z3950 import (
    Close,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    InitializeRequest,
    InitializeResponse,
    Pdu,
    PresentRequest,
    PresentResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    SortRequest,
    SortResponse,
    UnknownPdu,
    decode,
)
from library_protocols.z3950.facts import PDUS

_AT_ONCE = 0.002
"""Seconds by which the times of a recording may be wrong: what is nearer to each other is not called overlapping."""


@dataclass(frozen=True, slots=True)
class Session:
    """What both sides agreed on."""

    version: int
    options: frozenset[int]
    message_size: int
    record_size: int


@dataclass(slots=True)
class Turn:
    """A request. `session` is what was agreed on before it, None where no init was recorded; `sets` the result sets
    that were there, each with its number of records, None where that is not known; `gone` those that were deleted;
    `refused` whether the init before it was; `closed` who had said Close; `waiting` the requests without an answer yet.
    """

    said: Said
    pdu: Pdu
    session: Session | None
    sets: dict[str, int | None]
    gone: frozenset[str]
    refused: bool
    closed: Side | None
    waiting: tuple[Turn, ...]
    answers: list[tuple[Said, Pdu]] = field(default_factory=list)

    @property
    def answer(self) -> Pdu | None:
        """What ended the operation; None where it is not recorded, or segments alone are."""
        return next((pdu for _, pdu in self.answers if not isinstance(pdu, Segment)), None)

    @property
    def answered(self) -> Said | None:
        """Where that stands."""
        return next((said for said, pdu in self.answers if not isinstance(pdu, Segment)), None)

    @property
    def overlaps(self) -> list[Turn]:
        """Requests that were surely unanswered when this one was made."""
        return [one for one in self.waiting if one.answered and one.answered.at > self.said.at + _AT_ONCE]


@dataclass(slots=True)
class Association:
    """What was said on a link: the client's requests, and the times that the server said Close of its own, each with
    how many requests were made before. `version`: that which is spoken at the end, 0 where nothing is agreed on."""

    turns: list[Turn] = field(default_factory=list)
    closes: list[tuple[Said, int]] = field(default_factory=list)
    version: int = 0


def association(link: Link) -> Association:
    return once(link, "z3950", lambda: _Reading().read(link))


def turns(link: Link) -> list[Turn]:
    return association(link).turns


def _pdus(said: Said) -> Iterator[Pdu]:
    """The PDUs of a message, as far as they can be read."""
    try:
        for one in elements(said.octets or b""):
            yield decode(one)
    except (BerError, Unreadable):
        return


class _Reading:
    def __init__(self) -> None:
        self._found = Association()
        self._session: Session | None = None
        self._sets: dict[str, int | None] = {}
        self._gone: frozenset[str] = frozenset()
        self._refused = False
        self._closed: Side | None = None
        self._waiting: list[Turn] = []

    def read(self, link: Link) -> Association:
        for one in link.said:
            found = list(_pdus(one))
            for pdu in found:
                if one.side is Side.CLIENT:
                    self._ask(one, pdu)
                else:
                    self._tell(one, pdu)
            if one.side is Side.SERVER and not found:
                self._miss()
        return self._found

    def _miss(self) -> None:
        """An answer that cannot be read: what came of the request is not known."""
        for turn in self._waiting[:1]:
            self._waiting.remove(turn)
            match turn.pdu:
                case SearchRequest(result_set_name=name) | SortRequest(sorted_result_set_name=name):
                    self._sets[name] = None
                case _:
                    pass

    def _ask(self, said: Said, pdu: Pdu) -> None:
        turn = Turn(
            said, pdu, self._session, dict(self._sets), self._gone, self._refused, self._closed, tuple(self._waiting)
        )
        self._found.turns.append(turn)
        if isinstance(pdu, Close):
            self._closed = self._closed or Side.CLIENT
        if not isinstance(pdu, UnknownPdu) and PDUS[pdu.tag].answer is not None:
            self._waiting.append(turn)

    def _tell(self, said: Said, pdu: Pdu) -> None:
        turn = self._asked(pdu)
        if turn is not None:
            turn.answers.append((said, pdu))
            if not isinstance(pdu, Segment):
                self._waiting.remove(turn)
                self._learn(turn.pdu, pdu)
        elif isinstance(pdu, Close):
            self._found.closes.append((said, len(self._found.turns)))
            self._closed = self._closed or Side.SERVER
            self._waiting.clear()

    def _asked(self, pdu: Pdu) -> Turn | None:
        """The request that this answers: by reference id, by its kind, or the only one; Close is only for a Close."""
        if isinstance(pdu, Close):
            return next((one for one in self._waiting if isinstance(one.pdu, Close)), None)
        if isinstance(pdu, Segment):
            return next((one for one in self._waiting if isinstance(one.pdu, PresentRequest)), None)
        of_kind = [one for one in self._waiting if PDUS[one.pdu.tag].answer == getattr(pdu, "tag", None)]
        same = [one for one in of_kind if one.pdu.reference_id == pdu.reference_id]
        return next(iter(same or of_kind or self._waiting), None)

    def _learn(self, asked: Pdu, told: Pdu) -> None:
        match asked, told:
            case InitializeRequest(), InitializeResponse():
                self._refused = not told.result
                version = 3 if 2 in asked.protocol_version & told.protocol_version else 2
                sizes = told.preferred_message_size, told.exceptional_record_size
                self._session = Session(version, asked.options & told.options, *sizes)
                self._found.version = version if told.result else 0
            case SearchRequest(), SearchResponse():
                name = asked.result_set_name
                if told.search_status:
                    self._sets[name] = told.result_count
                elif told.result_set_status in (1, 2):
                    self._sets[name] = None
                else:
                    self._sets.pop(name, None)
                self._gone -= {name}
            case SortRequest(), SortResponse() if told.sort_status < 2:
                names = asked.input_result_set_names
                counts = [self._sets.get(name) for name in names]
                self._sets[asked.sorted_result_set_name] = counts[0] if len(counts) == 1 else None
                self._gone -= {asked.sorted_result_set_name}
            case DeleteResultSetRequest(), DeleteResultSetResponse():
                self._forget(asked, told)
            case _:
                pass

    def _forget(self, asked: DeleteResultSetRequest, told: DeleteResultSetResponse) -> None:
        if asked.delete_function == 1:
            names = frozenset(self._sets) if told.delete_operation_status == 0 else frozenset[str]()
        else:
            names = frozenset(one.id for one in told.delete_list_statuses or () if one.status == 0)
        self._gone |= names
        self._sets = {name: count for name, count in self._sets.items() if name not in names}


def returned(turn: Turn) -> int | None:
    """How many records came, diagnostics in their place counted; None where that is not known, or it was refused."""
    answer = turn.answer
    if isinstance(answer, SearchResponse):
        return answer.number_of_records_returned if answer.search_status and not _refuses(answer) else None
    if isinstance(answer, PresentResponse):
        return None if answer.present_status == 5 or _refuses(answer) else answer.number_of_records_returned
    return None


def _refuses(answer: SearchResponse | PresentResponse) -> bool:
    return answer.non_surrogate_diagnostic is not None or bool(answer.multiple_non_sur_diagnostics)


def wanted(turn: Turn) -> tuple[str, int, int] | None:
    """Result set, first place and number of the records that a request is for, as far as there are any; None where it
    asks for none, or how many there are is not known."""
    request, answer = turn.pdu, turn.answer
    if isinstance(request, PresentRequest):
        count, start = turn.sets.get(request.result_set_id), request.result_set_start_point
        if count is None or request.additional_ranges or not 1 <= start <= count:
            return None
        return request.result_set_id, start, min(request.number_of_records_requested, count - start + 1)
    if isinstance(request, SearchRequest) and isinstance(answer, SearchResponse) and answer.search_status:
        count = answer.result_count
        if count <= request.small_set_upper_bound:
            return request.result_set_name, 1, count
        if count < request.large_set_lower_bound:
            return request.result_set_name, 1, min(count, request.medium_set_present_number)
    return None
