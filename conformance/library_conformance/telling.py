"""What a run says to people: a line for each probe while it goes on, and at the end what came of it.

The end is what somebody acts on: what is broken, in the words of the requirement, with the evidence; what was not
looked at, and what it would take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from library_conformance.catalogue import catalogue, pointers
from library_conformance.model import Execution, Result, Verdict
from library_conformance.results import FILE

MARKS = {
    Verdict.CONFORMS: "yes ", Verdict.DEVIATES: "NO  ", Verdict.DISCOURAGED: "no  ", Verdict.PERMITTED: "may ",
    Verdict.INFORMATIONAL: "info", Verdict.UNDECIDED: "?   ", Verdict.UNSAFE: "BAD ", Verdict.NONE: "-   ",
}  # fmt: skip
_TO_ACT_ON = {
    Verdict.UNSAFE: "People or data are in danger, or what was changed was not taken back",
    Verdict.DEVIATES: "A must is broken",
    Verdict.DISCOURAGED: "A should is broken",
    Verdict.UNDECIDED: "Somebody has to look",
}
_SILENT = frozenset({"the line broke", "no answer in time"})
"""Observations of the runner's where the other end said nothing that could be read."""

Row = Mapping[str, Any]


def lines_of(made: Sequence[Result]) -> Iterator[str]:
    """A line for each verdict that one probe came to."""
    for verdict in dict.fromkeys(one.verdict for one in made):
        some = [one for one in made if one.verdict is verdict]
        said = some[0].observation or f"{some[0].execution}: {some[0].note or some[0].blocked_by}"
        of = "" if len(some) == len(made) else f" [{', '.join(one.requirement for one in some)}]"
        yield f"{MARKS[verdict]} {some[0].probe}: {said}{of}"


def summary(document: Mapping[str, Any], out: Path) -> Iterator[str]:
    """The end of a run whose results are in `out`."""
    rows: list[Row] = document["results"]
    yield ""
    for verdict, heading in _TO_ACT_ON.items():
        if found := [row for row in rows if row["verdict"] == verdict]:
            yield f"{heading}:"
            for row in found:
                yield from _told(row, out)
    if any(row["verdict"] in _TO_ACT_ON for row in rows) and document["standard"] in pointers():
        yield f"(Clauses: {pointers()[document['standard']]}.)"
    counts = Counter(row["verdict"] for row in rows)
    shown = [f"{counts[verdict]} {mark.strip()}" for verdict, mark in MARKS.items() if counts[verdict]]
    yield f"In all: {', '.join(shown) or 'nothing'}."
    yield from _unseen([row for row in rows if row["verdict"] == Verdict.NONE])
    yield from _doubts(rows)
    if document.get("stopped"):
        yield "The run was stopped. What may be left of it stands above as BAD; look after that."
    yield f"Results: {out / FILE}"


def _told(row: Row, out: Path) -> Iterator[str]:
    requirement = catalogue()[row["requirement"]]
    yield f"  {requirement.id} ({requirement.clause}): {requirement.statement}"
    note = f" ({row['note']})" if row["note"] else ""
    place = f"; {out / row['transcript']}" if row["transcript"] else ""
    yield f"      seen by {row['probe']}: {row['observation']}{note}{place}"


def _unseen(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "Not looked at:"
    allowed = Counter(row["note"] for row in rows if row["note"].startswith("needs --allow"))
    for note, count in allowed.items():
        yield f"  {count}: {note}"
    lacking = [row for row in rows if row["note"].startswith("needs the input")]
    if lacking:
        names = dict.fromkeys(
            name for row in lacking for name in row["note"].removeprefix("needs the input ").split(", ")
        )
        yield f"  {len(lacking)}: inputs are missing, of {', '.join(names)}"
    if blocked := [row for row in rows if row["execution"] == Execution.BLOCKED]:
        yield f"  {len(blocked)}: a probe before them did not succeed, of {', '.join(sorted(_roots(blocked)))}"
    for execution, why in (
        (Execution.NOT_APPLICABLE, "they do not apply here, each for the reason in its line"),
        (Execution.SETUP_ERROR, "no connection, or an input is not what it says"),
        (Execution.HARNESS_ERROR, "an error of ours: please report it"),
    ):
        if found := [row for row in rows if row["execution"] == execution]:
            yield f"  {len(found)}: {why}"


def _roots(blocked: Sequence[Row]) -> set[str]:
    """The probes that block others and are not blocked themselves."""
    return {row["blocked_by"] for row in blocked} - {row["probe"] for row in blocked}


def _doubts(rows: Sequence[Row]) -> Iterator[str]:
    """What may be wrong with the command rather than with the subject."""
    ran = [row for row in rows if row["execution"] == Execution.RAN]
    silent = [row for row in ran if row["observation"] in _SILENT]
    stuck = any(row["blocked_by"] for row in rows) and not any(row["verdict"] == Verdict.CONFORMS for row in ran)
    if ran and (stuck or len(silent) * 2 > len(ran)):
        yield "Hardly anything was as asked: are address and port right, and is it TLS (tls://, https://) or in clear?"
    if ran:
        return
    why = next((row["note"] for row in rows if row["execution"] == Execution.SETUP_ERROR), "")
    yield f"Nothing could be looked at: {why}" if why else "Nothing was looked at."
    if "certificate is not trusted" in why:
        yield "--insecure trusts any certificate."
