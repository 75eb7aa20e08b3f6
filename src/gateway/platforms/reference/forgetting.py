"""Forgetting who somebody was: without the pseudonym nothing leads from events and stored answers to the patron."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, bindparam

from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.store import schema
from gateway.store.effects import Decision, Delete, Effect, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import OfflineConflictRow

_PATRON_ID = bindparam("patron_id", type_=Text)
_CONFLICT = schema.offline_conflict

FORGET = Plan(
    "reference.patron.forget",
    (
        parts.pseudonym(_PATRON_ID),
        Part(
            "conflicts",
            parts.of_member(_CONFLICT).where(_CONFLICT.c.patron_id == _PATRON_ID).order_by(_CONFLICT.c.id),
            OfflineConflictRow,
            many=True,
        ),
    ),
    dict,
)


async def erase_pseudonym(core: Core, member: str, patron_id: str) -> bool:
    """Destroys the patron's pseudonym with its key, and takes the patron out of conflicts, settled or not.

    Events, stored answers and conflicts remain, and nobody can say any more whose they were; a retry is still answered
    once, without the person. Patron, loans, holds and accounts are untouched: whoever deletes those does it first.
    Answers whether there was a pseudonym. Raises StoreUnavailable."""

    def step(snapshot: dict[str, Any]) -> Decision[bool]:
        effects: list[Effect] = [] if snapshot["pseudonym"] is None else [Delete(snapshot["pseudonym"])]
        return Decision(bool(effects), [*effects, *(Update(bared(row)) for row in snapshot["conflicts"])])

    return await core.store.command(FORGET, {"member": member, "patron_id": patron_id}, step)


def bared(row: OfflineConflictRow) -> OfflineConflictRow:
    """The conflict without the person."""
    row.patron_id = row.card = None
    return row
