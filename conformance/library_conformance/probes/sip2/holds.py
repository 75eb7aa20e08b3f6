"""Holds: placed and withdrawn again, and those that cannot be."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Safety, Seen, unsafe
from library_conformance.probes.sip2.kiosk import (
    UNKNOWN_ITEM,
    Kiosk,
    asks,
    is_so,
    kiosk,
)
from library_conformance.probes.sip2.patron import counts, known, offered
from library_conformance.run import Run


def held(k: Kiosk, patron: str) -> int:
    """How many holds 64 counts, those that cannot be fetched yet too. NotApplicable where it does not count them."""
    said = counts(known(k.ask(k.patron_information(patron))))
    if said[0] is None and said[5] is None:
        raise NotApplicable("64 does not count holds")
    return (said[0] or 0) + (said[5] or 0)


@asks(
    "sip2.hold.place/and-cancel",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item_on_loan"),
    verifies=("sip2.hold.answer", "sip2.hold.place", "sip2.hold.cancel"),
)
def place(run: Run) -> Seen:
    """Places a hold on an item that somebody has, looks, withdraws it, and looks."""
    offered(run, "15")
    patron, item = run.input("patron"), run.input("item_on_loan")
    with kiosk(run) as k:
        before = held(k, patron)
        placed = k.ask(k.hold("+", patron, item))
        stood = held(k, patron) == before + 1
        withdrawn = stood and k.ask(k.hold("-", patron, item)).ok
        after = held(k, patron)
    if after != before:
        return unsafe("the hold could not be withdrawn")
    seen = "placed and withdrawn" if withdrawn else "said to be placed, and not there" if placed.ok else "refused"
    return Seen(seen, behaviours={"sip2.hold.place": is_so(placed.ok and stood), "sip2.hold.cancel": is_so(withdrawn)})


@asks(
    "sip2.hold.refuse.item/unknown",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron",),
    verifies=("sip2.hold.refuse.item", "sip2.hold.refuse.cancel"),
)
def unknown_item(run: Run) -> Seen:
    """Places a hold on an item that does not exist, and withdraws one that was never placed."""
    offered(run, "15")
    with kiosk(run) as k:
        placed = k.ask(k.hold("+", run.input("patron"), UNKNOWN_ITEM))
        withdrawn = k.ask(k.hold("-", run.input("patron"), UNKNOWN_ITEM))
    return Seen(
        f"16{int(placed.ok)} to the one, 16{int(withdrawn.ok)} to the other",
        is_so(not placed.ok),
        {"sip2.hold.refuse.cancel": is_so(not withdrawn.ok)},
    )
