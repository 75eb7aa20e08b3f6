"""`gateway explain`: rows of the fact tables and of the table of refusals, in words."""

from __future__ import annotations

import json

import pytest

from gateway.commands.explain import explain
from gateway.crosswalks.refusals import REFUSALS
from tests.gateway.commands.runner import run


def test_a_field() -> None:
    answer = run(explain, "sip2", "AY")
    assert answer.exit_code == 0
    assert "AY  sequence number  (field, P field AY)" in answer.output
    assert "has no delimiter" in answer.output
    assert "revision 2.12" in answer.output, "the letter of the clause is spelled out"


def test_a_message() -> None:
    answer = run(explain, "sip2", "17")
    assert "17  Item Information" in answer.output
    assert "answered by 18" in answer.output


@pytest.mark.parametrize("term", [["circulation status 08"], ["circulation", "status", "08"]])
def test_a_value(term: list[str]) -> None:
    assert "waiting on the hold shelf" in run(explain, "sip2", *term).output


def test_a_field_with_a_table_shows_it() -> None:
    answer = run(explain, "sip2", "BX")
    assert "patron status request" in answer.output
    assert "renew all" in answer.output


def test_a_term_that_nobody_knows() -> None:
    answer = run(explain, "sip2", "chekout")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "checkout" in answer.stderr


def test_json() -> None:
    answer = run(explain, "sip2", "AY", "--json")
    (row,) = json.loads(answer.stdout)
    assert (row["kind"], row["term"], row["clause"]) == ("field", "AY", "P field AY")


def test_a_refusal_at_every_door() -> None:
    answer = run(explain, "refusal", "fee-limit")
    assert answer.exit_code == 0
    for part in (
        "FEE_LIMIT",
        "ok=0",
        "excessive outstanding fines",
        "403, type /problems/fee-limit",
        "User Blocked",
        "Welsh",
        "pay first",
    ):
        assert part in answer.output


def test_a_wrong_pin_says_that_nothing_is_shown() -> None:
    assert "BL=N and CQ=N" in run(explain, "refusal", "PATRON_AUTH_FAILED").output


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_can_be_explained(code: str) -> None:
    answer = run(explain, "refusal", code, "--json")
    (row,) = json.loads(answer.stdout)
    assert row["code"] == code
    assert all(row["screen"].values())


def test_an_unknown_refusal_suggests_a_near_one() -> None:
    answer = run(explain, "refusal", "FEE_LIMITS")
    assert answer.exit_code == 1
    assert "fee_limit" in answer.stderr
