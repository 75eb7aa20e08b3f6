"""Shared bibs as records come and change, and what people decide about them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.catalogue import review
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL, ReviewPair
from gateway.catalogue.store.writer import Writer
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import ISBNS, incoming

A, B = ISBNS[:2]


async def groups(store: Writer) -> set[frozenset[str]]:
    """The control numbers that stand together; every test gives each record a number of its own."""
    entries = await store.index_entries(0, 1000)
    records = [entry.record for entry in entries if entry.record is not None]
    shown = await store.records(ALL, [one.id for one in records])
    found: dict[int, set[str]] = {}
    for one, lead in zip(records, shown, strict=True):
        if lead is not None:
            found.setdefault(lead.shared, set()).add(one.control)
    return {frozenset(controls) for controls in found.values()}


def together(*said: str) -> set[frozenset[str]]:
    return {frozenset(one.split()) for one in said}


async def load(ingest: Ingest, **records: dict[str, Any]) -> None:
    """`a1` is a record of aber, `b1` of bangor, `c1` of cardiff."""
    members = {"a": "aber", "b": "bangor", "c": "cardiff"}
    for control, said in records.items():
        await ingest.put(members[control[0]], [incoming(control, **said)])


async def pairs(store: Writer, **more: bool) -> list[tuple[int, int, str, str]]:
    return [(one.a, one.b, one.evidence, one.reason) for one in await store.reviews(**more)]


async def test_the_same_edition_of_three_members(ingest: Ingest, store: Writer) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A, B]}, c1={"isbn": [B]}, a2={"isbn": [ISBNS[2]]})
    assert await groups(store) == together("a1 b1 c1", "a2")
    assert await pairs(store) == []


async def test_two_records_of_one_member_stay_apart(ingest: Ingest, store: Writer) -> None:
    await load(ingest, a1={"isbn": [A]}, a2={"isbn": [A]}, b1={"isbn": [A]})
    assert await groups(store) == together("a1 b1", "a2")


async def test_the_fullest_record_leads_and_goes_on_leading(ingest: Ingest, store: Writer) -> None:
    thin, full = "00000nam a22000007a 4500", "00000nam a2200000 a 4500"

    async def lead() -> str:
        page = await store.changes(ALL, "", 0, None, None, 10)
        (shown,) = await store.feed_records(ALL, page)
        return shown.control

    await load(ingest, a1={"isbn": [A], "leader": thin})
    assert await lead() == "a1"
    await load(ingest, b1={"isbn": [A], "leader": full})
    assert await lead() == "b1"
    await load(ingest, c1={"isbn": [A], "leader": full, "note": "a little more"})
    assert await lead() == "b1"
    await load(ingest, c1={"isbn": [A], "leader": full, "note": "much more " * 50})
    assert await lead() == "c1"
    await load(ingest, c1={"isbn": [A], "leader": "00000dam a2200000 a 4500"})
    assert await lead() == "b1"


async def test_a_record_that_no_longer_matches_leaves(ingest: Ingest, store: Writer) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A]}, c1={"isbn": [A]})
    await load(ingest, a1={"isbn": [B]})
    assert await groups(store) == together("a1", "b1 c1")
    await load(ingest, a1={"isbn": [B, A]})
    assert await groups(store) == together("a1 b1 c1")


async def test_doubt_is_listed_and_taken_back(ingest: Ingest, store: Writer) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A], "title": "Chemistry"})
    assert await groups(store) == together("a1", "b1")
    assert await pairs(store) == [(1, 2, "ISBN", "title")]
    await load(ingest, b1={"isbn": [A], "title": "Chemistry", "note": "changed, and as doubtful as before"})
    assert await pairs(store) == [(1, 2, "ISBN", "title")]
    await load(ingest, b1={"isbn": [A]})
    assert await groups(store) == together("a1 b1")
    assert await pairs(store) == []


async def test_a_key_that_everybody_has_tells_nothing(ingest: Ingest, store: Writer) -> None:
    worn_out = [incoming(f"a{n}", f"Book {n}", isbn=[A]) for n in range(60)]
    await ingest.put("aber", worn_out)
    await load(ingest, b1={"isbn": [A], "title": "Book 7"})
    assert frozenset({"b1"}) in await groups(store)


async def test_the_same_by_decision(ingest: Ingest, store: Writer, time: Time) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A], "title": "Chemistry"}, c1={"isbn": [A], "title": "Chemistry"})
    assert await groups(store) == together("a1", "b1 c1")
    made = await review.decide(store, 1, review.SAME, "sian", time())
    assert made == ReviewPair(1, 1, 2, "title", "ISBN", "same", "sian", time())
    assert await groups(store) == together("a1 b1 c1")
    assert await store.reviews(decided=True) == [made]
    await load(ingest, b1={"isbn": [A], "title": "Chemistry, second try"})
    assert await groups(store) == together("a1 b1 c1")
    await load(ingest, b1={"isbn": [ISBNS[2]], "title": "Quite another"})
    assert await groups(store) == together("a1 b1 c1"), "what people have decided holds"


async def test_different_by_decision(ingest: Ingest, store: Writer, time: Time) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A], "title": "Chemistry"})
    await load(ingest, b1={"isbn": [A], "title": "Chemistry."})
    await review.decide(store, 1, review.DIFFERENT, "sian", time())
    await load(ingest, b1={"isbn": [A]})
    assert await groups(store) == together("a1", "b1")
    assert await pairs(store) == []
    await review.decide(store, 1, review.OPEN, "sian", time())
    await load(ingest, b1={"isbn": [A], "note": "again"})
    assert await groups(store) == together("a1 b1")


async def test_a_pair_that_was_joined_is_parted_by_decision(ingest: Ingest, store: Writer, time: Time) -> None:
    await load(ingest, a1={"isbn": [A]}, b1={"isbn": [A], "title": "Chemistry"})
    await review.decide(store, 1, review.SAME, "sian", time())
    await review.decide(store, 1, review.DIFFERENT, "sian", time())
    assert await groups(store) == together("a1", "b1")
    assert await store.count(ALL, "", None, None) == (2, 1)  # the number that bangor's had is free, its tombstone stays


async def test_no_such_pair(store: Writer) -> None:
    with pytest.raises(review.NoSuchPair):
        await review.decide(store, 7, review.SAME, "sian", 0)
