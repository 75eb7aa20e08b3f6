"""What listens: TCP listeners for line protocols and the HTTP server. Bound first, served after, so that a port in use
is an error at the start and not a surprise later."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from gateway.runtime.http_limits import LimitedHttp

BACKLOG = 1024  # kiosks of ninety locations may all reconnect in the second after a power cut
HTTP_LIMIT_SECONDS = 10  # how long a stopping HTTP server waits for requests that still run


class PortInUse(Exception):
    """A listener's address could not be bound; the message says which and why."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket, not yet accepting. `shared` sets SO_REUSEPORT: several processes share the port.

    Raises PortInUse.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise PortInUse(f"{host}:{port}: {error.strerror or error}") from error
    made.setblocking(False)
    return made


@dataclass(slots=True)
class TcpListener:
    """One listener of a line protocol; `factory` makes an asyncio protocol for each connection."""

    name: str
    socket: socket.socket
    factory: Callable[[], asyncio.BaseProtocol]
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        extra: dict[str, Any] = {"ssl_handshake_timeout": 10.0} if self.tls else {}
        self._server = await loop.create_server(self.factory, sock=self.socket, ssl=self.tls, backlog=BACKLOG, **extra)

    async def stop(self) -> None:
        """Stops accepting; connections that are open go on until their protocol closes them."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.socket.close()


class _Server(uvicorn.Server):
    """uvicorn's server without its own signal handling: signals belong to `gateway.runtime.serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpListener:
    """One HTTP listener on a bound socket, in clear or over TLS. `client_ca`: whoever shows a certificate must have one
    of these authorities; `proxies` are believed when they say whom they speak for."""

    def __init__(
        self,
        name: str,
        bound: socket.socket,
        app: Any,
        certificate: tuple[Path, Path] | None = None,
        client_ca: Path | None = None,
        proxies: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.socket = bound
        files = (str(certificate[0]), str(certificate[1])) if certificate else (None, None)
        config = uvicorn.Config(
            app,
            loop="none",
            http=LimitedHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_certfile=files[0],
            ssl_keyfile=files[1],
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            ssl_ca_certs=client_ca if certificate else None,
            ssl_cert_reqs=ssl.CERT_OPTIONAL if certificate and client_ca else ssl.CERT_NONE,
            timeout_graceful_shutdown=HTTP_LIMIT_SECONDS,
            backlog=BACKLOG,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    async def start(self) -> None:
        """Returns once the server accepts. Raises RuntimeError where it stops before that."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self.socket]), name=f"listener:{self.name}")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise RuntimeError(f"{self.name} did not start")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        if self._task is not None:
            self._server.should_exit = True
            await self._task
            self._task = None
        self.socket.close()
