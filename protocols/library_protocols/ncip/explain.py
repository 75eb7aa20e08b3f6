"""What the tables say about a service, an element, a problem type, a value of a code list, a version."""

from __future__ import annotations

from dataclasses import dataclass

from library_protocols.ncip.dialect import PUBLIC_IDS, SCHEMAS
from library_protocols.ncip.elements.base import STRING, Element, Kind, Row, rows
from library_protocols.ncip.facts import (
    GENERAL,
    MESSAGING,
    OF_SERVICE,
    SCHEMES,
    SchemeFact,
    known_problem,
    problem_type,
)
from library_protocols.ncip.facts.secrets import CONTENTS
from library_protocols.ncip.facts.secrets import Kind as Content
from library_protocols.ncip.facts.version1 import NAMES, VISIBLE
from library_protocols.ncip.services import SERVICES, ServiceRow
from library_protocols.ncip.tables import CLASSES, EXTENSIONS, VERSION_MESSAGES, columns, visible_columns

_VERSIONS = tuple(sorted(SCHEMAS))
_ELEMENTS = {
    name: cls for name, cls in (*VERSION_MESSAGES.items(), *CLASSES.items()) if name in CONTENTS or name in EXTENSIONS
}
"""Elements with elements inside; classes that several are made from are none."""
_OLD = {old: new for new, old in NAMES.items()} | {
    old: new for renamed in VISIBLE.values() for new, old in renamed.items()
}  # fmt: skip
"""Names of NCIP 1 -> those of NCIP 2."""
_MOST_PLACES = 12
"""Elements that are named of those in which another stands; more say nothing."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing of the tables: what it is, its name, what it means, where it is written (the versions that have it, or
    its scheme). `more` says further things, each with what it is about."""

    kind: str
    name: str
    meaning: str
    clause: str
    more: tuple[tuple[str, str], ...] = ()


def explain(text: str) -> tuple[Explanation, ...]:
    """What the tables say about a service or element (`CheckOutItem`, `UserId`; those of NCIP 1 too), a problem type
    (`Unknown User`), a value of a code list (`Hold`, or with its element `RequestType Hold`), a version (`2.02`), an
    address of a list. Upper and lower case are the same. Empty when they say nothing."""
    wanted = " ".join(text.split())
    key = wanted.casefold()
    found: list[Explanation] = []
    if wanted in SCHEMAS:
        found.append(_version(wanted))
    for name, service in SERVICES.items():
        if key in (name.casefold(), f"{name}Response".casefold()):
            found.append(_service(service))
    found += [_structure(name) for name in _ELEMENTS if key == name.casefold() and not found]
    found += [_leaf(name, row) for name, row in _LEAVES.items() if key == name.casefold()]
    if key in _OLD_KEYS:
        old = _OLD_KEYS[key]
        found.append(Explanation("element", old, f"in NCIP 2 it is {_OLD[old]}", "1.0, 1.01"))
    problem = known_problem(wanted)
    if problem is not None:
        found.append(_problem(problem))
    found += _values(key)
    return tuple(found)


def explained_names() -> tuple[str, ...]:
    """What `explain` may be asked for by name."""
    values = {value for fact in SCHEMES.values() for value in fact.values}
    return (*SERVICES, *_ELEMENTS, *_LEAVES, *_OLD, *_PROBLEMS, *sorted(values))


def _leaves() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for cls in _ELEMENTS.values():
        for row in rows(cls):
            if row.kind is not Kind.STRUCT:
                found.setdefault(row.name, row)
    return dict(sorted(found.items()))


_LEAVES = _leaves()
_OLD_KEYS = {name.casefold(): name for name in _OLD}
_PROBLEMS = (*MESSAGING, *GENERAL, *sorted({value for values in OF_SERVICE.values() for value in values}))


def _version(version: str) -> Explanation:
    more = [("version", SCHEMAS[version])]
    if version in PUBLIC_IDS:
        more.append(("document type", PUBLIC_IDS[version]))
    services = [name for name, row in SERVICES.items() if _has(row, version)]
    return Explanation("version", version, f"{len(services)} services", "Z39.83", (*more,))


def _has(row: ServiceRow, version: str) -> bool:
    return row.in_1_0 if version.startswith("1") else row.since is not None and row.since <= version


def _service(row: ServiceRow) -> Explanation:
    versions = ", ".join(version for version in _VERSIONS if _has(row, version))
    more = [(how, f"{cls.__name__}: {_inside(cls.__name__)}") for how, cls in
            (("asked with", row.request), ("answered with", row.response))]  # fmt: skip
    if row.problems:
        more.append(("its own problems", "; ".join(row.problems)))
    return Explanation(f"{row.kind.value} service", row.name, row.meaning, versions, (*more,))


def _inside(name: str) -> str:
    """What an element holds: `?` where it may be missing, `*` where it may be repeated too, `+` only repeated."""
    found = visible_columns(name) if name in VISIBLE else columns(_ELEMENTS[name], "2.02")
    return ", ".join(_child(column.name, column.row, column.required) for column in found)


def _structure(name: str) -> Explanation:
    cls = _ELEMENTS[name]
    more = [("holds", inside)] if (inside := _inside(name)) else []
    only_old = [row.name for row in rows(cls) if row.generation == 1]
    if only_old:
        more.append(("in NCIP 1 also", ", ".join(only_old)))
    if name in NAMES:
        more.append(("in NCIP 1", NAMES[name]))
    if name in EXTENSIONS:
        more.append(("extension of", EXTENSIONS[name]))
    if places := _where(name):
        more.append(("stands in", places))
    return Explanation("element", name, " ".join((cls.__doc__ or "").split()), _versions(name), (*more,))


def _child(name: str, row: Row, required: bool) -> str:
    return name + (("+" if required else "*") if row.repeat else "" if required else "?")


def _leaf(name: str, row: Row) -> Explanation:
    what = row.kind.value
    if row.kind is Kind.TEXT and row.type != STRING:
        what = f"{what}, {row.type} of XML Schema"
    content = CONTENTS.get(name)
    if content is Content.SECRET:
        what += "; a secret: covered wherever it is kept"
    elif content is Content.PERSONAL:
        what += "; about a person: covered where it is kept"
    more: list[tuple[str, str]] = []
    fact = SCHEMES.get(name)
    if fact is not None:
        more.append(("scheme", fact.scheme))
        if fact.values:
            more.append(("values", "; ".join(fact.values)))
        if fact.also:
            more.append(("in use besides", "; ".join(fact.also)))
    if name in NAMES:
        more.append(("in NCIP 1", NAMES[name]))
    if places := _where(name):
        more.append(("stands in", places))
    return Explanation("element", name, what, _versions(name), (*more,))


def _holders(name: str) -> list[type[Element]]:
    return [cls for cls in _ELEMENTS.values() if any(row.name == name for row in rows(cls))]


def _where(name: str) -> str:
    places = sorted({cls.__name__ for cls in _holders(name)})
    rest = len(places) - _MOST_PLACES
    return ", ".join(places[:_MOST_PLACES]) + (f" and {rest} more" if rest > 0 else "")


def _versions(name: str) -> str:
    if name in VISIBLE:
        return "1.0, 1.01"
    if name in VERSION_MESSAGES:
        return "schema for versions"
    if name in EXTENSIONS:
        return "extension"
    return ", ".join(v for v in _VERSIONS if any(c.row.name == name for cls in _holders(name) for c in columns(cls, v)))


def _problem(value: str) -> Explanation:
    services = [name for name, values in OF_SERVICE.items() if value in values]
    if value in MESSAGING:
        meaning = "the message is wrong, whatever it wants"
    elif value in GENERAL:
        meaning = "any service may have it"
    else:
        meaning = f"of {', '.join(services)}"
    scheme = problem_type(value, services[0] if services else None).scheme or ""
    if len(services) > 1:
        scheme = scheme.replace(services[0].lower(), "(service)")
    return Explanation("problem type", value, meaning, scheme)


def _values(key: str) -> list[Explanation]:
    found: list[Explanation] = []
    for element, fact in SCHEMES.items():
        if key == fact.scheme.casefold():
            found.append(Explanation("code list", element, "; ".join(fact.values), fact.scheme))
        value = _value_of(element, fact, key)
        if value is not None:
            own = value in fact.values
            found.append(
                Explanation("value", value, f"of {element}" + ("" if own else ", in use and not listed"), fact.scheme)
            )
    return found


def _value_of(element: str, fact: SchemeFact, key: str) -> str | None:
    """The value that `key` is, alone or behind the element's name."""
    alone = key.removeprefix(f"{element.casefold()} ")
    return next((one for one in (*fact.values, *fact.also) if one.casefold() == alone), None)
