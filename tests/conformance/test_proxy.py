"""The proxy that makes mutants: what it passes on, changes, holds back and ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.conformance.proxy import Back, Close, Mutant, Proxy, Talk, Wait


def lines(octets: bytes) -> int:
    return octets.find(b"\r") + 1


@pytest.fixture
def echo() -> Iterator[int]:
    """Says every octet again, until its peers are gone."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(peer: socket.socket) -> None:
        with peer:
            while octets := peer.recv(4096):
                peer.sendall(octets)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def ask(proxy: Proxy, *pieces: bytes) -> bytes:
    """All that comes back until the end of the connection."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as peer:
        for piece in pieces:
            peer.sendall(piece)
        peer.shutdown(socket.SHUT_WR)
        said = b""
        while octets := peer.recv(4096):
            said += octets
        return said


def test_it_passes_everything_on_and_the_end(echo: int) -> None:
    with Proxy(echo, lines) as proxy:
        assert ask(proxy, b"one\rtw", b"o\rthree") == b"one\rtwo\rthree"


def test_it_changes_whole_messages_however_they_come(echo: int) -> None:
    with Proxy(echo, lines) as proxy:
        proxy.mutant = Mutant("louder", (), answers=lambda octets, talk: octets.upper())
        assert ask(proxy, b"on", b"e\rtwo\r") == b"ONE\rTWO\r"
        proxy.mutant = Mutant("deaf", (), requests=lambda octets, talk: [] if octets == b"two\r" else octets)
        assert ask(proxy, b"one\rtwo\rthree\r") == b"one\rthree\r"
        proxy.mutant = None
        assert ask(proxy, b"one\r") == b"one\r"


def test_it_speaks_for_the_other_end_waits_and_closes(echo: int) -> None:
    def wrong(octets: bytes, talk: Talk) -> list[bytes | Back | Wait | Close]:
        if len(talk.requests) == 2:
            return [Close()]
        return [Back(b"no\r"), Wait(0.01)] if talk.request == b"one\r" else [octets]

    with Proxy(echo, lines) as proxy:
        proxy.mutant = Mutant("odd", (), requests=wrong)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as peer:
            for said, heard in ((b"one\r", b"one\r"), (b"two\r", b"no\r"), (b"three\r", b"")):
                peer.sendall(said)
                assert peer.recv(100) == heard


def test_what_is_no_message_passes_as_it_is(echo: int) -> None:
    def never(octets: bytes) -> int:
        raise ValueError("no message")

    with Proxy(echo, never) as proxy:
        proxy.mutant = Mutant("louder", (), answers=lambda octets, talk: octets.upper())
        assert ask(proxy, b"one") == b"one"


def test_connections_share_what_is_common_to_a_mutant(echo: int) -> None:
    def count(octets: bytes, talk: Talk) -> bytes:
        talk.common["count"] = talk.common.get("count", 0) + 1
        return b"%d\r" % talk.common["count"]

    with Proxy(echo, lines) as proxy:
        proxy.mutant = Mutant("counting", (), answers=count)
        assert [ask(proxy, b"a\r"), ask(proxy, b"b\r")] == [b"1\r", b"2\r"]
        proxy.mutant = proxy.mutant
        assert ask(proxy, b"a\r") == b"1\r"
