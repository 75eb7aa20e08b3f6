"""Rows to canonical entities, and what follows from them: derived blocks, standing, counts.

Pure functions over rows and the member's rules. Unknown stays None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from gateway.canonical.entities import (
    Block,
    Category,
    Contacts,
    Fee,
    Hold,
    Identifier,
    Item,
    Loan,
    Patron,
    PatronCounts,
    PatronLimits,
    PatronName,
)
from gateway.canonical.money import Money
from gateway.canonical.trusted import trusted
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    BlockSource,
    DuePrecision,
    FeeStatus,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    IdentifierType,
    ItemStatus,
    LoanStatus,
    MediaType,
    PatronStatus,
    SecurityMarker,
    UseRestriction,
)
from gateway.platforms.reference.ids import is_retired, shown_barcode
from gateway.platforms.reference.policy import MemberRules, instant, optional_instant
from gateway.store.rows import (
    ChargeRow,
    HoldRow,
    ItemRow,
    LoanRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
)

Totals = Mapping[str, Any]
E = TypeVar("E", bound=StrEnum)


def _words(kind: type[E]) -> dict[str, E]:
    return {word.value: word for word in kind}


# Canonical entities are frozen: what many patrons have in common is made once.
_NO_LIMITS = PatronLimits()
_NO_CONTACTS = Contacts()
_item, _loan, _block = trusted(Item), trusted(Loan), trusted(Block)
_person, _person_name = trusted(Patron), trusted(PatronName)
_identifier, _patron_counts = trusted(Identifier), trusted(PatronCounts)
# What rows say in words, as the words of the model; a member of an enumeration stands for its own word.
_ITEM_STATUS, _MEDIA, _MARKER = _words(ItemStatus), _words(MediaType), _words(SecurityMarker)
_LOAN_STATUS, _PRECISION = _words(LoanStatus), _words(DuePrecision)
_PATRON_STATUS, _IDENTIFIER = _words(PatronStatus), _words(IdentifierType)


@dataclass(frozen=True, slots=True)
class Standing:
    """A patron with everything that decides what they may do. Totals are those of `parts`; None: not read."""

    patron: PatronRow
    identifiers: Sequence[PatronIdentifierRow]
    blocks: Sequence[PatronBlockRow]
    loan_totals: Sequence[Totals] | None = None
    missing_totals: Totals | None = None
    charge_totals: Totals | None = None
    hold_totals: Totals | None = None

    @property
    def loans(self) -> int:
        return self.sum("loans")

    def sum(self, what: str) -> int:
        return sum([row[what] for row in self.loan_totals or ()])

    def loans_under(self, rule_id: str) -> int:
        return sum(row["loans"] for row in self.loan_totals or () if row["rule_id"] == rule_id)

    @property
    def barcode(self) -> str | None:
        return next((i.shown for i in self.identifiers if i.type == "barcode" and i.active), None)


def patron_status(patron: PatronRow, rules: MemberRules, now: int) -> PatronStatus:
    """The stored status, or EXPIRED from the day after the last valid one."""
    stored = _PATRON_STATUS[patron.status]
    if stored is not PatronStatus.ACTIVE:
        return stored
    today = rules.today(now)
    if patron.expires_on is not None and date.fromisoformat(patron.expires_on) < today:
        return PatronStatus.EXPIRED
    if patron.valid_from_on is not None and date.fromisoformat(patron.valid_from_on) > today:
        return PatronStatus.INACTIVE
    return stored


def blocks_of(standing: Standing, rules: MemberRules, now: int) -> tuple[Block, ...]:
    """Stored blocks that have not run out, then those that follow from the account at this moment."""
    stored = tuple(stored_block(row) for row in standing.blocks if row.expires_at is None or row.expires_at > now)
    return stored + _derived(standing, rules, now)


def stored_block(row: PatronBlockRow) -> Block:
    return Block(
        id=row.id,
        scope=BlockScope(row.scope),
        reason=BlockReason(row.reason),
        severity=BlockSeverity(row.severity),
        text=row.text,
        placed_at=instant(row.placed_at),
        expires_at=optional_instant(row.expires_at),
        source=BlockSource(row.source),
    )


def applying(blocks: Iterable[Block], *scopes: BlockScope) -> tuple[Block, ...]:
    """The blocks that stop something of these scopes; traps stop nothing."""
    wanted = {BlockScope.ALL, *scopes}
    return tuple(b for b in blocks if b.severity is BlockSeverity.BLOCK and b.scope in wanted)


def fee_block(standing: Standing, rules: MemberRules) -> BlockReason | None:
    """EXCESS_FINES or EXCESS_FEES where the balance has reached the category's limit: fines where they alone do."""
    category, totals = rules.categories.get(standing.patron.category), standing.charge_totals
    if category is None or category.max_fees is None or totals is None or totals["balance"] < category.max_fees:
        return None
    return BlockReason.EXCESS_FINES if totals["fine_balance"] >= category.max_fees else BlockReason.EXCESS_FEES


def _derived(standing: Standing, rules: MemberRules, now: int) -> tuple[Block, ...]:
    found: list[Block] = []

    def add(reason: BlockReason, scope: BlockScope = BlockScope.BORROW) -> None:
        found.append(_block(scope=scope, reason=reason, source=BlockSource.DERIVED))

    if patron_status(standing.patron, rules, now) is not PatronStatus.ACTIVE:
        add(BlockReason.BORROW_DENIED, BlockScope.ALL)
    category = rules.categories.get(standing.patron.category)
    if category is not None:
        missing = standing.missing_totals
        if _reached(standing.loans, category.max_loans, standing.loan_totals):
            add(BlockReason.TOO_MANY_LOANS)
        if _reached(standing.sum("overdue"), category.max_overdue, standing.loan_totals):
            add(BlockReason.TOO_MANY_OVERDUE)
        if missing is not None and _reached(missing["lost"], category.max_lost, missing):
            add(BlockReason.TOO_MANY_LOST)
    if standing.sum("recall_overdue"):
        add(BlockReason.RECALL_OVERDUE)
    fees = fee_block(standing, rules)
    if fees is not None:
        add(fees)
    return tuple(found)


def _reached(count: int, limit: int | None, read: object) -> bool:
    return read is not None and limit is not None and count >= limit


def patron_view(standing: Standing, rules: MemberRules, now: int) -> Patron:
    row = standing.patron
    category = rules.categories.get(row.category)
    charges = standing.charge_totals
    expires = None if row.expires_on is None else rules.calendar("").end_of(date.fromisoformat(row.expires_on))
    return _person(
        id=row.id,
        identifiers=tuple(
            [_identifier(type=_IDENTIFIER[i.type], value=i.shown, active=i.active) for i in standing.identifiers]
        ),
        name=_person_name(display=row.name, family=row.family, given=row.given),
        category=_category(row.category, category.label if category else row.category),
        home_library=row.home_library,
        status=patron_status(row, rules, now),
        expires_at=expires,
        valid_from=None if row.valid_from_on is None else date.fromisoformat(row.valid_from_on),
        birth_date=None if row.birth_on is None else date.fromisoformat(row.birth_on),
        language=row.language,
        contacts=_contacts(row),
        has_pin=row.pin_hash is not None,
        blocks=blocks_of(standing, rules, now),
        limits=_NO_LIMITS
        if category is None
        else _limits(category.max_loans, category.max_overdue, category.max_holds, category.max_fees, rules.currency),
        counts=_counts(standing),
        balance=None if charges is None else rules.money(charges["balance"]),
        is_institution=row.is_institution,
    )


@lru_cache(1024)
def _category(code: str, label: str) -> Category:
    return Category(code=code, label=label)


@lru_cache(1024)
def _limits(
    loans: int | None, overdues: int | None, holds: int | None, fees: int | None, currency: str
) -> PatronLimits:
    money = None if fees is None else Money.of_minor(fees, currency)
    return PatronLimits(loans=loans, overdues=overdues, holds=holds, fees=money)


def _contacts(row: PatronRow) -> Contacts:
    if row.emails_json == row.phones_json == row.addresses_json == "[]":
        return _NO_CONTACTS
    return Contacts(
        emails=orjson.loads(row.emails_json),
        phones=orjson.loads(row.phones_json),
        addresses=orjson.loads(row.addresses_json),
    )


def _counts(standing: Standing) -> PatronCounts:
    loans, missing = standing.loan_totals, standing.missing_totals
    charges, holds = standing.charge_totals, standing.hold_totals
    return _patron_counts(
        loans=None if loans is None else standing.loans,
        overdue=None if loans is None else standing.sum("overdue"),
        recalled=None if loans is None else standing.sum("recalled"),
        holds_ready=None if holds is None else holds["ready"],
        holds_pending=None if holds is None else holds["pending"],
        fines=None if charges is None else charges["fines"],
        fees=None if charges is None else charges["fees"],
        claims_returned=None if missing is None else missing["claimed"],
        lost=None if missing is None else missing["lost"],
    )


def item_view(
    item: ItemRow,
    bib: Totals | None,
    rules: MemberRules,
    *,
    loan: LoanRow | None = None,
    queue: Sequence[HoldRow] | None = None,
    hold: HoldRow | None = None,
    rental_fee: int = 0,
) -> Item:
    """`bib` has `title` and `author`; `loan` is the item's open loan; `hold` the one it waits for; `queue` None: not
    read. A recalled loan shows as RECALLED."""
    status = _ITEM_STATUS[item.status]
    on_loan = loan if loan is not None and loan.status == LoanStatus.OPEN else None
    if on_loan is not None and on_loan.recalled_at is not None:
        status = ItemStatus.RECALLED
    return _item(
        id=item.id,
        bib_id=item.bib_id,
        barcode=shown_barcode(item.barcode),
        title=bib["title"] if bib else "",
        author=bib["author"] if bib else None,
        status=status,
        due=None if on_loan is None else instant(on_loan.due_at),
        due_precision=DuePrecision.DAY if on_loan is None else _PRECISION[on_loan.due_precision],
        recalled_at=None if on_loan is None else optional_instant(on_loan.recalled_at),
        hold_until=None if hold is None else optional_instant(hold.hold_until_at),
        owner_member=item.owner_member or item.member,
        permanent_location=item.permanent_location,
        current_location=item.current_location,
        destination=item.destination,
        call_number=item.call_number,
        copy_number=item.copy_number,
        enumeration=item.enumeration,
        collection=item.collection,
        media_type=_MEDIA[item.media_type],
        item_type=item.item_type,
        restrictions=restrictions(item),
        security_marker=_MARKER[item.security_marker],
        magnetic=item.magnetic,
        hold_queue_length=None if queue is None else sum(1 for h in queue if waits_for(h, item)),
        properties=item.properties,
        fee=rules.money(rental_fee) if rental_fee else None,
        fee_type=FeeType.RENTAL if rental_fee else None,
        temporary=item.temporary,
        external_ref=item.external_ref,
        return_by=optional_instant(item.return_by_at),
        changed_at=instant(item.changed_at),
    )


def restrictions(item: ItemRow) -> tuple[UseRestriction, ...]:
    if not item.restrictions:
        return ()
    return tuple(UseRestriction(word) for word in item.restrictions.split(",") if word)


def from_elsewhere(item: ItemRow) -> bool:
    """Whether an interlibrary loan has brought the item; a stand-in for another member's item is something else."""
    return item.temporary and item.owner_member is None


def is_gone(item: ItemRow) -> bool:
    """Whether the item was taken away: only its row is left."""
    return is_retired(item.barcode)


def waits_for(hold: HoldRow, item: ItemRow) -> bool:
    """Whether an open hold of the item's title could be filled by this item."""
    return hold.item_id is None or hold.item_id == item.id


def loan_view(
    loan: LoanRow,
    rules: MemberRules,
    now: int,
    *,
    item_barcode: str,
    title: str = "",
    patron_barcode: str | None = None,
    renewable: bool | None = None,
) -> Loan:
    """`renewable` None: not worked out."""
    rule = rules.rules.get(loan.rule_id)
    left = None if rule is None or rule.max_renewals is None else max(0, rule.max_renewals - loan.renewals)
    is_open = loan.status == LoanStatus.OPEN
    return _loan(
        id=loan.id,
        item_id=loan.item_id,
        patron_id=loan.patron_id,
        item_barcode=shown_barcode(item_barcode),
        patron_barcode=patron_barcode,
        title=title,
        status=_LOAN_STATUS[loan.status],
        loaned_at=instant(loan.loaned_at),
        due=instant(loan.due_at),
        due_precision=_PRECISION[loan.due_precision],
        renewals_used=loan.renewals,
        renewals_left=left,
        renewable=renewable,
        overdue=is_open and loan.due_at < now,
        recalled_at=optional_instant(loan.recalled_at),
        loan_location=loan.location,
        returned_at=optional_instant(loan.returned_at),
        external_ref=loan.external_ref,
    )


def fee_view(charge: ChargeRow, *, item_barcode: str | None = None) -> Fee:
    return Fee(
        id=charge.id,
        patron_id=charge.patron_id,
        type=FeeType(charge.type),
        status=FeeStatus(charge.status),
        original=Money.of_minor(charge.original, charge.currency),
        balance=Money.of_minor(charge.balance, charge.currency),
        created_at=instant(charge.created_at),
        item_id=charge.item_id,
        item_barcode=None if item_barcode is None else shown_barcode(item_barcode),
        loan_id=charge.loan_id,
        title=charge.title,
        description=charge.description,
        external_ref=charge.external_ref,
    )


def hold_view(
    hold: HoldRow,
    *,
    title: str = "",
    item_barcode: str | None = None,
    position: int | None = None,
) -> Hold:
    """`position` counts from 1 within the title's queue; None: not worked out."""
    return Hold(
        id=hold.id,
        patron_id=hold.patron_id,
        level=HoldLevel(hold.level),
        bib_id=hold.bib_id,
        item_id=hold.item_id,
        item_barcode=None if item_barcode is None else shown_barcode(item_barcode),
        title=title,
        type=HoldType(hold.type),
        status=HoldStatus(hold.status),
        pickup_location=hold.pickup_location,
        placed_at=instant(hold.placed_at),
        needed_before=optional_instant(hold.needed_before_at),
        hold_until=optional_instant(hold.hold_until_at),
        queue_position=position,
        suspended_until=optional_instant(hold.suspended_until_at),
        comment=hold.comment,
        filled_item_id=hold.filled_item_id,
        external_ref=hold.external_ref,
    )
