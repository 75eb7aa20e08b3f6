"""What people write on a command line, read and checked before anything is said to a subject.

Everything that is wrong raises typer.BadParameter, whose text says what would be right.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from library_conformance.inputs import INPUTS
from library_conformance.run import Target
from library_conformance.standards import STANDARDS

_LINES, _WEB = ("tcp://", "tls://"), ("http://", "https://")
SCHEMES: Mapping[str, tuple[str, ...]] = {
    "sip2": _LINES, "z3950": _LINES, "ldap": _LINES, "ncip": (*_WEB, *_LINES),
    "oai": _WEB, "sru": _WEB, "scim": _WEB,
}  # fmt: skip
"""How each standard is carried; HOST:PORT is the first of a standard that needs no address."""


def standard_of(name: str) -> str:
    """A standard that a run can measure."""
    if name == "cross":
        raise typer.BadParameter("several doors are looked through with `library-conformance consistency`")
    if name not in STANDARDS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(one for one in STANDARDS if one != 'cross')}")
    return name


def target_of(standard: str, text: str) -> Target:
    """Where a standard is spoken."""
    schemes = SCHEMES.get(standard, _LINES)
    if "://" not in text and schemes == _WEB:
        raise typer.BadParameter(f"{standard} is asked at an address: http://{text}, or https://…")
    if "://" in text and not text.startswith(schemes):
        form = "HOST:PORT or tls://HOST:PORT" if schemes == _LINES else ", ".join(f"{one}…" for one in schemes)
        raise typer.BadParameter(f"{text!r}: {standard} is asked at {form}")
    try:
        return Target.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def inputs_of(path: Path | None, given: Sequence[str]) -> dict[str, str]:
    """The inputs of a run: a TOML file of strings, and `NAME=VALUE`s that win over it."""
    inputs: dict[str, str] = {}
    if path is not None:
        try:
            document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise typer.BadParameter(f"{path}: {error.strerror}") from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise typer.BadParameter(f"{path} is no TOML: {error}") from error
        rows = document.get("inputs", document)
        if not isinstance(rows, dict) or any(isinstance(value, dict | list) for value in rows.values()):
            raise typer.BadParameter(f'{path}: below [inputs] there are lines NAME = "VALUE", and nothing else')
        inputs = {name: str(value) for name, value in rows.items()}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE")
        inputs[name] = value
    return inputs


def misspelt(standard: str, inputs: Mapping[str, str], own: frozenset[str] = frozenset()) -> list[str]:
    """A complaint for each input that no probe asks for; `own`: those that somebody's own probes do."""
    known = {*INPUTS[standard], *own} if standard in INPUTS else set(inputs)
    if standard == "cross":
        known |= {f"door.{door}" for door in SCHEMES} | {f"{door}.{name}" for door in SCHEMES for name in INPUTS[door]}
    complaints: list[str] = []
    for name in inputs:
        if name not in known:
            near = get_close_matches(name, known, 1)
            complaints.append(f"no probe of {standard} asks for the input {name}{f': {near[0]}?' if near else ''}")
    return complaints


def folder_of(path: Path) -> Path:
    """A folder for results, made where there is none: better known before a live system is asked anything."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise typer.BadParameter(f"nothing can be written into {path}: {error.strerror}") from error
    return path
