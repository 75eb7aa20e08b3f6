"""The table of refusals: no code without a row, no row without words, no door that contradicts another."""

from __future__ import annotations

import pytest

from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.crosswalks.refusals import REFUSALS, messages_of, problem_type
from gateway.crosswalks.texts import CATALOGUE, text


def test_every_code_has_a_row() -> None:
    assert set(REFUSALS) == {*RefusalCode, *FailureCode}


@pytest.mark.parametrize("code", [*RefusalCode, *FailureCode])
def test_every_message_stands_in_both_languages(code: RefusalCode | FailureCode) -> None:
    words = CATALOGUE[REFUSALS[code].message_id]
    assert words["cy"]
    assert words["en"]


def test_statuses_are_what_the_api_promises() -> None:
    expected = {
        RefusalCode.PATRON_NOT_FOUND: 404,
        RefusalCode.PATRON_AUTH_FAILED: 403,  # 401 is the API client's own
        RefusalCode.PATRON_AUTH_LIMITED: 429,
        RefusalCode.FEE_ACK_REQUIRED: 402,
        RefusalCode.ALREADY_ON_LOAN_TO_OTHER: 409,
        RefusalCode.PICKUP_INVALID: 422,
        RefusalCode.UNSUPPORTED_BY_PLATFORM: 501,
        RefusalCode.TERMINAL_AUTH_FAILED: 401,
        FailureCode.UPSTREAM_ERROR: 502,
        FailureCode.UPSTREAM_THROTTLED: 503,
        FailureCode.UPSTREAM_TIMEOUT: 504,
    }
    assert {code: REFUSALS[code].http for code in expected} == expected
    assert all(400 <= row.http < 600 for row in REFUSALS.values())


def test_only_what_is_about_a_card_that_exists_may_say_that_it_does() -> None:
    """BL=Y must never come from a refusal that says nothing about the card."""
    known = {code for code, row in REFUSALS.items() if row.sip2.card_known}
    assert known == {
        RefusalCode.PATRON_AUTH_FAILED,
        RefusalCode.PATRON_AUTH_REQUIRED,
        RefusalCode.PATRON_AUTH_LIMITED,
        RefusalCode.PATRON_BLOCKED,
        RefusalCode.PATRON_EXPIRED,
        RefusalCode.PATRON_INACTIVE,
    }


def test_a_refusal_tells_its_kind() -> None:
    (message,) = messages_of(Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "holds", "limit": 10}))
    assert text(message, "en") == "You may not reserve any more items."
    (plain,) = messages_of(Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "something new"}))
    assert text(plain, "en") == "You have reached the limit."


def test_the_platforms_own_messages_come_first() -> None:
    own = MessageRef(id="refusal.item_not_found", text="Gofynnwch wrth y ddesg")
    assert messages_of(Refusal(code=RefusalCode.ITEM_NOT_FOUND, messages=(own,))) == (own,)


def test_a_failure_has_words_and_no_detail_of_the_platform_in_them() -> None:
    (message,) = messages_of(PlatformFailure(FailureCode.UPSTREAM_ERROR, "ORA-00001 at 10.0.0.7"))
    assert "ORA" not in text(message, "en")


def test_problem_types_are_paths() -> None:
    assert problem_type(RefusalCode.PATRON_AUTH_FAILED) == "/problems/patron-auth-failed"
