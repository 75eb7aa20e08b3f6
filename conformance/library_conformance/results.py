"""Documents of results as `run` and its kin write them: read, put together, written.

A place is a results.json, a folder that has one, or a folder of such folders; what was said of one requirement by one
probe has one key whatever document it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from library_conformance.catalogue import digest
from library_conformance.foreign import clean, json_text, readable, said
from library_conformance.model import Execution, Result, Verdict

FORMAT = 1
FILE = "results.json"
Key = tuple[str, str]
"""Requirement and probe."""
_MOST = 64 * 1024 * 1024
"""Octets of a file of results that is read: a run of everything has less than one million."""
_HEAD = ("started", "suite", "catalogue", "allowed")
_TEXTS = ("requirement", "probe", "observation")
_MORE_TEXTS = ("lifecycle", "note", "blocked_by", "transcript", "replay")


class ResultsError(ValueError):
    """A place that holds no results."""


def read(place: Path) -> list[dict[str, Any]]:
    """The documents of a place, in the order of their paths. Raises ResultsError."""
    if place.is_dir():
        files = [place / FILE] if (place / FILE).is_file() else sorted(place.glob(f"*/{FILE}"))
        if not files:
            raise ResultsError(f"{place} has no {FILE}, nor has any folder in it")
    else:
        files = [place]
    return [load(file) for file in files]


def by_key(documents: Iterable[Mapping[str, Any]]) -> dict[Key, dict[str, Any]]:
    """Every result under its requirement and probe; the last one where several documents have it."""
    return {(row["requirement"], row["probe"]): row for document in documents for row in document["results"]}


def compose(
    standard: str,
    subject: str,
    started: datetime,
    results: Iterable[Result],
    *,
    seconds: float = 0.0,
    allowed: str = "read",
    announced: Mapping[str, Any] | None = None,
    not_tested: Iterable[Mapping[str, str]] = (),
    stopped: bool = False,
) -> dict[str, Any]:
    """A document in the form in which `run` writes them, in which nothing of what somebody said acts."""
    document = {
        "format": FORMAT,
        "standard": standard,
        "subject": subject,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "suite": version("library-gateway"),
        "catalogue": digest(),
        "allowed": allowed,
        "announced": dict(announced or {}),
        "results": [plain(result) for result in results],
        "not_tested": list(not_tested),
        **({"stopped": True} if stopped else {}),
    }
    return clean(document)


def write(folder: Path, document: Mapping[str, Any]) -> Path:
    """Writes results.json into a folder, which is made where there is none: all of it, or what was there stays. Raises
    OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path, new = folder / FILE, folder / f"{FILE}.new"
    new.write_text(json_text(document, indent=1) + "\n", encoding="utf-8")
    new.replace(path)
    return path


def plain(result: Result) -> dict[str, Any]:
    """A result as JSON has it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(result).items()}


def load(file: Path) -> dict[str, Any]:
    """One document, checked and fit to be shown, whoever wrote it. Raises ResultsError."""
    try:
        if not file.is_file():
            raise ResultsError(f"{file} is no file")
        if file.stat().st_size > _MOST:
            raise ResultsError(f"{file} is larger than any results are")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{file}: {error}") from error
    document = readable(lambda: clean(json.loads(text)))
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise ResultsError(f"{file} is no document of results")
    if document.get("format") != FORMAT:
        raise ResultsError(f"{file} has format {said(str(document.get('format')))!r}; {FORMAT} is read")
    document = {**dict.fromkeys(_HEAD, ""), "announced": {}, "not_tested": [], **document}
    for row in document["results"]:
        if isinstance(row, dict):
            row.update({name: "" for name in _MORE_TEXTS if name not in row}, manner=row.get("manner", []))
    for problem in _strange(document):
        raise ResultsError(f"{file} {problem}")
    return document


def _strange(document: Mapping[str, Any]) -> Iterator[str]:
    """What is no document of results, though it looks like one."""
    if missing := {"standard", "subject"} - document.keys():
        yield f"does not say its {' and '.join(sorted(missing))}"
    for name in ("standard", "subject", *_HEAD):
        if not isinstance(document.get(name, ""), str):
            yield f"has no text as its {name}"
    if not isinstance(document["announced"], dict):
        yield "has no table of what is announced"
    if not isinstance(document["not_tested"], list):
        yield "has no list of what is not tested"
        return
    for number, row in enumerate(document["results"], 1):
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in _TEXTS):
            yield f"has a result, number {number}, without one of {', '.join(_TEXTS)}"
        elif not all(isinstance(row.get(name), str) for name in _MORE_TEXTS):
            yield f"has a result, number {number}, in which one of {', '.join(_MORE_TEXTS)} is no text"
        elif not _texts(row.get("manner")):
            yield f"has a result, number {number}, whose manner is no list of texts"
        elif row.get("execution") not in list(Execution) or row.get("verdict") not in list(Verdict):
            yield f"has a result, number {number}, with an execution or a verdict that there is not"
    for row in document["not_tested"]:
        if not isinstance(row, dict) or not _texts([row.get("requirement"), row.get("reason")]):
            yield "has something else than requirements with their reasons in what is not tested"


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
