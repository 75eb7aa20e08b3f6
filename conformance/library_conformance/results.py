"""Documents of results as `run` and its kin write them: read, put together, written.

A place is a results.json, a folder that has one, or a folder of such folders; what was said of one requirement by one
probe has one key whatever document it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from library_conformance.catalogue import digest
from library_conformance.model import Result

FORMAT = 1
FILE = "results.json"
Key = tuple[str, str]
"""Requirement and probe."""


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
) -> dict[str, Any]:
    """A document in the form in which `run` writes them."""
    return {
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
    }


def write(folder: Path, document: Mapping[str, Any]) -> Path:
    """Writes results.json into a folder, which is made where there is none. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def plain(result: Result) -> dict[str, Any]:
    """A result as JSON has it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(result).items()}


def load(file: Path) -> dict[str, Any]:
    """One document. Raises ResultsError."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{file}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise ResultsError(f"{file} is no document of results")
    if document.get("format") != FORMAT:
        raise ResultsError(f"{file} has format {document.get('format')!r}; {FORMAT} is read")
    return document
