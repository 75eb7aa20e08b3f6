"""What is on loan now, asked of every member that an answer shows copies of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.canonical.answers import Answer
from gateway.canonical.context import Context
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import Availability as OfBib
from gateway.canonical.outcomes import AvailabilityOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import BibAvailability
from gateway.canonical.vocabulary import ItemStatus, Permission
from gateway.catalogue.live import BATCH, Availability
from gateway.catalogue.records import CatalogueRecord, Format, Holding
from gateway.clock import SystemClock

Say = Callable[[Context, BibAvailability], Answer]


def on_shelf(ctx: Context, request: BibAvailability) -> Answer:
    bibs = tuple(
        OfBib(bib_id=bib, total=1, items=(Item(id=bib, barcode=f"of {bib}", status=ItemStatus.AVAILABLE),))
        for bib in request.bib_ids
    )
    return AvailabilityOutcome(bibs=bibs)


class Desk:
    def __init__(self, say: Say = on_shelf) -> None:
        self.asked: list[tuple[Context, BibAvailability]] = []
        self._say = say

    async def perform(self, ctx: Context, request: BibAvailability) -> Answer:
        self.asked.append((ctx, request))
        await asyncio.sleep(0)
        return self._say(ctx, request)


def record(number: int, member: str, control: str, *others: tuple[str, str]) -> CatalogueRecord:
    holdings = tuple(Holding(code, "MAIN", barcodes=(f"of {theirs}",), control=theirs) for code, theirs in others)
    return CatalogueRecord(number, member, control, number, Format.MARC21, b"<record/>", 0, holdings=holdings)


async def found(desk: Desk, *records: CatalogueRecord) -> dict[int, set[tuple[str, str]]]:
    items = await Availability(desk, SystemClock(), "z3950").of(records, "reader", "exchange", [])
    return {number: set(of) for number, of in items.items()}


async def test_every_member_whose_copies_are_shown_is_asked_once_for_its_own_records() -> None:
    desk = Desk()
    one = record(1, "aber", "a1", ("aber", "a1"), ("bangor", "b7"))
    two = record(2, "aber", "a2", ("bangor", "b8"))
    assert await found(desk, one, two) == {
        1: {("aber", "of a1"), ("bangor", "of b7")},
        2: {("aber", "of a2"), ("bangor", "of b8")},
    }
    assert {ctx.member: request.bib_ids for ctx, request in desk.asked} == {
        "aber": ("a1", "a2"),
        "bangor": ("b7", "b8"),
    }
    assert {(ctx.protocol, ctx.exchange, ctx.permissions) for ctx, _ in desk.asked} == {
        ("z3950", "exchange", frozenset({Permission.BIB_READ}))
    }


async def test_a_platform_that_is_away_costs_its_own_copies_alone() -> None:
    def away(ctx: Context, request: BibAvailability) -> Answer:
        if ctx.member == "aber":
            raise PlatformFailure(FailureCode.UPSTREAM_TIMEOUT, "away")
        return on_shelf(ctx, request)

    one, two = record(1, "aber", "a1", ("bangor", "b7")), record(2, "aber", "a2")
    assert await found(Desk(away), one, two) == {1: {("bangor", "of b7")}}


async def test_a_refusal_tells_nothing() -> None:
    assert await found(Desk(lambda *_: Refusal(code=RefusalCode.BIB_NOT_FOUND)), record(1, "aber", "a1")) == {}


async def test_many_records_are_asked_for_in_batches() -> None:
    desk = Desk()
    many = [record(number, "aber", f"a{number}") for number in range(2 * BATCH + 1)]
    assert len(await found(desk, *many)) == len(many)
    assert [len(request.bib_ids) for _, request in desk.asked] == [BATCH, BATCH, 1]
