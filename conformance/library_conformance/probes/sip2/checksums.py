"""Error detection: sums, and what is done about wrong ones. All octets by hand."""

from __future__ import annotations

from library_conformance.model import Behaviour, Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes.sip2.kiosk import (
    STATUS,
    UNKNOWN_ITEM,
    UNKNOWN_PATRON,
    Kiosk,
    NoAnswer,
    asks,
    is_so,
    kiosk,
)
from library_conformance.probes.sip2.wire import Answer, checksum, sealed
from library_conformance.run import Run

ON_LOAN = ("04", "05", "07")


def spoilt(message: bytes) -> bytes:
    """The message with one bit of its checksum turned."""
    digit = b"0" if message[-1:] != b"0" else b"1"
    return message[:-1] + digit + b"\r"


@asks("sip2.checksum.answer/tour", octets=True, verifies=("sip2.checksum.answer", "sip2.checksum.form"))
def sums(run: Run) -> Seen:
    """Asks twenty questions with checksums, of differing length, and adds up each answer."""
    with kiosk(run) as k:
        asked = [STATUS, k.item_information(UNKNOWN_ITEM), k.patron_status(UNKNOWN_PATRON)]
        if "patron" in run.inputs:
            asked.append(k.patron_information(run.input("patron")))
        answers = [k.ask(body) for body in asked for _ in range(3)]
    without = [one for one in answers if one.digits is None]
    wrong = [one for one in answers if one.of("checksum")]
    misshapen = [one for one in answers if one.of("checksum form")]
    form = {"sip2.checksum.form": Behaviour.BREAKS if misshapen or without else Behaviour.MEETS}
    if without:
        return Seen("answers without a checksum", Behaviour.BREAKS, form)
    if wrong:
        return Seen("wrong sums", Behaviour.BREAKS, form)
    return Seen("misshapen" if misshapen else "all right", Behaviour.MEETS, form)


@asks("sip2.checksum.octets/accents", octets=True, inputs=("patron_accents",))
def of_accents(run: Run) -> Seen:
    """Asks about a patron whose name has letters beyond ASCII and adds up the octets of the answer."""
    with kiosk(run) as k:
        answer = k.ask(k.patron_status(run.input("patron_accents")))
    if not any(octet > 0x7F for octet in answer.octets):
        raise SetupFailed("the answer is all ASCII: no name with accents, or a wrong PIN")
    if answer.digits is None:
        return breaks("no checksum")
    if answer.sums_up:
        return meets("the sum of the octets")
    letters = answer.octets.rstrip(b"\r\n").removesuffix(answer.digits).decode(k.encoding, "replace")
    as_letters = b"%04X" % (-sum(map(ord, letters)) & 0xFFFF)
    return breaks("the sum of the characters" if as_letters == answer.digits.upper() else "a wrong sum")


@asks("sip2.checksum.octets.request/accents", octets=True)
def accents_asked(run: Run) -> Seen:
    """Asks about a card with letters beyond ASCII in UTF-8, sealed over its octets."""
    with kiosk(run) as k:
        body = k.patron_status("ŵŷ" + UNKNOWN_PATRON).encode("utf-8")
        answer = k.expect(sealed(body, 2) + b"\r", "23")
    return meets("taken") if answer.code == "24" else breaks(f"answered {answer.code}")


@asks(
    "sip2.checksum.reject/flip-one-digit",
    octets=True,
    verifies=("sip2.checksum.reject", "sip2.checksum.resend-form", "sip2.checksum.reject.recover"),
)
def flip(run: Run) -> Seen:
    """Sends a 99 with one wrong digit in its checksum, then the same with the right one."""
    message = sealed(b"9900802.00", 4)
    with kiosk(run) as k:
        answer = k.expect(spoilt(message), "a wrong checksum")
        again = k.say(message + b"\r") if not k.line.closed else None
    recovers = again is not None and again.code == "98"
    form = answer.code != "96" or (answer.sequence is None and answer.digits is not None and answer.sums_up)
    seen = f"answered {answer.code}{'' if form else ' misshapen'}, then {again.code if again else 'nothing'}"
    return Seen(
        seen,
        Behaviour.MEETS if answer.code == "96" else Behaviour.BREAKS,
        {
            "sip2.checksum.resend-form": is_so(form),
            "sip2.checksum.reject.recover": is_so(recovers),
        },
    )


@asks("sip2.checksum.reject/text-changed", octets=True)
def changed(run: Run) -> Seen:
    """Sends a 23 in which two octets changed places with others after it was sealed."""
    with kiosk(run) as k:
        body = k.patron_status(UNKNOWN_PATRON).encode()
        message = sealed(body, 4).replace(b"ZZZ0", b"ZZY0", 1)
        answer = k.expect(message + b"\r", "a damaged 23")
    return meets("answered 96") if answer.code == "96" else breaks(f"answered {answer.code}")


@asks("sip2.checksum.lower-case/99", octets=True)
def lower_case(run: Run) -> Seen:
    """Seals a 99 in small letters."""
    body = next(one for one in (b"9900802.00", b"9900402.00") if checksum(one + b"AY1AZ").isalnum())
    message = body + b"AY1AZ" + checksum(body + b"AY1AZ").lower()
    with kiosk(run) as k:
        answer = k.expect(message + b"\r", "99")
    return meets("taken") if answer.code == "98" else breaks(f"answered {answer.code}")


@asks("sip2.checksum.absent/99", octets=True)
def without(run: Run) -> Seen:
    """Sends a 99 without AY and AZ on a link that never had any, the login included."""
    with run.line() as line:
        k = Kiosk(run, line)
        if "login" in run.inputs:
            login = f"9300CN{run.input('login')}|CO{run.input('password', '')}|"
            if (said := k.say(login.encode() + b"\r")) is None or said.code != "94":
                return breaks("a login without checksum is not answered")
        answer = k.expect(b"9900802.00\r", "99 without checksum")
    if answer.code != "98":
        return breaks(f"answered {answer.code}")
    return breaks("answered with a checksum") if answer.digits is not None else meets("answered without")


@asks("sip2.checksum.mixed/alternating", octets=True)
def mixed(run: Run) -> Seen:
    """Asks with, without and with a checksum on one link."""
    with kiosk(run) as k:
        said = (k.message(STATUS), k.message(STATUS, plain=True), k.message(STATUS))
        answers = [k.expect(one, "99") for one in said]
    found = [one.digits is not None for one in answers if one.code == "98"]
    return meets("each as asked") if found == [True, False, True] else breaks("not as asked")


@asks(
    "sip2.checksum.reject.undone/damaged-loan",
    octets=True,
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
)
def damaged_loan(run: Run) -> Seen:
    """Asks for a loan with a wrong checksum and looks whether it was made; if so, takes it back."""
    item = run.input("item")
    with kiosk(run) as k:
        if status_of(k, item).fixed.get("status") in ON_LOAN:
            raise SetupFailed("the item is on loan already")
        message = k.message(k.checkout(run.input("patron"), item)).rstrip(b"\r")
        k.say(spoilt(message))
        if status_of(k, item).fixed.get("status") not in ON_LOAN:
            return meets("not carried out")
        k.ask(k.checkin(item))
        if status_of(k, item).fixed.get("status") in ON_LOAN:
            return unsafe("carried out, and not taken back")
    return breaks("carried out")


def status_of(k: Kiosk, item: str) -> Answer:
    """18 about an item."""
    answer = k.ask(k.item_information(item))
    if "status" not in answer.fixed:
        raise NoAnswer("18 is misshapen")
    return answer
