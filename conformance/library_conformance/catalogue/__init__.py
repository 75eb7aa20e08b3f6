"""The requirements: one TOML file a standard beside this module, read and checked here."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from library_conformance.model import Force, Level, Requirement, Role, Status

STANDARDS = ("sip2", "ncip", "oai", "sru", "z3950", "ldap", "scim", "lcf", "cross")
"""By the names of the command line; `lcf` has no probes: nobody's system could be tried. `cross` is what no standard
says: a system is the same through all its doors."""

_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9-]+){2,4}")
_FIELDS = {field.name for field in fields(Requirement)}


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
    return found


def requirements_of(standard: str) -> list[Requirement]:
    """The requirements of one standard; none where it has no file. Raises CatalogueError."""
    file = files(__name__) / f"{standard}.toml"
    if not file.is_file():
        return []
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    defaults = document.get("defaults", {})
    return [_row(standard, {**defaults, **row}) for row in document.get("requirement", ())]


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
                "related": tuple(row.get("related", ())),
            }
        )
    except (TypeError, ValueError, KeyError) as error:
        raise CatalogueError(f"{name}: {error}") from error
    for problem in _faults(made):
        raise CatalogueError(f"{name}: {problem}")
    return made


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
