"""The map for other programs: tables that spreadsheets open, and JUnit for continuous integration."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.capabilities import CAPABILITIES
from library_conformance.claims import NAMES
from library_conformance.evidence import Label, Observed, Subject
from library_conformance.model import Execution, Requirement, Verdict

_HEAD = ("capability", "requirement", "standard", "edition", "clause", "level", "force", "role", "statement")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def matrix_csv(subjects: Sequence[Subject], rows: Iterable[Requirement]) -> str:
    """A line a requirement, a column a subject, the label in each cell: what is pasted into a tender."""
    lines = ((*_head(row), *(one.cell(row).label for one in subjects)) for row in rows)
    return _table((*_HEAD, *(one.name for one in subjects)), lines)


def evidence_csv(subjects: Sequence[Subject], rows: Iterable[Requirement]) -> str:
    """A line for each requirement and subject of which something is known, with what it rests on."""
    head = (
        "subject",
        *_HEAD,
        "label",
        "documented",
        "announced",
        "observed",
        "verdict",
        "transcripts",
        "sources",
        "read",
    )
    return _table(head, (line for row in rows for one in subjects if (line := _evidence(one, row))))


def _evidence(subject: Subject, row: Requirement) -> tuple[str, ...] | None:
    cell = subject.cell(row)
    if cell.label is Label.UNKNOWN:
        return None
    claims = cell.documented.claims
    sources = dict.fromkeys(f"{one.source.title} {one.source.ref}".strip() for one in claims)
    return (
        subject.name, *_head(row), cell.label, cell.documented.value,
        "" if cell.announced is None else f"{'yes' if cell.announced.offered else 'no'} ({cell.announced.words})",
        "; ".join(dict.fromkeys(said for look in cell.observed if (said := look.row["observation"]))),
        "" if cell.verdict is Verdict.NONE else cell.verdict,
        "; ".join(dict.fromkeys(path for look in cell.observed if (path := look.row.get("transcript", "")))),
        "; ".join(sources), "; ".join(dict.fromkeys(one.source.retrieved.isoformat() for one in claims)),
    )  # fmt: skip


def _plain(line: Sequence[str]) -> list[str]:
    return [f"'{each}" if each.lstrip(" \n").startswith(_FORMULA) else each for each in map(str, line)]


def _head(row: Requirement) -> tuple[str, ...]:
    return (
        CAPABILITIES.get(row.capability, row.capability), row.id, NAMES[row.standard], row.edition, row.clause,
        row.level, row.force, row.role, row.statement,
    )  # fmt: skip


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """RFC 4180 with a byte order mark, by which spreadsheets know UTF-8. What a subject said becomes no formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows(map(_plain, (head, *lines)))
    return "\ufeff" + text.getvalue()


def junit(subjects: Sequence[Subject], rows: Iterable[Requirement]) -> str:
    """A suite for each subject and standard, a case for each requirement and probe: what breaks a must fails, what
    breaks a should is told, what did not run is skipped, what went wrong on our side is an error."""
    by_id = {row.id: row for row in rows}
    root = etree.Element("testsuites", name="library-conformance")
    for subject in subjects:
        for standard, run in subject.runs.items():
            suite = etree.SubElement(root, "testsuite", name=_clean(f"{subject.name} {NAMES.get(standard, standard)}"))
            known = [by_id[name] for name in run.by_requirement if name in by_id]
            for row in known:
                for look in subject.cell(row).observed:
                    _case(suite, row, look)
            suite.set("tests", str(len(suite)))
            for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                suite.set(kind, str(sum(case.find(tag) is not None for case in suite)))
            suite.set("time", str(run.document.get("seconds", 0)))
            suite.set("timestamp", run.document.get("started", ""))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()


def _case(suite: Any, row: Requirement, look: Observed) -> None:
    told = look.row
    case = etree.SubElement(
        suite, "testcase", classname=row.id, name=_clean(told["probe"]), time=str(told.get("seconds", 0))
    )
    execution = Execution(told["execution"])
    reason = _clean(told.get("note") or told.get("blocked_by") or execution)
    if execution in (Execution.HARNESS_ERROR, Execution.SETUP_ERROR):
        etree.SubElement(case, "error", message=reason, type=execution)
    elif execution is not Execution.RAN:
        etree.SubElement(case, "skipped", message=reason)
    elif look.verdict in (Verdict.DEVIATES, Verdict.UNSAFE):
        failure = etree.SubElement(case, "failure", message=_clean(told["observation"]), type=look.verdict)
        failure.text = _clean("\n".join((row.statement, *look.lines)))
    elif look.verdict is Verdict.DISCOURAGED:
        etree.SubElement(case, "system-out").text = _clean(f"should: {row.statement} Seen: {told['observation']}")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
