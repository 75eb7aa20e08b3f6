"""What `gateway search` asks and finds, the same whatever standard the target speaks; and its exit codes."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.commands.shelves import Shelf

YES, NO, USAGE, LINK, TIMEOUT, BAD = range(6)
"""Exit codes: records were found; none, or the server refused; wrong usage; link; no answer in time; bad answer."""


class SearchFailed(Exception):
    """There is no answer to show; `code` is the exit code."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked, in the words of any standard. `schema` empty: the server chooses."""

    target: str
    query: str
    start: int
    maximum: int
    schema: str
    sort: str
    user: str
    password: str
    version: str
    timeout: float
    insecure: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One record as it came, of `form` (a schema or syntax), or the `problem` that stands in its place. `shelves` is
    what came with it of its holdings."""

    position: int
    data: bytes = b""
    form: str = ""
    problem: str = ""
    shelves: tuple[Shelf, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`count` is None where the server does not say; `problems` are its diagnostics in words."""

    count: int | None
    hits: tuple[Hit, ...] = ()
    following: int | None = None
    problems: tuple[str, ...] = ()
