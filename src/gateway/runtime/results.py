"""What `gateway check` says of one thing that it tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Result:
    """One thing tried: what, how it stands, what was found, and what to do about it."""

    what: str
    state: Literal["ok", "warning", "problem"]
    found: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
