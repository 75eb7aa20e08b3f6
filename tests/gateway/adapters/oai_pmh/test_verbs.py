"""The six verbs: what each answers, and with which errors, every answer valid against the schemas."""

from __future__ import annotations

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.records import Format, Provenance
from library_protocols.oai_pmh import Origin, provenance, read_provenance
from tests.gateway.adapters.oai_pmh.conftest import SLIM, Asked


def codes(response: object) -> list[str]:
    return [error.code for error in response.errors]  # type: ignore[attr-defined]


async def test_identify(asked: Asked) -> None:
    asked.shelf.put("aber", "0", deleted=True)
    asked.shelf.put("aber", "b7")
    asked.shelf.now += 500
    found = await asked.ask("Identify")
    told = found.identification
    assert told is not None
    assert (told.name, told.base_url, told.protocol_version) == (
        "Aberystwyth",
        "http://library.example/oai/aber",
        "2.0",
    )
    assert (told.earliest, told.deleted, told.granularity) == (
        "2023-11-14T22:13:20Z",
        "persistent",
        "YYYY-MM-DDThh:mm:ssZ",
    )
    assert (told.admin_emails, told.compressions) == (("post@demo.example",), ("gzip",))
    assert b">oai:demo.example:aber:b7<" in told.descriptions[0]
    assert found.response_date == "2023-11-14T22:21:40Z"


async def test_the_consortium_has_a_door_of_its_own(asked: Asked) -> None:
    asked.shelf.put("aber", "1")
    asked.shelf.put("bangor", "1")
    told = (await asked.ask("Identify", "/oai")).identification
    assert told is not None
    assert (told.name, told.base_url) == ("Everything", "http://library.example/oai")
    assert told.earliest == "2023-11-14T22:13:20Z"
    assert b">oai:demo.example:all:1001<" in told.descriptions[0]
    records = (await asked.ask("ListRecords", "/oai", metadataPrefix="oai_dc")).records
    assert [r.header.identifier for r in records] == ["oai:demo.example:all:1001", "oai:demo.example:all:1002"]


async def test_an_empty_catalogue_is_a_repository_too(asked: Asked) -> None:
    told = (await asked.ask("Identify")).identification
    assert told is not None
    assert told.earliest == "2023-11-14T22:13:20Z"
    assert b">oai:demo.example:aber:1<" in told.descriptions[0]
    assert codes(await asked.ask("ListRecords", metadataPrefix="oai_dc")) == ["noRecordsMatch"]
    assert codes(await asked.ask("ListSets")) == ["noSetHierarchy"]
    assert codes(await asked.ask("ListRecords", metadataPrefix="oai_dc", set="a")) == ["noSetHierarchy"]


async def test_a_set_that_is_not_there_is_named(asked: Asked) -> None:
    asked.shelf.put("aber", "1", sets=("map:old",))
    for unknown in ("maps", "map:new", "map:old:er", "ma"):
        [error] = (await asked.ask("ListRecords", metadataPrefix="oai_dc", set=unknown)).errors
        assert (error.code, error.message) == ("noRecordsMatch", f"this repository has no set {unknown}")
    for known in ("map", "map:old"):
        [error] = (await asked.ask("ListRecords", metadataPrefix="oai_dc", set=known, until="1990-01-01")).errors
        assert (error.code, error.message) == ("noRecordsMatch", "there are no such records")


async def test_formats(asked: Asked) -> None:
    asked.shelf.put("aber", "1")
    everything = ["oai_dc", "marc21", "marc21_withholdings"]
    assert [each.prefix for each in (await asked.ask("ListMetadataFormats")).formats] == everything
    of_item = await asked.ask("ListMetadataFormats", identifier="oai:demo.example:aber:1")
    assert [each.prefix for each in of_item.formats] == everything
    assert codes(await asked.ask("ListMetadataFormats", identifier="oai:demo.example:aber:2")) == ["idDoesNotExist"]


async def test_formats_of_a_record_are_those_it_can_be_given_in(asked: Asked) -> None:
    name = "oai:demo.example:aber:1"

    async def formats() -> list[str]:
        return [each.prefix for each in (await asked.ask("ListMetadataFormats", identifier=name)).formats]

    asked.shelf.put("aber", "1", marc=Format.UNIMARC)
    assert await formats() == ["oai_dc"]
    for prefix in ("marc21", "marc21_withholdings"):
        refused = await asked.ask("GetRecord", metadataPrefix=prefix, identifier=name)
        assert codes(refused) == ["cannotDisseminateFormat"]
    asked.shelf.put("aber", "1", "cannot be")
    assert await formats() == ["marc21", "marc21_withholdings"]
    asked.shelf.put("aber", "1", "cannot be", marc=Format.UNIMARC)
    assert codes(await asked.ask("ListMetadataFormats", identifier=name)) == ["noMetadataFormats"]
    asked.shelf.put("aber", "1", deleted=True, marc=Format.UNIMARC)
    assert await formats() == ["oai_dc", "marc21", "marc21_withholdings"]


async def test_sets(asked: Asked) -> None:
    asked.shelf.put("aber", "1", sets=("format:book",))
    found = (await asked.ask("ListSets")).sets
    assert [each.spec for each in found] == ["format", "format:book"]
    assert codes(await asked.ask("ListSets", resumptionToken="x")) == ["badResumptionToken"]


async def test_get_record(asked: Asked) -> None:
    asked.shelf.put("aber", "a b/ŵ", sets=("format:book",))
    listed = (await asked.ask("ListIdentifiers", metadataPrefix="marc21")).headers[0]
    found = (await asked.ask("GetRecord", metadataPrefix="marc21", identifier=listed.identifier)).records[0]
    assert found.header == listed
    assert listed.set_specs == ("format:book",)
    assert found.metadata is not None
    root = etree.fromstring(found.metadata)
    assert root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation").split()[0] == root.nsmap[None]
    assert root[1].text == "a b/ŵ"


@pytest.mark.parametrize(
    ("identifier", "prefix", "code"),
    [
        ("oai:demo.example:aber:2", "oai_dc", "idDoesNotExist"),
        ("oai:demo.example:bangor:1", "oai_dc", "idDoesNotExist"),
        ("oai:demo.example:all:1001", "oai_dc", "idDoesNotExist"),
        ("oai:other.example:aber:1", "oai_dc", "idDoesNotExist"),
        ("http://library.example/", "oai_dc", "idDoesNotExist"),
        ("oai:demo.example:aber:1", "ead", "cannotDisseminateFormat"),
        ("oai:demo.example:aber:odd", "oai_dc", "cannotDisseminateFormat"),
        ('invalid"id', "oai_dc", "badArgument"),
    ],
)
async def test_records_that_cannot_be_had(asked: Asked, identifier: str, prefix: str, code: str) -> None:
    asked.shelf.put("aber", "1")
    asked.shelf.put("bangor", "1")
    asked.shelf.put("aber", "odd", "cannot be")
    assert codes(await asked.ask("GetRecord", metadataPrefix=prefix, identifier=identifier)) == [code]


async def test_a_deleted_record_is_a_header(asked: Asked) -> None:
    asked.shelf.put("aber", "1")
    asked.shelf.now += 10
    asked.shelf.put("aber", "1", deleted=True)
    found = (await asked.ask("GetRecord", metadataPrefix="oai_dc", identifier="oai:demo.example:aber:1")).records[0]
    assert (found.header.deleted, found.header.datestamp, found.metadata) == (True, "2023-11-14T22:13:30Z", None)


async def test_provenance_of_what_was_harvested(asked: Asked) -> None:
    first_home = Origin("http://b.example/oai", "oai:b.example:1", "2000-01-01", "urn:y", "2001-01-01", altered=True)
    asked.shelf.put(
        "aber",
        "1",
        provenance=Provenance(
            "http://a.example/oai", "oai:a.example:1", "2020-01-01", SLIM, "2021-01-01T00:00:00Z",
            chain=provenance(first_home).decode(),
        ),
    )  # fmt: skip
    asked.shelf.put(
        "aber", "2", provenance=Provenance("http://a.example/oai", "oai:a.example:2", "", "", "", chain="<")
    )
    found = await asked.ask("ListRecords", metadataPrefix="marc21")
    origins = [read_provenance(record.about[0]) for record in found.records]
    assert origins[0] is not None
    assert (origins[0].identifier, origins[0].altered, origins[0].before) == ("oai:a.example:1", False, first_home)
    assert origins[1] is not None
    assert (origins[1].identifier, origins[1].before) == ("oai:a.example:2", None)


@pytest.mark.parametrize(
    ("prefix", "repaired", "altered"),
    [("marc21", False, False), ("marc21", True, True), ("oai_dc", False, True), ("marc21_withholdings", False, True)],
)
async def test_what_is_not_given_as_it_came_is_altered(
    asked: Asked, prefix: str, repaired: bool, altered: bool
) -> None:
    came = Provenance("http://a.example/oai", "oai:a.example:1", "2020-01-01", SLIM, "2021-01-01", altered=repaired)
    asked.shelf.put("aber", "1", provenance=came)
    found = await asked.ask("GetRecord", metadataPrefix=prefix, identifier="oai:demo.example:aber:1")
    origin = read_provenance(found.records[0].about[0])
    assert origin is not None
    assert (origin.altered, origin.namespace) == (altered, SLIM)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("junk", "badVerb"),
        ("verb=junk", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=junk", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-05&until=2002-02-06T05:35:00Z", "badArgument"),
        ("verb=ListRecords&resumptionToken=junk", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=junk&until=2000-02-05", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=1990-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=no-such-set", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=ead", "cannotDisseminateFormat"),
        ("verb=" + "%3Cscript%3E%00%ED%A0%80", "badArgument"),
    ],
)
async def test_errors_by_get_and_by_post(asked: Asked, query: str, code: str) -> None:
    asked.shelf.put("aber", "1", sets=("a",))
    got = await asked.client.get(f"/oai/aber?{query}")
    posted = await asked.client.post(
        "/oai/aber", content=query, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    asked.valid(got.content)
    assert got.content == posted.content
    assert f'<error code="{code}">'.encode() in got.content
    if code in ("badVerb", "badArgument"):
        assert b"<request>" in got.content
