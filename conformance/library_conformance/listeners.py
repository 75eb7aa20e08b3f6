"""Servers that say what they are told to, octet by octet, so that clients show what they do with it.

A script is handed each message of a client and gives acts: octets, pauses, the end of the connection. It takes each
liberty once, says what the liberty is for, and is an ordinary, small server otherwise. Nobody's data is in it.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs, urlsplit

DATE = b"20260101    120000"
_SC_SECONDS = 1.0
"""What 98 says a kiosk has to wait for an answer, and as many tenths."""


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


class Close:
    """The end of the connection."""


Act = bytes | Wait | Close


@dataclass(slots=True)
class Script(ABC):
    """One connection's server. `taken` is shared by all connections: liberties that were taken already."""

    taken: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Liberties taken on this connection, one word each, in order."""

    @abstractmethod
    def whole(self, octets: bytes) -> int:
        """Where the first message ends; 0 where it has not."""

    @abstractmethod
    def acts(self, message: bytes) -> Iterator[Act]:
        """What is done about a message, in order."""

    def liberty(self, *names: str) -> str:
        """The first of these that was not taken yet, taken now; empty where all were."""
        name = next((one for one in names if one not in self.taken), "")
        if name:
            self.taken.append(name)
            self.said.append(name)
        return name


def in_pieces(octets: bytes) -> Iterator[Act]:
    """The same, cut where nobody expects it."""
    for place in range(0, len(octets), 7):
        yield octets[place : place + 7]
        yield Wait(0.02)


# SIP2


@dataclass(slots=True)
class Acs(Script):
    """A library system for kiosks: answers well, then in pieces, with fields that nobody knows, damaged, with 96,
    with another sequence number, with 98 first, and not at all."""

    last_request: bytes = b""
    last_answer: bytes = b""

    def whole(self, octets: bytes) -> int:
        found = re.search(rb"[\r\n]+", octets)
        return found.end() if found else 0

    def acts(self, message: bytes) -> Iterator[Act]:
        body = message.strip(b"\r\n\0 ")
        if not body:
            return
        code = body[:2]
        if code == b"97" or body == self.last_request:
            yield self.last_answer or b"96\r"
            return
        self.last_request = body
        answer = self._answer(code, body)
        self.last_answer = answer
        if code in (b"93", b"99") or b"AZ" not in answer:
            yield answer
            return
        match self.liberty("pieces", "unknown field", "damaged", "96", "stray", "status first", "silence"):
            case "pieces":
                yield from in_pieces(answer)
            case "unknown field":
                self.last_answer = self._sealed(_inner(answer) + b"ZZunheard of|", _sequence(body))
                yield self.last_answer
            case "damaged":
                yield answer.replace(b"AO", b"A0", 1)
            case "96":
                self.last_request = b""
                yield _summed(b"96") + b"\r"
            case "stray":
                yield self._sealed(_inner(answer), b"%d" % ((int(_sequence(body)) + 5) % 10))
            case "status first":
                self.last_request = b""
                yield self._sealed(_STATUS, _sequence(body))
            case "silence":
                return
            case _:
                yield answer

    def _answer(self, code: bytes, body: bytes) -> bytes:
        make = _ANSWERS.get(code)
        if make is None:
            return b"96\r"
        number = _sequence(body)
        text = make(_fields(body))
        return self._sealed(text, number) if number else text + b"\r"

    def _sealed(self, body: bytes, number: bytes) -> bytes:
        return _summed(body + b"AY" + number) + b"\r"


_STATUS = b"98YYYYYY%03d003%b2.00AOLIB|AMLibrary|BXYYYYYYYYYYYYYYYY|" % (_SC_SECONDS * 10, DATE)
_LENT = b"AO%(AO)b|AA%(AA)b|AB%(AB)b|AJA title|AH20260201    235900|"
_PATRON = b"AO%(AO)b|AA%(AA)b|AEA. Patron|BLY|CQY|"


def _made(template: bytes) -> Callable[[Mapping[bytes, bytes]], bytes]:
    return lambda fields: template % fields


_ANSWERS: Mapping[bytes, Callable[[Mapping[bytes, bytes]], bytes]] = {
    b"93": _made(b"941"),
    b"99": _made(_STATUS),
    b"23": _made(b"24" + b" " * 14 + b"000" + DATE + _PATRON),
    b"01": _made(b"24" + b"Y" * 4 + b" " * 10 + b"000" + DATE + _PATRON),
    b"25": _made(b"26" + b" " * 14 + b"000" + DATE + _PATRON),
    b"63": _made(b"64" + b" " * 14 + b"000" + DATE + b"0000" * 6 + _PATRON),
    b"35": _made(b"36Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"11": _made(b"121NNY" + DATE + _LENT),
    b"29": _made(b"301YNN" + DATE + _LENT),
    b"09": _made(b"101YNN" + DATE + b"AO%(AO)b|AB%(AB)b|AQShelf|AJA title|"),
    b"17": _made(b"18030001" + DATE + b"AB%(AB)b|AJA title|"),
    b"19": _made(b"201" + DATE + b"AB%(AB)b|"),
    b"15": _made(b"161Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"37": _made(b"38Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"65": _made(b"6610000" + b"0000" + DATE + b"AO%(AO)b|"),
}


def _fields(body: bytes) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name in (b"AO", b"AA", b"AB"):
        place = re.search(rb"(?:\||[0-9NY ])" + name + rb"([^|]*)\|", body[2:])
        found[name] = place[1] if place else b""
    return found


def _sequence(body: bytes) -> bytes:
    found = re.search(rb"AY([0-9])", body[-12:])
    return found[1] if found else b""


def _inner(answer: bytes) -> bytes:
    return answer.rstrip(b"\r").rpartition(b"AY")[0]


def _summed(body: bytes) -> bytes:
    over = body + b"AZ"
    return over + b"%04X" % (-sum(over) & 0xFFFF)


# HTTP: OAI-PMH


def http_whole(octets: bytes) -> int:
    """Where an HTTP request ends."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    if not gap:
        return 0
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    length = int(found[1]) if found else 0
    return len(head) + 4 + length if len(body) >= length else 0


def http_answer(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> bytes:
    own = (b"Content-Type: application/xml; charset=utf-8", b"Content-Length: %d" % len(body))
    return b"\r\n".join((b"HTTP/1.1 " + status, *own, *headers)) + b"\r\n\r\n" + body


_GOES_ON = "part two+/=&%"
"""A token of characters that have to be escaped."""


@dataclass(slots=True)
class Repository(Script):
    """A repository for harvesters: three records, one deleted, in two parts, the second of which is busy at first."""

    def whole(self, octets: bytes) -> int:
        return http_whole(octets)

    def acts(self, message: bytes) -> Iterator[Act]:
        line, _, rest = message.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        query = urlsplit(words[1]).query if len(words) > 1 else ""
        query = query or rest.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        asked = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
        verb, token = asked.get("verb", ""), asked.get("resumptionToken")
        if verb in ("ListRecords", "ListIdentifiers") and token is None and "metadataPrefix" not in asked:
            yield self._error(asked, "badArgument")
        elif verb in ("ListRecords", "ListIdentifiers"):
            if token not in (None, _GOES_ON):
                yield self._error(asked, "badResumptionToken")
            elif token and self.liberty("busy"):
                yield http_answer(b"", b"503 Service Unavailable", b"Retry-After: 1")
            else:
                yield self._part(asked, verb, second=bool(token))
        else:
            inside = _OAI.get(verb)
            yield self._page(asked, inside) if inside else self._error(asked, "badVerb")

    def _part(self, asked: Mapping[str, str], verb: str, *, second: bool) -> bytes:
        numbers = (3,) if second else (1, 2)
        rows = "".join(_row(number, deleted=number == 2, alone=verb == "ListIdentifiers") for number in numbers)
        token = "" if second else escape(_GOES_ON)
        return self._page(asked, f"<{verb}>{rows}<resumptionToken>{token}</resumptionToken></{verb}>")

    def _error(self, asked: Mapping[str, str], code: str) -> bytes:
        return self._page(asked, f'<error code="{code}">No.</error>')

    def _page(self, asked: Mapping[str, str], inside: str) -> bytes:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        shown = "".join(f' {name}="{escape(value)}"' for name, value in asked.items() if name.isidentifier())
        return http_answer(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            f"<responseDate>{moment}</responseDate><request{shown}>http://localhost/oai</request>{inside}"
            f"</OAI-PMH>".encode()
        )


_OAI: Mapping[str, str] = {
    "Identify": "<Identify><repositoryName>Three records</repositoryName><baseURL>http://localhost/oai</baseURL>"
    "<protocolVersion>2.0</protocolVersion><adminEmail>nobody@example.org</adminEmail>"
    "<earliestDatestamp>2026-01-01T00:00:00Z</earliestDatestamp><deletedRecord>persistent</deletedRecord>"
    "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>",
    "ListMetadataFormats": "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix>"
    "<schema>http://www.openarchives.org/OAI/2.0/oai_dc.xsd</schema>"
    "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>"
    "</ListMetadataFormats>",
    "ListSets": "<ListSets><set><setSpec>all</setSpec><setName>All</setName></set></ListSets>",
}


def _row(number: int, *, deleted: bool, alone: bool) -> str:
    status = ' status="deleted"' if deleted else ""
    header = (
        f"<header{status}><identifier>oai:localhost:{number}</identifier>"
        f"<datestamp>2026-01-0{number}T00:00:00Z</datestamp></header>"
    )
    if alone:
        return header
    metadata = (
        '<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Record {number}</dc:title></oai_dc:dc></metadata>'
    )
    return f"<record>{header}{'' if deleted else metadata}</record>"


# NCIP

_NCIP = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<NCIPMessage xmlns="http://www.niso.org/2008/ncip" '
    b'xmlns:ncip="http://www.niso.org/2008/ncip" '
    b'ncip:version="http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd">%b</NCIPMessage>'
)
_SERVICE = re.compile(rb"<(?:\w+:)?NCIPMessage\b[^>]*>\s*(?:<!--.*?-->\s*)*<(?:\w+:)?(\w+)", re.DOTALL)


@dataclass(slots=True)
class Responder(Script):
    """A responder for brokers, over HTTP and over TCP: it supports nothing and says so well, first in pieces, then with
    a status of HTTP that is no yes."""

    def whole(self, octets: bytes) -> int:
        if octets.startswith((b"POST ", b"GET ")):
            return http_whole(octets)
        found = re.search(rb"</(?:\w+:)?NCIPMessage\s*>\s*", octets)
        return found.end() if found else 0

    def acts(self, message: bytes) -> Iterator[Act]:
        web = message.startswith((b"POST ", b"GET "))
        body = message.partition(b"\r\n\r\n")[2] if web else message
        answer = _NCIP % _unsupported(body)
        match self.liberty("pieces", "status 400") if web else self.liberty("pieces"):
            case "pieces":
                yield from in_pieces(http_answer(answer) if web else answer)
            case "status 400":
                yield http_answer(answer, b"400 Bad Request")
            case _:
                yield http_answer(answer) if web else answer


def _unsupported(body: bytes) -> bytes:
    found = _SERVICE.search(body)
    name = found[1] if found else b""
    problem = (
        b'<Problem><ProblemType ncip:Scheme="http://www.niso.org/ncip/v1_0/schemes/processingerrortype/'
        b'generalprocessingerror.scm">Unsupported Service</ProblemType>'
        b"<ProblemDetail>This server only listens.</ProblemDetail></Problem>"
    )
    return b"<%bResponse>%b</%bResponse>" % (name, problem, name) if name else problem


SCRIPTS: Mapping[str, type[Script]] = {"sip2": Acs, "oai": Repository, "ncip": Responder}
