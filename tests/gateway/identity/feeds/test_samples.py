"""Files and answers as other systems really write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.config.identity import AlmaXmlFeedConfig, CsvFeedConfig, JsonFeedConfig, SoapFeedConfig
from gateway.identity.feeds.alma_xml import AlmaXmlFeed
from gateway.identity.feeds.csv_people import CsvFeed
from gateway.identity.feeds.json_people import JsonFeed
from gateway.identity.feeds.port import FeedError
from gateway.identity.feeds.wsdl import Service
from tests.gateway.identity.feeds.http_double import Answered, serving
from tests.gateway.identity.feeds.reading import run

Shared = Callable[[str], Path]


async def test_patrons_of_a_consortium_as_csv(shared_data: Shared, tmp_path: Path) -> None:
    rows = shared_data("identity/alma_patron_sample.csv").read_text(encoding="utf-8")
    names = "id,first,middle,last,gender,group,campus,status,street,line2,city,state,zip,country,mail,phone,card"
    (tmp_path / "patrons.csv").write_text(f"{names}\n{rows.rstrip()}\n", encoding="utf-8")
    said = {"kind": "csv", "name": "a", "folder": tmp_path, "source_id": "id"}
    found = await run(CsvFeed(CsvFeedConfig.model_validate(said)))
    assert found.ended.complete
    assert found.bad == []
    assert found.records[0].attributes["line2"] == ["Dorm A, Floor 99"]


async def test_alma_answering_with_an_error_is_no_file_of_people(shared_data: Shared, tmp_path: Path) -> None:
    error = shared_data("identity/alma_concurrent_threshold_error.xml").read_bytes()
    (tmp_path / "users.xml").write_bytes(error)
    with pytest.raises(FeedError, match="its root is not `users`"):
        await run(AlmaXmlFeed(AlmaXmlFeedConfig.model_validate({"kind": "alma-xml", "name": "a", "folder": tmp_path})))


async def test_users_as_folio_takes_them(shared_data: Shared) -> None:
    users = shared_data("identity/folio_userdataimportCollection.json").read_bytes()
    with serving(lambda _: Answered(users)) as double:
        said = {"kind": "json", "name": "a", "url": double.url, "records": "users", "source_id": "externalSystemId"}
        found = await run(JsonFeed(JsonFeedConfig.model_validate(said)))
    assert found.ended.complete
    (user,) = found.records
    assert user.source_id == "111_112"
    assert user.attributes["personal.lastName"] == ["Handey"]
    assert user.attributes["personal.addresses.city"] == ["Budapest"]
    assert user.attributes["personal.addresses.addressLine2"] == []
    assert user.attributes["departments"] == ["Accounting", "Finance", "Chemistry"]
    assert user.attributes["active"] == ["true"]


async def test_a_wsdl_with_its_schema_in_itself(shared_data: Shared) -> None:
    said = {
        "kind": "soap",
        "name": "a",
        "wsdl": shared_data("identity/zeep_soap.wsdl"),
        "operation": "GetLastTradePrice",
        "records": "price",
        "authentication": "none",
    }
    service = Service(SoapFeedConfig.model_validate(said))
    message = await service.message({"tickerSymbol": "<&>", "country": {"name": "W", "code": "CY"}})
    assert message.address == "http://example.com/stockquote"
    assert message.headers["SOAPAction"] == '"http://example.com/GetLastTradePrice"'
    assert etree.fromstring(message.content).findtext(".//{*}tickerSymbol") == "<&>"


RPC = """<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:tns="urn:old" xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:old">
  <types><xsd:schema targetNamespace="urn:old"><xsd:complexType name="People"><xsd:sequence>
    <xsd:element name="Person" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>
      <xsd:element name="Id" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType></xsd:schema></types>
  <message name="Ask"><part name="page" type="xsd:int"/></message>
  <message name="Tell"><part name="return" type="tns:People"/></message>
  <portType name="T"><operation name="list">
    <input message="tns:Ask"/><output message="tns:Tell"/></operation></portType>
  <binding name="B" type="tns:T"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="list"><soap:operation soapAction=""/><input><soap:body use="literal" namespace="urn:old"/></input>
      <output><soap:body use="literal" namespace="urn:old"/></output></operation></binding>
  <service name="S"><port name="P" binding="tns:B"><soap:address location="https://x.example/"/></port></service>
</definitions>"""


@pytest.mark.parametrize("strict", [True, False])
async def test_an_old_service_in_rpc_style(tmp_path: Path, strict: bool) -> None:
    (tmp_path / "old.wsdl").write_text(RPC)
    said = {"kind": "soap", "name": "a", "wsdl": tmp_path / "old.wsdl", "operation": "list", "records": "return.Person"}
    service = Service(SoapFeedConfig.model_validate({**said, "authentication": "none", "strict": strict}))
    message = await service.message({"page": "1"})
    assert etree.fromstring(message.content).findtext(".//{urn:old}list/page") == "1"
    answer = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:listResponse xmlns:n="urn:old">'
        "<return><Person><Id>1</Id></Person></return></n:listResponse></e:Body></e:Envelope>"
    )
    assert service.body(answer.encode()).findtext("return/Person/Id") == "1"
