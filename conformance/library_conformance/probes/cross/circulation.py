"""People, items and loans through the doors for lending. What is lent is returned, and that is looked at."""

from __future__ import annotations

from itertools import permutations

from library_conformance.model import LOAN, Behaviour, Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes import probe
from library_conformance.probes.cross.doors import ON_LOAN, Circulation, circulation, people
from library_conformance.run import Run

NOBODY = "zz-no-such-card-0"


@probe("cross.patron.known/somebody-and-nobody", inputs=("patron",))
def known(run: Run) -> Seen:
    """Asks every door for a patron and for somebody who does not exist."""
    with people(run) as doors:
        strangers = [door.name for door in doors if not door.knows(run.input("patron"))]
        ghosts = [door.name for door in doors if door.knows(NOBODY)]
    if strangers:
        return breaks(f"not known through {', '.join(strangers)}")
    return breaks(f"nobody is somebody through {', '.join(ghosts)}") if ghosts else meets("the same everywhere")


@probe("cross.patron.blocked/through-each", inputs=("patron_blocked",))
def blocked(run: Run) -> Seen:
    """Asks every door for lending whether a patron who is blocked may borrow."""
    with circulation(run) as doors:
        free = [door.name for door in doors if door.may_borrow(run.input("patron_blocked"))]
    if free and len(free) < len(doors):
        return breaks(f"may borrow through {', '.join(free)} alone")
    if free:
        raise SetupFailed("the patron of the input patron_blocked is not blocked")
    return meets("blocked everywhere")


@probe("cross.item.status/on-the-shelf-and-on-loan", inputs=("item", "item_on_loan"))
def status(run: Run) -> Seen:
    """Asks every door where two items stand."""
    with circulation(run) as doors:
        for name in ("item", "item_on_loan"):
            said = {door.name: door.status(run.input(name)) for door in doors}
            if len(set(said.values())) > 1:
                return breaks("; ".join(f"{door}: {where}" for door, where in said.items()))
    return meets("the same everywhere")


@probe("cross.item.title/one-item", inputs=("item",))
def title(run: Run) -> Seen:
    """Asks every door for the title of an item; one may be shorter than the other."""
    with circulation(run) as doors:
        said = [" ".join(door.title(run.input("item")).split()).casefold() for door in doors]
    if not all(said):
        return breaks("a door tells no title")
    shortest = min(said, key=len)
    return meets("the same") if all(one.startswith(shortest) for one in said) else breaks("different titles")


@probe(
    "cross.loan.visible/lend-here-look-there",
    verifies=("cross.loan.visible", "cross.loan.account", "cross.loan.returned"),
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
)
def lend_and_look(run: Run) -> Seen:
    """Lends an item through each door in turn, looks through the others, and returns it through another one."""
    patron, item = run.input("patron"), run.input("item")
    wrong: dict[str, str] = {}
    with circulation(run) as doors:
        for one, other in permutations(doors, 2):
            if any(door.status(item) == ON_LOAN for door in doors):
                raise SetupFailed("the item is on loan")
            run.left.add(LOAN)
            if not one.lend(patron, item):
                run.left.discard(LOAN)
                raise SetupFailed(f"the item cannot be lent through {one.name}")
            try:
                _look(one, other, patron, item, wrong)
            finally:
                undone = other.take_back(item) or one.take_back(item)
            if not undone:
                return unsafe("the item could not be returned")
            left = [door.name for door in doors if door.status(item) == ON_LOAN]
            if left:
                wrong["cross.loan.returned"] = f"returned through {other.name}, on loan through {', '.join(left)}"
            if len(left) == len(doors):
                one.take_back(item)
                return unsafe("the item stayed on loan")
            run.left.discard(LOAN)
    behaviours = {
        name: Behaviour.BREAKS if name in wrong else Behaviour.MEETS
        for name in ("cross.loan.visible", "cross.loan.account", "cross.loan.returned")
    }
    return Seen("; ".join(wrong.values()) or "seen everywhere, and returned everywhere", behaviours=behaviours)


def _look(one: Circulation, other: Circulation, patron: str, item: str, wrong: dict[str, str]) -> None:
    if other.status(item) != ON_LOAN:
        wrong["cross.loan.visible"] = f"lent through {one.name}, not on loan through {other.name}"
    if item not in other.loans(patron):
        wrong["cross.loan.account"] = f"lent through {one.name}, not on the account through {other.name}"
