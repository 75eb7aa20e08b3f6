"""Records into the catalogue alone, as fast as the machine is: other processes read and render while this one writes.

Progress is kept in the catalogue, in the transaction of each batch, so that a load that is stopped or killed goes on
where its last batch ended.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.preparing import Incoming, Prepared, Preparer
from gateway.catalogue.records import Holding
from gateway.importing.batches import Rejected, Rejects, Remarks, Taken, load_id
from gateway.importing.marc import ItemFields, MarcOptions
from gateway.importing.marc_source import Found, MarcFile
from gateway.importing.progress import Progress, Report, Step, Stop, never, silent
from library_protocols.marc import Cut

BATCH = 1000
"""Records a transaction: match keys lie all over their table, and a page is written once a transaction."""

WORKERS = max((os.cpu_count() or 1) - 1, 1)
_FIRST = 1
"""Batches that are prepared here: the dictionaries are made of them."""


@dataclass(slots=True)
class _Place:
    """How far a load has come."""

    offset: int = 0
    rows_done: int = 0
    rows_refused: int = 0
    finished: bool = False


async def import_catalogue(
    ingest: Ingest,
    member: str,
    source: Path,
    options: MarcOptions | None = None,
    *,
    rejects: Path | None = None,
    progress: Progress = silent,
    stop: Stop = never,
    workers: int = WORKERS,
    batch_size: int = BATCH,
) -> Report:
    """Loads records; those that cannot be go to `rejects` with their position. `workers` 0: without other processes.

    Raises OSError and CatalogueUnavailable.
    """
    chosen = options or MarcOptions()
    key = f"import:{member}:{load_id(source, {'kind': 'catalogue', **dataclasses.asdict(chosen)})}"
    place = _Place(**json.loads(await ingest.store.state(key) or "{}"))
    report = Report(place.rows_done, place.rows_refused, place.rows_done, place.finished)
    file = MarcFile(source, chosen.format)
    target = rejects or source.with_name(source.name + ".rejects.csv")
    refused, repaired = Rejects(target, keep=place.rows_refused), Remarks.beside(target, place.offset)
    batches = _Batches(ingest.preparer, file, chosen, member, batch_size)
    async for records, end, noted, prepared in batches.run(place.offset, workers, done=place.finished):
        problems = [Rejected(one.label, one.problem) for one in noted if one.problem is not None]
        place.offset = end or place.offset
        place.rows_done += records
        place.finished = records < batch_size
        ready = [one for one in prepared if one.refusal is None]
        problems += [Rejected(one.label, one.refusal) for one in prepared if one.refusal is not None]
        place.rows_refused += len(problems)
        await ingest.put_prepared(member, ready, state={key: json.dumps(dataclasses.asdict(place))})
        refused.add(problems)
        repaired.add(noted)
        report.rows_done, report.rows_refused, report.finished = place.rows_done, place.rows_refused, place.finished
        progress(
            Step(file.total if place.finished else place.offset, file.total, place.rows_done, place.rows_refused,
                 report.resumed_at)
        )  # fmt: skip
        if stop():
            break
    report.rejects = target if report.rows_refused else None
    report.rows_repaired, report.repairs = repaired.count, repaired.path if repaired.count else None
    return report


class _Batch(NamedTuple):
    """So many records up to the byte `end`; those of them that something is to be told about, and what is to be
    written."""

    records: int
    end: int
    noted: list[Taken]
    prepared: list[Prepared]


class _Batches:
    """The file in batches, in its order, read and rendered; the last one is shorter, and may be empty."""

    def __init__(self, preparer: Preparer, file: MarcFile, options: MarcOptions, member: str, batch_size: int) -> None:
        self._preparer = preparer
        self._file = file
        self._options = options
        self._member = member
        self._size = batch_size

    async def run(self, start: int, workers: int, *, done: bool) -> AsyncIterator[_Batch]:
        if done:
            return
        cuts = self._cuts(start)
        for batch in islice(cuts, None if workers == 0 else _FIRST):
            taken = [self._file.taken(cut) for cut in batch]
            incoming = _incoming(taken, self._options, self._member)
            yield _batch(taken, [self._preparer.begin(one) for one in incoming])
            if len(batch) < self._size:
                return
        loop = asyncio.get_running_loop()
        told = (self._preparer, self._file, self._options, self._member)
        with ProcessPoolExecutor(workers, get_context("spawn"), _begin, told) as pool:
            waiting: deque[asyncio.Future[_Batch]] = deque()
            try:
                for batch in cuts:
                    waiting.append(loop.run_in_executor(pool, _prepare, batch))
                    if len(waiting) > workers + 1:  # as many as keep every process busy, and no file in memory
                        yield await waiting.popleft()
                while waiting:
                    yield await waiting.popleft()
            finally:
                for future in waiting:
                    future.cancel()

    def _cuts(self, start: int) -> Iterator[list[Cut]]:
        cuts = self._file.cuts(start)
        while True:
            batch = list(islice(cuts, self._size))
            yield batch
            if len(batch) < self._size:
                return


def prepare(preparer: Preparer, file: MarcFile, options: MarcOptions, member: str, cuts: Sequence[Cut]) -> _Batch:
    """Reads and renders one batch. What was read does not leave the process, what is to be written does."""
    taken = [file.taken(cut) for cut in cuts]
    return _batch(taken, preparer.prepare(member, _incoming(taken, options, member)))


def _batch(taken: Sequence[Taken], prepared: list[Prepared]) -> _Batch:
    noted = [dataclasses.replace(one, value=None) for one in taken if one.problem is not None or one.remarks]
    return _Batch(len(taken), taken[-1].resume if taken else 0, noted, prepared)


def _incoming(taken: Sequence[Taken], options: MarcOptions, member: str) -> list[Incoming]:
    found: list[Found] = [one.value for one in taken if one.problem is None]
    return [_with_holdings(one.incoming(), options.items, member) for one in found]


def _with_holdings(incoming: Incoming, items: ItemFields | None, member: str) -> Incoming:
    """Where the record says where its copies stand, those are its holdings."""
    if items is None or incoming.record is None:
        return incoming
    places: dict[tuple[str, str, str], list[str]] = {}
    for field in incoming.record.fields(items.tag):
        said = {column: field.first(code).strip() for column, code in items.subfields.items()}
        place = (said.get("location", ""), said.get("call_number", ""), said.get("collection", ""))
        places.setdefault(place, []).append(said.get("barcode", ""))
    incoming.holdings = tuple(
        Holding(member, location, call_number, len(codes), collection=collection, barcodes=tuple(filter(None, codes)))
        for (location, call_number, collection), codes in places.items()
    )
    return incoming


_TOLD: list[tuple[Preparer, MarcFile, MarcOptions, str]] = []


def _begin(preparer: Preparer, file: MarcFile, options: MarcOptions, member: str) -> None:
    """What each of the other processes is told once."""
    _TOLD[:] = [(preparer, file, options, member)]


def _prepare(cuts: list[Cut]) -> _Batch:
    return prepare(*_TOLD[0], cuts)
