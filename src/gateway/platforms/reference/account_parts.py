"""The lists of a patron's account as parts of a plan: open loans, open holds, open charges, each with what names them.

Rows come as row classes; barcodes and titles as a second part beside them, keyed by id.
"""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from gateway.platforms.reference.parts import MEMBER, Sql, of_member
from gateway.store import schema
from gateway.store.port import Part
from gateway.store.rows import ChargeRow, HoldRow, LoanRow


def open_loans(who: Sql) -> tuple[Part, Part]:
    """`loans`, soonest due first; `loan_items`: `id` of the loan, `barcode`, `title`."""
    loan, item, bib = schema.loan, schema.item, schema.bib
    mine = and_(loan.c.member == MEMBER, loan.c.patron_id == who, loan.c.status == "open")
    named = (
        select(loan.c.id, item.c.barcode, bib.c.title)
        .select_from(
            loan.join(item, and_(item.c.member == loan.c.member, item.c.id == loan.c.item_id)).join(
                bib, and_(bib.c.member == item.c.member, bib.c.id == item.c.bib_id)
            )
        )
        .where(mine)
    )
    return (
        Part("loans", select(*loan.c).where(mine).order_by(loan.c.due_at, loan.c.id), LoanRow, many=True),
        Part("loan_items", named, many=True),
    )


def open_holds(who: Sql) -> tuple[Part, Part]:
    """`holds`, oldest first; their names as `hold_names`."""
    hold = schema.hold
    mine = and_(hold.c.member == MEMBER, hold.c.patron_id == who, hold.c.closed_at.is_(None))
    return (
        Part("holds", of_member(hold).where(mine).order_by(hold.c.placed_at, hold.c.id), HoldRow, many=True),
        hold_names(mine),
    )


def hold_names(which: Sql, name: str = "hold_names") -> Part:
    """`id` of the hold, `title`, `barcode` (of the item asked for or waiting), `ahead` (pending holds before it that
    want the same copies); `which` says which holds, and of which member."""
    hold, item, bib = schema.hold, schema.item, schema.bib
    barcode = (
        select(item.c.barcode)
        .where(item.c.member == MEMBER, item.c.id == func.coalesce(hold.c.filled_item_id, hold.c.item_id))
        .scalar_subquery()
    )
    other = schema.hold.alias("other")
    ahead = (
        select(func.count())
        .select_from(other)
        .where(
            other.c.member == MEMBER,
            other.c.bib_id == hold.c.bib_id,
            other.c.closed_at.is_(None),
            other.c.status == "PENDING",
            or_(other.c.place < hold.c.place, and_(other.c.place == hold.c.place, other.c.id < hold.c.id)),
            or_(other.c.item_id.is_(None), hold.c.item_id.is_(None), other.c.item_id == hold.c.item_id),
        )
        .scalar_subquery()
    )
    named = (
        select(hold.c.id, bib.c.title, barcode.label("barcode"), ahead.label("ahead"))
        .select_from(hold.join(bib, and_(bib.c.member == hold.c.member, bib.c.id == hold.c.bib_id)))
        .where(which)
    )
    return Part(name, named, many=True)


def open_charges(who: Sql) -> tuple[Part, Part]:
    """`charges`, oldest first, which is the order they are paid in; `charge_items`: `id` of the charge, `barcode`."""
    charge, item = schema.charge, schema.item
    mine = and_(charge.c.member == MEMBER, charge.c.patron_id == who, charge.c.status == "open")
    named = (
        select(charge.c.id, item.c.barcode)
        .select_from(charge.join(item, and_(item.c.member == charge.c.member, item.c.id == charge.c.item_id)))
        .where(mine)
    )
    return (
        Part("charges", of_member(charge).where(mine).order_by(charge.c.created_at, charge.c.id), ChargeRow, many=True),
        Part("charge_items", named, many=True),
    )
