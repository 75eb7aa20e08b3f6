"""Everything this platform holds of one patron, and the removal of what anonymising leaves: what people wrote.

What is returned, paid and logged has no index by patron, since no kiosk asks for it: those tables are gone through
piece by piece. This is for a command at a terminal, not for a door.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Table, Text, bindparam, select

from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.forgetting import ANONYMISE, Everything
from gateway.platforms.reference.ids import shown_barcode
from gateway.store import schema
from gateway.store.effects import Update
from gateway.store.port import Part, Plan
from gateway.store.rows import ChargeRow, HoldRow, LoanRow, PaymentLineRow, PaymentRow
from gateway.store.sql import any_of

PIECE = 5000
_PATRON_ID = bindparam("patron_id", type_=Text)
_AFTER, _AFTER_SEQ = bindparam("after", type_=Text), bindparam("after", type_=BigInteger)
_HIDDEN = {"pin_hash", "secret", "account_key", "account_terminal", "last_key", "last_terminal", "version"}
"""Columns that say nothing of the person."""


def _pieces(name: str, table: Table, key: Any, after: Any, of_patron: Any, row: type | None) -> Plan:
    """The patron's rows among the next `PIECE` of the member, and the key of the last of those."""
    piece = select(table).where(table.c.member == parts.MEMBER, key > after).order_by(key).limit(PIECE).subquery()
    columns = [column for column in piece.c if row is None or column.name != "seq"]
    last = select(key.label("key")).where(table.c.member == parts.MEMBER, key > after).order_by(key)
    return Plan(
        f"reference.subject.{name}",
        (
            Part("rows", select(*columns).where(of_patron(piece.c)), row, many=True),
            Part("last", last.limit(1).offset(PIECE - 1)),
        ),
        dict,
    )


def _by_patron(name: str, table: Table, row: type) -> Plan:
    return _pieces(name, table, table.c.id, _AFTER, lambda columns: columns.patron_id == _PATRON_ID, row)


LOANS = _by_patron("loans", schema.loan, LoanRow)
HOLDS = _by_patron("holds", schema.hold, HoldRow)
CHARGES = _by_patron("charges", schema.charge, ChargeRow)
EVENTS = _pieces(
    "events",
    schema.event,
    schema.event.c.seq,
    _AFTER_SEQ,
    lambda columns: columns.subject == bindparam("pseudonym", type_=Text),
    None,
)
_LINE = schema.payment_line
PAYMENTS = Plan(
    "reference.subject.payments",
    (
        Part(
            "payments",
            parts.of_member(schema.payment).where(schema.payment.c.patron_id == _PATRON_ID),
            PaymentRow,
            many=True,
        ),
    ),
    dict,
)
LINES = Plan(
    "reference.subject.payment_lines",
    (
        Part(
            "lines",
            parts.of_member(_LINE).where(_LINE.c.payment_id == bindparam("payment_id", type_=Text)),
            PaymentLineRow,
            many=True,
        ),
    ),
    dict,
)
ITEMS = Plan(
    "reference.subject.items",
    (
        Part(
            "items",
            select(schema.item.c.id, schema.item.c.barcode).where(
                schema.item.c.member == parts.MEMBER, any_of(schema.item.c.id, "items")
            ),
            many=True,
        ),
    ),
    dict,
)


async def everything(core: Core, member: str, patron_id: str) -> dict[str, Any]:
    """All rows of a patron, closed ones too, by kind; empty where there is no such patron. Raises PlatformFailure."""
    found = await _found(core, member, patron_id)
    if found.patron is None:
        return {}
    pseudonym = found.pseudonym.pseudonym if found.pseudonym else None
    loans = await _gone_through(core, LOANS, member, patron_id=patron_id)
    items = sorted({row.item_id for row in loans})
    barcodes = (await core.read(member, ITEMS, {"items": items}))["items"] if items else []
    shown = {row["id"]: shown_barcode(row["barcode"]) for row in barcodes}
    payments = (await core.read(member, PAYMENTS, {"patron_id": patron_id}))["payments"]
    lines = {row.id: (await core.read(member, LINES, {"payment_id": row.id}))["lines"] for row in payments}
    events = await _gone_through(core, EVENTS, member, first=0, pseudonym=pseudonym) if pseudonym else []
    return {
        "patron": {**_plain(found.patron), "has_pin": found.patron.pin_hash is not None},
        "identifiers": [_plain(row) for row in found.identifiers],
        "blocks": [_plain(row) for row in found.blocks],
        "loans": [{**_plain(row), "item": shown.get(row.item_id)} for row in loans],
        "holds": [_plain(row) for row in await _gone_through(core, HOLDS, member, patron_id=patron_id)],
        "charges": [_plain(row) for row in await _gone_through(core, CHARGES, member, patron_id=patron_id)],
        "payments": [{**_plain(row), "lines": [_plain(line) for line in lines[row.id]]} for row in payments],
        "conflicts": [_plain(row) for row in found.conflicts],
        "wrong_pins": [_plain(row) for row in found.failures],
        "events": [{str(name): value for name, value in row.items() if name != "member"} for row in events],
    }


async def owing(core: Core, member: str, patron_id: str) -> Mapping[str, int]:
    """Numbers of open loans, holds, charges and conflicts. Raises PlatformFailure."""
    found = await _found(core, member, patron_id)
    return found.owing() if found.patron is not None else {}


async def erase_words(core: Core, member: str, patron_id: str) -> int:
    """Removes what was written in holds and charges of a patron who is anonymised; how many those were.

    Raises PlatformFailure, StoreUnavailable and WriteConflict."""
    changed: list[Any] = []
    for row in await _gone_through(core, HOLDS, member, patron_id=patron_id):
        if row.comment is not None:
            changed.append(dataclasses.replace(row, comment=None))
    for row in await _gone_through(core, CHARGES, member, patron_id=patron_id):
        if row.description is not None:
            changed.append(dataclasses.replace(row, description=None))
    if changed:
        await core.store.apply(member, [Update(row) for row in changed])
    return len(changed)


async def _found(core: Core, member: str, patron_id: str) -> Everything:
    return await core.read(member, ANONYMISE, {"patron_id": patron_id, "key": None})


async def _gone_through(core: Core, plan: Plan, member: str, *, first: Any = "", **values: Any) -> list[Any]:
    """The rows that a plan of pieces finds in all of them."""
    rows: list[Any] = []
    after = first
    while True:
        piece = await core.read(member, plan, {"after": after, **values})
        rows += piece["rows"]
        if piece["last"] is None:
            return rows
        after = piece["last"]["key"]


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(row).items() if name not in _HIDDEN | {"member"}}
