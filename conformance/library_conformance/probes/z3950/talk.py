"""An association as probes hold it: one request, one answer, and what is missing is an error of the line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from library_conformance.model import Seen, SetupFailed, absent, breaks
from library_conformance.octets import Unreadable, whole
from library_conformance.run import Line, Run
from library_protocols.z3950 import (
    BerError,
    Close,
    Diagnostic,
    DiagRec,
    IdPass,
    InitializeRequest,
    InitializeResponse,
    Pdu,
    PresentRequest,
    PresentResponse,
    Query,
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    Segment,
    decode,
    encode,
    parse_pqf,
)
from library_protocols.z3950.facts import Option
from library_protocols.z3950.rpn import AttributesPlusTerm

Answer = TypeVar("Answer", bound=Pdu)

INIT = "z3950.init.accepted/three-versions"
SEARCH = "z3950.search.count/plain-query"
RECORDS = "z3950.present.records/first-two"
OPTIONS = frozenset((
    Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.SORT, Option.NAMED_RESULT_SETS,
    Option.NEGOTIATION_MODEL,
))  # fmt: skip
UNSUPPORTED = frozenset((3, 110, 113, 114, 116, 117, 118, 119, 120, 121, 122, 123, 1024))
"""Diagnostics that say properly that a query has something which is not offered."""
USMARC = "1.2.840.10003.5.10"


class NoAnswer(ConnectionError):
    """Nothing came in time, or the other end closed."""


class WrongAnswer(ConnectionError):
    """Something came that does not answer the request."""


class Association:
    """`options` and `version` are what was agreed."""

    def __init__(self, run: Run, line: Line) -> None:
        self._run = run
        self.line = line
        self.options: frozenset[int] = frozenset()
        self.version = 2

    def send(self, pdu: Pdu) -> None:
        self.line.send(encode(pdu))

    def hear(self) -> Pdu:
        """The next PDU. Raises NoAnswer and Unreadable."""
        octets = self.line.receive(whole)
        if not octets:
            raise NoAnswer
        try:
            return decode(octets)
        except BerError as error:
            raise Unreadable(str(error)) from error

    def ask(self, pdu: Pdu, expected: type[Answer]) -> Answer:
        """The answer to a request. Raises NoAnswer, WrongAnswer and Unreadable."""
        self.send(pdu)
        answer = self.hear()
        if not isinstance(answer, expected):
            raise WrongAnswer(type(answer).__name__)
        return answer

    def init(self, **changes: Any) -> InitializeResponse:
        answer = self.ask(replace(init_request(self._run), **changes), InitializeResponse)
        self.options, self.version = answer.options, 3 if 2 in answer.protocol_version else 2
        return answer

    def search(self, query: str | RpnQuery | Query, **changes: Any) -> SearchResponse:
        return self.ask(search_request(self._run, query, **changes), SearchResponse)

    def present(self, start: int, number: int, **changes: Any) -> PresentResponse:
        """Segments that come before the answer are read over."""
        request = PresentRequest(
            result_set_id="default", result_set_start_point=start, number_of_records_requested=number,
            preferred_record_syntax=USMARC, simple="F",
        )  # fmt: skip
        self.send(replace(request, **changes))
        while isinstance(answer := self.hear(), Segment):
            pass
        if not isinstance(answer, PresentResponse):
            raise WrongAnswer(type(answer).__name__)
        return answer

    def scan(self, point: str, number: int = 10, **changes: Any) -> ScanResponse:
        root = parse_pqf(point).root
        assert isinstance(root, AttributesPlusTerm)
        request = ScanRequest(
            database_names=(self._run.input("database"),), attribute_set=parse_pqf(point).attribute_set,
            term_list_and_start_point=root, number_of_terms_requested=number, preferred_position_in_response=1,
        )  # fmt: skip
        return self.ask(replace(request, **changes), ScanResponse)


def init_request(run: Run) -> InitializeRequest:
    """What everyday clients say, with the name of the inputs where there is one."""
    login = run.input("login", "")
    return InitializeRequest(
        protocol_version=frozenset((0, 1, 2)),
        options=OPTIONS,
        preferred_message_size=1_048_576,
        exceptional_record_size=1_048_576,
        id_authentication=IdPass(user_id=login, password=run.input("password", "")) if login else None,
        implementation_name="library-conformance",
    )


def search_request(run: Run, query: str | RpnQuery | Query, **changes: Any) -> SearchRequest:
    """A search of the database of the inputs that asks for no records."""
    if isinstance(query, str):
        query = parse_pqf(query)
    request = SearchRequest(
        small_set_upper_bound=0,
        large_set_lower_bound=1,
        medium_set_present_number=0,
        replace_indicator=True,
        result_set_name="default",
        database_names=(run.input("database"),),
        query=query if isinstance(query, Query) else Query(1, query),
    )
    return replace(request, **changes)


@contextmanager
def association(run: Run, **changes: Any) -> Iterator[Association]:
    """One that is initialized, closed politely behind. Raises SetupFailed where it is refused."""
    with run.line() as line:
        talk = Association(run, line)
        if not talk.init(**changes).result:
            raise SetupFailed("the target does not let us in")
        yield talk
        if not line.closed and talk.version >= 3:
            line.send(encode(Close(close_reason=0)))
            line.receive(whole)


def diagnostic(answer: Any) -> int:
    """The number of the first diagnostic in an answer; 0 where there is none, -1 where it is of another kind."""
    found = diagnostic_of(answer)
    if found is None:
        return 0
    return found.condition if isinstance(found, Diagnostic) else -1


def diagnostic_of(answer: Any) -> DiagRec | None:
    """The first diagnostic that stands for the whole of an answer."""
    single = getattr(answer, "non_surrogate_diagnostic", None)
    several = getattr(answer, "multiple_non_sur_diagnostics", None) or getattr(answer, "diagnostics", None)
    if isinstance(answer, ScanResponse) and answer.entries is not None:
        several = answer.entries.nonsurrogate_diagnostics
    return single or (several[0] if several else None)


def addinfo(answer: Any) -> str:
    found = diagnostic_of(answer)
    return found.addinfo if isinstance(found, Diagnostic) else ""


def refused(answer: Any, what: str, allowed: frozenset[int] = UNSUPPORTED) -> Seen | None:
    """What is to be said of an answer that is a refusal: absent where the diagnostic says so properly. None where it
    is no refusal."""
    code = diagnostic(answer)
    if not code and getattr(answer, "search_status", True):
        return None
    if code in allowed:
        return absent(f"{what}: diagnostic {code}")
    return breaks(f"{what}: diagnostic {code}" if code else f"{what}: refused without a diagnostic")


def need(talk: Association, option: int, what: str) -> Seen | None:
    """`absent` where an option was not agreed on."""
    return None if option in talk.options else absent(f"{what} is not offered")
