"""What a run says at its end: what is broken in words and with evidence, what was not looked at and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from library_conformance.catalogue import catalogue
from library_conformance.model import Execution, Result, Verdict
from library_conformance.results import plain
from library_conformance.telling import lines_of, summary

INSTITUTION, CHECKIN = "sip2.status.institution", "sip2.status.checkin-ok"


def made(requirement: str, probe: str, verdict: Verdict, observation: str = "seen so", **more: Any) -> Result:
    execution = Execution.RAN if verdict is not Verdict.NONE else more.pop("execution", Execution.NOT_SELECTED)
    seen = observation if verdict is not Verdict.NONE else ""
    return Result(requirement, probe, "finished", execution, seen, verdict, **more)


def end(*results: Result) -> str:
    return "\n".join(summary({"standard": "sip2", "results": [plain(one) for one in results]}, Path("out")))


def test_a_probe_has_a_line_for_each_verdict() -> None:
    rows = [made("a", "p/x", Verdict.CONFORMS), made("b", "p/x", Verdict.CONFORMS), made("c", "p/x", Verdict.DEVIATES)]
    assert list(lines_of(rows[:2])) == ["yes  p/x: seen so"]
    assert list(lines_of(rows)) == ["yes  p/x: seen so [a, b]", "NO   p/x: seen so [c]"]


def test_what_is_broken_is_told_in_the_words_of_the_requirement_with_its_evidence() -> None:
    must = made(INSTITUTION, "p/98", Verdict.DEVIATES, note="empty", transcript="transcripts/p.jsonl")
    told = end(made(CHECKIN, "p/98", Verdict.DISCOURAGED), must)
    assert catalogue()[INSTITUTION].statement in told
    assert "seen by p/98: seen so (empty); out/transcripts/p.jsonl" in told
    assert told.index("A must is broken") < told.index("A should is broken")
    assert "P: 3M Standard Interchange Protocol" in told, "the requirement's clause is explained"
    assert "In all: 1 NO, 1 no." in told
    assert told.endswith("Results: out/results.json")


def test_what_was_not_looked_at_says_what_it_would_take() -> None:
    told = end(
        made(INSTITUTION, "p/98", Verdict.CONFORMS),
        made("a", "p/1", Verdict.NONE, note="needs --allow disruptive"),
        made("b", "p/2", Verdict.NONE, note="needs the input patron, patron_pin"),
        made("c", "p/3", Verdict.NONE, note="needs the input item"),
        made("d", "p/4", Verdict.NONE, blocked_by="p/0", execution=Execution.BLOCKED),
        made("e", "p/5", Verdict.NONE, blocked_by="p/4", execution=Execution.BLOCKED),
    )
    assert "1: needs --allow disruptive" in told
    assert "2: inputs are missing, of patron, patron_pin, item" in told
    assert "2: a probe before them did not succeed, of p/0\n" in told
    assert "address" not in told


def test_a_wrong_address_is_suspected_where_nothing_is_as_asked() -> None:
    blocked = made("d", "p/4", Verdict.NONE, blocked_by="p/0", execution=Execution.BLOCKED)
    assert "are address and port right" in end(made(INSTITUTION, "p/0", Verdict.DEVIATES, "another protocol"), blocked)
    assert "are address and port right" in end(made(INSTITUTION, "p/0", Verdict.DEVIATES, "the line broke"))
    assert "are address and port right" not in end(made(INSTITUTION, "p/0", Verdict.DEVIATES))


def test_where_nobody_is_the_end_says_why() -> None:
    refused = made("a", "p/0", Verdict.NONE, note="no connection: OSError", execution=Execution.SETUP_ERROR)
    assert "Nothing could be looked at: no connection: OSError" in end(refused)
    untrusted = made(
        "a",
        "p/0",
        Verdict.NONE,
        note="no connection: the certificate is not trusted (expired)",
        execution=Execution.SETUP_ERROR,
    )
    assert "--insecure" in end(untrusted)
    assert "--insecure" not in end(refused)
    assert "Nothing was looked at." in end()
