"""Ways of being wrong that servers of XML over HTTP share, as makers of mutants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.conformance.http_proxy import Asked, Change, Reply, Rewrite, WebMutant

Pairs = list[tuple[str, str]]
When = Callable[[Asked], bool]


def always(asked: Asked) -> bool:
    return True


def with_arguments(*names: str, **values: str) -> When:
    """Requests that have these arguments, and these with these values."""

    def fits(asked: Asked) -> bool:
        found = asked.arguments
        return all(name in found for name in names) and all(found.get(name) == value for name, value in values.items())

    return fits


def answers(name: str, *caught_by: str, change: Change, when: When = always) -> WebMutant:
    """A mutant whose answers are wrong."""
    return WebMutant(name, caught_by, change=lambda asked, reply: change(asked, reply) if when(asked) else reply)


def texts(name: str, *caught_by: str, old: str, new: str, when: When = always, count: int = 0) -> WebMutant:
    """A mutant in whose answers a pattern is replaced; `.` stands for any character."""
    pattern = re.compile(old.encode(), re.DOTALL)
    return answers(
        name, *caught_by, when=when,
        change=lambda asked, reply: replace(reply, body=pattern.sub(new.encode(), reply.body, count=count)),
    )  # fmt: skip


def readings(name: str, *caught_by: str, read: Callable[[Pairs], Pairs], when: When = always) -> WebMutant:
    """A mutant that takes the arguments of a request for others."""
    return WebMutant(name, caught_by, rewrite=_rewriting(read, when))


def _rewriting(read: Callable[[Pairs], Pairs], when: When) -> Rewrite:
    def rewrite(asked: Asked) -> Asked:
        if not when(asked):
            return asked
        parts = urlsplit(asked.path)
        if asked.method == "POST":
            body = urlencode(read(_pairs(asked.body.decode("latin-1")))).encode()
            return replace(asked, body=body)
        return replace(asked, path=f"{parts.path}?{urlencode(read(_pairs(parts.query)))}")

    return rewrite


def _pairs(query: str) -> Pairs:
    return parse_qsl(query, keep_blank_values=True)


def without(*names: str) -> Callable[[Pairs], Pairs]:
    """Arguments of these names are not read."""
    return lambda pairs: [(name, value) for name, value in pairs if name not in names]


def instead(**values: str) -> Callable[[Pairs], Pairs]:
    """Arguments of these names, where they are there, are read as these values."""
    return lambda pairs: [(name, values.get(name, value)) for name, value in pairs]


def first_of_each(pairs: Pairs) -> Pairs:
    """A repeated argument is read once."""
    return list(dict(reversed(pairs)).items())


def status(number: int) -> Change:
    """Another status of HTTP."""
    return lambda asked, reply: replace(reply, status=number)


def nothing(number: int, words: bytes = b"no") -> Change:
    """An answer of HTTP's own."""
    return lambda asked, reply: Reply(number, {"content-type": "text/plain"}, words)
