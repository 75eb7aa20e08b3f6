"""What people wait for, owe and prove, through the doors that tell it. Holds are taken back; nobody pays anything."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

from library_conformance.model import (
    REQUEST,
    Behaviour,
    NotApplicable,
    Safety,
    Seen,
    SetupFailed,
    breaks,
    meets,
    unsafe,
)
from library_conformance.probes import probe
from library_conformance.probes.cross.doors import Circulation, circulation, people
from library_conformance.run import Run

VISIBLE, WITHDRAWN = "cross.hold.visible", "cross.hold.withdrawn"


@probe("cross.patron.name/one-patron", inputs=("patron",))
def name(run: Run) -> Seen:
    """Asks every door what a patron is called; one may know fewer names than another, and in another order."""
    with people(run) as doors:
        told = [words for door in doors if (words := door.called(run.input("patron")))]
    if len(told) < 2:
        raise NotApplicable("fewer than two doors tell a name")
    shortest = min(told, key=len)
    return meets("the same") if all(shortest <= words for words in told) else breaks("different names")


@probe("cross.patron.pin/right-one", inputs=("patron", "patron_pin"))
def pin(run: Run) -> Seen:
    """Proves with the right PIN, through every door, that somebody is the patron."""
    with people(run) as doors:
        shut = [door.name for door in doors if not door.lets_in(run.input("patron"), run.input("patron_pin"))]
        if len(shut) == len(doors):
            raise SetupFailed("the PIN of the inputs is right nowhere")
    return breaks(f"not right through {', '.join(shut)}") if shut else meets("right everywhere")


@probe("cross.fees.balance/owing-and-not", inputs=("patron", "patron_blocked"))
def balance(run: Run) -> Seen:
    """Asks every door for lending what two patrons owe."""
    with circulation(run) as doors:
        owing = {door.name: door.balance(run.input("patron_blocked")) for door in doors}
        clear = {door.name: door.balance(run.input("patron")) or Decimal() for door in doors}
    silent = [door for door, amount in owing.items() if amount is None]
    if len(silent) == len(owing):
        raise NotApplicable("no door tells what is owed")
    if silent:
        return breaks(f"not told through {', '.join(silent)}")
    same = len(set(owing.values())) == len(set(clear.values())) == 1
    return meets("the same everywhere") if same else breaks("different amounts")


@probe(
    "cross.hold.visible/request-here-look-there",
    verifies=(VISIBLE, WITHDRAWN),
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item_on_loan"),
)
def request_and_look(run: Run) -> Seen:
    """Requests an item that is lent through each door in turn, looks through the others, and takes the request back
    through another one."""
    patron, item = run.input("patron"), run.input("item_on_loan")
    wrong: dict[str, str] = {}
    with circulation(run) as doors:
        before = _counted(doors, patron)
        for one, other in permutations(doors, 2):
            run.left.add(REQUEST)
            if not one.request(patron, item):
                run.left.discard(REQUEST)
                raise SetupFailed(f"the item cannot be requested through {one.name}")
            try:
                if other.holds(patron) != before[other.name] + 1:
                    wrong[VISIBLE] = f"requested through {one.name}, not there through {other.name}"
            finally:
                taken = other.withdraw(patron, item)
            if not taken:
                wrong[WITHDRAWN] = f"requested through {one.name}, not taken back through {other.name}"
            elif _counted(doors, patron) != before:
                wrong[WITHDRAWN] = f"taken back through {other.name}, still there"
            if _counted(doors, patron) != before:
                one.withdraw(patron, item)
            if _counted(doors, patron) != before:
                return unsafe("the request stays")
            run.left.discard(REQUEST)
    behaviours = {one: Behaviour.BREAKS if one in wrong else Behaviour.MEETS for one in (VISIBLE, WITHDRAWN)}
    return Seen("; ".join(wrong.values()) or "seen everywhere, and taken back everywhere", behaviours=behaviours)


def _counted(doors: list[Circulation], patron: str) -> dict[str, int]:
    return {door.name: door.holds(patron) for door in doors}
