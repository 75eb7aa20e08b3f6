"""The table that every door reads, plain text and ISO 2709, and schemas for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.forms import BY_PREFIX, BY_SCHEMA, FORMS, FormError, render
from gateway.catalogue.forms.dublin_core import QUALIFIED
from gateway.catalogue.records import CatalogueRecord, Format
from library_protocols.marc import Cutter, DataField, MarcError, Record, from_marcxml, read, to_marcxml
from tests.gateway.catalogue.forms.records import HOLDINGS, LEADER, MARC21, UNIMARC, catalogue_record, field
from tests.oai_schemas import marcxchange

XSI = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
# The catalogue of the data folder is for libxml2's own resolver; these are the references that its schemas make.
PLACES = {
    "http://www.w3.org/2001/03/xml.xsd": "oai/xml.xsd",
    "http://www.w3.org/2001/xml.xsd": "oai/xml.xsd",
    "http://www.loc.gov/mods/xml.xsd": "mods/xml.xsd",
    "http://www.loc.gov/standards/xlink/xlink.xsd": "mods/xlink.xsd",
    "http://dublincore.org/schemas/xmls/simpledc20021212.xsd": "oai/simpledc20021212.xsd",
}
# The DCMI's own way to a container: an application's namespace that includes the schema, which has none.
QUALIFIED_SCHEMA = (
    f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{QUALIFIED}" '
    'elementFormDefault="qualified"><xs:include schemaLocation="qualifieddc.xsd"/></xs:schema>'
)
SCHEMAS = {
    "marcxml": "marc/MARC21slim.xsd",
    "marcxml-holdings": "marc/MARC21slim.xsd",
    "oai_dc": "oai/oai_dc.xsd",
    "mods": "mods/mods-3-7.xsd",
    "opac": "opac/opacxml.xsd",
    "dcterms": "",
    "marcxchange": "",
}


class Offline(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, system_url: str, public_id: str, context: object) -> object:
        if system_url in PLACES:
            return self.resolve_filename(str(self.folder / PLACES[system_url]), context)
        assert not system_url.startswith("http"), system_url
        return None


@pytest.fixture(scope="module")
def schemas(shared_data: Callable[[str], Path]) -> dict[str, etree.XMLSchema]:
    folder = shared_data("schemas")
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Offline(folder))
    made = {name: etree.XMLSchema(etree.parse(str(folder / path), parser)) for name, path in SCHEMAS.items() if path}
    qualified = etree.fromstring(QUALIFIED_SCHEMA.encode(), parser, base_url=str(folder / "dc" / "application.xsd"))
    exchanged = etree.XMLSchema(etree.fromstring(marcxchange(folder).encode()))
    return made | {"dcterms": etree.XMLSchema(qualified), "marcxchange": exchanged}


def assert_valid(schemas: dict[str, etree.XMLSchema], record: CatalogueRecord) -> None:
    for name, schema in schemas.items():
        if not FORMS[name].fits(record):
            continue
        xml = render(name, record)
        assert schema.validate(etree.fromstring(xml)), (name, record.control, schema.error_log.last_error)


@pytest.mark.parametrize("record", [MARC21, UNIMARC, Record(LEADER, (("001", "1"),), ())])
def test_forms_are_valid(schemas: dict[str, etree.XMLSchema], record: Record) -> None:
    assert_valid(schemas, catalogue_record(record))


def test_forms_of_real_records_are_valid(
    schemas: dict[str, etree.XMLSchema], shared_data: Callable[[str], Path]
) -> None:
    """The first three of every file: 680 files of forty origins."""
    rendered = 0
    for path in sorted(shared_data("marc").iterdir()):
        if path.suffix == ".tsv":
            continue
        cutter = Cutter()
        for cut in (*cutter.feed(path.read_bytes()), *cutter.close())[:3]:
            try:
                parsed = read(cut.data)
            except MarcError:
                continue
            record = CatalogueRecord(
                1, "a", "1", 1, Format(parsed.format), to_marcxml(parsed.record), 0, holdings=HOLDINGS
            )
            assert_valid(schemas, record)
            for name in ("dc", "sutrs", "sutrs-brief", "iso2709", "iso2709-marc8"):
                assert render(name, record)
            rendered += 1
    assert rendered > 900


def test_xml_forms_are_in_their_namespace_and_say_where_the_schema_is() -> None:
    for form in FORMS.values():
        if not form.is_xml:
            continue
        root = etree.fromstring(form.render(catalogue_record(MARC21), None))
        assert (etree.QName(root).namespace or "") == form.namespace
        if form.schema:
            assert root.get(XSI) == f"{form.namespace} {form.schema}"


def test_names_lead_to_one_form_each() -> None:
    assert set(BY_PREFIX) == {"oai_dc", "marc21", "marc21_withholdings", "marcxchange", "mods", "dcterms"}
    assert BY_SCHEMA["marcxml"] is BY_SCHEMA["info:srw/schema/1/marcxml-v1.1"] is FORMS["marcxml"]
    assert len(BY_SCHEMA) == sum(len(form.schemas) for form in FORMS.values())
    assert FORMS["dc"].uri == "info:srw/schema/1/dc-v1.1"
    assert {form.name for form in FORMS.values() if not form.is_xml} == {
        "iso2709", "iso2709-marc8", "sutrs", "sutrs-brief",
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_deleted_record_has_no_form(form: str) -> None:
    with pytest.raises(FormError):
        render(form, replace(catalogue_record(MARC21), marcxml=b"", deleted=True))


def test_marcxml_is_the_stored_record() -> None:
    assert from_marcxml(render("marcxml", catalogue_record(MARC21))) == MARC21


@pytest.mark.parametrize("form", FORMS)
def test_only_marc21_has_the_forms_that_mean_marc21(form: str) -> None:
    """In MARC21slim nobody sees that a record is UNIMARC, where 700 is who wrote it and 200 the title."""
    record = catalogue_record(UNIMARC)
    assert FORMS[form].fits(record) is (form not in ("marcxml", "marcxml-holdings"))
    if FORMS[form].fits(record):
        assert render(form, record)
    else:
        with pytest.raises(FormError, match="UNIMARC"):
            render(form, record)


@pytest.mark.parametrize(("record", "name"), [(MARC21, "MARC21"), (UNIMARC, "UNIMARC")])
def test_marcxchange_says_which_marc_it_is(record: Record, name: str) -> None:
    xml = render("marcxchange", catalogue_record(record))
    root = etree.fromstring(xml)
    assert (root.get("format"), root.get("type")) == (name, "Bibliographic")
    parsed = read(xml, source="marcxml")
    assert (parsed.record, parsed.format) == (record, name.lower())


def test_marcxchange_has_digits_where_lengths_are_blank(schemas: dict[str, etree.XMLSchema]) -> None:
    record = Record("     nam a22      a 4500", (("001", "1"),), (field("245", "10", "$aT"),))
    assert_valid(schemas, catalogue_record(record))
    spread = to_marcxml(record).replace(b"><", b">\n<")
    stored = replace(catalogue_record(record), marcxml=spread)
    assert render("marcxchange", stored) == render("marcxchange", catalogue_record(record))
    assert b"<leader>00000nam a2200000 a 4500<" in render("marcxchange", stored)


def test_iso2709_in_both_charsets() -> None:
    utf8 = read(render("iso2709", catalogue_record(MARC21)))
    marc8 = read(render("iso2709-marc8", catalogue_record(MARC21)))
    assert (utf8.encoding, marc8.encoding) == ("utf-8", "marc-8")
    assert utf8.record.data == marc8.record.data == list(MARC21.data)
    unimarc = read(render("iso2709-marc8", catalogue_record(UNIMARC)))
    assert (unimarc.encoding, unimarc.format, unimarc.repairs) == ("iso-5426", "unimarc", ())


def test_text_for_people() -> None:
    lines = render("sutrs", catalogue_record(MARC21)).decode().splitlines()
    assert lines[:6] == [
        "Title: The history of Wales : a short <account>",
        "Title: История Уэльса",
        "Author: Jones, J. Graham, 1943-",
        "Author: Davies, Ann",
        "Author: Wales. National Assembly",
        "Author: Джонс, Дж.",
    ]
    assert "Held by: aber / Hugh Owen / DA714 .J66" in lines
    assert lines[-1] == "Record: b42"
    brief = render("sutrs-brief", catalogue_record(MARC21)).decode()
    assert "Title:" in brief
    assert "Subject:" not in brief


def test_long_lines_are_folded_and_line_ends_in_text_are_not_lines() -> None:
    note = " ".join(["word"] * 60) + "\nInjected: line"
    record = Record(LEADER, (("001", "1"),), (field("245", "10", "$aT"), DataField("520", "  ", (("a", note),))))
    lines = render("sutrs", catalogue_record(record, ())).decode().splitlines()
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith("Injected") for line in lines)
    unbroken = Record(LEADER, (("001", "1"),), (DataField("520", "  ", (("a", "x" * 300),)),))
    assert "x" * 300 in render("sutrs", catalogue_record(unbroken, ())).decode()


@pytest.mark.parametrize("form", FORMS)
def test_holdings_are_wanted_where_they_show(form: str) -> None:
    """Doors read records without holdings for the other forms."""
    held = catalogue_record(MARC21)
    assert held.holdings
    assert FORMS[form].holdings is (render(form, held) != render(form, replace(held, holdings=())))
