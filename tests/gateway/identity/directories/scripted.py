"""An Opener whose servers answer as a test says: what a real server can hardly be brought to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.identity.directories.line import Answer, LineLost, Search, SearchAnswer, Server, TlsFacts
from library_protocols.ldap.messages import Control

T = TypeVar("T", bound=Answer)
Searched = Callable[[Search], SearchAnswer | LineLost]
Bound = Callable[[str, str], Answer | LineLost]


@dataclass
class Behaviour:
    """What one server does. Every login succeeds and every search finds nothing, unless told otherwise."""

    search: Searched = lambda search: SearchAnswer(0)
    bind: Bound = lambda name, password: Answer(0)
    opens: Callable[[], LineLost | None] = lambda: None


@dataclass
class ScriptedOpener:
    servers: Mapping[int, Behaviour]  # by port
    done: list[tuple[int, str]] = field(default_factory=list)  # port and what was asked of it, in order
    open_lines: int = 0

    async def open(self, server: Server, *, seconds: float) -> ScriptedLine:
        self.done.append((server.port, "open"))
        if lost := self.servers[server.port].opens():
            raise lost
        self.open_lines += 1
        return ScriptedLine(server, self)

    def close(self) -> None:
        self.done.append((0, "close"))


class ScriptedLine:
    tls: TlsFacts | None = None
    connect_milliseconds = 1.0
    tls_milliseconds = 0.0

    def __init__(self, server: Server, opener: ScriptedOpener) -> None:
        self.server = server
        self._opener = opener
        self._open = True

    async def bind(self, name: str, password: str, controls: Sequence[Control] = (), *, seconds: float) -> Answer:
        self._opener.done.append((self.server.port, f"bind {name}"))
        return _said(self._opener.servers[self.server.port].bind(name, password))

    async def search(self, search: Search, *, seconds: float) -> SearchAnswer:
        self._opener.done.append((self.server.port, f"search {search.filter}"))
        return _said(self._opener.servers[self.server.port].search(search))

    def drop(self) -> None:
        self._opener.open_lines -= self._open
        self._open = False


def _said(answer: T | LineLost) -> T:
    if isinstance(answer, LineLost):
        raise answer
    return answer
