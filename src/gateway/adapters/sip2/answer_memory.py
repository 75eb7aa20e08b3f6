"""Answers to 17, 23 and 63 as they were made for the same outcome: only their date is written anew.

The desk may give one outcome object to the same question again. Mapping is pure: the same object, asked about in the
same words for the same terminal, has the same answer. Nothing that came with a PIN, and no PIN, is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Any, NamedTuple

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2._common import Result, sip_now
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.outcomes import ItemOutcome, PatronOutcome
from library_protocols.sip2.codec import Body, Mould
from library_protocols.sip2.messages import Message

SIZE = 2048  # answers: below 2 MB, but for what they keep alive
_READS = frozenset({"17", "23", "63"})


class _Made(NamedTuple):
    """What keeps the ids of its key from being given to other objects, and the answer without its date."""

    result: Result
    surroundings: Surroundings
    answer: Mould


class AnswerMemory:
    """`to_answer` is `mapping.to_answer`, remembered in octets. The answer made first is the first to go."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._made: OrderedDict[tuple[Any, ...], _Made] = OrderedDict()

    def to_answer(
        self, message: Message, s: Surroundings, result: Result, now: datetime, language: str | None = None
    ) -> Message | Body:
        """Octets are of the dialect of `s`."""
        if message.code not in _READS:
            return mapping.to_answer(message, s, result, now, language)
        words: list[tuple[str, str]] = []
        for field in message.fields:
            if field[0] == "AD":
                return mapping.to_answer(message, s, result, now, language)
            if field[0] != "AC":  # the terminal's password is in no answer
                words.append(field)
        fixed = message.fixed
        key = (id(result), id(s), language, message.code, fixed.get("language"), fixed.get("summary"), *words)
        made = self._made.get(key)
        if made is None:
            answer = mapping.to_answer(message, s, result, now, language)
            if not _timeless(result):
                return answer
            if len(self._made) >= self._size:
                self._made.popitem(last=False)
            made = self._made[key] = _Made(result, s, Mould(answer, "transaction_date", s.profile.wire))
        return made.answer.fill(sip_now(s, now))


def _timeless(result: Result) -> bool:
    """Whether the answer depends on the clock for nothing but its date."""
    if isinstance(result, ItemOutcome):
        return True
    if not isinstance(result, PatronOutcome):
        return False
    return all(block.expires_at is None for block in result.patron.blocks)
