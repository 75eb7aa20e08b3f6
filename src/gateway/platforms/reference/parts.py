"""The pieces of snapshots that several plans share: one SELECT each, by index, for any patron or item expression.

Parameters: `member`, `now` (UTC milliseconds), `patron` (normalised identifier) or `patron_id`, `item` (barcode) or
`item_id`; the ones not known are None.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    select,
)

from gateway.store import schema
from gateway.store.port import Part
from gateway.store.rows import (
    ChargeRow,
    HoldRow,
    ItemRow,
    LoanRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PseudonymRow,
)

MEMBER = bindparam("member", type_=Text)
NOW = bindparam("now", type_=BigInteger)
Sql = ColumnElement[Any]
Rows = Select[*tuple[Any, ...]]


def of_member(table: Table) -> Rows:
    """All columns of a table, in the order of its row class, of the member asking."""
    columns = [c for c in table.c if c.name != "seq"]
    return select(*columns).where(table.c.member == MEMBER)


def asked_patron() -> Sql:
    """Id of the patron named by `patron_id` or by an active identifier `patron`."""
    ident = schema.patron_identifier
    by_value = select(ident.c.patron_id).where(
        ident.c.member == MEMBER, ident.c.value == bindparam("patron", type_=Text), ident.c.active.is_(True)
    )
    return func.coalesce(bindparam("patron_id", type_=Text), by_value.scalar_subquery())


def asked_item(*, by_loan: bool = False) -> Sql:
    """Id of the item named by `item_id`, by barcode `item`, or (`by_loan`) as that of the loan `loan_id`."""
    by_barcode = select(schema.item.c.id).where(
        schema.item.c.member == MEMBER, schema.item.c.barcode == bindparam("item", type_=Text)
    )
    if not by_loan:
        return func.coalesce(bindparam("item_id", type_=Text), by_barcode.scalar_subquery())
    loan = schema.loan
    named = select(loan.c.item_id).where(loan.c.member == MEMBER, loan.c.id == bindparam("loan_id", type_=Text))
    return func.coalesce(bindparam("item_id", type_=Text), by_barcode.scalar_subquery(), named.scalar_subquery())


def bib_of(item: Sql) -> Sql:
    return (
        select(schema.item.c.bib_id).where(schema.item.c.member == MEMBER, schema.item.c.id == item).scalar_subquery()
    )


def borrower_of(item: Sql) -> Sql:
    """Patron of the loan that `unreturned` reads."""
    return _unreturned(select(schema.loan.c.patron_id), item).scalar_subquery()


def patron(who: Sql, name: str = "patron") -> Part:
    return Part(name, of_member(schema.patron).where(schema.patron.c.id == who), PatronRow)


def identifiers(who: Sql, name: str = "identifiers") -> Part:
    table = schema.patron_identifier
    return Part(
        name,
        of_member(table).where(table.c.patron_id == who).order_by(table.c.position, table.c.value),
        PatronIdentifierRow,
        many=True,
    )


def blocks(who: Sql, name: str = "blocks") -> Part:
    table = schema.patron_block
    return Part(
        name,
        of_member(table).where(table.c.patron_id == who).order_by(table.c.placed_at, table.c.id),
        PatronBlockRow,
        many=True,
    )


def pseudonym(who: Sql, name: str = "pseudonym") -> Part:
    return Part(name, of_member(schema.pseudonym).where(schema.pseudonym.c.patron_id == who), PseudonymRow)


def loan_totals(who: Sql, name: str = "loan_totals") -> Part:
    """Per loan rule: `rule_id`, `loans`, `overdue`, `recalled`, `recall_overdue` of the open loans, and `next_due`:
    when the next of them that is not overdue falls due."""
    loan = schema.loan
    late, recalled = loan.c.due_at < NOW, loan.c.recalled_at.is_not(None)
    totals = (
        select(
            loan.c.rule_id,
            func.count().label("loans"),
            func.count().filter(late).label("overdue"),
            func.count().filter(recalled).label("recalled"),
            func.count().filter(and_(late, recalled)).label("recall_overdue"),
            func.min(loan.c.due_at).filter(~late).label("next_due"),
        )
        .where(loan.c.member == MEMBER, loan.c.patron_id == who, loan.c.status == "open")
        .group_by(loan.c.rule_id)
    )
    return Part(name, totals, many=True)


def missing_totals(who: Sql, name: str = "missing_totals") -> Part:
    """`lost` and `claimed`: loans whose item has not come back and is no longer expected."""
    loan = schema.loan
    totals = select(
        func.count().filter(loan.c.status == "lost").label("lost"),
        func.count().filter(loan.c.status == "claimed").label("claimed"),
    ).where(loan.c.member == MEMBER, loan.c.patron_id == who, loan.c.status.in_(("lost", "claimed")))
    return Part(name, totals)


def unreturned_number(who: Sql, name: str) -> Part:
    """`n`: loans whose item has not come back."""
    loan = schema.loan
    not_back = (loan.c.member == MEMBER, loan.c.patron_id == who)
    lent = select(func.count()).where(*not_back, loan.c.status == "open").scalar_subquery()
    missing = select(func.count()).where(*not_back, loan.c.status.in_(("lost", "claimed"))).scalar_subquery()
    return Part(name, select((lent + missing).label("n")))


def charge_totals(who: Sql, name: str = "charge_totals") -> Part:
    """`fees` and `fines` count open charges (fines: the overdue ones), `balance` and `fine_balance` sum them up."""
    charge = schema.charge
    fine = charge.c.type == "OVERDUE"

    def total(condition: Sql | None = None) -> Sql:
        summed = func.sum(charge.c.balance)
        return cast(func.coalesce(summed if condition is None else summed.filter(condition), 0), BigInteger)

    totals = select(
        func.count().label("fees"),
        func.count().filter(fine).label("fines"),
        total().label("balance"),
        total(fine).label("fine_balance"),
    ).where(charge.c.member == MEMBER, charge.c.patron_id == who, charge.c.status == "open")
    return Part(name, totals)


def hold_totals(who: Sql, name: str = "hold_totals") -> Part:
    """`ready` and `pending` (all others that are open)."""
    hold = schema.hold
    ready = hold.c.status == "READY"
    totals = select(func.count().filter(ready).label("ready"), func.count().filter(~ready).label("pending")).where(
        hold.c.member == MEMBER, hold.c.patron_id == who, hold.c.closed_at.is_(None)
    )
    return Part(name, totals)


def standing(who: Sql) -> tuple[Part, ...]:
    """What a patron's permissions depend on: patron, identifiers, blocks, and the totals of loans and charges."""
    return (patron(who), identifiers(who), blocks(who), loan_totals(who), missing_totals(who), charge_totals(who))


def item(which: Sql, name: str = "item") -> Part:
    return Part(name, of_member(schema.item).where(schema.item.c.id == which), ItemRow)


def bib(which: Sql, name: str = "bib") -> Part:
    """`id`, `title`, `author` of an item's bib, without the record itself."""
    table = schema.bib
    columns = select(table.c.id, table.c.title, table.c.author)
    return Part(name, columns.where(table.c.member == MEMBER, table.c.id == bib_of(which)))


def unreturned(which: Sql, name: str = "loan") -> Part:
    """The loan of an item that has not come back: open, lost or claimed."""
    return Part(name, _unreturned(select(*schema.loan.c), which), LoanRow)


def queue(which: Sql, name: str = "queue") -> Part:
    """All open holds on an item's bib, first come first."""
    table = schema.hold
    return Part(
        name,
        of_member(table)
        .where(table.c.bib_id == bib_of(which), table.c.closed_at.is_(None))
        .order_by(table.c.place, table.c.id),
        HoldRow,
        many=True,
    )


def queue_people(which: Sql, name: str = "queue_people") -> Part:
    """`patron_id`, `name`, `category`, `barcode`, `pseudonym` and its `secret` of the patrons in an item's queue."""
    hold, person, ident, alias = schema.hold, schema.patron, schema.patron_identifier, schema.pseudonym
    barcode = (
        select(ident.c.shown)
        .where(
            ident.c.member == MEMBER,
            ident.c.patron_id == person.c.id,
            ident.c.type == "barcode",
            ident.c.active.is_(True),
        )
        .order_by(ident.c.position)
        .limit(1)
        .scalar_subquery()
    )
    people = (
        select(
            person.c.id.label("patron_id"),
            person.c.name,
            person.c.category,
            barcode.label("barcode"),
            alias.c.pseudonym,
            alias.c.secret,
        )
        .select_from(
            hold.join(person, and_(person.c.member == hold.c.member, person.c.id == hold.c.patron_id)).outerjoin(
                alias, and_(alias.c.member == person.c.member, alias.c.patron_id == person.c.id)
            )
        )
        .where(hold.c.member == MEMBER, hold.c.bib_id == bib_of(which), hold.c.closed_at.is_(None))
        .order_by(hold.c.place, hold.c.id)
    )
    return Part(name, people, many=True)


def loan_charges(which: Sql, name: str = "loan_charges") -> Part:
    """All charges of the loan that `unreturned` reads, oldest first."""
    table = schema.charge
    loan_id = _unreturned(select(schema.loan.c.id), which).scalar_subquery()
    return Part(
        name,
        of_member(table).where(table.c.loan_id == loan_id).order_by(table.c.created_at, table.c.id),
        ChargeRow,
        many=True,
    )


def _unreturned(columns: Rows, which: Sql) -> Rows:
    loan = schema.loan
    return (
        columns.where(loan.c.member == MEMBER, loan.c.item_id == which, loan.c.status.in_(("open", "lost", "claimed")))
        .order_by(loan.c.loaned_at.desc(), loan.c.id.desc())
        .limit(1)
    )


def last_event(which: Sql, *types: str, name: str) -> Part:
    """`seq`, `type`, `loan_id`, `data_json` of an item's latest event, of these types where any are named."""
    table = schema.event
    found = select(table.c.seq, table.c.type, table.c.loan_id, table.c.data_json).where(
        table.c.member == MEMBER, table.c.item_id == which
    )
    if types:
        found = found.where(table.c.type.in_(types))
    return Part(name, found.order_by(table.c.seq.desc()).limit(1))
