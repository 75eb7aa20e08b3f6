"""Values: small dataclasses that nobody changes once they are made.

The type checker refuses to set their fields. The running program does not: a frozen dataclass sets each field through
two more calls, takes four times as long to make, and one request is read into dozens of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)


@dataclass_transform(frozen_default=True)
def value(cls: _Class) -> _Class:
    """Makes a dataclass with slots, compared and hashed by its fields, whose fields are not to be set again."""
    return dataclass(slots=True, unsafe_hash=True)(cls)  # type: ignore[return-value]
