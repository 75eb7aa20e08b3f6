"""How declared probes of SIP2 speak: a kiosk's own requests, messages that are sealed for them, octets as they are."""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from library_conformance.dialect import (
    Checks,
    Dialect,
    Question,
    Trait,
    Traits,
    Values,
    Words,
    a_flag,
    a_pattern,
    a_table,
    a_text,
    patterns,
    pieces,
    placeholders,
    some,
)
from library_conformance.model import Safety
from library_conformance.probes import Look
from library_conformance.probes.sip2.kiosk import (
    READY,
    UNKNOWN_ITEM,
    UNKNOWN_PATRON,
    Kiosk,
    announced,
    guarded,
    kiosk,
    link,
)
from library_conformance.probes.sip2.wire import ANSWERS, Answer, checksum, moment, sealed
from library_conformance.run import Run

REQUESTS = {
    "patron_status": "23", "patron_information": "63", "item_information": "17", "end_session": "35",
    "checkout": "11", "checkin": "09", "renew": "29", "renew_all": "65", "hold": "15", "fee_paid": "37",
    "item_update": "19", "block": "01", "enable": "25",
}  # fmt: skip
"""A kiosk's requests by their names in files, and the messages that they are."""
CHANGING = frozenset({"11", "09", "29", "65", "15", "37", "19", "01", "25"})
"""Messages that may change something."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, and the answer; None where nothing came, or nobody waited. `closed`: the other end hung up."""

    said: bytes
    answer: Answer | None
    closed: bool
    encoding: str

    @property
    def code(self) -> str:
        return self.answer.code if self.answer else "nothing"

    @property
    def text(self) -> str:
        """The answer without its terminator, AY and AZ."""
        return self.answer.body.decode(self.encoding, "replace") if self.answer else ""


def _message(value: Any) -> str | dict[str, dict[str, str]]:
    """A message as a text, or a kiosk's request and what goes into it."""
    if isinstance(value, str):
        if not re.match(r"\d\d", value):
            raise ValueError("wants a message, which begins with two digits; `raw` takes octets as they are")
        return value
    if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= REQUESTS.keys():
        raise ValueError(f"wants a text, or a table of one of {', '.join(REQUESTS)}")
    for name, given in value.items():
        try:
            inspect.signature(getattr(Kiosk, name)).bind(None, **a_table(given))
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from error
    return value


def _request(value: Any) -> str | dict[str, dict[str, str]]:
    """The same, of a kind that has an answer of its own."""
    if isinstance(value, str) and value[:2] not in ANSWERS:
        raise ValueError(f"wants a message that has an answer: {', '.join(ANSWERS)}")
    return _message(value)


def _octets(value: Any) -> str:
    if any(ord(each) > 0xFF for each in a_text(value)):
        raise ValueError("wants octets: characters up to U+00FF")
    return value


def _digit(value: Any) -> int:
    if type(value) is not int or value not in range(10):
        raise ValueError("wants a digit")
    return value


def _answered(read: Callable[[Any], Any], holds: Callable[[Answer, Any], bool]) -> Trait:
    """Something to be told of an answer that came."""
    return Trait(read, lambda heard, wanted: heard.answer is not None and holds(heard.answer, wanted))


def _all(wanted: Mapping[str, re.Pattern[str]], value: Callable[[str], str]) -> bool:
    return all(one.fullmatch(value(name)) for name, one in wanted.items())


def _given(name: str, default: str = "") -> Callable[[Run], str]:
    return lambda run: run.input(name, default)


def _flag(command: str, run: Run) -> str:
    """What BX says of a message: Y, N, or nothing."""
    return {True: "Y", False: "N", None: ""}[announced(run, command)]


class Sip2Dialect(Dialect):
    verbs: ClassVar[Checks] = {"ask": _request, "say": _message, "raw": _octets, "again": a_text}
    options: ClassVar[Checks] = {"called": a_text, "wait": a_flag, "sequence": _digit, "ends": a_text}
    settings: ClassVar[Checks] = {"login": a_flag}
    traits: ClassVar[Traits] = {
        "code": _answered(some(str), lambda answer, wanted: answer.code in wanted),
        "hear": Trait(a_pattern, lambda heard, wanted: heard.answer is not None and bool(wanted.match(heard.text))),
        "ok": _answered(a_flag, lambda answer, wanted: answer.ok is wanted),
        "field": _answered(patterns, lambda answer, wanted: _all(wanted, lambda code: answer.get(code) or "")),
        "fixed": _answered(patterns, lambda answer, wanted: _all(wanted, lambda name: answer.fixed.get(name, ""))),
        "sequence": _answered(_digit, lambda answer, wanted: answer.sequence == str(wanted)),
        "checksum": _answered(a_flag, lambda answer, wanted: wanted is (answer.digits is not None)),
        "silence": Trait(a_flag, lambda heard, wanted: wanted is (heard.answer is None)),
        "closed": Trait(a_flag, lambda heard, wanted: heard.closed is wanted),
    }
    values: ClassVar[Values] = {
        "now": lambda run: moment(),
        "utc": lambda run: moment(datetime.now(UTC), "   Z"),
        "patron": _given("patron", UNKNOWN_PATRON),
        "item": _given("item", UNKNOWN_ITEM),
        "nobody": lambda run: UNKNOWN_PATRON,
        "nothing": lambda run: UNKNOWN_ITEM,
        "pin": _given("patron_pin"),
        "login": _given("login"),
        "password": _given("password"),
        "institution": _given("institution"),
        "location": _given("location"),
        "terminal_password": _given("terminal_password"),
        **{f"announced.{command}": partial(_flag, command) for command in ANSWERS},
    }
    own = frozenset({"checksum", "spoilt_checksum"})
    repeating = frozenset({"again"})
    words: ClassVar[Words] = {"code": lambda heard: heard.code}
    needs = (READY,)

    def session(self, run: Run, settings: Mapping[str, Any]) -> contextlib.AbstractContextManager[Kiosk]:
        return kiosk(run) if settings.get("login", True) else link(run)

    def ask(self, session: Kiosk, question: Question) -> Heard:
        octets, options = self._said(session, question), question.options
        if not options.get("wait", True):
            session.line.send(octets)
            answer = None
        elif question.verb == "ask":
            answer = session.ask_octets(octets, octets[:2].decode("latin-1"))
        else:
            answer = session.expect(octets, options["called"]) if "called" in options else session.say(octets)
        return Heard(octets, answer, session.line.closed, session.encoding)

    def _body(self, session: Kiosk, question: Question) -> str:
        if isinstance(question.value, str):
            return question.fill(question.value)
        ((name, given),) = question.value.items()
        return getattr(session, name)(**{key: question.fill(each) for key, each in given.items()})

    def _said(self, session: Kiosk, question: Question) -> bytes:
        if question.verb == "again":
            return question.earlier[question.value].said
        if question.verb == "raw":
            return _raw(question, session.encoding)
        body, ends = self._body(session, question), question.options.get("ends", "\r").encode()
        digit = question.options.get("sequence")
        if digit is None:
            return session.message(body).removesuffix(b"\r") + ends
        return sealed(body.encode(session.encoding), digit) + ends

    def capturing(self, pattern: str) -> Callable[[Heard], str]:
        wanted = a_pattern(pattern)
        if wanted.groups != 1:
            raise ValueError(f"{pattern!r}: wants one pair of parentheses around what is taken")
        return lambda heard: (found[1] or "") if (found := wanted.search(heard.text)) else ""

    def same(self, one: Heard, other: Heard) -> bool:
        if one.answer is None or other.answer is None:
            return one.answer is other.answer
        return one.answer.without_date == other.answer.without_date

    def complain(self, verb: str, value: Any, options: Mapping[str, Any], safety: Safety) -> None:
        if options and verb == "ask":
            raise ValueError(f"goes alone: {', '.join(options)} are for what is said and need not be answered")
        if verb in ("raw", "again") and options.keys() & {"sequence", "ends"}:
            raise ValueError("is said as it is: it has no sequence and ends of its own")
        if "called" in options and not options.get("wait", True):
            raise ValueError("has `called` for where no answer comes, and does not wait for one")
        if verb != "raw" and self.own & set(placeholders(value)):
            raise ValueError("gets its checksum by itself: only `raw` has one to fill in")
        if verb == "again":
            return
        codes = {REQUESTS[next(iter(value))]} if isinstance(value, dict) else set(_codes(value))
        if (changing := sorted(codes & CHANGING)) and safety is Safety.READ:
            raise ValueError(f"sends {', '.join(changing)}, which may change something: `safety` is not read")

    def guarded(self, name: str, verifies: tuple[str, ...], look: Look) -> Look:
        return guarded(look, verifies)


def _codes(text: str) -> Iterator[str]:
    """What messages begin with in this text."""
    yield from re.findall(r"(?:^|[\r\n])[^\r\n0-9{]*(\d\d)", text)


def _raw(question: Question, encoding: str) -> bytes:
    """Octets as they are; a checksum is that of what stands before it in the same message, or one that is not."""
    octets = b""
    for said, name in pieces(question.value):
        octets += said.encode("latin-1")
        if name in Sip2Dialect.own:
            message = re.split(rb"[\r\n]", octets)[-1]
            right = checksum(message)
            octets += right if name == "checksum" else right[:-1] + (b"0" if right[-1:] != b"0" else b"1")
        elif name:
            octets += question.fill(f"{{{name}}}").encode(encoding)
    return octets


DIALECT = Sip2Dialect()
