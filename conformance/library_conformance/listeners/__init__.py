"""Servers that say what they are told to, octet by octet, so that clients show what they do with it.

A module a standard, each with its script as `Played`. A script is handed each message of a client and gives acts:
octets, pauses, the end of the connection. It takes each liberty once, says what the liberty is for, and is an ordinary,
small server otherwise. Nobody's data is in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import ClassVar

from library_conformance.standards import STANDARDS


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


class Close:
    """The end of the connection."""


Act = bytes | Wait | Close


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client's message, or its going away, says of a requirement. `observation`: what is wrong, "" where it is
    kept."""

    requirement: str
    observation: str = ""


@dataclass(slots=True)
class Script(ABC):
    """One connection's server. `taken` is shared by all connections: liberties that were taken already."""

    shows: ClassVar[Mapping[str, str]] = {}
    """Requirements by the liberty that shows them: kept where the client goes on, broken where it says it again."""
    tells: ClassVar[tuple[str, ...]] = ()
    """Requirements besides those of which the script itself says what a client made of them (`shown`)."""
    one_client: ClassVar[bool] = False
    """Whether all connections are one client's, whatever they are used for."""

    taken: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Liberties taken on this connection, one word each, in order, until somebody has looked at them."""
    shown: list[Shown] = field(default_factory=list)
    """What the script has understood of the last message, until somebody has looked at it."""

    @abstractmethod
    def whole(self, octets: bytes) -> int:
        """Where the first message ends; 0 where it has not."""

    @abstractmethod
    def acts(self, message: bytes) -> Iterator[Act]:
        """What is done about a message, in order."""

    def again(self, before: bytes, message: bytes) -> bool:
        """Whether a message says only that the answer to the one before was not understood."""
        return before == message

    def gone(self) -> tuple[Shown, ...]:
        """What it shows that the client has ended the connection."""
        return ()

    def liberty(self, *names: str) -> str:
        """The first of these that was not taken yet, taken now; empty where all were."""
        name = next((one for one in names if one not in self.taken), "")
        if name:
            self.taken.append(name)
            self.said.append(name)
        return name


@cache
def scripts() -> Mapping[str, type[Script]]:
    """The standards that can be played, by their names on the command line."""
    here = files(__name__)
    names = [name for name in STANDARDS if (here / f"{name}.py").is_file()]
    return {name: import_module(f"{__name__}.{name}").Played for name in names}


def in_pieces(octets: bytes) -> Iterator[Act]:
    """The same, cut where nobody expects it."""
    for place in range(0, len(octets), 7):
        yield octets[place : place + 7]
        yield Wait(0.02)
