"""The requirements: one TOML file a standard beside this module, read and checked here.

What several standards ask for alike stands in groups in `related.toml`, once, so that links cannot be one-sided.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from library_conformance.model import Force, Level, Requirement, Role, Status

STANDARDS = ("sip2", "ncip", "oai", "sru", "z3950", "ldap", "scim", "lcf", "cross")
"""By the names of the command line; `lcf` has no probes: nobody's system could be tried. `cross` is what no standard
says: a system is the same through all its doors."""

_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9-]+){2,4}")
_FIELDS = {field.name for field in fields(Requirement)} - {"related"}


@dataclass(frozen=True, slots=True)
class Same:
    """One thing that several standards ask for: `what` in a librarian's words, and the rows."""

    what: str
    requirements: tuple[str, ...]


class CatalogueError(ValueError):
    """A row that cannot be read."""


@cache
def catalogue() -> Mapping[str, Requirement]:
    """All requirements by id, in the order of the files. Raises CatalogueError."""
    found: dict[str, Requirement] = {}
    for standard in STANDARDS:
        for row in requirements_of(standard):
            if row.id in found:
                raise CatalogueError(f"{row.id} is there twice")
            found[row.id] = row
    if unknown := sorted(same().keys() - found.keys()):
        raise CatalogueError(f"related.toml: no such requirement: {', '.join(unknown)}")
    return found


@cache
def same() -> Mapping[str, Same]:
    """By requirement's id, the thing that it and rows of other standards ask for. Raises CatalogueError."""
    found: dict[str, Same] = {}
    for row in tomllib.loads((files(__name__) / "related.toml").read_text(encoding="utf-8"))["same"]:
        made = Same(row["what"], tuple(row["requirements"]))
        if len({name.partition(".")[0] for name in made.requirements}) != len(made.requirements):
            raise CatalogueError(f"related.toml: {made.what}: one row a standard")
        for name in made.requirements:
            if name in found:
                raise CatalogueError(f"related.toml: {name} stands in two groups")
            found[name] = made
    return found


def requirements_of(standard: str) -> list[Requirement]:
    """The requirements of one standard; none where it has no file. Raises CatalogueError."""
    file = files(__name__) / f"{standard}.toml"
    if not file.is_file():
        return []
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    defaults = document.get("defaults", {})
    return [_row(standard, {**defaults, **row}) for row in document.get("requirement", ())]


@cache
def pointers() -> Mapping[str, str]:
    """By standard, what the letters and numbers of its clauses point into. Raises CatalogueError."""
    found: dict[str, str] = {}
    for standard in STANDARDS:
        file = files(__name__) / f"{standard}.toml"
        if not (text := tomllib.loads(file.read_text(encoding="utf-8")).get("pointers", "")):
            raise CatalogueError(f"{standard}: `pointers` is missing")
        found[standard] = text
    return found


def digest() -> str:
    """Which catalogue this is, in 12 hexadecimal digits."""
    found = hashlib.sha256()
    for standard in STANDARDS:
        file = files(__name__) / f"{standard}.toml"
        found.update(file.read_bytes() if file.is_file() else b"")
    return found.hexdigest()[:12]


def _row(standard: str, row: Mapping[str, Any]) -> Requirement:
    name = row.get("id", "?")
    if unknown := row.keys() - _FIELDS:
        raise CatalogueError(f"{name}: no such field: {', '.join(sorted(unknown))}")
    try:
        made = Requirement(
            **{
                **row,
                "standard": standard,
                "level": Level(row["level"]),
                "force": Force(row.get("force", "normative")),
                "role": Role(row["role"]),
                "status": Status(row.get("status", "reviewed")),
                "related": _related(name),
            }
        )
    except (TypeError, ValueError, KeyError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    for problem in _faults(made):
        raise CatalogueError(f"{name}: {problem}")
    return made


def _related(name: str) -> tuple[str, ...]:
    group = same().get(name)
    return tuple(other for other in group.requirements if other != name) if group else ()


def _faults(row: Requirement) -> Iterator[str]:
    if not _ID.fullmatch(row.id) or not row.id.startswith(f"{row.standard}."):
        yield "an id is STANDARD.AREA.FEATURE[.CONDITION], in lower case"
    for name in ("edition", "clause", "statement", "group", "capability"):
        if not getattr(row, name).strip():
            yield f"`{name}` is empty"
    if row.level is Level.CONDITIONAL and not row.when:
        yield "`when` says on what a conditional requirement depends"
    if not row.testable and not row.not_tested_reason:
        yield "`not_tested_reason` is missing"
