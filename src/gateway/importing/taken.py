"""One row or record of a file as it was read: what readers of files give to those who load them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Taken:
    """One row or record of a source. `resume` is where a later run starts after it, `position` how many bytes were
    read; `label` names it to people; `problem` says why it could not even be read, `remarks` what was repaired."""

    resume: int
    position: int
    label: str
    value: Any = None
    problem: str | None = None
    remarks: tuple[str, ...] = ()
