"""What a row of the index map says, and how the short notation of its fields is read.

A field is written `245abnp` (tag and subfields), `100*` (all but numbered subfields), `001`, `008[35-37]` or `LDR[17]`
(a control field or the leader, or positions of it), `100a[9-12]` (positions of a subfield), with `/1=3` for an
indicator; several separated by blanks. MARC 21's fields 880 count as the field that they give in another script.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from gateway.catalogue.index import numbers


class Kind(StrEnum):
    """How an index reads its values and its terms."""

    TEXT = "words and phrases"
    KEY = "number"
    CODE = "code"
    YEAR = "year"
    DATE = "date"


LEADER = "LDR"
"""What stands for a tag where the leader is meant."""


@dataclass(frozen=True, slots=True)
class Source:
    """One field of a record. `codes` is empty for a control field, `*` for all subfields that hold text."""

    tag: str
    codes: str = ""
    first: int | None = None
    last: int | None = None
    indicator: int | None = None
    value: str = ""

    @property
    def end(self) -> int | None:
        """Behind the last position."""
        return None if self.last is None else self.last + 1

    def takes(self, code: str) -> bool:
        return code in self.codes or (self.codes == "*" and code.isalpha() and code not in "uw")

    def __str__(self) -> str:
        positions = "" if self.first is None else f"/{self.first:02}-{self.last:02}"
        condition = "" if self.indicator is None else f" (indicator {self.indicator} = {self.value})"
        codes = "".join(f"${code}" for code in self.codes) if self.codes != "*" else " all"
        return f"{self.tag}{codes}{positions}{condition}"


_NOTATION = re.compile(r"([0-9]{3}|LDR)(\*|[a-z0-9]*)(?:\[([0-9]+)(?:-([0-9]+))?\])?(?:/([12])=(\S))?")


def source(text: str) -> tuple[Source, str]:
    """The field that a text begins with, and what follows it; ValueError where it does not begin with one."""
    match = _NOTATION.match(text)
    if match is None:
        raise ValueError(f"{text!r} names no field")
    tag, codes, first, last, indicator, value = match.groups()
    made = Source(
        tag,
        codes,
        None if first is None else int(first),
        None if first is None else int(last or first),
        None if indicator is None else int(indicator),
        value or "",
    )
    return made, text[match.end() :]


def sources(notation: str) -> tuple[Source, ...]:
    """Reads the short notation; ValueError where it is not one."""
    found: list[Source] = []
    for text in notation.split():
        one, rest = source(text)
        if rest:
            raise ValueError(f"{text!r} names no field")
        found.append(one)
    return tuple(found)


@dataclass(frozen=True)
class Index:
    """One index.

    `cql`: names with their context set, the first is what explain shows first. `bib1`: values of the Use attribute.
    `of`: an index that is several others asked at once, with no fields of its own. `anchored`: whole and first in
    field or subfield can be asked. `normal`, `prefixes`: a term's or value's normal forms, and those of its beginning.
    `facet`, `sortable`, `scannable` as they say; `list_of` names the index among whose headings its own are, so that
    they are listed once. `title_like`: signs that are not filed are passed over as well.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    marc21: str = ""
    unimarc: str = ""
    cql: tuple[str, ...] = ()
    bib1: tuple[int, ...] = ()
    of: tuple[str, ...] = ()
    anchored: bool = False
    scannable: bool = False
    list_of: str = ""
    sortable: bool = False
    facet: bool = False
    title_like: bool = False
    normal: numbers.Normal = field(default=numbers.key, repr=False)
    prefixes: numbers.Normal | None = field(default=None, repr=False)
    values: numbers.Normal | None = field(default=None, repr=False)

    @cached_property
    def marc21_sources(self) -> tuple[Source, ...]:
        return sources(self.marc21)

    @cached_property
    def unimarc_sources(self) -> tuple[Source, ...]:
        return sources(self.unimarc)

    @property
    def ranges(self) -> bool:
        """Whether values are compared by more than equality."""
        return self.kind in (Kind.YEAR, Kind.DATE)
