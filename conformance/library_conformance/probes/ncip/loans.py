"""Loans: lent, looked at, lent again by the same message, renewed, recalled, returned; everything is taken back.

Each probe lends and returns by itself; `lent` proves before and after that the item is on its shelf.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from library_conformance.model import (
    LOAN,
    Safety,
    Seen,
    SetupFailed,
    breaks,
    meets,
    told,
    unclear,
    unsafe,
)
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, refusal, words
from library_conformance.probes.ncip.items import on_loan
from library_conformance.probes.ncip.people import FOUND as USER
from library_conformance.probes.ncip.people import look as look_up_user
from library_conformance.probes.ncip.undoing import NotDone, Stays, judged, number, takes_back
from library_conformance.probes.ncip.words import NOBODY, e
from library_conformance.run import Run

WRITE = Safety.WRITE_REVERSIBLE
LEND = "ncip.check-out.answer/lend-and-return"
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def check_out(run: Run, card: str, barcode: str, request: str = "", more: str = "") -> Answer:
    say = words(run)
    named = say.request(request) if request else ""
    return ask(run, say.say("CheckOutItem", say.user(card), say.item(barcode), named, more))


def check_in(run: Run, barcode: str) -> Answer:
    say = words(run)
    return ask(run, say.say("CheckInItem", say.item(barcode)))


@dataclass
class Loan:
    """A loan that is being tried. `request` is what the check-out was called; `back`: it was returned already."""

    card: str
    barcode: str
    request: str
    answer: Answer
    back: bool = False


@contextlib.contextmanager
def lent(run: Run) -> Iterator[Loan]:
    """The item lent to the patron while the block runs. Raises NotDone and Stays."""
    card, barcode = run.input("patron"), run.input("item")
    if on_loan(run, barcode):
        raise SetupFailed("the input 'item' is on loan already")
    request = number(run, "loan")
    run.left.add(LOAN)
    answer = check_out(run, card, barcode, request)
    if not answer.ok:
        if answer.types or (check_in(run, barcode).octets and on_loan(run, barcode) is False):
            run.left.discard(LOAN)
        raise NotDone(refusal(answer) or breaks(answer.types or "no answer of its own"))
    loan = Loan(card, barcode, request, answer)
    try:
        yield loan
    finally:
        returned = loan.back or check_in(run, barcode).ok
        stays = on_loan(run, barcode)
        if stays or (stays is None and not returned):
            raise Stays("the item stays on loan")
        run.left.discard(LOAN)


@probe(LEND, verifies=("ncip.check-out.answer", "ncip.check-out.same-ids", "ncip.check-out.due-date",
                       "ncip.dates.form", "ncip.dates.zone", "ncip.check-out.visible", "ncip.check-in.answer",
                       "ncip.check-in.visible"),
       needs=(USER,), safety=WRITE, inputs=("patron", "item"), octets=True)  # fmt: skip
@takes_back
def lend_and_return(run: Run) -> Seen:
    """Lends the item to the patron, looks how it stands, and returns it."""
    with lent(run) as loan:
        answer = loan.answer
        due = answer.text("DateDue")
        lent_out = on_loan(run, loan.barcode)
        back = check_in(run, loan.barcode)
        loan.back = back.ok
        here = on_loan(run, loan.barcode)
    return judged({
        "ncip.check-out.answer": not answer.faults() and answer.name == "CheckOutItemResponse",
        "ncip.check-out.same-ids": loan.barcode in answer.texts("ItemIdentifierValue")
        and loan.card in answer.texts("UserIdentifierValue"),
        "ncip.check-out.due-date": bool(due) or answer.has("IndeterminateLoanPeriodFlag")
        or answer.has("NonReturnableFlag"),
        "ncip.dates.form": not due or bool(DATE_TIME.fullmatch(due)),
        "ncip.dates.zone": not due or bool(re.search(r"(Z|[+-]\d\d:\d\d)$", due)),
        "ncip.check-out.visible": lent_out is not False,
        "ncip.check-in.answer": back.ok and not back.faults() and loan.barcode in back.texts("ItemIdentifierValue"),
        "ncip.check-in.visible": not here,
    }, "lent, seen and returned")  # fmt: skip


@probe("ncip.lookup-user.loans.agree/while-lent", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def loans_agree(run: Run) -> Seen:
    """Lends the item and asks for the patron's loans."""
    with lent(run) as loan:
        answer = look_up_user(run, loan.card, "User Privilege", more="<LoanedItemsDesired/>")
    if not answer.ok:
        return told(f"refused: {answer.types}")
    if loan.barcode not in answer.texts("LoanedItem", "ItemId", "ItemIdentifierValue"):
        return breaks("the loan is not among them")
    return meets("the loan is among them")


@probe("ncip.exactly-once.check-out/same-message", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def lend_again(run: Run) -> Seen:
    """Says the same check-out twice, as after a timeout."""
    with lent(run) as loan:
        second = check_out(run, loan.card, loan.barcode, loan.request)
    if not second.readable:
        return breaks("no answer of NCIP")
    if second.problems:
        return breaks(f"refused the second time: {second.types}")
    same = second.text("DateDue") == loan.answer.text("DateDue")
    return meets("answered as the first time") if same else breaks("another due date the second time")


@probe("ncip.exactly-once.check-in/same-message", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def return_again(run: Run) -> Seen:
    """Lends the item and says the same check-in twice."""
    with lent(run) as loan:
        first = check_in(run, loan.barcode)
        loan.back = first.ok
        second = check_in(run, loan.barcode)
    if not first.ok:
        return unclear("the first one was refused")
    if not second.readable:
        return breaks("no answer of NCIP")
    return (
        breaks(f"refused the second time: {second.types}") if second.problems else meets("answered as the first time")
    )


@probe("ncip.check-out.after-return/same-message-later", needs=(LEND,), safety=WRITE, inputs=("patron", "item"),
       octets=True)  # fmt: skip
@takes_back
def lend_return_lend(run: Run) -> Seen:
    """Lends, returns and lends by the very message of the first time: this is a new loan, no repetition."""
    with lent(run) as loan:
        if not check_in(run, loan.barcode).ok:
            return unclear("not returned")
        second = check_out(run, loan.card, loan.barcode, loan.request)
        lent_out = on_loan(run, loan.barcode)
        if lent_out is None:
            return unclear("no status is told")
    if second.problems:
        return told("refused")
    return meets("lent again") if lent_out else breaks("answered, and not lent")


@probe("ncip.renew.answer/just-lent", verifies=("ncip.renew.answer", "ncip.renew.due-date"), needs=(LEND,),
       safety=WRITE, inputs=("patron", "item"), octets=True)  # fmt: skip
@takes_back
def renew(run: Run) -> Seen:
    """Lends the item and renews it: yes or no, in the form of the service."""
    say = words(run)
    with lent(run) as loan:
        answer = ask(run, say.say("RenewItem", say.user(loan.card), say.item(loan.barcode)))
    if seen := refusal(answer):
        return seen
    if answer.name != "RenewItemResponse" or answer.faults():
        return breaks("not as the schema has it")
    if answer.problems:
        known = ("Item Not Renewable", "Maximum Renewals Exceeded", "User Ineligible To Renew This Item",
                 "Renewal Not Allowed - Item Has Outstanding Requests", "User Blocked")  # fmt: skip
        return meets("refused") if answer.problem(*known) else breaks(answer.types)
    earlier = answer.text("DateDue") and answer.text("DateDue") < loan.answer.text("DateDue")
    return breaks("an earlier due date") if earlier else meets("renewed")


@probe("ncip.renew.not-on-loan/shelf", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
def renew_nothing(run: Run) -> Seen:
    """Renews an item that is not on loan."""
    say = words(run)
    answer = ask(run, say.say("RenewItem", say.user(run.input("patron")), say.item(run.input("item"))))
    if seen := refusal(answer):
        return seen
    return (
        meets("Item Not Checked Out") if answer.problem("Item Not Checked Out") else breaks(answer.types or "renewed")
    )


@probe("ncip.recall.answer/lent-item", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def recall(run: Run) -> Seen:
    """Lends the item, recalls it, takes the recall back, and returns the item."""
    say = words(run)
    with lent(run) as loan:
        answer = ask(run, say.say("RecallItem", say.item(loan.barcode)))
        ask(run, say.say("CancelRecallItem", say.item(loan.barcode)))
    if seen := refusal(answer):
        return seen
    if answer.problems:
        return told(f"refused: {answer.types}")
    return breaks("not as the schema has it") if answer.faults() else meets("recalled")


@probe("ncip.undo.answer/just-lent", verifies=("ncip.undo.answer", "ncip.undo.visible"), needs=(LEND,), safety=WRITE,
       inputs=("patron", "item"), octets=True)  # fmt: skip
@takes_back
def undo(run: Run) -> Seen:
    """Lends the item and takes the check-out back."""
    say = words(run)
    with lent(run) as loan:
        answer = ask(run, say.say("UndoCheckOutItem", say.item(loan.barcode), say.user(loan.card)))
        loan.back = answer.ok
        stays = on_loan(run, loan.barcode)
        if stays:
            loan.back = False
    if seen := refusal(answer):
        return seen
    if answer.problems:
        return told(f"refused: {answer.types}")
    if answer.faults():
        return breaks("not as the schema has it")
    return breaks("answered, and still lent") if stays else meets("taken back")


@probe("ncip.check-in.not-on-loan/shelf", needs=(LEND,), safety=WRITE, inputs=("item2",), octets=True)
def return_nothing(run: Run) -> Seen:
    """Returns an item that is not on loan: the standard has a problem for it, peers would rather have a yes."""
    if on_loan(run, run.input("item2")):
        raise SetupFailed("the input 'item2' is on loan")
    answer = check_in(run, run.input("item2"))
    if not answer.readable:
        return breaks("no answer of NCIP")
    if answer.ok:
        return meets("taken")
    return meets("Item Not Checked Out") if answer.problem("Item Not Checked Out") else breaks(answer.types)


def _refused(run: Run, answer: Answer, barcode: str, *wanted: str) -> Seen:
    """A check-out that must not be made; one that was made is taken back."""
    if seen := refusal(answer):
        return seen
    if answer.ok:
        returned = check_in(run, barcode).ok
        return breaks("lent") if returned and not on_loan(run, barcode) else unsafe("lent, and not returned")
    return meets("refused") if answer.problem(*wanted) else breaks(answer.types)


@probe("ncip.check-out.unknown-user/nobody", needs=(LEND,), safety=WRITE, inputs=("item",), octets=True)
def lend_to_nobody(run: Run) -> Seen:
    """Lends the item to a card that nobody has."""
    barcode = run.input("item")
    return _refused(run, check_out(run, NOBODY, barcode), barcode, "Unknown User", "User Authentication Failed")


@probe("ncip.check-out.unknown-item/nothing", needs=(LEND,), safety=WRITE, inputs=("patron",), octets=True)
def lend_nothing(run: Run) -> Seen:
    """Lends an item that nobody has."""
    return _refused(run, check_out(run, run.input("patron"), NOBODY), NOBODY, "Unknown Item")


@probe("ncip.check-out.blocked/owes-money", needs=(LEND,), safety=WRITE, inputs=("patron_blocked", "item"),
       octets=True)  # fmt: skip
def lend_to_blocked(run: Run) -> Seen:
    """Lends the item to a patron who may not borrow."""
    answer = check_out(run, run.input("patron_blocked"), run.input("item"))
    return _refused(run, answer, run.input("item"), "User Blocked", "User Ineligible To Check Out This Item",
                    "User Access Denied", "Element Rule Violated")  # fmt: skip


@probe("ncip.check-out.on-loan/somebody-elses", needs=(LEND,), safety=WRITE, inputs=("patron", "item_on_loan"),
       octets=True)  # fmt: skip
def lend_what_is_lent(run: Run) -> Seen:
    """Lends an item that somebody else has on loan. Where that succeeds it cannot be taken back."""
    answer = check_out(run, run.input("patron"), run.input("item_on_loan"))
    if seen := refusal(answer):
        return seen
    if answer.ok:
        return unsafe("lent although somebody else has it")
    return meets("refused") if not answer.problem("Unknown Item", "Unknown User") else breaks(answer.types)


def _wish(run: Run, wish: str) -> tuple[Answer, str]:
    barcode = run.input("item")
    answer = check_out(run, run.input("patron"), barcode, number(run, "wish"), e("DesiredDateDue", wish))
    if answer.ok and not check_in(run, barcode).ok and on_loan(run, barcode) is not False:
        raise Stays("the item stays on loan")
    return answer, answer.text("DateDue")


@probe("ncip.check-out.desired-date/three-days", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def wish(run: Run) -> Seen:
    """Lends with a wish for a due date three days from now: libraries follow it or do not."""
    wanted = datetime.now(UTC) + timedelta(days=3)
    answer, due = _wish(run, f"{wanted:%Y-%m-%dT12:00:00Z}")
    if not answer.ok:
        return told("refused")
    return told("followed" if due[:10] == f"{wanted:%Y-%m-%d}" else "not followed")


@probe("ncip.dates.unusable/wish-that-is-none", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def unusable_wish(run: Run) -> Seen:
    """Lends with a wish that is no date: refused as a date, or lent."""
    answer, _ = _wish(run, "next Tuesday")
    if not answer.readable:
        return breaks("no answer of NCIP")
    if answer.ok:
        return meets("lent")
    wanted = ("Invalid Date", "Element Rule Violated", "Invalid Message Syntax Error")
    return meets("refused as a date") if answer.problem(*wanted) else breaks(answer.types)


@probe("ncip.dates.forms-read/four", needs=(LEND,), safety=WRITE, inputs=("patron", "item"), octets=True)
@takes_back
def date_forms(run: Run) -> Seen:
    """Lends with wishes as brokers write them: with an offset, with milliseconds, without a zone, without seconds."""
    day = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}"
    for form in ("T12:00:00+01:00", "T12:00:00.000Z", "T12:00:00", "T12:00Z"):
        answer, _ = _wish(run, day + form)
        if not answer.ok:
            return breaks("not all are read")
    return meets("all are read")
