"""`library-conformance statement`: what a subject does of each standard, in the form of a PICS (ISO/IEC 9646).

One row a requirement: what the standard says (D), what was seen of it (I), and where the two differ what exactly. It is
made of the catalogue and of results alone, so that a page that is committed can be compared with its making.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from library_conformance import expectations as known
from library_conformance.catalogue import pointers, requirements_of
from library_conformance.expectations import FAILING, Expectation, ExpectationError
from library_conformance.foreign import markdown
from library_conformance.model import Execution, Level, Requirement, Role, Status, Verdict
from library_conformance.results import ResultsError, read
from library_conformance.standards import STANDARDS

Row = Mapping[str, Any]

DEFINED: Mapping[Level, str] = {Level.MUST: "m", Level.SHOULD: "r", Level.MAY: "o", Level.CONDITIONAL: "c"}
"""What the standard says of a requirement."""
YES, NO, PARTLY, TOLD, UNDECIDED, NOT_APPLICABLE, NOT_SEEN = "yes", "no", "partly", "told", "?", "n/a", "–"
"""What was seen of it."""

_HEAD = """# Conformance statement: {subject}

<!-- Made by `library-conformance statement`; run it again instead of changing this page. -->

What {subject} does of each standard, requirement by requirement, as probes saw it. A requirement is in words of the
catalogue, which points into the standard and does not quote it.

**D**, what the standard says: `m` mandatory, `r` recommended, `o` optional, `c` mandatory under a condition.
**I**, what was seen: `yes`, `no`, `partly` (some probes say yes and some no), `told` (the standard leaves it open, and
this is how it is), `?` (a person has to decide), `n/a` (the condition does not hold), `–` (not looked at).
*Also* names what other standards ask for that is the same to a librarian. A clause with *(draft)* has not been read
again.
"""


def statement(documents: Sequence[Mapping[str, Any]], excuses: Iterable[Expectation] = ()) -> str:
    """The page for the documents of one subject. Raises ResultsError where they are of several."""
    subjects = {document["subject"] for document in documents}
    if len(subjects) != 1:
        raise ResultsError(
            f"these are results of several subjects: {', '.join(sorted(subjects))}; run with the same --subject for one"
        )
    reasons = {(one.key, one.observation): one for one in excuses}
    order = list(STANDARDS)
    sorted_ = sorted(documents, key=lambda one: order.index(one["standard"]) if one["standard"] in order else 99)
    parts = [_HEAD.format(subject=markdown(subjects.pop())), *_overview(sorted_)]
    for document in sorted_:
        parts += _standard(document, reasons)
    return "\n".join(parts).rstrip() + "\n"


def implemented(rows: Sequence[Row]) -> str:
    """One word for what several probes saw of a requirement."""
    verdicts = {Verdict(row["verdict"]) for row in rows if row["execution"] == Execution.RAN}
    if not verdicts:
        applies = all(row["execution"] == Execution.NOT_APPLICABLE for row in rows)
        return NOT_APPLICABLE if rows and applies else NOT_SEEN
    if verdicts & (FAILING | {Verdict.PERMITTED}):
        return PARTLY if Verdict.CONFORMS in verdicts and Verdict.UNSAFE not in verdicts else NO
    if Verdict.CONFORMS in verdicts:
        return YES
    return UNDECIDED if Verdict.UNDECIDED in verdicts else TOLD


def attach(app: typer.Typer) -> None:
    app.command("statement")(statement_command)


def statement_command(
    results: Annotated[list[Path], typer.Argument(help="results.json, or folders of results, of one subject.")],
    out: Annotated[Path | None, typer.Option(help="File for the page; standard output without it.")] = None,
    expect: Annotated[list[Path] | None, typer.Option(help="TOML file of expectations, for the reasons.")] = None,
) -> None:
    """Write a conformance statement of a subject, as Markdown.

    Exit codes: 0 written; 2 wrong usage, or there is nothing to make it of.
    """
    try:
        page = statement([document for place in results for document in read(place)], known.read(expect or ()))
        if out is None:
            print(page, end="")
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(page, encoding="utf-8")
            Console(highlight=False, soft_wrap=True).print(f"{out}: written", markup=False)
    except (ResultsError, ExpectationError, OSError) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), markup=False)
        raise typer.Exit(2) from error


def _overview(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "| standard | must | should | may, or on a condition | not looked at | what the probes were allowed |"
    yield "|---|---|---|---|---|---|"
    for document in documents:
        rows = _by_requirement(document)
        counts = {level: [0, 0] for level in Level}
        unseen = 0
        for row in _requirements(document):
            word = implemented(rows.get(row.id, ()))
            if word in (NOT_SEEN, NOT_APPLICABLE, TOLD, UNDECIDED):
                unseen += word is NOT_SEEN
                continue
            counts[row.level][0] += word is YES
            counts[row.level][1] += 1
        free = [sum(pair) for pair in zip(counts[Level.MAY], counts[Level.CONDITIONAL], strict=True)]
        shown = [f"{met} of {asked}" for met, asked in (counts[Level.MUST], counts[Level.SHOULD], free)]
        yield f"| {_name(document)} | {' | '.join(shown)} | {unseen} | {markdown(document['allowed'])} |"
    yield "\nHow many were met of those that were looked at; there is no sum of it all, for it would mean nothing.\n"


def _standard(document: Mapping[str, Any], reasons: Mapping[tuple[tuple[str, str], str], Expectation]) -> Iterator[str]:
    rows = _by_requirement(document)
    why_not = {one["requirement"]: one["reason"] for one in document.get("not_tested", ())}
    yield f"## {_name(document)}\n"
    if where := pointers().get(document["standard"]):
        yield f"Clauses: {where}.\n"
    for group, several in groupby(_requirements(document), key=lambda row: row.group):
        yield f"### {_name(document)}: {group}\n"
        yield "| requirement | clause | D | I | what is asked for, and what was seen |"
        yield "|---|---|---|---|---|"
        for row in several:
            made = rows.get(row.id, [])
            word = implemented(made)
            condition = f" When: {row.when}." if row.when else ""
            seen = "".join(f" {part}" for part in _seen(word, made, reasons, why_not.get(row.id, "")))
            also = f" Also: {', '.join(f'`{name}`' for name in row.related)}." if row.related else ""
            text = f"{row.statement}{condition}{also}{seen}".replace("|", "\\|")
            draft = " (draft)" if row.status is Status.DRAFT else ""
            yield f"| `{row.id}` | {row.clause}{draft} | {DEFINED[row.level]} | {word} | {text} |"
        yield ""


def _seen(
    word: str, rows: Sequence[Row], reasons: Mapping[tuple[tuple[str, str], str], Expectation], why_not: str
) -> Iterator[str]:
    if word in (YES, NOT_APPLICABLE):
        return
    if word == NOT_SEEN:
        yield f"*Not looked at: {markdown(_reason(rows, why_not))}.*"
        return
    said = dict.fromkeys(
        row["observation"] for row in rows if row["execution"] == Execution.RAN and row["verdict"] != Verdict.CONFORMS
    )
    yield f"**Seen: {markdown('; '.join(said))}.**"
    for row in rows:
        excuse = reasons.get(((row["requirement"], row["probe"]), row["observation"]))
        if excuse is not None:
            yield f"{excuse.why.rstrip('.')}. (To be reviewed by {excuse.review_by}.)"


def _reason(rows: Sequence[Row], why_not: str) -> str:
    for row in rows:
        if row["execution"] == Execution.BLOCKED:
            return "what it needs did not succeed"
        if row["note"]:
            return row["note"].rstrip(".")
    return why_not.rstrip(".") or "not in these results"


def _requirements(document: Mapping[str, Any]) -> list[Requirement]:
    """Those of servers, and what the document tells of others."""
    seen = {row["requirement"] for row in document["results"]}
    rows = [
        row
        for row in requirements_of(document["standard"])
        if row.status is not Status.WITHDRAWN and (row.role is not Role.CLIENT or row.id in seen)
    ]
    groups = list(dict.fromkeys(row.group for row in rows))
    return sorted(rows, key=lambda row: groups.index(row.group))


def _by_requirement(document: Mapping[str, Any]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in document["results"]:
        found.setdefault(row["requirement"], []).append(row)
    return found


def _name(document: Mapping[str, Any]) -> str:
    standard = STANDARDS.get(document["standard"])
    return standard.name if standard else markdown(document["standard"])
