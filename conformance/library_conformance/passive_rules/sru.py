"""SRU in recordings: what clients owe. What servers owe is in `sru_server`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from library_conformance.passive_rules import Findings, Link, broken, found, kept, rule, sru_server
from library_conformance.passive_rules.http import Asked, parts_of, waits
from library_conformance.passive_rules.sru_talk import count, in_envelope, questions
from library_conformance.web import local
from library_protocols import cql
from library_protocols.sru import SearchRequest, SruError, diagnostic_number, read_form, read_request

__all__ = ["sru_server"]

_UNESCAPED = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]|%(?![0-9A-Fa-f]{2})")
_VERSION, _OPERATION, _VALUE, _MISSING, _UNKNOWN = 5, 4, (6, 71, 120), 7, 8
"""Diagnostics that a request would be answered with."""


def _wrong(asked: Asked) -> list[tuple[int | None, str]]:
    """What is wrong with a request, as the diagnostics for it: number and details."""
    try:
        read_request(read_form(asked.query.encode()))
    except SruError as error:
        return [(diagnostic_number(one.uri), one.details) for one in error.diagnostics]
    return []


def _requests(link: Link) -> Iterator[Asked]:
    """Requests with parameters: explain need not have any."""
    for asked, _ in questions(link):
        if asked.query:
            yield asked


@rule("sru.client.escapes")
def escapes(link: Link) -> Findings:
    for asked in _requests(link):
        if in_envelope(asked):
            continue
        readable = "\ufffd" not in "".join(value for _, value in asked.arguments)
        plain = _UNESCAPED.search(asked.query) is None
        yield found(plain and readable, asked.said, "parameters that are not escaped as UTF-8")


@rule("sru.client.version")
def says_version_and_operation(link: Link) -> Findings:
    for asked in _requests(link):
        names = {name for name, _ in asked.arguments}
        version = asked.argument("version")
        if version != "2.0" and names & {"version", "operation"}:
            yield found({"version", "operation"} <= names, asked.said, "version or operation is missing")


@rule("sru.client.operation")
def asks_for_what_there_is(link: Link) -> Findings:
    for asked in _requests(link):
        numbers = {number for number, _ in _wrong(asked)}
        yield found(not numbers & {_VERSION, _OPERATION}, asked.said, "a version or an operation that does not exist")


@rule("sru.client.parameters")
def uses_parameters_there_are(link: Link) -> Findings:
    for asked in _requests(link):
        names = sorted(details for number, details in _wrong(asked) if number == _UNKNOWN)
        yield found(not names, asked.said, f"parameters that do not exist: {', '.join(names)}")


@rule("sru.client.values")
def values_are_of_their_form(link: Link) -> Findings:
    for asked in _requests(link):
        names = sorted(details.partition(" ")[0] for number, details in _wrong(asked) if number in _VALUE)
        yield found(not names, asked.said, f"values that are not allowed: {', '.join(names)}")


@rule("sru.client.query")
def says_what_it_wants(link: Link) -> Findings:
    for asked in _requests(link):
        missing = {details for number, details in _wrong(asked) if number == _MISSING} & {"query", "scanClause"}
        yield found(not missing, asked.said, "a search without a query, or a scan without a clause")


@rule("sru.client.quotes")
def asks_in_cql(link: Link) -> Findings:
    for asked in _requests(link):
        try:
            request = read_request(read_form(asked.query.encode()))
        except SruError:
            continue
        if isinstance(request, SearchRequest) and request.query_type == "cql":
            yield found(_is_cql(request.query), asked.said, "a query that is no CQL")


def _is_cql(query: str) -> bool:
    try:
        cql.parse(query)
    except cql.CqlError:
        return False
    return True


@rule("sru.client.schema")
def says_the_schema(link: Link) -> Findings:
    for asked in _requests(link):
        if asked.argument("query") and asked.argument("maximumRecords") != "0":
            yield found(bool(asked.argument("recordSchema")), asked.said, "records of whatever schema")


@rule("sru.client.next")
def pages(link: Link) -> Findings:
    """A second page begins at nextRecordPosition, or behind what was received."""
    expected: dict[str, tuple[int | None, int]] = {}
    for asked, answer in questions(link):
        query, start = asked.argument("query"), asked.argument("startRecord")
        if not query:
            continue
        if start and start.isdigit() and int(start) > 1 and query in expected:
            next_, behind = expected[query]
            yield found(int(start) in (next_, behind), asked.said, "a page that begins elsewhere than the last ended")
        if answer is not None and answer.root is not None:
            rows = [one for one in answer.root.iter() if local(one) == "record"]
            position = next(
                (one.text for one in answer.root.iter() if local(one) == "nextRecordPosition" and one.text), None
            )
            begun = int(start) if start and start.isdigit() else 1
            expected[query] = (int(position) if position and position.isdigit() else None, begun + len(rows))


@rule("sru.client.range")
def stays_within(link: Link) -> Findings:
    """No page begins behind the number of records that the same query was told before."""
    told: dict[str, int] = {}
    for asked, answer in questions(link):
        query, start = asked.argument("query"), asked.argument("startRecord") or "1"
        if not query:
            continue
        if query in told and start.isdigit():
            yield found(int(start) <= max(1, told[query]), asked.said, "a page behind the last record")
        number = count(answer) if answer is not None else None
        if number is not None:
            told[query] = number


@rule("sru.client.explain")
def reads_explain(link: Link) -> Findings:
    if not link.whole or not questions(link):
        return
    first = questions(link)[0][0]
    yield found(any(_explains(asked) for asked, _ in questions(link)), first.said, "never asked for explain")


def _explains(asked: Asked) -> bool:
    """Whether explain is asked for, by name or by nothing else; of a request that was not kept nothing is known."""
    if asked.said.octets is None:
        return False
    plain = asked.argument("query") is None and asked.argument("scanClause") is None
    return asked.argument("operation") == "explain" or (asked.argument("operation") is None and plain)


@rule("sru.client.redirect")
def goes_where_it_is_sent(link: Link) -> Findings:
    for (asked, answer), (again, _) in pairwise(questions(link)):
        where = (answer.headers or {}).get("location", "") if answer is not None else ""
        if where and answer is not None and answer.status in (301, 302, 303, 307, 308):
            goes = again.path == parts_of(where)[0] != asked.path
            yield kept(again.said) if goes else broken(again.said, "did not go where it was sent")


rule("sru.client.busy")(waits)
