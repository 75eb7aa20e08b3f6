"""What members keep to themselves: hidden as it comes in, shown and hidden again when their conditions change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.catalogue import rebuild as module
from gateway.catalogue import set_rules
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import Rebuilt, rebuild
from gateway.catalogue.records import ALL
from gateway.catalogue.store.writer import Writer
from gateway.catalogue.visibility import Visibility, condition
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import ISBNS, incoming
from tests.gateway.catalogue.test_ingest import listed, live

Hiding = dict[str, Visibility]
SUPPRESSED: Hiding = {"aber": Visibility(suppressed=(condition("500a=internal"),))}
PRIVATE: Hiding = {"aber": Visibility(private=(condition("500a=internal"),))}
NONE: Hiding = {}
SHARED: dict[str, Any] = {"isbn": ISBNS[:1]}
Resort = Callable[..., Any]


@pytest.fixture
def resort(store: Writer, time: Time) -> Resort:
    async def made(hiding: Hiding, **more: Any) -> Rebuilt:
        time.seconds += 60
        return await rebuild(store, sets=(), union=(), hiding=hiding, names={}, now=time, **more)

    return made


def loader(store: Writer, time: Time, hiding: Hiding) -> Ingest:
    return Ingest(store, hiding=hiding, now=time)


async def states(store: Writer, member: str = "aber") -> dict[str, int]:
    return {state: count for state, count in (await store.stats()).by_member[member].items() if count}


async def test_as_it_comes_in(store: Writer, time: Time) -> None:
    hiding = {"aber": Visibility((condition("500a=internal"),), (condition("LDR[17]=8"),))}
    batch = [
        incoming("1", "Ink"),
        incoming("2", "Paper", note="Internal"),
        incoming("3", "Glue", leader="00000nam a22000008a 4500"),
        incoming("4", "Wood", note="internal", leader="00000nam a22000008a 4500"),
        incoming("5", "Lead", leader="00000nam a22000008a 4500", suppressed=True),
    ]
    await loader(store, time, hiding).put("aber", batch)
    await loader(store, time, hiding).put("bangor", [incoming("b", "Chalk", note="internal")])
    assert await live(store, "aber") == {("aber", "1"), ("aber", "3")}
    assert await live(store, ALL) == {("aber", "1"), ("bangor", "b")}
    assert await states(store) == {"visible": 1, "suppressed": 3, "private": 1}
    again = await loader(store, time, hiding).put("aber", batch)
    assert (again.unchanged, again.changed) == (5, 0)


async def test_deleted_is_deleted_and_comes_back_hidden(store: Writer, time: Time) -> None:
    aber = loader(store, time, PRIVATE)
    await aber.put("aber", [incoming("1", note="internal")])
    await aber.put("aber", [incoming("1", note="internal", leader="00000dam a2200000 a 4500")])
    assert await states(store) == {"deleted": 1}
    await aber.put("aber", [incoming("1", note="internal")])
    assert await states(store) == {"private": 1}
    assert await live(store, ALL) == set()


async def test_a_record_that_is_changed_so_that_the_condition_fits(store: Writer, time: Time) -> None:
    aber = loader(store, time, PRIVATE)
    await aber.put("aber", [incoming("1")])
    assert await live(store, ALL) == {("aber", "1")}
    await aber.put("aber", [incoming("1", note="internal")])
    assert [one.deleted for one in await listed(store, ALL)] == [True]
    assert await live(store, "aber") == {("aber", "1")}


async def test_conditions_that_come_and_go(store: Writer, time: Time, resort: Resort) -> None:
    """The lead of a shared bib gives the lead to another and takes its place again; tombstones stand where it left."""
    await loader(store, time, NONE).put("aber", [incoming("1", note="internal " * 40, **SHARED), incoming("2", "Ink")])
    await loader(store, time, NONE).put("bangor", [incoming("b", **SHARED)])
    (before,) = [one for one in await listed(store, ALL) if one.control == "1"]
    hiding = {"aber": Visibility(private=(condition("500a"),))}

    report = await resort(hiding)
    assert (report.looked, report.moved) == (3, 1)
    (shared,) = [one for one in await listed(store, ALL) if one.shared == before.shared]
    assert (shared.member, shared.control, shared.deleted) == ("bangor", "b", False)
    assert await store.count(ALL, "member:aber", None, None) == (1, 1)
    assert await store.count("aber", "", None, None) == (2, 0)
    assert await states(store) == {"visible": 1, "private": 1}

    assert (await resort({"aber": Visibility(hiding["aber"].private)})).moved == 1  # now suppressed
    assert await live(store, "aber") == {("aber", "2")}
    assert await store.count("aber", "", None, None) == (1, 1)
    assert await states(store) == {"visible": 1, "suppressed": 1}

    assert (await resort(NONE)).moved == 1
    (shared,) = [one for one in await listed(store, ALL) if one.shared == before.shared]
    assert (shared.member, shared.control) == ("aber", "1")
    assert await live(store, "aber") == {("aber", "1"), ("aber", "2")}
    assert await store.count(ALL, "member:aber", None, None) == (2, 0)
    assert await states(store) == {"visible": 2}
    assert (await resort(NONE)).moved == 0


async def test_what_was_hidden_finds_its_like_once_it_is_shown(store: Writer, time: Time, resort: Resort) -> None:
    await loader(store, time, SUPPRESSED).put("aber", [incoming("1", note="internal", **SHARED)])
    await loader(store, time, SUPPRESSED).put("bangor", [incoming("b", **SHARED)])
    assert await store.count(ALL, "", None, None) == (1, 0)
    await resort(NONE)
    assert await store.count(ALL, "", None, None) == (1, 0)
    assert await store.count(ALL, "member:aber", None, None) == (1, 0)
    assert await store.count(ALL, "member:bangor", None, None) == (1, 0)


async def test_nobody_is_asked_about_what_is_hidden(store: Writer, time: Time, resort: Resort) -> None:
    aber = incoming("1", "Ink", note="internal", **SHARED)
    await loader(store, time, NONE).put("aber", [aber])
    await loader(store, time, NONE).put("bangor", [incoming("b", "Chemistry", **SHARED)])
    assert len(await store.reviews()) == 1
    await resort(PRIVATE)
    assert await store.reviews() == []
    await resort(NONE)
    assert len(await store.reviews()) == 1
    aber.suppressed = True
    await loader(store, time, NONE).put("aber", [aber])
    assert await store.reviews() == []


async def test_what_a_source_says_stays(store: Writer, time: Time, resort: Resort) -> None:
    await loader(store, time, SUPPRESSED).put(
        "aber",
        [
            incoming("1", "Ink", private=True, note="internal"),
            incoming("2", "Paper", suppressed=True, note="internal"),
            incoming("3", "Glue", private=True),
        ],
    )
    assert await states(store) == {"suppressed": 2, "private": 1}
    await resort(PRIVATE)
    assert await states(store) == {"suppressed": 1, "private": 2}
    await resort(NONE)
    assert await states(store) == {"suppressed": 1, "private": 2}
    await resort(SUPPRESSED)
    assert await states(store) == {"suppressed": 2, "private": 1}
    # Staff take their word back, and the condition holds all the same.
    await loader(store, time, SUPPRESSED).put("aber", [incoming("2", "Paper", note="internal")])
    assert await states(store) == {"suppressed": 2, "private": 1}
    await resort(NONE)
    assert await states(store) == {"visible": 1, "private": 2}


async def test_a_load_by_other_conditions_is_noticed(store: Writer, time: Time, resort: Resort) -> None:
    ours = set_rules.digest((), PRIVATE)
    await loader(store, time, PRIVATE).put("aber", [incoming("1", note="internal")])
    assert await store.state(set_rules.STATE) == ours
    await loader(store, time, NONE).put("aber", [incoming("2", "Ink", note="internal")])
    assert await store.state(set_rules.STATE) is None
    assert await live(store, ALL) == {("aber", "2")}
    await resort(PRIVATE)
    assert await store.state(set_rules.STATE) == ours
    assert await live(store, ALL) == set()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)


@pytest.mark.usefixtures("small_batches")
async def test_a_load_by_other_conditions_while_all_is_sorted(store: Writer, time: Time, resort: Resort) -> None:
    """What it puts in behind our back is not said to be sorted by ours."""
    titles = ["Ink", "Paper", "Glue"]
    await loader(store, time, NONE).put("aber", [incoming(title, title) for title in titles])
    assert not (await resort(PRIVATE, stop=Once())).finished
    await loader(store, time, PRIVATE).put("bangor", [incoming("b", "Wood")])  # by ours: that changes nothing
    assert await store.state(set_rules.STATE) == set_rules.in_the_making(set_rules.digest((), PRIVATE))
    await loader(store, time, NONE).put("aber", [incoming("Ink", "Ink", note="internal")])
    assert await store.state(set_rules.STATE) is None
    report = await resort(PRIVATE)
    assert (report.looked, report.moved) == (4, 1)
    assert await live(store, ALL) == {("aber", "Paper"), ("aber", "Glue"), ("bangor", "b")}


@pytest.mark.usefixtures("small_batches")
async def test_a_sorting_that_was_interrupted_goes_on_by_the_same_conditions_only(
    store: Writer, time: Time, resort: Resort
) -> None:
    titles = ["Ink", "Paper", "Glue"]
    await loader(store, time, NONE).put("aber", [incoming(title, title, note="internal") for title in titles])
    assert (await resort(PRIVATE, stop=Once())).looked == 2
    assert (await resort(PRIVATE)).looked == 1
    assert await states(store) == {"private": 3}
    assert (await resort(SUPPRESSED, stop=Once())).looked == 2
    assert (await resort(NONE)).looked == 3
    assert await states(store) == {"visible": 3}


class Once:
    """Lets one batch pass."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self) -> bool:
        self._asked += 1
        return self._asked > 1
