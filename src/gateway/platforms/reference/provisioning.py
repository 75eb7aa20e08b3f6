"""Patrons as the register of persons has them: made, changed, given identifiers; accounts, PIN and blocks untouched.

One snapshot holds whoever has any of the identifiers, so that nobody gets what is another's. What changes nothing is
found out by a read and writes nothing, not even that it was asked.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Text, bindparam, func, select

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import ProvisionOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronProvision
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.platforms.reference import parts
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import STORED, Command, Ruling
from gateway.platforms.reference.ids import normalised
from gateway.platforms.reference.patron_rows import EMPTY, new_patron
from gateway.platforms.reference.policy import STATE, MemberRules
from gateway.store import schema
from gateway.store.effects import Delete, Effect, Insert, Update
from gateway.store.port import Part, Plan
from gateway.store.rows import IdempotencyRow, MemberStateRow, PatronIdentifierRow, PatronRow, PseudonymRow
from gateway.store.sql import any_of

_IDENTIFIER = schema.patron_identifier
_ASKED = any_of(_IDENTIFIER.c.value, "values")
_OWNER = select(func.min(_IDENTIFIER.c.patron_id)).where(_IDENTIFIER.c.member == parts.MEMBER, _ASKED).scalar_subquery()
_WHO = func.coalesce(bindparam("patron_id", type_=Text), _OWNER)

_COLUMNS = {"emails": "emails_json", "phones": "phones_json", "addresses": "addresses_json"}
"""Fields of the request whose column has another name."""


@dataclass(slots=True)
class Snapshot:
    """The patron named, or who has the first of the identifiers; `owners` are the identifiers that somebody has."""

    state: MemberStateRow | None
    stored: IdempotencyRow | None
    patron: PatronRow | None
    identifiers: list[PatronIdentifierRow] = field(default_factory=list)
    owners: list[PatronIdentifierRow] = field(default_factory=list)
    pseudonym: PseudonymRow | None = None


PROVISION = Plan(
    "reference.patron.provision",
    (
        STATE,
        STORED,
        parts.patron(_WHO),
        parts.identifiers(_WHO),
        Part("owners", parts.of_member(_IDENTIFIER).where(_ASKED), PatronIdentifierRow, many=True),
        parts.pseudonym(_WHO),
    ),
    Snapshot,
)


async def provision(core: Core, ctx: Context, request: PatronProvision, key: CommandKey) -> ProvisionOutcome | Refusal:
    asked = _identifiers(request)
    params = {"patron_id": request.patron_id, "values": list(asked), "key": None}

    def same(rules: MemberRules, now: int, snapshot: Snapshot) -> ProvisionOutcome | None:
        """The answer, where everything is as asked already."""
        change = _change(request, asked, rules, now, snapshot)
        if isinstance(change, Refusal) or change.fields:
            return None
        return ProvisionOutcome(patron_id=change.row.id)

    # Whoever asks for somebody new again finds the one just made: what was answered then is under the key.
    if not request.new and (answer := await core.query(ctx, PROVISION, params, same)) is not None:
        return answer

    def rule(command: Command, snapshot: Snapshot) -> Ruling:
        change = _change(request, asked, command.rules, command.now, snapshot)
        if isinstance(change, Refusal):
            return Ruling(change)
        created = change.before is None
        answer = ProvisionOutcome(patron_id=change.row.id, created=created, changed=bool(change.fields))
        if not change.fields:
            return Ruling(answer)
        log = Log(command, snapshot.pseudonym)
        if created:
            log.add("patron.created", patron_id=change.row.id)
        else:
            log.add("patron.updated", patron_id=change.row.id, fields=change.fields)
        return Ruling(answer, [*change.effects(command.now), *log.effects])

    return await core.command(ctx, request, key, PROVISION, params, rule)


@dataclass(slots=True)
class _Change:
    """A patron as it shall be; `fields` names what is different, for the log."""

    row: PatronRow
    before: PatronRow | None
    fields: list[str] = field(default_factory=list)
    identifiers: list[Effect] = field(default_factory=list)

    def effects(self, now: int) -> list[Effect]:
        self.row.changed_at = now
        return [Insert(self.row) if self.before is None else Update(self.row), *self.identifiers]


def _identifiers(request: PatronProvision) -> dict[str, PatronIdentifierRow]:
    """By value as the store keeps it; a value that is given as several types is kept as the first of them."""
    rows: dict[str, PatronIdentifierRow] = {}
    for one in request.identifiers:
        value = normalised(one.value)
        if value is not None and value not in rows:
            rows[value] = PatronIdentifierRow("", value, one.type.value, "", one.value.strip(), one.active, len(rows))
    return rows


def _change(
    request: PatronProvision,
    asked: dict[str, PatronIdentifierRow],
    rules: MemberRules,
    now: int,
    snapshot: Snapshot,
) -> _Change | Refusal:
    if refused := _unknown(request, rules):
        return refused
    if request.new and snapshot.owners:
        return Refusal(code=RefusalCode.CONFLICT, detail={"kind": "exists"})
    before = snapshot.patron
    if before is None or (before.status == PatronStatus.DELETED and not snapshot.identifiers):
        if request.patron_id is not None:
            return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
        if missing := _missing(request, asked):
            return _conflict("incomplete", missing)
        change = _Change(new_patron(rules.member, now), None)
    else:
        change = _Change(replace(before), before)
    if refused := _others(change, asked, snapshot, found=request.patron_id is None):
        return refused
    for name, value in _values(request).items():
        setattr(change.row, name, value)
    change.fields = [
        column.name
        for column in dataclasses.fields(PatronRow)
        if before is None or getattr(before, column.name) != getattr(change.row, column.name)
    ]
    _renew_identifiers(change, asked, request.cleared, snapshot)
    if change.identifiers:
        change.fields.append("identifiers")
    return change


def _unknown(request: PatronProvision, rules: MemberRules) -> Refusal | None:
    wrong = []
    if request.category is not None and request.category not in rules.categories:
        wrong.append("category")
    if request.home_library is not None and request.home_library not in rules.locations:
        wrong.append("home_library")
    if request.status is PatronStatus.DELETED:
        wrong.append("status")
    return _conflict("unknown_value", wrong) if wrong else None


def _missing(request: PatronProvision, asked: dict[str, PatronIdentifierRow]) -> list[str]:
    """What a new patron needs and this one has not."""
    has = {
        "name": request.name is not None and bool(request.name.display),
        "category": request.category is not None,
        "identifiers": any(row.active for row in asked.values()),
    }
    return [name for name, there in has.items() if not there]


def _others(
    change: _Change, asked: dict[str, PatronIdentifierRow], snapshot: Snapshot, *, found: bool
) -> Refusal | None:
    """The refusal, where some identifier is another patron's, or the patron was `found` by none that has the same type
    there: a number that is a card here and a student's there is no proof that both are one person."""
    named = change.row.id if change.before is not None else None
    types = {asked[row.value].type for row in snapshot.owners if row.patron_id != named}
    if not types and found and snapshot.owners and all(asked[row.value].type != row.type for row in snapshot.owners):
        types = {asked[row.value].type for row in snapshot.owners}
    if not types:
        return None
    several = len({row.patron_id for row in snapshot.owners}) > 1
    detail = {"kind": "several" if several else "taken", "types": sorted(types)}
    return Refusal(code=RefusalCode.PATRON_NOT_UNIQUE, detail=detail)


def _values(request: PatronProvision) -> dict[str, Any]:
    """Columns and values that the request speaks of."""
    values: dict[str, Any] = {} if request.status is None else {"status": request.status.value}
    if request.name is not None:
        values |= {"name": request.name.display, "family": request.name.family, "given": request.name.given}
    for name in ("category", "home_library", "language"):
        if (value := getattr(request, name)) is not None:
            values[name] = value
    for name in ("expires_on", "valid_from_on", "birth_on"):
        if (day := getattr(request, name)) is not None:
            values[name] = day.isoformat()
    for name, column in _COLUMNS.items():
        if several := getattr(request, name):
            values[column] = json.dumps(several, ensure_ascii=False)
    for name in request.cleared:
        column = _COLUMNS.get(name, name)
        if column in EMPTY and column not in values:
            values[column] = EMPTY[column]
    return values


def _renew_identifiers(
    change: _Change, asked: dict[str, PatronIdentifierRow], cleared: frozenset[str], snapshot: Snapshot
) -> None:
    """Those asked for are there afterwards, and others of the types asked for, or cleared, are not."""
    spoken_of = {row.type for row in asked.values()} | (cleared & set(IdentifierType))
    known = {row.value: row for row in snapshot.identifiers} if change.before is not None else {}
    for value, row in asked.items():
        kept = replace(row, member=change.row.member, patron_id=change.row.id)
        if value not in known:
            change.identifiers.append(Insert(kept))
        elif known[value] != kept:
            change.identifiers.append(Update(kept))
    change.identifiers += [Delete(row) for row in known.values() if row.value not in asked and row.type in spoken_of]


def _conflict(kind: str, fields: list[str]) -> Refusal:
    return Refusal(code=RefusalCode.CONFLICT, detail={"kind": kind, "fields": fields})
