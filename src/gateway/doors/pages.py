"""Pages for people: an answer in XML, shown as HTML where a browser asks. Browsers make no pages of XML themselves.

A door's `page.xsl` says what its page looks like and `page.css` what all pages do. Nothing but the answer is read while
a page is made: no network, no file; and the page itself may load, run and send to nothing but its own address.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import structlog
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

PAGE_RECORDS = 100
"""The most records on a page: as many as a person looks through."""
MOST_OCTETS = 4 << 20  # of XML; a page of it is made in a quarter of a second, and no browser is glad of a larger one
_DESCRIPTION = "page.xsl"
_STYLE = files("gateway.doors").joinpath("page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_MACHINES = ("text/xml", "application/xml", "application/sru+xml")
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")  # RFC 9110 12.4.2
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

log = structlog.get_logger(__name__)


def prefers_page(accept: str) -> bool:
    """Whether that Accept is a browser's: it names HTML and XHTML, and wants HTML more than XML.

    XHTML is asked for because Java's own HTTP client, which old harvesters are made with, says that it likes text/html
    best, whatever it is used for.
    """
    liked = dict(filter(None, map(_weighed, accept.lower().split(","))))
    if "application/xhtml+xml" not in liked or "text/html" not in liked:
        return False
    return liked["text/html"] > max(liked.get(kind, 0.0) for kind in _MACHINES)


def _weighed(part: str) -> tuple[str, float] | None:
    """A type and its weight, which is its first `q`; None where that is no weight."""
    kind, *parameters = (each.strip() for each in part.split(";"))
    weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return (kind, float(weight)) if _WEIGHT.fullmatch(weight) else None


class Pages:
    """The pages of one door; `package` holds its `page.xsl`."""

    def __init__(self, package: str) -> None:
        parser = _parser()
        parser.resolvers.add(_Shared())
        description = etree.fromstring(files(package).joinpath(_DESCRIPTION).read_bytes(), parser)
        self._transform: Any = etree.XSLT(description, access_control=etree.XSLTAccessControl.DENY_ALL)

    async def made(self, answer: bytes, address: str) -> bytes | None:
        """The page of an answer that was asked for at `address`; None where none can be made of it."""
        if len(answer) > MOST_OCTETS:
            return None
        # Beside the event loop: lxml lets go of the interpreter meanwhile.
        return await asyncio.to_thread(self._made, answer, address)

    async def refusal(self, status: int, words: str, address: str) -> bytes | None:
        """The page of an answer in HTTP's own words."""
        told = etree.Element("refusal", status=str(status))
        told.text = words
        return await self.made(etree.tostring(told), address)

    def _made(self, answer: bytes, address: str) -> bytes | None:
        # A quote would end the command that the page shows.
        told = {"style": _STYLE, "address": address.replace("'", "%27")}
        try:
            document = etree.fromstring(answer, _parser())
            page = self._transform(document, **{name: etree.XSLT.strparam(text) for name, text in told.items()})
        except (etree.LxmlError, ValueError):  # a ValueError: characters that XML cannot have
            log.exception("page.not_made")
            return None
        return bytes(page)


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class _Shared(etree.Resolver):  # pyright: ignore[reportUntypedBaseClass]
    """Gives a door's description the one of all doors, and nothing else."""

    def resolve(self, system_url: str, public_id: str | None, context: Any) -> Any:
        """The shared description for its name."""
        if system_url != "gateway:page.xsl":
            raise etree.XSLTParseError(f"{system_url} is none of ours")
        return self.resolve_string(files("gateway.doors").joinpath(_DESCRIPTION).read_bytes(), context)


__all__ = ["HEADERS", "MOST_OCTETS", "PAGE_RECORDS", "Pages", "prefers_page"]
