"""A catalogue for search clients over SRU 1.1, 1.2 and 2.0: every search that it takes finds the same dozen records.

Its liberties are those that real servers take: it is busy, has moved, answers in an older version, with other prefixes,
in chunks, with fewer records than were asked for, with a diagnostic among them, with elements that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from library_conformance.listeners import Act, Script
from library_conformance.listeners.shelf import BOOKS, dublin_core, marcxml
from library_conformance.listeners.web import http_answer, http_whole
from library_protocols import cql
from library_protocols.sru import (
    ContextSet,
    Description,
    Diagnostic,
    IndexDescription,
    Operation,
    Record,
    ScanRequest,
    SchemaDescription,
    SearchRequest,
    SoapFault,
    SruError,
    Surrogate,
    Term,
    Version,
    envelope,
    explain_response,
    failure,
    fault,
    read_envelope,
    read_form,
    read_request,
    scan_response,
    search_response,
    write_explain,
)

_MOVED = "/moved"
_MARCXML, _DC = "info:srw/schema/1/marcxml-v1.1", "info:srw/schema/1/dc-v1.1"
_SCHEMAS = {"": _MARCXML, "marcxml": _MARCXML, _MARCXML: _MARCXML, "dc": _DC, _DC: _DC}
_FORMS = {_MARCXML: marcxml, _DC: dublin_core}
_SETS = {
    "cql": "info:srw/cql-context-set/1/cql-v1.2",
    "dc": "info:srw/cql-context-set/1/dc-v1.1",
    "bath": "http://zing.z3950.org/cql/bath/2.0/",
    "rec": "info:srw/cql-context-set/2/rec-1.1",
}
_USUAL = 10
"""Records of an answer to those who do not say how many they want."""
_NOTE = b'<note xmlns="urn:example:played">A server may say more than a client knows.</note>'
_DESCRIPTION = Description(
    host="localhost",
    port=80,
    database="played",
    title="A dozen records",
    sets=tuple(ContextSet(name, identifier) for name, identifier in _SETS.items()),
    indexes=tuple(
        IndexDescription(title, ((prefix, name),), scan=name == "title")
        for title, prefix, name in (("Title", "dc", "title"), ("Author", "dc", "creator"), ("Any", "cql", "anywhere"))
    ),
    schemas=(SchemaDescription(_MARCXML, "marcxml", "MARCXML"), SchemaDescription(_DC, "dc", "Dublin Core")),
    defaults=(("numberOfRecords", str(_USUAL)), ("retrieveSchema", "marcxml")),
)


@dataclass(slots=True)
class Played(Script):
    """A server: the first search it answers with a redirect, the second it is too busy for, then a liberty a search,
    where the request leaves room for it."""

    one_client: ClassVar[bool] = True
    shows: ClassVar[Mapping[str, str]] = {
        "older version": "sru.client.version.lower",
        "prefixes": "sru.client.prefixes",
        "chunks": "sru.client.chunks",
        "more": "sru.client.extra-data",
        "surrogate": "sru.client.surrogate",
    }

    def whole(self, octets: bytes) -> int:
        return http_whole(octets)

    def again(self, before: bytes, message: bytes) -> bool:
        return (_line(before), _asked(before)) == (_line(message), _asked(message))

    def acts(self, message: bytes) -> Iterator[Act]:
        octets = _asked(message)
        wrap = envelope if octets.lstrip().startswith(b"<") else bytes
        try:
            request = read_request(read_envelope(octets) if wrap is envelope else read_form(octets))
        except SoapFault as error:
            yield http_answer(fault(error), b"500 Internal Server Error")
        except SruError as error:
            explain = write_explain(_DESCRIPTION, error.version)
            yield http_answer(wrap(failure(error.operation, error.version, error.diagnostics, explain)))
        else:
            if isinstance(request, SearchRequest):
                yield from self._search(request, message, wrap)
            elif isinstance(request, ScanRequest):
                yield http_answer(wrap(self._scan(request)))
            else:
                explain = write_explain(_DESCRIPTION, request.version)
                yield http_answer(wrap(explain_response(request.version, explain)))

    def _search(self, request: SearchRequest, message: bytes, wrap: Callable[[bytes], bytes]) -> Iterator[Act]:
        refused = _refused(request)
        if refused is not None:
            yield http_answer(wrap(failure(Operation.SEARCH_RETRIEVE, request.version, [refused])))
            return
        if not message.startswith(b"POST ") and self.liberty("moved"):
            where = b"Location: %b?%b" % (_MOVED.encode(), _asked(message))
            yield http_answer(b"", b"302 Found", where)
            return
        wanted = _USUAL if request.maximum_records is None else request.maximum_records
        wanted = min(wanted, len(BOOKS) - request.start_record + 1)
        ways = ["more", "prefixes", "chunks", "busy"]
        ways[:0] = ["fewer", "surrogate"] if wanted > 1 else []
        ways[-1:-1] = ["older version"] if request.version is Version.V1_2 else []
        way = self.liberty(*ways)
        if way == "busy":
            yield http_answer(b"", b"503 Service Unavailable", b"Retry-After: 1")
        elif way == "chunks":
            yield from _in_chunks(wrap(_document(request, wanted, way)))
        else:
            yield http_answer(wrap(_document(request, wanted, way)))

    def _scan(self, request: ScanRequest) -> bytes:
        try:
            clause = cql.parse(request.clause).root
        except cql.CqlError as error:
            return scan_response(request.version, diagnostics=[Diagnostic.of(10, str(error))])
        if not isinstance(clause, cql.SearchClause):
            return scan_response(request.version, diagnostics=[Diagnostic.of(10, request.clause)])
        titles = [title for title, *_ in BOOKS]
        place = sum(title.casefold() < cql.unescape(clause.term).casefold() for title in titles)
        first = place - request.position + 1
        number = len(titles) if request.maximum_terms is None else request.maximum_terms
        shown = titles[max(0, first) : max(0, first + number)]
        return scan_response(request.version, [Term(title, 1) for title in shown])


def _document(request: SearchRequest, wanted: int, way: str) -> bytes:
    """The answer to a search, with the liberty that is taken."""
    version = Version.V1_1 if way == "older version" else request.version
    number = wanted // 2 if way == "fewer" else wanted
    schema = _SCHEMAS[request.record_schema]
    places = range(request.start_record, request.start_record + number)
    records: list[Record | Surrogate] = [Record(schema, _FORMS[schema](place - 1), place) for place in places]
    if way == "surrogate":
        records[1] = Surrogate(Diagnostic.of(64), places[1])
    behind = request.start_record + number
    extra = _NOTE if way == "more" else b""
    document = b"".join(
        search_response(
            version,
            len(BOOKS),
            records,
            string=request.string,
            next_position=behind if behind <= len(BOOKS) else None,
            extra=extra,
        )
    )
    if way == "prefixes":
        document = document.replace(b"zs:", b"another:").replace(b":zs=", b":another=")
    return document


def _refused(request: SearchRequest) -> Diagnostic | None:
    """What stands against a search, if anything does."""
    if request.record_schema not in _SCHEMAS:
        return Diagnostic.of(66, request.record_schema)
    if request.start_record > len(BOOKS):
        return Diagnostic.of(61)
    if request.query_type != "cql":
        return Diagnostic.of(11, request.query_type)
    try:
        root = cql.parse(request.query).root
    except cql.CqlError as error:
        return Diagnostic.of(10, str(error))
    return next((problem for problem in map(_problem, _clauses(root)) if problem), None)


def _clauses(node: cql.Node) -> Iterator[cql.SearchClause]:
    if isinstance(node, cql.SearchClause):
        yield node
    else:
        yield from _clauses(node.left)
        yield from _clauses(node.right)


def _problem(clause: cql.SearchClause) -> Diagnostic | None:
    prefix, dot, _ = str(clause.index or "").rpartition(".")
    return Diagnostic.of(15, prefix) if dot and prefix.lower() not in _SETS else None


def _line(message: bytes) -> bytes:
    return message.partition(b"\r\n")[0]


def _asked(message: bytes) -> bytes:
    """The parameters of a request, as they are written."""
    if message.startswith(b"POST "):
        return message.partition(b"\r\n\r\n")[2]
    return _line(message).partition(b" ")[2].rpartition(b" ")[0].partition(b"?")[2]


def _in_chunks(body: bytes) -> Iterator[Act]:
    """The same in chunks, cut where nobody expects it."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/xml; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    for place in range(0, len(body), 701):
        piece = body[place : place + 701]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
