"""What follows from settings, made anew for records that are there already: sets after a change of their queries, what
members keep to themselves after a change of its conditions, shared bibs after a change of the rules of matching. Only
what comes out differently moves in the feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.catalogue.joining import Joiner
from gateway.catalogue.matching import Rules
from gateway.catalogue.materials import material
from gateway.catalogue.set_rules import STATE, SetRule, Sorter, described, digest, in_the_making
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.rows import FORMATS, Status
from gateway.catalogue.store.working import Rec, Working
from gateway.catalogue.store.writer import Writer
from gateway.catalogue.visibility import Visibility
from gateway.store.statement import Session
from library_protocols.marc import Record, from_marcxml

BATCH = 500
_POSITION = "rebuild"


@dataclass(slots=True)
class Rebuilt:
    """`looked` records were read, `moved` of them came out differently."""

    looked: int = 0
    moved: int = 0
    finished: bool = False


async def rebuild(
    store: Writer,
    *,
    sets: Sequence[SetRule],
    union: Sequence[str],
    hiding: Mapping[str, Visibility],
    names: Mapping[str, str],
    now: Callable[[], int],
    progress: Callable[[Rebuilt], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Rebuilt:
    """Goes through all records, a batch a transaction, and on where one by the same settings was interrupted. The store
    is said to be sorted by them at the end, unless somebody has put records in by others meanwhile.

    Raises CatalogueUnavailable.
    """
    rules, report = Rules(union), Rebuilt()
    settings = digest(sets, hiding)
    after = await _begun(store, in_the_making(settings), union)
    while not stop():
        async with store.writing() as session:
            work = Working(session, names)
            await work.begin()
            for view, spec, name, description in described(sets):
                work.declare(view, spec, name, description)
            rows = await session.fetch(sql.AFTER, after=after, size=BATCH)
            records = await work.load([row[0] for row in rows])
            await work.load_groups(rec.shared for rec in records)
            there = [rec for rec in records if rec.status != Status.DELETED]
            parsed = await _parsed(store, work, there)
            changed = _reshow(work, parsed, hiding) | _resort(work, parsed, sets)
            report.moved += len(changed | await _rematch(work, parsed, rules))
            await work.finish(now())
            after = rows[-1][0] if rows else after
            report.looked += len(rows)
            report.finished = len(rows) < BATCH
            await store.put_state(session, _POSITION, None if report.finished else json.dumps([after, list(union)]))
            if report.finished and await _state(session, STATE) == in_the_making(settings):
                await store.put_state(session, STATE, settings)
        progress(report)
        if report.finished:
            break
        await asyncio.sleep(0)  # whoever else works in this process has a turn
    return report


async def _begun(store: Writer, sorting: str, union: Sequence[str]) -> int:
    """Says that the records are being sorted; behind which one to go on."""
    async with store.writing() as session:
        if await _state(session, STATE) == sorting:
            after, of = json.loads(await _state(session, _POSITION) or "[0, []]")
            return after if of == list(union) else 0
        await store.put_state(session, STATE, sorting)
    return 0


async def _state(session: Session, key: str) -> str | None:
    rows = await session.fetch(sql.STATE, key=key)
    return rows[0][0] if rows else None


async def _parsed(store: Writer, work: Working, records: Sequence[Rec]) -> list[tuple[Rec, Record]]:
    rows = await work.session.fetch(sql.RENDERED, ids=[rec.id for rec in records])
    if not all(store.compression.knows(row[1]) for row in rows):
        store.compression.learn(await work.session.fetch(sql.DICTIONARIES))
    data = {row[0]: store.compression.unpack(row[1], row[2]) for row in rows}
    return [(rec, from_marcxml(data[rec.id])) for rec in records if rec.id in data]


def _reshow(work: Working, parsed: list[tuple[Rec, Record]], hiding: Mapping[str, Visibility]) -> set[int]:
    """Shows and hides records; those that it did so to."""
    changed: set[int] = set()
    for rec, record in parsed:
        stated = Status(rec.status if rec.stated is None else rec.stated)
        hidden = hiding.get(rec.member)
        status = stated if hidden is None else hidden.status(record, stated)
        if status != rec.status:
            work.change(rec)
            work.touch(rec)
            rec.status, rec.stated = status, None if status == stated else stated
            changed.add(rec.id)
    return changed


def _resort(work: Working, parsed: list[tuple[Rec, Record]], sets: Sequence[SetRule]) -> set[int]:
    changed: set[int] = set()
    sorter = Sorter(sets)
    for rec, record in parsed:
        marc = FORMATS[rec.format]
        found, kind = sorter.sets_of(rec.member, record, marc), material(record, marc)
        if found != rec.sets or kind != rec.material:
            work.change(rec)
            rec.sets, rec.material = found, kind
            changed.add(rec.id)
    return changed


async def _rematch(work: Working, parsed: list[tuple[Rec, Record]], rules: Rules) -> set[int]:
    """Places records whose facts are others now, or that others have come to see; those that they no longer see take no
    part."""
    hidden = [rec for rec, _ in parsed if rec.status != Status.VISIBLE and rec.before is not None]
    anew = [(rec, rules.facts(record, FORMATS[rec.format])) for rec, record in parsed if rec.status == Status.VISIBLE]
    changed = [
        (rec, facts)
        for rec, facts in anew
        if facts != rec.facts or (rec.before is not None and rec.before[0] != Status.VISIBLE)
    ]
    joiner = Joiner(work)
    await joiner.load("", [*hidden, *(rec for rec, _ in changed)], [facts for _, facts in changed])
    for rec in hidden:
        joiner.leave(rec)
    for rec, facts in changed:
        work.reconsider(rec)
        rec.facts = facts
        joiner.place(rec)
    await joiner.write()
    return {rec.id for rec, _ in changed}
