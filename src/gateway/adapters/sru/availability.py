"""What is on loan now: one question to each member's desk for all records of an answer.

The published holdings stand where a platform is away or knows nothing of a record: an answer never waits for it long.
"""

from __future__ import annotations

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


class AvailabilityDesk(Protocol):
    """The desk, as far as this door asks it."""

    async def perform(self, ctx: Context, request: BibAvailability) -> Answer: ...


class Availability:
    """Asks the desk for the items of records, by record id."""

    def __init__(self, desk: AvailabilityDesk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    async def of(
        self, records: Iterable[CatalogueRecord], reader: str, exchange: str, calls: list[PlatformCall]
    ) -> dict[int, Items]:
        """The items of each record as its own member's platform sees them; nothing for a record it does not know."""
        by_member: dict[str, list[CatalogueRecord]] = {}
        for record in records:
            by_member.setdefault(record.member, []).append(record)
        found: dict[int, Items] = {}
        for member, own in by_member.items():
            items = await self._ask(member, own, reader, exchange, calls)
            found |= {record.id: items[record.control] for record in own if record.control in items}
        return found

    async def _ask(
        self, member: str, records: list[CatalogueRecord], reader: str, exchange: str, calls: list[PlatformCall]
    ) -> dict[str, Items]:
        context = Context(
            member=member,
            terminal=reader,
            location="",
            permissions=frozenset({Permission.BIB_READ}),
            protocol="sru",
            deadline=self._clock.monotonic() + DEADLINE_SECONDS,
            exchange=exchange,
            calls=calls,
        )
        asked = BibAvailability(bib_ids=tuple(record.control for record in records))
        try:
            said = await self._desk.perform(context, asked)
        except PlatformFailure:
            return {}
        if not isinstance(said, AvailabilityOutcome):
            return {}
        return {bib.bib_id: circulation(bib.items) for bib in said.bibs if bib.total or bib.items}
