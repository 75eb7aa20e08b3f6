"""A repository for harvesters."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from library_conformance.listeners import Act, Script
from library_conformance.listeners.web import http_answer, http_whole

_GOES_ON = "part two+/=&%"
"""A token of characters that have to be escaped."""


@dataclass(slots=True)
class Played(Script):
    """A repository for harvesters: three records, one deleted, in two parts, the second of which is busy at first."""

    one_client = True

    def whole(self, octets: bytes) -> int:
        return http_whole(octets)

    def acts(self, message: bytes) -> Iterator[Act]:
        line, _, rest = message.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        query = words[1].partition("?")[2] if len(words) > 1 else ""
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
