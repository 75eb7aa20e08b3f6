"""Which elements of a message say anything, and which of those are kept nowhere here: Unable To Add Element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from library_protocols.ncip import SchemeValue
from library_protocols.ncip.elements import Element
from library_protocols.ncip.elements.base import rows

_BESIDE = frozenset({"agency_id", "currency_code", "payment_method_type"})
"""Attributes that say nothing by themselves: senders fill them in beside values that are empty."""
Kept = Mapping[type[Any], frozenset[str]]
"""Attributes that are kept, by the class of the element they stand in; what is in other elements is kept whole."""


def says(found: object) -> bool:
    """Whether an element says anything: senders write empty ones for what they know nothing of."""
    if isinstance(found, tuple):
        return any(map(says, found))
    if isinstance(found, SchemeValue):
        return bool(found.value.strip())
    if isinstance(found, Element):
        return any(says(getattr(found, row.attribute)) for row in rows(type(found)) if row.attribute not in _BESIDE)
    return bool(found.strip()) if isinstance(found, str) else bool(found)


def first_unkept(element: Element, kept: Kept, path: str) -> str | None:
    """The path of the first element below this one that says something and is not kept; None where there is none."""
    for row in rows(type(element)):
        found = getattr(element, row.attribute)
        if not says(found):
            continue
        below = f"{path}/{row.name}"
        if row.attribute not in kept[type(element)]:
            return below
        for one in found if isinstance(found, tuple) else (found,):
            if type(one) in kept and (deeper := first_unkept(one, kept, below)) is not None:
                return deeper
    return None
