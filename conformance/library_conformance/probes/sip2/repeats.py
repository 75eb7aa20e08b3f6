"""Sequence numbers, and what is sent again: by kiosks that got no answer, by library systems asked to.

All octets by hand.
"""

from __future__ import annotations

from library_conformance.model import LOAN, Behaviour, NotApplicable, Safety, Seen, SetupFailed, unsafe
from library_conformance.probes.sip2.checksums import ON_LOAN, status_of
from library_conformance.probes.sip2.kiosk import STATUS, UNKNOWN_ITEM, asks, is_so, kiosk
from library_conformance.probes.sip2.wire import sealed
from library_conformance.run import Run

RESEND = b"97AZFEF5\r"
"""Request SC resend. 9 + 7 + A + Z are 57 + 55 + 65 + 90 = 267 = 010B, and 10000 - 010B is FEF5."""


@asks("sip2.sequence.echo/all-digits", octets=True, verifies=("sip2.sequence.echo", "sip2.sequence.any"))
def echo(run: Run) -> Seen:
    """Sends 99 with every digit, in no order, and some twice."""
    digits = ["7", "0", "1", "1", "9", "3", "2", "8", "4", "6", "5", "0"]
    with kiosk(run) as k:
        answers = [k.expect(sealed(STATUS.encode(), digit) + b"\r", "99") for digit in digits]
    taken = [one.code == "98" for one in answers]
    echoed = [one.sequence == digit for one, digit in zip(answers, digits, strict=True) if one.code == "98"]
    behaviours = {"sip2.sequence.any": Behaviour.MEETS if all(taken) else Behaviour.BREAKS}
    if not all(taken):
        return Seen("refused for its order", Behaviour.MEETS if all(echoed) else Behaviour.BREAKS, behaviours)
    return Seen(
        "echoed" if all(echoed) else "another number", Behaviour.MEETS if all(echoed) else Behaviour.BREAKS, behaviours
    )


@asks(
    "sip2.sequence.repeat.once/11",
    octets=True,
    verifies=("sip2.sequence.repeat.once", "sip2.sequence.reconnect"),
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
)
def loan_twice(run: Run) -> Seen:
    """Asks for a loan twice in the same octets, then once more on a new link, and returns the item."""
    item = run.input("item")
    with kiosk(run) as k:
        if status_of(k, item).fixed.get("status") in ON_LOAN:
            raise SetupFailed("the item is on loan already")
        message = k.message(k.checkout(run.input("patron"), item))
        run.left.add(LOAN)
        first = k.expect(message, "11")
        if not first.ok:
            run.left.discard(LOAN)
            raise NotApplicable("the item is not lent to this patron")
        second = k.say(message)
    try:
        with kiosk(run) as fresh:
            third = fresh.say(message)
    finally:
        with kiosk(run) as k:
            k.ask(k.checkin(item))
            left = status_of(k, item).fixed.get("status") in ON_LOAN
    if left:
        return unsafe("the item could not be returned")
    run.left.discard(LOAN)
    here = second is not None and second.without_date == first.without_date
    there = third is not None and third.code == "12" and third.ok and third.fixed.get("second") == "N"
    return Seen(
        f"{'the same' if here else 'another'} answer on the link, {'the same' if there else 'another'} on a new one",
        Behaviour.MEETS if here else Behaviour.BREAKS,
        {"sip2.sequence.reconnect": Behaviour.MEETS if there else Behaviour.BREAKS},
    )


# Request SC resend


@asks(
    "sip2.resend.answer/97",
    octets=True,
    verifies=("sip2.resend.answer", "sip2.resend.answer.again", "sip2.resend.checksum", "sip2.resend.sequence"),
)
def resend(run: Run) -> Seen:
    """Asks about an item, then for that answer again, twice."""
    with kiosk(run) as k:
        first = k.ask(k.item_information(run.input("item", UNKNOWN_ITEM)))
        second = k.expect(RESEND, "97")
        third = k.expect(RESEND, "a second 97") if not k.line.closed else second
    same = second.body == first.body
    again = third.body == first.body
    summed = second.digits is not None and second.sums_up
    kept = second.sequence == first.sequence
    if not same:
        seen = f"answered {second.code}"
    else:
        seen = f"the same answer{'' if again else ', once'}, {'with' if kept else 'without'} its number"
    return Seen(
        seen if summed else seen + ", wrong sum",
        is_so(same),
        {
            "sip2.resend.answer.again": is_so(same and again),
            "sip2.resend.checksum": is_so(summed),
            "sip2.resend.sequence": is_so(kept),
        },
    )
