"""Patrons from CSV: made or brought up to date, found by any of the identifiers in the row.

An empty cell leaves a known patron's value alone. PINs are hashed on threads; one that has not changed is not written.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.clock import Clock
from gateway.importing.batches import BATCH, Rejected, Taken, load, load_id
from gateway.importing.log import Events
from gateway.importing.progress import Progress, Report, Stop, never, silent
from gateway.importing.table import Table
from gateway.importing.vocabulary import Vocabulary, known, read_vocabulary
from gateway.platforms.reference.ids import normalised
from gateway.platforms.reference.parts import MEMBER, of_member
from gateway.platforms.reference.patron_rows import new_patron
from gateway.platforms.reference.pins import Pins
from gateway.store import schema
from gateway.store.effects import Delete, Effect, Insert, Update
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import PatronIdentifierRow, PatronRow, PseudonymRow
from gateway.store.sql import any_of

# Column → type, in the order in which a patron's identifiers are shown.
IDENTIFIERS = {
    "barcode": IdentifierType.BARCODE,
    "primary_id": IdentifierType.PRIMARY,
    "username": IdentifierType.USERNAME,
    "external_id": IdentifierType.EXTERNAL,
    "student_id": IdentifierType.SIS,
    "rfid_uid": IdentifierType.RFID_UID,
}
_PLAIN = ("family", "given", "language")
_DATES = {"expires_on": "expires_on", "valid_from": "valid_from_on", "birth_date": "birth_on"}
_LISTS = {"email": "emails_json", "phone": "phones_json", "address": "addresses_json"}
COLUMNS = frozenset(
    {*IDENTIFIERS, *_PLAIN, *_DATES, *_LISTS, "name", "category", "home_library", "status", "pin"},
)
REQUIRED = frozenset({"category"})

_IDENT = schema.patron_identifier
OWNERS = Plan(
    "import.patrons.owners",
    (
        Part(
            "owners",
            select(_IDENT.c.patron_id).where(_IDENT.c.member == MEMBER, any_of(_IDENT.c.value, "values")),
            many=True,
        ),
    ),
    dict,
)


def _of_patrons(name: str, row: type, column: str) -> Part:
    table = schema.TABLES[row]
    return Part(name, of_member(table).where(any_of(table.c[column], "patrons")), row, many=True)


# Two reads: while tables grow, PostgreSQL has no statistics and plans a subquery over hundreds of values badly.
KNOWN = Plan(
    "import.patrons",
    (
        _of_patrons("identifiers", PatronIdentifierRow, "patron_id"),
        _of_patrons("patrons", PatronRow, "id"),
        _of_patrons("pseudonyms", PseudonymRow, "patron_id"),
    ),
    dict,
)


@dataclass(frozen=True, slots=True)
class PatronOptions:
    """`mapping`: their header → our column or `-`; `encoding` None: found out; `date_format` as strptime has it."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    date_format: str = "%Y-%m-%d"


async def import_patrons(
    store: Store,
    clock: Clock,
    member: str,
    source: Path,
    pins: Pins,
    options: PatronOptions | None = None,
    *,
    rejects: Path | None = None,
    progress: Progress = silent,
    stop: Stop = never,
    batch_size: int = BATCH,
) -> Report:
    """Loads patrons; rows that cannot be go to `rejects` (default: beside the source, `.rejects.csv` added).

    Raises ImportProblem before anything is written, OSError, StoreUnavailable and WriteConflict.
    """
    chosen = options or PatronOptions()
    table = Table(source, COLUMNS, REQUIRED, chosen.mapping, chosen.encoding)
    loader = _Patrons(store, member, await read_vocabulary(store, member), pins, chosen)
    named = load_id(source, {"kind": "patrons", **dataclasses.asdict(chosen)})
    return await load(
        store,
        clock,
        member,
        named,
        table,
        loader,
        rejects=rejects or source.with_name(source.name + ".rejects.csv"),
        progress=progress,
        stop=stop,
        batch_size=batch_size,
    )


@dataclass(slots=True)
class _Draft:
    """A patron as it shall be. `before` is None for a new one; `added` and `dropped` are identifiers."""

    row: PatronRow
    before: PatronRow | None
    added: dict[str, PatronIdentifierRow] = field(default_factory=dict)
    dropped: list[PatronIdentifierRow] = field(default_factory=list)


class _Patrons:
    def __init__(self, store: Store, member: str, vocabulary: Vocabulary, pins: Pins, options: PatronOptions) -> None:
        self._store = store
        self._member = member
        self._vocabulary = vocabulary
        self._pins = pins
        self._options = options

    async def effects(self, batch: list[Taken], now: int) -> tuple[list[Effect], list[Rejected]]:
        values = sorted({value for taken in batch for value in _identifiers(taken.value).values()})
        owners = (await self._store.read(OWNERS, {"member": self._member, "values": values}))["owners"]
        patrons = sorted({row["patron_id"] for row in owners})
        known_rows = await self._store.read(KNOWN, {"member": self._member, "patrons": patrons})
        registry = _Registry(known_rows["patrons"], known_rows["identifiers"])
        refused: list[Rejected] = []
        pins: dict[str, str] = {}
        for taken in batch:
            try:
                draft = self._draft(taken.value, registry, now)
            except ValueError as problem:
                refused.append(Rejected(taken.label, str(problem)))
            else:
                if pin := taken.value.get("pin"):
                    pins[draft.row.id] = pin
        await asyncio.gather(*(self._set_pin(registry.drafts[patron], pin) for patron, pin in pins.items()))
        log = Events(self._member, now, known_rows["pseudonyms"])
        return [effect for draft in registry.drafts.values() for effect in _written(draft, log, now)], refused

    def _draft(self, value: dict[str, str], registry: _Registry, now: int) -> _Draft:
        """Puts one row into the registry. Raises ValueError with the reason; the registry is then unchanged."""
        identifiers = _identifiers(value)
        if not identifiers:
            raise ValueError("names no identifier")
        changes = self._changes(value)
        found = registry.find(identifiers)
        draft = found or _Draft(_new_patron(self._member, value, now), None)
        for name, changed in changes.items():
            setattr(draft.row, name, changed)
        if "name" not in value and ("given" in value or "family" in value):
            draft.row.name = " ".join(filter(None, (draft.row.given, draft.row.family)))
        registry.add(draft, identifiers, value)
        return draft

    def _changes(self, value: dict[str, str]) -> dict[str, Any]:
        changes: dict[str, Any] = {name: value[name] for name in _PLAIN if name in value}
        if "category" not in value:
            raise ValueError("has no category")
        changes["category"] = known(value["category"], self._vocabulary.categories, "category")
        if "name" in value:
            changes["name"] = value["name"]
        if library := value.get("home_library"):
            changes["home_library"] = known(library, self._vocabulary.locations, "location")
        if status := value.get("status"):
            changes["status"] = known(status.casefold(), frozenset(PatronStatus), "status")
        for column, name in _DATES.items():
            if column in value:
                changes[name] = self._date(value[column])
        for column, name in _LISTS.items():
            if column in value:
                changes[name] = json.dumps(value[column].split(";"), ensure_ascii=False)
        return changes

    def _date(self, text: str) -> str:
        try:
            if self._options.date_format == "%Y-%m-%d":
                return date.fromisoformat(text).isoformat()
            return datetime.strptime(text, self._options.date_format).date().isoformat()  # noqa: DTZ007  a day
        except ValueError as error:
            raise ValueError(f"{text!r} is no date as {self._options.date_format} says") from error

    async def _set_pin(self, draft: _Draft, pin: str) -> None:
        if draft.row.pin_hash is None or not await self._pins.verify(self._member, pin, draft.row.pin_hash):
            draft.row.pin_hash = await asyncio.to_thread(self._pins.hash, self._member, pin)


class _Registry:
    """The patrons that a batch concerns, and whose each identifier is, kept up to date row by row."""

    def __init__(self, patrons: list[PatronRow], identifiers: list[PatronIdentifierRow]) -> None:
        self._known = {row.id: row for row in patrons}
        self._identifiers: dict[str, PatronIdentifierRow] = {row.value: row for row in identifiers}
        self.drafts: dict[str, _Draft] = {}

    def find(self, identifiers: Mapping[IdentifierType, str]) -> _Draft | None:
        """The patron these identifiers name. Raises ValueError where they name two."""
        owners = {row.patron_id for value in identifiers.values() if (row := self._identifiers.get(value))}
        if len(owners) > 1:
            raise ValueError("its identifiers belong to different patrons")
        for owner in owners:
            if owner not in self.drafts:
                row = self._known[owner]
                return _Draft(dataclasses.replace(row), row)
            return self.drafts[owner]
        return None

    def add(self, draft: _Draft, identifiers: Mapping[IdentifierType, str], shown: Mapping[str, str]) -> None:
        """Gives the patron these identifiers; another one of the same type is replaced."""
        self.drafts[draft.row.id] = draft
        columns = {kind: column for column, kind in IDENTIFIERS.items()}
        for kind, value in identifiers.items():
            if value in self._identifiers:
                continue
            for row in [r for r in self._identifiers.values() if r.patron_id == draft.row.id and r.type == kind]:
                del self._identifiers[row.value]
                if draft.added.pop(row.value, None) is None:
                    draft.dropped.append(row)
            position = list(IDENTIFIERS.values()).index(kind)
            new = PatronIdentifierRow(draft.row.member, value, kind, draft.row.id, shown[columns[kind]], True, position)
            self._identifiers[value] = draft.added[value] = new


def _identifiers(value: Mapping[str, str]) -> dict[IdentifierType, str]:
    named = ((kind, normalised(value.get(column))) for column, kind in IDENTIFIERS.items())
    return {kind: text for kind, text in named if text is not None}


def _new_patron(member: str, value: Mapping[str, str], now: int) -> PatronRow:
    if not any(value.get(column) for column in ("name", "family", "given")):
        raise ValueError("has no name")
    return new_patron(member, now)


def _written(draft: _Draft, log: Events, now: int) -> list[Effect]:
    before = draft.before
    identifiers: list[Effect] = [Delete(row) for row in draft.dropped]
    identifiers += [Insert(row) for row in draft.added.values()]
    if before is None:
        return [Insert(draft.row), *identifiers, *log.of_patron("patron.created", draft.row.id)]
    fields = [f.name for f in dataclasses.fields(before) if getattr(before, f.name) != getattr(draft.row, f.name)]
    if not fields and not identifiers:
        return []
    draft.row.changed_at = now
    event = log.of_patron("patron.updated", draft.row.id, fields=[*fields, *(["identifiers"] if identifiers else [])])
    return [Update(draft.row), *identifiers, *event]
