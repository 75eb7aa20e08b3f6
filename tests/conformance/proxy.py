"""A peer that is wrong in one way: it stands between a probe and a good peer and changes whole messages on their way.

A mutant is a pair of transforms, one a direction. What a transform gives is said in its order: octets, pauses, the end
of the connection, and octets that go back to where the message came from.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Whole = Callable[[bytes], int]
"""Where the first message ends (0: it is not there yet). ValueError: this is no message, and passes as it is."""


@dataclass(frozen=True, slots=True)
class Back:
    """Octets for the end that has just spoken: the other end never hears."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the connection, in both directions."""


Act = bytes | Back | Wait | Close


@dataclass
class Talk:
    """One connection: what was said before the message at hand, both ways; `memory` is this connection's own, `common`
    that of all connections while one mutant stands."""

    common: dict[str, Any]
    requests: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def request(self) -> bytes:
        """The last one that was said; empty before the first."""
        return self.requests[-1] if self.requests else b""


Transform = Callable[[bytes, Talk], bytes | Iterable[Act]]


def unchanged(message: bytes, talk: Talk) -> bytes:
    return message


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way in which a peer is wrong. `caught_by`: ids of probes, each of which must see something else than it sees
    on the good peer."""

    name: str
    caught_by: tuple[str, ...]
    answers: Transform = unchanged
    requests: Transform = unchanged
    whole: Whole | None = None
    """Where a request ends for this peer, where that is what is wrong with it."""
    greeting: bytes = b""
    """What it says before it is spoken to."""
    without: tuple[str, ...] = ()
    """Inputs that the judge must not have to see it."""


class Proxy:
    """Listens on a loopback port and passes what comes on to `target`, a port on loopback. `mutant` may be changed at
    any time and holds for connections made from then on; None passes everything on as it is. A context manager."""

    def __init__(self, target: int, request_whole: Whole, answer_whole: Whole | None = None) -> None:
        self.target = target
        self._wholes = (request_whole, answer_whole or request_whole)
        self._mutant: Mutant | None = None
        self._common: dict[str, Any] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._ended = False

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def mutant(self) -> Mutant | None:
        return self._mutant

    @mutant.setter
    def mutant(self, mutant: Mutant | None) -> None:
        self._mutant, self._common = mutant, {}

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for one in left:
            _end(one)
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            mutant, talk = self._mutant or Mutant("none", ()), Talk(self._common)
            if mutant.greeting:
                client.sendall(mutant.greeting)
            whole = mutant.whole or self._wholes[0]
            self._start(self._pass, client, server, whole, mutant.requests, talk, talk.requests)
            self._start(self._pass, server, client, self._wholes[1], mutant.answers, talk, talk.answers)

    def _pass(
        self,
        source: socket.socket,
        sink: socket.socket,
        whole: Whole,
        transform: Transform,
        talk: Talk,
        said: list[bytes],
    ) -> None:
        waiting = b""
        try:
            while piece := source.recv(65_536):
                waiting += piece
                while waiting:
                    try:
                        end = whole(waiting)
                    except ValueError:
                        sink.sendall(waiting)
                        waiting = b""
                        break
                    if not end:
                        break
                    message, waiting = waiting[:end], waiting[end:]
                    acts = transform(message, talk)
                    said.append(message)
                    for act in (acts,) if isinstance(acts, bytes) else acts:
                        self._do(act, source, sink)
            sink.sendall(waiting)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _end(source)
            _end(sink)
        finally:
            with self._lock:
                both_done = talk.memory.setdefault("ways done", 0) == 1
                talk.memory["ways done"] += 1
            if both_done:
                _end(source)
                _end(sink)
                with self._lock:
                    self._open -= {source, sink}

    def _do(self, act: Act, source: socket.socket, sink: socket.socket) -> None:
        match act:
            case bytes():
                sink.sendall(act)
            case Back(octets):
                source.sendall(octets)
            case Wait(seconds):
                time.sleep(seconds)
            case Close():
                raise OSError("the mutant closes")


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
