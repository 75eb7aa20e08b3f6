"""What reading reports: repairs of what was damaged, and the one error for what is no record.

Each code of a repair is a row of `facts.REPAIRS`, which says what it stands for and what is done.
"""

from __future__ import annotations

from typing import NamedTuple


class MarcError(ValueError):
    """These bytes are no MARC record: where it shows (bytes from the start of what was given) and why."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"{reason} (byte {offset})")
        self.offset = offset
        self.reason = reason


class Repair(NamedTuple):
    """Something in a record that was not as the standard has it. `code` is a row of `facts.REPAIRS`."""

    code: str
    detail: str
