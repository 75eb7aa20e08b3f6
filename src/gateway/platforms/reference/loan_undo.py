"""loan.undo: closes a loan as never made, takes back a renewal, or reopens the loan that a check-in closed.

What was before stands in the event that the command left; only the latest event of the item can be undone, so that
nothing that happened since is swept away. No hold is trapped, nothing is charged, and what was charged is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Text, bindparam, select

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import UndoOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import LoanUndo
from gateway.canonical.vocabulary import FeeStatus, HoldStatus, ItemStatus, LoanStatus
from gateway.platforms.reference import exactly_once, parts, policy
from gateway.platforms.reference.charging import take_back
from gateway.platforms.reference.circulation import (
    Case,
    Elsewhere,
    item_entity,
    item_named,
    loan_entity,
    patron_named,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_charge, touch_item
from gateway.platforms.reference.trapping import release
from gateway.store import schema
from gateway.store.effects import Effect, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import ChargeRow, HoldRow, ItemRow, LoanRow

_ITEM = parts.asked_item(by_loan=True)
_PATRON = parts.asked_patron()
_CIRCULATION = (
    "loan.created",
    "loan.renewed",
    "loan.returned",
    "loan.recorded",
    "loan.undone",
    "loan.renewal_undone",
    "loan.return_undone",
    "item.checked_in",
)


def _event_loan() -> Any:
    event = schema.event
    return (
        select(event.c.loan_id)
        .where(event.c.member == parts.MEMBER, event.c.item_id == _ITEM, event.c.type.in_(_CIRCULATION))
        .order_by(event.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )


@dataclass(slots=True)
class Undoing:
    """`step` is the latest circulation event of the item, `latest` its latest event of any kind; `loan` and `charges`
    belong to `step`; `filled` is the hold that the loan had closed."""

    state: Any = None
    stored: Any = None
    item: ItemRow | None = None
    bib: Mapping[str, Any] | None = None
    step: Mapping[str, Any] | None = None
    latest: Mapping[str, Any] | None = None
    loan: LoanRow | None = None
    loan_charges: Sequence[ChargeRow] = ()
    queue: Sequence[HoldRow] = ()
    filled: HoldRow | None = None
    asker: Any = None
    identifiers: Sequence[Any] = ()
    pseudonym: Any = None
    owners_item: ItemRow | None = None  # where the item is a stand-in

    def case(self) -> Case:
        return Case(
            item=self.item,
            bib=self.bib,
            loan=self.loan,
            queue=self.queue,
            identifiers=self.identifiers,
            pseudonym=self.pseudonym,
        )


_STEP = parts.last_event(_ITEM, *_CIRCULATION, name="step")
_BEFORE = Plan("reference.loan.undo.before", (_STEP,), dict)


def _borrower() -> Any:
    loan = schema.loan
    return select(loan.c.patron_id).where(loan.c.member == parts.MEMBER, loan.c.id == _event_loan()).scalar_subquery()


PLAN = Plan(
    "reference.loan.undo",
    (
        policy.STATE,
        exactly_once.STORED,
        parts.item(_ITEM),
        parts.bib(_ITEM),
        _STEP,
        parts.last_event(_ITEM, name="latest"),
        Part("loan", parts.of_member(schema.loan).where(schema.loan.c.id == _event_loan()), LoanRow),
        Part(
            "loan_charges",
            parts.of_member(schema.charge).where(schema.charge.c.loan_id == _event_loan()),
            ChargeRow,
            many=True,
        ),
        parts.queue(_ITEM),
        Part(
            "filled",
            parts.of_member(schema.hold).where(schema.hold.c.id == bindparam("hold_id", type_=Text)),
            HoldRow,
        ),
        parts.patron(_PATRON, "asker"),
        parts.identifiers(_borrower()),
        parts.pseudonym(_borrower()),
    ),
    Undoing,
)


After = Callable[[Command, Undoing, Ruling], Ruling]


async def perform(
    platform: Core,
    ctx: Context,
    request: LoanUndo,
    key: CommandKey,
    *,
    also: tuple[Part, ...] = (),
    params: Mapping[str, Any] | None = None,
    after: After | None = None,
) -> UndoOutcome | Refusal:
    """Undoes the item's latest loan (`what="loan"` or `"checkout"`), renewal (`"loan"`) or return (`"return"`).

    A stand-in raises Elsewhere, unless `after` looks to the owner's side; it is given what the parts `also` read.
    """
    if request.made_by is not None:
        request = request.model_copy(update={"made_by": platform.stored_key(request.made_by)})
    named = {**patron_named(request), **item_named(request), "loan_id": request.loan_id}
    before = await platform.read(ctx.member, _BEFORE, named)
    bound = {**named, **(params or {}), "hold_id": _filled_hold(before["step"])}
    plan = replace(PLAN, name=f"{PLAN.name}.shared", parts=(*PLAN.parts, *also)) if also else PLAN
    return await platform.command(ctx, request, key, plan, bound, partial(_decide, request, bound["hold_id"], after))


def _filled_hold(step: Mapping[str, Any] | None) -> str | None:
    """Id of the hold that the loan of this event closed: read before the command, for its row is found by id only."""
    if step is None:
        return None
    return next((h["id"] for h in orjson.loads(step["data_json"]).get("holds", ()) if h["own"]), None)


def _decide(request: LoanUndo, hold_id: str | None, after: After | None, command: Command, found: Undoing) -> Ruling:
    if after is None:
        if found.item is not None and found.item.owner_member is not None:
            raise Elsewhere(found.item)
        return _verdict(request, hold_id, command, found)
    return after(command, found, _verdict(request, hold_id, command, found))


def _verdict(request: LoanUndo, hold_id: str | None, command: Command, found: Undoing) -> Ruling:
    item, loan, step = found.item, found.loan, found.step
    if item is None:
        return refuse(RefusalCode.ITEM_NOT_FOUND if request.item else RefusalCode.LOAN_NOT_FOUND)
    if (request.patron or request.patron_id) and found.asker is None:
        return refuse(RefusalCode.PATRON_NOT_FOUND, item)
    if step is None or loan is None or (request.loan_id is not None and loan.id != request.loan_id):
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, item, kind="nothing")
    if found.asker is not None and found.asker.id != loan.patron_id:
        return refuse(RefusalCode.LOAN_OF_OTHER_PATRON, item)
    touched = found.latest is not None and found.latest["seq"] != step["seq"]
    if (request.only_if_untouched and touched) or (request.made_by is not None and item.last_key != request.made_by):
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, item, kind="touched")
    data = orjson.loads(step["data_json"])
    undo = _UNDOINGS.get((request.what, step["type"]))
    if request.what == "return" and item.owner_member is not None:
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, item, kind="foreign")
    if undo is None or _filled_hold(step) != hold_id or not undo.fits(loan):
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, item, kind="moved_on")
    if "before" not in data:  # loaded from elsewhere, with its history: nobody knows what was before
        return refuse(RefusalCode.UNDO_NOT_POSSIBLE, item, kind="history")
    effects = undo.carry_out(command, found, data)
    charges = take_back(command, [c for c in found.loan_charges if c.id in data["charges"]])
    effects += [Update(c) for c, _ in charges]
    case = found.case()
    log = case.log(command)
    log.add(
        undo.event,
        patron_id=loan.patron_id,
        item_id=item.id,
        loan_id=loan.id,
        undone=step["seq"],
        charges=[c.id for c, _ in charges],
        **referred(loan, item),
    )
    effects += [Update(loan), Update(touch_item(item, command))]
    unreturned = loan if loan.status == LoanStatus.OPEN else None
    answer = UndoOutcome(
        item=item_entity(case, command, loan=unreturned), loan=loan_entity(case, command, loan), what=request.what
    )
    return Ruling(answer, log.effects + effects, subject_of(item))


def _undo_loan(command: Command, found: Undoing, data: Mapping[str, Any]) -> list[Effect]:
    item, loan = found.item, found.loan
    assert item is not None
    assert loan is not None
    loan.status, loan.returned_at, loan.return_terminal = LoanStatus.UNDONE, command.now, command.terminal
    changed: list[Effect] = []
    holds = {h.id: h for h in found.queue} | ({found.filled.id: found.filled} if found.filled else {})
    for was in data["holds"]:
        hold = holds.get(was["id"])
        if hold is None or not (_is_filled_by(hold, item) if was["own"] else _is_waiting(hold)):
            continue
        hold.status, hold.hold_until_at, hold.filled_item_id = was["status"], was["until"], was["item"]
        hold.closed_at = None
        changed.append(Update(hold))
    restored = {e.row.id for e in changed if isinstance(e, Update)}
    _put_back(item, data["before"])
    if item.hold_id is not None and item.hold_id not in restored:
        item.status, item.hold_id, item.destination = ItemStatus.AVAILABLE, None, None
    return changed


def _undo_renewal(command: Command, found: Undoing, data: Mapping[str, Any]) -> list[Effect]:
    loan, before = found.loan, data["before"]
    assert loan is not None
    if loan.due_at < data["due"]:  # recalled since: the borrower has been told
        loan.due_at, loan.original_due_at = min(loan.due_at, before["due"]), before["due"]
    else:
        loan.due_at = before["due"]
    loan.due_precision, loan.renewals = before["precision"], before["renewals"]
    return []


def _undo_return(command: Command, found: Undoing, data: Mapping[str, Any]) -> list[Effect]:
    item, loan = found.item, found.loan
    assert item is not None
    assert loan is not None
    loan.status, loan.returned_at, loan.return_terminal = LoanStatus(data["loan_status"]), None, None
    changed: list[Effect] = []
    for hold in found.queue:
        if hold.id == data["hold"] and hold.filled_item_id == item.id:
            release(hold)
            changed.append(Update(hold))
    balances = dict(data["reversed"])
    for charge in found.loan_charges:
        if charge.id in balances and charge.status == FeeStatus.REVERSED:
            charge.status, charge.balance = FeeStatus.OPEN, balances[charge.id]
            changed.append(Update(touch_charge(charge, command)))
    _put_back(item, data["before"])
    item.hold_id = None
    return changed


def _put_back(item: ItemRow, before: Mapping[str, Any]) -> None:
    item.status, item.current_location = before["status"], before["location"]
    item.destination, item.hold_id = before["destination"], before["hold"]


def _is_filled_by(hold: HoldRow, item: ItemRow) -> bool:
    return hold.status == HoldStatus.FILLED and hold.filled_item_id == item.id


def _is_waiting(hold: HoldRow) -> bool:
    return hold.status == HoldStatus.PENDING and hold.filled_item_id is None


@dataclass(frozen=True, slots=True)
class _Undo:
    """How one kind of event is undone: `carry_out` changes the rows and names the holds and charges to be written."""

    event: str
    needs: LoanStatus
    carry_out: Callable[[Command, Undoing, Mapping[str, Any]], list[Effect]]

    def fits(self, loan: LoanRow) -> bool:
        return loan.status == self.needs


_LOAN = _Undo("loan.undone", LoanStatus.OPEN, _undo_loan)
_UNDOINGS = {
    ("checkout", "loan.created"): _LOAN,
    ("loan", "loan.created"): _LOAN,
    ("loan", "loan.renewed"): _Undo("loan.renewal_undone", LoanStatus.OPEN, _undo_renewal),
    ("return", "loan.returned"): _Undo("loan.return_undone", LoanStatus.RETURNED, _undo_return),
}
