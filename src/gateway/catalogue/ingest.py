"""Records into the catalogue: one transaction a batch, idempotent by member and control number.

What has not changed costs no write and no place in the feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.catalogue.records import Format, Holding, Provenance, SourceKind


@dataclass(slots=True)
class Incoming:
    """One record as it came.

    `record` is the parsed record (`library_protocols.marc.Record`), None only where `deleted` and `control` is given.
    `control` overrides the control number of field 001. `holdings` None leaves those that are known. `deleted` also
    where the leader does not say so. `label` names the record to people ("byte 1234").
    """

    original: bytes
    kind: SourceKind
    record: Any
    format: Format = Format.MARC21
    repairs: tuple[Any, ...] = ()
    suppressed: bool = False
    private: bool = False
    provenance: Provenance | None = None
    holdings: tuple[Holding, ...] | None = None
    deleted: bool = False
    control: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that could not be taken: `label` as it came, and why."""

    label: str
    reason: str


@dataclass(slots=True)
class Report:
    """What one batch did. `changed` counts new and altered records, `merged` and `parted` moves between shared bibs,
    `doubtful` pairs put on the review list."""

    taken: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    merged: int = 0
    parted: int = 0
    doubtful: int = 0
    refused: list[Refusal] = field(default_factory=list)


class SetRule(Protocol):
    """A set of a view that is defined by a query."""

    view: str
    spec: str
    name: str
    description: str

    def matches(self, record: Any, format: Format) -> bool:
        """Whether a record (`library_protocols.marc.Record`) belongs to the set."""
        ...


class Ingest(Protocol):
    """`gateway.catalogue.store.open_ingest` gives one."""

    async def put(self, member: str, batch: Sequence[Incoming], *, state: tuple[str, str] | None = None) -> Report:
        """Takes a batch, all in one transaction, with a new value of a state key where given (a harvest's position).

        Raises CatalogueUnavailable."""
        ...
