"""Who leaves: the stages, the proof that they need, and the limits that stop a run before anybody is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.feeds.port import End, SourceRecord
from gateway.identity.model import RunState, Stage
from tests.gateway.identity.sync.scripted import MEMBER, Bench, Script, deleted, record, student

Make = Callable[..., Bench]


async def test_people_go_in_stages_and_come_back_from_each(make_bench: Make) -> None:
    bench = make_bench(deprovision={"expire_days": 7, "anonymise_days": 30, "max_missing_percent": 100})
    both, one = [student(1), student(2)], [student(1)]
    await bench.run(both)
    outcome = await bench.run(one)
    assert outcome.run.counters["missing"] == 1
    missing = (await bench.everybody())["k2"]
    assert (missing.stage, missing.family) == (Stage.MISSING, "Jones2")
    bench.clock.forward(days=3)
    assert "expired" not in (await bench.run(one)).run.counters
    assert (await bench.run(both)).run.counters["back"] == 1
    assert (await bench.everybody())["k2"].stage is Stage.PRESENT

    await bench.run(one)
    bench.clock.forward(days=7)
    assert (await bench.run(one)).run.counters["expired"] == 1
    expired = (await bench.everybody())["k2"]
    assert (expired.stage, expired.identifiers) == (Stage.EXPIRED, missing.identifiers)
    assert (await bench.run(both)).run.counters["back"] == 1
    assert (await bench.everybody())["k2"].id == missing.id

    await bench.run(one)
    bench.clock.forward(days=7)
    await bench.run(one)
    bench.clock.forward(days=30)
    assert (await bench.run(one)).run.counters["anonymised"] == 1
    marked = await bench.register.person(MEMBER, missing.id)
    assert marked is not None
    assert marked.stage is Stage.ANONYMISED
    assert marked.family == "Jones2"  # the worker empties it when nothing is owed
    assert (await bench.run(both)).run.counters["added"] == 1
    assert (await bench.everybody())["k2"].id != missing.id


async def test_a_truncated_read_takes_nobody_for_gone(bench: Bench) -> None:
    await bench.run(student(number) for number in range(6))
    outcome = await bench.run(Script([student(1), student(9)], end=End(complete=False, reason="cut at 2 entries")))
    assert outcome.run.state is RunState.STOPPED
    assert "cut at 2 entries" in outcome.run.reason
    people = await bench.everybody()
    assert {person.stage for person in people.values()} == {Stage.PRESENT}
    assert "k9" in people


async def test_a_source_that_shrinks_by_sixty_percent_stops_the_run(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 500, "max_missing_percent": 5.0})
    await bench.run(student(number) for number in range(100))
    outcome = await bench.run([student(0, sn="Rees"), *(student(number) for number in range(1, 40))])
    assert outcome.run.state is RunState.STOPPED
    assert "60 of 100 people are not in the source any more" in outcome.run.reason
    assert "--accept-missing 60" in outcome.run.reason
    people = await bench.everybody()
    assert {person.stage for person in people.values()} == {Stage.PRESENT}
    assert people["k0"].family == "Rees"  # what was changed stands
    accepted = await bench.run((student(number) for number in range(40)), accept=60)
    assert accepted.run.counters["missing"] == 60
    bench.clock.forward(days=7)
    again = await bench.run(student(number) for number in range(40))
    assert again.run.state is RunState.STOPPED
    assert "60 of 100 people would expire" in again.run.reason or "of 40 people would expire" in again.run.reason
    assert (await bench.run((student(number) for number in range(40)), accept=60)).run.counters["expired"] == 60


@pytest.mark.parametrize(
    ("config", "gone", "stops"),
    [
        ({"max_missing": 10, "max_missing_percent": 100}, 10, False),
        ({"max_missing": 10, "max_missing_percent": 100}, 11, True),
        ({"max_missing": 500, "max_missing_percent": 5}, 5, False),
        ({"max_missing": 500, "max_missing_percent": 5}, 6, True),
        ({"max_missing": 0, "max_missing_percent": 100}, 1, True),
        ({"max_missing": 500, "max_missing_percent": 0}, 1, True),
        ({"max_missing": 500, "max_missing_percent": 100, "min_people": 96}, 5, True),
        ({"max_missing": 500, "max_missing_percent": 100, "min_people": 95}, 5, False),
    ],
)
async def test_both_limits_hold(make_bench: Make, config: dict[str, float], gone: int, stops: bool) -> None:
    bench = make_bench(deprovision=config)
    await bench.run(student(number) for number in range(100))
    outcome = await bench.run(student(number) for number in range(gone, 100))
    assert (outcome.run.state is RunState.STOPPED) is stops
    stages = [person.stage for person in (await bench.everybody()).values()]
    assert stages.count(Stage.MISSING) == (0 if stops else gone)


async def test_an_empty_source_stops_the_run(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 500, "max_missing_percent": 100, "min_people": 1})
    await bench.run([student(1)])
    assert (await bench.run([])).run.state is RunState.STOPPED
    assert (await bench.everybody())["k1"].stage is Stage.PRESENT


async def test_a_source_that_switches_everybody_off_is_stopped(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 3, "max_missing_percent": 100})
    await bench.run(student(number, status="active") for number in range(10))
    off = [student(number, status="inactive") for number in range(10)]
    outcome = await bench.run(off)
    assert outcome.run.state is RunState.STOPPED
    assert "switched off" in outcome.run.reason
    assert all(person.active for person in (await bench.everybody()).values())
    assert (await bench.run(off, accept=10)).run.counters == {"read": 10, "changed": 10, "off": 10}
    assert not any(person.active for person in (await bench.everybody()).values())


async def test_everybody_expired_or_without_a_category_is_switched_off_too(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 1, "max_missing_percent": 100})
    now = {"category": "UG", "expiry": "2027-09-30"}
    await bench.run(student(number, **now) for number in range(6))
    for wrong in ({"category": "UG", "expiry": "2019-09-30"}, {"category": "", "expiry": "2027-09-30"}):
        outcome = await bench.run(student(number, **wrong) for number in range(6))
        assert outcome.run.state is RunState.STOPPED
    assert {(p.category, p.expires_on) for p in (await bench.everybody()).values()} == {("UG", "2027-09-30")}


async def test_a_column_that_became_empty_takes_no_cards_away(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 1, "max_missing_percent": 100})
    await bench.run(student(number) for number in range(6))
    outcome = await bench.run(student(number, card="") for number in range(6))
    assert outcome.run.state is RunState.STOPPED
    assert all(person.identifier(IdentifierType.BARCODE) for person in (await bench.everybody()).values())
    outcome = await bench.run(student(number, card="" if number == 3 else f"2{number:05}") for number in range(6))
    assert outcome.run.counters == {"read": 6, "unchanged": 5, "changed": 1, "off": 1}
    assert not (await bench.everybody())["k3"].identifier(IdentifierType.BARCODE)


async def test_keys_that_are_shifted_by_a_row_make_nobody_somebody_else(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 3, "max_missing_percent": 100})
    await bench.run(student(number) for number in range(10))
    before = await bench.everybody()

    def as_next(number: int) -> SourceRecord:
        return record(
            f"k{number}", sn=f"Jones{number + 1}", given="Mair", card=f"2{number + 1:05}", number=f"s{number + 1}"
        )

    outcome = await bench.run(as_next(number) for number in range(10))
    assert outcome.run.state is RunState.STOPPED
    assert "become somebody else" in outcome.run.reason
    assert await bench.everybody() == before
    one = student(3, sn="Rees", card="299999", number="s3")  # a wedding and a new card
    outcome = await bench.run([*(student(number) for number in range(10) if number != 3), one])
    assert outcome.run.counters == {"read": 10, "unchanged": 9, "changed": 1, "off": 1}
    assert (await bench.everybody())["k3"].identifier(IdentifierType.BARCODE) == "299999"


async def test_nobody_is_switched_off_by_a_read_that_is_not_complete(bench: Bench) -> None:
    await bench.run([student(1, status="active"), student(2)])
    await bench.run(Script([student(1, status="inactive")], end=End(complete=False)))
    assert (await bench.everybody())["k1"].active
    await bench.run([student(1, status="inactive"), student(2)])
    assert not (await bench.everybody())["k1"].active


async def test_too_many_deletions_among_changes_stop_the_run_and_are_asked_for_again(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 2, "max_missing_percent": 100})
    people = [student(number) for number in range(9)]
    await bench.run(Script(people, end=End(complete=True, next_delta={"at": "t1"})))
    gone = Script([deleted(f"k{n}") for n in range(5)], end=End(False, next_delta={"at": "t2"}))
    outcome = await bench.run(Script(changes=gone))
    assert outcome.run.state is RunState.STOPPED
    assert {person.stage for person in (await bench.everybody()).values()} == {Stage.PRESENT}
    again = Script(changes=gone)
    accepted = await bench.run(again, accept=5)
    assert again.since == [{"at": "t1"}]
    assert accepted.run.counters["missing"] == 5


async def test_deletions_of_what_is_nobody_here_do_not_count(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 1, "max_missing_percent": 100})
    await bench.run(Script([student(1), student(2)], end=End(complete=True, next_delta={"at": "t1"})))
    gone = [deleted("k1"), *(deleted(f"printer{number}") for number in range(40)), deleted("k2"), student(2)]
    outcome = await bench.run(Script(changes=Script(gone, size=100, end=End(False, next_delta={"at": "t2"}))))
    assert outcome.run.state is RunState.DONE
    assert outcome.run.counters["missing"] == 1
    people = await bench.everybody()
    assert (people["k1"].stage, people["k2"].stage) == (Stage.MISSING, Stage.PRESENT)
