"""Persons as SCIM users and users as persons, by the table in `gateway.crosswalks.scim`. Pure.

Where the register keeps less than a client sent (of a dateTime the day, of an e-mail address not its type), what was
sent is kept beside the field and shown again for as long as it still says what the field says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gateway.adapters.scim.schemas import ScimMember
from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.scim import ENTERPRISE, GROUP, LIBRARY, ROWS, USER, Kept, ScimRow
from gateway.identity.model import Group, Person, PersonIdentifier, Stage, folded
from gateway.identity.register.port import COMPARED

UNSET = "unset"
"""Key in `extra`: those attributes that a person always has a value of and that the client has taken away."""

_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_].*)?")
_ADDRESS = ("streetAddress", "locality", "region", "postalCode", "country")

Resource = dict[str, Any]
"""A resource as JSON has it."""


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """What the configuration says about this door. `members` are those that have it, by code; `base_url` is scheme and
    host as clients reach them, None: as they asked."""

    members: Mapping[str, ScimMember] = field(default_factory=dict)
    base_url: str | None = None


# Out


def user_of(person: Person, base: str, groups: Iterable[Group] = ()) -> Resource:
    """A person as a user. `base` is the address of the member's SCIM; `groups` those that the person is in."""
    user: Resource = {"schemas": [USER], "id": person.id}
    for row in ROWS:
        value = _shown(person, row)
        if value is not None and value not in ("", [], {}):
            _put(user, row, value)
    user["schemas"] += [schema for schema in (ENTERPRISE, LIBRARY) if schema in user]
    listed = [
        {"value": group.id, "$ref": f"{base}/Groups/{group.id}", "display": group.display, "type": "direct"}
        for group in groups
    ]
    if listed:
        user["groups"] = listed
    user["meta"] = _meta("User", person, f"{base}/Users/{person.id}")
    return user


def group_of(group: Group, base: str, *, members: bool = True) -> Resource:
    """A group; without its members where nobody asks for them: there may be thousands."""
    made: Resource = {"schemas": [GROUP], "id": group.id, "displayName": group.display}
    if group.external_id:
        made["externalId"] = group.external_id
    if members and group.members:
        made["members"] = [{"value": one, "$ref": f"{base}/Users/{one}", "type": "User"} for one in group.members]
    made["meta"] = _meta("Group", group, f"{base}/Groups/{group.id}")
    return made


def etag(of: Person | Group) -> str:
    """The weak entity tag of the version (RFC 7644 3.14)."""
    return f'W/"{of.version}"'


def _meta(kind: str, of: Person | Group, location: str) -> Resource:
    return {
        "resourceType": kind,
        "created": _instant(of.created_at),
        "lastModified": _instant(of.changed_at),
        "location": location,
        "version": etag(of),
    }


def _instant(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(person: Person, row: ScimRow) -> Any:
    """The attribute's value, None where it has none."""
    sent = person.extra.get(row.key)
    match row.kept:
        case Kept.AS_IS:
            return sent
        case Kept.IDENTIFIER:
            return person.identifier(IdentifierType(row.field))
        case Kept.DISPLAY:
            hidden = row.key in person.extra.get(UNSET, ()) and person.display == _name(person)
            return None if hidden else person.display
        case Kept.FLAG:
            hidden = row.key in person.extra.get(UNSET, ()) and person.active
            return None if hidden else person.active
        case Kept.NAME:
            return person.user_name or person.identifier(IdentifierType.USERNAME) or person.id
        case Kept.TEXT:
            return getattr(person, row.field)
        case Kept.FIRST:
            return next(iter(getattr(person, row.field)), None)
    held = getattr(person, row.field)
    if sent is not None and _CONVERTED[row.kept](sent) == held:
        return sent
    return _MADE[row.kept](held) if held else None


def _put(user: Resource, row: ScimRow, value: Any) -> None:
    into = user if row.schema == USER else user.setdefault(row.schema, {})
    head, _, tail = row.attribute.partition(".")
    if tail:
        into.setdefault(head, {})[tail] = value
    else:
        into[head] = value


# In


def person_of(user: Resource, person: Person, keeps: Callable[[ScimRow], bool]) -> Person:
    """The person as the user says, who has been validated. What the user has not, the person loses, unless the row is
    one that `keeps`. The source id is not touched."""
    fields: dict[str, Any] = {}
    extra = {key: value for key, value in person.extra.items() if key != UNSET}
    unset = set(person.extra.get(UNSET, ()))
    identifiers = person.identifiers
    display = None
    for row in ROWS:
        value = _got(user, row)
        if value is None and keeps(row):
            display = person.display if row.kept is Kept.DISPLAY and row.key not in unset else display
            continue
        extra.pop(row.key, None)
        unset.discard(row.key)
        match row.kept:
            case Kept.TEXT | Kept.NAME:
                fields[row.field] = value or ""
            case Kept.FIRST:
                held = getattr(person, row.field)
                fields[row.field] = held if held[:1] == (value,) else tuple(filter(None, (value,)))
            case Kept.IDENTIFIER:
                identifiers = _renamed(identifiers, IdentifierType(row.field), value or "")
            case Kept.FLAG:
                fields[row.field] = value is not False
                unset |= {row.key} if value is None else set()
            case Kept.DISPLAY:
                display = value
                unset |= {row.key} if not value else set()
            case _:
                if value:
                    extra[row.key] = value
                if row.field:
                    fields[row.field] = _CONVERTED[row.kept](value) if value else _EMPTY[row.kept]
    if unset:
        extra[UNSET] = sorted(unset)
    known = replace(person, **fields, identifiers=identifiers, extra=extra)
    known = replace(known, identifiers=_with_user_name(known.identifiers, person.user_name, known.user_name))
    return replace(known, display=display or _name(known))


def source_id(person: Person) -> str:
    """By what the client knows the person for good: its own id where it gives one, else ours."""
    return person.external_id if 0 < len(person.external_id) <= COMPARED else person.id


def released(person: Person, now: int) -> Person:
    """A person whom the client has removed: no longer a borrower, and with a name that others may have. What the person
    has on loan and owes is the platform's affair and stays."""
    return replace(
        person,
        active=False,
        stage=Stage.EXPIRED,
        stage_since=now,
        changed_at=now,
        user_name="",
        external_id="",
        identifiers=_with_user_name(person.identifiers, person.user_name, ""),
    )


def gone(person: Person) -> bool:
    """Whether SCIM has nobody there any more."""
    return person.stage is Stage.ANONYMISED or (person.stage is Stage.EXPIRED and person.source.startswith("scim:"))


def _got(user: Resource, row: ScimRow) -> Any:
    inside = user if row.schema == USER else user.get(row.schema) or {}
    head, _, tail = row.attribute.partition(".")
    value = inside.get(head)
    return (value or {}).get(tail) if tail else value


def _renamed(known: tuple[PersonIdentifier, ...], kind: IdentifierType, value: str) -> tuple[PersonIdentifier, ...]:
    """The identifiers with `value` as the first one of its type, in the place of the one that was the first."""
    first = next((one for one in known if one.type is kind and one.active), None)
    if first is not None and folded(first.value) == folded(value):
        return tuple(replace(one, value=value) if one is first else one for one in known)
    left = [one for one in known if one is not first and not (one.type is kind and folded(one.value) == folded(value))]
    if first is not None and kind is IdentifierType.BARCODE:
        left.append(replace(first, active=False))  # nobody else gets a card that is still about
    return (PersonIdentifier(kind, value), *left) if value else tuple(left)


def _with_user_name(known: tuple[PersonIdentifier, ...], before: str, now: str) -> tuple[PersonIdentifier, ...]:
    """The userName is a name to log in with as well; others that the library gave stay."""
    kind = IdentifierType.USERNAME
    ours = {folded(before), folded(now)}
    left = tuple(one for one in known if one.type is not kind or folded(one.value) not in ours)
    return (PersonIdentifier(kind, now), *left) if now else left


def _name(person: Person) -> str:
    """The name as it is shown where the client gives none to show."""
    formatted = person.extra.get("name.formatted")
    return formatted or " ".join(filter(None, (person.given, person.family))) or person.user_name or person.display


def _language(sent: str) -> str:
    found = _LANGUAGE.fullmatch(sent)
    return found[1].lower() if found else ""


def _day(sent: str) -> str:
    return sent[:10]


def _primary_first(entries: Sequence[Resource]) -> list[Resource]:
    return sorted(entries, key=lambda entry: not entry.get("primary"))


def _values(entries: Sequence[Resource]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry["value"] for entry in _primary_first(entries) if entry.get("value")))


def _addresses(entries: Sequence[Resource]) -> tuple[str, ...]:
    lines = (
        entry.get("formatted") or ", ".join(entry[part] for part in _ADDRESS if entry.get(part))
        for entry in _primary_first(entries)
    )
    return tuple(dict.fromkeys(" ".join(line.split()) for line in lines if line))


def _entries(name: str) -> Callable[[tuple[str, ...]], list[Resource]]:
    def made(held: tuple[str, ...]) -> list[Resource]:
        return [{name: value, "primary": number == 0} for number, value in enumerate(held)]

    return made


_CONVERTED: dict[Kept, Callable[[Any], Any]] = {
    Kept.LANGUAGE: _language,
    Kept.DAY: _day,
    Kept.VALUES: _values,
    Kept.ADDRESSES: _addresses,
}
_MADE: dict[Kept, Callable[[Any], Any]] = {
    Kept.LANGUAGE: str,
    Kept.DAY: str,
    Kept.VALUES: _entries("value"),
    Kept.ADDRESSES: _entries("formatted"),
}
_EMPTY: dict[Kept, Any] = {Kept.LANGUAGE: "", Kept.DAY: "", Kept.VALUES: (), Kept.ADDRESSES: ()}
