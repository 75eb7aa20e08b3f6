"""What is on loan now: one question to the desk of each member that holds what an answer shows, all of them at once.

The published holdings stand where a platform is away or knows nothing of a record: an answer never waits for it long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from gateway.canonical.answers import Answer
from gateway.canonical.context import Context, PlatformCall
from gateway.canonical.outcomes import AvailabilityOutcome
from gateway.canonical.refusals import PlatformFailure
from gateway.canonical.requests import BibAvailability
from gateway.canonical.vocabulary import Permission
from gateway.catalogue.forms import Items, circulation
from gateway.catalogue.records import CatalogueRecord
from gateway.clock import Clock

DEADLINE_SECONDS = 3.0
"""Longest wait for a platform: a client that searches several catalogues gives up after some thirty seconds."""

BATCH = 100
"""Titles a platform is asked for at once."""


class AvailabilityDesk(Protocol):
    """The desk, as far as the catalogue's doors ask it."""

    async def perform(self, ctx: Context, request: BibAvailability) -> Answer: ...


class Availability:
    """Asks the desk for the items of records, by record id. `protocol` is the door's, for the record of exchanges."""

    def __init__(self, desk: AvailabilityDesk, clock: Clock, protocol: str) -> None:
        self._desk = desk
        self._clock = clock
        self._protocol = protocol

    async def of(
        self, records: Iterable[CatalogueRecord], reader: str, exchange: str, calls: list[PlatformCall]
    ) -> dict[int, Items]:
        """The items of each record as the platforms of all members whose holdings it shows see them; nothing for a
        record that none of them knows."""
        holders = {record.id: _sources(record) for record in records}
        by_member: dict[str, list[str]] = {}
        for member, control in dict.fromkeys(source for sources in holders.values() for source in sources):
            by_member.setdefault(member, []).append(control)
        deadline = self._clock.monotonic() + DEADLINE_SECONDS
        asked = [
            self._ask(member, tuple(controls[start : start + BATCH]), deadline, reader, exchange, calls)
            for member, controls in by_member.items()
            for start in range(0, len(controls), BATCH)
        ]
        known: dict[tuple[str, str], Items] = {}
        for found in await asyncio.gather(*asked):
            known |= found
        return {
            number: {key: value for source in sources if source in known for key, value in known[source].items()}
            for number, sources in holders.items()
            if not known.keys().isdisjoint(sources)
        }

    async def _ask(
        self,
        member: str,
        controls: tuple[str, ...],
        deadline: float,
        reader: str,
        exchange: str,
        calls: list[PlatformCall],
    ) -> dict[tuple[str, str], Items]:
        context = Context(
            member=member,
            terminal=reader,
            location="",
            permissions=frozenset({Permission.BIB_READ}),
            protocol=self._protocol,
            deadline=deadline,
            exchange=exchange,
            calls=calls,
        )
        try:
            said = await self._desk.perform(context, BibAvailability(bib_ids=controls))
        except PlatformFailure:
            return {}
        if not isinstance(said, AvailabilityOutcome):
            return {}
        return {(member, bib.bib_id): circulation(member, bib.items) for bib in said.bibs if bib.total or bib.items}


def _sources(record: CatalogueRecord) -> tuple[tuple[str, str], ...]:
    """The records, by member and control number, whose copies the record shows, unless its own server has told."""
    if any(holding.circulation for holding in record.holdings):
        return ()
    own = (record.member, record.control)
    others = ((holding.member, holding.control) for holding in record.holdings if holding.control)
    return tuple(source for source in dict.fromkeys((own, *others)) if source[1])
