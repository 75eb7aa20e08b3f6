"""The shape of a table: numbered rows with a name for programs, the words for people, and the clause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One number: its short name, what it means, the clause that says so."""

    number: int
    name: str
    meaning: str
    clause: str


@dataclass(frozen=True, slots=True)
class Table:
    """One list of numbers. A number that is not in it is legal and kept."""

    name: str
    title: str
    clause: str
    rows: dict[int, Row]

    def describe(self, number: int) -> str:
        """What a number says, in words; empty when the table has nothing to say about it."""
        row = self.rows.get(number)
        return row.meaning if row else ""


def table(name: str, title: str, clause: str, rows: str) -> Table:
    """Builds a table from lines `number | name | meaning`."""
    parsed: dict[int, Row] = {}
    for line in rows.strip().splitlines():
        number, row_name, meaning = (part.strip() for part in line.split("|"))
        if int(number) in parsed:
            raise ValueError(f"{number} stands twice in {name}")
        parsed[int(number)] = Row(int(number), row_name, meaning, clause)
    return Table(name, title, clause, parsed)
