"""How SIP2 servers are wrong, as transforms of messages.

Messages are taken apart and sealed again by hand here: neither the judge's codec nor the gateway's has a say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tests.conformance.proxy import Act, Back, Close, Talk, Transform, Wait

_TRAILER = re.compile(rb"(?:AY(.))?AZ[0-9A-Fa-f]{4}$")
_YES = {b"12": 2, b"10": 2, b"30": 2, b"16": 2, b"20": 2, b"66": 2, b"38": 2, b"94": 2}
Change = Callable[[bytes], bytes]
RESEND = Back(b"96AZFEF6\r")


def whole(octets: bytes) -> int:
    """A message ends at its CR or LF; a line feed after CR is a message by itself, and empty."""
    found = re.search(rb"[\r\n]", octets)
    return found.end() if found else 0


def parts(message: bytes) -> tuple[bytes, tuple[bytes | None, bool, bytes]]:
    """The body; AY's digit, whether there is AZ, and the terminator."""
    line = message.rstrip(b"\r\n")
    end = message[len(line) :]
    found = _TRAILER.search(line)
    return (line[: found.start()], (found[1], True, end)) if found else (line, (None, False, end))


def sealed(body: bytes, digit: bytes | None, summed: bool, end: bytes) -> bytes:
    if digit is not None:
        body += b"AY" + digit
    if summed:
        body += b"AZ"
        body += b"%04X" % (-sum(body) & 0xFFFF)
    return body + end


def remade(change: Change, *commands: bytes) -> Transform:
    """Changes the body of messages of these commands, all where none is named, and seals it again."""

    def transform(message: bytes, talk: Talk) -> bytes:
        body, rest = parts(message)
        if commands and body[:2] not in commands:
            return message
        return sealed(change(body), *rest)

    return transform


def replaced(pattern: bytes, by: bytes, *commands: bytes) -> Transform:
    return remade(lambda body: re.sub(pattern, by, body), *commands)


def without(code: bytes, *commands: bytes) -> Transform:
    """Leaves a coded field out."""
    return replaced(rb"(?<=\|)" + code + rb"[^|]*\|", b"", *commands)


def when(pattern: bytes, *acts: Act) -> Transform:
    """Does this at requests that match, and passes the others on; without acts they are dropped."""
    return lambda message, talk: list(acts) if re.search(pattern, message, re.DOTALL) else message


def answering(pattern: bytes, body: bytes) -> Transform:
    """Answers requests that match by itself, under their own sequence number."""

    def transform(message: bytes, talk: Talk) -> Iterable[Act]:
        if not re.search(pattern, message):
            return [message]
        asked, rest = parts(message)
        date = re.search(rb"\d{8}.{4}\d{6}", asked)
        return [Back(sealed(body.replace(b"DATE", date[0] if date else b""), *rest))]

    return transform


def yes(body: bytes) -> bytes:
    at = _YES.get(body[:2])
    return body if at is None else body[:at] + (b"Y" if body[:2] == b"38" else b"1") + body[at + 1 :]


def valid(body: bytes) -> bytes:
    """Whoever is asked about is a patron with a right PIN."""
    if body[:2] not in (b"24", b"64"):
        return body
    return re.sub(rb"\|(?:BL|CQ)[YN](?=\|)", b"", body) + b"BLY|CQY|"


def turned(digits: bytes) -> bytes:
    return digits[:-1] + (b"1" if digits[-1:] == b"0" else b"0")


def resealed_wrongly(spoil: Change) -> Transform:
    """Changes the four digits of AZ."""

    def transform(message: bytes, talk: Talk) -> bytes:
        line = message.rstrip(b"\r\n")
        return line[:-4] + spoil(line[-4:]) + message[len(line) :] if _TRAILER.search(line) else message

    return transform


def as_characters(message: bytes, talk: Talk) -> bytes:
    """AZ over characters instead of octets, as a program does that forgets to encode first."""
    line = message.rstrip(b"\r\n")
    if not _TRAILER.search(line):
        return message
    points = sum(map(ord, line[:-4].decode("utf-8", "replace")))
    return line[:-4] + b"%04X" % (-points & 0xFFFF) + message[len(line) :]


def deaf_to_any_sum(message: bytes, talk: Talk) -> bytes:
    """A server that never looks at AZ: the sum is put right on its way."""
    body, rest = parts(message)
    return sealed(body, *rest)


def never_the_same(body: bytes, talk: Talk) -> bytes:
    talk.common["count"] = talk.common.get("count", 0) + 1
    message, rest = parts(body)
    return body if message[:2] in (b"94", b"96") else sealed(message + b"AF%d|" % talk.common["count"], *rest)


def only_in_order(message: bytes, talk: Talk) -> Iterable[Act]:
    """Wants every sequence number to be the last one and one."""
    digit, last = parts(message)[1][0], talk.memory.get("digit")
    talk.memory["digit"] = digit
    if digit is None or last is None or int(digit) == (int(last) + 1) % 10:
        return [message]
    return [RESEND]


def first_of_its_number(message: bytes, talk: Talk) -> Iterable[Act]:
    """Takes a message with the sequence number of the last one for that one."""
    digit, last = parts(message)[1][0], talk.memory.get("digit")
    talk.memory["digit"] = digit
    return [Back(talk.answers[-1])] if digit is not None and digit == last and talk.answers else [message]


def deaf_after(pattern: bytes) -> Transform:
    """Once somebody has said this, nobody is answered any more."""

    def transform(message: bytes, talk: Talk) -> bytes | list[Act]:
        talk.common["dead"] = talk.common.get("dead") or bool(re.search(pattern, message, re.DOTALL))
        return [] if talk.common["dead"] else message

    return transform


def second_link_deaf(message: bytes, talk: Talk) -> bytes | list[Act]:
    """Answers on one link only, as a program with a single place for its link."""
    first = talk.common.setdefault("first", talk)
    return message if first is talk else []


def busy(message: bytes, talk: Talk) -> bytes | list[Act]:
    """Throws away what comes while an answer is outstanding."""
    return [] if len(talk.requests) > len(talk.answers) else message


def one_piece(message: bytes, talk: Talk) -> bytes | list[Act]:
    """Takes what comes in one piece for one message."""
    line, end, _ = message.partition(b"\r")
    return line + end if end else []


def slow(message: bytes, talk: Talk) -> Iterable[Act]:
    """Says that it answers within a tenth of a second, and takes three."""
    body, rest = parts(message)
    return [Wait(0.3), sealed(body[:8] + b"001" + body[11:], *rest) if body[:2] == b"98" else message]


def second_login_dropped(message: bytes, talk: Talk) -> bytes | list[Act]:
    return [] if message[:2] == b"93" and any(one[:2] == b"93" for one in talk.requests) else message


def forgetful_of_unknown_user(message: bytes, talk: Talk) -> bytes | list[Act]:
    return [Close()] if b"no-such-kiosk" in message else message


def second_loan_granted(message: bytes, talk: Talk) -> bytes:
    """A repeated 11 is answered as a loan."""
    again = sum(one[:2] == b"11" for one in talk.requests) > 1
    body, rest = parts(message)
    return sealed(b"121NNY" + body[6:], *rest) if again and body[:2] == b"12" else message


def repeat_refused(message: bytes, talk: Talk) -> bytes:
    """A loan that is repeated, on this link or another, is refused as one that the patron has."""
    body, rest = parts(message)
    loans = talk.common["loans"] = talk.common.get("loans", 0) + (body[:2] == b"12")
    return sealed(b"120NNN" + body[6:], *rest) if body[:2] == b"12" and loans > 1 else message


def silent_about_shelf(message: bytes, talk: Talk) -> bytes | list[Act]:
    """Does not answer the return of what is not on loan."""
    on_shelf = bool(talk.answers) and talk.answers[-1][:4] == b"1803"
    return [] if message[:2] == b"09" and on_shelf else message


def blind_to_pins(pin: bytes) -> Transform:
    """Lends whatever PIN is given."""
    return replaced(rb"(?<=\|)AD[^|]+", b"AD" + pin, b"11")


def as_status(message: bytes, talk: Talk) -> bytes:
    """Takes 01 for a 23: answers well, and blocks nobody."""
    body, rest = parts(message)
    return (
        sealed(b"23000" + body[3:].replace(b"ALconformance test|", b"") + b"AD|", *rest)
        if body[:2] == b"01"
        else message
    )


def lists_everything(message: bytes, talk: Talk) -> bytes:
    """Gives a list of loans whatever list is asked for."""
    body, rest = parts(message)
    return sealed(body + b"AUone|AStwo|", *rest) if body[:2] == b"64" else message


def fewer_loans(body: bytes) -> bytes:
    return re.sub(rb"AU[^|]*\|", b"", body, count=1)


def shifted(message: bytes, talk: Talk) -> bytes:
    """A clock that is seven minutes slow."""
    body, rest = parts(message)
    if body[:2] != b"98":
        return message
    found = re.search(rb"\d{8}.{4}(\d\d)(\d\d)(\d\d)", body)
    assert found is not None
    minute = (int(found[2]) + 53) % 60
    return sealed(body[: found.start(2)] + b"%02d" % minute + body[found.end(2) :], *rest)


def login_once(message: bytes, talk: Talk) -> bytes:
    """Takes one login, and no more."""
    talk.common["logins"] = talk.common.get("logins", 0) + (message[:3] == b"941")
    body, rest = parts(message)
    return sealed(b"940", *rest) if body == b"941" and talk.common["logins"] > 1 else message


def offended(message: bytes, talk: Talk) -> bytes | list[Act]:
    """Says no more on a link once it has said 96."""
    return [] if talk.answers and talk.answers[-1][:2] == b"96" else message


def wants_introduction(*commands: bytes) -> Transform:
    """Takes these commands only after another message about a patron."""

    def transform(message: bytes, talk: Talk) -> Act:
        introduced = any(b"|AA" in one and one[:2] not in commands for one in talk.requests)
        return RESEND if message[:2] in commands and not introduced else message

    return lambda message, talk: [transform(message, talk)]


def never_back(message: bytes, talk: Talk) -> bytes:
    """On a link on which something was returned, everything is on loan."""
    returned = any(one[:2] == b"10" for one in talk.answers)
    body, rest = parts(message)
    return sealed(b"1804" + body[4:], *rest) if body[:2] == b"18" and returned else message


def offline_refused(message: bytes, talk: Talk) -> bytes:
    body, rest = parts(message)
    return sealed(b"120NNN" + body[6:], *rest) if body[:2] == b"12" and talk.request[:4] == b"11NY" else message


def locks_everybody(message: bytes, talk: Talk) -> bytes:
    """After ten wrong PINs nobody's is right."""
    talk.common["wrong"] = talk.common.get("wrong", 0) + (b"|CQN" in message)
    body, rest = parts(message)
    return sealed(body.replace(b"|CQY", b"|CQN"), *rest) if talk.common["wrong"] >= 10 else message


def asciified(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode("ascii", "replace")
