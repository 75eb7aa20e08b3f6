"""What a standard brings along for probes that are data: how its questions are asked and its answers looked at.

A `Dialect` is one per standard, in `probes/STANDARD/dialect.py`, and calls what the probes written in Python call, so
that framing, login and escapes stay in one place. `declared` reads files of probes with it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from string import Formatter
from typing import Any, ClassVar, Protocol

from library_conformance.model import Safety
from library_conformance.probes import Look
from library_conformance.run import Run

DIALECTS = ("oai", "sip2", "sru")
"""Standards whose probes may be declared."""
_PLACEHOLDER = re.compile(r"[a-z_]+(\.\w+)?")


class Fill(Protocol):
    """Puts the placeholders of a text in, each value as `way` writes it."""

    def __call__(self, text: str, way: Callable[[str], str] = str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Trait:
    """Something to be told of an answer. `read` makes of what a file says what `holds` compares an answer with, and
    raises ValueError, with the complaint, where that is not possible."""

    read: Callable[[Any], Any]
    holds: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: `value` is what the file has for the verb, `options` the step's other keys; `fill` puts the
    placeholders of a text in; `earlier` are the answers to the steps before by their names."""

    verb: str
    value: Any
    options: Mapping[str, Any]
    fill: Fill
    earlier: Mapping[str, Any]


Checks = Mapping[str, Callable[[Any], Any]]
Traits = Mapping[str, Trait]
Values = Mapping[str, Callable[[Run], str]]
Words = Mapping[str, Callable[[Any], str]]


class Dialect(ABC):
    """How probes of one standard ask, and what can be told of an answer.

    `verbs`, `options` and `settings` are the keys by which a step asks, those that go with them, and those of a whole
    probe, each with a function that raises ValueError for a value that it cannot be; `values` are the placeholders
    of what is asked, `inputs` the inputs without which some of them cannot be filled, `own` those that a verb fills
    itself, and `words` the placeholders of observations. `repeating` are verbs that name an earlier step; `needs` is
    what a probe needs that does not say so.
    """

    verbs: ClassVar[Checks]
    options: ClassVar[Checks] = {}
    settings: ClassVar[Checks] = {}
    traits: ClassVar[Traits]
    values: ClassVar[Values]
    inputs: ClassVar[Mapping[str, str]] = {}
    own: frozenset[str] = frozenset()
    repeating: frozenset[str] = frozenset()
    words: ClassVar[Words]
    needs: tuple[str, ...] = ()

    @abstractmethod
    def session(self, run: Run, settings: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """What the questions of one probe are asked on."""

    @abstractmethod
    def ask(self, session: Any, question: Question) -> Any:
        """The answer. Raises what the probes of the standard raise."""

    @abstractmethod
    def capturing(self, pattern: str) -> Callable[[Any], str]:
        """What takes a piece out of an answer, "" where it is not there. Raises ValueError."""

    @abstractmethod
    def same(self, one: Any, other: Any) -> bool:
        """Whether two answers say the same."""

    @abstractmethod
    def complain(self, verb: str, value: Any, options: Mapping[str, Any], safety: Safety) -> None:
        """Raises ValueError where the keys of a step do not go together, or do more than the probe says it does."""

    def guarded(self, name: str, verifies: tuple[str, ...], look: Look) -> Look:
        """The probe with what is common to all of the standard around it."""
        return look


@cache
def dialect_of(standard: str) -> Dialect:
    return import_module(f"library_conformance.probes.{standard}.dialect").DIALECT


# What values may be


def a_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("wants a text")
    return value


def a_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("wants true or false")
    return value


def one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"wants one of {', '.join(known)}")
        return value

    return read


def some(kind: type[int] | type[str]) -> Callable[[Any], tuple[Any, ...]]:
    """One of a kind, or a list of them."""

    def read(value: Any) -> tuple[Any, ...]:
        found = tuple(value) if isinstance(value, list) else (value,)
        if not found or not all(type(each) is kind for each in found):
            raise ValueError(f"wants {'a number' if kind is int else 'a text'}, or a list of them")
        return found

    return read


def a_table(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError("wants a table of texts")
    return value


def a_pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(a_text(value), re.DOTALL)
    except re.error as error:
        raise ValueError(f"{value!r} is no pattern: {error}") from error


def patterns(value: Any) -> dict[str, re.Pattern[str]]:
    """A table of patterns, each for the whole of what is found by its name."""
    return {name: a_pattern(each) for name, each in a_table(value).items()}


def pieces(text: str) -> list[tuple[str, str]]:
    """A text as pairs of what stands there and the placeholder behind it, "" for none. Raises ValueError."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}; a brace that is meant is written twice") from error
    for _, name, form, conversion in parsed:
        if name is not None and (form or conversion or not _PLACEHOLDER.fullmatch(name)):
            raise ValueError(f"{text!r}: {{{name}}} is no placeholder; a brace that is meant is written twice")
    return [(said, name or "") for said, name, _, _ in parsed]


def placeholders(value: Any) -> Iterator[str]:
    """All placeholders in a text, or in the texts and names of a list or table."""
    if isinstance(value, str):
        yield from (name for _, name in pieces(value) if name)
    elif isinstance(value, (list, dict)):
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from placeholders(each)
