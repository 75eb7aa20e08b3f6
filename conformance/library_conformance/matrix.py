"""The map: requirements against subjects, as one page that needs nothing but itself, and as JSON, CSV and JUnit.

Each cell shows what documents, the wire and probes come to, and leads to all three with their sources. Cells that rest
on the same claims share one piece of evidence, so that a page of many thousand cells stays small.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import jinja2
import typer
from rich.console import Console

from library_conformance.announced import in_words
from library_conformance.capabilities import CAPABILITIES
from library_conformance.catalogue import catalogue, digest, pointers, same
from library_conformance.claims import NAMES, Claim, Product, plain, product_named
from library_conformance.evidence import (
    BAD,
    MEANINGS,
    Cell,
    EvidenceError,
    Label,
    Observed,
    Subject,
    Tally,
    judged_rows,
    read_runs,
    subjects_of,
)
from library_conformance.exports import evidence_csv, junit, matrix_csv
from library_conformance.model import Level, Requirement, Verdict
from library_conformance.show_claims import OwnClaims, known_products

FORMAT = 1
_RUN = ("standard", "started", "suite", "catalogue", "allowed", "announced")
_LOOK = ("probe", "execution", "observation", "verdict", "manner", "transcript")
GRADES = {"D": "the supplier's own document", "O": "the product's source code", "T": "somebody else's document or code"}
WORDS = {
    "yes": "yes", "partial": "in part", "configurable": "where licensed, installed or set", "no": "no",
    "unknown": "nothing is said", "disputed": "yes by one, no by another",
}  # fmt: skip
"""What documents say, for people."""


@dataclass(frozen=True, slots=True)
class Section:
    """One capability: its requirements, and what each subject comes to in it."""

    capability: str
    rows: tuple[Requirement, ...]
    tallies: tuple[Tally, ...]

    @property
    def words(self) -> str:
        return CAPABILITIES.get(self.capability, self.capability)


@dataclass
class Evidence:
    """The pieces of evidence of a page, each once, numbered from 1."""

    pieces: list[dict[str, Any]] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)

    def number(self, subject: int, row: Requirement, cell: Cell) -> int:
        """Of the piece that a cell leads to; 0 where nothing is known."""
        if cell.label is Label.UNKNOWN and not (cell.observed or cell.documented.background or cell.documented.claims):
            return 0
        own = bool(cell.observed or cell.announced)
        key = (
            subject, cell.label, row.id if own else row.standard,
            tuple(map(id, cell.documented.claims)), tuple(map(id, cell.documented.background)),
        )  # fmt: skip
        if key not in self._numbers:
            self._numbers[key] = len(self.pieces) + 1
            self.pieces.append(
                {"subject": subject, "row": row if own else None, "standard": row.standard, "cell": cell}
            )
        return self._numbers[key]


def sections(rows: Iterable[Requirement], subjects: Sequence[Subject]) -> list[Section]:
    """The capabilities that have requirements, in the order of the list."""
    by_capability: dict[str, list[Requirement]] = {name: [] for name in CAPABILITIES}
    for row in rows:
        by_capability.setdefault(row.capability, []).append(row)
    return [
        Section(name, tuple(found), tuple(one.tally(found) for one in subjects))
        for name, found in by_capability.items()
        if found
    ]


def document(subjects: Sequence[Subject], rows: Sequence[Requirement], made: datetime) -> dict[str, Any]:
    """The whole map as JSON can hold it."""
    on = made.date()
    return {
        "format": FORMAT,
        "made": made.isoformat(timespec="seconds"),
        "catalogue": digest(),
        "labels": {label: meaning for label, (_, meaning) in MEANINGS.items()},
        "subjects": [
            {
                "name": one.name, "vendor": one.vendor, "product": one.product.id if one.product else "",
                "versions": one.product.versions if one.product else "",
                "runs": [{key: run.document.get(key, "") for key in _RUN} for run in one.runs.values()],
            }
            for one in subjects
        ],
        "capabilities": [
            {
                "capability": section.capability, "words": section.words,
                "subjects": [_plain_tally(*each) for each in zip(subjects, section.tallies, strict=True)],
            }
            for section in sections(rows, subjects)
        ],
        "requirements": [
            {
                "id": row.id, "standard": row.standard, "edition": row.edition, "clause": row.clause,
                "statement": row.statement, "level": row.level, "force": row.force, "role": row.role,
                "capability": row.capability, "when": row.when, "related": row.related,
                "cells": {
                    one.name: _plain_cell(cell, on)
                    for one in subjects
                    if (cell := one.cell(row)).label is not Label.UNKNOWN
                },
            }
            for row in rows
        ],
    }  # fmt: skip


def _plain_tally(subject: Subject, tally: Tally) -> dict[str, Any]:
    return {
        "subject": subject.name,
        "must": f"{tally.must_met}/{tally.must}",
        "should": f"{tally.should_met}/{tally.should}",
        "must_claimed_only": tally.must_claimed,
        "broken": tally.broken,
        "absent": tally.absent,
        "unknown": tally.unknown,
        "tried": tally.tried,
    }


def _plain_cell(cell: Cell, on: Any) -> dict[str, Any]:
    said = cell.announced
    return {
        "label": cell.label,
        "documented": cell.documented.value,
        "claims": [plain(claim, on) for claim in cell.documented.claims],
        "announced": None if said is None else {"offered": said.offered, "words": said.words},
        "verdict": cell.verdict,
        "observed": [{name: look.row.get(name) for name in _LOOK} for look in cell.observed],
    }  # fmt: skip


def page(subjects: Sequence[Subject], rows: Sequence[Requirement], made: datetime) -> str:
    """The map as HTML: no asset from elsewhere, and everything readable without its script."""
    evidence = Evidence()
    parts = sections(rows, subjects)
    grid = {
        row.id: [(cell := one.cell(row), evidence.number(column, row, cell)) for column, one in enumerate(subjects)]
        for row in rows
    }
    surroundings = jinja2.Environment(
        loader=jinja2.PackageLoader("library_conformance", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    surroundings.globals.update(
        meanings=MEANINGS, names=NAMES, pointers=pointers(), grades=GRADES, words=WORDS, slug=_slug, tone=_tone
    )
    return surroundings.get_template("matrix.html").render(
        made=made, digest=digest(), on=made.date(), subjects=subjects, parts=parts, grid=grid, pieces=evidence.pieces,
        rows=rows, levels=[level.value for level in Level], standards=_ordered(row.standard for row in rows),
        css=asset("matrix.css"), js=asset("matrix.js"), looked=_looked, link=_link, announced=in_words,
        same=same(), others=_others,
    )  # fmt: skip


def asset(name: str) -> str:
    """A style or script that goes into a page as it is."""
    return (files("library_conformance.pages") / name).read_text("utf-8")


def _ordered(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _slug(label: str) -> str:
    return label.replace(",", "").replace(" ", "-")


def _tone(tally: Tally) -> str:
    """How a number of the overview is set off: by more than colour, since the numbers say it too."""
    if tally.broken:
        return "bad"
    if not tally.must + tally.should:
        return "none"
    if not tally.tried:
        return "said"
    return "good" if tally.must_met == tally.must else "part"


def _looked(look: Observed) -> str:
    """What came of a probe, in words."""
    if look.verdict is not Verdict.NONE:
        return look.row["observation"]
    reason = look.row.get("note") or (f"blocked by {look.row['blocked_by']}" if look.row.get("blocked_by") else "")
    return f"{look.row['execution'].replace('_', ' ')}{': ' if reason else ''}{reason}"


def _others(subject: Subject, row: Requirement) -> list[tuple[Requirement, Cell]]:
    """What the same subject does of the same thing by other standards, as far as it is known to speak them."""
    rows = [catalogue()[name] for name in row.related]
    return [(other, subject.cell(other)) for other in rows if subject.concerns(other)]


def _link(claim: Claim) -> str:
    return claim.source.ref if claim.source.ref.startswith(("https://", "http://")) else ""


def write(subjects: Sequence[Subject], out: Path, made: datetime | None = None) -> list[Path]:
    """matrix.html, matrix.json, matrix.csv, evidence.csv and junit.xml into a folder."""
    made = made or datetime.now(UTC)
    rows = judged_rows()
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "matrix.html": page(subjects, rows, made),
        "matrix.json": json.dumps(document(subjects, rows, made), ensure_ascii=False, indent=1) + "\n",
        "matrix.csv": matrix_csv(subjects, rows),
        "evidence.csv": evidence_csv(subjects, rows),
        "junit.xml": junit(subjects, rows),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8", newline="")
    return [out / name for name in texts]


def chosen(names: Sequence[str], known: Mapping[str, Product]) -> list[Product]:
    """Products by name. Raises typer.BadParameter."""
    found = {name: product_named(name, known) for name in names}
    if unknown := [name for name, one in found.items() if one is None]:
        raise typer.BadParameter(f"no such product: {', '.join(unknown)}; known: {', '.join(known)}")
    return [one for one in found.values() if one is not None]


def attach(app: typer.Typer) -> None:
    """Adds `matrix` to the command line."""

    @app.command("matrix")
    def matrix_command(
        results: Annotated[list[Path] | None, typer.Argument(help="results.json, or folders with such files.")] = None,
        out: Annotated[Path, typer.Option(help="Folder for the page, JSON, CSV and JUnit.")] = Path("matrix"),
        supplier: Annotated[
            list[str] | None, typer.Option(help="A product whose claims are shown; all of them without this.")
        ] = None,
        own: OwnClaims = None,
        json_: Annotated[bool, typer.Option("--json", help="What was written, as JSON.")] = False,
    ) -> None:
        """Put documented, announced and observed support side by side, on one page.

        Exit codes: 0 written; 2 wrong usage, or results that cannot be read.
        """
        known = known_products(own)
        wanted = chosen(supplier, known) if supplier else list(known.values())
        try:
            subjects = subjects_of(read_runs(results or []), wanted, known)
        except EvidenceError as error:
            raise typer.BadParameter(str(error)) from error
        written = write(subjects, out)
        broken = sum(one.cell(row).label in BAD for one in subjects for row in judged_rows())
        if json_:
            print(json.dumps({"files": [str(path) for path in written], "subjects": len(subjects), "broken": broken}))
        else:
            Console(highlight=False, soft_wrap=True).print(
                f"{written[0]}: {len(judged_rows())} requirements, {len(subjects)} subjects", markup=False
            )
