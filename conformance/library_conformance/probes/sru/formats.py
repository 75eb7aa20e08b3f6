"""Record schemas and packing."""

from __future__ import annotations

import re

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    DUBLIN_CORE,
    Answer,
    ask,
    explained,
    search,
    spoken,
    word,
)
from library_conformance.run import Run
from library_conformance.web import namespace

_SPACES = {
    "info:srw/schema/1/marcxml-v1.1": ("http://www.loc.gov/MARC21/slim",),
    "info:srw/schema/1/dc-v1.1": ("info:srw/schema/1/dc-schema", "info:srw/schema/1/dc-v1.1", "http://purl.org/dc/elements/1.1/"),
    "info:srw/schema/1/mods": ("http://www.loc.gov/mods/v3", "http://www.loc.gov/mods/"),
    "http://www.openarchives.org/OAI/2.0/oai_dc/": ("http://www.openarchives.org/OAI/2.0/oai_dc/",),
}  # fmt: skip
_MOJIBAKE = re.compile("Ã[\u0080-\u00bf]|Å[\u00b5\u00b7\u0192]|Â[\u0080-\u00bf]|\ufffd")
_FIRST = ("sru.search.count/query",)


def _in(run: Run, schema: str) -> Answer:
    return search(run, word(run), 1, recordSchema=schema)


def _given(answer: Answer) -> bool:
    return bool(answer.records) and not answer.diagnostics and not answer.records[0].surrogate


@probe("sru.schema.by-name-and-address/listed", needs=_FIRST, inputs=("query",), octets=True)
def by_name_and_address(run: Run) -> Seen:
    """Asks for a record in some listed schemas, by name and by identifier, and compares."""
    found = [pair for pair in explained(run).schemas if all(pair)][:3]
    if not found:
        raise NotApplicable("no schema is listed with name and identifier")
    for name, address in found:
        by_name, by_address = _in(run, name), _in(run, address)
        if not _given(by_name) or not _given(by_address):
            return breaks((by_address if _given(by_name) else by_name).words)
        if by_name.records[0].digest != by_address.records[0].digest:
            return breaks("other records")
    return meets("the same record")


@probe("sru.schema.namespace-true/well-known", needs=_FIRST, inputs=("query",), octets=True)
def namespace_true(run: Run) -> Seen:
    """Compares the schema that records claim with the namespace that they stand in."""
    tried = False
    for name, address in explained(run).schemas:
        spaces = next((spaces for start, spaces in _SPACES.items() if address.startswith(start)), None)
        answer = _in(run, name or address)
        if spaces is None or not _given(answer):
            continue
        tried = True
        data = answer.records[0].data
        if data is None or namespace(data) not in spaces:
            return breaks("another namespace than the schema's")
    if not tried:
        raise NotApplicable("no well-known schema is listed")
    return meets("the schema's")


@probe("sru.schema.dublin-core/search", needs=_FIRST, inputs=("query",), octets=True)
def dublin_core(run: Run) -> Seen:
    """Asks for a record in Dublin Core by the names that are in use."""
    return meets("given") if any(_given(_in(run, name)) for name in DUBLIN_CORE) else absent("not given")


@probe("sru.schema.marcxml/search", needs=_FIRST, inputs=("query",), octets=True)
def marcxml(run: Run) -> Seen:
    """Asks for a record in MARCXML by the names that are in use."""
    names = ("marcxml", "info:srw/schema/1/marcxml-v1.1")
    return meets("given") if any(_given(_in(run, name)) for name in names) else absent("not given")


def _packed(run: Run, packing: str) -> Answer:
    name = "recordXMLEscaping" if spoken(run) == "2.0" else "recordPacking"
    return search(run, word(run), 1, **{name: packing})


@probe("sru.packing.xml/search", needs=_FIRST, inputs=("query",), octets=True)
def xml(run: Run) -> Seen:
    """Asks for a record packed as xml, and without saying how."""
    for answer in (_packed(run, "xml"), ask(run, "searchRetrieve", query=word(run), maximumRecords="1")):
        if not _given(answer):
            return breaks(answer.words)
        if answer.records[0].as_text or answer.records[0].packing != "xml":
            return breaks("not as an element")
    return meets("an element")


@probe("sru.packing.string/search", needs=_FIRST, inputs=("query",), octets=True)
def string(run: Run) -> Seen:
    """Asks for a record as a string and compares it with the same record as an element."""
    answer, plain = _packed(run, "string"), _packed(run, "xml")
    if not answer.records:
        return breaks(answer.words)
    found = answer.records[0]
    if not found.as_text or found.packing != "string":
        return breaks("not as a string")
    if found.data is None:
        return breaks("a string that is no document")
    return meets("the same record") if found.digest == plain.records[0].digest else breaks("another record")


@probe("sru.record.characters/search", needs=_FIRST, inputs=("query",), octets=True)
def characters(run: Run) -> Seen:
    """Looks in some records for text that went through the wrong character set."""
    for one in search(run, word(run), 20).records:
        data = one.data
        if data is not None and _MOJIBAKE.search("".join(data.itertext())):
            return breaks("text in a wrong character set")
    return meets("none")
