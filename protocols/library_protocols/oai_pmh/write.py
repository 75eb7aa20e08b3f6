"""Responses as octets, in pieces that a server can send as they come: nothing here holds a list as a whole.

`opening` and `CLOSING` go around everything; a list is `list_opening`, records or headers, `resumption_token`,
`list_closing`. Text is escaped here; metadata and about are XML already and go in as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from library_protocols.oai_pmh.datestamps import Granularity, format_datestamp
from library_protocols.oai_pmh.facts import ARGUMENTS, ERRORS, NAMESPACES, Deleted, ErrorCode, Verb, schema_location
from library_protocols.oai_pmh.request import OaiError
from library_protocols.oai_pmh.syntax import escape

PROTOCOL_VERSION = "2.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CLOSING = b"</OAI-PMH>\n"
"""The end of every response."""

_ROOT = (
    f'<OAI-PMH xmlns="{NAMESPACES["oai_pmh"].uri}" xmlns:xsi="{XSI}" xsi:schemaLocation="{schema_location("oai_pmh")}">'
)


@dataclass(frozen=True, slots=True)
class MetadataFormat:
    """A format as ListMetadataFormats tells it."""

    prefix: str
    schema: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Set:
    """A set as ListSets tells it. `descriptions` are XML documents without declaration."""

    spec: str
    name: str
    descriptions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What Identify tells. `earliest` is in Unix seconds; `descriptions` are XML documents without declaration."""

    name: str
    base_url: str
    admin_emails: tuple[str, ...]
    earliest: int
    deleted: Deleted
    granularity: Granularity = Granularity.SECOND
    compressions: tuple[str, ...] = ()
    descriptions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was harvested: one step of its provenance, `before` the step before it.

    `harvested` and `datestamp` are texts as the protocol writes them; `altered`: the metadata was changed since.
    """

    base_url: str
    identifier: str
    datestamp: str
    namespace: str
    harvested: str
    altered: bool
    before: Origin | None = None


def opening(base_url: str, response_date: int, arguments: Mapping[str, str] | None = None) -> bytes:
    """The head of a response: declaration, root, responseDate (Unix seconds), request with its `arguments`."""
    names = ("verb", *ARGUMENTS)
    echo = "".join(f' {name}="{escape(arguments[name])}"' for name in names if name in arguments) if arguments else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{_ROOT}'
        f"<responseDate>{format_datestamp(response_date)}</responseDate>"
        f"<request{echo}>{escape(base_url)}</request>"
    ).encode()


def errors(
    base_url: str, response_date: int, found: Sequence[OaiError], arguments: Mapping[str, str] | None = None
) -> bytes:
    """A whole response of one or more errors. Arguments are echoed only where every error's code lets them be."""
    silent = any(ERRORS[ErrorCode(each.code)].silences for each in found)
    body = "".join(f'<error code="{escape(each.code)}">{escape(each.message)}</error>' for each in found)
    return opening(base_url, response_date, None if silent else arguments) + body.encode() + CLOSING


def list_opening(verb: Verb) -> bytes:
    """The start of a verb's element."""
    return f"<{verb.value}>".encode()


def list_closing(verb: Verb) -> bytes:
    """The end of a verb's element."""
    return f"</{verb.value}>".encode()


def header(identifier: str, datestamp: int, set_specs: Sequence[str] = (), *, deleted: bool = False) -> bytes:
    """One header. `datestamp` is in Unix seconds; seconds granularity."""
    return b"<header%b><identifier>%b</identifier>%b</header>" % (
        b' status="deleted"' if deleted else b"",
        escape(identifier).encode(),
        _facts_of_header(datestamp, tuple(set_specs)),
    )


@lru_cache(maxsize=8192)
def _facts_of_header(datestamp: int, set_specs: tuple[str, ...]) -> bytes:
    """What neighbours in a list share: a load gives thousands of records one second and the same few sets."""
    sets = "".join(f"<setSpec>{escape(spec)}</setSpec>" for spec in set_specs)
    return f"<datestamp>{format_datestamp(datestamp)}</datestamp>{sets}".encode()


def record(head: bytes, metadata: bytes | None, about: Iterable[bytes] = ()) -> bytes:
    """One record. `metadata` is one element with its own namespace declarations; None for a deleted record."""
    if metadata is None:
        return b"<record>%b</record>" % head
    tail = b"".join(b"<about>%b</about>" % each for each in about)
    return b"<record>%b<metadata>%b</metadata>%b</record>" % (head, metadata, tail)


def resumption_token(
    token: str, *, expires: int | None = None, complete_list_size: int | None = None, cursor: int | None = None
) -> bytes:
    """The element that ends an incomplete list, or with an empty `token` the last part of one. `expires` is in Unix
    seconds; `cursor` counts what the earlier parts held; a size of 0 cannot be told (X) and is left out."""
    attributes = ""
    if expires is not None:
        attributes += f' expirationDate="{format_datestamp(expires)}"'
    if complete_list_size:
        attributes += f' completeListSize="{complete_list_size}"'
    if cursor is not None:
        attributes += f' cursor="{cursor}"'
    return f"<resumptionToken{attributes}>{escape(token)}</resumptionToken>".encode()


def identify(identity: Identity) -> bytes:
    """The Identify element."""
    emails = "".join(f"<adminEmail>{escape(email)}</adminEmail>" for email in identity.admin_emails)
    compressions = "".join(f"<compression>{escape(name)}</compression>" for name in identity.compressions)
    body = (
        f"<repositoryName>{escape(identity.name)}</repositoryName><baseURL>{escape(identity.base_url)}</baseURL>"
        f"<protocolVersion>{PROTOCOL_VERSION}</protocolVersion>{emails}"
        f"<earliestDatestamp>{format_datestamp(identity.earliest, identity.granularity)}</earliestDatestamp>"
        f"<deletedRecord>{identity.deleted.value}</deletedRecord>"
        f"<granularity>{identity.granularity.value}</granularity>{compressions}"
    ).encode()
    described = b"".join(b"<description>%b</description>" % each for each in identity.descriptions)
    return b"<Identify>%b%b</Identify>" % (body, described)


def oai_identifier_description(repository: str, sample: str) -> bytes:
    """How this repository's identifiers are built, for Identify (G oai-identifier)."""
    return (
        f"<oai-identifier{_declared('oai_identifier')}><scheme>oai</scheme>"
        f"<repositoryIdentifier>{escape(repository)}</repositoryIdentifier><delimiter>:</delimiter>"
        f"<sampleIdentifier>{escape(sample)}</sampleIdentifier></oai-identifier>"
    ).encode()


def friends_description(base_urls: Sequence[str]) -> bytes:
    """Other repositories a harvester may like to know, for Identify (G friends)."""
    urls = "".join(f"<baseURL>{escape(url)}</baseURL>" for url in base_urls)
    return f"<friends{_declared('friends')}>{urls}</friends>".encode()


def metadata_formats(formats: Iterable[MetadataFormat]) -> bytes:
    """The ListMetadataFormats element."""
    body = "".join(
        f"<metadataFormat><metadataPrefix>{escape(each.prefix)}</metadataPrefix><schema>{escape(each.schema)}</schema>"
        f"<metadataNamespace>{escape(each.namespace)}</metadataNamespace></metadataFormat>"
        for each in formats
    )
    return f"<ListMetadataFormats>{body}</ListMetadataFormats>".encode()


def set_element(described: Set) -> bytes:
    """One set of ListSets."""
    extra = b"".join(b"<setDescription>%b</setDescription>" % each for each in described.descriptions)
    named = f"<setSpec>{escape(described.spec)}</setSpec><setName>{escape(described.name)}</setName>".encode()
    return b"<set>%b%b</set>" % (named, extra)


def provenance(origin: Origin) -> bytes:
    """Where a record was harvested, for `about` (G provenance)."""
    steps: list[Origin] = [origin]
    while (before := steps[-1].before) is not None:
        steps.append(before)
    opened = "".join(
        f'<originDescription harvestDate="{escape(step.harvested)}" altered="{"true" if step.altered else "false"}">'
        f"<baseURL>{escape(step.base_url)}</baseURL><identifier>{escape(step.identifier)}</identifier>"
        f"<datestamp>{escape(step.datestamp)}</datestamp>"
        f"<metadataNamespace>{escape(step.namespace)}</metadataNamespace>"
        for step in steps
    )
    closed = "</originDescription>" * len(steps)
    return f"<provenance{_declared('provenance')}>{opened}{closed}</provenance>".encode()


def _declared(name: str) -> str:
    return f' xmlns="{NAMESPACES[name].uri}" xmlns:xsi="{XSI}" xsi:schemaLocation="{schema_location(name)}"'


__all__ = [
    "CLOSING",
    "PROTOCOL_VERSION",
    "Identity",
    "MetadataFormat",
    "Origin",
    "Set",
    "errors",
    "friends_description",
    "header",
    "identify",
    "list_closing",
    "list_opening",
    "metadata_formats",
    "oai_identifier_description",
    "opening",
    "provenance",
    "record",
    "resumption_token",
    "set_element",
]
