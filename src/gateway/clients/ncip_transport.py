"""How an NCIP document gets to a responder and its answer back: HTTP, a bare connection, HTTP/1.0 typed onto one.

One document and one answer at a time; a failure says whether the document may have arrived. An answer ends where its
last tag ends: many responders neither close the connection nor tell a length that is true.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from gateway.clients.http_words import http_words
from library_protocols.ncip.framing import Framer

MAX_ANSWER = 16 << 20
"""Octets of an answer. A set of all items of a much-used title has some megabytes."""
MAX_HEAD = 16_384
READ_OCTETS = 65_536
PORTS = {"http": 80, "https": 443, "http10": 80}
_ACCEPT = "application/xml, text/xml;q=0.9, */*;q=0.1"


class NcipUnavailable(Exception):
    """No answer. `outcome_unknown`: the message may have arrived and been carried out. The text names no secret."""

    def __init__(self, reason: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(reason)
        self.outcome_unknown = outcome_unknown


class NcipTimeout(NcipUnavailable):
    """No answer in time."""


class NcipBadAnswer(NcipUnavailable):
    """What came is no NCIP: an HTTP error, a page for people, half a document. `status` is HTTP's, if any."""

    def __init__(self, reason: str, status: int | None = None, *, outcome_unknown: bool = True) -> None:
        super().__init__(reason, outcome_unknown=outcome_unknown)
        self.status = status


@dataclass(frozen=True, slots=True)
class Login:
    """What says over HTTP who asks: a bearer token, or a name and a password."""

    bearer: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The octets of an answer as they came. `status` and `content_type` are HTTP's, None and "" without it."""

    octets: bytes
    status: int | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a responder is. `shown` is the address without what must not be shown."""

    scheme: str
    host: str
    port: int
    target: str
    url: str = field(repr=False)

    @property
    def shown(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


class Transport(Protocol):
    """A way to one responder. Both methods may be called again and again."""

    async def carry(self, octets: bytes) -> Reply:
        """The answer to one document. Raises NcipUnavailable. Whoever cancels it does not know the outcome where
        `sent` is true."""
        ...

    @property
    def sent(self) -> bool:
        """Whether octets of the last document have been given to a connection."""
        ...

    async def close(self) -> None: ...


def place(address: str) -> Place:
    """The parts of an address: `https://`, `http://`, `tcp://HOST:PORT`, `http10://HOST[:PORT][/PATH]`.

    Raises ValueError, whose text does not quote the address: a key may stand in it."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in (*PORTS, "tcp") or not parts.hostname or port == -1:
        raise ValueError("no http://, https://, tcp:// or http10:// address")
    if parts.scheme == "tcp" and (port is None or parts.path.strip("/")):
        raise ValueError("tcp:// has a port, and no path")
    if parts.username or parts.password:
        raise ValueError("name and password do not stand in the address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, parts.hostname, port or PORTS[parts.scheme], target, address)


def transport(
    where: Place, login: Login, content_type: str, *, verify: ssl.SSLContext | bool = True, keep: bool = False
) -> Transport:
    """What leads to a place. `keep`: the connection is used again; else there is one for each message."""
    if where.scheme in ("http", "https"):
        return _Http(where, login, content_type, verify, keep)
    return _Socket(where, content_type if where.scheme == "http10" else "", keep)


class _Http:
    def __init__(self, where: Place, login: Login, content_type: str, verify: ssl.SSLContext | bool, keep: bool):
        headers = {"Content-Type": content_type, "Accept": _ACCEPT, "Accept-Encoding": "identity"}
        if login.bearer:
            headers["Authorization"] = f"Bearer {login.bearer}"
        self._url = where.url
        self._http = httpx.AsyncClient(
            auth=(login.user, login.password) if login.user else None,
            timeout=None,  # noqa: S113  the caller's deadline is for the whole
            verify=verify,
            limits=httpx.Limits(max_keepalive_connections=1 if keep else 0),
            headers=headers,
        )
        self._sent = False

    @property
    def sent(self) -> bool:
        return self._sent

    async def carry(self, octets: bytes) -> Reply:
        self._sent = False
        try:
            request = self._http.build_request("POST", self._url, content=octets, extensions={"trace": self._note})
            response = await self._http.send(request, stream=True)
            try:
                body = await self._body(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise NcipUnavailable(_words(error), outcome_unknown=self._sent) from None
        return Reply(body, response.status_code, response.headers.get("content-type", ""))

    async def close(self) -> None:
        await self._http.aclose()

    async def _note(self, event: str, _: object) -> None:
        if event.endswith("send_request_headers.started"):
            self._sent = True

    @staticmethod
    async def _body(response: httpx.Response) -> bytes:
        """As it came: what is compressed although nobody asked for it may be of any size."""
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MAX_ANSWER:
                raise NcipBadAnswer(f"an answer of more than {MAX_ANSWER:,} octets", response.status_code)
        return bytes(body)


class _Socket:
    """The bare document, or with `content_type` an HTTP/1.0 request around it."""

    def __init__(self, where: Place, content_type: str, keep: bool) -> None:
        self._where = where
        self._content_type = content_type
        self._keep = keep and not content_type
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._sent = False

    @property
    def sent(self) -> bool:
        return self._sent

    async def carry(self, octets: bytes) -> Reply:
        self._sent = done = False
        try:
            reader, writer = await self._opened()
            self._sent = True
            writer.write(self._head(octets) + octets if self._content_type else octets.rstrip() + b"\n")
            await writer.drain()
            reply = await (self._http_reply(reader) if self._content_type else self._document(reader))
            done = True
        except OSError as error:
            raise NcipUnavailable(_words(error), outcome_unknown=self._sent) from None
        finally:
            if not done and self._writer is not None:
                self._writer.transport.abort()
        if not self._keep:
            await self.close()
        return reply

    async def close(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is not None and self._writer is not None:
            if not self._reader.at_eof() and not self._writer.is_closing():
                return self._reader, self._writer
            await self.close()
        self._reader, self._writer = await asyncio.open_connection(self._where.host, self._where.port)
        return self._reader, self._writer

    def _head(self, octets: bytes) -> bytes:
        where = self._where
        host = f"[{where.host}]" if ":" in where.host else where.host
        lines = (
            f"POST {where.target} HTTP/1.0",
            f"Host: {host}:{where.port}",
            f"Content-Type: {self._content_type}",
            f"Content-Length: {len(octets)}",
        )
        return "\r\n".join((*lines, "", "")).encode("ascii", "replace")

    async def _document(self, reader: asyncio.StreamReader) -> Reply:
        framer = Framer(MAX_ANSWER)
        while octets := await reader.read(READ_OCTETS):
            for frame in framer.receive(octets):
                return Reply(frame.octets)
            if framer.error is not None:
                raise NcipBadAnswer(f"the answer is no document: {framer.error.reason}")
        if framer.buffered:
            raise NcipBadAnswer("the connection was closed in the middle of the answer")
        raise NcipUnavailable("the connection was closed without an answer", outcome_unknown=True)

    async def _http_reply(self, reader: asyncio.StreamReader) -> Reply:
        """To the last tag, to the length told where what came is no document, or to the end of the connection."""
        head = bytearray()
        while b"\r\n\r\n" not in head and b"\n\n" not in head and not head.lstrip().startswith(b"<"):
            octets = await reader.read(READ_OCTETS)
            head += octets
            if not octets:
                raise NcipUnavailable("the connection was closed without an answer", outcome_unknown=True)
            if len(head) > MAX_HEAD + READ_OCTETS:
                raise NcipBadAnswer(f"an HTTP head of more than {MAX_HEAD:,} octets")
        status, content_type, length, rest = _read_head(bytes(head))
        body = bytearray(rest)
        framer = Framer(MAX_ANSWER)
        frames = framer.receive(rest)
        while not frames and (length is None or len(body) < length):
            octets = await reader.read(READ_OCTETS)
            if not octets:
                break
            body += octets
            frames = framer.receive(octets)
            if len(body) > MAX_ANSWER:
                raise NcipBadAnswer(f"an answer of more than {MAX_ANSWER:,} octets", status)
        return Reply(frames[0].octets if frames else bytes(body), status, content_type)


def _read_head(octets: bytes) -> tuple[int | None, str, int | None, bytes]:
    """Status, content type and length that were told, and what follows the head. Raises NcipBadAnswer."""
    if octets.lstrip().startswith(b"<"):
        return None, "", None, octets
    separator = min((mark for mark in (b"\r\n\r\n", b"\n\n") if mark in octets), key=octets.index)
    head, _, rest = octets.partition(separator)
    first, *lines = head.decode("latin-1").splitlines()
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise NcipBadAnswer("what came is neither HTTP nor a document")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = fields.get("content-length", "")
    return int(words[1][:3]), fields.get("content-type", ""), int(length) if length.isdecimal() else None, rest


def refusal_words(reply: Reply) -> str:
    """An answer that is no NCIP, for people."""
    return http_words(reply.status, reply.octets) if reply.status is not None else "the answer is no NCIP message"


def _words(error: Exception) -> str:
    """Why there is no link; httpx's own words name hosts, never credentials."""
    if isinstance(error, httpx.InvalidURL):
        return "no address that can be asked"
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__
