"""A MARC record as plain values: leader, control fields, data fields. The same for MARC 21 and UNIMARC.

Values are tuples and strings, so that tens of thousands a second can be made. A `Record` that the readers of this
package give is *sound*: it can be written as MARCXML that is valid against MARC21slim without changing a character.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple


class DataField(NamedTuple):
    """One variable data field (tags 010 to 999, letters included).

    `indicators` are two characters; `subfields` pairs of code (one character) and text, in the record's order.
    """

    tag: str
    indicators: str
    subfields: tuple[tuple[str, str], ...]

    def first(self, code: str) -> str:
        """The text of the first subfield with this code; empty when there is none."""
        for found, text in self.subfields:
            if found == code:
                return text
        return ""

    def all(self, codes: str) -> list[str]:
        """The texts of all subfields whose code is one of `codes`, in the record's order."""
        return [text for code, text in self.subfields if code in codes]


class Unsplit(NamedTuple):
    """Sound data fields as ISO 2709 has them: the tags; the fields, without terminators; and all of these together,
    a terminator before each."""

    tags: Sequence[str]
    fields: Sequence[str]
    text: str


_SUBFIELDS = re.compile("\x1f(.)([^\x1f]*)", re.DOTALL).findall


def _split(tag: str, field: str) -> DataField:
    return tuple.__new__(DataField, (tag, field[:2], tuple(_SUBFIELDS(field))))


class Record:
    """One record. `leader` has 24 characters; `control` holds (tag, text), `data` the rest, each in its order.

    Treat as immutable. Two records are equal when their leaders and fields are. `data` may be given `unsplit`: then a
    field is split when it is asked for, for nobody looks at all the fields of all the records of a load.
    """

    __slots__ = ("_by_tag", "_control", "_data", "control", "leader", "unsplit")

    def __init__(self, leader: str, control: Sequence[tuple[str, str]], data: Sequence[DataField] | Unsplit) -> None:
        self.leader = leader
        self.control = control
        self.unsplit = data if isinstance(data, Unsplit) else None
        self._data = None if isinstance(data, Unsplit) else data
        self._by_tag: dict[str, list[DataField]] | None = None
        self._control: dict[str, str] | None = None

    @property
    def data(self) -> Sequence[DataField]:
        """All data fields."""
        if self._data is None:
            assert self.unsplit is not None
            self._data = [*map(_split, self.unsplit.tags, self.unsplit.fields)]
        return self._data

    @property
    def control_number(self) -> str:
        """Field 001, blanks around it removed; empty when there is none."""
        return self.text("001").strip()

    def text(self, tag: str) -> str:
        """The text of the first control field with this tag; empty when there is none."""
        if self._control is None:
            self._control = dict(reversed(self.control))
        return self._control.get(tag, "")

    def some(self, tags: Container[str]) -> list[DataField]:
        """The data fields with one of these tags, in the record's order."""
        if self._data is None and self.unsplit is not None:
            return [_split(tag, field) for tag, field in zip(*self.unsplit[:2], strict=True) if tag in tags]
        return [field for field in self.data if field[0] in tags]

    def fields(self, tag: str) -> Sequence[DataField]:
        """The data fields with this tag, in the record's order."""
        if self._data is None and self.unsplit is not None:
            return self.some((tag,)) if tag in self.unsplit.tags else ()
        if self._by_tag is None:
            self._by_tag = {}
            for field in self.data:
                self._by_tag.setdefault(field[0], []).append(field)
        return self._by_tag.get(tag, ())

    def first(self, tag: str, code: str) -> str:
        """The text of the first subfield `code` in the first field `tag` that has one; empty when there is none."""
        for field in self.fields(tag):
            if text := field.first(code):
                return text
        return ""

    def all(self, tag: str, codes: str) -> list[str]:
        """The texts of all subfields whose code is one of `codes`, of all fields `tag`."""
        return [text for field in self.fields(tag) for code, text in field[2] if code in codes]

    def tags(self) -> Iterator[str]:
        """The tags of all fields, control fields first."""
        yield from (tag for tag, _ in self.control)
        yield from (field.tag for field in self.data)

    def replace(
        self,
        *,
        leader: str | None = None,
        control: Iterable[tuple[str, str]] | None = None,
        data: Iterable[DataField] | None = None,
    ) -> Record:
        """A copy with these parts changed."""
        return Record(
            self.leader if leader is None else leader,
            self.control if control is None else tuple(control),
            self.data if data is None else tuple(data),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return (
            self.leader == other.leader
            and tuple(self.control) == tuple(other.control)
            and tuple(self.data) == tuple(other.data)
        )

    def __hash__(self) -> int:
        return hash((self.leader, tuple(self.control), tuple(self.data)))

    def __repr__(self) -> str:
        return f"<Record {self.control_number or 'without number'}: {len(self.control)} + {len(self.data)} fields>"
