"""Checks that a probe makes of somebody's server: one question each, by name and in order, whatever the standard.

A check says what it saw; `Odd` is an answer the standard does not allow, `NotOffered` something it leaves open.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")


class Odd(Exception):
    """The answer is not what the standard wants."""


class NotOffered(Exception):
    """The server does not do this, which it may."""


@dataclass(frozen=True, slots=True)
class Result:
    """One check's outcome: `verdict` is ok, odd or not offered."""

    name: str
    verdict: str
    detail: str
    seconds: float


class Checks(Generic[S]):
    """The checks of one probe; called with a name it decorates the next one. `S` is what they try."""

    def __init__(self) -> None:
        self._checks: list[tuple[str, Callable[[S], Awaitable[str]]]] = []

    def __len__(self) -> int:
        return len(self._checks)

    def __call__(self, name: str) -> Callable[[Callable[[S], Awaitable[str]]], Callable[[S], Awaitable[str]]]:
        def add(check: Callable[[S], Awaitable[str]]) -> Callable[[S], Awaitable[str]]:
            self._checks.append((name, check))
            return check

        return add

    async def made(
        self, subject: S, bad_answers: tuple[type[Exception], ...]
    ) -> AsyncIterator[tuple[Result, Exception | None]]:
        """Each check's result as it comes, with what was odd about it. `bad_answers` count as odd too; anything else
        that a check raises ends the whole."""
        for name, check in self._checks:
            begun = time.perf_counter()
            problem: Exception | None = None
            try:
                verdict, detail = "ok", await check(subject)
            except NotOffered as why:
                verdict, detail = "not offered", str(why)
            except (Odd, *bad_answers) as why:
                verdict, detail, problem = "odd", str(why), why
            yield Result(name, verdict, detail, time.perf_counter() - begun), problem
