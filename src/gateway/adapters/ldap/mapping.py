"""Entries: what the register and the platform know of a person, in attributes. Pure.

An entry makes a value when it is asked for, for most searches look at one attribute of many people. What only the
platform knows is not there until somebody has put it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from uuid import UUID, uuid5

from gateway.adapters.ldap.filters import Released
from gateway.canonical.entities import Patron
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.crosswalks.ldap import (
    ATTRIBUTES,
    NAMED_BY,
    PERSON_CLASSES,
    AttributeRow,
    Syntax,
    attribute,
    block_reasons,
    may_borrow,
    with_subtypes,
)
from gateway.identity.model import Person, PersonIdentifier, Stage, folded
from library_protocols.ldap import Dn, dn_text, escape_dn_value, folded_dn, parse_dn
from library_protocols.ldap.facts import ALL_OPERATIONAL, ALL_USER, NO_ATTRIBUTES
from library_protocols.ldap.messages import Attribute

SUBSCHEMA = "cn=Subschema"
PEOPLE_RDN = "ou=people"
_KEYS = UUID("c16ed1fb-fd34-49f7-88e2-e9b8c74a9a1e")
"""Namespace of `entryUUID`. Another one would give everybody another key, and orphan what programs keep under it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A member's part of the directory. `suffix` as it is configured."""

    member: str
    name: str
    suffix: str
    patron_binds: bool = True

    @property
    def names(self) -> Dn:
        """The suffix as names are compared."""
        return folded_dn(self.suffix)

    @property
    def people(self) -> str:
        """Name of the branch that people are in."""
        return f"{PEOPLE_RDN},{self.suffix}"

    @property
    def domain(self) -> str:
        """What the suffix's `dc` parts say, "" where it has none."""
        return ".".join(value for rdn in parse_dn(self.suffix) for kind, value in rdn if kind.lower() == "dc")

    def person(self, value: str) -> str:
        """Name of the entry of a person."""
        return f"uid={escape_dn_value(value)},{self.people}"

    def account(self, name: str) -> str:
        """Name of the entry of a service account."""
        return f"cn={escape_dn_value(name)},{self.suffix}"


@dataclass(frozen=True, slots=True)
class StaticEntry:
    """An entry that is as it is: of the tree, a service account, the server itself."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    @property
    def names(self) -> Dn:
        return parse_dn(self.dn)

    def values(self, name: str) -> tuple[bytes, ...] | None:
        return self.attributes.get(name, ())


def static(
    dn: str, attributes: Mapping[str, str | Sequence[str]], *, classes: Sequence[str], below: bool
) -> StaticEntry:
    """An entry of the tree with its operational attributes."""
    told: dict[str, str | Sequence[str]] = {
        **attributes,
        "objectClass": ("top", *classes),
        "structuralObjectClass": classes[0],
        "subschemaSubentry": SUBSCHEMA,
        "entryDN": dn,
        "entryUUID": _key("entry", dn_text(folded_dn(dn))),
        "hasSubordinates": _truth(below),
    }
    return StaticEntry(dn, in_octets(told))


def in_octets(attributes: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[bytes, ...]]:
    """Attributes that have one value or several, without those that have none."""
    listed = {name: [told] if isinstance(told, str) else told for name, told in attributes.items()}
    return {name: tuple(one.encode() for one in values) for name, values in listed.items() if values}


def value_of(person: Person) -> str:
    """What a person's entry is named by; "" for one who has no entry, having nothing to be named by."""
    return next((value for kind in NAMED_BY if (value := person.identifier(kind))), "")


class PersonEntry:
    """The entry of a person of the register, who has something to be named by. `today` is the day in UTC."""

    __slots__ = ("_live", "_made", "_names", "asked", "dn", "person", "today", "tree")

    def __init__(self, person: Person, tree: Tree, today: date) -> None:
        self.person = person
        self.tree = tree
        self.today = today
        self.dn = tree.person(value_of(person))
        self._made: dict[str, tuple[bytes, ...]] = {}
        self._live: Mapping[str, tuple[bytes, ...]] | None = None
        self._names: Dn | None = None
        self.asked = False  # whether the platform has been asked, whatever it said

    @property
    def names(self) -> Dn:
        if self._names is None:
            self._names = parse_dn(self.dn)
        return self._names

    def learn(self, patron: Patron) -> None:
        """Takes what the platform says of the person now."""
        self._live = {
            "libraryMayBorrow": (
                _truth(may_borrow(patron) and status_of(self.person, self.today) == "active").encode(),
            ),
            "libraryBlock": tuple(reason.encode() for reason in block_reasons(patron)),
        }

    def values(self, name: str) -> tuple[bytes, ...] | None:
        if (made := self._made.get(name)) is not None:
            return made
        row = _ROWS[name]
        if row.live:
            return None if self._live is None else self._live[name]
        computed = _COMPUTED.get(name)
        texts = computed(self) if computed else _of_field(self.person, row.made_of)
        values = tuple(octets for text in dict.fromkeys(texts) if (octets := _octets(text, row.form.syntax)))
        values = self._made[name] = values[:1] if row.single else values
        return values


_ROWS = {row.name: row for row in ATTRIBUTES}


def _octets(text: str, syntax: Syntax) -> bytes:
    """A value; empty for what no value of the syntax can be, such as an address with letters beyond ASCII."""
    if syntax is Syntax.IA5_STRING and not text.isascii():
        return b""
    octets = text.encode("utf-8", "ignore")
    return b"" if b"\0" in octets else octets


def _of_field(person: Person, made_of: str) -> Iterable[str]:
    field, _, kind = made_of.partition(":")
    if not field:
        return ()
    if kind:
        return (one.value for one in person.identifiers if one.active and one.type == kind)
    value: str | tuple[str, ...] = getattr(person, field)
    return (value,) if isinstance(value, str) else value


def status_of(person: Person, today: date) -> str:
    """`libraryStatus`. A person may be switched off and expired: then nothing but switching on again helps."""
    if not person.active:
        return "inactive"
    if person.stage is Stage.EXPIRED or (person.expires_on and person.expires_on < today.isoformat()):
        return "expired"
    return "active"


def _uid(entry: PersonEntry) -> Iterable[str]:
    """The name of the entry, and the user name where that is not the same but for case."""
    named = value_of(entry.person)
    yield named
    user = entry.person.identifier(IdentifierType.USERNAME)
    if user and folded(user) != folded(named):
        yield user


def _key(*of: str) -> str:
    """A UUID made of these words (RFC 9562 5.5)."""
    return str(uuid5(_KEYS, " ".join(of)))


def _person_key(person: Person) -> Iterable[str]:
    """Made of the register's id, which is random and stays. A platform's own id may be a card's number: one who is in
    no register has no key."""
    if person.id:
        yield _key("person", person.member, person.id)


def _expiry(entry: PersonEntry) -> Iterable[str]:
    try:
        day = date.fromisoformat(entry.person.expires_on)
    except ValueError:
        return
    yield f"{day.year:04}{day.month:02}{day.day:02}235959Z"


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _instant(milliseconds: int) -> tuple[str, ...]:
    return (f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y%m%d%H%M%SZ}",) if milliseconds else ()


_COMPUTED: dict[str, Callable[[PersonEntry], Iterable[str]]] = {
    "uid": _uid,
    "sn": lambda entry: (entry.person.family or entry.person.display,),
    "displayName": lambda entry: (entry.person.preferred or entry.person.display,),
    "eduPersonScopedAffiliation": lambda entry: (
        [f"{one}@{domain}" for one in entry.person.affiliations] if (domain := entry.tree.domain) else ()
    ),
    "libraryExpiry": _expiry,
    "libraryStatus": lambda entry: (status_of(entry.person, entry.today),),
    "objectClass": lambda entry: PERSON_CLASSES,
    "structuralObjectClass": lambda entry: ("inetOrgPerson",),
    "subschemaSubentry": lambda entry: (SUBSCHEMA,),
    "entryDN": lambda entry: (entry.dn,),
    "entryUUID": lambda entry: _person_key(entry.person),
    "hasSubordinates": lambda entry: ("FALSE",),
    "createTimestamp": lambda entry: _instant(entry.person.created_at),
    "modifyTimestamp": lambda entry: _instant(entry.person.changed_at),
}
"""Attributes that no one field of a person says."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a search shows of an entry. `live`: the platform's answers were asked for by name."""

    rows: tuple[AttributeRow, ...]
    live: bool

    @property
    def shows_live(self) -> bool:
        return any(row.live for row in self.rows)


def selection(asked: Sequence[str], released: Released) -> Selection:
    """What of the attributes asked for is shown (RFC 4511 4.5.1.8): none is `*`; names that nobody knows, and such as
    have options, say nothing."""
    wanted: dict[str, AttributeRow] = {}
    named_live = False
    names = [one for one in dict.fromkeys(asked) if one != NO_ATTRIBUTES]
    for name in names if asked else (ALL_USER,):
        if name in (ALL_USER, ALL_OPERATIONAL):
            wanted |= {row.name: row for row in _all(released, operational=name == ALL_OPERATIONAL)}
        elif (row := attribute(name)) is not None:
            rows = [kind for kind in with_subtypes(row) if released(kind)]
            named_live = named_live or any(kind.live for kind in rows)
            wanted |= {kind.name: kind for kind in rows}
    return Selection(tuple(wanted.values()), named_live)


@lru_cache(maxsize=1024)
def _all(released: Released, *, operational: bool) -> tuple[AttributeRow, ...]:
    return tuple(row for row in ATTRIBUTES if row.operational is operational and released(row))


def attributes_of(entry: PersonEntry | StaticEntry, shown: Selection, *, types_only: bool) -> tuple[Attribute, ...]:
    """What is sent of an entry: what is not there, or not known now, is left out."""
    found = ((row.name, entry.values(row.name)) for row in shown.rows)
    return tuple((name, () if types_only else values) for name, values in found if values)


def person_of(patron: Patron, member: str) -> Person:
    """A patron whom the register does not hold, in its words: no more than the platform says."""
    contacts, name = patron.contacts, patron.name
    return Person(
        id="",
        member=member,
        version=0,
        created_at=0,
        changed_at=0,
        source="",
        source_id="",
        display=name.display,
        identifiers=tuple(PersonIdentifier(one.type, one.value, one.active) for one in patron.identifiers),
        family=name.family or "",
        given=name.given or "",
        preferred=name.preferred or "",
        category=patron.category.code if patron.category else "",
        home_library=patron.home_library or "",
        language=(patron.language or "").partition("-")[0],
        expires_on=patron.expires_at.date().isoformat() if patron.expires_at else "",
        emails=contacts.emails,
        phones=contacts.phones,
        active=patron.status in (PatronStatus.ACTIVE, PatronStatus.EXPIRED),
        stage=Stage.EXPIRED if patron.status is PatronStatus.EXPIRED else Stage.PRESENT,
        platform_id=patron.id,
    )
