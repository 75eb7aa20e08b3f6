"""HTTP and the document: every request here is written octet by octet, and the answer is read from the socket."""

from __future__ import annotations

import re

from library_conformance.model import Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    OASIS,
    OLD,
    RESPONSES,
    Answer,
    answer_of,
    pairs_of,
    query_of,
    spoken,
    versions,
    word,
)
from library_conformance.run import Run
from library_conformance.web import (
    ask_octets,
    children,
    every_octet_escaped,
    get_octets,
    local,
    namespace,
    post_octets,
)

_DECLARED = re.compile(rb"<\?xml[^<>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
_FIRST = ("sru.http.get/search",)
_XML = ("text/xml", "application/xml", "application/sru+xml")
_ORDER = (
    "version", "numberOfRecords", "resultSetId", "resultSetIdleTime", "resultSetTTL", "records", "record",
    "nextRecordPosition", "terms", "echoedSearchRetrieveRequest", "echoedScanRequest", "echoedExplainRequest",
    "diagnostics", "extraResponseData", "resultCountPrecision", "facetedResults", "searchResultAnalysis",
)  # fmt: skip
_SOAP = (
    '<SOAP:Envelope xmlns:SOAP="http://schemas.xmlsoap.org/soap/envelope/"><SOAP:Body>'
    '<searchRetrieveRequest xmlns="http://www.loc.gov/zing/srw/"><version>1.1</version><query>{query}</query>'
    "<maximumRecords>1</maximumRecords></searchRetrieveRequest></SOAP:Body></SOAP:Envelope>"
)


def _query(run: Run, version: str = "", **more: str) -> str:
    parameters = {"query": word(run), "maximumRecords": "1", **more}
    return query_of(pairs_of(version or spoken(run), "searchRetrieve", parameters))


def _get(run: Run, query: str) -> Answer:
    return answer_of(ask_octets(run, get_octets(run, query)))


@probe("sru.http.post/search", inputs=("query",), octets=True)
def post(run: Run) -> Seen:
    """Sends the same search as a form."""
    by_get = _get(run, _query(run))
    answer = answer_of(ask_octets(run, post_octets(run, _query(run).encode())))
    if answer.status in (404, 405, 501):
        return absent(answer.words)
    same = answer.count == by_get.count is not None and not answer.diagnostics
    return meets("the same") if same else breaks(answer.words)


@probe("sru.http.soap/search", inputs=("query",), octets=True)
def soap(run: Run) -> Seen:
    """Sends the same search in a SOAP envelope."""
    body = _SOAP.format(query=word(run).replace("&", "&amp;").replace("<", "&lt;")).encode()
    answer = answer_of(ask_octets(run, post_octets(run, body, "text/xml; charset=utf-8", 'SOAPAction: ""')))
    if answer.status != 200 or answer.root is None or local(answer.root) != "Envelope":
        return absent("not spoken")
    inner = [each for part in children(answer.root) if local(part) == "Body" for each in children(part)]
    return meets("spoken") if inner and local(inner[0]) == "searchRetrieveResponse" else breaks("another document")


@probe("sru.http.content-type/search", inputs=("query",), octets=True)
def content_type(run: Run) -> Seen:
    """Looks at the media type of a result and of explain."""
    for query in (_query(run), ""):
        kind = _get(run, query).head.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _XML:
            return breaks(f"answered {kind or 'without a media type'}")
    return meets("XML")


@probe("sru.http.escapes/query", inputs=("query",), octets=True)
def escapes(run: Run) -> Seen:
    """Sends the same query with every octet escaped, in either case, and with a plus for its space."""
    query = f"{word(run)} or {word(run)}"
    wanted = _get(run, _query(run)).count
    head = query_of(pairs_of(spoken(run), "searchRetrieve", {"maximumRecords": "1"}))
    for written in (every_octet_escaped(query), every_octet_escaped(query).upper(), query.replace(" ", "+")):
        answer = _get(run, f"{head}&query={written}")
        if wanted is None or answer.count != wanted or answer.diagnostics:
            return breaks(answer.words if answer.diagnostics else "another result")
    return meets("the same result")


@probe("sru.http.whole/search", inputs=("query",), octets=True)
def whole(run: Run) -> Seen:
    """Reads a result from the socket to the end that its head announces."""
    raw = ask_octets(run, get_octets(run, _query(run, maximumRecords="10")))
    if raw is None:
        return breaks("no answer of HTTP")
    return meets("whole") if raw.whole else breaks("cut off")


def _each(run: Run) -> list[tuple[str, str, Answer]]:
    """Version, operation and answer of a search, a mistake and an explain in each version that is spoken."""
    found: list[tuple[str, str, Answer]] = []
    for version in versions(run):
        broken = query_of(pairs_of(version, "searchRetrieve", {"query": '"'}))
        found.append((version, "searchRetrieve", _get(run, _query(run, version))))
        found.append((version, "searchRetrieve", _get(run, broken)))
        found.append((version, "explain", _get(run, query_of(pairs_of(version, "explain", {})))))
    return found


@probe("sru.xml.well-formed/each-version", inputs=("query",), octets=True)
def well_formed(run: Run) -> Seen:
    """Reads the octets of answers: markup, document type, character set."""
    for answer in (_get(run, ""), *(answer for _, _, answer in _each(run))):
        if answer.root is None:
            return breaks("no well-formed document")
        if b"<!DOCTYPE" in answer.octets[:1000]:
            return breaks("a document type")
        declared = _DECLARED.match(answer.octets[:200])
        if declared is None or declared[1].lower() in (b"utf-8", b"utf8"):
            try:
                answer.octets.decode("utf-8")
            except UnicodeDecodeError:
                return breaks("octets that are no UTF-8")
    return meets("well-formed")


@probe(
    "sru.xml.namespace/each-version",
    verifies=("sru.xml.namespace", "sru.xml.root"),
    needs=_FIRST,
    inputs=("query",),
    octets=True,
)
def names(run: Run) -> Seen:
    """Looks at the roots of answers: the operation's response, in the version's namespace."""
    for version, operation, answer in _each(run):
        if answer.root is None or answer.kind != RESPONSES[operation]:
            return breaks("another response than that of the operation")
        wanted = (f"{OASIS}sruResponse",) if version == "2.0" else (OLD,)
        if namespace(answer.root) not in wanted:
            return breaks("outside the version's namespace")
    return meets("the operation's, in the version's namespace")


@probe("sru.xml.order/each-version", needs=_FIRST, inputs=("query",), octets=True)
def order(run: Run) -> Seen:
    """Looks at the order of the elements of answers."""
    for _, _, answer in _each(run):
        found = [local(each) for each in ([] if answer.root is None else children(answer.root))]
        known = [name for name in found if name in _ORDER]
        if known != sorted(known, key=_ORDER.index):
            return breaks("another order")
        if len(set(known)) < len(known) or len(known) < len(found):
            return breaks("other elements, or one twice")
    return meets("the schema's order")
