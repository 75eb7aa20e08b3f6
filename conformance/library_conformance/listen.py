"""`library-conformance listen`: plays a server to see what a client does: a kiosk, a harvester, a broker.

What it is told and tells is recorded, and judged by the rules for recordings; the liberties that the script takes (a
wrong checksum, a busy answer, an answer in pieces) are what makes those rules have something to look at.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import typer
from rich.console import Console

from library_conformance.exits import Exit
from library_conformance.foreign import json_text, said
from library_conformance.listeners import Act, Close, Script, Wait, scripts
from library_conformance.passive import Judgement, exit_code, judge, results_of, tell
from library_conformance.passive_rules import Finding, Link, Rule, Said, Side
from library_conformance.results import compose, write
from library_conformance.standards import STANDARDS
from library_conformance.transcript import Cover

_TICK = 0.1
_QUIET = 1.0
"""Seconds for which a client may go on after the last exchange that was asked for: it says what it made of it."""

_LONGEST = 5.0
"""Seconds that connections may take to end, all together."""
_LINKS = 64
"""Connections at once: more than a library's kiosks have. Who comes then is let in no more."""
_MESSAGE = 256 * 1024
"""Octets of one message; what is longer ends the connection."""
_SLOWEST = 60.0
"""Seconds that one message may take, from its first octet; and a client to take an answer."""
_MOST = 32 * 1024 * 1024
"""Octets that are kept of all messages, what keeping one costs counted in. Then nobody is listened to any more."""
_EACH = 512
"""Octets that keeping one message costs, however short it is."""


class _ScriptEnds(Exception):
    """The script closes the connection."""


class Listener:
    """Listens and plays the script of a standard, one thread a connection. A context manager; `links` is what was
    said, `count` how many messages of clients were answered."""

    def __init__(self, standard: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self._make = scripts()[standard]
        self._standard = standard
        self._socket = socket.create_server((host, port))
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._taken: list[str] = []
        self._left = _MOST
        self._open = 0
        self._script = self._make()
        self.links: list[Link] = []
        self.shown: list[tuple[str, Link, Finding]] = []
        self.errors: list[str] = []
        """Errors of ours, each once."""
        self.count = 0
        self.last = time.monotonic()

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        until = time.monotonic() + _LONGEST
        for thread in list(self._threads):
            thread.join(max(0.0, until - time.monotonic()))
        self._socket.close()

    def wait(self, exchanges: int, seconds: float) -> None:
        """Until so many messages are answered and the client is quiet, or so many seconds have passed; 0: never. Ends
        as well where more was said than is kept."""
        until = time.monotonic() + seconds if seconds else None
        while not self.full and (until is None or time.monotonic() < until):
            if exchanges and self.count >= exchanges and time.monotonic() - self.last > _QUIET:
                return
            time.sleep(_TICK)

    @property
    def full(self) -> bool:
        return self._left < 0

    def judgements(self) -> list[Judgement]:
        """What the rules make of it, and what the liberties showed."""
        with self._lock:
            by_rule = judge([link for link in self.links if link.said], self._standard, [Side.CLIENT])
            for requirement in (*self._make.shows.values(), *self._make.tells):
                findings = [(link, one) for name, link, one in self.shown if name == requirement]
                by_rule.append(Judgement(Rule(requirement, Side.CLIENT, lambda _: iter(())), findings))
        return by_rule

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # pyright: ignore[reportArgumentType]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            if select.select([self._socket], [], [], _TICK)[0]:
                try:
                    connection, _ = self._socket.accept()
                except OSError:
                    time.sleep(_TICK)  # whoever was there has gone, or this machine has no room
                    continue
                self._threads = [one for one in self._threads if one.is_alive()]
                if self._open < _LINKS:
                    self._open += 1
                    self._start(self._serve, connection)
                else:
                    connection.close()

    def _serve(self, connection: socket.socket) -> None:
        script, link = self._begun()
        try:
            with connection:
                connection.settimeout(_SLOWEST)
                self._converse(connection, script, link)
        except _ScriptEnds:
            link.ended = Side.SERVER
        except OSError:
            link.ended = Side.CLIENT
        except Exception as error:
            link.ended = Side.SERVER
            self.errors = sorted({*self.errors, f"{type(error).__name__}: {error}"})
        if link.ended is Side.CLIENT:
            script.shown.extend(script.gone())
            self._note(link, script)
        with self._lock:
            self._open -= 1
            if not link.said and not self._make.one_client:
                self.links.remove(link)

    def _begun(self) -> tuple[Script, Link]:
        """The script and the record of a connection; one client's connections share both."""
        with self._lock:
            if not self._make.one_client or not self.links:
                self.links.append(Link(str(len(self.links) + 1), whole=True, framed=True, encrypted=False, dated=True))
                self._script = self._make(taken=self._taken)
            return self._script, self.links[-1]

    def _converse(self, connection: socket.socket, script: Script, link: Link) -> None:
        """Until either side ends it, or too much is said, or too slowly. Raises OSError where the client ended it,
        _ScriptEnds where we did."""
        waiting, begun = b"", 0.0
        while not self._ended.is_set() and not self.full:
            if end := script.whole(waiting):
                message, waiting = waiting[:end], waiting[end:]
                begun = time.monotonic()
                self._answer(connection, script, link, message)
            elif waiting and (len(waiting) > _MESSAGE or time.monotonic() - begun > _SLOWEST):
                raise _ScriptEnds
            elif select.select([connection], [], [], _TICK)[0]:
                piece = connection.recv(65_536)
                if not piece:
                    raise ConnectionResetError("the client has ended the connection")
                begun = begun if waiting else time.monotonic()
                waiting += piece

    def _answer(self, connection: socket.socket, script: Script, link: Link, message: bytes) -> None:
        self._say(link, Side.CLIENT, message)
        self._show(link, script, message)
        acts = list(_until_close(script.acts(message)))
        self._note(link, script)
        told = [number for number, act in enumerate(acts) if isinstance(act, bytes)]
        try:
            for number, act in enumerate(acts):
                match act:
                    case bytes():
                        if number == told[-1]:  # written down before the client can go on
                            self._say(link, Side.SERVER, b"".join(one for one in acts if isinstance(one, bytes)))
                        connection.sendall(act)
                    case Wait(seconds):
                        time.sleep(seconds)
                    case Close():
                        raise _ScriptEnds
        finally:
            with self._lock:
                self.count += 1
                self.last = time.monotonic()

    def _show(self, link: Link, script: Script, message: bytes) -> None:
        """What this message says of the last liberty: who goes on has understood, who says the same again has not."""
        if not script.said:
            return
        requirement = script.shows.get(script.said.pop())
        before = [one for one in link.said if one.side is Side.CLIENT and one.octets][-2:-1]
        if requirement and before:
            again = script.again(before[0].octets or b"", message)
            finding = Finding(not again, link.said[-1], "said it again" if again else "")
            self.shown.append((requirement, link, finding))

    def _note(self, link: Link, script: Script) -> None:
        """What the script itself has understood."""
        place = next((one for one in reversed(link.said) if one.side is Side.CLIENT), None)
        while script.shown and place is not None:
            one = script.shown.pop(0)
            self.shown.append((one.requirement, link, Finding(not one.observation, place, one.observation)))

    def _say(self, link: Link, side: Side, octets: bytes) -> None:
        with self._lock:
            link.said.append(Said(side, octets, time.time()))
            self._left -= len(octets) + _EACH
            self.last = time.monotonic()


def _until_close(acts: Iterable[Act]) -> Iterator[Act]:
    for act in acts:
        yield act
        if isinstance(act, Close):
            return


def attach(app: typer.Typer) -> None:
    app.command("listen")(listen)


def listen(
    standard: Annotated[str, typer.Argument(help=f"One of {' '.join(scripts())}.")],
    out: Annotated[Path, typer.Option(help="Folder for results.json and the places of deviations.")],
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any that is free.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    exchanges: Annotated[int, typer.Option(min=0, help="End after so many messages; 0: not by number.")] = 0,
    seconds: Annotated[float, typer.Option(min=0, help="End after so long; 0: not by time.")] = 0.0,
    subject: Annotated[str, typer.Option(help="What the results call the client.")] = "client",
    json_: Annotated[bool, typer.Option("--json", help="The results on standard output.")] = False,
) -> None:
    """Play a server to judge the client that connects: point a test kiosk, a harvester or a broker at this address.

    Ends after --exchanges, after --seconds, or with Ctrl-C. Exit codes: 0 no must is broken; 1 one is; 2 wrong usage,
    nobody said anything, or the port cannot be had.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if standard not in scripts():
        raise typer.BadParameter(f"{standard!r} is none of {', '.join(scripts())}")
    started = datetime.now(UTC)
    try:
        listener = Listener(standard, host, port)
    except (OSError, TypeError, UnicodeError) as error:
        console.print(f"{host}:{port}: {getattr(error, 'strerror', None) or error}", markup=False)
        raise typer.Exit(Exit.HARNESS) from error
    with listener:
        console.print(f"listening for {STANDARDS[standard].name} on {host}:{listener.port}", markup=False)
        with contextlib.suppress(KeyboardInterrupt):
            listener.wait(exchanges, seconds)
    if listener.full:
        console.print("more was said than is kept: the listening has ended", markup=False)
    for error in listener.errors:
        console.print(f"an error of ours: {said(error)}", markup=False)
    row = STANDARDS[standard]
    results = results_of(listener.judgements(), "played", Cover({}, row.mask), out, row.decode)
    spent = (datetime.now(UTC) - started).total_seconds()
    document = compose(standard, subject, started, results, seconds=spent)
    write(out, document)
    if json_:
        print(json_text(document))
    else:
        tell(results, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(Exit.HARNESS if listener.errors else exit_code(results))
