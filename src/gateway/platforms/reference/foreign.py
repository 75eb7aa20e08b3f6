"""Another member's item: lent and taken back as the policy says, both members' rows written in one transaction.

The patron's member keeps a stand-in for the item (`owner_member`, temporary, its title suppressed), the owner marks its
own item as lent (`lent_to_member`, ILL_OUT). A return at either place ends both, and the item travels to the owner's
first hold or home. Neither member's terminal hears anything about the other's patrons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from sqlalchemy import Text, bindparam, select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Routing
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import ItemOutcome, LoanOutcome, ReturnOutcome, UndoOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import ItemGet, LoanCreate, LoanRenew, LoanReturn, LoanUndo
from gateway.canonical.vocabulary import ForeignItems, HoldLevel, HoldType, ItemStatus, LoanStatus, RoutingAction
from gateway.platforms.reference import items, loan_create, loan_renew, loan_return, loan_undo, parts, titles
from gateway.platforms.reference.circulation import (
    Case,
    Elsewhere,
    item_before,
    item_entity,
    item_named,
    patron_named,
    refuse,
    subject_of,
)
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import referred
from gateway.platforms.reference.exactly_once import Command, Ruling, touch_item
from gateway.platforms.reference.ids import new_id, trimmed
from gateway.platforms.reference.policy import MemberRules
from gateway.platforms.reference.trapping import active, next_hold, send_home, trap
from gateway.platforms.reference.views import waits_for
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import ItemRow

_BARCODE = bindparam("barcode", type_=Text)


@dataclass(slots=True)
class Shared:
    """One item at two members: `here` where the terminal stands, `there` at the partner; `bib_here`: the stand-in's
    title is known here already."""

    here: Case
    there: Case
    bib_here: bool

    # What exactly-once looks at, as it does in any other snapshot.
    @property
    def stored(self) -> Any:
        return self.here.stored

    @property
    def state(self) -> Any:
        return self.here.state

    @property
    def item(self) -> ItemRow | None:
        return self.here.item


def _at_partner(part: Part) -> Part:
    """The same part, read at the partner, with the prefix `there_`."""

    def swap(element: Any, **_: Any) -> Any:
        if isinstance(element, BindParameter) and element.key == "member":
            return bindparam("partner", type_=Text)
        return None

    return replace(part, name=f"there_{part.name}", select=visitors.replacement_traverse(part.select, {}, swap))


def _item_called() -> Any:
    table = schema.item
    return select(table.c.id).where(table.c.member == parts.MEMBER, table.c.barcode == _BARCODE).scalar_subquery()


_CALLED = _item_called()
_BORROWER = parts.borrower_of(_CALLED)
_THERE = (
    parts.item(_CALLED),
    parts.bib(_CALLED),
    parts.unreturned(_CALLED),
    parts.loan_charges(_CALLED),
    parts.queue(_CALLED),
    parts.queue_people(_CALLED),
    parts.identifiers(_BORROWER),
    parts.pseudonym(_BORROWER),
)
_BIB_HERE = Part(
    "bib_here",
    select(schema.bib.c.id).where(
        schema.bib.c.member == parts.MEMBER, schema.bib.c.id == bindparam("stand_in_bib", type_=Text)
    ),
)


def _shared(**read: Any) -> Shared:
    there = {name.removeprefix("there_"): value for name, value in read.items() if name.startswith("there_")}
    known = {field.name for field in fields(Case)}
    here = {name: value for name, value in read.items() if name in known}
    return Shared(Case(**here), Case(**there), read["bib_here"] is not None)


def _plan(name: str, here: Sequence[Part]) -> Plan:
    return Plan(f"reference.foreign.{name}", (*here, *(_at_partner(part) for part in _THERE), _BIB_HERE), _shared)


CREATE_PLAN = _plan("create", loan_create.PARTS)
RETURN_PLAN = _plan("return", loan_return.PARTS)
RENEW_PLAN = _plan("renew", loan_renew.PLAN.parts)


@dataclass(frozen=True, slots=True)
class Partner:
    """The other member, which owns the item or has borrowed it from us; `bib_id` and `title` are those it has there."""

    member: str
    barcode: str
    rules: MemberRules
    bib_id: str
    title: str

    @property
    def stand_in_bib(self) -> str:
        return f"{self.member}:{self.bib_id}"

    @property
    def params(self) -> dict[str, str]:
        return {"partner": self.member, "barcode": self.barcode, "stand_in_bib": self.stand_in_bib}

    def command(self, command: Command) -> Command:
        """The command as it looks at the partner: its member and rules, and a place that is none of its own."""
        ctx = replace(command.ctx, member=self.member, location=self.away(command))
        return replace(command, ctx=ctx, rules=self.rules, people={})

    def away(self, command: Command) -> str:
        return f"{command.member}:{command.here}"


async def look(platform: Core, ctx: Context, request: ItemGet) -> ItemOutcome | Refusal:
    """item.get for any item; another member's is shown as its owner sees it, unless it is `unknown` here."""
    answer = await items.get(platform, ctx, request)
    if isinstance(answer, Refusal):
        elsewhere = answer.code is RefusalCode.ITEM_NOT_FOUND
    else:  # a stand-in that is not on loan here says nothing of where the item is
        elsewhere = answer.item.owner_member != ctx.member and answer.item.due is None
    if not elsewhere or request.item is None or ctx.foreign_items is ForeignItems.UNKNOWN:
        return answer
    partner = await _partner(platform, ctx, request, None)
    if partner is None:
        return answer
    there = await items.get(platform, replace(ctx, member=partner.member), ItemGet(item=partner.barcode))
    if isinstance(there, Refusal):
        return there
    # Its ids are the owner's: here they name nothing.
    hidden = {"id": f"{partner.member}:{there.item.id}", "bib_id": partner.stand_in_bib}
    return there.model_copy(update={"item": there.item.model_copy(update=hidden)})


async def create(platform: Core, ctx: Context, request: LoanCreate, key: CommandKey) -> LoanOutcome | Refusal:
    """loan.create for any item; another member's is lent under `fulfil` only."""
    try:
        return await loan_create.perform(platform, ctx, request, key)
    except Elsewhere as elsewhere:
        partner = await _partner(platform, ctx, request, elsewhere.item)
        if partner is None:
            return await loan_create.perform(platform, ctx, request, key, loan_create.verdict)
        params = {**patron_named(request), **item_named(request), **partner.params}
        rule = partial(_decide_create, request, partner)
        return await platform.command(ctx, request, key, CREATE_PLAN, params, rule)


async def take_back(platform: Core, ctx: Context, request: LoanReturn, key: CommandKey) -> ReturnOutcome | Refusal:
    """loan.return for any item; another member's that is not on loan here is taken back unless it is `unknown` here."""
    try:
        return await loan_return.perform(platform, ctx, request, key)
    except Elsewhere as elsewhere:
        partner = await _partner(platform, ctx, request, elsewhere.item)
        if partner is None:
            return await loan_return.perform(platform, ctx, request, key, loan_return.verdict)
        params = {**item_named(request), **partner.params}
        ours = elsewhere.item is not None and elsewhere.item.owner_member is None
        rule = partial(_decide_home_coming if ours else _decide_return, request, partner)
        return await platform.command(ctx, request, key, RETURN_PLAN, params, rule)


async def renew(platform: Core, ctx: Context, request: LoanRenew, key: CommandKey) -> LoanOutcome | Refusal:
    """loan.renew for any item; a hold at the owner stops it as one here does."""
    try:
        return await loan_renew.perform(platform, ctx, request, key)
    except Elsewhere as elsewhere:
        partner = await _partner(platform, ctx, request, elsewhere.item)
        if partner is None:
            return await loan_renew.perform(platform, ctx, request, key, loan_renew.verdict)
        named = {**patron_named(request), "item": None, "item_id": elsewhere.item.id if elsewhere.item else None}
        params = {**named, **partner.params, "loan_id": None}
        return await platform.command(ctx, request, key, RENEW_PLAN, params, partial(_decide_renew, request, partner))


async def undo(platform: Core, ctx: Context, request: LoanUndo, key: CommandKey) -> UndoOutcome | Refusal:
    """loan.undo for any item; the return of another member's cannot be undone, for the owner may have moved it on."""
    try:
        return await loan_undo.perform(platform, ctx, request, key)
    except Elsewhere as elsewhere:
        partner = await _partner(platform, ctx, request, elsewhere.item)
        if partner is None:
            return await loan_undo.perform(platform, ctx, request, key, after=lambda _command, _found, ruling: ruling)
        return await loan_undo.perform(
            platform, ctx, request, key, also=(_OWNERS_ITEM,), params=partner.params, after=partial(_undone, partner)
        )


_OWNERS_ITEM = replace(_at_partner(parts.item(_CALLED)), name="owners_item")


async def _partner(platform: Core, ctx: Context, request: Any, item: ItemRow | None) -> Partner | None:
    """The member to share the item with: its owner, or who has borrowed it. None where the barcode is nobody's."""
    if item is not None:
        barcode, candidates = item.barcode, [item.owner_member or item.lent_to_member]
    else:
        barcode, candidates = trimmed(request.item), [m for m in platform.settings if m != ctx.member]
    for member in candidates:
        if barcode is None or member is None:
            continue
        found = await platform.read(member, _BY_BARCODE, {"barcode": barcode})
        row: ItemRow | None = found["item"]
        if row is not None and (item is not None or row.owner_member is None):
            return Partner(member, barcode, await platform.rules(member), row.bib_id, found["bib"]["title"])
    return None


_BY_BARCODE = Plan("reference.foreign.by_barcode", (parts.item(_CALLED), parts.bib(_CALLED)), dict)


def _decide_create(request: LoanCreate, partner: Partner, command: Command, found: Shared) -> Ruling:
    here, there = found.here, found.there
    if here.open_loan is not None:
        if _wanted_there(partner, command, there) and not request.offline:
            return refuse(RefusalCode.RENEWAL_BLOCKED_BY_REQUEST, here.item, kind="hold")
        return loan_create.verdict(request, command, here)
    if command.ctx.foreign_items is ForeignItems.UNKNOWN or there.item is None:
        return refuse(RefusalCode.ITEM_NOT_FOUND)
    if command.ctx.foreign_items is ForeignItems.ROUTE_HOME and not request.offline:
        return refuse(RefusalCode.ITEM_NOT_FOR_LOAN, here.item, kind="foreign")
    refusal = _owner_refuses(command, there)
    if refusal is not None and not request.offline:
        return Ruling(refusal, subject=subject_of(here.item))
    is_new = here.item is None
    stand_in = here.item = _stand_in(command, partner, here.item, there.item)
    here.bib = there.bib
    ruling = loan_create.verdict(request, command, here, owner_refuses=refusal)
    lent = any(isinstance(effect, Update) and effect.row is stand_in for effect in ruling.effects)
    if not lent:  # refused, or off line for nobody known here
        return replace(ruling, subject=subject_of(None if is_new else stand_in))
    if is_new:
        ruling.effects = [Insert(e.row) if isinstance(e, Update) and e.row is stand_in else e for e in ruling.effects]
    if not found.bib_here:
        bib = titles.blank(command, partner.title, suppressed=True, bib_id=partner.stand_in_bib)
        ruling.effects.insert(0, Insert(bib))
    ruling.effects += _lent_out(command, partner, there)
    return ruling


def _owner_refuses(command: Command, there: Case) -> Refusal | None:
    item = there.item
    assert item is not None
    if item.temporary:  # it came to the owner for one of its patrons
        return Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN)
    if there.open_loan is not None or item.lent_to_member is not None:
        return Refusal(code=RefusalCode.ALREADY_ON_LOAN_TO_OTHER)
    if item.hold_id is not None or any(
        active(h, command.now) and waits_for(h, item) and (h.level == HoldLevel.ITEM or h.type == HoldType.RECALL)
        for h in there.queue
    ):
        return Refusal(code=RefusalCode.ON_HOLD_FOR_OTHER)
    return None


def _stand_in(command: Command, partner: Partner, known: ItemRow | None, owners: ItemRow) -> ItemRow:
    """The owner's item as a temporary item here, in the state it has there; an earlier stand-in is used again."""
    return replace(
        owners,
        member=command.member,
        id=known.id if known else new_id(command.now),
        bib_id=partner.stand_in_bib,
        temporary=True,
        owner_member=partner.member,
        lent_to_member=None,
        hold_id=None,
        external_ref=None,
        version=known.version if known else 1,
    )


def _lent_out(command: Command, partner: Partner, there: Case) -> list[Effect]:
    """The owner's side of a loan; a loan or hold that it had there is ended, as only an off-line loan can ask for."""
    item, at_owner = there.item, partner.command(command)
    assert item is not None
    log = there.log(at_owner)
    effects: list[Effect] = []
    if there.loan is not None:
        effects += loan_return.close_loan(at_owner, there, log, command.now).effects
    trapped = there.hold(item.hold_id)
    if trapped is not None:
        loan_create.release(trapped)
        effects.append(Update(trapped))
    before = item_before(item)
    item.status, item.lent_to_member, item.destination, item.hold_id = ItemStatus.ILL_OUT, command.member, None, None
    log.add("item.lent_to_member", item_id=item.id, to=command.member, before=before, **referred(item))
    item.current_location = partner.away(command)
    return [*log.effects, *effects, Update(touch_item(item, at_owner))]


def _decide_return(request: LoanReturn, partner: Partner, command: Command, found: Shared) -> Ruling:
    """Here is not the owner: our loan, if there is one, is closed; the item goes to its owner."""
    here, there = found.here, found.there
    if there.item is None:
        return refuse(RefusalCode.ITEM_NOT_FOUND)
    at_owner = partner.command(command)
    log, effects, fees = here.log(command), list[Effect](), ()
    loan = here.loan
    if here.item is not None:
        closed = loan_return.close_loan(command, here, log, loan_return.returned_at(request, command, here))
        fees, effects = loan_return.fees_of(closed, here.item), closed.effects
        log.add(
            "loan.returned" if loan else "item.checked_in",
            patron_id=loan.patron_id if loan else None,
            item_id=here.item.id,
            loan_id=loan.id if loan else None,
            owner=partner.member,
            charges=[c.id for c in closed.charges],
            offline=request.offline,
            **referred(loan, here.item),
        )
        effects += [Update(touch_item(_sleep(here.item), command))]
    effects += _come_back(request, partner, command, at_owner, there)
    answer = ReturnOutcome(
        item=item_entity(there, at_owner, loan=None),
        loan=None if loan is None else loan_return.loan_entity(here, command, loan),
        routing=Routing(action=RoutingAction.TRANSIT_HOME, destination=there.item.destination),
        fees=fees,
        offline_accepted=request.offline,
        messages=(MessageRef(id="return.transit_home"),),
    )
    return Ruling(answer, log.effects + effects, subject_of(here.item))


def _come_back(request: LoanReturn, partner: Partner, command: Command, at_owner: Command, there: Case) -> list[Effect]:
    """The owner's side of a return elsewhere: its own loan is closed, and the item travels to a hold or home."""
    item, away = there.item, partner.away(command)
    assert item is not None
    log = there.log(at_owner)
    before = item_before(item)
    closed = loan_return.close_loan(at_owner, there, log, loan_return.returned_at(request, at_owner, there))
    effects = closed.effects
    item.lent_to_member = None
    hold = there.hold(item.hold_id) or next_hold(there.queue, item, command.now)
    if hold is None:
        send_home(item, away, partner.rules)
    else:
        person = there.person(hold.patron_id)
        trap(item, hold, away, partner.rules, command.now, person["category"] if person else "*")
        effects.append(Update(hold))
    loan = there.loan
    log.add(
        "loan.returned" if loan else "item.checked_in",
        patron_id=loan.patron_id if loan else None,
        item_id=item.id,
        loan_id=loan.id if loan else None,
        at_member=command.member,
        before=before,
        hold=hold.id if hold else None,
        charges=[c.id for c in closed.charges],
        reversed=closed.reversed,
        loan_status=closed.loan_status,
        **referred(loan, item),
    )
    return [*log.effects, *effects, Update(touch_item(item, at_owner))]


def _decide_home_coming(request: LoanReturn, partner: Partner, command: Command, found: Shared) -> Ruling:
    """Our own item comes back that another member had lent: its loan there is closed under its rules."""
    here, there = found.here, found.there
    assert here.item is not None
    at_borrower = partner.command(command)
    effects: list[Effect] = []
    if there.item is not None and there.item.owner_member == command.member:
        log = there.log(at_borrower)
        closed = loan_return.close_loan(at_borrower, there, log, loan_return.returned_at(request, at_borrower, there))
        loan = there.loan
        if loan is not None:
            log.add(
                "loan.returned",
                patron_id=loan.patron_id,
                item_id=there.item.id,
                loan_id=loan.id,
                at_member=command.member,
                charges=[c.id for c in closed.charges],
            )
        effects = [*log.effects, *closed.effects, Update(touch_item(_sleep(there.item), at_borrower))]
    here.item.lent_to_member, here.item.status = None, ItemStatus.AVAILABLE
    ruling = loan_return.verdict(request, command, here)
    ruling.effects += effects
    return ruling


def _sleep(stand_in: ItemRow) -> ItemRow:
    """A stand-in whose item has gone; it cannot be lent until the owner's item is here again."""
    stand_in.status, stand_in.hold_id, stand_in.destination = ItemStatus.UNAVAILABLE, None, None
    return stand_in


def _decide_renew(request: LoanRenew, partner: Partner, command: Command, found: Shared) -> Ruling:
    if _wanted_there(partner, command, found.there) and not request.offline:
        return refuse(RefusalCode.RENEWAL_BLOCKED_BY_REQUEST, found.here.item, kind="hold")
    return loan_renew.verdict(request, command, found.here)


def _wanted_there(partner: Partner, command: Command, there: Case) -> bool:
    item = there.item
    return item is not None and any(active(h, command.now) and waits_for(h, item) for h in there.queue)


def _undone(partner: Partner, command: Command, found: loan_undo.Undoing, ruling: Ruling) -> Ruling:
    """After the undo of a loan here: the owner has its item again, as it was."""
    item, stand_in, loan = found.owners_item, found.item, found.loan
    if isinstance(ruling.answer, Refusal) or loan is None or stand_in is None or item is None:
        return ruling
    if loan.status != LoanStatus.UNDONE:  # a renewal was taken back: the loan goes on
        return ruling
    at_owner = partner.command(command)
    item.status, item.lent_to_member, item.current_location = stand_in.status, None, stand_in.current_location
    item.destination = stand_in.destination
    _sleep(stand_in)
    log = Case().log(at_owner)
    log.add("item.loan_to_member_undone", item_id=item.id, to=command.member)
    ruling.effects += [*log.effects, Update(touch_item(item, at_owner))]
    return ruling
