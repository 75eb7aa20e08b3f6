"""The shape of the tables: rows written as lines, parted by `|`."""

from __future__ import annotations


def rows(text: str, columns: int) -> list[tuple[str, ...]]:
    """The cells of each line, without the blanks around them. Raises ValueError for a line of another length."""
    found = [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]
    for row in found:
        if len(row) != columns:
            raise ValueError(f"{len(row)} cells where {columns} belong: {row[0]}")
    return found
