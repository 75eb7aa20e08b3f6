"""Bibliographic records: one with its MARC as XML where asked, availability of many at once, and the change feed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import tostring

import orjson
from pymarc import Record
from pymarc.exceptions import PymarcException
from pymarc.marcxml import record_to_xml_node
from sqlalchemy import BigInteger, Text, bindparam, select

from gateway.canonical import requests as req
from gateway.canonical.context import Context
from gateway.canonical.entities import Bib
from gateway.canonical.outcomes import (
    Availability,
    AvailabilityOutcome,
    BibChange,
    BibChangesOutcome,
    BibOutcome,
)
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import ItemStatus, LoanStatus, MediaType
from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.policy import STATE, MemberRules, instant, optional_instant
from gateway.platforms.reference.views import is_gone, item_view, waits_for
from gateway.store import schema
from gateway.store.port import Part, Plan
from gateway.store.rows import BibRow, HoldRow, ItemRow, LoanRow, MemberStateRow
from gateway.store.sql import any_of

BATCH = 100
"""Titles in one availability request at most: a page of search results, and one bounded query."""

PAGE = 1000
"""Changes in one answer at most."""

_BIB = schema.bib
_BIB_ID = bindparam("bib_id", type_=Text)


@dataclass(slots=True)
class OneSnapshot:
    state: MemberStateRow | None
    bib: BibRow | None


@dataclass(slots=True)
class AvailabilitySnapshot:
    state: MemberStateRow | None
    bibs: list[dict[str, Any]]
    items: list[ItemRow]
    loans: list[LoanRow]
    queues: list[HoldRow]


@dataclass(slots=True)
class ChangesSnapshot:
    state: MemberStateRow | None
    changed: list[dict[str, Any]]


GET = Plan(
    "reference.bib",
    (STATE, Part("bib", parts.of_member(_BIB).where(_BIB.c.id == _BIB_ID), BibRow)),
    OneSnapshot,
)

_OF_THESE = any_of(schema.item.c.bib_id, "bib_ids")
AVAILABILITY = Plan(
    "reference.bib.availability",
    (
        STATE,
        Part(
            "bibs",
            select(_BIB.c.id, _BIB.c.title, _BIB.c.author).where(
                _BIB.c.member == parts.MEMBER, any_of(_BIB.c.id, "bib_ids"), _BIB.c.deleted_at.is_(None)
            ),
            many=True,
        ),
        Part(
            "items",
            parts.of_member(schema.item).where(_OF_THESE).order_by(schema.item.c.barcode),
            ItemRow,
            many=True,
        ),
        Part(
            "loans",
            parts.of_member(schema.loan).where(
                schema.loan.c.status == "open",
                schema.loan.c.item_id.in_(
                    select(schema.item.c.id).where(schema.item.c.member == parts.MEMBER, _OF_THESE)
                ),
            ),
            LoanRow,
            many=True,
        ),
        Part(
            "queues",
            parts.of_member(schema.hold)
            .where(any_of(schema.hold.c.bib_id, "bib_ids"), schema.hold.c.closed_at.is_(None))
            .order_by(schema.hold.c.place, schema.hold.c.id),
            HoldRow,
            many=True,
        ),
    ),
    AvailabilitySnapshot,
)

# The record itself is left out: a page of changes is read for its ids and dates.
_WITHOUT_MARC = [column for column in _BIB.c if column.name != "marc"]
CHANGES = Plan(
    "reference.bib.changes",
    (
        STATE,
        Part(
            "changed",
            select(*_WITHOUT_MARC)
            .where(_BIB.c.member == parts.MEMBER, _BIB.c.position > bindparam("after", type_=BigInteger))
            .order_by(_BIB.c.position)
            .limit(bindparam("limit", type_=BigInteger)),
            many=True,
        ),
    ),
    ChangesSnapshot,
)


async def get(core: Core, ctx: Context, request: req.BibGet) -> BibOutcome | Refusal:
    """A deleted record is gone here; the change feed still tells of it."""

    def view(rules: MemberRules, now: int, snapshot: OneSnapshot) -> BibOutcome | Refusal:
        bib = snapshot.bib
        if bib is None or bib.deleted_at is not None:
            return Refusal(code=RefusalCode.BIB_NOT_FOUND)
        return BibOutcome(bib=bib_view(bib, marcxml=marcxml(bib.marc) if request.with_marc else None))

    return await core.query(ctx, GET, {"bib_id": request.bib_id}, view)


async def availability(core: Core, ctx: Context, request: req.BibAvailability) -> AvailabilityOutcome | Refusal:
    """In the order asked for, each title once; titles that do not exist are left out."""
    asked = list(dict.fromkeys(request.bib_ids))
    if len(asked) > BATCH:
        return Refusal(code=RefusalCode.BAD_REQUEST, detail={"kind": "too_many_bibs", "limit": BATCH})

    def view(rules: MemberRules, now: int, snapshot: AvailabilitySnapshot) -> AvailabilityOutcome:
        return AvailabilityOutcome(bibs=_availability(asked, snapshot, rules))

    return await core.query(ctx, AVAILABILITY, {"bib_ids": asked}, view)


async def changes(core: Core, ctx: Context, request: req.BibChanges) -> BibChangesOutcome | Refusal:
    """In order of position, deleted ones too."""

    def view(rules: MemberRules, now: int, snapshot: ChangesSnapshot) -> BibChangesOutcome:
        rows = (BibRow(**row, marc=None) for row in snapshot.changed)
        return BibChangesOutcome(changes=tuple(BibChange(position=row.position, bib=bib_view(row)) for row in rows))

    limit = max(1, min(request.limit, PAGE))
    return await core.query(ctx, CHANGES, {"after": request.after, "limit": limit}, view)


def bib_view(row: BibRow, *, marcxml: str | None = None) -> Bib:
    return Bib(
        id=row.id,
        title=row.title,
        author=row.author,
        edition=row.edition,
        publisher=row.publisher,
        year=row.year,
        isbn=orjson.loads(row.isbn_json),
        issn=orjson.loads(row.issn_json),
        oclc=orjson.loads(row.oclc_json),
        media_type=None if row.media_type is None else MediaType(row.media_type),
        language=row.language,
        suppressed=row.suppressed,
        created_at=instant(row.created_at),
        changed_at=instant(row.changed_at),
        deleted_at=optional_instant(row.deleted_at),
        marcxml=marcxml,
    )


def marcxml(marc: bytes | None) -> str | None:
    """The record as one MARCXML `record` element in its namespace; None where none is kept or it is broken."""
    if not marc:
        return None
    try:
        node = record_to_xml_node(Record(data=marc, to_unicode=True), namespace=True)
    except (PymarcException, ValueError):
        return None
    return tostring(node, encoding="unicode")


def _availability(asked: list[str], snapshot: AvailabilitySnapshot, rules: MemberRules) -> tuple[Availability, ...]:
    bibs = {row["id"]: row for row in snapshot.bibs}
    loans = {loan.item_id: loan for loan in snapshot.loans if loan.status == LoanStatus.OPEN}
    items: dict[str, list[ItemRow]] = defaultdict(list)
    for item in snapshot.items:
        if is_gone(item):
            continue
        items[item.bib_id].append(item)
    queues: dict[str, list[HoldRow]] = defaultdict(list)
    for hold in snapshot.queues:
        queues[hold.bib_id].append(hold)
    return tuple(
        Availability(
            bib_id=bib_id,
            items=tuple(
                item_view(
                    item,
                    bibs[bib_id],
                    rules,
                    loan=loans.get(item.id),
                    queue=[hold for hold in queues[bib_id] if waits_for(hold, item)],
                    hold=next((hold for hold in queues[bib_id] if hold.id == item.hold_id), None),
                )
                for item in items[bib_id]
            ),
            available=sum(1 for item in items[bib_id] if item.status == ItemStatus.AVAILABLE),
            total=len(items[bib_id]),
            hold_queue_length=len(queues[bib_id]),
        )
        for bib_id in asked
        if bib_id in bibs
    )
