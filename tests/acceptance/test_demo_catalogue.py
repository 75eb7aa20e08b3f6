"""The demo's catalogue behind its three doors: what the contract promises, in every library."""

from __future__ import annotations

import shutil
import subprocess

import httpx
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from tests.acceptance.consortium import LIBRARIES, Library
from tests.acceptance.nodes import Process
from tests.presence import missing

every_library = pytest.mark.parametrize("library", LIBRARIES, ids=str)
OAI = {"o": "http://www.openarchives.org/OAI/2.0/"}
SRW = {"z": "http://www.loc.gov/zing/srw/", "m": "http://www.loc.gov/MARC21/slim"}
TITLES = 1691  # of the whole consortium, each held by several


def ask(demo: Process, path: str, **arguments: str) -> etree._Element:
    answer = httpx.get(f"http://127.0.0.1:{demo.ports['http']}{path}", params=arguments, timeout=30)
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


def found(demo: Process, view: str, query: str, records: int = 0) -> etree._Element:
    path = f"/sru/{view}" if view else "/sru"
    told = {"operation": "searchRetrieve", "version": "1.2", "query": query, "maximumRecords": str(records)}
    return ask(demo, path, **told)


def count(answer: etree._Element) -> int:
    return int(answer.findtext("z:numberOfRecords", namespaces=SRW) or -1)


@every_library
def test_every_library_has_titles_with_wales_in_them_one_by_an_author_with_j(demo: Process, library: Library) -> None:
    assert count(found(demo, library.code, "dc.title=wales")) >= 3
    one = found(demo, library.code, "dc.title=wales and dc.creator=J*", records=1)
    assert count(one) >= 1
    (heading,) = one.xpath("//m:datafield[@tag='100']/m:subfield[@code='a']", namespaces=SRW)
    assert heading.text.startswith("J")


@every_library
def test_every_library_has_a_thousand_records_and_some_in_welsh(demo: Process, library: Library) -> None:
    every = count(found(demo, library.code, "cql.allRecords=1"))
    welsh = count(found(demo, library.code, "dc.language=wel"))
    assert every >= 1000
    assert 0 < welsh < every
    listed = ask(demo, f"/oai/{library.code}", verb="ListIdentifiers", metadataPrefix="oai_dc", set="welsh")
    token = listed.find(".//o:resumptionToken", namespaces=OAI)
    size = int(token.get("completeListSize")) if token is not None else len(listed.findall(".//o:header", OAI))
    assert size == welsh


@every_library
def test_identifiers_are_the_contracts(demo: Process, library: Library) -> None:
    listed = ask(demo, f"/oai/{library.code}", verb="ListIdentifiers", metadataPrefix="oai_dc")
    names = [header.text for header in listed.iterfind(".//o:identifier", OAI)]
    assert names
    assert all(name.startswith(f"oai:demo.example:{library.code}:") for name in names)
    one = ask(demo, f"/oai/{library.code}", verb="GetRecord", metadataPrefix="marc21", identifier=names[0])
    assert one.findtext(".//m:controlfield[@tag='001']", namespaces=SRW) == names[0].rpartition(":")[2]


@every_library
def test_records_have_holdings_and_say_what_is_there_now(demo: Process, library: Library) -> None:
    told = {"operation": "searchRetrieve", "version": "1.2", "recordSchema": "opac", "maximumRecords": "1"}
    answer = ask(demo, f"/sru/{library.code}", query="rec.id=990000000001", **told)
    codes = {element.text for element in answer.iter("{*}nucCode")}
    assert codes == {library.code.upper()}
    assert [element.get("value") for element in answer.iter("{*}availableNow")]


def test_the_consortium_shows_a_title_once_with_the_holdings_of_all(demo: Process) -> None:
    assert count(found(demo, "", "cql.allRecords=1")) == TITLES
    told = {"operation": "searchRetrieve", "version": "1.2", "recordSchema": "opac", "maximumRecords": "1"}
    answer = ask(demo, "/sru", query='dc.title="A short history of Wales"', **told)
    assert count(answer) == 1
    assert {element.text for element in answer.iter("{*}nucCode")} == {library.code.upper() for library in LIBRARIES}
    items = [element.text for element in answer.iter("{*}itemId")]
    assert {item[1:3] for item in items} == {f"{number:02d}" for number in range(1, 12)}


def test_a_full_harvest_of_the_consortium_gives_every_title_once(demo: Process) -> None:
    arguments = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
    seen: list[str] = []
    for _ in range(100):
        page = ask(demo, "/oai", **arguments)
        seen += [found.text for found in page.iterfind(".//o:header/o:identifier", OAI)]
        token = page.findtext(".//o:resumptionToken", namespaces=OAI)
        if not token:
            break
        arguments = {"verb": "ListRecords", "resumptionToken": token}
    assert len(seen) == len(set(seen)) == TITLES


@every_library
def test_z3950_answers_as_sru_does(demo: Process, library: Library) -> None:
    zoomsh = shutil.which("zoomsh")
    if zoomsh is None:
        missing("zoomsh is not installed")
    target = f"127.0.0.1:{demo.ports['z3950']}/{library.code}"
    answer = subprocess.run(
        [zoomsh, f"open {target}", "find @and @attr 1=4 wales @attr 1=1003 @attr 5=1 J", "show 0 1", "quit"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    expected = count(found(demo, library.code, "dc.title=wales and dc.creator=J*"))
    assert f"{expected} hits" in answer.stdout
    assert "245 " in answer.stdout
