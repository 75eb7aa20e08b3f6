"""A broker written from the standard by hand: documents of both versions, over HTTP and over a raw socket. It shares no
code with what it judges.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

import httpx
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

PATIENCE = 20.0
NAMESPACE = "http://www.niso.org/2008/ncip"
SCHEMA_2 = "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd"
DTD_1 = "http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd"


def e(name: str, *content: str) -> str:
    """An element with what is in it, text or other elements."""
    return f"<{name}>{''.join(content)}</{name}>"


def v2(service: str, *content: str, sender: str = "BROKER", receiver: str = "ABER", header: bool = True) -> bytes:
    """A message of version 2.02."""
    head = e("InitiationHeader", e("FromAgencyId", e("AgencyId", sender)), e("ToAgencyId", e("AgencyId", receiver)))
    inside = e(service, head if header else "", *content)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<NCIPMessage xmlns="{NAMESPACE}" xmlns:n="{NAMESPACE}" '
        f'n:version="{SCHEMA_2}">{inside}</NCIPMessage>\n'
    ).encode()


def pair(name: str, value: str, scheme: str = "") -> str:
    """A coded value as version 1 has it."""
    return e(name, e("Scheme", scheme), e("Value", value))


def v1(service: str, *content: str, sender: str = "BROKER", receiver: str = "ABER") -> bytes:
    """A message of version 1.0, with its document type."""
    head = e(
        "InitiationHeader",
        e("FromAgencyId", pair("UniqueAgencyId", sender)),
        e("ToAgencyId", pair("UniqueAgencyId", receiver)),
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<!DOCTYPE NCIPMessage PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "{DTD_1}">\n'
        f'<NCIPMessage version="{DTD_1}">{e(service, head, *content)}</NCIPMessage>\n'
    ).encode()


def user(barcode: str) -> str:
    return e("UserId", e("UserIdentifierValue", barcode))


def item(barcode: str) -> str:
    return e("ItemId", e("ItemIdentifierValue", barcode))


def request(number: str) -> str:
    return e("RequestId", e("RequestIdentifierValue", number))


def unique_user(barcode: str, agency: str = "ABER") -> str:
    return e("UniqueUserId", pair("UniqueAgencyId", agency), e("UserIdentifierValue", barcode))


def unique_item(barcode: str, agency: str = "ABER") -> str:
    return e("UniqueItemId", pair("UniqueAgencyId", agency), e("ItemIdentifierValue", barcode))


def unique_request(number: str, agency: str = "BROKER") -> str:
    return e("UniqueRequestId", pair("UniqueAgencyId", agency), e("RequestIdentifierValue", number))


@dataclass(frozen=True)
class Answer:
    """An answer, its elements found by their local names whatever the dialect."""

    octets: bytes
    status: int = 200

    @property
    def root(self) -> Any:
        return etree.fromstring(self.octets)

    @property
    def service(self) -> str:
        """Local name of what the message is."""
        return etree.QName(next(self.root.iterchildren(etree.Element))).localname

    def all(self, *path: str) -> list[str]:
        """Texts of the elements that end such a path of local names, as people read them: Value in version 1."""
        steps = "//" + "/".join(f"*[local-name()='{name}']" for name in path)
        return [
            "".join((found.xpath("*[local-name()='Value']") or [found])[0].itertext())
            for found in self.root.xpath(steps)
        ]

    def __getitem__(self, name: str) -> str:
        """The text of the first element of this name; KeyError where there is none."""
        found = self.all(name)
        if not found:
            raise KeyError(f"no {name} in {self.octets.decode()}")
        return found[0]

    @property
    def problems(self) -> list[str]:
        """Types of the problems, of both versions."""
        return [
            *self.all("ProblemType"),
            *self.all("ProcessingErrorType"),
            *self.all("MessagingErrorType"),
        ]

    @property
    def ok(self) -> bool:
        return not self.problems


def post(port: int, octets: bytes, path: str = "/ncip/aber", **options: Any) -> Answer:
    """A message over HTTP."""
    headers = {"Content-Type": 'application/xml; charset="utf-8"', **options.pop("headers", {})}
    found = httpx.post(f"http://127.0.0.1:{port}{path}", content=octets, headers=headers, timeout=PATIENCE, **options)
    return Answer(found.content, found.status_code)


def talk(port: int, *documents: bytes) -> list[Answer]:
    """Messages over one TCP connection, each sent when the one before is answered."""
    answers: list[Answer] = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        for octets in documents:
            line.sendall(octets)
            read = b""
            while b"</" not in read or not read.rstrip().endswith((b"NCIPMessage>", b"NCIPVersionMessage>")):
                piece = line.recv(65_536)
                assert piece, f"closed after {read!r}"
                read += piece
            answers.append(Answer(read.strip()))
    return answers
