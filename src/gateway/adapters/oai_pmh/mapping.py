"""Records of the catalogue as OAI-PMH shows them: identifiers, headers, metadata, provenance. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from gateway.catalogue.forms import BY_PREFIX
from gateway.catalogue.records import ALL, CatalogueRecord, Format
from library_protocols.oai_pmh import (
    FORMATS,
    Deleted,
    Identity,
    Origin,
    ReadError,
    header,
    oai_identifier,
    oai_identifier_description,
    provenance,
    read_provenance,
    record,
    split_oai_identifier,
)

COMPRESSIONS = ("gzip",)
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class OaiFormat:
    """A format of the door. `render` gives one element with its own namespace, UTF-8, without declaration; it may
    raise ValueError for a record that has no such form. `holdings`: it shows what is held where. `marc`: only records
    of this format of MARC have it."""

    prefix: str
    schema: str
    namespace: str
    render: Callable[[CatalogueRecord], bytes]
    holdings: bool = True
    marc: Format | None = None

    def fits(self, found: CatalogueRecord) -> bool:
        """Whether a record may be in a list of this format; a deleted one is in every list (2.5.1)."""
        return found.deleted or self.marc is None or self.marc is found.format

    @property
    def declared(self) -> bytes:
        """The attributes that say where the format's schema is, which a metadata element must carry (2.5)."""
        return _declared(self.namespace, self.schema)


@cache
def _declared(namespace: str, schema: str) -> bytes:
    return f' xmlns:xsi="{_XSI}" xsi:schemaLocation="{namespace} {schema}"'.encode()


def catalogue_formats() -> tuple[OaiFormat, ...]:
    """The forms of a record that can be harvested; the one that every repository must have comes first."""
    forms = sorted(BY_PREFIX.values(), key=lambda form: form.prefix not in FORMATS)
    return tuple(
        OaiFormat(form.prefix, form.schema, form.namespace, _without_items(form.render), form.holdings, form.marc)
        for form in forms
    )


def _without_items(render: Callable[[CatalogueRecord, None], bytes]) -> Callable[[CatalogueRecord], bytes]:
    """What is on loan just now is no part of a harvested record: it changes without a change of the record."""
    return lambda found: render(found, None)


@dataclass(frozen=True, slots=True)
class OaiSettings:
    """What the configuration says about this door.

    `names` are the names of the views. `base_url` is scheme and host as harvesters reach them; None: as they asked.
    `old_deletions`: a list without `from` holds deletions from before it began. `page_records` counts the records of a
    page, `list_requests` the lists written at once, `token_days` how long a token leads on.
    """

    names: Mapping[str, str]
    admin_emails: tuple[str, ...]
    repository_identifier: str
    base_url: str | None = None
    old_deletions: bool = True
    page_records: int = 200
    list_requests: int = 16
    token_days: int = 30

    @property
    def emails(self) -> tuple[str, ...]:
        """Whom to write to: the standard wants at least one address."""
        return self.admin_emails or (f"postmaster@{self.repository_identifier}",)


def identity(
    settings: OaiSettings, view: str, base_url: str, earliest: int, example: CatalogueRecord | None
) -> Identity:
    """What Identify tells of a view. `earliest` is its earliest datestamp in Unix seconds, `example` one of its records
    where it has any."""
    repository = settings.repository_identifier
    sample = identifier_of(repository, view, example) if example else oai_identifier(repository, view, "1")
    return Identity(
        name=settings.names[view],
        base_url=base_url,
        admin_emails=settings.emails,
        earliest=earliest,
        deleted=Deleted.PERSISTENT,
        compressions=COMPRESSIONS,
        descriptions=(oai_identifier_description(repository, sample),),
    )


def identifier_of(repository: str, view: str, found: CatalogueRecord) -> str:
    """The identifier of a record in a view: by control number, in the consortium's by the shared bib's number."""
    return oai_identifier(repository, view, str(found.shared) if view == ALL else found.control)


def local_identifier(repository: str, view: str, identifier: str) -> str | None:
    """What the catalogue knows an identifier of this view by; None for any other identifier."""
    parts = split_oai_identifier(identifier, repository, 2)
    return parts[1] if parts is not None and parts[0] == view else None


def header_of(repository: str, view: str, found: CatalogueRecord) -> bytes:
    """The record's header."""
    return header(identifier_of(repository, view, found), found.datestamp, found.sets, deleted=found.deleted)


def record_of(repository: str, view: str, found: CatalogueRecord, form: OaiFormat) -> bytes:
    """The record in a format, or its header alone where it is deleted. Raises ValueError as the format does."""
    head = header_of(repository, view, found)
    if found.deleted:
        return record(head, None)
    metadata = located(form.render(found), form.declared)
    return record(head, metadata, about(found, form))


def located(xml: bytes, declared: bytes) -> bytes:
    """`xml` with `declared` among the attributes of its root, unless the root says where its schema is."""
    end = xml.index(b">")
    if xml.find(b"schemaLocation", 0, end) >= 0:
        return xml
    if xml.find(b"xmlns:xsi=", 0, end) >= 0:
        declared = declared[declared.index(b" xsi:") :]
    if xml[end - 1 : end] == b"/":
        end -= 1
    return b"%b%b%b" % (xml[:end], declared, xml[end:])


def about(found: CatalogueRecord, form: OaiFormat) -> tuple[bytes, ...]:
    """Where a harvested record came from; nothing for the others. Given in any form but that in which it came, it is
    altered (G provenance)."""
    source = found.provenance
    if source is None:
        return ()
    try:
        before = read_provenance(source.chain.encode()) if source.chain else None
    except ReadError:
        before = None  # what came with the record cannot be read: our own step is told all the same
    origin = Origin(
        source.base_url,
        source.identifier,
        source.datestamp,
        source.metadata_namespace,
        source.harvested_at,
        source.altered or form.holdings or form.namespace != source.metadata_namespace,
        before,
    )
    return (provenance(origin),)


__all__ = [
    "COMPRESSIONS",
    "OaiFormat",
    "OaiSettings",
    "about",
    "catalogue_formats",
    "header_of",
    "identifier_of",
    "identity",
    "local_identifier",
    "located",
    "record_of",
]
