"""A query cut into tokens. One pass, no backtracking; what cannot be a token raises CqlError with its place."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from library_protocols.cql.errors import QUOTES, CqlError


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    SLASH = auto()
    SYMBOL = auto()
    """One of = == <> < > <= >=."""
    STRING = auto()
    """Quoted: `text` is what stands between the quotes, backslashes kept."""
    WORD = auto()
    END = auto()


class Token(NamedTuple):
    """One token and where it begins, in characters from 0."""

    kind: Kind
    text: str
    offset: int

    @property
    def is_term(self) -> bool:
        """Whether it can be a term or a name."""
        return self.kind is Kind.WORD or self.kind is Kind.STRING

    def describe(self) -> str:
        """The token as an error message shows it."""
        if self.kind is Kind.END:
            return "the end"
        shown = self.text if len(self.text) <= 40 else self.text[:40] + "…"
        return f'"{shown}"'


_KINDS = {kind.name: kind for kind in Kind}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<STRING>"[^"\\]*(?:\\[\s\S][^"\\]*)*")
      | (?P<SYMBOL>==|<>|<=|>=|=|<|>)
      | (?P<WORD>(?:[^\s()=<>"/\\]|\\[\s\S]|\\\Z)+)
      | (?P<OPEN>\()
      | (?P<CLOSE>\))
      | (?P<SLASH>/)
      | (?P<END>\Z)
    )""",
    re.VERBOSE,
)


def tokens(query: str) -> list[Token]:
    """The tokens of `query`, an END token last. Raises CqlError (14) for a quotation that does not end."""
    found: list[Token] = []
    position = 0
    while True:
        match = _TOKEN.match(query, position)
        if match is None:
            start = len(query) - len(query[position:].lstrip())
            raise CqlError("this quotation mark is never closed", start, QUOTES)
        name = match.lastgroup
        assert name is not None
        kind = _KINDS[name]
        text, offset = match.group(name), match.start(name)
        if kind is Kind.STRING:
            text = text[1:-1]
        elif kind is Kind.WORD and (len(text) - len(text.rstrip("\\"))) % 2:
            text += "\\"  # nothing is left for it to escape: it stands for itself
        found.append(Token(kind, text, offset))
        if kind is Kind.END:
            return found
        position = match.end()
