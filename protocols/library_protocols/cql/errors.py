"""What reading CQL can raise, with the diagnostic an SRU server answers."""

from __future__ import annotations

SYNTAX = 10
TOO_LONG = 12
PARENTHESES = 13
QUOTES = 14
TOO_MANY_OPERATORS = 38
PREFIX_TWICE = 45


class CqlError(ValueError):
    """A query that cannot be read: `reason` in words, `offset` in characters from 0.

    `diagnostic` is the number in SRU's diagnostic list (info:srw/diagnostic/1): 10 syntax, 12 too long,
    13 parentheses, 14 quotes, 38 too many booleans, 45 a prefix assigned twice.
    """

    def __init__(self, reason: str, offset: int, diagnostic: int = SYNTAX) -> None:
        super().__init__(f"{reason} (at character {offset + 1})")
        self.reason = reason
        self.offset = offset
        self.diagnostic = diagnostic
