"""Forgetting who somebody was: without the pseudonym nothing leads from events and stored answers to the patron, and
without name, contacts and identifiers nothing from the account to the person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Text, bindparam, func, select

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import AnonymiseOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronAnonymise
from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling
from gateway.platforms.reference.patron_rows import nobody
from gateway.platforms.reference.policy import STATE
from gateway.store import schema
from gateway.store.effects import Decision, Delete, Effect, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import (
    IdempotencyRow,
    MemberStateRow,
    OfflineConflictRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PinFailureRow,
    PseudonymRow,
)

_PATRON_ID = bindparam("patron_id", type_=Text)
_CONFLICT = schema.offline_conflict

_CONFLICTS = Part(
    "conflicts",
    parts.of_member(_CONFLICT).where(_CONFLICT.c.patron_id == _PATRON_ID).order_by(_CONFLICT.c.id),
    OfflineConflictRow,
    many=True,
)

FORGET = Plan("reference.patron.forget", (parts.pseudonym(_PATRON_ID), _CONFLICTS), dict)


@dataclass(slots=True)
class Everything:
    """What names a patron, and the numbers of what is open."""

    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    identifiers: list[PatronIdentifierRow]
    blocks: list[PatronBlockRow]
    pseudonym: PseudonymRow | None
    conflicts: list[OfflineConflictRow]
    failures: list[PinFailureRow]
    loans: dict[str, int]
    holds: dict[str, int]
    charges: dict[str, int]

    def owing(self) -> dict[str, int]:
        return {
            "loans": self.loans["n"],
            "holds": self.holds["n"],
            "charges": self.charges["n"],
            "conflicts": sum(row.resolved_at is None for row in self.conflicts),
        }


def _number(name: str, table: Any, *open_: Any) -> Part:
    return Part(
        name,
        select(func.count().label("n")).where(table.c.member == parts.MEMBER, table.c.patron_id == _PATRON_ID, *open_),
    )


ANONYMISE = Plan(
    "reference.patron.anonymise",
    (
        STATE,
        STORED,
        parts.patron(_PATRON_ID),
        parts.identifiers(_PATRON_ID),
        parts.blocks(_PATRON_ID),
        parts.pseudonym(_PATRON_ID),
        _CONFLICTS,
        Part(
            "failures",
            parts.of_member(schema.pin_failure).where(schema.pin_failure.c.patron_id == _PATRON_ID),
            PinFailureRow,
            many=True,
        ),
        parts.unreturned_number(_PATRON_ID, "loans"),
        _number("holds", schema.hold, schema.hold.c.closed_at.is_(None)),
        _number("charges", schema.charge, schema.charge.c.status == "open"),
    ),
    Everything,
)


async def anonymise(core: Core, ctx: Context, request: PatronAnonymise, key: CommandKey) -> AnonymiseOutcome | Refusal:
    """Takes from a patron all that says who it was. The row stays, for what was lent and paid, as nobody's."""

    def rule(command: Command, snapshot: Everything) -> Ruling:
        patron = snapshot.patron
        if patron is None:
            return Ruling(Refusal(code=RefusalCode.PATRON_NOT_FOUND))
        blank = nobody(patron, patron.changed_at)
        if patron == blank and not snapshot.identifiers and snapshot.pseudonym is None:
            return Ruling(AnonymiseOutcome())
        if any((owing := snapshot.owing()).values()):
            return Ruling(Refusal(code=RefusalCode.CONFLICT, detail={"kind": "owing", **owing}))
        log = Log(command)
        log.add("patron.anonymised")
        gone = [*snapshot.identifiers, *snapshot.blocks, *snapshot.failures]
        effects: list[Effect] = [Delete(row) for row in gone]
        if snapshot.pseudonym is not None:
            effects.append(Delete(snapshot.pseudonym))
        effects += [Update(bared(row)) for row in snapshot.conflicts]
        return Ruling(
            AnonymiseOutcome(changed=True), [Update(replace(blank, changed_at=command.now)), *effects, *log.effects]
        )

    return await core.command(ctx, request, key, ANONYMISE, {"patron_id": request.patron_id}, rule)


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
