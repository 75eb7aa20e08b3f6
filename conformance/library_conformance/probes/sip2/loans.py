"""Loans: lending, returning, undoing, what happened off line, renewing. Everything is taken back, and looked after."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from library_conformance.model import LOAN, Behaviour, NotApplicable, Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes.sip2.checksums import ON_LOAN, status_of
from library_conformance.probes.sip2.kiosk import (
    UNKNOWN_ITEM,
    UNKNOWN_PATRON,
    Kiosk,
    NoAnswer,
    NotUndone,
    asks,
    each,
    is_so,
    kiosk,
)
from library_conformance.probes.sip2.patron import counts, known, offered
from library_conformance.probes.sip2.wire import Answer, moment, now
from library_conformance.run import Run

LENT = "sip2.checkout.lend/and-return"


def lent(k: Kiosk, item: str) -> bool:
    return status_of(k, item).fixed.get("status") in ON_LOAN


@contextlib.contextmanager
def returned_after(k: Kiosk, item: str) -> Iterator[None]:
    """The item is on the shelf before, and is brought there again whatever happens. Raises NotUndone."""
    if lent(k, item):
        raise SetupFailed("the item is on loan already")
    k.run.left.add(LOAN)
    try:
        yield
    finally:
        with kiosk(k.run) as other:
            if lent(other, item):
                with contextlib.suppress(NoAnswer):
                    other.ask(other.checkin(item))
                if lent(other, item):
                    raise NotUndone("the item could not be returned")
        k.run.left.discard(LOAN)


@asks(
    LENT,
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
    verifies=(
        "sip2.checkout.lend", "sip2.checkout.due", "sip2.checkout.title", "sip2.checkout.seen",
        "sip2.checkout.desensitize", "sip2.checkout.independent", "sip2.checkin.return", "sip2.checkin.place",
        "sip2.checkin.seen", "sip2.checkin.resensitize",
    ),
)  # fmt: skip
def lend_and_return(run: Run) -> Seen:
    """Lends an item as the first message about anybody on a link, looks at item and patron, returns it, and looks."""
    patron, item = run.input("patron"), run.input("item")
    with kiosk(run) as looking:
        before = _loans(looking, patron)
        with returned_after(looking, item):
            with kiosk(run) as k:
                out = k.ask(k.checkout(patron, item))
            if not out.ok:
                return Seen("refused", Behaviour.UNCLEAR, {"sip2.checkout.lend": Behaviour.BREAKS})
            seen = lent(looking, item)
            during = _loans(looking, patron)
            back = looking.ask(looking.checkin(item))
            after = lent(looking, item)
        left = _loans(looking, patron)
    if left != before:
        return unsafe("the patron has a loan more than before")
    return each("sip2.", {
        "checkout.lend": True,
        "checkout.due": bool(out.get("AH")),
        "checkout.title": out.get("AB") == item and bool(out.get("AJ")),
        "checkout.seen": seen and (before is None or during is None or during == before + 1),
        "checkout.desensitize": out.fixed.get("fourth") in ("Y", "U"),
        "checkout.independent": True,
        "checkin.return": back.ok,
        "checkin.place": bool(back.get("AQ")),
        "checkin.seen": not after,
        "checkin.resensitize": back.fixed.get("second") == "Y",
    })  # fmt: skip


def _loans(k: Kiosk, patron: str) -> int | None:
    """How many loans 64 says the patron has; None where it does not. SetupFailed where nobody knows the patron."""
    return counts(known(k.ask(k.patron_information(patron))))[2]


def _refused(k: Kiosk, body: str, item: str) -> Answer:
    """The answer to a loan that must be refused; one that was made is taken back at once."""
    if item != UNKNOWN_ITEM:
        k.run.left.add(LOAN)
    answer = k.ask(body)
    if answer.ok and item != UNKNOWN_ITEM:
        k.ask(k.checkin(item))
        if lent(k, item):
            raise NotUndone("lent, and not taken back")
    k.run.left.discard(LOAN)
    return answer


def _no(answer: Answer, what: str) -> Seen:
    """What a refusal must be like, besides its being one."""
    reads = {
        what: is_so(not answer.ok),
        "sip2.checkout.refuse.why": is_so(bool(answer.get("AF"))),
        "sip2.checkout.refuse.desensitize": is_so(answer.fixed.get("fourth") != "Y"),
    }
    if answer.ok:
        return Seen("lent", Behaviour.BREAKS, reads)
    wrong = [name.rpartition(".")[2] for name, one in reads.items() if one is Behaviour.BREAKS]
    return Seen("refused" + (f", not so: {', '.join(wrong)}" if wrong else ""), behaviours=reads)


MANNERS = ("sip2.checkout.refuse.why", "sip2.checkout.refuse.desensitize")


@asks(
    "sip2.checkout.refuse.item/unknown",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron",),
    verifies=("sip2.checkout.refuse.item", *MANNERS),
)
def unknown_item(run: Run) -> Seen:
    """Asks for a loan of an item that does not exist."""
    with kiosk(run) as k:
        return _no(k.ask(k.checkout(run.input("patron"), UNKNOWN_ITEM)), "sip2.checkout.refuse.item")


@asks("sip2.checkout.refuse.patron/unknown", safety=Safety.WRITE_REVERSIBLE, inputs=("item",))
def unknown_patron(run: Run) -> Seen:
    """Asks for a loan to somebody who does not exist."""
    with kiosk(run) as k:
        answer = _refused(k, k.checkout(UNKNOWN_PATRON, run.input("item")), run.input("item"))
    return breaks("lent") if answer.ok else meets("refused")


@asks(
    "sip2.checkout.refuse.blocked/owes",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron_blocked", "item"),
    verifies=("sip2.checkout.refuse.blocked", *MANNERS),
)
def blocked_patron(run: Run) -> Seen:
    """Asks for a loan to a patron who may not borrow."""
    with kiosk(run) as k:
        answer = _refused(k, k.checkout(run.input("patron_blocked"), run.input("item")), run.input("item"))
    return _no(answer, "sip2.checkout.refuse.blocked")


@asks(
    "sip2.checkout.refuse.on-loan/somebody-elses",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item_on_loan"),
    verifies=("sip2.checkout.refuse.on-loan", "sip2.checkout.refuse.unnamed", *MANNERS),
)
def somebody_elses(run: Run) -> Seen:
    """Asks for a loan of an item that somebody else has."""
    with kiosk(run) as k:
        if not lent(k, run.input("item_on_loan")):
            raise SetupFailed("the item is not on loan")
        answer = k.ask(k.checkout(run.input("patron"), run.input("item_on_loan")))
        if answer.ok:
            return unsafe("lent to another, which cannot be taken back")
        name = ""
        if "patron_with_loans" in run.inputs:
            name = k.ask(k.patron_status(run.input("patron_with_loans"))).get("AE") or ""
    seen = _no(answer, "sip2.checkout.refuse.on-loan")
    named = bool(name) and any(name in text for text in answer.all("AF"))
    if named:
        return unsafe("names the borrower")
    seen.behaviours["sip2.checkout.refuse.unnamed"] = is_so(not named)
    return seen


@asks(
    "sip2.checkout.again/own",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
    needs=(LENT,),
    verifies=("sip2.checkout.again", "sip2.checkout.renews"),
)
def again(run: Run) -> Seen:
    """Lends an item, asks for it again without and with the kiosk's leave to renew, and returns it."""
    patron, item = run.input("patron"), run.input("item")
    with kiosk(run) as k, returned_after(k, item):
        if not k.ask(k.checkout(patron, item)).ok:
            raise NotApplicable("the item is not lent to this patron")
        loans = _loans(k, patron)
        refused = k.ask(k.checkout(patron, item, renewal="N", date=moment(now() + timedelta(seconds=1))))
        renewed = k.ask(k.checkout(patron, item, renewal="Y", date=moment(now() + timedelta(seconds=2))))
        twice = _loans(k, patron) != loans
    word = "lent twice" if twice else "renewed all the same" if refused.ok else "refused"
    leave, behaviour = _renewal(renewed)
    return Seen(
        f"{word}; with leave {leave}",
        behaviours={
            "sip2.checkout.again": is_so(not refused.ok and not twice),
            "sip2.checkout.renews": behaviour,
        },
    )


@asks(
    "sip2.renew.renew/own",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
    needs=(LENT,),
    verifies=("sip2.renew.answer", "sip2.renew.renew"),
)
def renew_own(run: Run) -> Seen:
    """Lends an item, renews it, and returns it."""
    offered(run, "29")
    patron, item = run.input("patron"), run.input("item")
    with kiosk(run) as k, returned_after(k, item):
        if not k.ask(k.checkout(patron, item)).ok:
            raise NotApplicable("the item is not lent to this patron")
        seen, behaviour = _renewal(k.ask(k.renew(patron, item)))
    return Seen(seen, behaviours={"sip2.renew.renew": behaviour})


def _renewal(answer: Answer) -> tuple[str, Behaviour]:
    """What 12 or 30 says of a renewal. One that is refused with a reason, a day after the loan too soon, may be so."""
    if answer.ok:
        proper = answer.fixed.get("second") == "Y" and bool(answer.get("AH"))
        return ("a renewal", Behaviour.MEETS) if proper else ("misshapen", Behaviour.BREAKS)
    return ("refused", Behaviour.INFORMATION) if answer.get("AF") else ("refused without a word", Behaviour.BREAKS)


@asks("sip2.checkin.shelf/not-lent", safety=Safety.WRITE_REVERSIBLE, inputs=("item",))
def return_from_shelf(run: Run) -> Seen:
    """Returns an item that is on the shelf."""
    with kiosk(run) as k:
        before = status_of(k, run.input("item")).fixed.get("status")
        if before in ON_LOAN:
            raise SetupFailed("the item is on loan")
        answer = k.ask(k.checkin(run.input("item")))
        after = status_of(k, run.input("item")).fixed.get("status")
    return meets(f"10{int(answer.ok)}" + ("" if before == after else ", its status changes"))


@asks("sip2.undo.checkout/bi", safety=Safety.WRITE_REVERSIBLE, inputs=("patron", "item"), needs=(LENT,))
def undo(run: Run) -> Seen:
    """Lends an item, undoes that by a checkin with BI=Y, and looks at item and patron."""
    patron, item = run.input("patron"), run.input("item")
    with kiosk(run) as k, returned_after(k, item):
        before = status_of(k, item).fixed.get("status"), _loans(k, patron)
        if not k.ask(k.checkout(patron, item)).ok:
            raise NotApplicable("the item is not lent to this patron")
        answer = k.ask(k.checkin(item, cancel="Y"))
        after = status_of(k, item).fixed.get("status"), _loans(k, patron)
    if not answer.ok:
        return breaks("refused")
    return meets("undone") if before == after else breaks("said to be undone, and another state")


@asks(
    "sip2.offline.checkout/no-block",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
    needs=(LENT,),
    verifies=("sip2.offline.checkout", "sip2.offline.due"),
)
def happened(run: Run) -> Seen:
    """Tells of a loan made ten minutes ago with its due date, looks at the date, and returns the item."""
    status = run.found.get("status")
    if not isinstance(status, Answer) or status.fixed.get("offline") != "Y":
        raise NotApplicable("98 does not say off-line ok")
    then, due = moment(now() - timedelta(minutes=10)), now() + timedelta(days=5)
    item = run.input("item")
    with kiosk(run) as k, returned_after(k, item):
        answer = k.ask(k.checkout(run.input("patron"), item, no_block="Y", date=then, due=moment(due)))
        said = status_of(k, item).get("AH") or answer.get("AH") or ""
    digits = "".join(one for one in said if one.isdigit())
    kept = any(f"{due:{form}}" in digits for form in ("%Y%m%d", "%d%m%Y", "%m%d%Y", "%d%m%y", "%m%d%y"))
    if not answer.ok:
        return Seen("refused", Behaviour.BREAKS)
    return Seen("taken" if kept else "taken, with another due date", behaviours={"sip2.offline.due": is_so(kept)})


# Renewal


@asks(
    "sip2.renew.refuse/not-lent",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item"),
    verifies=("sip2.renew.refuse", "sip2.renew.refuse.why"),
)
def renew_not_lent(run: Run) -> Seen:
    """Renews an item that the patron does not have."""
    offered(run, "29")
    with kiosk(run) as k:
        if lent(k, run.input("item")):
            raise SetupFailed("the item is on loan")
        answer = k.ask(k.renew(run.input("patron"), run.input("item")))
    why = bool(answer.get("AF"))
    seen = "renewed" if answer.ok else "refused" if why else "refused without a word"
    return Seen(seen, is_so(not answer.ok), {"sip2.renew.refuse.why": is_so(why)})


@asks(
    "sip2.renew-all.answer/none",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron",),
    verifies=("sip2.renew-all.answer", "sip2.renew-all.counts", "sip2.renew-all.unknown"),
)
def renew_nothing(run: Run) -> Seen:
    """Renews everything of a patron without loans, and of somebody who does not exist."""
    offered(run, "65")
    with kiosk(run) as k:
        if _loans(k, run.input("patron")):
            raise SetupFailed("the patron has loans")
        answer = k.ask(k.renew_all(run.input("patron")))
        nobody = k.ask(k.renew_all(UNKNOWN_PATRON))
    counted = answer.fixed.get("renewed", "") + answer.fixed.get("unrenewed", "")
    agrees = counted == "0" * 8 and not answer.has("BM") and not answer.has("BN")
    return Seen(
        f"{'nothing' if agrees else 'something'} renewed; for nobody 66{int(nobody.ok)}",
        behaviours={"sip2.renew-all.counts": is_so(agrees), "sip2.renew-all.unknown": is_so(not nobody.ok)},
    )
