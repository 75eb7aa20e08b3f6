"""Requests: placed under a number of ours, looked at from two sides, cancelled, and looked for again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from library_conformance.model import REQUEST, Behaviour, Safety, Seen, breaks, meets, told, unclear, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, needs_generation, refusal, words
from library_conformance.probes.ncip.people import FOUND as USER
from library_conformance.probes.ncip.people import look as look_up_user
from library_conformance.probes.ncip.undoing import NotDone, Stays, judged, number, takes_back
from library_conformance.probes.ncip.words import NOBODY, e
from library_conformance.run import Run

WRITE = Safety.WRITE_REVERSIBLE
PLACE = "ncip.request.answer/place-and-cancel"
INPUTS = ("patron", "item_on_loan")


@dataclass
class Hold:
    """A request that is being tried; `gone`: it was cancelled already."""

    card: str
    barcode: str
    request: str
    answer: Answer
    gone: bool = False


def place(run: Run, card: str, barcode: str, request: str, pickup: str = "") -> Answer:
    say = words(run)
    kind = say.code("RequestType", "Hold") + say.code("RequestScopeType", "Item")
    where = e("PickupLocation", pickup) if pickup and say.generation == 2 else ""
    return ask(run, say.say("RequestItem", say.user(card), say.item(barcode), say.request(request), kind, where))


def cancel(run: Run, card: str, request: str) -> Answer:
    say = words(run)
    return ask(run, say.say("CancelRequestItem", say.user(card), say.request(request), say.code("RequestType", "Hold")))


def requested(run: Run, card: str) -> list[str] | None:
    """Numbers and items of what a patron has requested; None where that is not told."""
    answer = look_up_user(run, card, "User Privilege", more="<RequestedItemsDesired/>")
    if not answer.ok:
        return None
    return answer.texts("RequestedItem", "RequestId", "RequestIdentifierValue") + answer.texts(
        "RequestedItem", "ItemId", "ItemIdentifierValue"
    )


@contextlib.contextmanager
def placed(run: Run) -> Iterator[Hold]:
    """A request of the patron for the item that is lent, while the block runs. Raises NotDone and Stays."""
    card, barcode = run.input("patron"), run.input("item_on_loan")
    before = requested(run, card)
    if before and barcode in before:
        raise NotDone(unclear("the patron has requested the item before"))
    request = number(run, "request")
    run.left.add(REQUEST)
    answer = place(run, card, barcode, request, run.input("pickup", ""))
    if not answer.ok:
        if not answer.types:
            cancel(run, card, request)
        after = requested(run, card)
        if answer.types or (after is not None and barcode not in after):
            run.left.discard(REQUEST)
        raise NotDone(refusal(answer) or breaks(answer.types or "no answer of its own"))
    hold = Hold(card, barcode, request, answer)
    try:
        yield hold
    finally:
        gone = hold.gone or cancel(run, card, request).ok
        after = requested(run, card)
        if hold.gone and after and barcode in after:
            cancel(run, card, request)
            after = requested(run, card)
        if (after is None and not gone) or (after is not None and barcode in after):
            raise Stays("the request stays")
        run.left.discard(REQUEST)


@probe(PLACE, verifies=("ncip.request.answer", "ncip.request.number-kept", "ncip.request.visible", "ncip.cancel.answer",
                        "ncip.cancel.visible"),
       needs=(USER,), safety=WRITE, inputs=INPUTS, octets=True)  # fmt: skip
@takes_back
def place_and_cancel(run: Run) -> Seen:
    """Requests the lent item for the patron under a number of ours, looks at the patron's requests, and cancels it."""
    with placed(run) as hold:
        answer = hold.answer
        listed = requested(run, hold.card)
        gone = cancel(run, hold.card, hold.request)
        hold.gone = gone.ok
        after = requested(run, hold.card)
    return judged({
        "ncip.request.answer": answer.name == "RequestItemResponse" and not answer.faults(),
        "ncip.request.number-kept": hold.request in answer.texts("RequestIdentifierValue"),
        "ncip.request.visible": listed is None or hold.barcode in listed or hold.request in listed,
        "ncip.cancel.answer": gone.ok and gone.name == "CancelRequestItemResponse" and not gone.faults(),
        "ncip.cancel.visible": after is None or hold.barcode not in after,
    }, "placed, seen and cancelled")  # fmt: skip


@probe("ncip.lookup-request.answer/while-placed", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
@takes_back
def look_up_request(run: Run) -> Seen:
    """Requests the item and looks the request up by its number."""
    say = needs_generation(run, 2)
    with placed(run) as hold:
        kinds = say.elements("Request", "User Id", "Request Type", "Request Status Type")
        answer = ask(run, say.say("LookupRequest", say.request(hold.request), kinds))
    if seen := refusal(answer):
        return seen
    if not answer.ok:
        return breaks(answer.types or "no answer of its own")
    return breaks("not as the schema has it") if answer.faults() else meets("found by its number")


@probe("ncip.exactly-once.request/same-message", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
@takes_back
def place_again(run: Run) -> Seen:
    """Says the same request twice, as after a timeout."""
    with placed(run) as hold:
        second = place(run, hold.card, hold.barcode, hold.request, run.input("pickup", ""))
        listed = requested(run, hold.card) or []
    if not second.readable:
        return breaks("no answer of NCIP")
    if listed.count(hold.barcode) > 1:
        return breaks("there are two requests")
    return (
        breaks(f"refused the second time: {second.types}") if second.problems else meets("answered as the first time")
    )


@probe("ncip.request.duplicate/another-number", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
@takes_back
def duplicate(run: Run) -> Seen:
    """Requests the same item for the same patron under another number."""
    with placed(run) as hold:
        other = number(run, "request")
        second = place(run, hold.card, hold.barcode, other, run.input("pickup", ""))
        if second.ok:
            cancel(run, hold.card, other)
    if not second.readable:
        return breaks("no answer of NCIP")
    if second.ok:
        return breaks("requested twice")
    return meets("Duplicate Request") if second.problem("Duplicate Request") else meets(f"refused: {second.types}")


@probe("ncip.cancel.again/cancelled-before", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
@takes_back
def cancel_again(run: Run) -> Seen:
    """Cancels a request twice."""
    with placed(run) as hold:
        first = cancel(run, hold.card, hold.request)
        hold.gone = first.ok
        second = cancel(run, hold.card, hold.request)
    if second.ok:
        return told("answered as the first time")
    known = second.problem("Unknown Request", "Request Already Processed")
    return told("refused") if known else breaks(second.types or "no answer of NCIP")


@probe("ncip.cancel.unknown/nobodys", needs=(USER,), safety=WRITE, inputs=("patron",), octets=True)
def cancel_unknown(run: Run) -> Seen:
    """Cancels a request that nobody made."""
    answer = cancel(run, run.input("patron"), NOBODY)
    if seen := refusal(answer):
        return seen
    wanted = ("Unknown Request", "Request Already Processed")
    return meets("Unknown Request") if answer.problem(*wanted) else breaks(answer.types or "cancelled")


@probe("ncip.request.unknown-item/nothing", needs=(USER,), safety=WRITE, inputs=("patron",), octets=True)
def request_nothing(run: Run) -> Seen:
    """Requests an item that nobody has."""
    answer = place(run, run.input("patron"), NOBODY, number(run, "request"), run.input("pickup", ""))
    if seen := refusal(answer):
        return seen
    return meets("Unknown Item") if answer.problem("Unknown Item") else breaks(answer.types or "requested")


@probe("ncip.request.pickup.unknown/made-up", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
def unknown_pickup(run: Run) -> Seen:
    """Requests the item for a pickup location that there is not."""
    needs_generation(run, 2)
    request = number(run, "request")
    card = run.input("patron")
    answer = place(run, card, run.input("item_on_loan"), request, "ZZ-NO-SUCH-PLACE")
    if not answer.readable:
        return breaks("no answer of NCIP")
    if answer.ok:
        return breaks("requested") if cancel(run, card, request).ok else Seen("the request stays", Behaviour.UNSAFE)
    wanted = ("Element Rule Violated", "Unknown Value From Known Scheme", "Pickup Library Invalid")
    return meets("refused") if answer.problem(*wanted) else breaks(answer.types)


@probe("ncip.request.date.unusable/need-before", needs=(PLACE,), safety=WRITE, inputs=INPUTS, octets=True)
def unusable_date(run: Run) -> Seen:
    """Requests the item with a last day that is no date: refused as a date, or taken without it."""
    say = words(run)
    card, request = run.input("patron"), number(run, "request")
    kind = say.code("RequestType", "Hold") + say.code("RequestScopeType", "Item")
    answer = ask(run, say.say("RequestItem", say.user(card), say.item(run.input("item_on_loan")), say.request(request),
                              kind, "<NeedBeforeDate>soon</NeedBeforeDate>"))  # fmt: skip
    if not answer.readable:
        return breaks("no answer of NCIP")
    if answer.ok:
        return meets("taken without it") if cancel(run, card, request).ok else unsafe("the request stays")
    wanted = ("Invalid Date", "Element Rule Violated", "Invalid Message Syntax Error")
    return meets("refused as a date") if answer.problem(*wanted) else breaks(answer.types)
