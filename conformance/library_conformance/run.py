"""What a probe is handed: the subject, the inputs, and lines to it that put everything on record.

Lines are plain sockets with a time limit, so that a probe says exactly the octets it means and sees exactly what comes.
Between two messages there is a pause: our subjects are live libraries.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from library_conformance.foreign import MOST
from library_conformance.model import NotApplicable, SetupFailed, Unreachable
from library_conformance.transcript import Transcript

PATIENCE = 10.0
"""Seconds for an answer, where nothing else is known: half of what kiosks wait before they send again."""
PAUSE = 0.05
"""Seconds between two messages, at most twenty a second."""
SILENCE = 1.0
"""Seconds after which nothing more is expected to come, at most a quarter of the patience."""
_PATIENCES = 30
"""How often a probe may have all its patience tried: the longest lists that are followed have a dozen parts."""
_TOLD = 8 * MOST
"""Octets that a probe takes in before it goes no further."""


class Endless(ConnectionError):
    """Raised where a subject goes on and on, by time or by octets."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is tested: `host` and `port`, over TLS or not; of an HTTP subject the whole `url`."""

    host: str
    port: int
    tls: bool = False
    url: str = ""

    @classmethod
    def parse(cls, text: str) -> Target:
        """HOST:PORT, tls://HOST:PORT, tcp://HOST:PORT, or an http(s) address. Raises ValueError."""
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        if "@" in parts.netloc:
            raise ValueError("no name or password belongs into an address: it is written down with the results")
        web = parts.scheme in ("http", "https")
        if not parts.hostname or parts.scheme not in ("tcp", "tls", "http", "https"):
            raise ValueError(f"{text!r} is neither HOST:PORT nor an address")
        secure = parts.scheme in ("tls", "https")
        port = parts.port or ({True: 443, False: 80}[secure] if web else 0)
        if not port:
            raise ValueError(f"{text!r} lacks a port")
        return cls(parts.hostname, port, secure, text if web else "")


class Budget:
    """What one probe may cost: time, and octets that are heard."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._until = time.monotonic() + _PATIENCES * patience
        self._left = _TOLD

    def spend(self, octets: int) -> None:
        """Raises Endless, and leaves as much once more: what was changed can still be taken back."""
        self._left -= octets
        if self._left < 0 or time.monotonic() > self._until:
            self._until, self._left = time.monotonic() + _PATIENCES * self._patience, _TOLD
            raise Endless("there is no end of it")


class Line:
    """A connection. Octets that come beyond what was asked for wait for the next `receive`."""

    def __init__(
        self,
        connection: socket.socket,
        transcript: Transcript,
        pause: float = PAUSE,
        patience: float = PATIENCE,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget or Budget(patience)
        self._connection = connection
        self._transcript = transcript
        self._pause = pause
        self._patience = patience
        self._waiting = bytearray()
        self.closed = False

    def send(self, octets: bytes, *, piecewise: float = 0.0) -> None:
        """Says this; `piecewise`: octet by octet with so many seconds between. Raises OSError."""
        time.sleep(self._pause)
        self._transcript.add("send", octets)
        self._connection.settimeout(self._patience)
        if not piecewise:
            self._connection.sendall(octets)
            return
        for octet in octets:
            self._connection.sendall(bytes((octet,)))
            time.sleep(piecewise)

    def receive(self, whole: Callable[[bytes], int], patience: float | None = None) -> bytes:
        """Octets up to where `whole` says that an answer ends (0: not yet). What has come by then where the other end
        closes or says nothing for so many seconds (the run's patience, unless told otherwise); empty where nothing
        came. `closed` tells which. An answer that is longer than any is cut, and the connection is as good as closed.
        Raises Endless where this probe has listened for too long, or heard too much."""
        self._budget.spend(0)
        patience = self._patience if patience is None else patience
        until = time.monotonic() + patience
        while not (end := whole(bytes(self._waiting))):
            if len(self._waiting) >= MOST:
                self._transcript.add("close", note="more than any answer has")
                self.closed = True
                break
            left = until - time.monotonic()
            if left <= 0 or not self._ready(left):
                self._transcript.add("timeout", note=f"nothing more within {patience:g} s")
                break
            self._connection.settimeout(left)
            try:
                piece = self._connection.recv(65_536)
            except (ssl.SSLWantReadError, TimeoutError):
                continue  # TLS has spoken to us, and nobody else
            except OSError as error:
                self._transcript.add("close", note=type(error).__name__)
                self.closed = True
                break
            if not piece:
                self._transcript.add("close")
                self.closed = True
                break
            self._waiting += piece
        end = end or len(self._waiting)
        found, self._waiting = bytes(self._waiting[:end]), self._waiting[end:]
        self._budget.spend(len(found))
        if found:
            self._transcript.add("receive", found)
        return found

    def silent(self, seconds: float | None = None) -> bool:
        """Whether nothing comes for so long, and the connection stays open."""
        return (
            not self.receive(len, min(SILENCE, self._patience / 4) if seconds is None else seconds) and not self.closed
        )

    def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Goes on over TLS. Raises OSError where that does not come about, ssl.SSLError among them."""
        self._connection.settimeout(self._patience)
        self._connection = context.wrap_socket(self._connection, server_hostname=name)
        self._transcript.add("connect", note="over TLS")

    def half_close(self) -> None:
        """Says that nothing more will be said. Raises NotApplicable over TLS, which closes both directions at once."""
        if isinstance(self._connection, ssl.SSLSocket):
            raise NotApplicable("TLS has no connection that is half closed")
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        if not self.closed:
            self._transcript.add("close", note="ours")
            self.closed = True
        self._connection.close()

    def _ready(self, seconds: float) -> bool:
        if isinstance(self._connection, ssl.SSLSocket) and self._connection.pending():
            return True
        return bool(select.select([self._connection], [], [], seconds)[0])


@dataclass
class Run:
    """One probe's surroundings. `inputs` are strings by name; `found` is shared by the probes of a run: what one has
    learnt (announced support, an identifier) and another needs."""

    target: Target
    inputs: Mapping[str, str]
    transcript: Transcript
    found: dict[str, Any] = field(default_factory=dict)
    pause: float = PAUSE
    patience: float = PATIENCE
    verify: bool = True
    left: set[str] = field(default_factory=set)
    """What this probe has changed, or was about to, and has not yet seen to be taken back."""

    def __post_init__(self) -> None:
        self._budget = Budget(self.patience)

    def input(self, name: str, default: str | None = None) -> str:
        """An input; SetupFailed where it is missing and there is no default."""
        value = self.inputs.get(name, default)
        if value is None:
            raise SetupFailed(f"the input {name!r} is missing")
        return value

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """A new connection, over TLS where the target is. Raises Unreachable where there is none to be had."""
        try:
            connection = socket.create_connection((self.target.host, self.target.port), timeout=self.patience)
            if self.target.tls:
                connection = _context(self.verify).wrap_socket(connection, server_hostname=self.target.host)
        except OSError as error:
            raise Unreachable(f"no connection: {_why(error)}") from error
        self.transcript.add("connect", note="over TLS" if self.target.tls else "")
        line = Line(connection, self.transcript, self.pause, self.patience, self._budget)
        try:
            yield line
        finally:
            line.close()

    def encrypt(self, line: Line) -> None:
        """Goes on over TLS on a line that began in clear, with the trust of this run. Raises OSError."""
        line.encrypt(_context(self.verify), self.target.host)

    def http(
        self,
        method: str = "GET",
        path: str = "",
        *,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> httpx.Response:
        """One request to the target's address, or to `path` below it. Redirects are not followed: octets typed by hand
        could not follow them either, and the answers would be those of two addresses. The patience is for all of an
        answer, and an answer has an end: raises Unreachable where no connection comes about, ConnectionError where it
        breaks before the answer is whole or is longer than any, Endless, and httpx.TimeoutException."""
        time.sleep(self.pause)
        self._budget.spend(0)
        patience = patience or self.patience
        url = self.target.url.rstrip("/") + path if path else self.target.url
        with httpx.Client(timeout=patience, verify=_context(self.verify)) as client, _cut_off(patience) as cut:
            request = client.build_request(
                method, url, params=query, content=content, headers=headers, extensions={"trace": cut.trace}
            )
            self.transcript.add("send", _head(request) + (content or b""))
            try:
                response = _whole(client.send(request, stream=True))
                if cut.over:
                    raise httpx.ReadTimeout("cut off")
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                self.transcript.add("close", note=type(error).__name__)
                raise Unreachable(f"no connection: {_why(error)}") from error
            except httpx.TransportError as error:
                if cut.over or isinstance(error, httpx.TimeoutException):
                    self.transcript.add("timeout", note="ReadTimeout" if cut.over else type(error).__name__)
                    raise httpx.ReadTimeout("the answer is not whole in time") from error
                self.transcript.add("close", note=type(error).__name__)
                raise ConnectionError(type(error).__name__) from error
            except httpx.DecodingError as error:
                self.transcript.add("close", note=type(error).__name__)
                raise ConnectionError(type(error).__name__) from error
        self._budget.spend(len(response.content))
        self.transcript.add("receive", _answer_head(response) + response.content)
        return response


def _whole(response: httpx.Response) -> httpx.Response:
    """The answer with all that it says, which is not more than an answer has."""
    found = bytearray()
    with contextlib.closing(response):
        for piece in response.iter_bytes():
            found += piece
            if len(found) > MOST:
                raise httpx.RemoteProtocolError("more than any answer has")
    made = httpx.Response(response.status_code, content=bytes(found), request=response.request)
    made.headers, made.extensions = response.headers, response.extensions
    return made


class _Cut:
    """Ends a connection that has not done by then: a time limit of httpx is one for each octet."""

    def __init__(self) -> None:
        self.over = False
        self._stream: Any = None

    def trace(self, event: str, told: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = told["return_value"]

    def end(self) -> None:
        self.over = True
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _cut_off(seconds: float) -> Iterator[_Cut]:
    cut = _Cut()
    timer = threading.Timer(seconds, cut.end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _why(error: BaseException) -> str:
    """In words, why there is no connection: what lies beneath an error of httpx says more than the error does."""
    beneath: BaseException | None = error
    while beneath is not None and not isinstance(beneath, OSError):
        beneath = beneath.__cause__ or beneath.__context__
    match beneath:
        case ssl.SSLCertVerificationError():
            return f"the certificate is not trusted ({beneath.verify_message})"
        case ssl.SSLError():
            return f"no TLS comes about ({beneath.reason or type(beneath).__name__})"
        case ConnectionRefusedError():
            return "nobody listens at this port"
        case socket.gaierror():
            return "there is no such host"
        case TimeoutError():
            return "not taken in time"
        case _:
            return type(beneath or error).__name__


@cache
def _context(verify: bool) -> ssl.SSLContext:
    """Made once: it reads every authority of the machine."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _head(request: httpx.Request) -> bytes:
    shown = [(name, "…" if name.lower() == "authorization" else value) for name, value in request.headers.items()]
    lines = [
        f"{request.method} {request.url.raw_path.decode()} HTTP/1.1",
        *(f"{name}: {value}" for name, value in shown),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answer_head(response: httpx.Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status_code}", *(f"{name}: {value}" for name, value in response.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
