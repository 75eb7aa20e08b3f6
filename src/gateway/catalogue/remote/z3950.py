"""A connection to a Z39.50 target that is searched in our place.

Results stay at the target under a few names that are used in turn; one whose name went to another is searched anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.catalogue import to_rpn
from gateway.catalogue.index.headings import Entry, Scan
from gateway.catalogue.index_map import INDEXES
from gateway.catalogue.query import ProblemCode, Query, QueryProblem, SortKey
from gateway.catalogue.remote.link import Able, LinkFailed, LinkTimeout, Opened
from gateway.catalogue.remote.reading import EIGHT_BITS, Told, of_z3950
from gateway.clients.targets import z3950_target
from gateway.clients.z3950 import (
    Z3950Client,
    Z3950LinkFailed,
    Z3950Refused,
    Z3950Timeout,
    complaints,
    diagnostic_words,
)
from gateway.config import SourceConfig
from gateway.crosswalks.catalogue import code_of_bib1
from library_protocols.ber import BerError
from library_protocols.marc import marc8
from library_protocols.z3950 import Diagnostic, DiagRec, NamePlusRecord, TermInfo
from library_protocols.z3950.facts import Option, ScanStatus, SortStatus
from library_protocols.z3950.facts.oids import OPAC, UNIMARC, USMARC, XML
from library_protocols.z3950.records import diagnostics_of
from library_protocols.z3950.rpn import BIB_1, GeneralTerm

SYNTAXES = (OPAC, USMARC, UNIMARC, XML)
"""What records are asked for as, in order of preference: an OPAC record has the holdings."""
PAGE = 50
"""Records asked for at once: some targets give no more."""
RESULT_SETS = 20
"""Result sets kept at a target by one connection; targets that allow any allow so many."""
_OTHER_SYNTAX = frozenset((227, 238, 239))
"""Bib-1: no data in the syntax, record not available in it, syntax not supported."""

T = TypeVar("T")


@dataclass
class Habits:
    """What was learnt of a target, by all connections to it: `syntax` is a position in SYNTAXES."""

    syntax: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Slot:
    """A result at the target; it is there as long as the connection knows this very slot by its name."""

    name: str


class Z3950Link:
    """One association with a target. `view` is the member's code."""

    def __init__(self, view: str, source: SourceConfig, habits: Habits) -> None:
        self._view = view
        self._source = source
        self._habits = habits
        self._target = z3950_target(source.url)
        self._slots: OrderedDict[str, Slot] = OrderedDict()
        self._client = Z3950Client(
            self._target.host,
            self._target.port,
            user=source.user or self._target.user,
            password=source.password.get_secret_value() or self._target.password,
            timeout=source.timeout_seconds,
        )

    async def open(self) -> None:
        """Raises LinkFailed, LinkTimeout."""
        await _told(self._client.connect())

    async def close(self) -> None:
        self._slots.clear()
        await self._client.close()

    def holds(self, handle: Any) -> bool:
        """Whether a result is there still."""
        return isinstance(handle, Slot) and self._slots.get(handle.name) is handle

    async def find(self, query: Query, sort: Sequence[SortKey]) -> Opened:
        """Searches, and sorts what was found. Raises QueryProblem, LinkFailed, LinkTimeout."""
        asked = to_rpn.query(query, self._encode)
        keys = to_rpn.sort_keys(sort)
        if keys and Option.SORT not in self._client.options:
            raise QueryProblem(ProblemCode.SORT, "the member's server sorts nothing")
        slot = self._slot()
        answer = await _told(self._client.search((self._target.database,), asked, result_set=slot.name))
        if not answer.search_status:
            raise _problem(complaints(answer), "the search failed")
        if keys and answer.result_count:
            sorted_ = await _told(self._client.sort(keys, result_set=slot.name))
            if sorted_.sort_status != SortStatus.SUCCESS:
                raise _problem(_plain(sorted_.diagnostics), "the sort failed")
        self._slots[slot.name] = slot
        return Opened(answer.result_count, slot)

    def _slot(self) -> Slot:
        """A name that is free, or the one longest unused."""
        if Option.NAMED_RESULT_SETS not in self._client.options:
            self._slots.clear()
            return Slot("default")
        if len(self._slots) < RESULT_SETS:
            return Slot(str(len(self._slots) + 1))
        name, _ = self._slots.popitem(last=False)
        return Slot(name)

    async def indexes(self) -> dict[str, Able]:
        """A target does not say which it has: all that there is a Use attribute for."""
        options = self._client.options
        able = Able(Option.SCAN in options, Option.SORT in options)
        return {index.name: able for index in INDEXES.values() if index.bib1}

    async def records(self, handle: Any, start: int, size: int) -> list[Told | None]:
        """Records of a result that is there. Raises QueryProblem, LinkFailed, LinkTimeout."""
        self._slots.move_to_end(handle.name)
        found: list[Told | None] = []
        eight_bits = None if self._client.charset == "utf-8" else EIGHT_BITS.get(self._source.charset)
        while len(found) < size:
            came = await self._present(handle.name, start + len(found), min(PAGE, size - len(found)))
            if not came:
                break
            found += [of_z3950(self._view, one, eight_bits) for one in came]
        return found

    async def _present(self, name: str, start: int, size: int) -> tuple[NamePlusRecord, ...]:
        """Some of these records, in a syntax that the target has."""
        while True:
            syntax = self._habits.syntax
            page = await _told(self._client.present(start, size, result_set=name, syntax=SYNTAXES[syntax]))
            refused = page.diagnostics if not page.records else _all_refused(page.records)
            if page.records and not refused:
                return page.records
            if syntax + 1 < len(SYNTAXES) and any(one.condition in _OTHER_SYNTAX for one in refused):
                self._habits.syntax = max(self._habits.syntax, syntax + 1)
                continue
            if page.records:
                return page.records
            if refused:
                raise _problem(refused, "")
            return ()

    async def scan(self, index: str, term: str, size: int, position: int, *, words: bool) -> Scan:
        """The terms around one. Raises QueryProblem, LinkFailed, LinkTimeout."""
        if Option.SCAN not in self._client.options:
            raise QueryProblem(ProblemCode.SCAN, "the member's server lists no terms")
        point = to_rpn.scan_point(index, term, words=words, encode=self._encode)
        answer = await _told(
            self._client.scan(
                (self._target.database,), point, attribute_set=BIB_1, terms=size, position=position
            )
        )  # fmt: skip
        told = answer.entries
        entries = tuple(self._entry(one) for one in (told and told.entries) or () if isinstance(one, TermInfo))
        if answer.scan_status == ScanStatus.FAILURE and not entries:
            raise _problem(_plain(told.nonsurrogate_diagnostics if told else None), "the scan failed")
        at = position if answer.position_of_term is None else answer.position_of_term
        short = len(entries) < size
        return Scan(entries, at, first=at < position, last=short and at >= position)

    def _entry(self, info: TermInfo) -> Entry:
        term = info.term
        text = self._decode(term.octets) if isinstance(term, GeneralTerm) else str(getattr(term, "text", ""))
        return Entry(text, _readable(info.display_term or "") or text, info.global_occurrences)

    @property
    def _charset(self) -> str:
        return self._client.charset or self._source.charset

    def _encode(self, text: str) -> bytes:
        return marc8.encode(text)[0] if self._charset == "marc-8" else text.encode(self._charset, "replace")

    def _decode(self, octets: bytes) -> str:
        return marc8.decode(octets)[0] if self._charset == "marc-8" else octets.decode(self._charset, "replace")


async def _told(answer: Awaitable[T]) -> T:
    """An answer, its failures in the words of `link`."""
    try:
        return await answer
    except Z3950Timeout as error:
        raise LinkTimeout(str(error)) from error
    except (Z3950LinkFailed, Z3950Refused, BerError) as error:
        raise LinkFailed(str(error)) from error


def _all_refused(records: Sequence[NamePlusRecord]) -> tuple[Diagnostic, ...]:
    """The diagnostics that stand in the place of records, where there is nothing else."""
    if any(one.record.surrogate_diagnostic is None for one in records):
        return ()
    return _plain([one.record.surrogate_diagnostic for one in records if one.record.surrogate_diagnostic is not None])


def _plain(found: Sequence[DiagRec] | None) -> tuple[Diagnostic, ...]:
    try:
        return tuple(one for record in found or () for one in diagnostics_of(record))
    except BerError:
        return ()


def _problem(said: Sequence[Diagnostic], otherwise: str) -> QueryProblem:
    """What a target's diagnostic means; its own words stay the detail."""
    if not said:
        return QueryProblem(ProblemCode.UNAVAILABLE, otherwise)
    code = code_of_bib1(said[0].condition)
    detail = said[0].addinfo if code is not ProblemCode.UNAVAILABLE else diagnostic_words(said[0])
    return QueryProblem(code, _readable(detail or ""))


def _readable(text: str) -> str:
    """Text of the wire without what is no character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
