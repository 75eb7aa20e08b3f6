"""An answer that is remembered is the one that would be made; only its date is of now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2.answer_memory import AnswerMemory
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.entities import Block, PatronCounts, PatronName
from gateway.canonical.outcomes import AccountOutcome, ItemOutcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockScope
from library_protocols.sip2.codec import Body, decode
from library_protocols.sip2.messages import Message
from tests.gateway.adapters.sip2.test_mapping import BARE_ITEM, NOW, message, patron, surroundings

ITEM = ItemOutcome(item=BARE_ITEM.model_copy(update={"title": "Cysgod y Cryman", "due": NOW}))
ANN = AccountOutcome(patron=patron(name=PatronName(display="Ann"), counts=PatronCounts(loans=3)))
LATER = NOW + timedelta(days=40, seconds=7)
REMEMBERED = {
    "17": ("1720261123    090000AOABER|AB3|", ITEM),
    "23": ("2300120261123    090000AOABER|AA2|AC|", PatronOutcome(patron=ANN.patron)),
    "63": ("6300120261123    090000Y         AOABER|AA2|BP1|BQ5|", ANN),
}


def answered(memory: AnswerMemory, asked: Message, s: Surroundings, *more: Any) -> Message:
    """The answer as a message, whether it came in octets or not."""
    made = memory.to_answer(asked, s, *more)
    return decode(made.octets, s.profile.wire) if isinstance(made, Body) else made


class Counting:
    """Counts how often an answer is really made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        make = mapping.to_answer

        def counted(*args: Any) -> Message:
            self.made += 1
            return make(*args)

        monkeypatch.setattr(mapping, "to_answer", counted)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


@pytest.mark.parametrize("code", REMEMBERED)
def test_a_second_answer_is_the_first_but_for_its_date(code: str, counting: Counting) -> None:
    text, outcome = REMEMBERED[code]
    s, memory = surroundings(), AnswerMemory()
    for now in (NOW, LATER, NOW):
        assert answered(memory, message(text), s, outcome, now) == mapping.to_answer(message(text), s, outcome, now)
    assert counting.made == 3 + 1


@pytest.mark.parametrize(
    "changed",
    [
        "6300120261123    090000 Y        AOABER|AA2|BP1|BQ5|",  # another list
        "6300020261123    090000Y         AOABER|AA2|BP1|BQ5|",  # another language
        "6300120261123    090000Y         AOABER|AA2|BP2|BQ5|",  # another part of the list
        "6300120261123    090000Y         AOABER|AA 2|BP1|BQ5|",  # another way of writing the card
    ],
)
def test_other_words_have_their_own_answer(changed: str, counting: Counting) -> None:
    s, memory = surroundings(), AnswerMemory()
    memory.to_answer(message(REMEMBERED["63"][0]), s, ANN, NOW)
    assert answered(memory, message(changed), s, ANN, NOW) == mapping.to_answer(message(changed), s, ANN, NOW)
    assert counting.made == 3


def test_another_outcome_terminal_or_language_has_its_own_answer(counting: Counting) -> None:
    memory, asked, s = AnswerMemory(), message(REMEMBERED["63"][0]), surroundings()
    memory.to_answer(asked, s, ANN, NOW)
    bob = AccountOutcome(patron=patron(name=PatronName(display="Bob")))
    assert answered(memory, asked, s, bob, NOW).get("AE") == "Bob"
    memory.to_answer(asked, surroundings(), ANN, NOW)
    memory.to_answer(asked, s, ANN, NOW, "cy")
    assert counting.made == 4


def test_nothing_with_a_pin_and_no_refusal_is_remembered(counting: Counting) -> None:
    s, memory = surroundings(), AnswerMemory()
    with_pin = message("6300120261123    090000          AOABER|AA2|AD1234|")
    for _ in range(2):
        memory.to_answer(with_pin, s, ANN, NOW)
        memory.to_answer(message(REMEMBERED["17"][0]), s, Refusal(code=RefusalCode.ITEM_NOT_FOUND), NOW)
    assert counting.made == 4


def test_the_terminals_password_is_not_kept(counting: Counting) -> None:
    memory = AnswerMemory()
    memory.to_answer(message("1720261123    090000AOABER|AB3|ACsecret|"), surroundings(), ITEM, NOW)
    assert "secret" not in repr(vars(memory))
    assert counting.made == 1


def test_a_block_that_will_run_out_is_looked_at_every_time() -> None:
    s, memory, asked = surroundings(), AnswerMemory(), message(REMEMBERED["63"][0])
    block = Block(scope=BlockScope.BORROW, reason=BlockReason.CARD_LOST, expires_at=NOW + timedelta(minutes=1))
    blocked = AccountOutcome(patron=patron(blocks=(block,)))
    assert "Y" in answered(memory, asked, s, blocked, NOW).fixed["patron_status"]
    assert "Y" not in answered(memory, asked, s, blocked, NOW + timedelta(minutes=1)).fixed["patron_status"]


def test_the_memory_is_bounded(counting: Counting) -> None:
    memory, s = AnswerMemory(size=2), surroundings()
    asked = [message(f"1720261123    090000AOABER|AB{number}|") for number in range(3)]
    for one in (*asked, asked[2], asked[1], asked[0]):
        memory.to_answer(one, s, ITEM, NOW)
    assert counting.made == 4
