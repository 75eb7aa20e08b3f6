"""PINs: what a right one opens, what a wrong one must not. Few wrong ones are tried, each followed by a right one."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes.sip2.checksums import ON_LOAN, status_of
from library_conformance.probes.sip2.kiosk import Kiosk, asks, each, is_so, kiosk
from library_conformance.probes.sip2.wire import Answer
from library_conformance.run import Run

ATTEMPTS = 12
PERSONAL = ("AE", "BD", "BE", "BF", "BV", "PB")


def wrong(pin: str) -> str:
    """A PIN of the same length that is another."""
    return "".join(str((int(digit) + 5) % 10) if digit.isdigit() else "x" for digit in pin)


def asked(k: Kiosk, pin: str | None) -> Answer:
    """24 or 64 for the patron with this PIN; None leaves AD out, where the message may do without."""
    patron = k.run.input("patron")
    if pin is None:
        return k.ask(k.patron_information(patron, "").replace("AD|", ""))
    return k.ask(k.patron_information(patron, pin))


@asks(
    "sip2.pin.wrong/64",
    inputs=("patron", "patron_pin"),
    needs=("sip2.pin.right/64",),
    verifies=("sip2.pin.wrong", "sip2.pin.wrong.said", "sip2.pin.wrong.nothing", "sip2.pin.secret"),
)
def wrong_pin(run: Run) -> Seen:
    """Asks for a patron's information with a wrong PIN, then with the right one."""
    pin = run.input("patron_pin")
    with kiosk(run) as k:
        refused = asked(k, wrong(pin))
        opened = asked(k, pin)
    said = refused.get("CQ")
    echoed = [one for one in (refused, opened) if one.has("AD") or pin in one.all("AF")]
    seen = each("sip2.pin.", {
        "wrong": said != "Y",
        "wrong.said": said == "N",
        "wrong.nothing": not any(refused.get(code) for code in PERSONAL),
        "secret": not echoed,
    })  # fmt: skip
    if said == "Y":
        seen.behaviours["sip2.pin.wrong"] = Behaviour.UNSAFE
    return seen


@asks(
    "sip2.pin.checkout/wrong",
    inputs=("patron", "patron_pin", "item"),
    safety=Safety.WRITE_REVERSIBLE,
    needs=("sip2.pin.right/64",),
)
def loan_with_wrong(run: Run) -> Seen:
    """Asks for a loan with a wrong PIN; where it is made, returns the item."""
    pin, item = run.input("patron_pin"), run.input("item")
    with kiosk(run) as k:
        if status_of(k, item).fixed.get("status") in ON_LOAN:
            raise SetupFailed("the item is on loan already")
        answer = k.ask(k.checkout(run.input("patron"), item, wrong(pin)))
        asked(k, pin)
        lent = status_of(k, item).fixed.get("status") in ON_LOAN
        if lent:
            k.ask(k.checkin(item))
            if status_of(k, item).fixed.get("status") in ON_LOAN:
                return unsafe("lent, and not taken back")
    if lent or answer.ok:
        return breaks("lent")
    return meets("refused")


@asks(
    "sip2.pin.guessing/many",
    inputs=("patron", "patron_pin", "patron_with_loans"),
    safety=Safety.DISRUPTIVE,
    needs=("sip2.pin.right/64",),
    verifies=("sip2.pin.guessing", "sip2.pin.guessing.others"),
)
def guessing(run: Run) -> Seen:
    """Guesses a dozen times at a patron's PIN, then tries the right one, and somebody else's."""
    pin, other = run.input("patron_pin"), run.input("patron_with_loans")
    with kiosk(run) as k:
        if k.ask(k.patron_information(other, pin)).get("CQ") != "Y":
            raise NotApplicable("the other patron has another PIN")
        for _ in range(ATTEMPTS):
            asked(k, wrong(pin))
        stopped = asked(k, pin).get("CQ") != "Y"
        others = k.ask(k.patron_information(other, pin)).get("CQ") == "Y"
    seen = "stopped" if stopped else f"not stopped after {ATTEMPTS}"
    return Seen(
        seen if others else f"{seen}; others are shut out too",
        is_so(stopped),
        {"sip2.pin.guessing.others": Behaviour.MEETS if others else Behaviour.BREAKS},
    )
