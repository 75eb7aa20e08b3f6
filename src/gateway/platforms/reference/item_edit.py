"""Items made, changed and taken away, with the titles that come and go with them.

An item that is taken away leaves its row behind, with a barcode that nobody can scan: loans, charges and events name
it, and its barcode is free for the next one. Each command's subject is the item, so that a retry finds its answer even
where its words name no item yet, or none any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Text, bindparam, func, select

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    HoldStatus,
    ItemStatus,
    LoanStatus,
    MediaType,
    OnDuplicate,
    SecurityMarker,
    UseRestriction,
)
from gateway.platforms.reference import parts, titles
from gateway.platforms.reference.circulation import item_named, subject_of
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log, referred
from gateway.platforms.reference.exactly_once import STORED, STORED_ITEM, Command, Ruling, touch_item
from gateway.platforms.reference.holds import close
from gateway.platforms.reference.ids import new_id, retired, trimmed
from gateway.platforms.reference.items import NOT_FOUND, seen
from gateway.platforms.reference.policy import STATE, MemberRules
from gateway.platforms.reference.randomness import octets
from gateway.platforms.reference.views import from_elsewhere, is_gone
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import BibRow, HoldRow, IdempotencyRow, ItemRow, LoanRow, MemberStateRow, PseudonymRow
from gateway.store.sql import any_of

SUFFIXES = range(2, 100)
"""How many volumes one barcode may stand for."""

_SETTABLE = (
    ItemStatus.AVAILABLE,
    ItemStatus.IN_PROCESS,
    ItemStatus.TO_BE_RESHELVED,
    ItemStatus.MISSING,
    ItemStatus.LOST,
    ItemStatus.WITHDRAWN,
    ItemStatus.UNAVAILABLE,
)
_KEPT = (ItemStatus.ON_HOLD_SHELF, ItemStatus.IN_TRANSIT, ItemStatus.ILL_OUT, ItemStatus.CLAIMED_RETURNED)
_EMPTIED: Mapping[str, str | None] = {
    "properties": None,
    "call_number": None,
    "copy_number": None,
    "enumeration": None,
    "restrictions": "",
}
_PLAIN = ("properties", "security_marker", "current_location", "permanent_location", "call_number", "copy_number",
          "enumeration")  # fmt: skip

_ITEM, _BIB, _HOLD = schema.item, schema.bib, schema.hold


def living(which: Any) -> Any:
    """Items that were not taken away, of those that `which` chooses; `ids.retired` says how they are told apart."""
    return parts.of_member(_ITEM).where(which, func.substr(_ITEM.c.barcode, 1, 1) != " ")


def taken_barcodes() -> Part:
    """`taken`: `barcode` of the items that have one of `barcodes`."""
    return Part(
        "taken", select(_ITEM.c.barcode).where(_ITEM.c.member == parts.MEMBER, any_of(_ITEM.c.barcode, "barcodes")),
        many=True,
    )  # fmt: skip


def _whole_bib(which: parts.Sql) -> Part:
    return Part("bib", parts.of_member(_BIB).where(_BIB.c.id == which), BibRow)


def _siblings(which: parts.Sql) -> Part:
    """`n`: how many items the title of this one has beside it."""
    others = living(_ITEM.c.bib_id == parts.bib_of(which)).where(_ITEM.c.id != which).subquery()
    return Part("siblings", select(func.count().label("n")).select_from(others))


@dataclass(slots=True)
class CreateSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    item: ItemRow | None  # the one that a stored answer made
    bib: BibRow | None
    taken: list[dict[str, Any]]


@dataclass(slots=True)
class EditSnapshot:
    state: MemberStateRow | None
    stored: IdempotencyRow | None
    item: ItemRow | None
    bib: BibRow | None
    loan: LoanRow | None
    queue: list[HoldRow]
    siblings: dict[str, Any]
    waiting: list[PseudonymRow] = field(default_factory=list)

    @property
    def names(self) -> dict[str, Any] | None:
        return None if self.bib is None else {"title": self.bib.title, "author": self.bib.author}


CREATE = Plan(
    "reference.item.create",
    (STATE, STORED, parts.item(STORED_ITEM), _whole_bib(bindparam("bib_id", type_=Text)), taken_barcodes()),
    CreateSnapshot,
)

_ASKED = parts.asked_item()
UPDATE = Plan(
    "reference.item.update",
    (
        STATE,
        STORED,
        parts.item(_ASKED),
        _whole_bib(parts.bib_of(_ASKED)),
        parts.unreturned(_ASKED),
        parts.queue(_ASKED),
        _siblings(_ASKED),
    ),
    EditSnapshot,
)

_TAKEN_AWAY = func.coalesce(_ASKED, STORED_ITEM)
DELETE = Plan(
    "reference.item.delete",
    (
        STATE,
        STORED,
        parts.item(_TAKEN_AWAY),
        _whole_bib(parts.bib_of(_TAKEN_AWAY)),
        parts.unreturned(_TAKEN_AWAY),
        parts.queue(_TAKEN_AWAY),
        _siblings(_TAKEN_AWAY),
        Part(
            "waiting",
            parts.of_member(schema.pseudonym).where(
                schema.pseudonym.c.patron_id.in_(
                    select(_HOLD.c.patron_id).where(
                        _HOLD.c.member == parts.MEMBER,
                        _HOLD.c.bib_id == parts.bib_of(_TAKEN_AWAY),
                        _HOLD.c.closed_at.is_(None),
                    )
                )
            ),
            PseudonymRow,
            many=True,
        ),
    ),
    EditSnapshot,
)


async def create(core: Core, ctx: Context, request: req.ItemCreate, key: CommandKey) -> ItemOutcome | Refusal:
    asked = trimmed(request.item)
    params = {"bib_id": request.bib_id, "barcodes": barcodes_for(asked)}
    return await core.command(ctx, request, key, CREATE, params, partial(_create, request, asked))


async def update(core: Core, ctx: Context, request: req.ItemUpdate, key: CommandKey) -> ItemOutcome | Refusal:
    """Changes the fields given. A location that the member does not have is refused as a conflict."""
    return await core.command(ctx, request, key, UPDATE, item_named(request), partial(_update, request))


async def delete(core: Core, ctx: Context, request: req.ItemDelete, key: CommandKey) -> ItemOutcome | Refusal:
    return await core.command(ctx, request, key, DELETE, item_named(request), partial(_delete, request))


def barcodes_for(barcode: str | None) -> list[str]:
    """A barcode, and what it becomes with each suffix."""
    return [] if barcode is None else [barcode, *(f"{barcode}-{n}" for n in SUFFIXES)]


def free_barcode(barcode: str | None, taken: Iterable[Mapping[str, Any]], on_duplicate: OnDuplicate) -> str | Refusal:
    """The barcode for a new item: the one asked for, that one with a suffix, or one that the platform makes."""
    if barcode is None:
        return f"G{octets(6).hex().upper()}"
    used = {row["barcode"] for row in taken}
    candidates = barcodes_for(barcode) if on_duplicate is OnDuplicate.SUFFIX else [barcode]
    found = next((candidate for candidate in candidates if candidate not in used), None)
    return found or conflict("barcode")


def conflict(kind: str, *fields: str) -> Refusal:
    return Refusal(code=RefusalCode.CONFLICT, detail={"kind": kind, **({"fields": list(fields)} if fields else {})})


def unknown_values(request: req.ItemCreate | req.IllAccept, rules: MemberRules) -> list[str]:
    """Fields of the request that name something the member does not have."""
    found = ["item_type"] if request.item_type is not None and request.item_type not in rules.item_types else []
    if isinstance(request, req.ItemCreate):
        if request.location is not None and request.location not in rules.locations:
            found.append("location")
        if request.status not in _SETTABLE:
            found.append("status")
    return found


def new_item(
    command: Command,
    barcode: str,
    bib: BibRow,
    location: str,
    request: req.ItemCreate | req.IllAccept,
    *,
    temporary: bool = False,
) -> ItemRow:
    """An item on the shelf, touched by this command. Without a type it is of the member's first."""
    kinds = command.rules.item_types
    item_type = request.item_type or min(kinds, default="")
    known = kinds.get(item_type)
    media = bib.media_type or (known.media_type if known is not None else None) or MediaType.OTHER.value
    item = ItemRow(
        member=command.member,
        id=new_id(command.now),
        bib_id=bib.id,
        barcode=barcode,
        status=ItemStatus.AVAILABLE,
        item_type=item_type,
        permanent_location=location,
        current_location=location,
        destination=None,
        call_number=titles.plain(request.call_number),
        copy_number=None,
        enumeration=titles.plain(request.enumeration),
        collection=None,
        media_type=media,
        restrictions=_joined(request.restrictions),
        security_marker=SecurityMarker.OTHER,
        magnetic=None,
        properties=None,
        price=None,
        temporary=temporary,
        owner_member=None,
        lent_to_member=None,
        hold_id=None,
        last_key=None,
        last_terminal=None,
        changed_at=command.now,
        external_ref=request.external_ref,
    )
    return touch_item(item, command)


def _joined(restrictions: tuple[UseRestriction, ...]) -> str:
    return ",".join(dict.fromkeys(restriction.value for restriction in restrictions))


def _create(request: req.ItemCreate, asked: str | None, command: Command, found: CreateSnapshot) -> Ruling:
    unknown = unknown_values(request, command.rules)
    if unknown:
        return Ruling(conflict("unknown_value", *unknown))
    bib, log = found.bib, Log(command)
    if request.bib_id is not None and (bib is None or bib.deleted_at is not None or titles.is_temporary(bib)):
        return Ruling(Refusal(code=RefusalCode.BIB_NOT_FOUND))
    if bib is None and titles.plain(request.words.title) is None:
        return Ruling(conflict("incomplete", "title"))
    barcode = free_barcode(asked, found.taken, request.on_duplicate)
    if isinstance(barcode, Refusal):
        return Ruling(barcode)
    effects: list[Effect] = []
    if bib is None:
        bib, effects = titles.own_title(request.words, command, found.state)
        log.add("bib.created", bib=bib.id, position=bib.position)
    item = new_item(command, barcode, bib, request.location or command.here, request)
    item.status = request.status
    item.copy_number = titles.plain(request.copy_number)
    if request.security_marker is not None:
        item.security_marker = request.security_marker
    log.add("item.created", item_id=item.id, bib=bib.id, **referred(item))
    answer = ItemOutcome(item=seen(item, {"title": bib.title, "author": bib.author}, command.rules))
    return Ruling(answer, [*effects, Insert(item), *log.effects], subject_of(item))


def _update(request: req.ItemUpdate, command: Command, found: EditSnapshot) -> Ruling:
    item, bib = found.item, found.bib
    if item is None or bib is None or is_gone(item):
        return Ruling(NOT_FOUND)
    refusal = _not_changed(request, command.rules, found, item, bib)
    if refusal is not None:
        return Ruling(refusal, subject=subject_of(item))
    changed = {
        name: value
        for name, value in _wanted(request).items()
        if value != getattr(item, name)
    }  # fmt: skip
    was = item.status
    for name, value in changed.items():
        setattr(item, name, value)
    effects: list[Effect] = []
    if request.words is not None and titles.differs(bib, request.words):
        effects = titles.describe_anew(bib, request.words, command, found.state)
        if request.words.media_type is not None:
            item.media_type = request.words.media_type
        changed["words"] = bib.id
    touch_item(item, command)
    said: dict[str, Any] = {"fields": sorted(changed), **referred(item)}
    if item.status != was:
        said |= {"was": was, "status": item.status}
    log = Log(command)
    log.add("item.updated", item_id=item.id, **said)
    answer = ItemOutcome(item=seen(item, found.names, command.rules, loan=found.loan, queue=found.queue))
    return Ruling(answer, [*effects, Update(item), *log.effects], subject_of(item))


def _wanted(request: req.ItemUpdate) -> dict[str, Any]:
    """Columns of the item, and what they shall be."""
    wanted: dict[str, Any] = {name: _EMPTIED[name] for name in request.cleared}
    wanted |= {name: value for name in _PLAIN if (value := getattr(request, name)) is not None}
    if request.restrictions is not None:
        wanted["restrictions"] = _joined(request.restrictions)
    if request.status is not None:
        wanted["status"] = request.status
    return wanted


def _not_changed(
    request: req.ItemUpdate, rules: MemberRules, found: EditSnapshot, item: ItemRow, bib: BibRow
) -> Refusal | None:
    unemptied = request.cleared - _EMPTIED.keys()
    if unemptied:
        return conflict("incomplete", *sorted(unemptied))
    for location in (request.current_location, request.permanent_location):
        if location is not None and location not in rules.locations:
            return conflict("unknown_location")
    if request.status is not None and request.status != item.status:
        if request.status not in _SETTABLE:
            return conflict("unknown_value", "status")
        bound = found.loan is not None or item.hold_id is not None or item.owner_member is not None
        if bound or item.status in _KEPT:
            return Refusal(code=RefusalCode.ITEM_UNAVAILABLE, detail={"status": item.status})
    if request.words is not None and titles.differs(bib, request.words):
        if found.siblings["n"]:
            return conflict("shared_title")
        if not titles.may_be_described(bib):
            return conflict("catalogued")
    return None


def _delete(request: req.ItemDelete, command: Command, found: EditSnapshot) -> Ruling:
    item, bib = found.item, found.bib
    if item is None or bib is None or is_gone(item) or item.owner_member is not None:
        return Ruling(NOT_FOUND)
    waiting = [hold for hold in found.queue if item.id in (hold.item_id, hold.filled_item_id)]
    refusal = _not_deleted(request, found, item, waiting)
    if refusal is not None:
        return Ruling(refusal, subject=subject_of(item))
    log, effects = Log(command, *found.waiting), list[Effect]()
    item.status, item.hold_id, item.destination = ItemStatus.WITHDRAWN, None, None
    for hold in waiting:
        effects.append(Update(close(hold, HoldStatus.CANCELLED, command.now)))
        log.add(
            "hold.cancelled", patron_id=hold.patron_id, item_id=item.id, hold=hold.id, **referred(hold, item)
        )  # fmt: skip
    if from_elsewhere(item) and titles.is_temporary(bib) and not found.siblings["n"]:
        bib.deleted_at = bib.changed_at = command.now
        effects.append(Update(bib))
    log.add("item.deleted", item_id=item.id, bib=bib.id, temporary=item.temporary, **referred(item))
    item.barcode = retired(item.barcode, item.id)
    answer = ItemOutcome(item=seen(touch_item(item, command), found.names, command.rules))
    return Ruling(answer, [*effects, Update(item), *log.effects], subject_of(item))


def _not_deleted(
    request: req.ItemDelete, found: EditSnapshot, item: ItemRow, waiting: Iterable[HoldRow]
) -> Refusal | None:
    if request.only_temporary and not item.temporary:
        return conflict("permanent")
    # A loan that became lost does not keep the item; one that is disputed needs it to be settled.
    lent = found.loan is not None and found.loan.status != LoanStatus.LOST
    if lent or item.lent_to_member is not None:
        return Refusal(code=RefusalCode.ITEM_UNAVAILABLE, detail={"status": item.status})
    if any(item.external_ref is None or hold.external_ref != item.external_ref for hold in waiting):
        return conflict("held")
    return None
