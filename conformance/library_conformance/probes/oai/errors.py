"""Requests with one mistake each, and the error that it has to meet."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import Page, ask, ask_query, in_oai, prefix, refused
from library_conformance.run import Run
from library_conformance.web import children, local

_HOSTILE = (
    'oai:x:"><script>alert(1)</script>',
    "]]><OAI-PMH>&amp;&lt;",
    "a\u0000b\u0001",
    "'--><!ENTITY x>",
    "\ufffe\ud7ff",
)


def _error(run: Run, query: str, *codes: str) -> Seen:
    return refused(ask_query(run, query), *codes)


@probe("oai.error.hostile-echo/arguments", octets=True)
def hostile_echo(run: Run) -> Seen:
    """Puts markup, entities and forbidden characters into arguments, and reads what comes back."""
    for value in _HOSTILE:
        for verb, name in (("GetRecord", "identifier"), ("ListIdentifiers", "set"), ("ListRecords", "resumptionToken")):
            arguments = {} if name == "resumptionToken" else {"metadataPrefix": prefix(run)}
            page = ask(run, verb, **arguments, **{name: value})
            if page.status in (400, 404):
                continue
            if page.root is None:
                return breaks(f"{name}: {page.words}")
            if not _clean(page):
                return breaks(f"{name} became markup")
    return meets("nothing became markup")


def _clean(page: Page) -> bool:
    parts = [] if page.root is None else children(page.root)
    names = {local(each) for each in parts}
    return names <= {"responseDate", "request", "error"} and all(in_oai(each) and not children(each) for each in parts)
