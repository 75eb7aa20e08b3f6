"""Settings that change: what enters and leaves sets and shared bibs, and nothing else, moves in the feed."""

from __future__ import annotations

from gateway.catalogue import rebuild as module
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.records import ALL
from gateway.catalogue.store.writer import Writer
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import ISBNS, incoming
from tests.gateway.catalogue.test_ingest import Rule, listed, live


async def test_sets_that_are_new_changed_and_gone(store: Writer, time: Time) -> None:
    old = [Rule("aber", "x", "Wales"), Rule("aber", "y", "ink")]
    await Ingest(store, sets=old, now=time).put(
        "aber", [incoming("1"), incoming("2", "Poems of Wales"), incoming("3", "A history of ink")]
    )
    time.seconds += 60
    new = [Rule("aber", "x", "Poems"), Rule(ALL, "z", "history")]
    report = await rebuild(store, sets=new, union=(), hiding={}, names={}, now=time)
    assert (report.looked, report.moved, report.finished) == (3, 2, True)
    assert await live(store, "aber", "x") == {("aber", "2")}
    assert [(one.control, one.deleted) for one in await listed(store, "aber", "x")] == [("2", False), ("1", True)]
    assert await live(store, "aber", "y") == set()
    assert await live(store, ALL, "z") == {("aber", "1"), ("aber", "3")}
    assert [one.control for one in await listed(store, "aber")] == ["2", "1", "3"]
    assert await store.count("aber", "", time(), None) == (2, 0)
    assert (await rebuild(store, sets=new, union=(), hiding={}, names={}, now=time)).moved == 0


async def test_a_union_catalogue_that_is_named_later(ingest: Ingest, store: Writer, time: Time) -> None:
    await ingest.put("aber", [incoming("1", "Wales", union="(NZ)5")])
    await ingest.put("bangor", [incoming("b", "Cymru", union="(NZ)5")])
    assert await store.count(ALL, "", None, None) == (2, 0)
    time.seconds += 60
    report = await rebuild(store, sets=(), union=["(NZ)"], hiding={}, names={}, now=time)
    assert report.moved == 2
    assert await store.count(ALL, "", None, None) == (1, 1)
    assert await store.count("aber", "", time(), None) == (0, 0)


async def test_a_rebuild_goes_on_where_it_stopped(ingest: Ingest, store: Writer, time: Time) -> None:
    await ingest.put("aber", [incoming(str(n), f"Book {n}", isbn=ISBNS[:1]) for n in range(5)])
    batch, module.BATCH = module.BATCH, 2
    try:
        rounds: list[int] = []
        rule = [Rule("aber", "all", "Book")]
        first = await rebuild(
            store, sets=rule, union=(), hiding={}, names={}, now=time, stop=lambda: len(rounds) == 1,
            progress=lambda report: rounds.append(report.looked),
        )  # fmt: skip
        assert (first.looked, first.finished) == (2, False)
        rest = await rebuild(store, sets=rule, union=(), hiding={}, names={}, now=time)
        assert (rest.looked, rest.moved, rest.finished) == (3, 3, True)
    finally:
        module.BATCH = batch
    assert len(await live(store, "aber", "all")) == 5
