"""The map as tables and as JUnit: complete, harmless in a spreadsheet, readable by continuous integration."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.claims import products
from library_conformance.evidence import Label, Subject, judged_rows, read_runs, subjects_of
from library_conformance.exports import evidence_csv, junit, matrix_csv
from tests.conformance.reports import NASTY, result, write_run


@pytest.fixture
def subjects(tmp_path: Path) -> list[Subject]:
    write_run(tmp_path / "run", "Alma")
    return subjects_of(read_runs([tmp_path]), [products()["koha/koha"]])


def table(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_matrix_has_a_line_a_requirement_and_a_column_a_subject(subjects: list[Subject]) -> None:
    lines = table(matrix_csv(subjects, judged_rows()))
    assert [line["requirement"] for line in lines] == [row.id for row in judged_rows()]
    [lent] = [line for line in lines if line["requirement"] == "sip2.checkout.lend"]
    assert (lent["Alma"], lent["Koha"], lent["standard"], lent["level"]) == ("confirmed", "unknown", "SIP2", "must")
    assert lent["capability"] == "Borrow at a kiosk or desk"


def test_the_evidence_has_a_line_for_whatever_is_known(subjects: list[Subject]) -> None:
    lines = table(evidence_csv(subjects, judged_rows()))
    known = sum(one.cell(row).label is not Label.UNKNOWN for one in subjects for row in judged_rows())
    assert len(lines) == known > 20
    [due] = [line for line in lines if (line["subject"], line["requirement"]) == ("Alma", "sip2.checkout.due")]
    assert due["label"] == "broken claim"
    assert due["verdict"] == "deviates"
    assert "https://developers.exlibrisgroup.com" in due["sources"]
    assert due["read"] == "2026-11-22"


def test_what_a_subject_said_is_no_formula(subjects: list[Subject]) -> None:
    lines = table(evidence_csv(subjects, judged_rows()))
    assert f"'{NASTY}" in {line["observed"] for line in lines}
    assert not [cell for line in lines for cell in line.values() if cell.startswith(("=", "+", "@"))]


def test_junit_fails_for_musts_tells_of_shoulds_and_skips_what_did_not_run(subjects: list[Subject]) -> None:
    root = etree.fromstring(junit(subjects, judged_rows()).encode())
    [suite] = root
    assert suite.get("name") == "Alma SIP2"
    found = {case.get("classname"): [each.tag for each in case] for case in suite}
    assert found == {
        "sip2.checkout.lend": [], "sip2.checkout.due": ["failure"], "sip2.checkout.desensitize": ["system-out"],
        "sip2.hold.answer": ["failure"], "sip2.hold.place": ["skipped"], "sip2.item.answer": ["error"],
        "sip2.frame.fixed": [], "sip2.frame.nul": [],
    }  # fmt: skip
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "1", "skipped": "1"}
    assert NASTY in suite.xpath(".//failure/@message")


def test_junit_stays_xml_whatever_was_seen(tmp_path: Path) -> None:
    rows = [("sip2.checkout.lend", "ran", "nul \x00 and \x1b and \ufffe", "deviates")]
    [subject] = subjects_of(read_runs([write_run(tmp_path / "run", "one \x01", rows=rows)]))
    root = etree.fromstring(junit([subject], judged_rows()).encode())
    assert root.xpath("//failure/@message") == [r"nul \x00 and \x1b and \ufffe"]


def test_requirements_that_the_catalogue_lost_are_left_out(tmp_path: Path) -> None:
    rows = [("sip2.no-such.thing", "ran", "x", "deviates"), ("sip2.hold.answer", "ran", "x", "conforms")]
    subjects = subjects_of(read_runs([write_run(tmp_path / "run", "one", rows=rows)]))
    assert len(etree.fromstring(junit(subjects, judged_rows()).encode()).xpath("//testcase")) == 1


def test_results_of_reports_have_the_form_of_the_runner() -> None:
    from dataclasses import fields

    from library_conformance.model import Result

    assert set(result("a", "ran", "b", "conforms")) == {each.name for each in fields(Result)}
