"""The same on the registers that keep people in a database: what is to be unique, what was seen, what runs remember."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.feeds.port import End
from gateway.identity.model import RunState, Stage
from gateway.identity.register.port import Register
from gateway.identity.sync import review
from tests.gateway.identity.sync.scripted import LONDON, MEMBER, Bench, Script, student


@pytest.fixture
def bench(tmp_path: Path, stored: Register) -> Bench:
    return Bench(tmp_path / "sync", register=stored)


async def test_a_year_of_a_feed(bench: Bench) -> None:
    people: dict[int, Any] = {number: student(number, login=f"l{number}") for number in range(12)}
    first = await bench.run(people.values())
    assert first.run.counters == {"read": 12, "added": 12}
    before = await bench.everybody()

    people[1], people[9] = student(1, card="200009", login="l9"), student(9, card="200001", login="l1")
    swapped = await bench.run(people.values())
    assert swapped.run.counters == {"read": 12, "unchanged": 10, "changed": 2}
    after = await bench.everybody()
    assert after["k1"].identifier(IdentifierType.USERNAME) == "l9"
    assert {key: person.id for key, person in after.items()} == {key: person.id for key, person in before.items()}

    del people[5]
    stopped = await bench.run(Script(people.values(), end=End(complete=False)))
    assert stopped.run.state is RunState.STOPPED
    gone = await bench.run(people.values())
    assert gone.run.counters["missing"] == 1
    bench.clock.forward(days=8)
    assert (await bench.run(people.values())).run.counters["expired"] == 1
    assert (await bench.everybody())["k5"].stage is Stage.EXPIRED
    people[5] = student(5)
    assert (await bench.run(people.values())).run.counters["back"] == 1

    feed = Script(people.values())
    interrupted = await bench.run(feed, stop=lambda: True)
    went_on = await bench.run(feed)
    assert went_on.run.id == interrupted.run.id
    assert went_on.run.counters == {"read": 12, "unchanged": 12}
    assert {person.stage for person in (await bench.everybody()).values()} == {Stage.PRESENT}
    assert [run.state for run in await bench.register.runs(MEMBER, "sis", size=2)] == [RunState.DONE, RunState.DONE]


async def test_a_doubt_is_kept_decided_and_remembered(bench: Bench) -> None:
    theirs = await bench.put(source="scim:entra", key="e1", sis="s1", display="Their Name")
    await bench.run([student(1), student(2)])
    (item,) = await bench.register.reviews(MEMBER)
    assert item.candidates == (theirs.id,)
    outcome = await bench.run([student(1), student(2)])
    assert outcome.run.counters == {"read": 2, "unchanged": 1, "review": 1}
    await review.settle(bench.register, bench.settings, item, "same", "mair", bench.clock, LONDON)
    assert (await bench.everybody())["k1"].id == theirs.id
    outcome = await bench.run([student(1), student(2)])
    assert outcome.run.counters == {"read": 2, "unchanged": 2}
