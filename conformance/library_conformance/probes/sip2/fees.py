"""Payments: only such as no system may take are sent, because SIP2 cannot give money back."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Safety, Seen, breaks, meets, unsafe
from library_conformance.probes.sip2.kiosk import Kiosk, asks, is_so, kiosk
from library_conformance.probes.sip2.patron import offered
from library_conformance.run import Run


def owed(k: Kiosk, patron: str) -> str:
    """What 24 says the patron owes."""
    return k.ask(k.patron_status(patron)).get("BV") or "0"


@asks(
    "sip2.fee.refuse.nonsense/amounts",
    safety=Safety.DISRUPTIVE,
    inputs=("patron",),
    verifies=("sip2.fee.refuse.nonsense", "sip2.fee.refuse.negative", "sip2.fee.refuse.nothing-owed"),
)
def nonsense(run: Run) -> Seen:
    """Pays `abc`, minus one and one for a patron who owes nothing, and looks whether the account has changed."""
    offered(run, "37")
    patron = run.input("patron")
    with kiosk(run) as k:
        before = owed(k, patron)
        if before.strip("0.,") != "":
            raise NotApplicable("the patron owes something")
        answers = {amount: k.ask(k.fee_paid(patron, amount)) for amount in ("abc", "-1.00", "1.00")}
        after = owed(k, patron)
    if after.strip("0.,") != "":
        return unsafe("the account has changed")
    taken = [amount for amount, one in answers.items() if one.ok]
    told = bool(answers["1.00"].get("AF")) or not answers["1.00"].ok
    return Seen(
        f"takes {', '.join(taken)}" if taken else "takes none",
        is_so("abc" not in taken),
        {
            "sip2.fee.refuse.negative": is_so("-1.00" not in taken),
            "sip2.fee.refuse.nothing-owed": is_so(told),
        },
    )


@asks("sip2.fee.refuse.currency/other", safety=Safety.DISRUPTIVE, inputs=("patron_blocked",))
def other_currency(run: Run) -> Seen:
    """Pays a hundredth in a currency of nowhere (XTS, for tests) for a patron who owes, and looks."""
    offered(run, "37")
    patron = run.input("patron_blocked")
    with kiosk(run) as k:
        before = owed(k, patron)
        answer = k.ask(k.fee_paid(patron, "0.01", currency="XTS"))
        after = owed(k, patron)
    if before != after:
        return unsafe("booked as its own")
    return breaks("38Y") if answer.ok else meets("38N")
