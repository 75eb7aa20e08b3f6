"""Puts side by side, for each subject and requirement, what is documented, what is announced and what was observed.

A subject is a product of which claims are known, a system of which there are runs, or both: a run belongs to the
product that its subject is called after. Of several runs of one standard on one subject, the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from library_conformance.announced import Announcement, announced, of
from library_conformance.catalogue import catalogue
from library_conformance.claims import SUPPORTS, Direction, Documented, Product, Value, product_named
from library_conformance.foreign import said
from library_conformance.model import Level, Requirement, Role, Status, Verdict
from library_conformance.results import FILE, ResultsError, load

SHOWN_LINES, SHOWN_LENGTH = 8, 240
"""So much of a transcript is shown beside a result; all of it is in the file."""
_LONGEST_LINE = 1024 * 1024
_TOLD = ("dir", "note", "text", "hex")

_WORST = (
    Verdict.UNSAFE, Verdict.DEVIATES, Verdict.DISCOURAGED, Verdict.UNDECIDED, Verdict.PERMITTED, Verdict.CONFORMS,
    Verdict.INFORMATIONAL,
)  # fmt: skip
_ARROWS = {"send": "→", "receive": "←"}


class EvidenceError(ValueError):
    """A file of results that cannot be read."""


class Label(StrEnum):
    """What the three kinds of evidence come to."""

    CONFIRMED = "confirmed"
    UNDER_ANNOUNCED = "under-announced"
    UNDOCUMENTED = "undocumented"
    BROKEN_CLAIM = "broken claim"
    DEVIATES = "deviates"
    DISCOURAGED = "discouraged"
    UNSAFE = "unsafe"
    ABSENT_AS_STATED = "absent, as stated"
    NOT_OFFERED = "not offered"
    CLAIMED_ONLY = "claimed only"
    ANNOUNCED_ONLY = "announced only"
    STATED_ABSENT = "stated absent"
    DISPUTED = "disputed"
    TOLD = "told"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"


MEANINGS: Mapping[Label, tuple[str, str]] = {
    Label.CONFIRMED: ("✓", "documented, and seen to be so"),
    Label.UNDER_ANNOUNCED: ("✓", "documented and seen to be so, though the wire announces the contrary"),
    Label.UNDOCUMENTED: ("✓", "seen to be so, though no document says it"),
    Label.BROKEN_CLAIM: ("✗", "documented or announced, and seen to be otherwise"),
    Label.DEVIATES: ("✗", "seen to break what the standard demands; nobody had promised it"),
    Label.DISCOURAGED: ("△", "seen to do otherwise than the standard or good practice advises"),
    Label.UNSAFE: ("‼", "seen to endanger data, persons or the service"),
    Label.ABSENT_AS_STATED: ("–", "said not to be there, and seen not to be there"),
    Label.NOT_OFFERED: ("–", "seen not to be there, which the standard permits"),
    Label.CLAIMED_ONLY: ("○", "documented; not tried"),
    Label.ANNOUNCED_ONLY: ("◌", "announced on the wire; not tried"),
    Label.STATED_ABSENT: ("–", "said not to be there; not tried"),
    Label.DISPUTED: ("≠", "sources say yes and no; not tried"),
    Label.TOLD: ("i", "seen; the standard leaves it open"),
    Label.UNDECIDED: ("?", "seen; a person has to judge it"),
    Label.UNKNOWN: ("·", "neither documented nor announced nor tried"),
}
"""Each label's sign, and what it means."""

GOOD = frozenset({Label.CONFIRMED, Label.UNDER_ANNOUNCED, Label.UNDOCUMENTED})
ABSENT = frozenset({Label.ABSENT_AS_STATED, Label.NOT_OFFERED, Label.STATED_ABSENT})
BAD = frozenset({Label.BROKEN_CLAIM, Label.DEVIATES, Label.UNSAFE})


@dataclass(frozen=True, slots=True)
class Observed:
    """One probe's result on one requirement, as the run wrote it; `lines` are the beginning of its transcript."""

    row: Mapping[str, Any]
    started: str
    lines: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.row["verdict"])


@dataclass(frozen=True, slots=True)
class Cell:
    """One requirement of one subject."""

    label: Label
    documented: Documented
    announced: Announcement | None
    observed: tuple[Observed, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one capability. `met` were seen, `claimed` only documented or announced, `broken` were seen to
    be otherwise, `absent` are not offered by what was said or seen; of `unknown` nothing is known though the subject
    speaks the standard. No share is made of them."""

    must: int = 0
    must_met: int = 0
    must_claimed: int = 0
    should: int = 0
    should_met: int = 0
    broken: int = 0
    absent: int = 0
    unknown: int = 0
    tried: bool = False


@dataclass(frozen=True)
class Run:
    """One `results.json` and the folder that its transcripts are in."""

    document: Mapping[str, Any]
    folder: Path

    @property
    def standard(self) -> str:
        return self.document["standard"]

    @cached_property
    def by_requirement(self) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.document["results"]:
            found.setdefault(row["requirement"], []).append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def announcements(self) -> Mapping[str, Announcement]:
        return announced(self.standard, self.document.get("announced", {}))


@dataclass(frozen=True)
class Subject:
    """What is judged. `product` holds its claims, `runs` its results by standard."""

    name: str
    vendor: str = ""
    product: Product | None = None
    runs: Mapping[str, Run] = field(default_factory=dict)
    _cells: dict[str, Cell] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def spoken(self) -> frozenset[tuple[str, bool]]:
        """Standards of which something is known, and whether as a client."""
        claims = self.product.claims if self.product else ()
        claimed = {(one.standard, one.direction is Direction.CLIENT) for one in claims if one.value in SUPPORTS}
        rows = catalogue()
        tried = {
            (standard, rows[name].role is Role.CLIENT)
            for standard, run in self.runs.items()
            for name in run.by_requirement
            if name in rows
        }
        return frozenset(claimed | tried)

    def concerns(self, row: Requirement) -> bool:
        """Whether a requirement is of a standard, and a side of it, that the subject is known to take part in."""
        return (row.standard, row.role is Role.CLIENT) in self.spoken

    def cell(self, row: Requirement) -> Cell:
        """The three kinds of evidence about one requirement, and what they come to."""
        if row.id not in self._cells:
            self._cells[row.id] = self._cell(row)
        return self._cells[row.id]

    def _cell(self, row: Requirement) -> Cell:
        documented = self.product.documented(row) if self.product else Documented(Value.UNKNOWN)
        run = self.runs.get(row.standard)
        said = of(row.id, run.announcements) if run else None
        looks = tuple(_observed(run, each) for each in run.by_requirement.get(row.id, ())) if run else ()
        verdicts = {look.verdict for look in looks}
        verdict = next((one for one in _WORST if one in verdicts), Verdict.NONE)
        return Cell(label_of(documented.value, said, verdict), documented, said, looks, verdict)

    def tally(self, rows: Iterable[Requirement]) -> Tally:
        """Counts the requirements that concern the subject; a conditional one is a must where it was seen to apply."""
        count: dict[str, int] = {each.name: 0 for each in fields(Tally) if each.name != "tried"}
        tried = False
        for row in rows:
            if not self.concerns(row):
                continue
            cell = self.cell(row)
            tried |= cell.verdict is not Verdict.NONE
            level = _counted_as(row.level, cell)
            if level is None:
                continue
            count[level] += 1
            count[f"{level}_met"] += cell.label in GOOD
            count["must_claimed"] += level == "must" and cell.label in (Label.CLAIMED_ONLY, Label.ANNOUNCED_ONLY)
            count["absent"] += cell.label in ABSENT
            count["broken"] += cell.label in BAD
            count["unknown"] += cell.label is Label.UNKNOWN
        return Tally(**count, tried=tried)


def label_of(documented: Value, said: Announcement | None, verdict: Verdict) -> Label:
    """The table of three: documented, announced, observed."""
    claimed = documented in SUPPORTS
    announced_so = said is not None and said.offered
    match verdict:
        case Verdict.NONE:
            return _untried(documented, said)
        case Verdict.UNSAFE:
            return Label.UNSAFE
        case Verdict.UNDECIDED:
            return Label.UNDECIDED
        case Verdict.INFORMATIONAL:
            return Label.TOLD
        case Verdict.CONFORMS if claimed:
            return Label.UNDER_ANNOUNCED if said is not None and not said.offered else Label.CONFIRMED
        case Verdict.CONFORMS:
            return Label.UNDOCUMENTED
    if claimed or (announced_so and verdict is Verdict.DEVIATES and documented is not Value.NO):
        return Label.BROKEN_CLAIM
    if documented is Value.NO or (said is not None and not said.offered):
        return Label.ABSENT_AS_STATED
    return {Verdict.DEVIATES: Label.DEVIATES, Verdict.DISCOURAGED: Label.DISCOURAGED}.get(verdict, Label.NOT_OFFERED)


def _untried(documented: Value, said: Announcement | None) -> Label:
    if documented in SUPPORTS:
        return Label.CLAIMED_ONLY
    if documented is Value.DISPUTED:
        return Label.DISPUTED
    if said is not None and documented is Value.UNKNOWN:
        return Label.ANNOUNCED_ONLY if said.offered else Label.STATED_ABSENT
    return Label.STATED_ABSENT if documented is Value.NO else Label.UNKNOWN


def _counted_as(level: Level, cell: Cell) -> str | None:
    if level is Level.CONDITIONAL:
        return "must" if cell.verdict in (Verdict.CONFORMS, Verdict.DEVIATES, Verdict.UNSAFE) else None
    return {Level.MUST: "must", Level.SHOULD: "should"}.get(level)


def _observed(run: Run, row: Mapping[str, Any]) -> Observed:
    lines = tuple(_lines(_within(run.folder, row["transcript"]))) if row.get("transcript") else ()
    return Observed(row, run.document.get("started", ""), lines)


def _within(folder: Path, name: str) -> Path | None:
    """A file of a folder by a name that somebody else has written; None for one that is elsewhere, or no file."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _lines(path: Path | None) -> Iterator[str]:
    """The beginning of a transcript for people: who said what; octets that are no text in hexadecimal."""
    if path is None:
        return
    try:
        with path.open(encoding="utf-8") as file:
            read = [file.readline(_LONGEST_LINE) for _ in range(SHOWN_LINES + 1)]
            rows = [json.loads(line) for line in read if line]
    except (OSError, ValueError, RecursionError):
        return
    if not all(isinstance(row, dict) and all(isinstance(row.get(key, ""), str) for key in _TOLD) for row in rows):
        return
    for row in rows[:SHOWN_LINES]:
        kind = row.get("dir", "")
        words = _readable(row) or row.get("note") or ""
        cut = "…" if len(words) > SHOWN_LENGTH else ""
        yield said(f"{_ARROWS.get(kind, kind)} {words[:SHOWN_LENGTH]}{cut}".rstrip())
    if len(rows) > SHOWN_LINES:
        yield "…"


def _readable(row: Mapping[str, Any]) -> str:
    if "hex" not in row:
        return f"{row['length']} octets, not shown" if row.get("length") else ""
    text: str = row.get("text", "")
    odd = sum(1 for letter in text if letter == "\ufffd" or (ord(letter) < 32 and letter not in "\r\n\t"))
    if odd > len(text) // 20:
        return " ".join(row["hex"][at : at + 2] for at in range(0, min(len(row["hex"]), 2 * SHOWN_LENGTH), 2))
    return text.rstrip("\r\n").replace("\r", "␍").replace("\n", "␊")


def read_runs(paths: Iterable[Path]) -> list[Run]:
    """The runs in files `results.json`, or anywhere below folders, the oldest first. Raises EvidenceError."""
    found: list[Run] = []
    for path in paths:
        files = sorted(path.rglob(FILE)) if path.is_dir() else [path]
        if not files:
            raise EvidenceError(f"there is no {FILE} below {path}")
        found += [_run(file) for file in files]
    return sorted(found, key=lambda run: run.document.get("started", ""))


def _run(file: Path) -> Run:
    try:
        return Run(load(file), file.parent)
    except ResultsError as error:
        raise EvidenceError(str(error)) from error


def subjects_of(
    runs: Iterable[Run], products: Iterable[Product] = (), known: Mapping[str, Product] | None = None
) -> list[Subject]:
    """Products and what was run, in one list: what was run first, then the products of which most is said. Runs are
    matched with `known` products, with ours where none are given."""
    by_name: dict[str, dict[str, Run]] = {}
    for run in runs:
        by_name.setdefault(run.document["subject"], {})[run.standard] = run
    found: list[Subject] = []
    for name, of_it in by_name.items():
        product = product_named(name, known)
        same = next((one for one in found if product is not None and one.product == product), None)
        if same is not None:
            found[found.index(same)] = Subject(same.name, same.vendor, product, {**same.runs, **of_it})
        else:
            found.append(Subject(product.name if product else name, product.vendor if product else "", product, of_it))
    measured = {one.product.id for one in found if one.product}
    rest = [one for one in products if one.id not in measured]
    rest.sort(key=lambda one: (-sum(claim.value is not Value.UNKNOWN for claim in one.claims), one.name))
    found += [Subject(one.name, one.vendor, one) for one in rest]
    return found


def judged_rows() -> list[Requirement]:
    """The requirements that still hold, in the order of the catalogue."""
    return [row for row in catalogue().values() if row.status is not Status.WITHDRAWN]
