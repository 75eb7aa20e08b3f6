"""LookupItem and LookupItemSet: how an item stands, and what is told of who has it."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, SetupFailed, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, children, local, refusal, words
from library_conformance.probes.ncip.session import HELLO
from library_conformance.probes.ncip.words import e
from library_conformance.run import Run

FOUND = "ncip.lookup-item.found/by-barcode"
_STATUSES = """
available for pickup; available on shelf; circulation status undefined; claimed returned or never borrowed; in process
in transit between library locations; lost; missing; not available; on loan; on order; pending transfer; recalled
waiting to be reshelved
"""
STATUSES = frozenset(each.strip() for line in _STATUSES.splitlines() for each in line.split(";"))
"""The values of CirculationStatus in the standard's list, in lower case."""


def look(run: Run, barcode: str, *elements: str, more: str = "") -> Answer:
    say = words(run)
    return ask(run, say.say("LookupItem", say.item(barcode), say.elements("Item", *elements), more))


def status(run: Run, barcode: str) -> str:
    """Circulation status in lower case, "" where none is told."""
    return look(run, barcode, "Circulation Status").text("ItemOptionalFields", "CirculationStatus").casefold()


def on_loan(run: Run, barcode: str) -> bool | None:
    """Whether an item is lent out; None where that is not told."""
    now = status(run, barcode)
    return now in ("on loan", "recalled") if now else None


@probe(FOUND, needs=(HELLO,), inputs=("item",), octets=True)
def found(run: Run) -> Seen:
    """Looks up the item by its barcode."""
    answer = look(run, run.input("item"), "Bibliographic Description", "Circulation Status")
    if seen := refusal(answer):
        return seen
    if answer.problem("Unknown Item"):
        raise SetupFailed("the input 'item' is not an item here")
    if not answer.ok or run.input("item") not in answer.texts("LookupItemResponse", "ItemId", "ItemIdentifierValue"):
        return breaks(answer.types or "found without its ItemId")
    return meets("found")


@probe("ncip.lookup-item.status.value/on-shelf", needs=(FOUND,), inputs=("item",), octets=True)
def status_value(run: Run) -> Seen:
    """Asks for the item's circulation status: one of the standard's words."""
    now = status(run, run.input("item"))
    if not now:
        return absent("no status is told")
    return meets("a word of the list") if now in STATUSES else breaks("a word of its own")


@probe("ncip.lookup-item.status.on-loan/lent-item", needs=(FOUND,), inputs=("item_on_loan",), octets=True)
def status_on_loan(run: Run) -> Seen:
    """Asks for the status of an item that is lent."""
    now = status(run, run.input("item_on_loan"))
    if now in ("on loan", "recalled"):
        return meets("On Loan")
    return breaks("another status") if now else absent("no status is told")


@probe("ncip.lookup-item.elements.asked/status-alone", needs=(FOUND,), inputs=("item",), octets=True)
def asked(run: Run) -> Seen:
    """Asks for the circulation status alone."""
    answer = look(run, run.input("item"), "Circulation Status")
    parts = [local(child) for found in answer.all("ItemOptionalFields") for child in children(found)]
    if not parts:
        return absent("nothing is told")
    return meets("nothing else") if set(parts) <= {"CirculationStatus"} else breaks("more than was asked for")


@probe("ncip.privacy.borrower.not-asked/lent-item", needs=(FOUND,), inputs=("item_on_loan",), octets=True)
def borrower_not_asked(run: Run) -> Seen:
    """Looks up an item that is lent without asking who has it."""
    answer = look(run, run.input("item_on_loan"), "Circulation Status")
    who = answer.has("CurrentBorrower") or answer.has("CurrentRequester") or answer.has("UserId")
    return breaks("who has it is told unasked") if who else meets("nobody is named")


@probe("ncip.privacy.borrower.asked/lent-item", needs=(FOUND,), inputs=("item_on_loan",), octets=True)
def borrower_asked(run: Run) -> Seen:
    """Asks who has an item that is lent."""
    answer = look(run, run.input("item_on_loan"), "Circulation Status", more="<CurrentBorrowerDesired/>")
    if not answer.readable or answer.problems:
        return told("refused")
    return told("the borrower is named" if answer.has("CurrentBorrower") else "nobody is named")


def _set(run: Run, more: str = "") -> Answer:
    say = words(run)
    if say.generation == 1:
        raise NotApplicable("version 1 has no LookupItemSet")
    record = e("BibliographicRecordIdentifier", run.input("bib"))
    title = e("BibliographicId", e("BibliographicRecordId", record, say.agency(say.receiver)))
    return ask(run, say.say("LookupItemSet", title, say.elements("Item", "Circulation Status"), more))


@probe("ncip.lookup-item-set.answer/by-record", needs=(HELLO,), inputs=("bib",), octets=True)
def item_set(run: Run) -> Seen:
    """Asks for the items of a title."""
    answer = _set(run)
    if seen := refusal(answer):
        return seen
    if not answer.ok:
        return breaks(answer.types or "no answer of its own")
    run.found["ncip items of a title"] = answer.texts("ItemInformation", "ItemId", "ItemIdentifierValue")
    if not run.found["ncip items of a title"]:
        return breaks("no item")
    return breaks("not as the schema has it") if answer.faults() else meets("items of the title")


@probe("ncip.lookup-item-set.paging/one-by-one", needs=("ncip.lookup-item-set.answer/by-record",), inputs=("bib",),
       octets=True)  # fmt: skip
def item_set_paging(run: Run) -> Seen:
    """Asks for one item at a time: every item comes once, and the list ends."""
    wanted: list[str] = run.found["ncip items of a title"]
    if len(wanted) < 2:
        raise NotApplicable("the title of the input 'bib' has one item")
    seen: list[str] = []
    token = ""
    for _ in range(len(wanted) + 2):
        answer = _set(run, "<MaximumItemsCount>1</MaximumItemsCount>" + (e("NextItemToken", token) if token else ""))
        if not answer.ok:
            return breaks(answer.types or "no answer of its own")
        seen += answer.texts("ItemInformation", "ItemId", "ItemIdentifierValue")
        token = answer.text("NextItemToken")
        if not token:
            break
    if sorted(seen) == sorted(wanted):
        return meets("every item once")
    if token:
        return breaks("the list does not end")
    return breaks("items come twice" if len(seen) != len(set(seen)) else "items are lost")


@probe("ncip.lookup-item-set.bad-token/made-up", needs=("ncip.lookup-item-set.answer/by-record",), inputs=("bib",),
       octets=True)  # fmt: skip
def bad_token(run: Run) -> Seen:
    """Asks for the page behind a token that nobody gave."""
    answer = _set(run, "<MaximumItemsCount>1</MaximumItemsCount><NextItemToken>zz-no-token</NextItemToken>")
    if not answer.readable:
        return breaks("no answer of NCIP")
    return Seen("a problem", Behaviour.MEETS) if answer.problems else breaks("answered as if it were a token")
