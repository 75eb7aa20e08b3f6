"""Whatever a source says, in whatever order: nobody is lost silently, and no two people become one."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.feeds.port import End, FeedError, SourceRecord
from gateway.identity.model import Person, RunState, Stage
from gateway.identity.register.port import Everyone
from gateway.identity.sync import review
from tests.gateway.identity.sync.scripted import LONDON, MEMBER, Bench, Script, deleted, record

NAMES = ("card", "number", "login")
keys = st.sampled_from(["k1", "k2", "k3", "k4", "k5"])
few = st.sampled_from(["", "1", "2", "3"])
records = st.builds(
    lambda key, card, number, login, status: record(key, card=card, number=number, login=login, status=status),
    keys, few, few, few, st.sampled_from(["", "yes", "no"]),
)  # fmt: skip
reads = st.tuples(
    st.lists(records, max_size=7),
    st.sampled_from(["complete", "complete", "complete", "changes", "changes", "cut", "broken", "stopped"]),
    st.lists(keys, max_size=2),  # deleted, where changes are read
    st.integers(0, 40),  # days since the last one
)
theirs = st.lists(st.tuples(st.sampled_from(["library", "library", "scim:x"]), few, few), max_size=3)


def script(of: list[SourceRecord], how: str, gone: list[str]) -> Script:
    if how == "cut":
        return Script(of, size=2, end=End(complete=False, reason="cut"))
    if how == "broken":
        return Script(of, size=2, error=FeedError("away"))
    changes = Script([*of, *map(deleted, gone)], size=2, end=End(complete=False, next_delta={"at": 2}))
    end = End(complete=True, next_delta={"at": 1})
    return Script(of, size=2, end=end, changes=changes if how == "changes" else None)


@pytest.mark.fuzz
@given(theirs, st.lists(reads, min_size=1, max_size=6))
async def test_nobody_is_lost_and_nobody_merged(
    there: list[tuple[str, str, str]], runs: list[tuple[list[SourceRecord], str, list[str], int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), deprovision={"expire_days": 7, "max_missing_percent": 100, "min_people": 0})
        cards, numbers = set(), set()
        for number, (source, card, sis) in enumerate(there):
            identifiers = {
                name: value for name, value, known in (("barcode", card, cards), ("sis", sis, numbers))
                if value and value not in known
            }  # fmt: skip
            cards.add(card)
            numbers.add(sis)
            await bench.put(source, f"x{number}" if source != "library" else "", **identifiers)
        whose: dict[str, str] = {}
        everybody: set[str] = set()
        last: list[SourceRecord] = []
        for of, how, deletions, days in runs:
            bench.clock.forward(days=days)
            before = await bench.everybody()
            feed = script(of, how, deletions)
            outcome = await bench.run(feed, stop=lambda how=how: how == "stopped")
            if outcome.resumed:
                of = [*last[: feed.began[-1]], *of[feed.began[-1] :]]
            last = of
            people = {person.id: person for person in (await bench.everybody()).values() if person.source_id}
            ids = {person.id for person in await _all(bench)}
            assert everybody <= ids  # nobody is lost
            everybody = ids
            by_key = {person.source_id: person for person in people.values() if person.source == "feed:sis"}
            for key, person in by_key.items():
                assert whose.setdefault(key, person.id) == person.id  # a key stays with its person
            assert len({person.id for person in by_key.values()}) == len(by_key)
            assert set(whose) == set(by_key)  # and a person with its key
            cards_now = [p.identifier(IdentifierType.BARCODE) for p in await _all(bench)]
            assert len([card for card in cards_now if card]) == len({card for card in cards_now if card})
            if outcome.run.state is not RunState.DONE:
                assert {p.source_id for p in by_key.values() if p.stage is not Stage.PRESENT} <= {
                    p.source_id for p in before.values() if p.stage is not Stage.PRESENT
                }
                continue
            waiting = {item.source_id for item in await bench.register.reviews(MEMBER)}
            # Of two with one key the second is refused in a whole read, and is the later word among changes.
            firsts = {one.source_id: one for one in (of if outcome.run.kind == "delta" else reversed(of))}
            named = {key for key, one in firsts.items() if any(one.attributes[n] != [""] for n in NAMES)}
            named -= set(deletions) if outcome.run.kind == "delta" else set()
            assert named <= set(by_key) | waiting  # everybody who was read is somebody, or waits for people
            changes = outcome.run.kind == "delta"
            gone = (set(deletions) if changes else set(by_key) - {one.source_id for one in of}) & set(by_key)
            assert all(by_key[key].stage is Stage.PRESENT for key in firsts if key in by_key and key not in gone)
            assert all(by_key[key].stage in (Stage.MISSING, Stage.EXPIRED) for key in gone)
            if changes:  # of the others nothing was said
                others = set(by_key) - gone - set(firsts)
                assert all(by_key[key].stage is before[key].stage for key in others)


decisions = st.sampled_from(["", "same", "new", "ignore"])


@pytest.mark.fuzz
@given(theirs, st.lists(st.tuples(st.lists(records, max_size=6), decisions), min_size=1, max_size=5))
async def test_what_people_decide_loses_nobody_and_settles(
    there: list[tuple[str, str, str]], runs: list[tuple[list[SourceRecord], str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), deprovision={"max_missing_percent": 100, "min_people": 0})
        for number, (source, card, sis) in enumerate(there):
            found = {"barcode": card, "sis": sis}
            taken = {one.value for person in await _all(bench) for one in person.identifiers}
            free = {name: value for name, value in found.items() if value and value not in taken}
            await bench.put(source, f"x{number}" if source != "library" else "", **free)
        everybody: set[str] = set()
        for of, decision in runs:
            outcome = await bench.run(script(of, "complete", []), "full")
            assert outcome.run.state is RunState.DONE
            for item in await bench.register.reviews(MEMBER):
                with suppress(review.NotSettled):
                    if decision:
                        await review.settle(
                            bench.register, bench.settings, item, decision, "mair", bench.clock, LONDON,
                            person=item.candidates[0],
                        )  # fmt: skip
            ids = {person.id for person in await _all(bench)}
            assert everybody <= ids
            everybody = ids
            await bench.run(script(of, "complete", []), "full")
            before = await _all(bench)
            again = await bench.run(script(of, "complete", []), "full")
            assert not set(again.run.counters) & {"added", "changed", "back", "missing", "off"}
            assert [replace(p, digest="") for p in await _all(bench)] == [replace(p, digest="") for p in before]


async def _all(bench: Bench) -> list[Person]:
    return await bench.register.search(MEMBER, Everyone(), size=1000)
