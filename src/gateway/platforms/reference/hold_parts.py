"""What the hold commands read: a title with its copies, loans and queue; a patron's holds with what waits for them."""

from __future__ import annotations

from sqlalchemy import Text, and_, bindparam, case, func, or_, select

from gateway.platforms.reference import parts
from gateway.platforms.reference.parts import MEMBER, Sql, of_member
from gateway.store import schema
from gateway.store.port import Part
from gateway.store.rows import HoldRow, ItemRow, LoanRow, PseudonymRow

_BIB, _ITEM, _LOAN, _HOLD = schema.bib, schema.item, schema.loan, schema.hold
_TITLE = bindparam("title", type_=Text)
_HOLD_ID = bindparam("hold_id", type_=Text)
_REFERENCE = bindparam("external_ref", type_=Text)
_CATALOGUED = and_(_BIB.c.deleted_at.is_(None), _BIB.c.suppressed.is_(False))
"""Whoever names a title by its words means one that can be found: not that of an interlibrary loan."""


def titled() -> Part:
    """`titled`: `id` of at most two titles that are called exactly `title`: more than one is ambiguous."""
    return Part(
        "titled",
        select(_BIB.c.id)
        .where(_BIB.c.member == MEMBER, _BIB.c.title == _TITLE, _CATALOGUED)
        .order_by(_BIB.c.id)
        .limit(2),
        many=True,
    )


def asked_bib() -> Sql:
    """Id of the title named by `bib_id`, by an item, or by its `title`."""
    by_title = (
        select(func.min(_BIB.c.id))
        .where(_BIB.c.member == MEMBER, _BIB.c.title == _TITLE, _CATALOGUED)
        .scalar_subquery()
    )
    return func.coalesce(bindparam("bib_id", type_=Text), parts.bib_of(parts.asked_item()), by_title)


def living_bib(which: Sql) -> Part:
    """`bib`: `id`, `title`, `author`, where it is not deleted."""
    return Part(
        "bib",
        select(_BIB.c.id, _BIB.c.title, _BIB.c.author).where(
            _BIB.c.member == MEMBER, _BIB.c.id == which, _BIB.c.deleted_at.is_(None)
        ),
    )


def copies(which: Sql) -> tuple[Part, Part, Part, Part]:
    """Of a title: `copies`, their open `loans` (soonest due first), the `queue`, and pseudonyms of the `borrowers`."""
    of_title = select(_ITEM.c.id).where(_ITEM.c.member == MEMBER, _ITEM.c.bib_id == which)
    lent = and_(_LOAN.c.member == MEMBER, _LOAN.c.status == "open", _LOAN.c.item_id.in_(of_title))
    return (
        Part("copies", of_member(_ITEM).where(_ITEM.c.bib_id == which).order_by(_ITEM.c.id), ItemRow, many=True),
        Part("loans", select(*_LOAN.c).where(lent).order_by(_LOAN.c.due_at, _LOAN.c.id), LoanRow, many=True),
        Part(
            "queue",
            of_member(_HOLD)
            .where(_HOLD.c.bib_id == which, _HOLD.c.closed_at.is_(None))
            .order_by(_HOLD.c.place, _HOLD.c.id),
            HoldRow,
            many=True,
        ),
        Part(
            "borrowers",
            of_member(schema.pseudonym).where(schema.pseudonym.c.patron_id.in_(select(_LOAN.c.patron_id).where(lent))),
            PseudonymRow,
            many=True,
        ),
    )


def asked_holder() -> Sql:
    """Id of the patron named; where none is, of the one whose hold `asked_hold` is."""
    by_hold = select(_HOLD.c.patron_id).where(_HOLD.c.member == MEMBER, _HOLD.c.id == asked_hold()).scalar_subquery()
    nobody = and_(bindparam("patron", type_=Text).is_(None), bindparam("patron_id", type_=Text).is_(None))
    return case((nobody, by_hold), else_=parts.asked_patron())


def asked_hold() -> Sql:
    """Id of the hold `hold_id`, else of the latest that has `external_ref`, one that is open before all others."""
    by_reference = (
        select(_HOLD.c.id)
        .where(_HOLD.c.member == MEMBER, _HOLD.c.external_ref == _REFERENCE)
        .order_by(_HOLD.c.closed_at.is_not(None), _HOLD.c.placed_at.desc(), _HOLD.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(_HOLD_ID, by_reference)


def named_hold() -> Part:
    """`named`: the hold `asked_hold`, open or closed."""
    return Part("named", of_member(_HOLD).where(_HOLD.c.id == asked_hold()), HoldRow)


def is_referred() -> Sql:
    """Open holds of the member that have `external_ref`."""
    return and_(_HOLD.c.member == MEMBER, _HOLD.c.external_ref == _REFERENCE, _HOLD.c.closed_at.is_(None))


def referred_holds() -> Part:
    """`referred`: the open holds that have `external_ref`."""
    return Part(
        "referred",
        of_member(_HOLD).where(is_referred()).order_by(_HOLD.c.place, _HOLD.c.id),
        HoldRow,
        many=True,
    )


def trapped(who: Sql) -> tuple[Part, Part, Part]:
    """`items` that wait or travel for a hold of this patron, the `queues` of their titles, and of the people in
    these queues `waiting`: `patron_id`, `category`, `pseudonym` and its `secret`."""
    caught = and_(
        _HOLD.c.member == MEMBER,
        _HOLD.c.patron_id == who,
        _HOLD.c.closed_at.is_(None),
        _HOLD.c.filled_item_id.is_not(None),
    )
    return waiting_for(select(_HOLD.c.filled_item_id).where(caught), select(_HOLD.c.bib_id).where(caught))


def waiting_for(items: parts.Rows, bibs: parts.Rows) -> tuple[Part, Part, Part]:
    """`items`, `queues` and `waiting` for items and titles chosen by two selects of ids."""
    person, alias = schema.patron, schema.pseudonym
    queued = and_(_HOLD.c.member == MEMBER, _HOLD.c.bib_id.in_(bibs), _HOLD.c.closed_at.is_(None))
    people = (
        select(person.c.id.label("patron_id"), person.c.category, alias.c.pseudonym, alias.c.secret)
        .select_from(person.outerjoin(alias, and_(alias.c.member == person.c.member, alias.c.patron_id == person.c.id)))
        .where(person.c.member == MEMBER, person.c.id.in_(select(_HOLD.c.patron_id).where(queued)))
    )
    return (
        Part("items", of_member(_ITEM).where(_ITEM.c.id.in_(items)), ItemRow, many=True),
        Part("queues", select(*_HOLD.c).where(queued).order_by(_HOLD.c.place, _HOLD.c.id), HoldRow, many=True),
        Part("waiting", people, many=True),
    )


def shelf_run_out() -> Sql:
    """Open holds whose time is over at `now`: not collected, or no longer needed."""
    return and_(
        _HOLD.c.member == MEMBER,
        _HOLD.c.closed_at.is_(None),
        or_(
            and_(_HOLD.c.status == "READY", _HOLD.c.hold_until_at < parts.NOW),
            and_(_HOLD.c.status.in_(("PENDING", "IN_PROCESS")), _HOLD.c.needed_before_at < parts.NOW),
        ),
    )
