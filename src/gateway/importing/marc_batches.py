"""One batch of a MARC file, read and rendered: the part of a load that other processes do while one writes.

They start with this module, which therefore imports neither a database nor the configuration.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from typing import NamedTuple

from gateway.catalogue.preparing import Incoming, Prepared, Preparer
from gateway.catalogue.records import Holding
from gateway.importing.item_fields import ItemFields
from gateway.importing.marc_source import MarcFile
from gateway.importing.taken import Taken
from library_protocols.marc import Cut


class Batch(NamedTuple):
    """So many records up to the byte `end`; those of them that something is to be told about, and what is to be
    written."""

    records: int
    end: int
    noted: list[Taken]
    prepared: list[Prepared]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is told once: whose file it is, where its records have their items, and how they are prepared."""

    preparer: Preparer
    file: MarcFile
    items: ItemFields | None
    member: str

    def begun(self, cuts: Iterable[Cut]) -> Batch:
        """The records as they were read: what has not changed needs no rendering."""
        batch, came = self._read(cuts)
        batch.prepared.extend(self.preparer.begin(self.member, incoming) for incoming in came)
        return batch

    def prepared(self, cuts: Iterable[Cut]) -> Batch:
        """Everything made that is to be written; what it was made from does not leave the process."""
        batch, came = self._read(cuts)
        batch.prepared.extend(self.preparer.prepare(self.member, came))
        return batch

    def _read(self, cuts: Iterable[Cut]) -> tuple[Batch, list[Incoming]]:
        records, end = 0, 0
        noted: list[Taken] = []
        came: list[Incoming] = []
        for cut in cuts:
            taken = self.file.taken(cut)
            records, end = records + 1, taken.resume
            if taken.problem is not None or taken.remarks:
                noted.append(dataclasses.replace(taken, value=None))
            if taken.problem is None:
                came.append(self._with_holdings(taken.value.incoming()))
        return Batch(records, end, noted, []), came

    def _with_holdings(self, incoming: Incoming) -> Incoming:
        """Where the record says where its copies stand, those are its holdings."""
        if self.items is None or incoming.record is None:
            return incoming
        places: dict[tuple[str, str, str], list[str]] = {}
        for field in incoming.record.fields(self.items.tag):
            said = {column: field.first(code).strip() for column, code in self.items.subfields.items()}
            place = (said.get("location", ""), said.get("call_number", ""), said.get("collection", ""))
            places.setdefault(place, []).append(said.get("barcode", ""))
        incoming.holdings = tuple(
            Holding(
                self.member, location, call_number, len(codes), collection=kept, barcodes=tuple(filter(None, codes))
            )
            for (location, call_number, kept), codes in places.items()
        )
        return incoming


_SELDOM = 200_000
"""Objects more than were let go after which Python looks for cycles: a batch that is being written has fewer, and
what a cycle keeps does not add up."""


@contextmanager
def few_collections() -> Iterator[None]:
    """Leaves alone what is there already, and looks for cycles seldom: there are next to none among records, and
    looking costs a third of the time. Where somebody has had things left alone before, they stay so."""
    before, ours = gc.get_threshold(), gc.get_freeze_count() == 0
    if ours:
        gc.collect()
        gc.freeze()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
        gc.set_threshold(*before)


_JOBS: list[Job] = []


def begin(job: Job) -> None:
    """What each of the other processes does first."""
    few_collections().__enter__()  # until the process ends
    _JOBS[:] = [job]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Whoever was killed tells nobody: its workers would wait for the next batch for ever."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def prepare(cuts: list[Cut]) -> Batch:
    """What each of the other processes does for a batch."""
    return _JOBS[0].prepared(cuts)
