"""Harvested records made ready for the catalogue: which control number each has, and where it came from."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gateway.catalogue.ingest import Incoming, Refusal
from gateway.catalogue.records import Format, Provenance, SourceKind
from gateway.config import HarvestConfig
from library_protocols.marc import MarcError, Parsed, read
from library_protocols.oai_pmh import ReadError, Record, read_provenance

StateOf = Callable[[str], Awaitable[str | None]]
OriginOf = Callable[[str], Awaitable[Provenance | None]]

_ROOT = re.compile(rb"<(?:([^\s:/>]+):)?[^>]*")


@dataclass(slots=True)
class Batch:
    """What one page becomes. `names` are state keys that remember the control number of an identifier, where the one
    cannot be told from the other; `controls` are those of live records; `repaired` counts records that were."""

    incoming: list[Incoming] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    names: dict[str, str | None] = field(default_factory=dict)
    controls: list[str] = field(default_factory=list)
    deleted: int = 0
    repaired: int = 0


class Translator:
    """Harvested records to incoming ones, for one source of one member."""

    def __init__(self, member: str, source: HarvestConfig, state_of: StateOf, origin_of: OriginOf) -> None:
        self._source = source
        self._key = f"harvest-id:{member}:{source.name}:"
        self._state_of = state_of
        self._origin_of = origin_of

    async def batch(self, records: Sequence[Record], harvested_at: str) -> Batch:
        """One page. `harvested_at` is the page's responseDate."""
        batch = Batch()
        # In a thread: a page takes a second to read, and whoever else lives on this loop gets turns in between.
        found = await asyncio.to_thread(lambda: [self._read(record) for record in records])
        for record, parsed in zip(records, found, strict=True):
            identifier = record.header.identifier
            if not identifier:
                batch.refused.append(Refusal("a record without identifier", "has no header that names it"))
            elif record.header.deleted:
                batch.incoming.append(
                    gone(identifier, await self._remembered(identifier, batch) or local_part(identifier))
                )
                batch.deleted += 1
            else:
                await self._live(record, parsed, harvested_at, batch)
        return batch

    def _read(self, record: Record) -> Parsed | MarcError | None:
        """The record's metadata read, or why it cannot be; None where there is none."""
        if record.metadata is None or record.header.deleted:
            return None
        try:
            return read(record.metadata, source="marcxml", format=self._source.format)
        except MarcError as error:
            return error

    async def _live(self, record: Record, parsed: Parsed | MarcError | None, harvested_at: str, batch: Batch) -> None:
        identifier = record.header.identifier
        if record.metadata is None or parsed is None:
            batch.refused.append(Refusal(identifier, "has no metadata"))
            return
        if isinstance(parsed, MarcError):
            batch.refused.append(Refusal(identifier, str(parsed)))
            return
        control = parsed.record.control_number or local_part(identifier)
        before = await self._known_as(identifier, control, batch)
        if before is not None and before != control:
            batch.incoming.append(gone(identifier, before))
        if before != control and (before is not None or control != local_part(identifier)):
            batch.names[self._key + identifier] = control if control != local_part(identifier) else None
        batch.controls.append(control)
        batch.repaired += bool(parsed.repairs)
        batch.incoming.append(
            Incoming(
                original=record.metadata,
                kind=SourceKind.MARCXML,
                record=parsed.record,
                format=Format(parsed.format),
                repairs=parsed.repairs,
                provenance=Provenance(
                    self._source.url,
                    identifier,
                    record.header.datestamp,
                    namespace_of(record.metadata),
                    harvested_at,
                    altered=bool(parsed.repairs),
                    chain=_chain(record),
                ),
                control=control,
                label=identifier,
            )
        )

    async def _remembered(self, identifier: str, batch: Batch) -> str | None:
        key = self._key + identifier
        return batch.names[key] if key in batch.names else await self._state_of(key)

    async def _known_as(self, identifier: str, control: str, batch: Batch) -> str | None:
        """The control number under which this identifier's record is kept now; None where it may never have been."""
        remembered = await self._remembered(identifier, batch)
        local = local_part(identifier)
        if remembered is not None or control == local:
            return remembered
        origin = await self._origin_of(local)
        return local if origin is not None and origin.identifier == identifier else None


def gone(identifier: str, control: str) -> Incoming:
    """That a record is no longer there."""
    return Incoming(original=b"", kind=SourceKind.MARCXML, record=None, deleted=True, control=control, label=identifier)


def local_part(identifier: str) -> str:
    """What stands last in an identifier, which in most systems is the control number."""
    return identifier.replace("/", ":").rpartition(":")[2]


def namespace_of(metadata: bytes) -> str:
    """The namespace of an element as `Record.metadata` has it, by which a format is known; empty where it has none."""
    root = _ROOT.match(metadata)
    if root is None:
        return ""
    name = b"xmlns:" + root[1] if root[1] else b"xmlns"
    declared = re.search(rb'\s%b="([^"]*)"' % re.escape(name), root[0])
    return declared[1].decode() if declared else ""


def _chain(record: Record) -> str:
    """The provenance that came with the record, as it came."""
    for about in record.about:
        try:
            if read_provenance(about) is not None:
                return about.decode()
        except (ReadError, UnicodeDecodeError):
            continue
    return ""


__all__ = ["Batch", "Translator", "gone", "local_part", "namespace_of"]
