"""What a person is found by, as pairs of field and folded value; and whether somebody fits what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Person, Stage, folded
from gateway.identity.register.port import COMPARED, AllOf, AnyOf, Everyone, Lookup, Wanted

IDENTIFIERS = frozenset(kind.value for kind in IdentifierType)
NAMES = IDENTIFIERS | {"user_name"}
"""Fields of which one value is one person's alone."""
LOOKUPS: dict[str, Callable[[Person], Iterable[str]]] = {
    "display": lambda person: (person.display,),
    "family": lambda person: (person.family,),
    "given": lambda person: (person.given,),
    "email": lambda person: person.emails,
    "phone": lambda person: person.phones,
    "category": lambda person: (person.category,),
    "affiliation": lambda person: person.affiliations,
    "group": lambda person: person.groups,
    "department": lambda person: (person.department,),
    "eppn": lambda person: (person.eppn,),
    "external_id": lambda person: (person.external_id,),
    "source_id": lambda person: (person.source_id,),
}
"""Fields that several persons may have the same value of."""
FIELDS = NAMES | LOOKUPS.keys() | {"identifier", "id"}
"""What a `Lookup` may ask for."""

Term = tuple[str, str]


def term(value: str) -> str | None:
    """A value as it is compared, None for one that nobody has: an empty one, or what no text can hold."""
    cut = folded(value)[:COMPARED]
    return cut if cut and writable(cut) else None


def writable(value: str) -> bool:
    """Whether a database can hold it: no NUL, no half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def names(person: Person) -> dict[Term, str]:
    """What nobody else may have, with the value as it is written. Nothing for somebody anonymised."""
    if person.stage is Stage.ANONYMISED:
        return {}
    written = [(one.type.value, one.value) for one in person.identifiers] + [("user_name", person.user_name)]
    return {(field, value): given for field, given in written if (value := term(given))}


def lookups(person: Person) -> set[Term]:
    """What others may have as well. Nothing for somebody anonymised."""
    if person.stage is Stage.ANONYMISED:
        return set()
    return {(field, value) for field, values in LOOKUPS.items() for given in values(person) if (value := term(given))}


def fits(person: Person, wanted: Wanted) -> bool:
    """Whether somebody is one of those asked for; nobody anonymised is."""
    return person.stage is not Stage.ANONYMISED and _fits(person, names(person).keys() | lookups(person), wanted)


def _fits(person: Person, terms: set[Term], wanted: Wanted) -> bool:
    match wanted:
        case Everyone():
            return True
        case AllOf(parts):
            return all(_fits(person, terms, part) for part in parts)
        case AnyOf(parts):
            return any(_fits(person, terms, part) for part in parts)
        case Lookup("id", value, prefix):
            return person.id.startswith(value) if prefix else person.id == value
        case Lookup(field, value, prefix):
            asked = folded(value)[:COMPARED]
            fields = IDENTIFIERS if field == "identifier" else (field,)
            if prefix:
                return any(one in fields and has.startswith(asked) for one, has in terms)
            return any((one, asked) in terms for one in fields)
