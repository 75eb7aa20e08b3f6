"""Runs of a feed: what is added, changed and kept, what a run is told, how one goes on that was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.feeds.port import Bad, End, FeedError, NothingNew
from gateway.identity.model import PersonIdentifier, Run, RunState, Stage
from gateway.identity.register.port import Known, PutPerson, PutRun, RegisterUnavailable
from gateway.identity.sync import engine, history, limits
from tests.gateway.identity.sync.scripted import MEMBER, Bench, Script, deleted, record, student

Make = Callable[..., Bench]


async def test_a_first_run_adds_everybody_and_a_second_one_writes_nobody(bench: Bench) -> None:
    people = [student(number) for number in range(8)]
    first = await bench.run(people)
    assert first.run.state is RunState.DONE
    assert first.run.counters == {"read": 8, "added": 8}
    before = await bench.everybody()
    second = await bench.run(people)
    assert second.run.counters == {"read": 8, "unchanged": 8}
    assert await bench.everybody() == before
    jones = before["k3"]
    assert (jones.display, jones.source, jones.stage) == ("Mair Jones3", "feed:sis", Stage.PRESENT)
    assert jones.identifier(IdentifierType.BARCODE) == "200003"


async def test_a_change_is_written_and_counted(bench: Bench) -> None:
    await bench.run([student(1), student(2)])
    outcome = await bench.run([student(1), student(2, sn="Rees")])
    assert outcome.run.counters == {"read": 2, "unchanged": 1, "changed": 1}
    assert (await bench.everybody())["k2"].family == "Rees"


async def test_a_growing_source_only_adds(bench: Bench) -> None:
    await bench.run(student(number) for number in range(5))
    outcome = await bench.run(student(number) for number in range(50))
    assert outcome.run.counters == {"read": 50, "unchanged": 5, "added": 45}


async def test_a_read_that_fails_takes_nobody_for_gone_and_the_next_begins_again(bench: Bench) -> None:
    people = [student(number) for number in range(6)]
    await bench.run(people)
    broken = Script(people[:3], error=FeedError("the server went away"))
    outcome = await bench.run(broken)
    assert (outcome.run.state, outcome.run.reason) == (RunState.FAILED, "the server went away")
    assert broken.settled == [False]
    assert {person.stage for person in (await bench.everybody()).values()} == {Stage.PRESENT}
    again = Script(people)
    assert (await bench.run(again)).run.counters == {"read": 6, "unchanged": 6}
    assert again.began == [0]
    assert again.settled == [True]


async def test_a_source_without_an_end_proves_nothing(bench: Bench) -> None:
    class Endless(Script):
        async def read(self, position=None):
            async for page in super().read(position):
                if not isinstance(page, End):
                    yield page

    await bench.run([student(1), student(2)])
    outcome = await bench.run(Endless([student(1)]))
    assert outcome.run.state is RunState.FAILED
    assert (await bench.everybody())["k2"].stage is Stage.PRESENT


async def test_two_people_may_swap_cards_wherever_they_stand(bench: Bench) -> None:
    others = [student(number) for number in range(10, 20)]
    await bench.run([student(1), *others, student(2)])
    before = await bench.everybody()
    swapped = [student(1, card="200002"), *others, student(2, card="200001")]
    outcome = await bench.run(swapped)
    assert outcome.run.counters == {"read": 12, "unchanged": 10, "changed": 2}
    people = await bench.everybody()
    assert {key: person.id for key, person in people.items()} == {key: person.id for key, person in before.items()}
    assert people["k1"].identifier(IdentifierType.BARCODE) == "200002"
    assert people["k2"].identifier(IdentifierType.BARCODE) == "200001"
    assert (await bench.run(swapped)).run.counters == {"read": 12, "unchanged": 12}


async def test_a_login_may_move_on_along_a_chain(bench: Bench) -> None:
    await bench.run([student(number, login=f"l{number}") for number in range(1, 6)])
    moved = [student(number, login=f"l{number + 1}") for number in range(1, 6)]
    assert (await bench.run(moved)).run.counters == {"read": 5, "changed": 5}
    people = await bench.everybody()
    assert [people[f"k{n}"].identifier(IdentifierType.USERNAME) for n in range(1, 6)] == ["l2", "l3", "l4", "l5", "l6"]


async def test_a_replaced_card_stays_known_as_old_until_somebody_else_has_it(bench: Bench) -> None:
    await bench.run([student(1), student(2)])
    await bench.run([student(1, card="299999"), student(2)])
    old = PersonIdentifier(IdentifierType.BARCODE, "200001", active=False)
    assert old in (await bench.everybody())["k1"].identifiers
    outcome = await bench.run([student(1, card="299999"), student(2, card="200001")])
    assert outcome.run.counters == {"read": 2, "unchanged": 1, "changed": 1}
    people = await bench.everybody()
    assert people["k2"].identifier(IdentifierType.BARCODE) == "200001"
    assert old not in people["k1"].identifiers


async def test_somebody_new_may_have_a_card_that_is_given_up_later_in_the_read(bench: Bench) -> None:
    await bench.run([*(student(number) for number in range(10, 20)), student(1)])
    people = [student(2, card="200001"), *(student(number) for number in range(10, 20)), student(1, card="299999")]
    assert (await bench.run(people)).run.counters == {"read": 12, "unchanged": 10, "changed": 1, "added": 1}
    assert (await bench.everybody())["k2"].identifier(IdentifierType.BARCODE) == "200001"


async def test_a_second_record_with_the_same_key_is_refused(bench: Bench) -> None:
    outcome = await bench.run([student(1), student(2), student(3), student(1, sn="Other")])
    assert outcome.run.counters == {"read": 4, "added": 3, "refused": 1}
    assert [bad.where for bad in outcome.bad] == ["record k1"]
    assert (await bench.everybody())["k1"].family == "Jones1"


async def test_records_that_cannot_be_kept_are_refused_and_the_others_go_in(bench: Bench) -> None:
    people = [record("", sn="x", card="1"), record("k" * 300, card="2"), record("a\0b", card="3"), record("k4", sn="x")]
    outcome = await bench.run(Script([*people, student(1)], bad=[Bad("row 7", "has too many columns")]))
    assert outcome.run.counters == {"read": 2, "added": 1, "refused": 5}
    assert outcome.remarks["has no identifier"] == 1


async def test_programmes_are_collapsed_wherever_they_stand(make_bench: Make) -> None:
    bench = make_bench(programmes="collapse", categories=({"category": "PG", "when": {"category": "PG"}},
                                                          {"category": "UG", "when": {"category": "UG"}}))  # fmt: skip
    first = student(1, category="UG", expiry="2027-06-30")
    others = [student(number, category="UG") for number in range(2, 9)]
    second = student(1, category="PG", expiry="2028-06-30")
    outcome = await bench.run([first, *others, second])
    assert outcome.run.counters == {"read": 9, "added": 8}
    jones = (await bench.everybody())["k1"]
    assert (jones.category, jones.expires_on) == ("PG", "2028-06-30")
    assert (await bench.run([second, *others, first])).run.counters == {"read": 9, "unchanged": 8}
    assert list(bench.folder.iterdir()) == []


async def test_changes_are_read_where_the_source_gives_them(bench: Bench) -> None:
    people = [student(number) for number in range(1, 4)]
    end = End(complete=True, next_delta={"at": "t1"})
    await bench.run(Script(people, end=end))
    changes = Script(
        [student(2, sn="Rees"), deleted("k3"), deleted("k8"), student(4)],
        end=End(complete=False, next_delta={"at": "t2"}),
    )
    feed = Script(people, changes=changes)
    outcome = await bench.run(feed)
    assert (outcome.run.kind, outcome.run.state) == ("delta", RunState.DONE)
    assert outcome.run.counters == {"read": 4, "changed": 1, "added": 1, "missing": 1}
    assert feed.since == [{"at": "t1"}]
    assert (await bench.everybody())["k3"].stage is Stage.MISSING
    assert (await bench.everybody())["k1"].stage is Stage.PRESENT
    again = Script(changes=Script(end=End(complete=False, next_delta={"at": "t3"})))
    await bench.run(again)
    assert again.since == [{"at": "t2"}]


async def test_of_changes_the_later_word_counts(bench: Bench) -> None:
    """Also where the earlier one would have switched somebody off, or wanted what another has, and so was put off."""
    people = [student(number, status="yes") for number in range(1, 7)]
    await bench.run(Script(people, end=End(complete=True, next_delta={"at": "t1"})))
    said = [
        student(1, status="no"), student(2, status="no"), student(3, card="200004"), student(5, status="no"),
        student(1, status="yes", sn="Rees"), deleted("k2"), student(3, status="yes", sn="Price"),
        student(6, status="no"),
    ]  # fmt: skip
    outcome = await bench.run(Script(changes=Script(said, size=4, end=End(False, next_delta={"at": "t2"}))))
    assert outcome.run.state is RunState.DONE
    found = await bench.everybody()
    assert [found[f"k{number}"].active for number in range(1, 7)] == [True, True, True, True, False, False]
    assert (found["k1"].family, found["k3"].family, found["k2"].stage) == ("Rees", "Price", Stage.MISSING)
    assert found["k3"].identifier(IdentifierType.BARCODE) == "200003"
    assert await bench.register.reviews(MEMBER) == []


async def test_changes_without_a_place_to_go_on_from_are_not_believed(bench: Bench) -> None:
    await bench.run(Script([student(1), student(2)], end=End(complete=True, next_delta={"at": "t1"})))
    outcome = await bench.run(Script(changes=Script([deleted("k1")], end=End(False, "cut off"))))
    assert (outcome.run.state, outcome.run.reason) == (RunState.STOPPED, "cut off")
    assert (await bench.everybody())["k1"].stage is Stage.PRESENT


async def test_a_source_that_has_forgotten_where_changes_began_is_read_whole_next(bench: Bench) -> None:
    await bench.run(Script([student(1)], end=End(complete=True, next_delta={"at": "t1"})))
    lost = Script(error=FeedError("the cookie is not known", retry=False))
    assert (await bench.run(Script(changes=lost))).run.state is RunState.FAILED
    assert (await bench.run(Script([student(1)], changes=Script()))).run.kind == "full"


async def test_a_feed_of_partial_files_takes_nobody_for_gone(make_bench: Make) -> None:
    bench = make_bench(partial=True)
    for number in (1, 2):
        changes = Script([student(number)], end=End(False, "holds changes only", {"file": f"{number}.csv"}))
        assert (await bench.run(Script(changes=changes))).run.state is RunState.DONE
    assert {person.stage for person in (await bench.everybody()).values()} == {Stage.PRESENT}


async def test_a_dry_run_says_what_would_be_and_writes_nobody(bench: Bench) -> None:
    await bench.run([student(number, status="active") for number in range(1, 5)])
    before = await bench.everybody()
    now = [student(1, sn="Rees"), student(2, status="inactive"), student(3), student(5)]
    outcome = await bench.run(now, "full", dry_run=True)
    assert await bench.everybody() == before
    assert outcome.run.counters == {"read": 4, "unchanged": 1, "changed": 2, "added": 1, "off": 1, "missing": 1}
    assert {line.what: line.source_id for line in outcome.lines} == {
        "changed": "k1", "off": "k2", "added": "k5", "missing": "k4",
    }  # fmt: skip
    (changed,) = [line for line in outcome.lines if line.what == "changed"]
    assert changed.fields == (("family", "Jones1", "Rees"), ("display", "Mair Jones1", "Mair Rees"))[::-1]
    kept = await bench.register.runs(MEMBER, "sis")
    assert [(run.dry, run.state) for run in kept] == [(True, RunState.DONE), (False, RunState.DONE)]


async def test_a_dry_run_stops_where_a_run_would(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 1})
    await bench.run([student(1), student(2), student(3)])
    outcome = await bench.run([student(1)], "full", dry_run=True)
    assert outcome.run.state is RunState.STOPPED
    assert (await bench.everybody())["k2"].stage is Stage.PRESENT


async def test_a_run_stopped_by_hand_goes_on_where_it_was(bench: Bench) -> None:
    people = [student(number) for number in range(9)]
    feed = Script(people)
    stopped = await bench.run(feed, stop=lambda: True)
    assert stopped.run.state is RunState.INTERRUPTED
    assert len(await bench.everybody()) == 3
    assert feed.settled == [False]
    went_on = await bench.run(feed)
    assert feed.began == [0, 3]
    assert went_on.resumed
    assert went_on.run.id == stopped.run.id
    assert went_on.run.counters == {"read": 9, "added": 9}
    assert {person.stage for person in (await bench.everybody()).values()} == {Stage.PRESENT}
    assert len(await bench.register.runs(MEMBER)) == 1


async def test_a_killed_run_is_seen_as_interrupted_and_goes_on(bench: Bench) -> None:
    people = [student(number) for number in range(9)]
    feed = Script(people)

    class Killed(BaseException):
        pass

    def kill() -> bool:
        if len(steps) == 2:
            raise Killed
        return False

    steps: list[engine.Step] = []
    with pytest.raises(Killed):
        await bench.sync(feed, stop=kill, progress=steps.append).run()
    (run,) = await bench.register.runs(MEMBER)
    assert run.state is RunState.RUNNING
    went_on = await bench.run(feed)
    assert feed.began == [0, 6]
    assert went_on.run.state is RunState.DONE
    assert went_on.run.counters == {"read": 9, "added": 9}


@pytest.mark.parametrize("why", ["old", "another map", "told to", "cannot"])
async def test_an_interrupted_run_begins_again_where_it_could_not_go_on(bench: Bench, why: str) -> None:
    feed = Script([student(number) for number in range(9)], resumes=why != "cannot")
    first = await bench.run(feed, stop=lambda: True)
    if why == "old":
        bench.clock.forward(days=2)
    if why == "another map":
        bench.settings = bench.settings.model_copy(update={"fields": dict(list(bench.settings.fields.items())[1:])})
    again = await bench.run(feed, "full" if why == "told to" else None)
    assert feed.began == [0, 0]
    assert again.run.id != first.run.id
    assert again.run.state is RunState.DONE


async def test_who_was_put_off_is_not_lost_by_an_interruption(bench: Bench) -> None:
    """A swap whose first half was read before the interruption, and its second half after."""
    others = [student(number) for number in range(10, 20)]
    await bench.run([student(1), *others, student(2)])
    swapped = Script([student(1, card="200002"), *others, student(2, card="200001")])
    stops = iter([False, True])
    await bench.run(swapped, stop=lambda: next(stops))
    outcome = await bench.run(swapped)
    assert outcome.run.state is RunState.DONE
    assert (await bench.everybody())["k1"].identifier(IdentifierType.BARCODE) == "200002"


async def test_nothing_to_read_is_no_run(bench: Bench) -> None:
    feed = Script(error=NothingNew("no file is waiting"))
    outcome = await bench.run(feed)
    assert outcome.nothing == "no file is waiting"
    assert await bench.register.runs(MEMBER) == []
    assert feed.settled == []


async def test_an_error_of_the_program_is_kept_with_the_run(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        await bench.run(Script([student(1)], error=ZeroDivisionError()))
    (run,) = await bench.register.runs(MEMBER)
    assert run.state is RunState.FAILED
    assert "ZeroDivisionError" in run.reason


async def test_a_register_that_goes_away_leaves_a_run_to_go_on_with(bench: Bench, monkeypatch) -> None:
    feed = Script([student(number) for number in range(9)])
    write, calls = bench.register.write, iter(range(100))

    async def away(*arguments) -> None:
        if next(calls) >= 2:
            raise RegisterUnavailable
        await write(*arguments)

    monkeypatch.setattr(bench.register, "write", away)
    with pytest.raises(RegisterUnavailable):
        await bench.run(feed)
    monkeypatch.setattr(bench.register, "write", write)
    assert (await bench.run(feed)).run.counters == {"read": 9, "added": 9}
    assert feed.began == [0, 6]


async def test_people_changed_by_others_meanwhile_are_looked_at_again(bench: Bench, monkeypatch) -> None:
    await bench.run([student(1)])
    write, met = bench.register.write, []

    async def crossed(member, effects) -> None:
        if not met:
            met.append(True)
            ours = (await bench.everybody())["k1"]
            await write(member, [PutPerson(replace(ours, department="Law"), ours.version)])
        await write(member, effects)

    monkeypatch.setattr(bench.register, "write", crossed)
    await bench.run([student(1, sn="Rees")])
    person = (await bench.everybody())["k1"]
    assert (person.family, person.department, person.version) == ("Rees", "Law", 3)


async def test_a_wrong_map_is_found_out_by_what_it_puts_off(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(engine, "MOST_DEFERRED", 5)
    outcome = await bench.run(student(number, login="root") for number in range(20))
    assert outcome.run.state is RunState.STOPPED
    assert "field map" in outcome.run.reason


async def test_a_flood_of_doubts_stops_the_run(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(engine, "MOST_OPENED", 5)
    for number in range(20):
        await bench.put(source="scim:entra", key=f"e{number}", barcode=f"2{number:05}")
    outcome = await bench.run(student(number) for number in range(20))
    assert outcome.run.state is RunState.STOPPED
    assert limits.MOST_OPENED == 2000


async def test_progress_tells_how_far_it_is(bench: Bench) -> None:
    steps: list[engine.Step] = []
    await bench.run([student(number) for number in range(7)], progress=steps.append)
    assert [(step.read, step.expected) for step in steps] == [(3, 7), (6, 7), (7, 7)]


async def test_a_silent_source_is_taken_to_have_whom_it_had(bench: Bench) -> None:
    class Silent(Script):
        async def read(self, position=None):
            async for page in super().read(position):
                yield page if isinstance(page, End) else replace(page, expected=None)

    steps: list[engine.Step] = []
    for count in (4, 6):
        await bench.run(Silent(student(number) for number in range(count)), progress=steps.append)
    assert [(step.read, step.expected) for step in steps] == [(3, None), (4, None), (3, 4), (6, 4)]


async def test_a_run_that_ended_is_not_gone_on_with(bench: Bench) -> None:
    """What a program of another version left: a position without the map's version."""
    run = Run("r1", MEMBER, "sis", "full", RunState.INTERRUPTED, 0, 0, position={history.FEED: {"at": 3}})
    await bench.register.write(MEMBER, [PutRun(run)])
    feed = Script([student(1)])
    await bench.run(feed)
    assert feed.began == [0]


async def test_what_a_run_met_is_forgotten_when_it_ends(bench: Bench) -> None:
    outcome = await bench.run([student(1)])
    (person,) = await bench.register.unseen(MEMBER, "feed:sis", outcome.run.id)
    assert await bench.register.known(MEMBER, "feed:sis", ["k1"]) == {
        "k1": Known(person.id, "k1", person.digest, Stage.PRESENT)
    }
