"""A responder for brokers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from library_conformance.listeners import Act, Script, in_pieces
from library_conformance.listeners.web import http_answer, http_whole

_NCIP = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<NCIPMessage xmlns="http://www.niso.org/2008/ncip" '
    b'xmlns:ncip="http://www.niso.org/2008/ncip" '
    b'ncip:version="http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd">%b</NCIPMessage>'
)
_SERVICE = re.compile(
    rb"<(?:\w+:)?NCIPMessage\b[^<>]*>\s*+(?:(?><!--.{0,2000}?-->)\s*+)*+<(?:\w{1,64}:)?(\w{1,64})", re.DOTALL
)
"""Nothing is tried twice in it: a client that means harm sends comments by the thousand."""


@dataclass(slots=True)
class Played(Script):
    """A responder for brokers, over HTTP and over TCP: it supports nothing and says so well, first in pieces, then with
    a status of HTTP that is no yes."""

    shows: ClassVar[Mapping[str, str]] = {"pieces": "ncip.client.answer.pieces", "status 400": "ncip.client.status.any"}

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
