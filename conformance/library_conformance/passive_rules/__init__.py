"""What recorded exchanges show of a requirement: rules by standard, each looking at one link.

A rule says at every place that bears on its requirement whether it is kept there. It knows that recordings are covered:
what reads as stars is there, and nothing else is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from importlib.resources import files
from typing import Any


class Side(StrEnum):
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `at` in Unix seconds, or in seconds since the recording began; `octets` as they are recorded, None
    where only their length was kept; `who` stands for the patron, equal for equal ones, "" where that is not known."""

    side: Side
    octets: bytes | None
    at: float
    who: str = ""


@dataclass(slots=True)
class Link:
    """What went over one connection, in its order. `whole`: from its first message; `framed`: with all octets between
    the messages, their ends included; `encrypted`: None where the recording does not tell; `ended`: who closed it, None
    where that is not recorded. `read`: what rules have made of it, by the name of who made it."""

    name: str
    said: list[Said] = field(default_factory=list)
    whole: bool = False
    framed: bool = False
    encrypted: bool | None = None
    dated: bool = False
    ended: Side | None = None
    read: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a requirement is kept at a place of a link; `observation` says in stable words what is seen where it is
    not."""

    kept: bool
    said: Said
    observation: str = ""


Findings = Iterator[Finding]
Look = Callable[[Link], Findings]


@dataclass(frozen=True, slots=True)
class Rule:
    requirement: str
    side: Side
    look: Look

    @property
    def standard(self) -> str:
        return self.requirement.partition(".")[0]


_RULES: list[Rule] = []


def rule(requirement: str, *, side: Side = Side.CLIENT) -> Callable[[Look], Look]:
    """Registers a rule. One requirement may have several, and one for each side where both owe it."""

    def register(look: Look) -> Look:
        _RULES.append(Rule(requirement, side, look))
        return look

    return register


def rules_of(standard: str, sides: Iterable[Side] = tuple(Side)) -> list[Rule]:
    """The rules of a standard for these sides, in the order in which they are defined; none where it has no module."""
    if not (files(__name__) / f"{standard}.py").is_file():
        return []
    import_module(f"{__name__}.{standard}")
    return [one for one in _RULES if one.standard == standard and one.side in set(sides)]


def said_by(link: Link, side: Side) -> list[Said]:
    return [one for one in link.said if one.side is side]


def kept(said: Said) -> Finding:
    return Finding(True, said)


def broken(said: Said, observation: str) -> Finding:
    return Finding(False, said, observation)


def found(holds: bool, said: Said, observation: str) -> Finding:
    return kept(said) if holds else broken(said, observation)


def once(link: Link, name: str, make: Callable[[], Any]) -> Any:
    """What was made of a link before, or what is made of it now."""
    if name not in link.read:
        link.read[name] = make()
    return link.read[name]
