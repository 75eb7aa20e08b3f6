"""Any sequence of writes leaves the registers in databases as the one in memory is, and any question finds the same."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Person, PersonIdentifier, Stage
from gateway.identity.register import open_register
from gateway.identity.register.port import (
    AllOf,
    AnyOf,
    DropGroup,
    DropPerson,
    DropReview,
    Effect,
    Everyone,
    Lookup,
    MarkSeen,
    PutGroup,
    PutPerson,
    PutReview,
    Register,
    StaleVersion,
    Taken,
    Wanted,
)
from tests.gateway.identity.memory_register import MemoryRegister
from tests.gateway.identity.register.people import group, person, review

IDS = ["p1", "p2", "p3", "p4"]
VALUES = ["", " ", "1", "2", "12", "A", "a", "Ａ", "ß", "ss", "é", "e\u0301", "a b", "a  b", "1\0", "\U0010ffff", "﷽"]
SOURCES = ["feed:sis", "library"]
members = (f"m{number}" for number in itertools.count())

values = st.sampled_from(VALUES)
identifiers = st.lists(
    st.builds(PersonIdentifier, st.sampled_from([IdentifierType.BARCODE, IdentifierType.SIS]), values, st.booleans()),
    max_size=3,
).map(tuple)
people = st.builds(
    person,
    st.sampled_from(IDS),
    source=st.sampled_from(SOURCES),
    source_id=st.sampled_from(["", "k1", "k2", "K1"]),
    identifiers=identifiers,
    user_name=values,
    family=values,
    emails=st.lists(values, max_size=2).map(tuple),
    category=st.sampled_from(["", "student", "staff"]),
    stage=st.sampled_from(Stage),
)
effects: st.SearchStrategy[Effect] = st.one_of(
    st.builds(PutPerson, people, st.integers(0, 3)),
    st.builds(DropPerson, st.sampled_from(IDS), st.integers(1, 3)),
    st.builds(PutGroup, st.lists(st.sampled_from(IDS), max_size=3).map(lambda of: group("g", *of)), st.integers(0, 2)),
    st.builds(DropGroup, st.just("g"), st.integers(1, 2)),
    st.builds(MarkSeen, st.just("r"), st.lists(st.sampled_from(["k1", "k2"]), max_size=2).map(tuple)),
    st.builds(DropReview, st.sampled_from("vw")),
    st.builds(PutReview, st.builds(review, st.sampled_from("vw"), st.sampled_from("st"),
                                   decision=st.sampled_from(["", "new"]))),
)  # fmt: skip
writes = st.lists(effects, min_size=1, max_size=4)
lookups = st.builds(
    Lookup,
    st.sampled_from(["barcode", "sis", "identifier", "user_name", "family", "email", "category", "source_id", "id"]),
    st.one_of(values, st.sampled_from(["student", "st", "k1", "p", "p1"])),
    st.booleans(),
)
questions: st.SearchStrategy[Wanted] = st.recursive(
    st.one_of(st.just(Everyone()), lookups),
    lambda part: st.one_of(
        st.lists(part, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(part, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)


def of_member(effect: Effect, member: str) -> Effect:
    match effect:
        case PutPerson(one, expect):
            return PutPerson(replace(one, member=member), expect)
        case PutGroup(one, expect):
            return PutGroup(replace(one, member=member), expect)
        case PutReview(one):
            return PutReview(replace(one, member=member))
        case _:
            return effect


async def written(register: Register, member: str, effects: Sequence[Effect]) -> str:
    try:
        await register.write(member, [of_member(effect, member) for effect in effects])
    except StaleVersion as stale:
        return f"stale {stale.id}"
    except Taken as taken:
        return f"taken {taken.what}"
    return "written"


async def everything(register: Register, member: str) -> list[object]:
    persons = await register.persons(member, IDS)
    return [
        persons,
        await register.groups(member),
        await register.groups_of(member, IDS),
        await register.reviews(member),
        await register.reviews(member, decided=True),
        await register.reviews_of(member, "sis", ["s", "t"]),
        *[await register.known(member, source, ["k1", "k2", "K1"]) for source in SOURCES],
        *[ids(await register.unseen(member, source, "r")) for source in SOURCES],
        *[dict(await register.tally(member, source)) for source in SOURCES],
        ids(await register.unprovisioned(member)),
    ]


def ids(persons: Sequence[Person]) -> list[str]:
    return [one.id for one in persons]


def compare(place: str, runner: asyncio.Runner, opened: Register) -> None:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.lists(writes, max_size=6), st.lists(questions, max_size=4), st.integers(1, 3))
    def same(sequence: list[list[Effect]], asked: list[Wanted], size: int) -> None:
        runner.run(check(opened, sequence, asked, size))

    same()


async def check(stored: Register, sequence: list[list[Effect]], asked: list[Wanted], size: int) -> None:
    memory, member = MemoryRegister(), next(members)
    for effects in sequence:
        assert await written(stored, member, effects) == await written(memory, member, effects)
    assert await everything(stored, member) == await everything(memory, member)
    for wanted in asked:
        expected = ids(await memory.search(member, wanted))
        assert ids(await stored.search(member, wanted)) == expected
        assert (
            ids(await stored.search(member, wanted, after="p1", size=size))
            == [one for one in expected if one > "p1"][:size]
        )
        assert await stored.count(member, wanted) == len(expected)


def test_a_stored_register_is_like_the_one_in_memory(register_url: str) -> None:
    with asyncio.Runner() as runner:
        opened = runner.run(open_register(register_url))
        try:
            compare(register_url, runner, opened)
        finally:
            runner.run(opened.close())
