"""Whom a record is that its source brings for the first time. Pure.

In the member's order of identifiers the first that finds anybody decides, and only where it finds exactly one person
whom no other source feeds. Everything else is a doubt, for people: nobody is ever merged by guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gateway.identity.model import Draft, Person, Review
from gateway.identity.sync.ownership import Key, compared

LIBRARY = "library"
"""The source of people whom no feed and no SCIM client brought."""
SAME, NEW, IGNORE, GONE = "same", "new", "ignore", "gone"
"""Decisions: `same:PERSON`; a person of their own; to be left out; or, by the sync, a record that is not there any
more."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A record that may be one of several people. `reason` names no values; `candidates` are ids. `own`: the only one
    is fed by the same source, which may yet say something else of that person in the same read."""

    reason: str
    candidates: tuple[str, ...]
    own: bool = False


def keys_of(draft: Draft, order: Sequence[str]) -> list[list[Key]]:
    """What a record is matched by, in order."""
    return [[(name, compared(value)) for value in _values(draft, name) if compared(value)] for name in order]


def _values(draft: Draft, name: str) -> tuple[str, ...]:
    if name == "eppn":
        return (draft.fields.get("eppn", ""),)
    return next((values for kind, values in draft.identifiers.items() if kind == name), ())


def match(
    draft: Draft, order: Sequence[str], source: str, holders: Callable[[Key], list[Person]]
) -> Person | Doubt | None:
    """The person, a doubt, or None for somebody new. `holders` gives the people who have something, actively."""
    for name, keys in zip(order, keys_of(draft, order), strict=True):
        found = {person.id: person for key in keys for person in holders(key)}
        if not found:
            continue
        if len(found) > 1:
            return Doubt(f"{name} is that of several people", tuple(sorted(found)))
        (person,) = found.values()
        if person.source == LIBRARY:
            return person
        if person.source == source:
            return Doubt(f"{name} is that of somebody whom this source has under another key", (person.id,), own=True)
        return Doubt(f"{name} is that of somebody who is fed by {person.source}", (person.id,))
    return None


def decided(past: Sequence[Review]) -> Review | None:
    """The last decision about a record, None where there is none that still says anything."""
    made = [item for item in past if item.decision and item.decision != GONE]
    return max(made, key=lambda item: item.decided_at or 0, default=None)


def covers(decision: Review | None, candidates: Collection[str]) -> bool:
    """Whether people have looked at all these candidates when they decided."""
    return decision is not None and set(candidates) <= set(decision.candidates)
