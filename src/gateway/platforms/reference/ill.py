"""Interlibrary loans: the piece that has come is a temporary item with a title of its own and a hold for its patron,
all made in one transaction; and what the other side tells of its journey.

A hold that was placed under the same reference, and that no item has been found for, is the one that the piece fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Text, bindparam, select

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import IllOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldLevel, HoldStatus, HoldType, OnDuplicate
from gateway.platforms.reference import account_parts, hold_parts, item_edit, parts, titles
from gateway.platforms.reference.circulation import patron_named, patron_refusal, subject_of
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import STORED, STORED_ITEM, Command, Ruling, touch_account
from gateway.platforms.reference.hold_place import may_not_hold, one_at_a_time
from gateway.platforms.reference.holds import bad_date, named_hold, pickup_code, tell
from gateway.platforms.reference.ids import new_id, trimmed
from gateway.platforms.reference.items import seen
from gateway.platforms.reference.policy import STATE, millis
from gateway.platforms.reference.trapping import trap
from gateway.platforms.reference.views import hold_view
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import (
    BibRow,
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    MemberStateRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PseudonymRow,
)

_REFERENCE = bindparam("external_ref", type_=Text)
_WHO = parts.asked_patron()


@dataclass(slots=True)
class AcceptSnapshot:
    """`item` is the one that a stored answer made, `brought` those that this reference has brought."""

    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    identifiers: list[PatronIdentifierRow]
    blocks: list[PatronBlockRow]
    loan_totals: list[dict[str, Any]]
    missing_totals: dict[str, Any] | None
    charge_totals: dict[str, Any] | None
    hold_totals: dict[str, Any] | None
    pseudonym: PseudonymRow | None
    item: ItemRow | None
    brought: list[ItemRow]
    taken: list[dict[str, Any]]
    referred: list[HoldRow]


ACCEPT = Plan(
    "reference.ill.accept",
    (
        STATE,
        STORED,
        *parts.standing(_WHO),
        parts.hold_totals(_WHO),
        parts.pseudonym(_WHO),
        parts.item(STORED_ITEM),
        Part("brought", item_edit.living(schema.item.c.external_ref == _REFERENCE), ItemRow, many=True),
        item_edit.taken_barcodes(),
        hold_parts.referred_holds(),
    ),
    AcceptSnapshot,
)


@dataclass(slots=True)
class NoteSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    item: ItemRow | None
    bib: dict[str, Any] | None
    loan: LoanRow | None
    queue: list[HoldRow]
    referred: list[HoldRow]
    hold_names: list[dict[str, Any]]
    holders: list[PseudonymRow]


_HOLD, _NOTED = schema.hold, parts.asked_item()
NOTE = Plan(
    "reference.ill.note",
    (
        STATE,
        STORED,
        parts.item(_NOTED),
        parts.bib(_NOTED),
        parts.unreturned(_NOTED),
        parts.queue(_NOTED),
        hold_parts.referred_holds(),
        account_parts.hold_names(hold_parts.is_referred()),
        Part(
            "holders",
            parts.of_member(schema.pseudonym).where(
                schema.pseudonym.c.patron_id.in_(select(_HOLD.c.patron_id).where(hold_parts.is_referred()))
            ),
            PseudonymRow,
            many=True,
        ),
    ),
    NoteSnapshot,
)


async def accept(core: Core, ctx: Context, request: req.IllAccept, key: CommandKey) -> IllOutcome | Refusal:
    asked = trimmed(request.item) or trimmed(request.external_ref.rpartition(":")[2])
    params = {
        **patron_named(request),
        "external_ref": request.external_ref,
        "barcodes": item_edit.barcodes_for(asked),
    }
    return await core.command(ctx, request, key, ACCEPT, params, partial(_accept, request, asked))


async def note(core: Core, ctx: Context, request: req.IllNote, key: CommandKey) -> IllOutcome | Refusal:
    """On record as `ill.shipped` or `ill.received`, whatever is known of it here."""
    params = {"item": trimmed(request.item), "item_id": None, "external_ref": request.external_ref}
    return await core.command(ctx, request, key, NOTE, params, partial(_note, request))


def _accept(request: req.IllAccept, asked: str | None, command: Command, found: AcceptSnapshot) -> Ruling:
    refusal = _not_accepted(request, command, found)
    barcode = refusal or item_edit.free_barcode(asked, found.taken, request.on_duplicate)
    if isinstance(barcode, Refusal):
        return Ruling(barcode)
    bib = titles.temporary_title(request.words, command, fallback=asked or barcode)
    item = item_edit.new_item(command, barcode, bib, command.here, request, temporary=True)
    if request.return_by is not None:
        item.return_by_at = millis(request.return_by)
    log = Log(command, found.pseudonym)
    effects: list[Effect] = [Insert(bib), Insert(item), *one_at_a_time(request.external_ref, found.state)]
    if not request.hold:
        log.add("item.received", item_id=item.id, **referred(item))
        answer = IllOutcome(item=seen(item, _names(bib), command.rules))
        return Ruling(answer, [*effects, *log.effects], subject_of(item))
    hold = _held(request, command, found, item)
    if isinstance(hold, Refusal):
        return Ruling(hold)
    patron, is_new = found.patron, hold not in found.referred
    assert patron is not None
    trap(item, hold, command.here, command.rules, command.now, patron.category)
    log.add("item.received", item_id=item.id, **referred(item))
    if is_new:
        log.add("hold.placed", patron_id=patron.id, item_id=item.id, hold=hold.id, level=hold.level, type=hold.type,
                **referred(hold, item))  # fmt: skip
    tell(hold, item, log)
    answer = IllOutcome(
        item=seen(item, _names(bib), command.rules, queue=[hold]),
        hold=hold_view(hold, title=bib.title, item_barcode=item.barcode),
    )
    written: Effect = Insert(hold) if is_new else Update(hold)
    effects += [Update(touch_account(patron, command)), written]
    return Ruling(answer, [*effects, *log.effects], subject_of(item))


def _names(bib: BibRow) -> dict[str, str | None]:
    return {"title": bib.title, "author": bib.author}


def _not_accepted(request: req.IllAccept, command: Command, found: AcceptSnapshot) -> Refusal | None:
    """What is wrong with the piece, whoever it is for."""
    if request.hold and (refusal := patron_refusal(found.patron, command)):
        return refusal
    if found.brought and request.on_duplicate is OnDuplicate.REFUSE:
        return item_edit.conflict("reference")
    unknown = item_edit.unknown_values(request, command.rules)
    if unknown:
        return item_edit.conflict("unknown_value", *unknown)
    return bad_date(command.now, request.needed_before, request.return_by)


def _held(request: req.IllAccept, command: Command, found: AcceptSnapshot, item: ItemRow) -> HoldRow | Refusal:
    """The hold that the item is for: the one that has waited for it, or a new one."""
    patron = found.patron
    assert patron is not None
    if any(hold.patron_id != patron.id for hold in found.referred):
        return item_edit.conflict("reference")
    waiting = next((hold for hold in found.referred if hold.filled_item_id is None), None)
    if waiting is None and (refusal := may_not_hold(HoldType.HOLD, command, patron, found)):
        return refusal
    rule = command.rules.rule_for(patron.category, item)
    if rule is None or not rule.holdable:
        return Refusal(code=RefusalCode.HOLD_NOT_ALLOWED, detail={"kind": "policy"})
    wanted = request.pickup_location
    pickup = waiting.pickup_location if waiting is not None and wanted is None else pickup_code(wanted, command)
    if pickup is None:
        return Refusal(code=RefusalCode.PICKUP_INVALID)
    hold = waiting or HoldRow(
        member=command.member,
        id=new_id(command.now),
        patron_id=patron.id,
        level=HoldLevel.ITEM,
        type=HoldType.HOLD,
        bib_id=item.bib_id,
        item_id=item.id,
        status=HoldStatus.PENDING,
        pickup_location=pickup,
        place=command.now,
        placed_at=command.now,
        needed_before_at=None,
        suspended_until_at=None,
        hold_until_at=None,
        filled_item_id=None,
        comment=None,
        closed_at=None,
        external_ref=request.external_ref,
    )
    hold.level, hold.bib_id, hold.item_id, hold.pickup_location = HoldLevel.ITEM, item.bib_id, item.id, pickup
    if request.needed_before is not None:
        hold.needed_before_at = millis(request.needed_before)
    return hold


def _note(request: req.IllNote, command: Command, found: NoteSnapshot) -> Ruling:
    if request.external_ref is None and trimmed(request.item) is None:
        return Ruling(item_edit.conflict("incomplete", "external_ref"))
    item = found.item
    hold = next((h for h in found.referred if item is not None and item.id in (h.item_id, h.filled_item_id)), None)
    hold = hold or next(iter(found.referred), None)
    effects: list[Effect] = []
    if hold is not None and hold.status == HoldStatus.PENDING:
        hold.status = HoldStatus.IN_PROCESS
        effects = [Update(hold)]
    said = {"external_ref": request.external_ref} if request.external_ref else {}
    log = Log(command, *found.holders)
    log.add(
        f"ill.{request.step.value}",
        patron_id=hold.patron_id if hold else None,
        item_id=item.id if item else None,
        at=None if request.happened_at is None else min(command.now, millis(request.happened_at)),
        hold=hold.id if hold else None,
        **(referred(hold, item) | said),
    )
    answer = IllOutcome(
        item=None if item is None else seen(item, found.bib, command.rules, loan=found.loan, queue=found.queue),
        hold=None if hold is None else named_hold(hold, found.hold_names),
    )
    return Ruling(answer, [*effects, *log.effects])
