"""What to ask the register for, so that nobody whom a filter fits is left out: the filter itself decides afterwards.

Only what helps to find few people is carried over; what the register cannot say, or what is too long, is everybody.
"""

from __future__ import annotations

from gateway.adapters.ldap.filters import Released, shown
from gateway.adapters.ldap.matching import RULES, NoValue
from gateway.crosswalks.ldap import CLASSES, PERSON_CLASSES, AttributeRow, attribute
from gateway.identity.model import folded
from gateway.identity.register.port import AllOf, AnyOf, Everyone, Lookup, Wanted
from library_protocols.ldap.filters import And, Approx, Equality, Extensible, Filter, Not, Or, Present, Substrings

MOST_LOOKUPS = 64
"""Values looked for at a time. No program asks for more people by name in one filter; a database would be asked to
plan it."""
NOBODY = AnyOf(())
_EVERYBODY = Everyone()
_CLASS_OIDS = {row.oid: row.name for row in CLASSES}


def wanted_for(asked: Filter, released: Released) -> Wanted:
    """A superset of the people whom the filter can fit; NOBODY where it cannot fit anybody."""
    wanted = _wanted(asked, released)
    return _EVERYBODY if _lookups(wanted) > MOST_LOOKUPS else wanted


def named_in(asked: Filter) -> str | None:
    """The value by which a filter asks for one person (`uid` or a barcode): whom it fits has that value."""
    match asked:
        case Equality(name, value) if (row := attribute(name)) and row.name in ("uid", "libraryBarcode"):
            try:
                return value.decode() or None
            except UnicodeDecodeError:
                return None
        case And(parts):
            return next((value for part in parts if (value := named_in(part))), None)
        case Or((part,)):
            return named_in(part)
        case _:
            return None


def _wanted(asked: Filter, released: Released) -> Wanted:
    match asked:
        case And(parts):
            return _all_of([_wanted(part, released) for part in parts])
        case Or(parts):
            return _any_of([_wanted(part, released) for part in parts])
        case Not():
            return _EVERYBODY
        case Equality(name, value) | Approx(name, value):
            return _any_of([_equal(row, value) for row in shown(name, released)])
        case Extensible(rule=None, attribute=str(name), value=value, dn_attributes=False):
            return _any_of([_equal(row, value) for row in shown(name, released)])
        case Substrings():
            return _any_of([_beginning(row, asked.initial) for row in shown(asked.attribute, released)])
        case Present(name):
            return _any_of([_EVERYBODY if _people_have(row) else NOBODY for row in shown(name, released)])
        case _:
            return _EVERYBODY


def _all_of(parts: list[Wanted]) -> Wanted:
    narrow = tuple(part for part in parts if not isinstance(part, Everyone))
    if NOBODY in narrow:
        return NOBODY
    return narrow[0] if len(narrow) == 1 else AllOf(narrow) if narrow else _EVERYBODY


def _any_of(parts: list[Wanted]) -> Wanted:
    """Nothing to choose from is nobody: a comparison with what is not known or not shown fits nobody."""
    if any(isinstance(part, Everyone) for part in parts):
        return _EVERYBODY
    some = tuple(part for part in parts if part != NOBODY)
    return some[0] if len(some) == 1 else AnyOf(some)


def _people_have(row: AttributeRow) -> bool:
    return not row.structural or row.operational or row.name == "objectClass"


def _equal(row: AttributeRow, value: bytes) -> Wanted:
    rule = RULES.get(row.form.equality.lower())
    if rule is None or not _people_have(row):
        return NOBODY
    try:
        key = rule.key(value)
    except NoValue:
        return NOBODY
    if row.name in ("objectClass", "structuralObjectClass"):
        return _EVERYBODY if _CLASS_OIDS.get(key) in PERSON_CLASSES else NOBODY
    if not row.lookups:
        return _EVERYBODY
    return _any_of([Lookup(field, value.decode()) for field in row.lookups])


def _beginning(row: AttributeRow, initial: bytes | None) -> Wanted:
    if not row.form.substrings or not _people_have(row):
        return NOBODY
    if not row.lookups or initial is None:
        return _EVERYBODY
    try:
        text = initial.decode()
    except UnicodeDecodeError:
        return NOBODY
    return _any_of([Lookup(field, text, prefix=True) for field in row.lookups]) if folded(text) else _EVERYBODY


def _lookups(wanted: Wanted) -> int:
    match wanted:
        case AllOf(parts) | AnyOf(parts):
            return sum(map(_lookups, parts))
        case Lookup():
            return 1
        case _:
            return 0
