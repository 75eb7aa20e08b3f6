"""What stands around every answer: the root, responseDate, and what the answer repeats of the request."""

from __future__ import annotations

from datetime import UTC, datetime

from library_conformance.model import Behaviour, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import OAI, SECOND, Page, ask, example, in_oai, prefix
from library_conformance.run import Run
from library_conformance.web import XSI, child, children, local, namespace, text

_XSD = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
NOW_SECONDS = 600
"""Between our clock and theirs: what clocks without NTP lose in some months."""


def _shape(page: Page, verb: str) -> str:
    """What is wrong with the root and its children; empty where nothing is."""
    if page.root is None:
        return "no document of the protocol"
    names = [local(each) for each in children(page.root)]
    if names[:2] != ["responseDate", "request"]:
        return "responseDate and request do not come first"
    rest = names[2:]
    if rest != [verb] and (not rest or set(rest) != {"error"}):
        return "neither one answer nor errors"
    return ""


@probe(
    "oai.envelope.namespace/identify",
    verifies=("oai.envelope.namespace", "oai.envelope.schema-location"),
    octets=True,
)
def root(run: Run) -> Seen:
    """Looks at the root of an answer and of an error: namespace and schema."""
    for verb in ("Identify", "nothing"):
        page = ask(run, verb)
        if page.root is None:
            return breaks("no document of the protocol")
        if not in_oai(page.root) or any(namespace(each) != OAI for each in children(page.root)):
            return breaks("outside the protocol's namespace")
        pairs = page.root.get(f"{XSI}schemaLocation", "").split()
        if (OAI, _XSD) not in zip(pairs[::2], pairs[1::2], strict=False):
            both = {"oai.envelope.namespace": Behaviour.MEETS, "oai.envelope.schema-location": Behaviour.BREAKS}
            return Seen("the schema is not named", Behaviour.BREAKS, behaviours=both)
    return meets("namespace and schema")


@probe("oai.envelope.order/answer-and-error", octets=True)
def order(run: Run) -> Seen:
    """Looks at the elements below the root, of a list, of Identify and of an error."""
    for page, verb in (
        (ask(run, "Identify"), "Identify"),
        (ask(run, "ListMetadataFormats"), "ListMetadataFormats"),
        (ask(run, "nothing"), "nothing"),
    ):
        if wrong := _shape(page, verb):
            return breaks(wrong)
    return meets("in order")


@probe("oai.envelope.response-date/form", octets=True)
def response_date(run: Run) -> Seen:
    """Looks at the form of responseDate in an answer and in an error."""
    for verb in ("Identify", "nothing"):
        found = text(ask(run, verb).root, "responseDate") or ""
        if not SECOND.fullmatch(found):
            return breaks("another form" if found else "no responseDate")
    return meets("UTC to the second")


@probe("oai.envelope.response-date.now/clock", needs=("oai.envelope.response-date/form",), octets=True)
def response_date_now(run: Run) -> Seen:
    """Compares responseDate with our own clock."""
    found = text(ask(run, "Identify").root, "responseDate") or ""
    told = datetime.strptime(found, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    away = (told - datetime.now(UTC)).total_seconds()
    if abs(away) <= NOW_SECONDS:
        return meets("now")
    return breaks("ahead of the time" if away > 0 else "behind the time")


@probe("oai.envelope.request-arguments/list", octets=True)
def arguments(run: Run) -> Seen:
    """Asks for a record and for something that is not there, and compares what the answers repeat."""
    wanted = example(run).identifier
    for identifier in (wanted, "oai:nobody.example:0"):
        page = ask(run, "GetRecord", identifier=identifier, metadataPrefix=prefix(run))
        told = child(page.root, "request")
        asked = {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": prefix(run)}
        if told is None or dict(told.attrib) != asked:
            return breaks("other arguments than were asked")
    return meets("as asked")
