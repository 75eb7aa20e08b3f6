"""Rows of the catalogue as values, and how what stands in their JSON columns is read and written."""

from __future__ import annotations

import dataclasses
from enum import IntEnum
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from gateway.catalogue.records import Format, Holding, Provenance, SourceKind

FORMATS = (Format.MARC21, Format.UNIMARC)
KINDS = (SourceKind.ISO2709, SourceKind.MARCXML, SourceKind.PLATFORM, SourceKind.EXACT)
"""The order is that of numbers kept in the store, so new ones come last."""


class Status(IntEnum):
    """Who sees a source record."""

    VISIBLE = 0
    SUPPRESSED = 1
    PRIVATE = 2  # its own member's view only
    DELETED = 3


SHOWN = (Status.VISIBLE, Status.PRIVATE)
"""What a member's own view shows; `ALL` shows visible records only."""


LENGTH_BITS = 20
"""Of a rank: how long the record is; the rest is its level."""


def rank_of(level: int, length: int) -> int:
    """How full a record is: by its level first, then by its length in bytes."""
    return level << LENGTH_BITS | min(length, (1 << LENGTH_BITS) - 1)


class RecordRow(NamedTuple):
    """One row of `source_record`, in the order of its columns."""

    id: int
    member: str
    control: str
    shared: int
    format: int
    status: int
    material: str
    sets: str | None
    rank: int
    facts: bytes | None
    digest: bytes
    datestamp: int
    seq: int
    index_seq: int
    scopes: str
    gone: str
    provenance: str | None
    stated: int | None


class SharedRow(NamedTuple):
    """One row of `shared_bib`, in the order of its columns."""

    id: int
    lead: int
    datestamp: int
    seq: int
    scopes: str
    gone: str


class ShownRow(NamedTuple):
    """A record as a view shows it: the source record `asked` for, and that which stands for it, in `all` the lead."""

    asked: int
    id: int
    member: str
    control: str
    shared: int
    format: int
    datestamp: int
    scopes: str
    provenance: str | None
    dictionary: int
    data: bytes


_FIELDS = tuple(field.name for field in dataclasses.fields(Holding))
_VALUES = attrgetter(*_FIELDS)
_DEFAULTS = {
    field.name: field.default for field in dataclasses.fields(Holding) if field.default is not dataclasses.MISSING
}


def holdings_text(holdings: tuple[Holding, ...]) -> str:
    """Holdings as JSON, without what has its default."""
    said: list[dict[str, Any]] = [
        {
            name: value
            for name, value in zip(_FIELDS, _VALUES(one), strict=True)
            if name not in ("member", "control", "circulation") and value != _DEFAULTS.get(name)
        }
        for one in holdings
    ]
    return orjson.dumps(said).decode()


def holdings_of(member: str, control: str, text: str) -> tuple[Holding, ...]:
    made: list[Holding] = []
    for said in orjson.loads(text):
        if "barcodes" in said:
            said["barcodes"] = tuple(said["barcodes"])
        made.append(Holding(member=member, control=control, **said))
    return tuple(made)


def provenance_text(provenance: Provenance | None) -> str | None:
    return None if provenance is None else orjson.dumps(dataclasses.asdict(provenance)).decode()


def provenance_of(text: str | None) -> Provenance | None:
    return None if text is None else Provenance(**orjson.loads(text))
