"""Every form a record is given out in, as one table: names, namespace, schema, and how it is made.

OAI-PMH, SRU and Z39.50 read their formats, schemas and syntaxes here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.catalogue.forms import dublin_core, holdings, marc21, mods, plain, unimarc
from gateway.catalogue.forms.model import Description
from gateway.catalogue.records import CatalogueRecord, Format
from library_protocols.marc import NAMESPACE, from_marcxml, to_marcxml, write_iso2709
from library_protocols.marc.marcxml import START
from library_protocols.z3950.records import CircRecord

Items = Mapping[tuple[str, str], CircRecord]
"""What is known of items now, by barcode (`holdings.circulation` makes it)."""

_MARCXML_SCHEMA = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"
_LOCATED = START[:-1] + (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{NAMESPACE} {_MARCXML_SCHEMA}">'
).encode()  # fmt: skip
# ISO 25577:2013. In MARC21slim a record cannot say of which format it is: what is no MARC 21 is at home here.
_MARCXCHANGE = "info:lc/xmlns/marcxchange-v2"
_MARCXCHANGE_SCHEMA = "http://www.loc.gov/standards/iso25577/marcxchange-2-0.xsd"
_NAMES = {Format.MARC21: "MARC21", Format.UNIMARC: "UNIMARC"}
_KEPT = START + b"<leader>"  # the beginning of a record in the shape in which it is kept


class FormError(ValueError):
    """This record has no such form: it is deleted, of another MARC format, or what is stored of it is no MARCXML."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to give out a record.

    `prefix` is OAI-PMH's metadataPrefix, empty where the form is not harvested. `schemas` are the names and URIs by
    which SRU's recordSchema and Z39.50's element set names ask for it, the short name first and the URI that a
    response states second; empty where it is no XML. `schema` is the URL of the XSD, empty where there is none.
    `holdings`: what is held where is part of it, so that a record is to be read with its holdings. `marc`: the one
    format of MARC whose records have this form, None where all have.
    """

    name: str
    label: str
    render: Callable[[CatalogueRecord, Items | None], bytes]
    namespace: str = ""
    schema: str = ""
    prefix: str = ""
    schemas: tuple[str, ...] = ()
    holdings: bool = False
    marc: Format | None = None

    def fits(self, record: CatalogueRecord) -> bool:
        """Whether a record of this one's MARC format has the form."""
        return self.marc is None or self.marc is record.format

    @property
    def is_xml(self) -> bool:
        """Whether the bytes are one XML element, without declaration, in UTF-8."""
        return bool(self.schemas)

    @property
    def uri(self) -> str:
        """What a SRU response states as recordSchema."""
        return self.schemas[1]


def describe(record: CatalogueRecord) -> Description:
    """What the record says, from MARC 21 or UNIMARC. Raises FormError, or MarcError for what is no MARCXML."""
    marc = from_marcxml(_source(record))
    return unimarc.describe(marc) if record.format is Format.UNIMARC else marc21.describe(marc)


def _source(record: CatalogueRecord) -> bytes:
    if not record.marcxml:
        raise FormError(f"{record.member} {record.control} is deleted")
    return record.marcxml


def _marc21_source(record: CatalogueRecord) -> bytes:
    source = _source(record)
    if record.format is not Format.MARC21:
        raise FormError(f"{record.member} {record.control} is {_NAMES[record.format]}")
    return source


def _marcxml(record: CatalogueRecord, _items: Items | None) -> bytes:
    source = _marc21_source(record)
    return source.replace(START, _LOCATED, 1) if source.startswith(START) else source


def _marcxml_holdings(record: CatalogueRecord, _items: Items | None) -> bytes:
    _marc21_source(record)
    xml = holdings.marcxml_with_holdings(record)
    return _LOCATED + xml[len(START) :]


def _marcxchange(record: CatalogueRecord, _items: Items | None) -> bytes:
    source = _source(record)
    if not source.startswith(_KEPT):
        source = to_marcxml(from_marcxml(source))
    leader = source[len(_KEPT) : len(_KEPT) + 24]
    lengths, base = (leader[place : place + 5].replace(b" ", b"0") for place in (0, 12))  # digits here, never blank
    return b"".join((
        f'<record xmlns="{_MARCXCHANGE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{_MARCXCHANGE} {_MARCXCHANGE_SCHEMA}" '
        f'format="{_NAMES[record.format]}" type="Bibliographic"><leader>'.encode(),
        lengths, leader[5:12], base, source[len(_KEPT) + 17 :],
    ))  # fmt: skip


def _iso2709(unicode: bool) -> Callable[[CatalogueRecord, Items | None], bytes]:
    def render(record: CatalogueRecord, _items: Items | None) -> bytes:
        eight_bits = "iso-5426" if record.format is Format.UNIMARC else "marc-8"
        marc_format = "unimarc" if record.format is Format.UNIMARC else "marc21"
        return write_iso2709(from_marcxml(_source(record)), "utf-8" if unicode else eight_bits, marc_format).data

    return render


def _opacxml(record: CatalogueRecord, items: Items | None) -> bytes:
    _source(record)
    return holdings.opacxml(record, items)


_TABLE = (
    Form("marcxml", "MARCXML", _marcxml, NAMESPACE, _MARCXML_SCHEMA, "marc21",
         ("marcxml", "info:srw/schema/1/marcxml-v1.1", "marc21", "info:srw/schema/1/marcxml-v1.2", NAMESPACE),
         marc=Format.MARC21),
    Form("marcxml-holdings", "MARCXML with holdings", _marcxml_holdings, NAMESPACE, _MARCXML_SCHEMA,
         "marc21_withholdings", ("marcxml-holdings", "urn:library-gateway:marcxml-holdings", "marc21_withholdings"),
         holdings=True, marc=Format.MARC21),
    Form("marcxchange", "MarcXchange (MARC 21, UNIMARC)", _marcxchange, _MARCXCHANGE, _MARCXCHANGE_SCHEMA,
         "marcxchange", ("marcxchange", _MARCXCHANGE)),
    Form("oai_dc", "Dublin Core (OAI-PMH)", lambda record, _: dublin_core.oai_dc(describe(record)), dublin_core.OAI_DC,
         "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "oai_dc", ("oai_dc", dublin_core.OAI_DC)),
    Form("dc", "Dublin Core (SRU)", lambda record, _: dublin_core.srw_dc(describe(record)), dublin_core.SRW_DC,
         "http://www.loc.gov/standards/sru/recordSchemas/dc-schema.xsd", "",
         ("dc", "info:srw/schema/1/dc-v1.1", "srw_dc", dublin_core.SRW_DC)),
    Form("dcterms", "DCMI terms", lambda record, _: dublin_core.dcterms(describe(record)), dublin_core.QUALIFIED,
         "http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd", "dcterms",
         ("dcterms", dublin_core.QUALIFIED, "qdc")),
    Form("mods", "MODS 3.7", lambda record, _: mods.mods(describe(record), record), mods.NAMESPACE, mods.SCHEMA, "mods",
         ("mods", "info:srw/schema/1/mods-v3.7", "mods3", mods.NAMESPACE), holdings=True),
    Form("opac", "OPAC record in XML", _opacxml, "", "", "",
         ("opac", "http://www.indexdata.com/yaz/opacxml", "opacxml"), holdings=True),
    Form("iso2709", "MARC in ISO 2709, UTF-8", _iso2709(unicode=True)),
    Form("iso2709-marc8", "MARC in ISO 2709, MARC-8 (UNIMARC: ISO 5426)", _iso2709(unicode=False)),
    Form("sutrs", "Text, full", lambda record, _: plain.sutrs(describe(record), record.holdings), holdings=True),
    Form("sutrs-brief", "Text, brief", lambda record, _: plain.sutrs(describe(record), (), brief=True)),
)  # fmt: skip

FORMS: dict[str, Form] = {form.name: form for form in _TABLE}
"""By name."""
BY_PREFIX: dict[str, Form] = {form.prefix: form for form in _TABLE if form.prefix}
"""By OAI-PMH's metadataPrefix."""
BY_SCHEMA: dict[str, Form] = {schema.lower(): form for form in _TABLE for schema in form.schemas}
"""By each name and URI of a record schema, in small letters."""


def render(form: str, record: CatalogueRecord, items: Items | None = None) -> bytes:
    """The record in a form of FORMS. Raises FormError for a deleted record, KeyError for a form that is none."""
    return FORMS[form].render(record, items)
