"""A directory that is careless about StartTLS: what came in clear behind it is answered as if it had come encrypted."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from library_conformance import octets
from library_protocols.ldap import (
    BindRequest,
    BindResponse,
    ExtendedRequest,
    ExtendedResponse,
    LdapMessage,
    Result,
    SearchRequest,
    SearchResultDone,
    decode,
    encode,
)
from tests.certificates import Authority


@contextlib.contextmanager
def careless_about_tls(folder: Path) -> Iterator[int]:
    """The port it listens on."""
    certificate, key = Authority.create(folder / "tls").issue("localhost", addresses=("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = threading.Thread(target=_accept, args=(listener, context), daemon=True)
        worker.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        worker.join(10)


def _accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    """One connection after the other: the judge has no two at once here."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.settimeout(10)
            with contextlib.suppress(OSError):
                _serve(connection, context)


def _serve(connection: socket.socket, context: ssl.SSLContext) -> None:
    waiting = b""
    with contextlib.ExitStack() as held:
        held.enter_context(connection)
        while piece := connection.recv(65_536):
            waiting += piece
            while end := octets.whole(waiting):
                message, waiting = decode(waiting[:end]), waiting[end:]
                number = message.message_id
                match message.op:
                    case BindRequest():
                        connection.sendall(encode(LdapMessage(number, BindResponse(Result()))))
                    case ExtendedRequest():
                        connection.sendall(encode(LdapMessage(number, ExtendedResponse(Result()))))
                        # The fault: `waiting` is kept.
                        connection = held.enter_context(context.wrap_socket(connection, server_side=True))
                    case SearchRequest():
                        connection.sendall(encode(LdapMessage(number, SearchResultDone(Result()))))
