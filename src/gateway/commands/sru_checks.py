"""What `gateway probe sru` tries: one question a check, each with what SRU wants as the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from gateway.clients.sru import SruBadAnswer, SruClient
from gateway.commands.checks import Checks, NotOffered, Odd, Result
from gateway.commands.search import in_words
from library_protocols.sru import (
    Description,
    Diagnostic,
    ExplainResponse,
    Operation,
    Record,
    Response,
    ScanResponse,
    SearchResponse,
    Version,
    diagnostic_number,
    scan_parameters,
    search_parameters,
)

ALL_RECORDS = "cql.allRecords = 1"
MOST_INDEXES = 60
"""Indexes that one check asks."""


@dataclass(slots=True)
class Subject:
    """The server being tried and what is known of it so far."""

    client: SruClient
    explain: Description | None = None
    query: str = ALL_RECORDS
    count: int = 0

    @property
    def known(self) -> Description:
        if self.explain is None:
            raise NotOffered("explain was not answered")
        return self.explain


CHECKS: Checks[Subject] = Checks()
_SEARCH = "search"


async def run_checks(client: SruClient) -> list[Result]:
    """Every check in turn; those up to the first search where HTTP refuses each of them, or where it fails and explain
    tells of nothing to search by.

    Raises SruLinkFailed and SruTimeout: then there is nothing to try."""
    found: list[Result] = []
    refused = 0
    subject = Subject(client)
    async for result, problem in CHECKS.made(subject, (SruBadAnswer,)):
        found.append(result)
        refused += isinstance(problem, SruBadAnswer) and (problem.status or 0) >= HTTPStatus.BAD_REQUEST
        nothing = subject.explain is not None and not subject.explain.indexes and result.verdict == "odd"
        if result.name == _SEARCH and (refused == len(found) or nothing):
            break
    return found


@CHECKS("explain")
async def _explain(subject: Subject) -> str:
    told = await subject.client.explain()
    _no(told.diagnostics)
    if told.explain is None:
        raise Odd("the record is no ZeeRex")
    subject.explain = told.explain
    indexes = f"{len(told.explain.indexes)} indexes" if told.explain.indexes else "no index at all"
    return f"{told.explain.title}: {indexes}, {len(told.explain.schemas)} schemas"


@CHECKS("explain at the bare address")
async def _bare(subject: Subject) -> str:
    if not isinstance(await subject.client.ask({}), ExplainResponse):
        raise Odd("a request without parameters is not answered with explain")
    return "answered"


@CHECKS(_SEARCH)
async def _search(subject: Subject) -> str:
    answer = await _records(subject, maximum=1)
    if answer.diagnostics and subject.explain:
        asked = _searched(subject.explain)
        if not asked:
            raise Odd(f"{_told(answer.diagnostics)}; explain tells of no index to search by: is what it searches away?")
        subject.query = f"{asked[0]} = the"
        answer = await _records(subject, maximum=1)
    _no(answer.diagnostics)
    if answer.count is None:
        raise Odd("numberOfRecords is missing")
    subject.count = answer.count
    if answer.count and len(answer.records) != 1:
        raise Odd(f"one record was asked for, {len(answer.records)} came")
    return f"{answer.count} records for {subject.query}"


@CHECKS("every schema explain tells of")
async def _schemas(subject: Subject) -> str:
    _some(subject)
    for schema in subject.known.schemas:
        answer = await _records(subject, maximum=1, schema=schema.name)
        _no(answer.diagnostics, f"{schema.name}: ")
        record = answer.records[0] if answer.records else None
        if isinstance(record, Record) and record.schema not in (schema.identifier, schema.name):
            raise Odd(f"{schema.name} was asked for, {record.schema} came")
    return ", ".join(schema.name for schema in subject.known.schemas)


@CHECKS("pages")
async def _pages(subject: Subject) -> str:
    if subject.count < 2:
        raise NotOffered("fewer than two records to page through")
    first, second = await _records(subject, maximum=1), await _records(subject, start=2, maximum=1)
    if first.next_position != 2:
        raise Odd(f"nextRecordPosition behind the first record is {first.next_position}")
    if first.records == second.records:
        raise Odd("the second record is the first")
    none = await _records(subject, maximum=0)
    if none.records or none.count != subject.count:
        raise Odd("maximumRecords=0 gives records, or another count")
    last = await _records(subject, start=subject.count, maximum=2)
    if last.diagnostics or len(last.records) != 1 or last.next_position is not None:
        raise Odd(f"record {subject.count} of {subject.count}: {_told(last.diagnostics) or 'not the last one'}")
    return f"1, 2, {subject.count}"


@CHECKS("records as strings")
async def _strings(subject: Subject) -> str:
    _some(subject)
    answer = await subject.client.ask(search_parameters(subject.client.version, subject.query, maximum=1, string=True))
    _no(answer.diagnostics)
    if not isinstance(answer, SearchResponse) or not answer.records:
        raise Odd("no record came")
    return "given"


@CHECKS("a form by POST")
async def _post(subject: Subject) -> str:
    answer = await subject.client.ask(search_parameters(subject.client.version, subject.query, maximum=0), form=True)
    if not isinstance(answer, SearchResponse) or answer.count != subject.count:
        raise Odd("another answer than by GET")
    return "answered as by GET"


@CHECKS("every index explain tells of")
async def _indexes(subject: Subject) -> str:
    asked = _searched(subject.known)[:MOST_INDEXES]
    if not asked:
        raise NotOffered("no index can be searched")
    for name in asked:
        answer = await subject.client.ask(search_parameters(subject.client.version, f'"{name}" = 1', maximum=0))
        if _numbers(answer) & {15, 16, 17}:
            raise Odd(f"{name}: {_told(answer.diagnostics)}")
    return f"{len(asked)} asked"


@CHECKS("every list explain tells of")
async def _lists(subject: Subject) -> str:
    asked = [index.names[0] for index in subject.known.indexes if index.scan and index.names][:MOST_INDEXES]
    if not asked:
        raise NotOffered("no index can be scanned")
    for prefix, name in asked:
        clause = f'"{prefix}.{name}" = a'
        answer = await subject.client.ask(scan_parameters(subject.client.version, clause, maximum=3))
        _no(answer.diagnostics, f"{clause}: ")
        if not isinstance(answer, ScanResponse) or len(answer.terms) > 3:
            raise Odd(f"{clause}: three terms were asked for")
    return f"{len(asked)} scanned"


@CHECKS("every sort explain tells of")
async def _sorts(subject: Subject) -> str:
    asked = [index.names[0] for index in subject.known.indexes if index.sort and index.names][:MOST_INDEXES]
    if not asked:
        raise NotOffered("nothing is sorted by")
    for prefix, name in asked:
        query = f'{subject.query} sortby "{prefix}.{name}"'
        answer = await subject.client.ask(search_parameters(subject.client.version, query, maximum=1))
        _no(answer.diagnostics, f"{prefix}.{name}: ")
    return ", ".join(f"{prefix}.{name}" for prefix, name in asked)


def _refusal(name: str, wanted: set[int], made: Callable[[Subject], dict[str, str]]) -> None:
    async def check(subject: Subject) -> str:
        answer = await subject.client.ask(made(subject))
        numbers = _numbers(answer)
        if not numbers & wanted:
            said = _told(answer.diagnostics) or "no diagnostic"
            raise Odd(f"{said}; {' or '.join(map(str, sorted(wanted)))} was due")
        return _told(answer.diagnostics)

    CHECKS(name)(check)


def _begun(subject: Subject, **parameters: str) -> dict[str, str]:
    return search_parameters(subject.client.version, subject.query, maximum=0) | parameters


def _named(operation: Operation, version: str) -> dict[str, str]:
    return {"operation": operation.value, "version": version}


_refusal("a position behind the end", {61}, lambda s: _begun(s, startRecord=str(s.count + 1000), maximumRecords="1"))
_refusal("a version that does not exist", {5}, lambda s: _begun(s, version="9.9"))
_refusal("an unknown operation", {4}, lambda s: _named(Operation.EXPLAIN, Version.V1_1.value) | {"operation": "juggle"})
_refusal("no query", {7}, lambda _: _named(Operation.SEARCH_RETRIEVE, Version.V1_1.value))
_refusal("an unknown parameter", {8}, lambda s: _begun(s, juggle="1"))
_refusal("a number that is none", {6}, lambda s: _begun(s, startRecord="first"))
_refusal("broken CQL", {10}, lambda s: _begun(s, query="dc.title ="))
_refusal("an open parenthesis", {10, 13}, lambda s: _begun(s, query="(a"))
_refusal("an unknown index", {15, 16, 17}, lambda s: _begun(s, query="dc.juggle = 1"))
_refusal("an unknown context set", {15, 16, 17}, lambda s: _begun(s, query='> z="urn:juggle" z.title = 1'))
_refusal("an unknown relation", {19}, lambda s: _begun(s, query="dc.title cql.juggle 1"))
_refusal("an unknown schema", {66}, lambda s: _begun(s, recordSchema="juggle", maximumRecords="1"))


async def _records(subject: Subject, *, start: int = 1, maximum: int, schema: str = "") -> SearchResponse:
    return await subject.client.search(subject.query, start=start, maximum=maximum, schema=schema)


def _searched(explain: Description) -> list[str]:
    """The indexes that can be searched, each by its first name."""
    names = [index.names[0] for index in explain.indexes if index.search and index.names]
    return [f"{prefix}.{name}" if prefix else name for prefix, name in names]


def _some(subject: Subject) -> None:
    if not subject.count:
        raise NotOffered("there is no record to ask for")


def _no(diagnostics: tuple[Diagnostic, ...], where: str = "") -> None:
    if diagnostics:
        raise Odd(where + _told(diagnostics))


def _told(diagnostics: tuple[Diagnostic, ...]) -> str:
    return "; ".join(map(in_words, diagnostics))


def _numbers(answer: Response) -> set[int | None]:
    return {diagnostic_number(each.uri) for each in answer.diagnostics}


__all__ = ["CHECKS", "Result", "run_checks"]
