"""Attribute descriptions: a type and its options (RFC 4512 2.5), with the ranges in which Active Directory gives
attributes of many values (MS-ADTS 3.1.1.3.1.3.3), and the selectors of a search (RFC 4511 4.5.1.8).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class OptionFact:
    """One option or selector: how it is written, what it means, the clause."""

    name: str
    meaning: str
    clause: str


_ROWS = """
binary | values in BER | RFC 4522
lang- | values in a language | RFC 3866 2
range= | some of many values, by position from 0 (Active Directory) | MS-ADTS 3.1.1.3.1.3.3
* | all user attributes | RFC 4511 4.5.1.8
+ | all operational attributes | RFC 3673
1.1 | no attributes | RFC 4511 4.5.1.8
"""

OPTIONS = {name: OptionFact(name, meaning, clause) for name, meaning, clause in rows(_ROWS, 3)}
"""Option or selector -> fact."""

ALL_USER, ALL_OPERATIONAL, NO_ATTRIBUTES = "*", "+", "1.1"
"""Selectors of a search."""

_RANGE = re.compile(r"range=([0-9]{1,9})-([0-9]{1,9}|\*)", re.IGNORECASE)


def split_description(description: str) -> tuple[str, tuple[str, ...]]:
    """Type and options of a description, all in lower case."""
    kind, *options = description.lower().split(";")
    return kind, tuple(options)


@dataclass(frozen=True, slots=True)
class ValueRange:
    """Positions of values, from 0, the last included; no last: up to the end."""

    first: int
    last: int | None

    def option(self) -> str:
        """As it is written behind a type: `range=0-1499`, `range=1500-*`."""
        return f"range={self.first}-{'*' if self.last is None else self.last}"


def range_of(options: tuple[str, ...]) -> ValueRange | None:
    """The range among options; None where there is none."""
    for option in options:
        match = _RANGE.fullmatch(option)
        if match:
            return ValueRange(int(match[1]), None if match[2] == "*" else int(match[2]))
    return None
