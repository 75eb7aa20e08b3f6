"""SIP2 in recordings: what kiosks owe, and what library systems do.

Messages are cut by hand with the widths of the standard's tables. Of covered messages the sum is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from library_conformance.passive_rules import Finding, Findings, Link, Said, Side, broken, found, kept, once, rule
from library_protocols.sip2 import MESSAGES, TABLES

_TRAILER = re.compile(rb"(?:AY(?P<sequence>[^|]?))?AZ(?P<sum>[^|]{0,8})\|?\Z|AY(?P<alone>[0-9])\|?\Z")
_SUM = re.compile(rb"[0-9A-F]{4}|\*{4}")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(    |   Z|[A-Z0-9 ]{4})(\d\d)(\d\d)(\d\d)")
_STARS = b"**"
_BX = 16
_NOW_WITHIN = 150.0
"""Seconds between a kiosk's clock and ours within which something happens now, hours of zones aside."""
_RESPONSES = {code: MESSAGES[code].answers for code in MESSAGES}
_FLAGS = {"flag": r"[YNU ]", "number": r"[0-9 ]", "tenths": r"[0-9 ]"}


@dataclass(frozen=True, slots=True)
class Word:
    """A message cut into its parts; `covered`: some of it is stars."""

    said: Said
    octets: bytes
    code: str
    fixed: bytes
    fields: tuple[tuple[str, bytes], ...]
    sequence: str
    sum: bytes | None
    covered: bool

    @property
    def client(self) -> bool:
        return self.said.side is Side.CLIENT

    @property
    def summed(self) -> bool | None:
        """Whether the sum is right; None where there is none, or it cannot be known."""
        if self.sum is None or self.covered or not re.fullmatch(rb"[0-9A-Fa-f]{4}", self.sum):
            return None
        over = self.octets.rpartition(b"AZ")[0] + b"AZ"
        return (sum(over) + int(self.sum, 16)) & 0xFFFF == 0

    def get(self, name: str) -> bytes | None:
        return next((value for code, value in self.fields if code == name), None)

    def part(self, name: str) -> str:
        """A fixed field; empty where the message is too short for it."""
        fact = MESSAGES.get(self.code)
        place = dict(fact.slices).get(name) if fact else None
        return self.octets[place].decode("latin-1") if place else ""


def words(link: Link) -> list[Word]:
    """All that was said of which the octets are known."""
    return once(link, "sip2", lambda: [_word(one) for one in link.said if one.octets is not None])


def _word(said: Said) -> Word:
    octets = (said.octets or b"").strip(b"\r\n\0 ")
    code = octets[:2].decode("latin-1")
    width = MESSAGES[code].width if code in MESSAGES else 0
    trailer = _TRAILER.search(octets, 2)
    body = octets[2 + width : trailer.start() if trailer else None]
    pieces = [piece for piece in body.split(b"|") if piece]
    fields = tuple((piece[:2].decode("latin-1"), piece[2:]) for piece in pieces)
    number = (trailer["sequence"] or trailer["alone"] or b"") if trailer else b""
    sum_ = trailer["sum"] if trailer else None
    return Word(said, octets, code, octets[2 : 2 + width], fields, number.decode("latin-1"), sum_, _STARS in octets)


def pairs(link: Link) -> list[tuple[Word, list[Word]]]:
    """What a kiosk said, each with all that came before it spoke again."""
    made: list[tuple[Word, list[Word]]] = []
    for word in words(link):
        if word.client:
            made.append((word, []))
        elif made:
            made[-1][1].append(word)
    return made


def _requests(link: Link) -> list[Word]:
    """What a kiosk said, without what it said again and what asks to say again."""
    made: list[Word] = []
    for word in (one for one in words(link) if one.client and one.code != "97"):
        if not (made and _again(made[-1], word)):
            made.append(word)
    return made


def _again(first: Word, second: Word) -> bool:
    """Two covered messages may look the same and be of two patrons."""
    return second.octets == first.octets and second.said.who == first.said.who


@rule("sip2.frame.terminator")
def terminated(link: Link) -> Findings:
    for word in words(link) if link.framed else ():
        if word.client:
            octets = word.said.octets or b""
            yield found(octets.endswith((b"\r", b"\r\n")), word.said, "no carriage return at the end")


@rule("sip2.frame.command")
def known_command(link: Link) -> Findings:
    for word in words(link):
        if word.client:
            known = word.code in MESSAGES and MESSAGES[word.code].sender == "SC"
            yield found(known, word.said, "a message that no kiosk sends")


@rule("sip2.client.first")
def first_message(link: Link) -> Findings:
    asked = _requests(link)
    if asked and link.whole:
        yield found(asked[0].code in ("93", "99"), asked[0].said, f"began with {_code(asked[0])}")


@rule("sip2.client.login")
def login_form(link: Link) -> Findings:
    before: set[str] = set()
    for word in _requests(link):
        if word.code == "93":
            whole = word.get("CN") is not None and word.get("CO") is not None and _digits(word.fixed)
            yield found(whole, word.said, "a login without its digits, CN or CO")
            if link.whole:
                yield found(not before - {"99", "93"}, word.said, "a login after other messages")
        before.add(word.code)


@rule("sip2.client.version")
def version_two(link: Link) -> Findings:
    for word in _requests(link):
        if word.code == "99":
            yield found(word.part("protocol_version") == "2.00", word.said, "another version than 2.00")


@rule("sip2.client.one")
def one_at_a_time(link: Link) -> Findings:
    waiting: Word | None = None
    for word in words(link):
        if not word.client:
            waiting = None
            continue
        if waiting is not None and not _again(waiting, word) and word.code != "97":
            yield broken(word.said, "spoke before the answer came")
        elif waiting is None:
            yield kept(word.said)
        waiting = word


@rule("sip2.client.sequence")
def counts(link: Link) -> Findings:
    last: Word | None = None
    for word in _requests(link):
        if last is not None and _digit(last) and _digit(word):
            next_ = str((int(last.sequence) + 1) % 10)
            yield found(word.sequence == next_, word.said, "a sequence number that is not the next one")
        last = word if _digit(word) else last


@rule("sip2.client.checksum")
def sums_up(link: Link) -> Findings:
    asked = [word for word in words(link) if word.client]
    detecting = next((word for word in asked if word.sum is not None), None)
    for word in asked if detecting else ():
        if word.sum is None:
            yield broken(word.said, "no checksum, though others have one")
        elif word.code != "97" and not word.sequence:
            yield broken(word.said, "a checksum without a sequence number")
        else:
            yield found(word.summed is not False, word.said, "a wrong checksum")


@rule("sip2.checksum.form")
def sum_form(link: Link) -> Findings:
    yield from _sum_forms(link, Side.CLIENT)


@rule("sip2.client.repeat")
def says_the_same_again(link: Link) -> Findings:
    for (first, answers), (second, _) in pairwise(pairs(link)):
        if not answers and _digit(first) and first.sequence == second.sequence and second.code != "97":
            yield found(_again(first, second), second.said, "said otherwise with the same sequence number")


@rule("sip2.client.resend")
def obeys_96(link: Link) -> Findings:
    for (first, answers), (second, _) in pairwise(pairs(link)):
        if answers and answers[-1].code == "96":
            yield found(_again(first, second), second.said, "went on after 96")


@rule("sip2.client.damaged")
def asks_again(link: Link) -> Findings:
    for (first, answers), (second, _) in pairwise(pairs(link)):
        if answers and answers[-1].summed is False:
            again = second.code == "97" or _again(first, second)
            yield found(again, second.said, "took an answer with a wrong checksum")


@rule("sip2.client.stray")
def drops_strays(link: Link) -> Findings:
    for (first, answers), (second, _) in pairwise(pairs(link)):
        if answers and all(_digit(one) and one.sequence != first.sequence for one in answers) and _digit(first):
            dropped = second.code == "97" or _again(first, second)
            yield found(dropped, second.said, "took an answer with another sequence number")


@rule("sip2.client.status")
def takes_98(link: Link) -> Findings:
    for (first, answers), (second, _) in pairwise(pairs(link)):
        if [one.code for one in answers] == ["98"] and first.code != "99":
            yield found(_again(first, second), second.said, "took 98 for the answer")


@rule("sip2.client.retries")
def counts_retries(link: Link) -> Findings:
    for first, times, word, status in _repeats(link):
        allowed = status.part("retries_allowed")
        if allowed.isdigit() and allowed != "999":
            yield found(times <= int(allowed), word.said, f"said {first.code} again more often than allowed")


@rule("sip2.client.patience")
def waits(link: Link) -> Findings:
    for first, _, word, status in _repeats(link):
        tenths = status.part("timeout_period")
        if tenths.isdigit() and tenths not in ("000", "999"):
            waited = word.said.at - first.said.at
            yield found(waited >= int(tenths) / 10 - 0.2, word.said, "said it again before the time was over")


@rule("sip2.client.required")
def has_required(link: Link) -> Findings:
    yield from _required(link, Side.CLIENT)


@rule("sip2.client.fixed")
def has_width(link: Link) -> Findings:
    yield from _widths(link, Side.CLIENT)


@rule("sip2.date.form")
def dates(link: Link) -> Findings:
    yield from _dates(link, Side.CLIENT)


@rule("sip2.client.obeys")
def sends_what_is_supported(link: Link) -> Findings:
    order = [row.name for row in TABLES["supported_messages"].rows]
    supported = b""
    for word in words(link):
        if word.code == "98":
            supported = word.get("BX") or b""
        elif word.client and word.code in order and len(supported) >= _BX:
            place = order.index(word.code)
            yield found(supported[place : place + 1] != b"N", word.said, f"sent {word.code}, which BX denies")


@rule("sip2.client.end")
def ends_sessions(link: Link) -> Findings:
    """A patron after another, without 35 between them."""
    patron: bytes | str = ""
    for word in _requests(link):
        named = word.said.who or word.get("AA") or b""
        if word.code == "35":
            if patron:
                yield kept(word.said)
            patron = ""
        elif word.code in ("23", "63", "11", "29", "65", "15", "37") and named and (_STARS not in _octets(named)):
            if patron and patron != named:
                yield broken(word.said, "another patron without 35 before")
            patron = named


@rule("sip2.client.pin")
def keeps_the_pin(link: Link) -> Findings:
    """Whether a PIN that was typed for a patron comes with what touches the account as well."""
    patron: bytes | str = ""
    for word in _requests(link):
        named = word.said.who or word.get("AA") or b""
        pin = word.get("AD")
        if word.code in ("63", "23") and pin:
            patron = named
        elif word.code == "35":
            patron = ""
        elif word.code in ("11", "29", "65", "15", "37") and patron and named == patron:
            yield found(bool(pin), word.said, f"{word.code} without the PIN that 63 had")


@rule("sip2.client.offline")
def no_block_for_the_past(link: Link) -> Findings:
    for word in _requests(link):
        moment = _moment(word.part("transaction_date")) if link.dated else None
        if word.part("no_block") != "Y" or moment is None:
            continue
        yield found(not _is_now(moment, word.said.at), word.said, "no block for what happens now")


# What a library system does


@rule("sip2.frame.terminator", side=Side.SERVER)
def answers_terminated(link: Link) -> Findings:
    for word in words(link) if link.framed else ():
        if not word.client:
            octets = word.said.octets or b""
            yield found(octets.endswith((b"\r", b"\r\n")), word.said, "no carriage return at the end")


@rule("sip2.frame.fixed", side=Side.SERVER)
def answers_have_width(link: Link) -> Findings:
    yield from _widths(link, Side.SERVER)


@rule("sip2.frame.required", side=Side.SERVER)
def answers_have_required(link: Link) -> Findings:
    yield from _required(link, Side.SERVER)


@rule("sip2.date.form", side=Side.SERVER)
def answers_dates(link: Link) -> Findings:
    yield from _dates(link, Side.SERVER)


@rule("sip2.checksum.form", side=Side.SERVER)
def answers_sum_form(link: Link) -> Findings:
    yield from _sum_forms(link, Side.SERVER)


@rule("sip2.checksum.answer", side=Side.SERVER)
def answers_sum_up(link: Link) -> Findings:
    for asked, answers in pairs(link):
        for word in answers if asked.sum is not None else ():
            if word.sum is None:
                yield broken(word.said, "no checksum")
            else:
                yield found(word.summed is not False, word.said, "a wrong checksum")


@rule("sip2.sequence.echo", side=Side.SERVER)
def answers_echo(link: Link) -> Findings:
    for asked, answers in pairs(link):
        for word in answers if _digit(asked) and asked.code != "97" else ():
            if word.code in _RESPONSES.get(asked.code, ()):
                yield found(word.sequence == asked.sequence, word.said, "another sequence number")


def _repeats(link: Link) -> list[tuple[Word, int, Word, Word]]:
    """What was said again unasked: the first time, how often by then, this time, and the 98 that holds."""
    made: list[tuple[Word, int, Word, Word]] = []
    status: Word | None = None
    first: Word | None = None
    last: Word | None = None
    times = 0
    for word in words(link):
        if word.code == "98":
            status = word
        if not word.client:
            first = last = None
        elif first is not None and last is not None and _again(first, word) and status is not None:
            times += 1
            made.append((last, times, word, status))
            last = word
        else:
            first = last = word
            times = 0
    return made


def _required(link: Link, side: Side) -> Findings:
    for word in words(link):
        fact = MESSAGES.get(word.code)
        if word.said.side is side and fact is not None:
            missing = [name for name in fact.required if word.get(name) is None]
            yield found(not missing, word.said, f"{word.code} without {', '.join(missing)}")


def _widths(link: Link, side: Side) -> Findings:
    for word in words(link):
        fact = MESSAGES.get(word.code)
        if word.said.side is not side or fact is None:
            continue
        text = word.fixed.decode("latin-1")
        shape = "".join(
            f"{_FLAGS[item.kind]}{{{item.width}}}" if item.kind in _FLAGS else f"[^|]{{{item.width}}}"
            for item in fact.fixed
        )
        yield found(re.fullmatch(shape, text) is not None, word.said, f"{word.code} with a fixed part of another form")


def _dates(link: Link, side: Side) -> Findings:
    for word in words(link):
        fact = MESSAGES.get(word.code)
        for item in fact.fixed if word.said.side is side and fact is not None else ():
            text = word.part(item.name) if item.kind == "date" else ""
            if text.strip() and item.name != "nb_due_date":
                shown = item.name.replace("_", " ")
                yield found(_moment(text) is not None, word.said, f"{word.code} with a {shown} that is none")


def _sum_forms(link: Link, side: Side) -> Findings:
    for word in words(link):
        if word.said.side is side and word.sum is not None:
            yield found(_SUM.fullmatch(word.sum) is not None, word.said, "not four capital hexadecimal digits")


def _moment(text: str) -> datetime | None:
    shape = _DATE.fullmatch(text)
    if shape is None:
        return None
    year, month, day, _, hour, minute, second = shape.groups()
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001  the kiosk's own
    except ValueError:
        return None


def _is_now(moment: datetime, at: float) -> bool:
    """Whether it is the time at which it was said, on a clock of whatever zone."""
    away = (moment - datetime(1970, 1, 1)).total_seconds() - at  # noqa: DTZ001
    quarters = away % 900
    return abs(away) <= 14 * 3600 and min(quarters, 900 - quarters) <= _NOW_WITHIN


def _digits(octets: bytes) -> bool:
    return octets.isdigit()


def _digit(word: Word) -> bool:
    return len(word.sequence) == 1 and word.sequence.isdigit()


def _octets(named: bytes | str) -> bytes:
    return named.encode() if isinstance(named, str) else named


def _code(word: Word) -> str:
    return word.code if word.code in MESSAGES else "no message of the standard"


__all__ = ["Finding", "Word", "pairs", "words"]
