"""SRW: the same requests and responses inside SOAP 1.1 envelopes, as YAZ's clients send them unless told otherwise.

A request becomes the parameters that the URL would have had; a response goes into an envelope as it is. What is wrong
with a request is SRU's to say, in diagnostics; where there is none in the body, SOAP says so, in a fault. WSDL and SOAP
headers are not needed for that and not here.
"""

from __future__ import annotations

import re

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.cql.xcql import xml_text
from library_protocols.sru.facts import Operation, Version
from library_protocols.sru.messages import Diagnostic, SruError

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
MAX_PARAMETERS = 100

_REQUESTS = {f"{operation.value}Request": operation for operation in Operation}
_DECLARATION = re.compile(rb"<\?xml[^>]*\?>\s*")
_DOCUMENT_TYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_OPENING = f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP:Envelope xmlns:SOAP="{ENVELOPE}"><SOAP:Body>'.encode()
_CLOSING = b"</SOAP:Body></SOAP:Envelope>\n"


class SoapFault(ValueError):
    """The body of a request is no envelope, or holds no SRU request: the sender's fault (SOAP 1.1, 4.4.1)."""


def read_envelope(octets: bytes) -> list[tuple[str, str]]:
    """The parameters of the request within an envelope, `operation` among them, for `read_request`.

    Raises SoapFault for what is no envelope with an SRU request, SruError for a request of too many parameters.
    """
    if _DOCUMENT_TYPE.search(octets):
        raise SoapFault("a document type is not read")
    try:
        root = etree.fromstring(octets, etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError):
        raise SoapFault("the body is no XML") from None
    if root.getroottree().docinfo.doctype:  # in an encoding where the octets did not show it
        raise SoapFault("a document type is not read")
    request = next((each for each in root.iter() if _local(each) in _REQUESTS), None)
    if request is None:
        raise SoapFault("the envelope holds no SRU request")
    found = [(_local(each), "".join(each.itertext()).strip()) for each in request if isinstance(each.tag, str)]
    operation = _REQUESTS[_local(request)]
    if len(found) > MAX_PARAMETERS:
        raise SruError((Diagnostic.of(6, f"more than {MAX_PARAMETERS} parameters"),), Version.V2_0, operation)
    pairs = [(_NAMES.get(name, name), value) for name, value in found if name != "extraRequestData"]
    if "version" not in dict(pairs):
        pairs.append(("version", Version.V2_0.value))
    return [("operation", operation.value), *pairs]


def envelope(response: bytes) -> bytes:
    """A response inside an envelope."""
    return _OPENING + _DECLARATION.sub(b"", response, count=1).strip() + _CLOSING


def fault(error: SoapFault) -> bytes:
    """The envelope that says so; over HTTP its status is 500 (SOAP 1.1, 6.2)."""
    told = (
        f"<SOAP:Fault><faultcode>SOAP:Client</faultcode><faultstring>{xml_text(str(error))}</faultstring></SOAP:Fault>"
    )
    return _OPENING + told.encode() + _CLOSING


_NAMES = {"Stylesheet": "stylesheet"}
"""Elements of sruRequest.xsd whose parameter is spelt otherwise."""


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
