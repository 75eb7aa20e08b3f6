"""A student system over SOAP on loopback: its own WSDL, paging, faults, UsernameToken, and answers that go wrong.

What it demands of a UsernameToken is the profile's: a digest of nonce, time and password, each nonce once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from tests.gateway.identity.feeds.http_double import Answered, Asked, Double, serving

NS = "urn:example:students"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"

SCHEMA = f"""<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{NS}" xmlns="{NS}"
    elementFormDefault="qualified">
  <xs:element name="GetStudents"><xs:complexType><xs:sequence>
    <xs:element name="Filter" minOccurs="0"><xs:complexType><xs:sequence>
      <xs:element name="ModifiedSince" type="xs:dateTime" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Page" type="xs:int"/>
    <xs:element name="Size" type="xs:int"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="GetStudentsResponse"><xs:complexType><xs:sequence>
    <xs:element name="Total" type="xs:int"/>
    <xs:element name="Students"><xs:complexType><xs:sequence>
      <xs:element name="Student" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
        <xs:element name="Code" type="xs:string"/>
        <xs:element name="Name"><xs:complexType><xs:sequence>
          <xs:element name="First" type="xs:string" nillable="true"/>
          <xs:element name="Last" type="xs:string"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="Email" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="Ends" type="xs:date" minOccurs="0"/>
        <xs:element name="ID" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:simpleContent>
          <xs:extension base="xs:string"><xs:attribute name="type" type="xs:string"/></xs:extension>
        </xs:simpleContent></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""


def wsdl(address: str, schema: str = "students.xsd") -> str:
    """The description of a service at an address, with one port that speaks SOAP 1.1 and one that speaks 1.2."""

    def binding(name: str, soap: str) -> str:
        return f"""
  <binding name="{name}" type="tns:Students"><{soap}:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="GetStudents"><{soap}:operation soapAction="urn:GetStudents"/>
      <input><{soap}:body use="literal"/></input><output><{soap}:body use="literal"/></output></operation>
  </binding>"""

    return f"""<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:tns="{NS}" targetNamespace="{NS}">
  <types><schema xmlns="http://www.w3.org/2001/XMLSchema">
    <import namespace="{NS}" schemaLocation="{schema}"/></schema></types>
  <message name="Ask"><part name="parameters" element="tns:GetStudents"/></message>
  <message name="Tell"><part name="parameters" element="tns:GetStudentsResponse"/></message>
  <portType name="Students"><operation name="GetStudents">
    <input message="tns:Ask"/><output message="tns:Tell"/></operation></portType>
  {binding("Old", "s11")}{binding("New", "s12")}
  <service name="StudentService">
    <port name="Soap11" binding="tns:Old"><s11:address location="{address}"/></port>
    <port name="Soap12" binding="tns:New"><s12:address location="{address}"/></port>
  </service>
</definitions>
"""


def student(number: int) -> str:
    """A student as the service sends one."""
    return (
        f"<Student><Code>S{number}</Code><Name><First>F{number}</First><Last>L{number}</Last></Name>"
        f"<Email>s{number}@x.example</Email><ID type='CARD'>30{number:03}</ID></Student>"
    )


@dataclass
class SoapService:
    """A service that runs. `behave` holds what it is to do to the questions to come, one word each; without a word it
    does its duty: `busy`, `gone`, `login`, `broken` (fault text of each), `truncated`, `page` (for people), `down`
    (HTTP 503), `silent`, `dtd`, `extra` (an element the schema has not), `multipart`.

    `problems` are faults of the questions, such as a nonce that came twice."""

    folder: Path
    students: list[str]
    password: str = "s3cret"
    user: str = "gateway@tenant"
    security: str = "text"  # or digest, none
    total: int | None = None
    behave: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    since: list[str | None] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)
    double: Double = field(default_factory=lambda: Double(""))
    _nonces: set[str] = field(default_factory=set)

    @property
    def wsdl(self) -> Path:
        return self.folder / "students.wsdl"

    def answer(self, asked: Asked) -> Answered:
        """What is answered to a question."""
        root = etree.fromstring(asked.body)
        soap = etree.QName(root).namespace
        expected = "application/soap+xml" if soap == SOAP12 else "text/xml"
        if not asked.headers.get("content-type", "").startswith(expected):
            self.problems.append("content type")
        word = self.behave.pop(0) if self.behave else ""
        if refused := self._security(root):
            return _fault(soap, "Client", refused, 500)
        match word:
            case "busy" | "gone" | "login" | "broken":
                return _fault(soap, "Server", f"{word}: student S1 F1", 400 if soap == SOAP12 else 500)
            case "down":
                return Answered(b"<html/>", 503)
            case "silent":
                return Answered(wait=self.hang)
            case "page":
                return Answered(b"<html><body>Please log in<br></html>", headers={"Content-Type": "text/html"})
        question = next(root.iter(f"{{{NS}}}GetStudents"))
        page, size = (int(question.findtext(f"{{{NS}}}{name}")) for name in ("Page", "Size"))
        self.since.append(question.findtext(f"{{{NS}}}Filter/{{{NS}}}ModifiedSince"))
        told = self.students[(page - 1) * size : page * size]
        total = len(self.students) if self.total is None else self.total
        inside = f"<Total>{total}</Total><Students>{''.join(told)}</Students>"
        if word == "extra":
            inside += "<Surprise>F1</Surprise>"
        body = _envelope(soap, f'<GetStudentsResponse xmlns="{NS}">{inside}</GetStudentsResponse>')
        headers = {"Content-Type": expected}
        match word:
            case "truncated":
                return Answered(body[: len(body) // 2], headers=headers)
            case "dtd":
                return Answered(b"<!DOCTYPE x [<!ENTITY a 'ha'>]>" + body, headers=headers)
            case "multipart":
                return Answered(body, headers={"Content-Type": 'multipart/related; boundary="x"'})
        return Answered(body, headers=headers)

    def _security(self, root: etree._Element) -> str:
        """Why a question's UsernameToken is not good, '' where it is."""
        if self.security == "none":
            return ""
        token = next(root.iter(f"{{{WSSE}}}UsernameToken"), None)
        if token is None or token.findtext(f"{{{WSSE}}}Username") != self.user:
            return "FailedAuthentication"
        password = token.find(f"{{{WSSE}}}Password")
        told, kind = password.text, password.get("Type", "").rpartition("#")[2]
        if self.security == "text":
            return "" if (kind, told) == ("PasswordText", self.password) else "FailedAuthentication"
        nonce, created = token.findtext(f"{{{WSSE}}}Nonce"), token.findtext(f"{{{WSU}}}Created")
        if kind != "PasswordDigest" or not nonce or not created or not created.endswith("Z"):
            return "FailedAuthentication"
        if nonce in self._nonces:
            self.problems.append("nonce")
        self._nonces.add(nonce)
        octets = base64.b64decode(nonce) + created.encode() + self.password.encode()
        digest = base64.b64encode(hashlib.sha1(octets).digest()).decode()
        return "" if hmac.compare_digest(digest, told) else "FailedAuthentication"


def _envelope(soap: str, inside: str) -> bytes:
    return f'<e:Envelope xmlns:e="{soap}"><e:Header/><e:Body>{inside}</e:Body></e:Envelope>'.encode()


def _fault(soap: str, code: str, text: str, status: int) -> Answered:
    if soap == SOAP12:
        code = {"Client": "Sender", "Server": "Receiver"}[code]
        inside = (
            f"<e:Fault><e:Code><e:Value>e:{code}</e:Value></e:Code>"
            f'<e:Reason><e:Text xml:lang="en">{escape(text)}</e:Text></e:Reason></e:Fault>'
        )
    else:
        inside = f"<e:Fault><faultcode>e:{code}</faultcode><faultstring>{escape(text)}</faultstring></e:Fault>"
    return Answered(_envelope(soap, inside), status, {"Content-Type": "text/xml"})


@contextmanager
def soap_service(folder: Path, count: int = 7) -> Iterator[SoapService]:
    """A service with so many students, whose WSDL and schema are written into a folder."""
    service = SoapService(folder, [student(number) for number in range(count)])
    with serving(service.answer) as double:
        service.double = double
        service.wsdl.write_text(wsdl(f"{double.url}/students"))
        (folder / "students.xsd").write_text(SCHEMA)
        try:
            yield service
        finally:
            service.hang.set()
