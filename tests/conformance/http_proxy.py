"""A web server that is wrong in one way: it passes requests on to a good one and changes whole answers, or requests.

A mutant sees an answer unpacked where it was compressed, and it is packed again on its way out: what a mutant
changes is what a server would have said, and nothing else of the answer changes with it.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.proxy import Mutant

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. `common` is one memory for all requests while one mutant stands."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    common: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, str]:
        """Query and form together; of repeated ones the last."""
        query = urlsplit(self.path).query + "&" + (self.body.decode("latin-1") if self.method == "POST" else "")
        return dict(parse_qsl(query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `body` is not compressed. `cut`: so many octets of it are sent and the connection closed."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: int | None = None

    def sub(self, old: str | bytes, new: str | bytes, count: int = -1) -> Reply:
        """With octets in the body replaced."""
        old, new = (each.encode() if isinstance(each, str) else each for each in (old, new))
        return replace(self, body=self.body.replace(old, new, count))


Change = Callable[[Asked, Reply], Reply]
Rewrite = Callable[[Asked], Asked]


def as_it_is(asked: Asked, reply: Reply) -> Reply:
    return reply


def as_asked(asked: Asked) -> Asked:
    return asked


@dataclass(frozen=True, slots=True)
class WebMutant(Mutant):
    """One way in which a web server is wrong: in its answers, or in how it reads requests."""

    change: Change = as_it_is
    rewrite: Rewrite = as_asked


class WebProxy:
    """Listens on a loopback port and passes on to the server at `target`, whose address a client sees with our port.
    `mutant` holds for requests that come from then on. A context manager."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._mutant = WebMutant("none", ())
        self._common: dict[str, Any] = {}
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy._serve(self)

            def do_POST(self) -> None:
                proxy._serve(self)

            do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def mutant(self) -> WebMutant | None:
        return self._mutant

    @mutant.setter
    def mutant(self, mutant: WebMutant | None) -> None:
        self._mutant, self._common = mutant or WebMutant("none", ()), {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.command, handler.path, headers, body, self._common)
        mutant = self._mutant
        reply, packed = self._pass(mutant.rewrite(asked))
        self._answer(handler, asked, mutant.change(asked, reply), packed=packed)

    def _pass(self, asked: Asked) -> tuple[Reply, bool]:
        """The good server's answer, unpacked, and whether it was packed."""
        line = http.client.HTTPConnection("127.0.0.1", self.target, timeout=30)
        try:
            line.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                if name not in ("connection", "content-length"):
                    line.putheader(name, value)
            if asked.body:
                line.putheader("Content-Length", str(len(asked.body)))
            line.endheaders(asked.body or None)
            found = line.getresponse()
            octets = found.read()
            headers = {name.lower(): value for name, value in found.getheaders()}
            packed = headers.get("content-encoding") == "gzip"
            kept = {name: value for name, value in headers.items() if name not in _HOP}
            return Reply(found.status, kept, gzip.decompress(octets) if packed else octets), packed
        finally:
            line.close()

    def _answer(self, handler: BaseHTTPRequestHandler, asked: Asked, reply: Reply, *, packed: bool) -> None:
        octets = reply.body
        packed = packed and "content-encoding" not in reply.headers
        if packed:
            octets = gzip.compress(octets, 1)
        with contextlib.suppress(OSError):
            handler.send_response(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            if packed:
                handler.send_header("Content-Encoding", "gzip")
            handler.send_header("Content-Length", str(len(octets)))
            if asked.headers.get("connection", "").lower() == "close":
                handler.send_header("Connection", "close")
            handler.end_headers()
            if asked.method != "HEAD":
                handler.wfile.write(octets if reply.cut is None else octets[: reply.cut])
            handler.close_connection = handler.close_connection or reply.cut is not None
