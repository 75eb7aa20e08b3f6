"""Tokens: nobody makes or changes one, and who has the secret reads them wherever and whenever."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.oai_pmh.session import ListState
from gateway.adapters.oai_pmh.token import MAX_LENGTH, BadToken, Tokens
from library_protocols.oai_pmh import Verb

TOKENS = Tokens(b"k" * 32)
STATE = ListState(
    "aber", Verb.LIST_RECORDS, "marc21", 1, None, "format:book", after=7, cursor=5, start=9, old_deletions=False
)

# Made by version 1 with the key above: every later version must go on reading it.
KEPT = "nnrO2PpQPto3EBYmfSflElsxLCJhYmVyIiwiTGlzdFJlY29yZHMiLCJtYXJjMjEiLDEsbnVsbCwiZm9ybWF0OmJvb2siLDcsNSw5LDAsMTAwXQ"


def test_a_token_holds_the_state() -> None:
    assert Tokens(b"k" * 32).read("aber", Verb.LIST_RECORDS, TOKENS.make(STATE, 100), 100) == STATE


def test_tokens_outlive_upgrades() -> None:
    assert TOKENS.make(STATE, 100) == KEPT
    assert TOKENS.read("aber", Verb.LIST_RECORDS, KEPT, 50) == STATE


def test_the_longest_token_is_short_enough() -> None:
    huge = 2**62
    longest = ListState(
        "x" * 32, Verb.LIST_IDENTIFIERS, "x" * 40, huge, huge, "x" * 120, after=huge, cursor=huge, start=huge
    )
    assert len(TOKENS.make(longest, huge)) < MAX_LENGTH / 2


@pytest.mark.parametrize(
    ("view", "verb", "now", "why"),
    [
        ("bangor", Verb.LIST_RECORDS, 50, "another list"),
        ("aber", Verb.LIST_IDENTIFIERS, 50, "another list"),
        ("aber", Verb.LIST_RECORDS, 101, "expired"),
    ],
)
def test_a_token_is_bound_to_its_list(view: str, verb: Verb, now: int, why: str) -> None:
    with pytest.raises(BadToken, match=why):
        TOKENS.read(view, verb, TOKENS.make(STATE, 100), now)


def test_another_secret_reads_nothing() -> None:
    with pytest.raises(BadToken):
        Tokens(b"x" * 32).read("aber", Verb.LIST_RECORDS, TOKENS.make(STATE, 100), 50)


def test_the_same_octets_written_otherwise_are_no_token() -> None:
    def octets(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    letters = string.ascii_letters + string.digits + "-_"
    others = [KEPT[:-1] + last for last in letters if last != KEPT[-1] and octets(KEPT[:-1] + last) == octets(KEPT)]
    assert others, "the last character of this token has bits to spare"
    for other in [*others, KEPT + "=", KEPT + "=="]:
        with pytest.raises(BadToken):
            TOKENS.read("aber", Verb.LIST_RECORDS, other, 50)


@pytest.mark.fuzz
@given(st.text() | st.binary().map(lambda octets: octets.decode("latin-1")))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read("aber", Verb.LIST_RECORDS, text, 50)


@pytest.mark.fuzz
@given(st.data())
def test_any_change_is_noticed(data: st.DataObject) -> None:
    token = TOKENS.make(STATE, 100)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.characters().filter(lambda c: c != token[at])) + token[at + 1 :]
    with pytest.raises(BadToken):
        TOKENS.read("aber", Verb.LIST_RECORDS, changed, 50)
