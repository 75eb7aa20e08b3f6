"""Problems as they are written: type by service, detail with our own code, element as a path, the value that was sent.

Never a PIN: of what authenticates somebody neither path nor value goes further than the element's name.
"""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import tzinfo
from typing import Any

from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.crosswalks.ncip_problems import UNTOLD, VALUE_LIMIT, fitting, paths_of, problem_row
from gateway.crosswalks.refusals import kind_of, messages_of
from gateway.crosswalks.texts import text
from library_protocols.ncip import Problem, SchemeValue, problem_type

No = Refusal | PlatformFailure

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Stopped(Exception):
    """A message cannot be carried out any further. `fields` are those of its answer that stand beside problems."""

    def __init__(self, *problems: Problem, **fields: Any) -> None:
        super().__init__("; ".join(one.problem_type.value for one in problems if one.problem_type))
        self.problems = problems
        self.fields = fields


def refused(
    message: object,
    service: str,
    no: No,
    *,
    element: str | None = None,
    value: str | None = None,
    zone: tzinfo,
) -> Problem:
    """The problem that a refusal or failure is. `element` is a path below the service's element; without it the place
    is found that the refusal is usually about, and without `value` what stands there in the message."""
    row = problem_row(no.code, service)
    paths = (element,) if element else row.paths
    return _made(row.type, service, detail_of(no, zone), message, paths, value)


def own(
    message: object,
    service: str,
    wanted: str,
    element: str | None = None,
    value: str | None = None,
    detail: str | None = None,
) -> Problem:
    """A problem that this door sees itself, of the type wanted or the nearest one that the service has."""
    return _made(fitting(wanted, service), service, detail, message, paths_of(element), value)


def detail_of(no: No, zone: tzinfo) -> str:
    """Our own code, which stays as it is from release to release, and a sentence in English for people."""
    kind = kind_of(no.detail) if isinstance(no, Refusal) else None
    code = f"{no.code.value}.{kind}" if kind else no.code.value
    sentence = " ".join(filter(None, (text(told, "en", zone) for told in messages_of(no))))
    return f"{code}: {sentence}" if sentence else code


def _made(
    type_: str, service: str, detail: str | None, message: object, paths: tuple[str, ...], value: str | None
) -> Problem:
    path, found = _place(message, paths)
    if value is None:
        value = found
    elif path is not None and UNTOLD.intersection(path.split("/")):
        value = None
    return Problem(
        problem_type=problem_type(type_, service),
        problem_detail=detail,
        problem_element=f"{service}/{path}" if path else None,
        problem_value=value[:VALUE_LIMIT] if value else None,
    )


def _place(message: object, paths: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The first of the paths where the message has something, and what; else the first that it could have."""
    possible = [path for path in paths if _possible(message, path)]
    for path in possible:
        found = message
        for name in path.split("/"):
            found = getattr(found, attribute(name), None)
            found = found[0] if isinstance(found, tuple) and found else found
        if found:
            return path, _told(path, found)
    return (possible or [*paths, None])[0], None


def _possible(message: object, path: str) -> bool:
    name = attribute(path.partition("/")[0])
    return any(field.name == name for field in fields(message))  # pyright: ignore[reportArgumentType]


def _told(path: str, found: object) -> str | None:
    if UNTOLD.intersection(path.split("/")):
        return None
    if isinstance(found, SchemeValue):
        return found.value or None
    return found if isinstance(found, str) else None


def attribute(element: str) -> str:
    """The name of the field that holds an element."""
    return _HUMP.sub("_", element).lower()
