"""Loading a member's rules: what a file would change is found first, then written in one transaction.

The transaction moves the member's policy version, which every command of the reference platform reads: a running
gateway decides by the new rules from its next command on. What is wrong with a file leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select

from gateway.config import ConfigError, MemberConfig, Problem
from gateway.config.load import did_you_mean
from gateway.importing.rules_model import ANY, ClosedDays, Entry, LoanRule, Location, Rules, read_rules, shown
from gateway.importing.rules_rows import (
    Day,
    Key,
    closed_days_of,
    closed_rows,
    entries_of,
    ranges,
    row_for,
    rows_of,
    rules_of,
)
from gateway.platforms.reference.parts import MEMBER
from gateway.platforms.reference.policy import RULES
from gateway.store import schema
from gateway.store.effects import Delete, Effect, Insert, Update, WriteConflict
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import ClosedDayRow, MemberStateRow
from gateway.store.sql import any_of

_ATTEMPTS = 5
_WORDS = {
    "locations": "location",
    "categories": "patron category",
    "item_types": "item type",
    "loan_rules": "loan rule",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the file or the store. `settings`: name → (before, after) as TOML has them, None where not set.

    `keep` is what only the store has, and what stays there."""

    action: Literal["add", "change", "delete", "keep"]
    table: str
    name: str
    settings: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """What one reading of the store led to; of what only the store has, `gone` is deleted and `kept` stays."""

    changes: list[Change] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    gone: list[Key] = field(default_factory=list)
    kept: dict[Key, Entry] = field(default_factory=dict)


async def export_rules(store: Store, member: MemberConfig) -> Rules:
    """The rules that the store holds. Raises StoreUnavailable."""
    return rules_of(await store.read(RULES, {"member": member.code}), member.currency)


async def import_rules(
    store: Store, member: MemberConfig, source: Path, *, prune: bool = False, dry_run: bool = False
) -> list[Change]:
    """Makes the store hold what the file says and gives what that changed (or would, on a `dry_run`).

    `prune` deletes what only the store has. Raises ConfigError, with nothing written, where the file is wrong, where
    something in it leads nowhere, or where something to be deleted is in use; and StoreUnavailable. A patron or item
    that is loaded at the very moment in which its category or type is pruned is not seen.
    """
    rules = read_rules(source, member.currency)
    for attempt in range(_ATTEMPTS):
        parts = await store.read(RULES, {"member": member.code})
        work = _compare(member, rules, parts, prune=prune)
        found = [*_leading_nowhere(rules, work.kept), *await _in_use(store, member, work.gone)]
        if found:
            raise ConfigError([Problem(str(source), key, message, hint) for key, message, hint in found])
        if dry_run or not work.effects:
            return work.changes
        try:
            await store.apply(member.code, [_moved(member.code, parts["state"]), *work.effects])
        except WriteConflict:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return work.changes
    raise AssertionError("unreachable")


def _moved(member: str, state: MemberStateRow | None) -> Effect:
    """Guards the whole import as well: two that read the same version cannot both be written."""
    if state is None:
        return Insert(MemberStateRow(member, policy_version=1, change_position=0))
    return Update(replace(state, policy_version=state.policy_version + 1))


def _compare(member: MemberConfig, rules: Rules, parts: Mapping[str, Any], *, prune: bool) -> _Work:
    work = _Work()
    rows, wanted = rows_of(parts), entries_of(rules)
    known = entries_of(rules_of(parts, member.currency))
    for key, entry in wanted.items():
        old, row = known.get(key), rows.get(key)
        settings = _difference(old, entry)
        if old is None:
            work.changes.append(Change("add", *key, settings))
            work.effects.append(Insert(row_for(member.code, key, entry, None)))
        elif settings:
            work.changes.append(Change("change", *key, settings))
            work.effects.append(Update(row_for(member.code, key, entry, row)))
    for key in known.keys() - wanted.keys():
        if prune:
            work.changes.append(Change("delete", *key, _difference(known[key], None)))
            work.effects.append(Delete(rows[key]))
            work.gone.append(key)
        else:
            work.changes.append(Change("keep", *key))
            work.kept[key] = known[key]
    _compare_closed_days(member.code, work, closed_days_of(rules), closed_rows(parts), prune=prune)
    order = ("locations", "categories", "item_types", "closed_days", "loan_rules")
    work.changes.sort(key=lambda change: (change.action == "keep", order.index(change.table), change.name))
    return work


def _compare_closed_days(
    member: str, work: _Work, wanted: Mapping[Day, str], rows: Mapping[Day, ClosedDayRow], *, prune: bool
) -> None:
    added = {day: reason for day, reason in wanted.items() if day not in rows}
    changed = {day: reason for day, reason in wanted.items() if day in rows and rows[day].reason != reason}
    others = {day: row.reason for day, row in rows.items() if day not in wanted}
    work.effects += [Insert(ClosedDayRow(member, place, day, reason)) for (day, place), reason in added.items()]
    work.effects += [Update(replace(rows[day], reason=reason)) for day, reason in changed.items()]
    work.changes += [_days("add", entry, None, entry) for entry in ranges(added)]
    for old in sorted({rows[day].reason for day in changed}):
        same = {day: reason for day, reason in changed.items() if rows[day].reason == old}
        work.changes += [_days("change", e, e.model_copy(update={"reason": old}), e) for e in ranges(same)]
    if prune:
        work.effects += [Delete(rows[day]) for day in others]
        work.changes += [_days("delete", entry, entry, None) for entry in ranges(others)]
    else:
        work.changes += [_days("keep", entry, entry, entry) for entry in ranges(others)]


def _days(
    action: Literal["add", "change", "delete", "keep"],
    entry: ClosedDays,
    old: ClosedDays | None,
    new: ClosedDays | None,
) -> Change:
    first, last = entry.days[0], entry.days[-1]
    name = f"{first}" if first == last else f"{first} to {last}"
    settings = {name: pair for name, pair in _difference(old, new).items() if name == "reason"}
    return Change(action, "closed_days", name if entry.location == ANY else f"{name} at {entry.location}", settings)


def _difference(old: Entry | None, new: Entry | None) -> dict[str, tuple[str | None, str | None]]:
    before, after = ({} if entry is None else shown(entry) for entry in (old, new))
    names = [*after, *(name for name in before if name not in after)]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _leading_nowhere(rules: Rules, kept: Mapping[Key, Entry]) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint of what cannot hold together; `kept` are entries that only the store has and keeps."""
    wanted = entries_of(rules)
    entries = {**kept, **wanted}
    names = {table: {name for of, name in entries if of == table} for table in _WORDS}

    def unknown(key: str, table: str, name: str) -> Iterator[tuple[str, str, str]]:
        if name not in {ANY, *names[table]}:
            yield key, f"there is no {_WORDS[table]} {name!r}", did_you_mean(name, names[table])

    for (table, name), entry in wanted.items():
        key = f"{table}.{name}"
        if isinstance(entry, Location) and entry.parent is not None:
            yield from unknown(f"{key}.parent", "locations", entry.parent)
            if _circle(name, entries):
                yield f"{key}.parent", "leads back to this location", ""
        if isinstance(entry, LoanRule):
            yield from unknown(f"{key}.patron_category", "categories", entry.patron_category)
            yield from unknown(f"{key}.item_type", "item_types", entry.item_type)
            yield from unknown(f"{key}.location", "locations", entry.location)
    for number, closed in enumerate(rules.closed_days):
        yield from unknown(f"closed_days.{number}.location", "locations", closed.location)
    yield from _twice(rules, [entry for entry in kept.values() if isinstance(entry, LoanRule)])


def _twice(rules: Rules, kept: Iterable[LoanRule]) -> Iterator[tuple[str, str, str]]:
    ids: set[str] = set()
    fits = {_fit(rule): (rule.id, "`--prune` deletes what only the store has") for rule in kept}
    for rule in rules.loan_rules:
        other, hint = fits.setdefault(_fit(rule), (rule.id, ""))
        if rule.id in ids:
            yield f"loan_rules.{rule.id}", "stands twice in the file", ""
        elif other != rule.id:
            yield f"loan_rules.{rule.id}", f"fits exactly what {other!r} fits: one would never be used", hint
        ids.add(rule.id)
    days: set[Day] = set()
    for number, closed in enumerate(rules.closed_days):
        own = {(day.isoformat(), closed.location) for day in closed.days}
        if again := own & days:
            yield f"closed_days.{number}", f"{min(again)[0]} stands twice in the file", ""
        days |= own


def _fit(rule: LoanRule) -> tuple[str, str, str]:
    return rule.patron_category, rule.item_type, rule.location


def _circle(name: str, entries: Mapping[Key, Entry]) -> bool:
    seen, here = {name}, name
    while isinstance(entry := entries.get(("locations", here)), Location) and entry.parent is not None:
        here = entry.parent
        if here in seen:
            return here == name
        seen.add(here)
    return False


async def _in_use(store: Store, member: MemberConfig, gone: Iterable[Key]) -> list[tuple[str, str, str]]:
    """Key, message and hint of what must not be deleted."""
    names: dict[str, list[str]] = {table: sorted(name for of, name in gone if of == table) for table in _WORDS}
    if not any(names.values()):
        return []
    found = [
        (f"locations.{place}", f"cannot be deleted: the configuration names it for {what}", "")
        for place, what in _configured(member)
        if place in names["locations"]
    ]
    parts = await store.read(_USES, {"member": member.code, **names})
    for use in _USED:
        for row in sorted(parts[use.part], key=lambda row: row["name"]):
            what = f"cannot be deleted: {use.what} ({row['uses']})"
            found.append((f"{use.table}.{row['name']}", what, "keep it in the file"))
    return found


def _configured(member: MemberConfig) -> Iterator[tuple[str, str]]:
    yield member.main_location, "main_location"
    for login, terminal in member.terminals.items():
        yield terminal.location, f"the terminal {login}"


@dataclass(frozen=True, slots=True)
class _Use:
    """A column that refers to an entry of a table of the file; `what` says it in words."""

    table: str
    column: ColumnElement[Any]
    what: str
    where: ColumnElement[bool] | None = None

    @property
    def part(self) -> str:
        return f"{self.table}_{str(self.column).replace('.', '_')}"

    def plan_part(self) -> Part:
        column = self.column
        found = select(column.label("name"), func.count().label("uses")).where(
            column.table.c.member == MEMBER,  # type: ignore[attr-defined]
            any_of(column, self.table),
        )
        return Part(self.part, (found if self.where is None else found.where(self.where)).group_by(column), many=True)


_OUT = schema.loan.c.status.in_(("open", "lost", "claimed"))
_USED = (
    _Use("categories", schema.patron.c.category, "category of patrons"),
    _Use("item_types", schema.item.c.item_type, "item type of items"),
    _Use("locations", schema.item.c.permanent_location, "permanent location of items"),
    _Use("locations", schema.item.c.current_location, "current location of items"),
    _Use("locations", schema.item.c.destination, "destination of items"),
    _Use("locations", schema.patron.c.home_library, "home library of patrons"),
    _Use(
        "locations", schema.hold.c.pickup_location, "pickup location of open holds", schema.hold.c.closed_at.is_(None)
    ),
    _Use("locations", schema.loan.c.location, "location of open loans", _OUT),
    _Use("loan_rules", schema.loan.c.rule_id, "rule of open loans", _OUT),
)
_USES = Plan("import.rules.uses", tuple(use.plan_part() for use in _USED), dict)
