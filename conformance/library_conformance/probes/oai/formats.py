"""The list of formats, and whether records are to be had in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from library_conformance.model import Behaviour, NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import OAI_DC, Page, all_of, ask, example, once
from library_conformance.run import Run
from library_conformance.web import children, local, namespace, text

_PREFIX = re.compile(r"[A-Za-z0-9\-_.!~*'()]+")
_MARC = ("http://www.loc.gov/MARC21/slim", "info:lc/xmlns/marcxchange-v1", "info:lc/xmlns/marcxchange-v2")
_MOST_TRIED = 8
"""Formats that records are asked for in."""

Format = tuple[str, str, str]


def _formats(page: Page) -> list[Format]:
    body = page.body("ListMetadataFormats")
    return [
        (text(each, "metadataPrefix") or "", text(each, "schema") or "", text(each, "metadataNamespace") or "")
        for each in ([] if body is None else children(body))
        if local(each) == "metadataFormat"
    ]


def _all(run: Run) -> list[Format]:
    found = once(run, "formats", lambda: _formats(ask(run, "ListMetadataFormats")))
    run.found.setdefault("announced", {})["formats"] = [each[0] for each in found]
    return found


@probe("oai.formats.dublin-core/listed", octets=True)
def dublin_core(run: Run) -> Seen:
    """Looks for oai_dc, with its own namespace, in the list of formats."""
    found = {name: space for name, _, space in _all(run)}
    if "oai_dc" not in found:
        return breaks("no oai_dc")
    return meets("oai_dc") if found["oai_dc"] == OAI_DC else breaks("oai_dc with another namespace")


@probe("oai.formats.complete/list", octets=True)
def complete(run: Run) -> Seen:
    """Looks at every format: prefix, schema, namespace."""
    return all_of(_incomplete(_all(run)), "complete")


def _incomplete(found: list[Format]) -> Iterator[str]:
    if not found:
        yield "no formats"
    names = [name for name, _, _ in found]
    if len(set(names)) < len(names):
        yield "a prefix twice"
    for name, schema, space in found:
        if not _PREFIX.fullmatch(name):
            yield "a prefix of other characters"
        if not urlsplit(schema).scheme or not urlsplit(space).scheme:
            yield "a format without schema or namespace"


@probe("oai.formats.of-item/example", needs=("oai.list.identifiers/first-part",), octets=True)
def of_item(run: Run) -> Seen:
    """Asks for the formats of a record that exists."""
    page = ask(run, "ListMetadataFormats", identifier=example(run).identifier)
    names = [name for name, _, _ in _formats(page)]
    if "oai_dc" not in names:
        return breaks("without oai_dc" if names else page.words)
    return meets("with oai_dc") if set(names) <= {name for name, _, _ in _all(run)} else breaks("formats not listed")


@probe(
    "oai.formats.listed-usable/first-record",
    needs=("oai.list.identifiers/first-part",),
    verifies=("oai.formats.listed-usable", "oai.formats.namespace-true"),
    octets=True,
)
def listed_usable(run: Run) -> Seen:
    """Asks for the first records in every format, and compares their namespace with the one that is listed."""
    wanted = example(run).identifier
    for name, _, space in _all(run)[:_MOST_TRIED]:
        page = ask(run, "GetRecord", identifier=wanted, metadataPrefix=name)
        if page.errors == ("cannotDisseminateFormat",):
            continue  # an item need not have every format of the repository
        metadata = [each for one in page.headers for each in one.metadata]
        if not metadata:
            return breaks(f"a listed format: {page.words}")
        if namespace(metadata[0]) != space:
            only = {"oai.formats.listed-usable": Behaviour.MEETS}
            return Seen("a record in another namespace than listed", Behaviour.BREAKS, behaviours=only)
    return meets("usable, in their namespaces")


@probe("oai.formats.marc/listed", octets=True)
def marc(run: Run) -> Seen:
    """Looks for MARCXML among the formats."""
    if not _all(run):
        raise NotApplicable("no formats are listed")
    return meets("MARCXML") if any(space in _MARC for _, _, space in _all(run)) else absent("no MARCXML")
