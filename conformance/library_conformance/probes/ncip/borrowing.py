"""The borrower's side of an interlibrary loan: AcceptItem makes a piece that was not there, DeleteItem takes it away;
and charges that come with it, assessed and waived.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from library_conformance.model import PIECE, NotApplicable, Safety, Seen, breaks, meets, told, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, needs_generation, refusal, words
from library_conformance.probes.ncip.items import look as look_up_item
from library_conformance.probes.ncip.people import FOUND as USER
from library_conformance.probes.ncip.people import look as look_up_user
from library_conformance.probes.ncip.requests import cancel
from library_conformance.probes.ncip.undoing import NotDone, Stays, judged, number, takes_back
from library_conformance.probes.ncip.words import NOBODY, e
from library_conformance.run import Run

WRITE = Safety.WRITE_REVERSIBLE
ACCEPT = "ncip.accept.answer/accept-and-delete"
CHARGE = "ncip.fiscal.answer/assess-and-waive"


@dataclass
class Piece:
    """A piece that was brought for somebody."""

    request: str
    barcode: str
    answer: Answer


def accept(run: Run, card: str, request: str, barcode: str) -> Answer:
    """AcceptItem of version 2: version 1 has no DeleteItem that could take it back."""
    say = needs_generation(run, 2)
    title = e("ItemOptionalFields", e("BibliographicDescription", e("Author", "Judge, A."), e("Title", "A loan tried")))
    where = run.input("pickup", "")
    return ask(run, say.say("AcceptItem", say.request(request), say.code("RequestedActionType", "Hold For Pickup"),
                            say.user(card), say.item(barcode), title,
                            e("PickupLocation", where) if where else ""))  # fmt: skip


def delete(run: Run, barcode: str) -> Answer:
    say = words(run)
    return ask(run, say.say("DeleteItem", say.item(barcode)))


def there(run: Run, barcode: str) -> bool:
    return look_up_item(run, barcode, "Circulation Status").ok


def names(run: Run) -> tuple[str, str]:
    """A transaction's number, and a barcode that nobody has."""
    request = number(run, "piece")
    return request, "".join(letter for letter in request if letter.isdigit())[-14:]


@contextlib.contextmanager
def brought(run: Run) -> Iterator[Piece]:
    """A piece for the patron, while the block runs. Raises NotDone and Stays."""
    card, (request, barcode) = run.input("patron"), names(run)
    run.left.add(PIECE)
    answer = accept(run, card, request, barcode)
    if not answer.ok:
        if not answer.types:
            delete(run, barcode)
        if answer.types or look_up_item(run, barcode, "Circulation Status").types:
            run.left.discard(PIECE)
        raise NotDone(refusal(answer) or breaks(answer.types or "no answer of its own"))
    piece = Piece(request, answer.text("AcceptItemResponse", "ItemId", "ItemIdentifierValue") or barcode, answer)
    try:
        yield piece
    finally:
        cancel(run, card, request)
        delete(run, piece.barcode)
        if there(run, piece.barcode):
            raise Stays("a piece stays")
        run.left.discard(PIECE)


@probe(ACCEPT, verifies=("ncip.accept.answer", "ncip.accept.number-kept", "ncip.accept.visible", "ncip.delete.answer"),
       needs=(USER,), safety=WRITE, inputs=("patron",), octets=True)  # fmt: skip
@takes_back
def accept_and_delete(run: Run) -> Seen:
    """Brings a piece for the patron, looks it up, cancels its hold and deletes it."""
    with brought(run) as piece:
        here = there(run, piece.barcode)
        cancel(run, run.input("patron"), piece.request)
        gone = delete(run, piece.barcode)
    answer = piece.answer
    return judged({
        "ncip.accept.answer": answer.name == "AcceptItemResponse" and not answer.faults(),
        "ncip.accept.number-kept": piece.request in answer.texts("RequestIdentifierValue"),
        "ncip.accept.visible": here,
        "ncip.delete.answer": gone.ok and not gone.faults() and gone.name == "DeleteItemResponse",
    }, "brought, seen and deleted")  # fmt: skip


@probe("ncip.exactly-once.accept/same-message", needs=(ACCEPT,), safety=WRITE, inputs=("patron",), octets=True)
@takes_back
def accept_again(run: Run) -> Seen:
    """Says the same AcceptItem twice, as after a timeout."""
    with brought(run) as piece:
        second = accept(run, run.input("patron"), piece.request, piece.barcode)
        other = second.text("AcceptItemResponse", "ItemId", "ItemIdentifierValue")
        if other and other != piece.barcode:
            delete(run, other)
    if not second.readable:
        return breaks("no answer of NCIP")
    if second.problems:
        return breaks(f"refused the second time: {second.types}")
    return breaks("made twice") if other and other != piece.barcode else meets("answered as the first time")


@probe("ncip.accept.barcode-taken/another-number", needs=(ACCEPT,), safety=WRITE, inputs=("patron",), octets=True)
@takes_back
def barcode_taken(run: Run) -> Seen:
    """Brings another piece with the barcode of the first: refused, or given another barcode."""
    with brought(run) as piece:
        other = number(run, "piece")
        second = accept(run, run.input("patron"), other, piece.barcode)
        made = second.text("AcceptItemResponse", "ItemId", "ItemIdentifierValue")
        if second.ok:
            cancel(run, run.input("patron"), other)
            if made and made != piece.barcode:
                delete(run, made)
    if not second.readable:
        return breaks("no answer of NCIP")
    if second.problems:
        return meets("refused")
    return meets("another barcode") if made and made != piece.barcode else breaks("two pieces with one barcode")


@probe("ncip.accept.unknown-user/nobody", verifies=("ncip.accept.unknown-user", "ncip.accept.all-or-nothing"),
       needs=(ACCEPT,), safety=WRITE, octets=True)  # fmt: skip
def accept_for_nobody(run: Run) -> Seen:
    """Brings a piece for a card that nobody has: refused, and nothing is left behind."""
    request, barcode = names(run)
    answer = accept(run, NOBODY, request, barcode)
    if not answer.readable:
        return breaks("no answer of NCIP")
    left = there(run, barcode)
    if left:
        delete(run, barcode)
        if there(run, barcode):
            return unsafe("a piece stays")
    return judged({
        "ncip.accept.unknown-user": answer.problem("Unknown User", "User Authentication Failed", "Cannot Accept Item"),
        "ncip.accept.all-or-nothing": not left or answer.ok,
    }, "refused, and nothing is left")  # fmt: skip


@probe("ncip.delete.again/deleted-before", needs=(ACCEPT,), safety=WRITE, inputs=("patron",), octets=True)
@takes_back
def delete_again(run: Run) -> Seen:
    """Deletes a piece twice: desks delete by hand what a broker deletes later."""
    with brought(run) as piece:
        cancel(run, run.input("patron"), piece.request)
        delete(run, piece.barcode)
        second = delete(run, piece.barcode)
    if not second.readable:
        return breaks("no answer of NCIP")
    if second.ok:
        return told("taken")
    return told("Unknown Item") if second.problem("Unknown Item") else breaks(second.types)


def _fiscal(run: Run, action: str, amount: str, reference: str, related: str = "", currency: str = "GBP") -> Answer:
    say = words(run)

    def named(name: str, value: str) -> str:
        return e(name, say.agency(say.sender), e("FiscalTransactionIdentifierValue", value))

    inside = e(
        "FiscalTransactionInformation",
        say.code("FiscalActionType", action),
        named("FiscalTransactionReferenceId", reference),
        named("RelatedFiscalTransactionReferenceId", related) if related else "",
        say.code("FiscalTransactionType", "Interlibrary Loan Fee"),
        e("Amount", say.code("CurrencyCode", currency), e("MonetaryValue", amount)),
    )
    return ask(run, say.say("CreateUserFiscalTransaction", say.user(run.input("patron")), inside))


def _balance(run: Run) -> str:
    answer = look_up_user(run, run.input("patron"), "User Privilege", more="<UserFiscalAccountDesired/>")
    return answer.text("AccountBalance", "MonetaryValue") or "0"


@probe(CHARGE, verifies=("ncip.fiscal.answer", "ncip.fiscal.visible", "ncip.exactly-once.fiscal"), needs=(USER,),
       safety=WRITE, inputs=("patron", "currency"), octets=True)  # fmt: skip
def assess_and_waive(run: Run) -> Seen:
    """Charges the patron 1.00, twice by the same message, looks at the account, and waives the charge."""
    reference, currency = number(run, "fee"), run.input("currency")
    before = _balance(run)
    answer = _fiscal(run, "Assess", "100", reference, currency=currency)
    if seen := refusal(answer):
        return seen
    if not answer.ok:
        return breaks(answer.types or "no answer of its own")
    again = _fiscal(run, "Assess", "100", reference, currency=currency)
    owed = _balance(run)
    _fiscal(run, "Waive", "100", number(run, "fee"), related=reference, currency=currency)
    after = _balance(run)
    if after != before:
        return unsafe("the charge stays")
    try:
        grown = int(owed) - int(before)
    except ValueError:
        raise NotApplicable("the balance is no number") from None
    return judged({
        "ncip.fiscal.answer": answer.name == "CreateUserFiscalTransactionResponse" and not answer.faults(),
        "ncip.fiscal.visible": grown in (100, 200),
        "ncip.exactly-once.fiscal": grown == 100 and again.ok,
    }, "charged once, seen and waived")  # fmt: skip


@probe("ncip.fiscal.invalid-amount/words", needs=(CHARGE,), safety=WRITE, inputs=("patron", "currency"), octets=True)
def invalid_amount(run: Run) -> Seen:
    """Charges an amount that is no number."""
    before = _balance(run)
    answer = _fiscal(run, "Assess", "a lot", number(run, "fee"), currency=run.input("currency"))
    if not answer.readable:
        return breaks("no answer of NCIP")
    if answer.ok or _balance(run) != before:
        return unsafe("charged")
    wanted = ("Invalid Amount", "Invalid Message Syntax Error", "Element Rule Violated", "Needed Data Missing")
    return meets("refused") if answer.problem(*wanted) else breaks(answer.types)
