"""What follows from settings, made anew for records that are there already: sets after a change of their queries,
shared bibs after a change of the rules of matching. Only what comes out differently moves in the feed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.catalogue.joining import Joiner
from gateway.catalogue.matching import Rules
from gateway.catalogue.materials import material
from gateway.catalogue.set_rules import SetRule, described, sets_of
from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.rows import FORMATS, SHOWN, Status
from gateway.catalogue.store.working import Rec, Working
from gateway.catalogue.store.writer import Writer
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
    names: Mapping[str, str],
    now: Callable[[], int],
    progress: Callable[[Rebuilt], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Rebuilt:
    """Goes through all records, a batch a transaction, and on where an interrupted one stopped.

    Raises CatalogueUnavailable.
    """
    rules, report = Rules(union), Rebuilt()
    after = int(await store.state(_POSITION) or 0)
    while not stop():
        async with store.writing() as session:
            work = Working(session, names)
            await work.begin()
            for view, spec, name, description in described(sets):
                work.declare(view, spec, name, description)
            rows = await session.fetch(sql.AFTER, after=after, size=BATCH)
            records = await work.load([row[0] for row in rows])
            await work.load_groups(rec.shared for rec in records)
            shown = [rec for rec in records if rec.status in SHOWN]
            parsed = await _parsed(store, work, shown)
            report.moved += _resort(work, parsed, sets)
            report.moved += await _rematch(work, parsed, rules)
            await work.finish(now())
            after = rows[-1][0] if rows else after
            report.looked += len(rows)
            report.finished = len(rows) < BATCH
            await store.put_state(session, _POSITION, None if report.finished else str(after))
        progress(report)
        if report.finished:
            break
        await asyncio.sleep(0)  # whoever else works in this process has a turn
    return report


async def _parsed(store: Writer, work: Working, records: Sequence[Rec]) -> list[tuple[Rec, Record]]:
    rows = await work.session.fetch(sql.RENDERED, ids=[rec.id for rec in records])
    if not all(store.compression.knows(row[1]) for row in rows):
        store.compression.learn(await work.session.fetch(sql.DICTIONARIES))
    data = {row[0]: store.compression.unpack(row[1], row[2]) for row in rows}
    return [(rec, from_marcxml(data[rec.id])) for rec in records if rec.id in data]


def _resort(work: Working, parsed: list[tuple[Rec, Record]], sets: Sequence[SetRule]) -> int:
    moved = 0
    for rec, record in parsed:
        marc = FORMATS[rec.format]
        found, kind = sets_of(sets, rec.member, record, marc), material(record, marc)
        if found != rec.sets or kind != rec.material:
            work.change(rec)
            rec.sets, rec.material = found, kind
            moved += 1
    return moved


async def _rematch(work: Working, parsed: list[tuple[Rec, Record]], rules: Rules) -> int:
    anew = [(rec, rules.facts(record, FORMATS[rec.format])) for rec, record in parsed]
    changed = [(rec, facts) for rec, facts in anew if facts != rec.facts and rec.status == Status.VISIBLE]
    joiner = Joiner(work)
    await joiner.load("", [rec for rec, _ in changed], [facts for _, facts in changed])
    for rec, facts in changed:
        work.reconsider(rec)
        rec.facts = facts
        joiner.place(rec)
    await joiner.write()
    return len(changed)
