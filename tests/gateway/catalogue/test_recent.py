"""Records that are kept while the feed stands still: never another record than a look into the store would give."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.records import ALL, CatalogueRecord, Format, Holding
from gateway.catalogue.store import open_reader
from gateway.catalogue.store.recent import Recent
from gateway.catalogue.store.sqlite import SqliteStore
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import ISBNS, incoming
from tests.gateway.catalogue.test_ingest import Rule

VIEWS = ("aber", "bangor", "cardiff", ALL)
IDS = range(1, 60)


def record(octets: int) -> CatalogueRecord:
    return CatalogueRecord(1, "aber", "1", 2, Format.MARC21, b"x" * octets, 0)


def test_another_position_is_another_catalogue() -> None:
    recent = Recent()
    assert recent.at(5) == {}
    recent.keep(("aber", 1, False), record(3))
    assert recent.at(5) == {("aber", 1, False): record(3)}
    assert recent.at(6) == {}
    assert recent.at(5) == {}


def test_the_oldest_make_room() -> None:
    recent = Recent(most_octets=10)
    recent.at(1)
    for number in range(4):
        recent.keep(("aber", number, False), record(4))
    assert [number for _, number, _ in recent.at(1)] == [2, 3]
    recent.keep(("aber", 9, False), record(11))
    assert recent.at(1) == {}


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_changes_is_seen_by_who_has_asked_before(sqlite_url: str, time: Time, seed: int) -> None:
    """One reader asks all the time; after every change it must say what one says that has just been opened."""
    chance = random.Random(seed)
    store = SqliteStore(sqlite_url.removeprefix("sqlite:///"))
    old = await open_reader(sqlite_url)
    rules = [[], [Rule("aber", "w", "Wales")], [Rule(ALL, "w", "ink"), Rule("bangor", "i", "ink")]]
    try:
        seen = 0
        for _ in range(25):
            time.seconds += chance.randint(0, 2)
            if chance.random() < 0.15:
                await rebuild(store, sets=chance.choice(rules), union=(), hiding={}, names={}, now=time)
            else:
                member = chance.choice(VIEWS[:-1])
                await Ingest(store, sets=chance.choice(rules), now=time).put(
                    member,
                    [
                        incoming(
                            str(chance.randint(1, 4)),
                            chance.choice(("A history of Wales", "A history of ink")),
                            isbn=chance.sample(ISBNS[:2], 1),
                            deleted=chance.random() < 0.2,
                            suppressed=chance.random() < 0.1,
                            private=chance.random() < 0.1,
                            holdings=(Holding(member, "main", chance.choice("ab")),),
                        )
                    ],
                )
            fresh = await open_reader(sqlite_url)
            for view in VIEWS:
                for holdings in (True, False):
                    told = await old.records(view, IDS, holdings=holdings)
                    assert told == await fresh.records(view, IDS, holdings=holdings)
                    assert told == await old.records(view, IDS, holdings=holdings)
                    seen += sum(one is not None for one in told)
            await fresh.close()
        assert seen
    finally:
        await old.close()
        await store.close()


async def test_what_is_not_committed_is_not_kept(sqlite_url: str, time: Time) -> None:
    store = SqliteStore(sqlite_url.removeprefix("sqlite:///"))
    await Ingest(store, now=time).put("aber", [incoming("1")])
    (number,) = [n for n, one in zip(IDS, await store.records("aber", IDS), strict=True) if one is not None]
    with suppress(RuntimeError):
        async with store.writing():
            store._db.execute("UPDATE catalogue_source_record SET control = 'other'")
            (within,) = await store.records("aber", [number])
            assert within is not None
            assert within.control == "other"
            raise RuntimeError("undone")
    (after,) = await store.records("aber", [number])
    assert after is not None
    assert after.control == "1"
    await store.close()
