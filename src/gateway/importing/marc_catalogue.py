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
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from pathlib import Path

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store.compress import ORIGINAL, RENDERING
from gateway.catalogue.store.rows import KINDS
from gateway.importing.batches import Rejected, Rejects, Remarks, load_id
from gateway.importing.marc import MarcOptions
from gateway.importing.marc_batches import Batch, Job, begin, few_collections, prepare
from gateway.importing.marc_source import MarcFile
from gateway.importing.progress import Progress, Report, Step, Stop, never, silent
from library_protocols.marc import Cut

BATCH = 1000
"""Records a transaction: match keys lie all over their table, and a page is written once a transaction."""

WORKERS = max((os.cpu_count() or 1) - 1, 1)


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
    learnt = [await ingest.store.learnt(kind) for kind in (RENDERING, ORIGINAL[KINDS.index(file.kind)])]
    batches = _Batches(Job(ingest.preparer, file, chosen.items, member), batch_size, learnt=all(learnt))
    with few_collections():
        async for records, end, noted, prepared in batches.run(place.offset, workers, done=place.finished):
            problems = [Rejected(one.label, one.problem) for one in noted if one.problem is not None]
            place.offset = end or place.offset
            place.rows_done += records
            place.finished = records < batch_size
            ready = [one for one in prepared if one.refusal is None]
            problems += [Rejected(one.label, one.refusal) for one in prepared if one.refusal is not None]
            place.rows_refused += len(problems)
            # What is told too early is cut off by the next run; what is counted and not told would be lost.
            refused.add(problems)
            repaired.add(noted)
            await ingest.put_prepared(member, ready, state={key: json.dumps(dataclasses.asdict(place))})
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


def _forked_clean() -> BaseContext:
    """Workers are copies of one process that has imported what they need, and nothing else: they begin in
    milliseconds, however many there are, and for the next file as well."""
    context = get_context("forkserver")
    context.set_forkserver_preload([prepare.__module__])
    return context


class _Batches:
    """The file in batches, in its order, read and rendered; the last one is shorter, and may be empty. The first one is
    read here unless the dictionaries are `learnt`: they are made of it."""

    def __init__(self, job: Job, batch_size: int, *, learnt: bool) -> None:
        self._job = job
        self._size = batch_size
        self._learnt = learnt

    async def run(self, start: int, workers: int, *, done: bool) -> AsyncIterator[Batch]:
        if done:
            return
        cuts, learnt = self._cuts(start), self._learnt
        for batch in cuts:
            if workers and learnt and len(batch) == self._size:
                cuts = chain([batch], cuts)
                break
            yield self._job.begun(batch)
            if len(batch) < self._size:  # read sooner than a process has started
                return
            learnt = True
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(workers, _forked_clean(), begin, (self._job,)) as pool:
            waiting: deque[asyncio.Future[Batch]] = deque()
            try:
                for batch in cuts:
                    waiting.append(loop.run_in_executor(pool, prepare, batch))
                    if len(waiting) > workers + 1:  # as many as keep every process busy, and no file in memory
                        yield await waiting.popleft()
                while waiting:
                    yield await waiting.popleft()
            finally:
                for future in waiting:
                    future.cancel()

    def _cuts(self, start: int) -> Iterator[list[Cut]]:
        cuts = self._job.file.cuts(start)
        while True:
            batch = list(islice(cuts, self._size))
            yield batch
            if len(batch) < self._size:
                return
