"""Search filters evaluated: true, false, or undefined (None), exactly as RFC 4511 4.5.1.7 has it.

A filter is compiled once for a search. What its asker may not see is as unknown as an attribute that nobody has: a
comparison with it is undefined for every entry, so that nothing can be found out by asking.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Protocol

from gateway.adapters.ldap.matching import RULES, NoValue, Rule, piece, pieces_in
from gateway.crosswalks.ldap import ATTRIBUTES, AttributeRow, attribute, with_subtypes
from library_protocols.ldap.dn import Dn
from library_protocols.ldap.filters import (
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
)

Truth = bool | None


class Entry(Protocol):
    """An entry, as far as a filter looks at it."""

    @property
    def names(self) -> Dn: ...

    def values(self, name: str) -> tuple[bytes, ...] | None:
        """Values of an attribute by the first of its names: () where it is not there, None where nobody knows now."""
        ...


Test = Callable[[Entry], Truth]
Compare = Callable[[Any, Any], bool]
Released = Callable[[AttributeRow], bool]
"""Whether an attribute is shown to who asks."""


def compile_filter(asked: Filter, released: Released) -> Test:
    """What says of an entry whether it fits. Nested filters are nested calls: their depth is bounded by the codec."""
    match asked:
        case And(parts):
            return _all_of([compile_filter(part, released) for part in parts])
        case Or(parts):
            return _any_of([compile_filter(part, released) for part in parts])
        case Not(part):
            return _not(compile_filter(part, released))
        case Present(name):
            return _present(shown(name, released))
        case Equality(name, value) | Approx(name, value):
            return _by_rule(shown(name, released), _equality, value)
        case GreaterOrEqual(name, value):
            return _by_rule(shown(name, released), _ordering, value, operator.ge)
        case LessOrEqual(name, value):
            return _by_rule(shown(name, released), _ordering, value, operator.le)
        case Substrings():
            return _substrings(asked, shown(asked.attribute, released))
        case Extensible():
            return _extensible(asked, released)
        case _:
            return _undefined


def shown(name: str, released: Released) -> tuple[AttributeRow, ...]:
    """The attribute of that name with its subtypes, as far as they are shown; () where it is not known or not shown."""
    row = attribute(name)
    if row is None:
        return ()
    return tuple(kind for kind in with_subtypes(row) if released(kind))


def mentions_live(asked: Filter) -> bool:
    """Whether a filter asks for what only the platform knows."""
    match asked:
        case And(parts) | Or(parts):
            return any(map(mentions_live, parts))
        case Not(part):
            return mentions_live(part)
        case Extensible(attribute=None):
            return True
        case Equality(name) | Approx(name) | GreaterOrEqual(name) | LessOrEqual(name) | Present(name):
            return _is_live(name)
        case Substrings():
            return _is_live(asked.attribute)
        case Extensible(attribute=str(name)):
            return _is_live(name)
        case _:
            return False


def comparisons(asked: Filter, released: Released) -> int:
    """How often a filter looks at an attribute of one entry, at most: what it costs."""
    match asked:
        case And(parts) | Or(parts):
            return sum(comparisons(part, released) for part in parts)
        case Not(part):
            return comparisons(part, released)
        case Equality(name) | Approx(name) | GreaterOrEqual(name) | LessOrEqual(name) | Present(name):
            return len(shown(name, released))
        case Substrings():
            return len(shown(asked.attribute, released)) * (1 + len(asked.any))
        case Extensible():
            return len(_extended(asked, released)) * (1 + asked.dn_attributes)
        case _:
            return 0


def _is_live(name: str) -> bool:
    row = attribute(name)
    return row is not None and any(kind.live for kind in with_subtypes(row))


def _undefined(_: Entry) -> Truth:
    return None


def _all_of(tests: list[Test]) -> Test:
    def test(entry: Entry) -> Truth:
        found: Truth = True
        for one in tests:
            answer = one(entry)
            if answer is False:
                return False
            if answer is None:
                found = None
        return found

    return test


def _any_of(tests: list[Test]) -> Test:
    def test(entry: Entry) -> Truth:
        found: Truth = False
        for one in tests:
            answer = one(entry)
            if answer:
                return True
            if answer is None:
                found = None
        return found

    return test


def _not(inner: Test) -> Test:
    def test(entry: Entry) -> Truth:
        answer = inner(entry)
        return None if answer is None else not answer

    return test


def _present(rows: tuple[AttributeRow, ...]) -> Test:
    if not rows:
        return _undefined
    names = [row.name for row in rows]

    def test(entry: Entry) -> Truth:
        return _one_of(None if (values := entry.values(name)) is None else bool(values) for name in names)

    return test


def _one_of(answers: Iterable[Truth]) -> Truth:
    """Whether one of the answers is true; undefined where one is not known and none is."""
    found: Truth = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            found = None
    return found


def _equality(row: AttributeRow) -> Rule | None:
    return RULES.get(row.form.equality.lower())


def _ordering(row: AttributeRow) -> Rule | None:
    return RULES.get(row.form.ordering.lower())


def _by_rule(
    rows: tuple[AttributeRow, ...],
    rule_of: Callable[[AttributeRow], Rule | None],
    value: bytes,
    compare: Compare = operator.eq,
) -> Test:
    return _kinds(_compared(row.name, rule_of(row), value, compare) for row in rows)


def _compared(name: str, rule: Rule | None, value: bytes, compare: Compare) -> Test:
    fits = _comparison(rule, value, compare)
    return _undefined if fits is None else _over_values(name, fits)


def _comparison(rule: Rule | None, value: bytes, compare: Compare) -> Callable[[bytes], bool] | None:
    """What says of an attribute's value whether it matches; None where the comparison is undefined."""
    if rule is None:
        return None
    try:
        wanted = rule.key(value)
    except NoValue:
        return None

    def fits(one: bytes) -> bool:
        try:
            return compare(_prepared(rule.key, one), wanted)
        except NoValue:  # part of a name that is no value of the attribute's syntax
            return False

    return fits


@lru_cache(maxsize=1024)
def _prepared(key: Callable[[bytes], Any], value: bytes) -> Any:
    """A value of an entry as it is compared: a filter of thousands of parts looks at few values."""
    return key(value)


def _over_values(name: str, fits: Callable[[bytes], bool]) -> Test:
    def test(entry: Entry) -> Truth:
        values = entry.values(name)
        return None if values is None else any(map(fits, values))

    return test


def _kinds(tests: Iterable[Test]) -> Test:
    """One attribute with its subtypes: that of the first that fits. Nothing at all is an attribute nobody knows."""
    every = list(tests)
    if len(every) == 1:
        return every[0]
    return _any_of(every) if every else _undefined


def _substrings(asked: Substrings, rows: tuple[AttributeRow, ...]) -> Test:
    return _kinds(_substrings_of(asked, row) for row in rows)


def _substrings_of(asked: Substrings, row: AttributeRow) -> Test:
    rule = RULES.get(row.form.substrings.lower())
    if rule is None:
        return _undefined
    try:
        initial = None if asked.initial is None else piece(rule, asked.initial, "initial")
        middle = tuple(piece(rule, one, "any") for one in asked.any)
        final = None if asked.final is None else piece(rule, asked.final, "final")
    except NoValue:
        return _undefined
    return _over_values(row.name, lambda one: pieces_in(_prepared(rule.key, one), initial, middle, final))


def _extensible(asked: Extensible, released: Released) -> Test:
    rule = None if asked.rule is None else RULES.get(asked.rule.lower())
    rows = _extended(asked, released)
    tests = [_matched(row, rule or _equality(row), asked.value) for row in rows]
    if asked.dn_attributes:
        tests += [_in_name(row, rule or _equality(row), asked.value) for row in rows]
    return _kinds(tests)


def _extended(asked: Extensible, released: Released) -> tuple[AttributeRow, ...]:
    """The attributes that an extensible match is about: none where its rule is not known or not for them."""
    rule = None if asked.rule is None else RULES.get(asked.rule.lower())
    if asked.rule is not None and (rule is None or rule.kind == "substrings"):
        return ()
    if asked.attribute is not None:
        rows = shown(asked.attribute, released)
        return rows if rule is None else tuple(row for row in rows if row.form.syntax in rule.suits)
    if rule is None:
        return ()
    return tuple(row for row in ATTRIBUTES if row.form.syntax in rule.suits and released(row))


def _how(rule: Rule | None) -> Compare:
    """An ordering rule asks for values that come before the one given (RFC 4517 4.2.12)."""
    return operator.lt if rule is not None and rule.kind == "ordering" else operator.eq


def _matched(row: AttributeRow, rule: Rule | None, value: bytes) -> Test:
    return _compared(row.name, rule, value, _how(rule))


def _in_name(row: AttributeRow, rule: Rule | None, value: bytes) -> Test:
    """The parts of the entry's name, its superiors' among them, that have this attribute."""
    fits = _comparison(rule, value, _how(rule))
    if fits is None:
        return _undefined
    kinds = {name.lower() for name in (*row.names, row.oid)}

    def test(entry: Entry) -> Truth:
        parts = (text for rdn in entry.names for kind, text in rdn if kind.lower() in kinds)
        return any(fits(text.encode("utf-8", "surrogateescape")) for text in parts)

    return test
