"""Responses read, for a harvester: octets to a `Response`, lenient about order and schema, strict about XML.

No document type, no entities, no network: a response has no use for them. Only `ReadError` is raised. What is
unknown (verbs' elements, attributes, error codes) is kept or passed over; metadata and about stay octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.oai_pmh.facts import NAMESPACES, VERBS
from library_protocols.oai_pmh.request import OaiError
from library_protocols.oai_pmh.write import MetadataFormat, Origin, Set

MAX_OCTETS = 256 << 20
"""Longest response read; the largest known pages have some tens of megabytes."""
MAX_STEPS = 32
"""Longest chain of provenance followed."""

_OAI = f"{{{NAMESPACES['oai_pmh'].uri}}}"
_PROVENANCE = f"{{{NAMESPACES['provenance'].uri}}}"
_DOCUMENT_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_VERB_ELEMENTS = frozenset(verb.value for verb in VERBS)


class ReadError(ValueError):
    """These octets are no response: where it shows (octets from the start) and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"{reason} (octet {offset})")
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it came."""

    identifier: str
    datestamp: str
    set_specs: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A record. `metadata` is the one element within, serialised with the namespaces it needs; None where there is
    none. `about` likewise."""

    header: Header
    metadata: bytes | None = None
    about: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A resumptionToken element; an empty `value` ends the list. Attributes are None where absent or no numbers."""

    value: str
    expires: str | None = None
    complete_list_size: int | None = None
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """What Identify told, as text. `descriptions` are XML."""

    name: str
    base_url: str
    protocol_version: str
    admin_emails: tuple[str, ...]
    earliest: str
    deleted: str
    granularity: str
    compressions: tuple[str, ...] = ()
    descriptions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """One response. `verb` is the name of the element that answers, None when there are errors only.

    `tokens` counts the resumptionToken elements: more than one is a fault; `token` is the last.
    """

    response_date: str
    base_url: str
    arguments: dict[str, str]
    schema_location: str = ""
    errors: tuple[OaiError, ...] = ()
    verb: str | None = None
    identification: Identification | None = None
    records: tuple[Record, ...] = ()
    headers: tuple[Header, ...] = ()
    sets: tuple[Set, ...] = ()
    formats: tuple[MetadataFormat, ...] = ()
    token: Token | None = None
    tokens: int = 0


@dataclass(slots=True)
class _Found:
    records: list[Record] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    sets: list[Set] = field(default_factory=list)
    formats: list[MetadataFormat] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)


def read_response(octets: bytes) -> Response:
    """Read one response. Raises ReadError."""
    root = _parse(octets)
    if root.tag != f"{_OAI}OAI-PMH":
        raise ReadError(0, f"the root element is {root.tag}, not OAI-PMH")
    request = root.find(f"{_OAI}request")
    location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "")
    errors: list[OaiError] = []
    verb: str | None = None
    identification: Identification | None = None
    found = _Found()
    for element in _children(root):
        name = _local(element)
        if name == "error":
            errors.append(OaiError(element.get("code", ""), _text(element)))
        elif name in _VERB_ELEMENTS and verb is None:
            verb = name
            if name == "Identify":
                identification = _identification(element)
            else:
                _collect(element, found)
    if verb is None and not errors:
        raise ReadError(len(octets), "there is neither an answer nor an error in it")
    return Response(
        response_date=_inner(root, "responseDate"),
        base_url=_text(request) if request is not None else "",
        arguments={str(name): str(value) for name, value in request.items()} if request is not None else {},
        schema_location=" ".join(location.split()),
        errors=tuple(errors),
        verb=verb,
        identification=identification,
        records=tuple(found.records),
        headers=tuple(found.headers),
        sets=tuple(found.sets),
        formats=tuple(found.formats),
        token=found.tokens[-1] if found.tokens else None,
        tokens=len(found.tokens),
    )


def read_provenance(octets: bytes) -> Origin | None:
    """An `about` container's chain of origins; None where it is something else. Raises ReadError."""
    root = _parse(octets)
    if root.tag != f"{_PROVENANCE}provenance":
        return None
    steps: list[etree._Element] = []
    step = root.find(f"{_PROVENANCE}originDescription")
    while step is not None and len(steps) < MAX_STEPS:
        steps.append(step)
        step = step.find(f"{_PROVENANCE}originDescription")
    origin: Origin | None = None
    for element in reversed(steps):
        origin = Origin(
            base_url=_inner(element, "baseURL", _PROVENANCE),
            identifier=_inner(element, "identifier", _PROVENANCE),
            datestamp=_inner(element, "datestamp", _PROVENANCE),
            namespace=_inner(element, "metadataNamespace", _PROVENANCE),
            harvested=element.get("harvestDate", ""),
            altered=element.get("altered", "").strip() in ("true", "1"),
            before=origin,
        )
    return origin


def _parse(octets: bytes) -> etree._Element:
    if len(octets) > MAX_OCTETS:
        raise ReadError(MAX_OCTETS, f"it has more than {MAX_OCTETS} octets")
    head = octets[:4096] if octets.isascii() or b"\0" not in octets[:4] else _decoded(octets)
    if (found := _DOCUMENT_TYPE.search(head)) is not None:
        raise ReadError(found.start(), "it declares a document type or entities")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ReadError(_offset(octets, line, column), f"it is no well-formed XML: {error.msg}") from None
    except (ValueError, LookupError, etree.LxmlError) as error:
        raise ReadError(0, f"it is no XML: {error}") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise ReadError(0, "it declares a document type or entities")
    return root


def _decoded(octets: bytes) -> bytes:
    """The head of a document in UTF-16 or UTF-32, with the zeros left out."""
    return octets[:16384].replace(b"\0", b"")


def _offset(octets: bytes, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        following = octets.find(b"\n", start) + 1
        if following == 0:
            break
        start = following
    return min(len(octets), start + max(0, column - 1))


def _collect(answer: etree._Element, found: _Found) -> None:
    for element in _children(answer):
        match _local(element):
            case "record":
                found.records.append(_record(element))
            case "header":
                found.headers.append(_header(element))
            case "set":
                descriptions = tuple(xml for each in element.findall(f"{_OAI}setDescription") for xml in _within(each))
                found.sets.append(Set(_inner(element, "setSpec"), _inner(element, "setName"), descriptions))
            case "metadataFormat":
                found.formats.append(
                    MetadataFormat(
                        _inner(element, "metadataPrefix"),
                        _inner(element, "schema"),
                        _inner(element, "metadataNamespace"),
                    )
                )
            case "resumptionToken":
                found.tokens.append(_token(element))


def _record(element: etree._Element) -> Record:
    head = element.find(f"{_OAI}header")
    metadata = element.find(f"{_OAI}metadata")
    within = _within(metadata) if metadata is not None else ()
    return Record(
        _header(head) if head is not None else Header("", ""),
        next(iter(within), None),
        tuple(xml for about in element.findall(f"{_OAI}about") for xml in _within(about)),
    )


def _header(element: etree._Element) -> Header:
    return Header(
        _inner(element, "identifier"),
        _inner(element, "datestamp"),
        tuple(_text(each) for each in element.findall(f"{_OAI}setSpec")),
        element.get("status", "").strip() == "deleted",
    )


def _token(element: etree._Element) -> Token:
    return Token(
        _text(element),
        element.get("expirationDate"),
        _number(element.get("completeListSize")),
        _number(element.get("cursor")),
    )


def _identification(element: etree._Element) -> Identification:
    return Identification(
        name=_inner(element, "repositoryName"),
        base_url=_inner(element, "baseURL"),
        protocol_version=_inner(element, "protocolVersion"),
        admin_emails=tuple(_text(each) for each in element.findall(f"{_OAI}adminEmail")),
        earliest=_inner(element, "earliestDatestamp"),
        deleted=_inner(element, "deletedRecord"),
        granularity=_inner(element, "granularity"),
        compressions=tuple(_text(each) for each in element.findall(f"{_OAI}compression")),
        descriptions=tuple(xml for each in element.findall(f"{_OAI}description") for xml in _within(each)),
    )


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str) and child.tag.startswith(_OAI))


def _within(element: etree._Element) -> tuple[bytes, ...]:
    """The elements inside, as octets that stand alone: the namespaces they use come along."""
    return tuple(
        etree.tostring(child, encoding="utf-8", with_tail=False) for child in element if isinstance(child.tag, str)
    )


def _local(element: etree._Element) -> str:
    return str(element.tag)[len(_OAI) :]


def _inner(element: etree._Element, name: str, namespace: str = _OAI) -> str:
    child = element.find(f"{namespace}{name}")
    return _text(child) if child is not None else ""


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() and len(text) < 20 else None


__all__ = [
    "Header",
    "Identification",
    "ReadError",
    "Record",
    "Response",
    "Token",
    "read_provenance",
    "read_response",
]
