"""HTTP and the document: every request here is written octet by octet, and the answer is read from the socket."""

from __future__ import annotations

import re

from library_conformance.model import NotApplicable, Safety, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import Page, example, identify, page_of, prefix
from library_conformance.run import Run
from library_conformance.web import (
    Raw,
    ask_octets,
    children,
    every_octet_escaped,
    get_octets,
    local,
    post_octets,
    text,
)

_DECLARED = re.compile(rb"<\?xml[^<>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)


def _answered(answer: Raw | None, verb: str) -> Seen:
    page = page_of(answer)
    if answer is None:
        return breaks("no answer of HTTP")
    return meets("answered") if page.body(verb) is not None else breaks(page.words)


@probe("oai.http.post/list", verifies=("oai.http.post", "oai.http.post.same"), octets=True)
def post_list(run: Run) -> Seen:
    """Asks for the same list by GET and by POST and compares the headers."""
    query = f"verb=ListIdentifiers&metadataPrefix={prefix(run)}"
    by_get = page_of(ask_octets(run, get_octets(run, query)))
    by_post = page_of(ask_octets(run, post_octets(run, query.encode())))
    if not by_post.headers:
        return breaks(f"by POST {by_post.words}")
    same = [one.key for one in by_get.headers] == [one.key for one in by_post.headers]
    return meets("the same list") if same else breaks("another list by POST")


@probe("oai.http.escapes/identifier", needs=("oai.http.get/identify",), octets=True)
def escapes(run: Run) -> Seen:
    """Asks for a record with every octet of its identifier as a percent escape, once in either case."""
    wanted = example(run).identifier
    for name in (every_octet_escaped(wanted), every_octet_escaped(wanted).upper()):
        query = f"verb=GetRecord&metadataPrefix={prefix(run)}&identifier={name}"
        page = page_of(ask_octets(run, get_octets(run, query)))
        if [one.identifier for one in page.headers] != [wanted]:
            return breaks(page.words)
    return meets("the record")


@probe("oai.http.content-type/all-verbs", octets=True)
def content_type(run: Run) -> Seen:
    """Looks at the media type of an answer and of an error."""
    for query in ("verb=Identify", "verb=nothing"):
        answer = ask_octets(run, get_octets(run, query))
        kind = "" if answer is None else answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/xml":
            return breaks(f"answered {kind or 'without a media type'}")
    return meets("text/xml")


@probe("oai.http.whole/list", octets=True)
def whole(run: Run) -> Seen:
    """Reads a list from the socket to the end that its head announces."""
    query = f"verb=ListRecords&metadataPrefix={prefix(run)}"
    answer = ask_octets(run, get_octets(run, query))
    if answer is None:
        return breaks("no answer of HTTP")
    return meets("whole") if answer.whole else breaks("cut off")


@probe("oai.http.gzip/announced", needs=("oai.http.get/identify",), octets=True)
def gzip(run: Run) -> Seen:
    """Accepts gzip, unpacks the answer and looks whether it is the same list."""
    body = identify(run).body("Identify")
    named = (
        [(each.text or "").strip() for each in children(body) if local(each) == "compression"]
        if body is not None
        else []
    )
    if "gzip" not in named:
        raise NotApplicable("Identify does not name gzip")
    query = f"verb=ListIdentifiers&metadataPrefix={prefix(run)}"
    plain_page = page_of(ask_octets(run, get_octets(run, query)))
    answer = ask_octets(run, get_octets(run, query, "Accept-Encoding: gzip"))
    if answer is None or answer.headers.get("content-encoding") != "gzip":
        return breaks("not compressed though announced")
    page = page_of(answer)
    if not page.octets:
        return breaks("what came is no gzip")
    same = [one.key for one in page.headers] == [one.key for one in plain_page.headers]
    return meets("compressed, and the same") if same else breaks("another list under compression")


@probe(
    "oai.xml.well-formed/all-verbs", verifies=("oai.xml.well-formed", "oai.xml.utf8", "oai.xml.no-doctype"), octets=True
)
def well_formed(run: Run) -> Seen:
    """Asks for all verbs that need nothing known and reads the octets: markup, character set, document type."""
    for verb in ("Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers", "ListRecords"):
        more = f"&metadataPrefix={prefix(run)}" if verb in ("ListIdentifiers", "ListRecords") else ""
        page = page_of(ask_octets(run, get_octets(run, f"verb={verb}{more}")))
        if page.root is None:
            return breaks(f"{verb}: no well-formed document")
        declared = _DECLARED.match(page.octets[:200].lstrip(b"\xef\xbb\xbf"))
        if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
            return breaks(f"{verb}: declared in another character set")
        try:
            page.octets.decode("utf-8")
        except UnicodeDecodeError:
            return breaks(f"{verb}: octets that are no UTF-8")
        if b"<!DOCTYPE" in page.octets[:1000]:
            return breaks(f"{verb}: a document type")
    return meets("well-formed UTF-8 throughout")


@probe("oai.error.long-request/post", safety=Safety.READ, octets=True)
def long_request(run: Run) -> Seen:
    """Sends a form of forty thousand octets, and then an ordinary request."""
    page = page_of(ask_octets(run, post_octets(run, b"verb=Identify&x=" + b"a" * 40_000)))
    after = page_of(ask_octets(run, get_octets(run, "verb=Identify")))
    if after.body("Identify") is None:
        return breaks("the next request was not answered")
    return _orderly(page)


def _orderly(page: Page) -> Seen:
    if page.errors or page.status in (400, 404, 413, 414, 431):
        return meets(page.words)
    return breaks(page.words if page.status else "no answer of HTTP")


@probe("oai.envelope.request-url/identify", verifies=("oai.envelope.request-url", "oai.identify.base-url"), octets=True)
def addresses(run: Run) -> Seen:
    """Compares the address that was asked with those that the answer tells."""
    page = page_of(ask_octets(run, get_octets(run, "verb=Identify")))
    asked = run.target.url
    if text(page.root, "request") != asked:
        return breaks("request names another address")
    if text(page.body("Identify"), "baseURL") != asked:
        return breaks("Identify names another address")
    return meets("the address that was asked")
