"""Runs are compared by what was seen; what is known is excused exactly, and only until its day."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from library_conformance import expectations
from library_conformance.cli import app
from library_conformance.diff import account_of, difference
from library_conformance.expectations import Expectation, ExpectationError, account
from library_conformance.model import Execution, Result, Verdict
from library_conformance.results import Key, by_key, plain

Save = Callable[..., Path]


def row(name: str, observation: str, verdict: Verdict, execution: Execution = Execution.RAN, **more: Any) -> Result:
    return Result(f"sip2.{name}.one", f"sip2.{name}.one/so", "finished", execution, observation, verdict, **more)


GOOD = row("good", "answered 96", Verdict.CONFORMS)
BAD = row("bad", "no answer", Verdict.DEVIATES)
WEAK = row("weak", "answered late", Verdict.DISCOURAGED)


def results(*rows: Result) -> dict[Key, dict[str, Any]]:
    return by_key([{"results": [plain(one) for one in rows]}])


def excuse(of: Result, observation: str | None = None, review_by: date = date(2030, 1, 1)) -> Expectation:
    return Expectation(of.requirement, of.probe, observation or of.observation, "It is known.", review_by)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def made(name: str, *rows: Result) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        document = {"format": 1, "standard": "sip2", "subject": "x", "results": [plain(one) for one in rows]}
        (folder / "results.json").write_text(json.dumps(document))
        return folder

    return made


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (GOOD, row("good", "no answer", Verdict.DEVIATES), "failing"),
        (None, BAD, "failing"),
        (row("bad", "", Verdict.NONE, Execution.BLOCKED), BAD, "failing"),
        (row("weak", "answered", Verdict.CONFORMS), WEAK, "failing"),
        (BAD, row("bad", "answered 96", Verdict.CONFORMS), "passing"),
        (GOOD, row("good", "closed", Verdict.CONFORMS), "changed"),
        (GOOD, row("good", "answered 96", Verdict.CONFORMS, manner=("slow",)), "changed"),
        (BAD, row("bad", "closed", Verdict.DEVIATES), "changed"),
        (GOOD, None, "lost"),
        (GOOD, row("good", "", Verdict.NONE, Execution.NOT_SELECTED), "lost"),
        (BAD, row("bad", "", Verdict.NONE, Execution.BLOCKED), "lost"),
        (None, GOOD, "gained"),
        (GOOD, row("good", "answered 96", Verdict.CONFORMS, note="other words", seconds=3.0), None),
        (row("good", "", Verdict.NONE, Execution.BLOCKED), None, None),
    ],
)
def test_what_is_different_has_one_name(before: Result | None, after: Result | None, kind: str | None) -> None:
    found = difference(results(*filter(None, (before,))), results(*filter(None, (after,))))
    named = [name for name in ("failing", "passing", "changed", "lost", "gained") if getattr(found, name)]
    assert named == ([kind] if kind else [])


def test_an_expectation_excuses_exactly_what_it_names() -> None:
    today = date(2026, 1, 1)
    known = account(results(BAD, GOOD), [excuse(BAD)], today)
    assert (len(known.known), known.new, known.stale) == (1, [], [])
    other = account(results(BAD), [excuse(BAD, "closed")], today)
    assert [one["observation"] for one in other.new] == ["no answer"]
    assert [problem for _, problem in other.stale] == ["seen now: no answer"]


def test_an_expectation_is_stale_when_nothing_needs_it_or_its_day_is_over() -> None:
    passing = account(results(GOOD), [excuse(GOOD)], date(2026, 1, 1))
    assert [problem for _, problem in passing.stale] == ["passes now"]
    overdue = account(results(BAD), [excuse(BAD, review_by=date(2025, 12, 31))], date(2026, 1, 1))
    assert (overdue.new, [problem for _, problem in overdue.stale]) == ([], ["was to be reviewed by 2025-12-31"])
    not_run = row("bad", "", Verdict.NONE, Execution.NOT_SELECTED)
    assert account(results(not_run), [excuse(BAD)], date(2026, 1, 1)).stale == []


def test_a_should_that_is_broken_counts_when_it_was_kept_before() -> None:
    kept = row("weak", "answered", Verdict.CONFORMS)
    assert account(results(WEAK), [], date(2026, 1, 1)).new == []
    found = difference(results(kept), results(WEAK))
    assert len(account_of(found, results(WEAK), [], date(2026, 1, 1)).new) == 1
    same = difference(results(WEAK), results(WEAK))
    assert account_of(same, results(WEAK), [], date(2026, 1, 1)).new == []


def expectation_file(folder: Path, of: Result, observation: str) -> Path:
    path = folder / "expected.toml"
    path.write_text(
        f'[[expectation]]\nrequirement = "{of.requirement}"\nprobe = "{of.probe}"\nobservation = "{observation}"\n'
        'why = "It is known."\nreview_by = 2999-01-01\n'
    )
    return path


def test_the_exit_code_says_whether_somebody_has_to_look(save: Save, tmp_path: Path) -> None:
    good, bad = save("good", GOOD, row("bad", "answered", Verdict.CONFORMS)), save("bad", GOOD, BAD)
    less, broken = save("less", GOOD), save("broken", GOOD, row("bad", "", Verdict.NONE, Execution.HARNESS_ERROR))
    known = expectation_file(tmp_path, BAD, "no answer")
    ask = CliRunner().invoke
    assert ask(app, ["diff", str(good), str(good)]).exit_code == 0
    failing = ask(app, ["diff", str(good), str(bad)])
    assert failing.exit_code == 1
    assert "newly failing (1)" in failing.output
    assert "answered, conforms -> no answer, deviates" in failing.output
    assert ask(app, ["diff", str(good), str(bad), "--expect", str(known)]).exit_code == 0
    assert ask(app, ["diff", str(good), str(less)]).exit_code == 1
    assert ask(app, ["diff", str(good), str(broken)]).exit_code == 2
    assert ask(app, ["diff", str(bad), str(good), "--expect", str(known)]).exit_code == 3
    assert ask(app, ["diff", str(good), str(tmp_path / "nothing")]).exit_code == 2
    told = json.loads(ask(app, ["diff", str(good), str(bad), "--json"]).output)
    assert [one["requirement"] for one in told["failing"]] == [BAD.requirement]


def test_folders_of_folders_are_compared_as_a_whole(save: Save, tmp_path: Path) -> None:
    save("good", GOOD)
    save("bad", BAD)
    told = json.loads(CliRunner().invoke(app, ["diff", str(tmp_path / "good"), str(tmp_path), "--json"]).output)
    assert ([one["probe"] for one in told["failing"]], told["lost"]) == ([BAD.probe], [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[expectation", "expected.toml"),
        ('[[expectation]]\ncolour = "red"', "colour"),
        ('[[expectation]]\nrequirement = "a"', "missing"),
        ('[[expectation]]\nrequirement="a"\nprobe="b"\nobservation="c"\nwhy=" "\nreview_by=2026-01-01', "reason"),
    ],
)
def test_expectations_that_cannot_be_read_say_why(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(text)
    with pytest.raises(ExpectationError, match=complaint):
        expectations.read([path])


@pytest.mark.parametrize(
    ("observation", "code"), [("the line broke", 1), ("no connection", 2)], ids=["a deviation", "nobody there"]
)
def test_a_run_with_expectations_ends_as_diff_does(observation: str, code: int, tmp_path: Path) -> None:
    """A peer that hangs up at once breaks what is expected of it otherwise; where nobody is, nothing ran."""
    expected = expectation_file(tmp_path, BAD, observation)
    with socket.create_server(("127.0.0.1", 0)) as peer:
        port = peer.getsockname()[1]
        if code == 2:
            peer.close()
        else:
            threading.Thread(target=hang_up, args=(peer,), daemon=True).start()
        target = f"127.0.0.1:{port}"
        only = ["--only", "sip2.status.answer/first", "--expect", str(expected), "--patience", "1"]
        done = CliRunner().invoke(app, ["run", "sip2", target, "--out", str(tmp_path / "out"), *only])
    assert done.exit_code == code, done.output


def hang_up(peer: socket.socket) -> None:
    try:
        while True:
            peer.accept()[0].close()
    except OSError:
        return
