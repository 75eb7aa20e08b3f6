"""The engine of bulk loads: read a batch, turn it into effects, write them and the new position in one transaction.

A load that is stopped or killed goes on where its last batch ended, because position and rows were committed
together. The same file with the same options is the same load: done once, it is done.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sqlalchemy import Text, bindparam, select

from gateway.clock import Clock
from gateway.importing.progress import Progress, Report, Step, Stop
from gateway.importing.taken import Taken
from gateway.platforms.reference.policy import millis
from gateway.store import schema
from gateway.store.effects import Effect, Insert, Update, WriteConflict
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import ImportProgressRow

BATCH = 500
"""Rows a transaction: large enough that the commit costs little, small enough that kiosks do not notice."""

_ATTEMPTS = 5
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Rejected:
    label: str
    reason: str


class Source(Protocol):
    """`total` is the size in bytes."""

    total: int

    def rows(self, start: int) -> Iterator[Taken]:
        """Everything from the position `start`, which is 0 or the `resume` of a row read before."""
        ...


class Loader(Protocol):
    async def effects(self, batch: list[Taken], now: int) -> tuple[list[Effect], list[Rejected]]:
        """What makes the batch true, given what the store holds now (UTC milliseconds), and the rows refused.

        Called again for the same batch where somebody else wrote in between. Raises StoreUnavailable."""
        ...


_PROGRESS = Plan(
    "import.progress",
    (
        Part(
            "row",
            select(*schema.import_progress.c).where(
                schema.import_progress.c.member == bindparam("member", type_=Text),
                schema.import_progress.c.id == bindparam("id", type_=Text),
            ),
            ImportProgressRow,
        ),
    ),
    dict,
)


async def load(
    store: Store,
    clock: Clock,
    member: str,
    load_id: str,
    source: Source,
    loader: Loader,
    *,
    rejects: Path,
    progress: Progress,
    stop: Stop,
    batch_size: int = BATCH,
) -> Report:
    """Runs a load to its end, or until `stop` says so, which is asked after every batch.

    Raises StoreUnavailable, and WriteConflict where others write the same rows without a pause.
    """
    found = await store.read(_PROGRESS, {"member": member, "id": load_id})
    known: ImportProgressRow | None = found["row"]
    row = known or ImportProgressRow(member, load_id, 0, 0, 0, None)
    report = Report(row.rows_done, row.rows_refused, row.rows_done, row.finished_at is not None)
    refused = Rejects(rejects, keep=row.rows_refused)
    repaired = Remarks.beside(rejects, row.offset)
    taken = iter(()) if report.finished else source.rows(row.offset)
    while not report.finished:
        batch = list(islice(taken, batch_size))
        repaired.add(batch)
        await _write(store, clock, loader, batch, row, known is None, refused, last=len(batch) < batch_size)
        known = row
        report.rows_done, report.rows_refused = row.rows_done, row.rows_refused
        report.finished = row.finished_at is not None
        position = source.total if report.finished else batch[-1].position
        progress(Step(position, source.total, row.rows_done, row.rows_refused, report.resumed_at))
        if stop():
            break
    report.rejects = rejects if report.rows_refused else None
    report.rows_repaired, report.repairs = repaired.count, repaired.path if repaired.count else None
    return report


def load_id(source: Path, options: dict[str, Any]) -> str:
    """Names a load by the content of its file and its options. Raises OSError."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True, default=str).encode())
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


async def _write(
    store: Store,
    clock: Clock,
    loader: Loader,
    batch: list[Taken],
    row: ImportProgressRow,
    first: bool,
    rejects: Rejects,
    *,
    last: bool,
) -> None:
    """Writes one batch with the new progress; `row` is then as written. What is refused is told before: what is told
    too early is cut off by the next run, what is counted and not told would be lost."""
    unreadable = [Rejected(taken.label, taken.problem) for taken in batch if taken.problem is not None]
    readable = [taken for taken in batch if taken.problem is None]
    for attempt in range(_ATTEMPTS):
        now = millis(clock.now())
        effects, refused = await loader.effects(readable, now)
        new = ImportProgressRow(
            member=row.member,
            id=row.id,
            offset=batch[-1].resume if batch else row.offset,
            rows_done=row.rows_done + len(batch),
            rows_refused=row.rows_refused + len(unreadable) + len(refused),
            finished_at=now if last else None,
            version=row.version,
        )
        rejects.add([*unreadable, *refused])
        try:
            await store.apply(row.member, [*effects, Insert(new) if first else Update(new)])
        except WriteConflict:
            rejects.take_back()
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        row.offset, row.rows_done, row.rows_refused = new.offset, new.rows_done, new.rows_refused
        row.finished_at, row.version = new.finished_at, row.version if first else row.version + 1
        return


class Rejects:
    """The CSV of refused rows. What a killed run wrote beyond its last commit is cut off first."""

    def __init__(self, path: Path, *, keep: int) -> None:
        self._path = path
        self._before = 0
        kept: list[list[str]] = []
        if keep and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                kept = list(islice(csv.reader(file), keep + 1))[1:]
        if keep or path.exists():
            self._write("w", [["row", "reason"], *kept])

    def add(self, rejected: list[Rejected]) -> None:
        self._before = self._path.stat().st_size if self._path.exists() else 0
        if not rejected:
            return
        rows = [[row.label, row.reason] for row in rejected]
        self._write("a", rows if self._before else [["row", "reason"], *rows])

    def take_back(self) -> None:
        """What was added last was not to be."""
        if self._path.exists():
            os.truncate(self._path, self._before)

    def _write(self, mode: str, rows: list[list[str]]) -> None:
        with self._path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)


class Remarks:
    """The CSV of what was repaired in rows that were taken: where it begins in the source, and what was done.

    What a killed run wrote beyond the position `start`, from which this one goes on, is cut off first."""

    _HEAD: ClassVar = ["byte", "repair"]

    def __init__(self, path: Path, start: int) -> None:
        self.path = path
        self.count = 0
        kept: list[list[str]] = []
        if start and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                kept = [row for row in list(csv.reader(file))[1:] if int(row[0]) < start]
        self.count = len({row[0] for row in kept})
        if kept:
            self._write("w", [self._HEAD, *kept])
        else:
            path.unlink(missing_ok=True)

    @classmethod
    def beside(cls, rejects: Path, start: int) -> Remarks:
        """Where the rejects go, under a name of its own."""
        return cls(rejects.with_name(rejects.name.removesuffix(".rejects.csv") + ".repairs.csv"), start)

    def add(self, batch: list[Taken]) -> None:
        rows = [[taken.label.removeprefix("byte "), text] for taken in batch for text in taken.remarks]
        if not rows:
            return
        self._write("a", rows if self.count else [self._HEAD, *rows])
        self.count += sum(bool(taken.remarks) for taken in batch)

    def _write(self, mode: str, rows: list[list[str]]) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
