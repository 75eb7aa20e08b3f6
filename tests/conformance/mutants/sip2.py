"""Ways in which SIP2 servers are wrong, each of them seen in the field or easily made; see the probes that must notice.

Messages are taken apart and sealed again by hand here: neither the judge's codec nor the gateway's has a say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tests.conformance.proxy import Act, Back, Close, Mutant, Talk, Transform, Wait

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


def asciified(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode("ascii", "replace")


REFUSALS = (
    "sip2.checkout.refuse.item/unknown", "sip2.checkout.refuse.patron/unknown", "sip2.checkout.refuse.blocked/owes",
    "sip2.checkout.refuse.on-loan/somebody-elses", "sip2.checkin.refuse.item/unknown", "sip2.renew.refuse/not-lent",
    "sip2.renew-all.answer/none", "sip2.hold.refuse.item/unknown", "sip2.hold.refuse.patron/unknown",
    "sip2.hold.mode/unknown", "sip2.fee.refuse.patron/unknown", "sip2.fee.refuse.nonsense/amounts",
    "sip2.fee.refuse.currency/other", "sip2.item-update.unknown/nothing", "sip2.login.refuse/wrong-password",
    "sip2.login.refuse.empty/no-password", "sip2.login.algorithm/encrypted", "sip2.checkout.missing/no-item",
)  # fmt: skip
EVERYBODY = (
    "sip2.patron-status.unknown/nobody", "sip2.patron-status.empty/no-card", "sip2.patron-information.unknown/nobody",
    "sip2.login.first/patron", "sip2.text.delimiter.request/odd-cards", "sip2.block.unknown/nobody",
    "sip2.pin.wrong/64", "sip2.pin.empty/64", "sip2.pin.absent/64", "sip2.end-session.forgets/other-kiosk",
    "sip2.pin.guessing/many",
)  # fmt: skip
TOUR = "sip2.frame.fixed/tour"

FRAMING = [
    Mutant("line-feed-alone", (TOUR,), lambda m, t: m.replace(b"\r", b"\n")),
    Mutant("crlf", ("sip2.frame.terminator.bare/answers",), lambda m, t: m.replace(b"\r", b"\r\n")),
    Mutant("fixed-part-short", (TOUR, "sip2.patron-status.answer/good"), replaced(rb"^24.", b"24", b"24")),
    Mutant("other-command", (TOUR,), replaced(rb"^36", b"86", b"36")),
    Mutant("last-delimiter-lost", (TOUR,), remade(lambda body: body.removesuffix(b"|"), b"24", b"64")),
    Mutant("institution-lost", (TOUR,), replaced(rb"AO[^|]*\|", b"", b"24", b"64")),
    Mutant("small-field-code", (TOUR,), replaced(rb"\|AE", b"|ae", b"24", b"64")),
    Mutant("delimiter-in-title", (TOUR,), replaced(rb"\|AJ", b"|AJone | two ", b"18")),
    Mutant("line-break-in-text", (TOUR,), replaced(rb"\|AJ", b"|AJtwo\tlines", b"18")),
    Mutant("empty-fields", (TOUR,), remade(lambda body: body + b"CF|", b"18")),
    Mutant("long-field", (TOUR,), remade(lambda body: body + b"AF" + b"x" * 300 + b"|", b"24")),
    Mutant("long-message", (TOUR,), remade(lambda body: body + (b"AF" + b"x" * 200 + b"|") * 45, b"64")),
    Mutant("other-charset", (TOUR,), remade(lambda body: body + b"AFgwyb\xeddag|", b"24")),
    Mutant("line-feed-is-a-message", ("sip2.frame.terminator.crlf/99",), requests=when(rb"^\n$", RESEND)),
    Mutant("closes-at-empty-line", ("sip2.frame.empty-line/between",), requests=when(rb"^[\r\n]$", Close())),
    Mutant("deaf-to-line-feed", ("sip2.frame.terminator.lf/99",), requests=when(rb"[^\r]\n$")),
    Mutant("fixed-order", ("sip2.frame.field.order/23",), requests=when(rb"^23.{21}AD", RESEND)),
    Mutant("closes-at-unknown-field", ("sip2.frame.field.unknown/23",), requests=when(rb"QQwhat", Close())),
    Mutant("wants-last-delimiter", ("sip2.frame.field.last/23",), requests=when(rb"^23.*[^|]AY", RESEND)),
    Mutant("misreads-leading", ("sip2.frame.field.leading/17",), requests=when(rb"^17.{18}\|", RESEND)),
    Mutant("closes-at-doubles", ("sip2.frame.field.twice/17",), requests=when(rb"\|AB.*\|AB", Close())),
    Mutant(
        "answers-the-unknown",
        ("sip2.frame.unknown-command/44", "sip2.frame.answer-command/98"),
        requests=when(rb"^(44|98)", RESEND),
    ),
    Mutant(
        "one-piece-one-message",
        ("sip2.frame.split/in-pieces", "sip2.frame.pipelined/three-at-once"),
        requests=one_piece,
        whole=len,
    ),
    Mutant("drops-while-busy", ("sip2.frame.pipelined/three-at-once",), requests=busy),
    Mutant("closes-at-nul", ("sip2.frame.nul/before",), requests=when(rb"\x00", Close())),
    Mutant("closes-at-short", ("sip2.frame.message.short/23",), requests=when(rb"^230002026\r", Close())),
    Mutant("closes-at-wrong-text", ("sip2.text.invalid/23",), requests=when(rb"\xff\xfe", Close())),
    Mutant("killed-by-garbage", ("sip2.frame.garbage/octets",), requests=deaf_after(rb"HTTP/1.1")),
    Mutant("killed-by-long-field", ("sip2.frame.field.long/17",), requests=deaf_after(rb"9{2000}")),
    Mutant(
        "killed-by-no-end",
        ("sip2.frame.message.oversize/no-end",),
        requests=deaf_after(rb"9{9000}"),
        whole=lambda octets: len(octets) if len(octets) > 9000 else whole(octets),
    ),
]  # fmt: skip

ERRORS = [
    Mutant("wrong-sum", ("sip2.checksum.answer/tour",), resealed_wrongly(turned)),
    Mutant("small-letters", ("sip2.checksum.answer/tour",), resealed_wrongly(lambda digits: digits.lower())),
    Mutant("sum-of-characters", ("sip2.checksum.octets/accents",), as_characters),
    Mutant("wants-ascii", ("sip2.checksum.octets.request/accents",), requests=when(rb"[\x80-\xff]", RESEND)),
    Mutant(
        "takes-any-sum",
        (
            "sip2.checksum.reject/flip-one-digit", "sip2.checksum.reject/text-changed",
            "sip2.checksum.reject.undone/damaged-loan",
        ),
        requests=deaf_to_any_sum,
    ),
    Mutant(
        "numbers-its-96",
        ("sip2.checksum.reject/flip-one-digit",),
        lambda m, t: sealed(b"96", b"4", True, b"\r") if m[:2] == b"96" else m,
    ),
    Mutant("wants-capitals", ("sip2.checksum.lower-case/99",), requests=when(rb"AZ\d*[a-f]", RESEND)),
    Mutant(
        "wants-checksums",
        ("sip2.checksum.absent/99", "sip2.checksum.mixed/alternating"),
        requests=when(rb"^(?!.*AZ....\r$)", RESEND),
    ),
    Mutant(
        "always-checksums",
        ("sip2.checksum.absent/99", "sip2.checksum.mixed/alternating"),
        lambda m, t: sealed(parts(m)[0], b"0", True, b"\r"),
    ),
    Mutant("number-zero", ("sip2.sequence.echo/all-digits",), lambda m, t: sealed(parts(m)[0], b"0", True, b"\r")),
    Mutant("only-in-order", ("sip2.sequence.echo/all-digits",), requests=only_in_order),
    Mutant("number-is-message", ("sip2.sequence.same-digit/17-23",), requests=first_of_its_number),
    Mutant(
        "never-the-same",
        ("sip2.sequence.repeat/23", "sip2.resend.answer/97", "sip2.frame.field.order/23", "sip2.frame.field.last/23"),
        never_the_same,
    ),
    Mutant("repeat-refused", ("sip2.sequence.repeat.once/11",), repeat_refused),
    Mutant(
        "deaf-to-97",
        ("sip2.resend.answer/97", "sip2.resend.nothing/first", "sip2.resend.after-resend/96"),
        requests=when(rb"^97"),
    ),
    Mutant("97-is-96", ("sip2.resend.answer/97",), requests=when(rb"^97", RESEND)),
    Mutant("97-is-94", ("sip2.resend.nothing/first",), requests=when(rb"^97", Back(b"941AZFEF3\r"))),
]  # fmt: skip

LINKS = [
    Mutant("deaf", ("sip2.status.answer/first",), requests=when(rb"^99")),
    Mutant("greets", ("sip2.connect.silent/waits",), greeting=b"login: "),
    Mutant(
        "one-link",
        (
            "sip2.connect.parallel/three-links", "sip2.connect.again/half-a-message",
            "sip2.connect.half-closed/last-answer",
        ),
        requests=second_link_deaf,
    ),
    Mutant("slow", ("sip2.connect.timely/status",), slow),
    Mutant("welcomes", ("sip2.login.accept/right",), remade(lambda body: body + b"AFHello|", b"94")),
    Mutant("tells-users", ("sip2.login.refuse/wrong-password",), requests=forgetful_of_unknown_user),
    Mutant("deaf-to-second-login", ("sip2.login.relogin/twice",), requests=second_login_dropped),
    Mutant(
        "knows-its-place",
        ("sip2.login.location/somewhere",),
        requests=answering(rb"^93.*\|CP", b"940"),
        without=("location",),
    ),
    Mutant("login-first", ("sip2.status.before-login/first",),
           requests=lambda m, t: [Close()] if m[:2] == b"99" and not t.requests else m),
    Mutant("busy-with-patron", ("sip2.status.any-time/between",),
           requests=lambda m, t: [] if m[:2] == b"99" and t.request[:2] == b"23" else m),
    Mutant("newest-only", ("sip2.status.version.old/1.00",), requests=when(rb"^99.*1\.00")),
    Mutant("old-version", ("sip2.status.version/98",), replaced(rb"2\.00", b"1.00", b"98")),
    Mutant("no-time", ("sip2.status.version/98",), remade(lambda body: body[:8] + b"000" + body[11:], b"98")),
    Mutant("slow-clock", ("sip2.status.version/98",), shifted),
    Mutant("unnamed", ("sip2.status.version/98",), replaced(rb"(AO|AM)[^|]*\|", b"", b"98")),
    Mutant("no-returns", ("sip2.status.version/98",), remade(lambda body: body[:3] + b"N" + body[4:], b"98")),
    Mutant("no-bx", ("sip2.status.bx/98",), without(b"BX", b"98")),
    Mutant("long-bx", ("sip2.status.bx/98",), replaced(rb"\|BX(\w+)", rb"|BX\1Y", b"98")),
    Mutant("poor-bx", ("sip2.status.bx/98",), replaced(rb"\|BX\w+", b"|BX" + b"N" * 16, b"98")),
    Mutant("idle-bx", ("sip2.status.bx.true/reads",), requests=when(rb"^35")),
]  # fmt: skip

ACCOUNTS = [
    Mutant("everybody-is-valid", EVERYBODY, remade(valid)),
    Mutant("other-card", ("sip2.patron-status.answer/good",), replaced(rb"\|AA\w+", b"|AA777", b"24")),
    Mutant("flags-of-n", ("sip2.patron-status.answer/good",), remade(lambda body: body.replace(b" ", b"N", 14), b"24")),
    Mutant("nameless", ("sip2.patron-status.answer/good",), replaced(rb"\|AE[^|]*", b"|AE", b"24")),
    Mutant(
        "nobody-is-blocked",
        ("sip2.patron-status.blocked/owes",),
        remade(lambda body: re.sub(rb"\|AF[^|]*", b"", b"24" + b" " * 14 + body[16:]), b"24"),
    ),
    Mutant("spelt-money", ("sip2.patron-status.fees/owes",), replaced(rb"\|BV[^|]*", b"|BV1,025.00 GBP", b"24")),
    Mutant("signed-currency", ("sip2.patron-status.fees/owes",), replaced(rb"\|BH[^|]*", b"|BH$", b"24")),
    Mutant("no-debts", ("sip2.patron-status.fees/owes",), replaced(rb"\|B[HV][^|]*", b"", b"24")),
    Mutant("blank-limits", ("sip2.patron-information.answer/good",), replaced(rb"\|BZ\d+", b"|BZ5", b"64")),
    Mutant("short-counts", ("sip2.patron-information.answer/good",),
           remade(lambda body: body[:37] + b"  12" + body[41:], b"64")),
    Mutant("two-names", ("sip2.patron-information.agrees/23-63",), replaced(rb"\|AE", b"|AEMx ", b"64")),
    Mutant("all-lists", ("sip2.patron-information.summary.one/loans", "sip2.patron-information.answer/good"),
           lists_everything),
    Mutant("list-short", ("sip2.patron-information.summary.one/loans",), remade(fewer_loans, b"64")),
    Mutant("count-as-asked", ("sip2.patron-information.summary.one/loans",),
           lambda m, t: sealed(parts(m)[0][:45] + b"0000" + parts(m)[0][49:], *parts(m)[1])
           if m[:2] == b"64" and b"Y         AO" in t.request else m),
    Mutant("no-ranges", ("sip2.patron-information.range/loans",), requests=replaced(rb"(BP|BQ)\d+\|", b"", b"63")),
    Mutant("one-list-only", ("sip2.patron-information.summary.several/all",), requests=when(rb"^63.*YY", Close())),
    Mutant("session-refused", ("sip2.end-session.answer/twice",), replaced(rb"^36Y", b"36N", b"36")),
    Mutant("blocks-nobody", ("sip2.block.effect/and-enable",), requests=as_status),
    Mutant("no-cq", ("sip2.pin.right/64",), without(b"CQ", b"64")),
    Mutant("tells-without-pin", ("sip2.pin.wrong/64",), replaced(rb"\|AE\|", b"|AEMair Evans|", b"64")),
    Mutant("pin-in-answers", ("sip2.pin.wrong/64",), remade(lambda body: body + b"AD9999|", b"64")),
    Mutant("lends-without-pin", ("sip2.pin.checkout/wrong",), requests=blind_to_pins(b"1234")),
]  # fmt: skip

CIRCULATION = [
    Mutant("yes", REFUSALS, remade(yes)),
    Mutant("no-title", ("sip2.item.answer/on-shelf",), replaced(rb"\|AJ[^|]*", b"|AJ", b"18")),
    Mutant("local-status", ("sip2.item.answer/on-shelf",), replaced(rb"^18..", b"1800", b"18")),
    Mutant("local-codes", ("sip2.item.answer/on-shelf",), replaced(rb"^18(..)....", rb"18\g<1>9999", b"18")),
    Mutant("names-borrower", ("sip2.item.status.charged/on-loan",), remade(lambda body: body + b"AA20100002|", b"18")),
    Mutant("never-due", ("sip2.item.status.charged/on-loan", "sip2.checkout.lend/and-return"),
           replaced(rb"AH[^|]*\|", b"AH|", b"18", b"12")),
    Mutant("has-everything", ("sip2.item.unknown/nothing",), replaced(rb"^18..", b"1803", b"18")),
    Mutant("stores-nothing", ("sip2.item-update.stored/and-back",),
           requests=answering(rb"^19", b"201DATEAB30100001|")),
    Mutant("not-seen", ("sip2.checkout.lend/and-return",),
           remade(lambda body: body[:45] + b"0000" + body[49:], b"64")),
    Mutant("not-desensitized", ("sip2.checkout.lend/and-return",), replaced(rb"^121NNY", b"121NNN", b"12")),
    Mutant("not-resensitized", ("sip2.checkout.lend/and-return",), replaced(rb"^101Y", b"101N", b"10")),
    Mutant("homeless", ("sip2.checkout.lend/and-return",), replaced(rb"\|AQ[^|]*", b"|AQ", b"10")),
    Mutant("silent-no", ("sip2.checkout.refuse.item/unknown", "sip2.renew.refuse/not-lent"), without(b"AF")),
    Mutant("desensitizes-refused", ("sip2.checkout.refuse.item/unknown",), replaced(rb"^120NNN", b"120NNY", b"12")),
    Mutant("asks-for-item", ("sip2.checkout.missing/no-item",), requests=when(rb"^11.*\|AB\|", RESEND)),
    Mutant("lends-twice", ("sip2.checkout.again/own",), second_loan_granted),
    Mutant("deaf-to-shelf", ("sip2.checkin.shelf/not-lent",), requests=silent_about_shelf),
    Mutant("undoes-nothing", ("sip2.undo.checkout/bi",),
           requests=answering(rb"^09.*\|BIY", b"101YNNDATEAOABER|AB30100001|AQABER|")),
    Mutant("knows-no-offline", ("sip2.offline.checkout/no-block",), requests=replaced(rb"^11NY", b"11NN", b"11")),
    Mutant("renews-something", ("sip2.renew-all.answer/none",),
           remade(lambda body: b"6610001" + body[7:] if body[2:3] == b"1" else body, b"66")),
    Mutant("holds-nothing", ("sip2.hold.place/and-cancel",),
           requests=answering(rb"^15\+", b"161NDATEAOABER|AA20100001|")),
]  # fmt: skip

TEXTS = [
    Mutant("month-13", ("sip2.date.form/tour",), replaced(rb"20\d\d\d\d(?=\d\d    )", b"202613")),
    Mutant("zone-of-zeros", ("sip2.date.form/tour",), replaced(rb"(?<=\d{8})    (?=\d{6})", b"0000")),
    Mutant("last-year", ("sip2.date.form/tour",), replaced(rb"20\d\d(?=\d{4}    )", b"2019")),
    Mutant("local-time-only", ("sip2.date.zone.utc/23",), requests=when(rb"^23.{11}   Z", RESEND)),
    Mutant("wants-dates", ("sip2.date.zone.utc/23",), requests=when(rb"^23... {18}", Close())),
    Mutant("calendar", ("sip2.date.zone.utc/23",), requests=when(rb"^23...20261399", Close())),
    Mutant("question-marks", ("sip2.text.accents/name",), remade(asciified)),
    Mutant("faults-shown", ("sip2.text.screen/refusals",),
           replaced(rb"\|AF[^|]*", b"|AFjava.lang.NullPointerException", b"24")),
]  # fmt: skip

MUTANTS = [*FRAMING, *ERRORS, *LINKS, *ACCOUNTS, *CIRCULATION, *TEXTS]
INFORMING = {
    "sip2.connect.tls/target": "says which door was tried; the other door is another run",
    "sip2.status.unsolicited/seen": "no peer can be made to change its status",
    "sip2.patron-information.contacts/good": "whether kiosks are told addresses is the library's choice",
    "sip2.text.language/cy-en": "which languages a library has is its choice",
}
"""Probes that only inform, and why."""
