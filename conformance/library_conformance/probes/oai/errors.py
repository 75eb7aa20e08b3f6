"""Requests with one mistake each, and the error that it has to meet."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import Page, ask, ask_query, in_oai, prefix, refused
from library_conformance.run import Run
from library_conformance.web import children, local, text

_HOSTILE = (
    'oai:x:"><script>alert(1)</script>',
    "]]><OAI-PMH>&amp;&lt;",
    "a\u0000b\u0001",
    "'--><!ENTITY x>",
    "\ufffe\ud7ff",
)


def _error(run: Run, query: str, *codes: str) -> Seen:
    return refused(ask_query(run, query), *codes)


@probe("oai.error.verb-missing/empty", octets=True)
def verb_missing(run: Run) -> Seen:
    """Asks without a verb."""
    return _error(run, f"metadataPrefix={prefix(run)}", "badVerb")


@probe("oai.error.verb-unknown/junk", octets=True)
def verb_unknown(run: Run) -> Seen:
    """Asks for a verb that does not exist."""
    return _error(run, "verb=junk", "badVerb")


@probe("oai.error.verb-repeated/twice", octets=True)
def verb_repeated(run: Run) -> Seen:
    """Gives the same verb twice."""
    return _error(run, "verb=Identify&verb=Identify", "badVerb")


@probe("oai.error.verb-case/lower", octets=True)
def verb_case(run: Run) -> Seen:
    """Asks for a verb in lower case."""
    return _error(run, "verb=identify", "badVerb")


@probe("oai.error.argument-unknown/list", octets=True)
def argument_unknown(run: Run) -> Seen:
    """Asks for a list with an argument that does not exist."""
    return _error(run, f"verb=ListIdentifiers&metadataPrefix={prefix(run)}&nothing=1", "badArgument")


@probe("oai.error.argument-repeated/prefix", octets=True)
def argument_repeated(run: Run) -> Seen:
    """Gives the same prefix twice."""
    name = prefix(run)
    return _error(run, f"verb=ListIdentifiers&metadataPrefix={name}&metadataPrefix={name}", "badArgument")


@probe("oai.error.argument-missing/each-verb", octets=True)
def argument_missing(run: Run) -> Seen:
    """Leaves out what GetRecord and the lists need."""
    for query in (
        f"verb=GetRecord&metadataPrefix={prefix(run)}",
        "verb=GetRecord&identifier=oai%3Anobody.example%3A0",
        "verb=ListRecords",
        "verb=ListIdentifiers",
    ):
        page = ask_query(run, query)
        if "badArgument" not in page.errors:
            return breaks(page.words)
    return meets("answered badArgument")


@probe("oai.error.argument-empty/prefix", octets=True)
def argument_empty(run: Run) -> Seen:
    """Gives a prefix without a value."""
    return _error(run, "verb=ListIdentifiers&metadataPrefix=", "badArgument", "cannotDisseminateFormat")


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


@probe("oai.error.several/two", octets=True)
def several(run: Run) -> Seen:
    """Makes two mistakes at once and counts what is told."""
    page = ask_query(run, f"verb=ListIdentifiers&metadataPrefix={prefix(run)}&from=junk&nothing=1")
    if not page.errors:
        return breaks(page.words)
    return told("one error told" if len(page.errors) == 1 else "each mistake told")


@probe("oai.error.words/junk", octets=True)
def words(run: Run) -> Seen:
    """Looks whether errors have words."""
    for query in ("verb=junk", "verb=Identify&nothing=1"):
        page = ask_query(run, query)
        if not page.errors:
            return breaks(page.words)
        if not text(page.root, "error"):
            return breaks("a code without words")
    return meets("in words")
