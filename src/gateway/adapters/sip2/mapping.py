"""SIP2 messages to canonical requests and outcomes back to SIP2 messages; pure.

Every request of the standard has a row in `PAIRS`. Whatever happens, each gets an answer of its own kind, well formed:
`answer` for outcome, refusal and failure, `last_resort` where even that breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gateway.adapters.sip2 import _fees, _holds, _items, _loans, _patron
from gateway.adapters.sip2._common import Result
from gateway.adapters.sip2._patron import request_language
from gateway.adapters.sip2._status import answer_login, answer_status, answer_status_to_nobody, refuse_status
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.requests import Request
from library_protocols.sip2.facts import MESSAGES
from library_protocols.sip2.messages import Message, build

Read = Callable[[Message, Surroundings], Request | Refusal]
Answer = Callable[[Message, Surroundings, Result, datetime, str | None], Message]


@dataclass(frozen=True, slots=True)
class Pair:
    """How one request of the SC is read and its answer written."""

    read: Read
    answer: Answer


PAIRS: dict[str, Pair] = {
    "23": Pair(_patron.read_status, partial(_patron.answer, "24")),
    "63": Pair(_patron.read_information, partial(_patron.answer, "64")),
    "01": Pair(_patron.read_block, partial(_patron.answer, "24")),
    "25": Pair(_patron.read_enable, partial(_patron.answer, "26")),
    "11": Pair(_loans.read_checkout, partial(_loans.answer_loan, "12")),
    "29": Pair(_loans.read_renew, partial(_loans.answer_loan, "30")),
    "65": Pair(_loans.read_renew_all, _loans.answer_renew_all),
    "09": Pair(_loans.read_checkin, _loans.answer_checkin),
    "17": Pair(_items.read_information, _items.answer_information),
    "19": Pair(_items.read_update, _items.answer_update),
    "15": Pair(_holds.read, _holds.answer),
    "37": Pair(_fees.read, _fees.answer),
}
"""The messages that become canonical requests; 93, 99 and 35 are the link's own affair, 96 and 97 the engine's."""


def to_request(message: Message, s: Surroundings) -> Request | Refusal:
    """The canonical request, or why the message cannot be one."""
    return PAIRS[message.code].read(message, s)


def to_answer(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None = None) -> Message:
    """The answer of the request's own kind. `language` is the patron's where it is known (BCP 47)."""
    return PAIRS[message.code].answer(message, s, result, now, language)


def refuse(
    message: Message, s: Surroundings, no: Refusal | PlatformFailure, now: datetime, language: str | None = None
) -> Message:
    """A well-formed "no" to any request, 93, 99 and 35 included."""
    match message.code:
        case "93":
            return answer_login(False)
        case "99":
            return refuse_status(message, s, no, now, language)
        case "35":
            return _patron.refuse_end(message, s, no, now, language)
    return to_answer(message, s, no, now, language)


end_session = _patron.answer_end


def last_resort(message: Message) -> Message:
    """A "no" made from the wire's tables alone, for the case that making a proper one failed."""
    fact = MESSAGES[MESSAGES[message.code].answers[0]]
    blank = {"number": "0", "flag": "N", "date": "", "positions": "YYYY", "version": "2.00"}
    fixed = {item.name: blank.get(item.kind, "0")[: item.width].ljust(min(item.width, 1), "0") for item in fact.fixed}
    fields = [(code, message.get(code) or "") for code in fact.required]
    closing = [("BL", "N"), ("CQ", "N")] if "BL" in fact.optional else []
    return build(fact.code, fields=[*fields, *closing], **fixed)


__all__ = [
    "PAIRS",
    "Pair",
    "answer_login",
    "answer_status",
    "answer_status_to_nobody",
    "end_session",
    "last_resort",
    "refuse",
    "request_language",
    "to_answer",
    "to_request",
]
