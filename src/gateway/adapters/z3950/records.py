"""Records of a result set made ready for a client: in its syntax and charset, and no more than its message holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.adapters.z3950.mapping import Problem, Wanted, can_be, in_charset, marc_syntax, wire_text
from gateway.adapters.z3950.session import Held, Session
from gateway.canonical.context import PlatformCall
from gateway.catalogue.forms import FORMS, Items, opac_holdings, render
from gateway.catalogue.records import CatalogueRecord, Format
from library_protocols.asn1 import TEXT, External
from library_protocols.z3950 import NamePlusRecord, record_of, structured_record, surrogate
from library_protocols.z3950.facts.oids import EXPLAIN, OPAC, SUTRS
from library_protocols.z3950.records import OpacRecord, write_opac

SLICE = 20  # records fetched and rendered before others get their turn
OVERHEAD = 64
"""Octets around a record in its PDU: lengths, OIDs and the name of the database, at the most usual."""
ENVELOPE = 128
"""Octets of a PDU without its records."""


class Availability(Protocol):
    """Asks the desk for the items of records, in one batch: by record id, nothing for a record it does not know."""

    async def of(
        self, records: Iterable[CatalogueRecord], reader: str, exchange: str, calls: list[PlatformCall]
    ) -> dict[int, Items]: ...


class RecordSource(Protocol):
    """The catalogue, as far as records are concerned."""

    async def records(
        self, view: str, ids: Sequence[int], *, holdings: bool = True
    ) -> list[CatalogueRecord | None]: ...

    async def exact(self, view: str, ids: Sequence[int]) -> dict[int, tuple[Format, bytes]]: ...


@dataclass(slots=True)
class Pack:
    """Records in parts, each of which fits a message. `rest`: there were more, and no more parts were allowed."""

    parts: list[list[NamePlusRecord]]
    rest: bool = False

    @property
    def count(self) -> int:
        return sum(map(len, self.parts))


async def pack(
    catalogue: RecordSource,
    availability: Availability | None,
    session: Session,
    held: Held,
    ranges: Sequence[tuple[int, int]],
    wanted: Wanted,
    *,
    most_parts: int,
    exchange: str,
    calls: list[PlatformCall],
) -> Pack:
    """The records at these positions (first, number), in at most `most_parts` messages of the agreed size.

    A record that is larger than a message comes alone if it was asked for alone; else a diagnostic stands for it.
    """
    alone = sum(number for _, number in ranges) == 1
    found = Pack([[]])
    room = session.message_size - ENVELOPE
    for first, number in ranges:
        for at in range(first, first + number, SLICE):
            if session.gone:
                return found
            made = await _slice(catalogue, availability, session, held, (at, min(SLICE, first + number - at)), wanted,
                                exchange, calls)  # fmt: skip
            for record in made:
                record, size = _fitted(record, session, alone)
                if size > room and found.parts[-1]:
                    if len(found.parts) == most_parts:
                        found.rest = True
                        return found
                    found.parts.append([])
                    room = session.message_size - ENVELOPE
                found.parts[-1].append(record)
                room -= size
            if number > SLICE:
                await asyncio.sleep(0)
    return found


async def _slice(
    catalogue: RecordSource,
    availability: Availability | None,
    session: Session,
    held: Held,
    window: tuple[int, int],
    wanted: Wanted,
    exchange: str,
    calls: list[PlatformCall],
) -> list[NamePlusRecord]:
    start, size = window
    if held.explain:
        return [structured_record(EXPLAIN, one, held.database) for one in held.found[start - 1 : start - 1 + size]]
    ids = await held.found.page(start, size)
    charset = session.record_charset
    ready: dict[int, NamePlusRecord] = {}
    if wanted.form == "iso2709" and wanted.syntax != OPAC and _form(wanted.form, charset) == wanted.form:
        came = await catalogue.exact(held.view, ids)
        ready = {one: _ready(marc, octets, wanted, held.database) for one, (marc, octets) in came.items()}
    others = [one for one in ids if one not in ready]
    with_holdings = wanted.syntax == OPAC or FORMS[wanted.form].holdings
    records = await catalogue.records(held.view, others, holdings=with_holdings) if others else []
    live: dict[int, Items] = {}
    if wanted.syntax == OPAC and not wanted.brief and availability is not None:
        reader = session.reader.name if session.reader else "catalogue"
        live = await availability.of([one for one in records if one is not None], reader, exchange, calls)
    for one, record in zip(others, records, strict=True):
        ready[one] = _made(record, wanted, held.database, session, live)
    return [ready[one] for one in ids]


def _fitted(record: NamePlusRecord, session: Session, alone: bool) -> tuple[NamePlusRecord, int]:
    """The record, or the diagnostic that stands for one that is too large; and its size in octets."""
    external = record.record.retrieval_record
    size = OVERHEAD + len(record.name or "")
    if external is not None:
        size += len(external.octets or external.single or b"")
        if size > session.record_size:
            return surrogate(17, str(size), record.name), OVERHEAD
        if size > session.message_size - ENVELOPE and not alone:
            return surrogate(16, str(size), record.name), OVERHEAD
    return record, size


def _ready(marc: Format, octets: bytes, wanted: Wanted, database: str) -> NamePlusRecord:
    """A record whose octets are just those that would be made of it."""
    if not can_be(marc, wanted.syntax):
        return surrogate(238, wanted.syntax, database)
    return record_of(wanted.syntax, octets, database)


def _made(
    record: CatalogueRecord | None,
    wanted: Wanted,
    database: str,
    session: Session,
    live: dict[int, Items],
) -> NamePlusRecord:
    if record is None:
        return surrogate(1028, "", database)
    if not can_be(record.format, wanted.syntax):
        return surrogate(238, wanted.syntax, database)
    charset = session.record_charset
    try:
        if wanted.syntax == OPAC:
            return structured_record(OPAC, _opac(record, charset, live.get(record.id)), database)
        if wanted.syntax == SUTRS:
            text = wire_text(render(wanted.form, record).decode("utf-8"), charset)
            return structured_record(SUTRS, TEXT.write(text), database)
        form = _form(wanted.form, charset)
        if not FORMS[form].fits(record):
            form = wanted.otherwise
            if not form:
                return surrogate(238, wanted.form, database)
        return record_of(wanted.syntax, render(form, record), database)
    except ValueError as error:
        return surrogate(14, wire_text(str(error)[:200], session.charset), database)


def _form(form: str, charset: str) -> str:
    """XML is UTF-8 always, and MARC knows its own character sets only."""
    return "iso2709-marc8" if form == "iso2709" and charset != "utf-8" else form


def _opac(record: CatalogueRecord, charset: str, items: Items | None) -> bytes:
    marc = External(direct_reference=marc_syntax(record), octets=render(_form("iso2709", charset), record))
    held = in_charset(opac_holdings(record, items), charset)
    return write_opac(OpacRecord(bibliographic_record=marc, holdings_data=held or None))


def checked_ranges(held: Held, ranges: Sequence[tuple[int, int]]) -> None:
    """Raises Problem for positions the result set does not have (3.2.3.1.3)."""
    for first, number in ranges:
        if first < 1 or number < 0 or (number > 0 and first + number - 1 > held.count):
            raise Problem(13, f"{first},{number} of {held.count}")
