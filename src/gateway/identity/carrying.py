"""A person of the register as what the platform is asked, and a refusal as a remark for staff. Pure.

What the person's source speaks of and has nothing in is emptied on the platform as well; what it never speaks of is
the library's own, and stays.
"""

from __future__ import annotations

from datetime import date

from gateway.canonical.entities import Identifier, PatronName
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronProvision
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.config.identity import MemberIdentityConfig
from gateway.identity.model import Person, Stage

_DAYS = ("expires_on", "valid_from_on", "birth_on")
_PLAIN = ("category", "home_library", "language")
_MANY = ("emails", "phones", "addresses")
_OF_SCIM = frozenset(_MANY) | {"language", IdentifierType.USERNAME.value}
"""What a SCIM client always says of a user, if only by leaving it out."""
_KINDS = {
    "unknown_value": "the platform does not know this",
    "incomplete": "a new patron needs this",
    "taken": "another patron has this",
    "several": "several patrons have this",
}


def request_for(person: Person, config: MemberIdentityConfig) -> PatronProvision | str:
    """What the platform is to make of a person who is not anonymised; a remark, where that cannot be said."""
    days: dict[str, date] = {}
    for name in _DAYS:
        if text := getattr(person, name):
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                return f"no date: {name}"
    plain = {name: value for name in _PLAIN if (value := getattr(person, name))}
    many = {name: value for name in _MANY if (value := getattr(person, name))}
    types = {one.type.value for one in person.identifiers}
    there = days.keys() | plain.keys() | many.keys() | types
    return PatronProvision(
        patron_id=person.platform_id or None,
        identifiers=tuple(Identifier(type=one.type, value=one.value, active=one.active) for one in person.identifiers),
        name=_name(person),
        status=_status(person),
        cleared=frozenset(spoken_of(person.source, config) - there),
        **plain,
        **days,
        **many,
    )


def spoken_of(source: str, config: MemberIdentityConfig) -> set[str]:
    """Fields and identifier types of which a source decides what they are, and that they are empty."""
    kind, _, name = source.partition(":")
    can = {*_DAYS, *_PLAIN, *_MANY, *IdentifierType} - {"category"}
    if kind == "scim":
        return set(_OF_SCIM)
    feed = next((feed for feed in config.feeds if kind == "feed" and feed.name == name), None)
    if feed is None:
        return set()
    return {name for name, how in feed.fields.items() if how.owner == "source" and how.when_empty == "clear"} & can


def problem_of(refusal: Refusal) -> str:
    """A remark that names fields and numbers, never a value."""
    kind = refusal.detail.get("kind", "")
    if kind == "owing":
        owed = ", ".join(f"{name} {number}" for name, number in refusal.detail.items() if name != "kind" and number)
        return f"still open: {owed}"
    if kind in _KINDS:
        return f"{_KINDS[kind]}: {', '.join(refusal.detail.get('fields') or refusal.detail.get('types') or ())}"
    if refusal.code is RefusalCode.UNSUPPORTED_BY_PLATFORM:
        return "the platform takes no patrons from here"
    return refusal.code.value


def _name(person: Person) -> PatronName | None:
    display = person.display or " ".join(filter(None, (person.given, person.family)))
    if not display:
        return None
    return PatronName(
        display=display,
        family=person.family or None,
        given=person.given or None,
        middle=person.middle or None,
        preferred=person.preferred or None,
    )


def _status(person: Person) -> PatronStatus:
    if person.stage is Stage.EXPIRED:
        return PatronStatus.EXPIRED
    return PatronStatus.ACTIVE if person.active else PatronStatus.INACTIVE
