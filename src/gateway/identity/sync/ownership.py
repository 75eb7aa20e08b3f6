"""Who decides a field: what a draft may write over what the register has. Pure.

A card's number that a source replaces stays with the person, inactive: an old card is then known as old. Other
identifiers that it takes back are dropped. What is inactive is given up as soon as somebody else has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

from gateway.canonical.vocabulary import IdentifierType
from gateway.config.identity import FieldConfig
from gateway.identity.model import Draft, Person, PersonIdentifier, folded
from gateway.identity.register.port import COMPARED

Key = tuple[str, str]
"""An identifier type (or `eppn`) and a value as it is compared."""

CARDS = (IdentifierType.BARCODE, IdentifierType.RFID_UID)
_SOURCE = FieldConfig()
_NOT_CONTENT = frozenset({"version", "changed_at", "digest", "platform_id", "provisioned", "problem"})
CONTENT = tuple(field.name for field in fields(Person) if field.name not in _NOT_CONTENT)


def merged(person: Person, draft: Draft, rules: Mapping[str, FieldConfig], *, new: bool) -> Person:
    """The person with what the draft may write. `new`: the register has nobody yet, `person` is an empty one."""
    taken = {
        name: value
        for name, value in draft.fields.items()
        if _may_write(rules.get(name, _SOURCE), getattr(person, name), value, new=new)
    }
    identifiers = person.identifiers
    for kind, values in draft.identifiers.items():
        has = [one for one in identifiers if one.type == kind and one.active]
        if _may_write(rules.get(str(kind), _SOURCE), has, values, new=new):
            identifiers = _with(identifiers, kind, values)
    after = replace(person, identifiers=identifiers, **taken)
    return after if after.display else replace(after, display=_shown(after))


def _may_write(rule: FieldConfig, has: Any, value: Any, *, new: bool) -> bool:
    if rule.owner == "library" or (value in ("", ()) and rule.when_empty == "keep"):
        return False
    empty = has in ("", (), [])
    return rule.owner == "source" or new or empty


def _with(
    identifiers: tuple[PersonIdentifier, ...], kind: IdentifierType, values: tuple[str, ...]
) -> tuple[PersonIdentifier, ...]:
    now = [PersonIdentifier(kind, value) for value in values]
    said = {folded(value) for value in values}
    old = [one for one in identifiers if one.type == kind and folded(one.value) not in said]
    kept = [replace(one, active=False) for one in old] if kind in CARDS else []
    others = [one for one in identifiers if one.type != kind]
    return tuple(sorted([*others, *now, *kept], key=lambda one: one.type))


def _shown(person: Person) -> str:
    name = f"{person.preferred or person.given} {person.family}".strip()
    return name or next((one.value for one in person.identifiers if one.active), "")


def compared(value: str) -> str:
    """How the register compares an identifier."""
    return folded(value)[:COMPARED]


def keys(person: Person, *, active: bool | None = None) -> set[Key]:
    """What names the person: all, or only what is (not) active."""
    return {
        (str(one.type), compared(one.value))
        for one in person.identifiers
        if compared(one.value) and active in (None, one.active)
    }


def without(person: Person, dropped: Collection[Key]) -> Person:
    """The person without some identifiers."""
    kept = tuple(one for one in person.identifiers if (str(one.type), compared(one.value)) not in dropped)
    return replace(person, identifiers=kept)


def restored(after: Person, before: Person, kinds: Collection[str]) -> Person:
    """`after` with the identifiers of some types as they were `before`."""
    others = [one for one in after.identifiers if one.type not in kinds]
    old = [one for one in before.identifiers if one.type in kinds]
    return replace(after, identifiers=tuple(sorted([*others, *old], key=lambda one: one.type)))


def same_content(a: Person, b: Person) -> bool:
    return all(getattr(a, name) == getattr(b, name) for name in CONTENT)


def changes(before: Person, after: Person) -> tuple[tuple[str, str, str], ...]:
    """The fields that differ, by name, with both values as text; identifiers by their type."""
    found = [
        (name, _text(getattr(before, name)), _text(getattr(after, name)))
        for name in CONTENT
        if name not in ("identifiers", "stage_since") and getattr(before, name) != getattr(after, name)
    ]
    for kind in IdentifierType:
        was, now = (
            ", ".join(one.value + ("" if one.active else " (old)") for one in person.identifiers if one.type == kind)
            for person in (before, after)
        )
        if was != now:
            found.append((str(kind), was, now))
    return tuple(found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def usable(person: Person, today: date) -> bool:
    """Whether the register says that the person may borrow; the platform may say otherwise."""
    return person.active and (not person.expires_on or person.expires_on >= today.isoformat())


def takes_away(before: Person, after: Person, today: date) -> bool:
    """Whether a change takes borrowing away: makes somebody inactive or expired, or leaves them without a category or
    without any identifier of a type that they had; or gives the record to somebody else, who would borrow in their
    place."""
    lost = usable(before, today) and not usable(after, today)
    return (
        lost
        or bool(before.category and not after.category)
        or bool(_kinds(before) - _kinds(after))
        or _somebody_else(before, after)
    )


def _somebody_else(before: Person, after: Person) -> bool:
    """Another name and other identifiers at once: of one person a wedding and a new card, of many a source whose keys
    have been shifted."""
    were_called, are_called = (folded(person.family or person.display) for person in (before, after))
    if before.source != after.source or were_called == are_called:
        return False
    were, are = keys(before, active=True), keys(after, active=True)
    return any(
        not {key for key in were if key[0] == kind} & {key for key in are if key[0] == kind}
        for kind in _kinds(before) & _kinds(after)
    )


def _kinds(person: Person) -> set[str]:
    return {kind for kind, _ in keys(person, active=True)}
