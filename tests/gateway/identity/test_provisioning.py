"""Persons carried to the platform: the register in memory, the real desk, and the reference platform behind it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.config.identity import CsvFeedConfig, MemberIdentityConfig
from gateway.desk import Desk
from gateway.identity import provisioning
from gateway.identity.carrying import request_for, spoken_of
from gateway.identity.model import Person, PersonIdentifier, Stage
from gateway.identity.provisioning import Provisioner, Tally
from gateway.identity.register.port import PutGroup, PutPerson, PutReview
from gateway.store.effects import Insert, Update
from gateway.store.port import Store
from gateway.store.rows import LoanRow, MemberStateRow, PatronCategoryRow, PatronIdentifierRow, PatronRow
from tests.gateway.desk.fakes import MemoryAttempts
from tests.gateway.identity.memory_register import MemoryRegister
from tests.gateway.identity.register.people import group, person, review
from tests.gateway.platforms.reference.library import Library, loan

BARCODE, SIS = IdentifierType.BARCODE, IdentifierType.SIS
FEED = CsvFeedConfig.model_validate(
    {
        "name": "sis",
        "kind": "csv",
        "folder": "in",
        "fields": {
            "display": {"from": "name"},
            "expires_on": {"from": "until"},
            "emails": {"from": "mail", "when_empty": "keep"},
            "phones": {"from": "phone", "owner": "library"},
            "sis": {"from": "number"},
        },
    }
)
CONFIG = MemberIdentityConfig(feeds=(FEED,))


@dataclass
class Bench:
    """A worker with everything around it; `broken` names people over whose numbers the platform fails."""

    library: Library
    desk: Desk
    register: MemoryRegister = field(default_factory=MemoryRegister)
    calls: Counter[str] = field(default_factory=Counter)
    slept: list[float] = field(default_factory=list)
    away: bool = False
    broken: set[str] = field(default_factory=set)
    worker: Any = None

    def __post_init__(self) -> None:
        members = {"alpha": CONFIG}
        self.worker = Provisioner(
            self.register, self.perform, members, clock=self.library.clock, per_second=100, sleep=self.sleep
        )

    async def perform(self, ctx: Context, request: req.Request, key: CommandKey | None) -> Answer:
        self.calls[request.operation] += 1
        names = {one.value for one in getattr(request, "identifiers", ())}
        if self.away or names & self.broken:
            raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "away")
        return await self.desk.perform(ctx, request, key)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def put(self, *people: Person) -> None:
        for one in people:
            known = await self.register.person("alpha", one.id)
            await self.register.write("alpha", [PutPerson(one, known.version if known else 0)])

    async def settle(self) -> Tally:
        """Rounds until there is nothing left to do."""
        total = Tally()
        for _ in range(20):
            done = await self.worker.round()
            if not (done.carried or done.refused or done.anonymised):
                return total
            for name in ("carried", "refused", "anonymised"):
                setattr(total, name, getattr(total, name) + getattr(done, name))
        raise AssertionError("the worker never comes to an end")

    async def patron(self, card: str) -> Any:
        answer = await self.library.platform.patron_get(self.library.context(), req.PatronGet(patron=card))
        return answer.patron if isinstance(answer, PatronOutcome) else None

    async def kept(self, id_: str) -> Person:
        found = await self.register.person("alpha", id_)
        assert found is not None
        return found


@pytest.fixture
async def bench(store: Store) -> AsyncIterator[Bench]:
    library = Library(store)
    await library.furnish()
    desk = Desk({"alpha": library.platform}, clock=library.clock, attempts=MemoryAttempts())
    bench = Bench(library, desk)
    await bench.worker.round()  # a worker that begins looks for what was refused before
    yield bench
    await library.platform.close()


def student(id_: str, card: str, **fields: Any) -> Person:
    return person(id_, member="alpha", barcode=card, category="UG", **fields)


async def test_people_are_carried_changed_and_expired(bench: Bench) -> None:
    await bench.put(student("p1", "P-1", expires_on="2027-07-31"), student("p2", "P-2"))
    assert await bench.settle() == Tally(carried=2)
    first = await bench.patron("P-1")
    assert (first.name.display, first.category.code, first.status) == ("Person p1", "UG", PatronStatus.ACTIVE)
    known = await bench.kept("p1")
    assert (known.provisioned, known.platform_id, known.problem) == (1, first.id, "")
    await bench.library.add(loan("x", first.id, 0, 10**13))
    await bench.put(replace(known, display="Another", stage=Stage.EXPIRED))
    await bench.put(replace(await bench.kept("p2"), active=False, stage=Stage.MISSING))
    assert await bench.settle() == Tally(carried=2)
    assert (await bench.patron("P-1")).status is PatronStatus.EXPIRED
    assert (await bench.patron("P-2")).status is PatronStatus.INACTIVE
    assert len(await bench.library.rows(LoanRow, patron_id=first.id, status="open")) == 1
    calls = dict(bench.calls)
    assert await bench.worker.round() == Tally()
    assert bench.calls == calls


async def test_somebody_who_is_a_patron_already_is_linked(bench: Bench) -> None:
    await bench.put(student("p1", "c-ann", expires_on="2030-01-01"))
    assert await bench.settle() == Tally(carried=1)
    assert (await bench.kept("p1")).platform_id == "ann"
    assert (await bench.patron("C-ann")).name.display == "Person p1"


async def test_one_patron_is_never_two_people(bench: Bench) -> None:
    """p2 has a card that still is p1's on the platform, and a number that is another's."""
    await bench.put(student("p1", "c-ann"))
    await bench.settle()
    await bench.library.add(PatronIdentifierRow("alpha", "s9", "sis", "ann", "s9", True, 1))
    await bench.put(person("p2", member="alpha", category="UG", identifiers=(PersonIdentifier(SIS, "S9"),)))
    await bench.settle()
    second = await bench.kept("p2")
    assert (second.platform_id, second.problem) == ("", "another patron has this: sis")
    assert (await bench.patron("c-ann")).name.display == "Person p1"


async def test_who_has_two_patrons_is_for_staff(bench: Bench) -> None:
    both = (PersonIdentifier(BARCODE, "c-ann"), PersonIdentifier(BARCODE, "c-bob"))
    await bench.put(person("p1", member="alpha", category="UG", identifiers=both))
    assert await bench.settle() == Tally(refused=1)
    assert (await bench.kept("p1")).problem == "several patrons have this: barcode"


@pytest.mark.parametrize("people", [2, 3])
async def test_cards_that_go_round_reach_everybody(bench: Bench, people: int) -> None:
    await bench.put(*(student(f"p{n}", f"K-{n}") for n in range(people)))
    await bench.settle()
    patrons = [(await bench.kept(f"p{n}")).platform_id for n in range(people)]
    moved = [student(f"p{n}", f"K-{(n + 1) % people}", given="moved") for n in range(people)]
    await bench.register.write("alpha", [PutPerson(one, 1) for one in moved])
    await bench.settle()
    for n in range(people):
        assert (await bench.patron(f"K-{(n + 1) % people}")).id == patrons[n]
        known = await bench.kept(f"p{n}")
        assert (known.provisioned, known.problem) == (2, "")


async def test_a_new_one_with_a_card_that_another_gives_up_gets_it(bench: Bench) -> None:
    await bench.put(student("p5", "K-1"))
    await bench.settle()
    old = (await bench.kept("p5")).platform_id
    await bench.register.write("alpha", [PutPerson(student("p5", "K-2"), 1), PutPerson(student("p1", "K-1"), 0)])
    await bench.settle()
    assert (await bench.patron("K-2")).id == old
    assert (await bench.patron("K-1")).id == (await bench.kept("p1")).platform_id != old


async def test_what_is_refused_is_noted_and_tried_when_something_changes_or_an_hour_later(bench: Bench) -> None:
    await bench.put(replace(student("p1", "P-1"), category="NONE"), student("p2", "P-2", birth_on="yesterday"))
    assert await bench.settle() == Tally(refused=2)
    assert (await bench.kept("p1")).problem == "the platform does not know this: category"
    assert (await bench.kept("p2")).problem == "no date: birth_on"
    calls = dict(bench.calls)
    assert await bench.settle() == Tally()
    assert bench.calls == calls
    await bench.put(student("p1", "P-1"))
    assert await bench.settle() == Tally(carried=1)
    bench.library.clock.turn(timedelta(seconds=provisioning.AGAIN_SECONDS))
    assert await bench.settle() == Tally(refused=1)
    assert await bench.settle() == Tally()
    bench.worker.replace({"alpha": CONFIG}, 100)
    assert await bench.settle() == Tally(refused=1)


async def test_rules_that_come_later_let_in_whom_they_were_missing_for(bench: Bench) -> None:
    await bench.put(replace(student("p1", "P-1"), category="NEW"))
    assert await bench.settle() == Tally(refused=1)
    known = await bench.library.row(PatronCategoryRow, code="UG")
    state = await bench.library.row(MemberStateRow)
    rules = [Insert(replace(known, code="NEW")), Update(replace(state, policy_version=state.policy_version + 1))]
    await bench.library.store.apply("alpha", rules)
    bench.worker.replace({"alpha": CONFIG}, 100)  # within the minute in which a stored answer would be given again
    assert await bench.settle() == Tally(carried=1)


async def test_a_platform_that_is_away_is_left_alone_longer_and_longer(bench: Bench) -> None:
    await bench.put(student("p1", "P-1"), student("p2", "P-2"))
    bench.away = True
    first, most = provisioning.AWAY_SECONDS
    for seconds in (first, 2 * first, 4 * first):
        calls = bench.calls.total()
        assert await bench.worker.round() == Tally()
        assert bench.calls.total() == calls + 1
        bench.library.clock.turn(timedelta(seconds=seconds - 1))
        assert await bench.worker.round() == Tally()
        assert bench.calls.total() == calls + 1
        bench.library.clock.turn(timedelta(seconds=1))
    bench.away = False
    assert await bench.settle() == Tally(carried=2)
    assert most > 4 * first


async def test_one_over_whom_the_platform_fails_does_not_hold_up_the_others(bench: Bench) -> None:
    await bench.put(student("p1", "BAD"), student("p2", "P-2"))
    bench.broken = {"BAD"}
    for _ in range(provisioning.STUCK + 1):
        await bench.worker.round()
        bench.library.clock.turn(timedelta(seconds=provisioning.AWAY_SECONDS[1]))
    assert (await bench.kept("p1")).problem == "the platform failed"
    assert (await bench.kept("p2")).provisioned == 1


async def test_members_take_turns_at_the_platforms_pace(bench: Bench) -> None:
    order: list[str] = []

    async def perform(ctx: Context, request: req.Request, key: CommandKey | None) -> Answer:
        order.append(ctx.member)
        raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "away")

    register = MemoryRegister()
    for member in ("alpha", "beta"):
        await register.write(member, [PutPerson(person(f"p{n}", member=member, barcode=str(n)), 0) for n in range(3)])
    members = {"alpha": CONFIG, "beta": CONFIG}
    worker = Provisioner(register, perform, members, clock=bench.library.clock, per_second=4, sleep=bench.sleep)
    await worker.round()
    assert order == ["alpha", "beta"]
    assert bench.slept == [0.25]


async def test_the_patron_that_the_platform_has_lost_is_made_anew(bench: Bench) -> None:
    await bench.put(student("p1", "P-1"))
    await bench.register.provisioned("alpha", "p1", 1, "lost", "")
    await bench.put(student("p1", "P-1", given="Ann"))
    assert await bench.settle() == Tally(carried=1)
    assert (await bench.kept("p1")).platform_id == (await bench.patron("P-1")).id != "lost"


async def test_nobody_is_made_a_patron_in_order_to_be_expired(bench: Bench) -> None:
    await bench.put(student("p1", "P-1", stage=Stage.EXPIRED), student("p2", "P-2", active=False))
    await bench.settle()
    assert await bench.patron("P-1") is None
    assert await bench.patron("P-2") is None
    assert (await bench.kept("p1")).provisioned == 1


async def test_who_is_anonymised_leaves_nothing(bench: Bench) -> None:
    await bench.put(student("p1", "P-1"), student("p2", "P-2"))
    await bench.settle()
    who = (await bench.kept("p1")).platform_id
    other = PutReview(review("v2", "S-p2", member="alpha"))
    about = [PutReview(review("v1", "S-p1", member="alpha", record={"display": "Person p1"})), other]
    await bench.register.write("alpha", [PutGroup(group("g", "p1", "p2", member="alpha"), 0), *about])
    await bench.put(replace(await bench.kept("p1"), stage=Stage.ANONYMISED))
    assert await bench.settle() == Tally(anonymised=1)
    assert [one.members for one in await bench.register.groups("alpha")] == [("p2",)]
    assert [one.id for one in await bench.register.reviews("alpha")] == ["v2"]
    left = await bench.kept("p1")
    assert (left.identifiers, left.display, left.source_id, left.stage) == ((), "", "", Stage.ANONYMISED)
    assert left.stage_since == bench.library.clock.millis
    assert (await bench.library.row(PatronRow, id=who)).status == "deleted"
    calls = dict(bench.calls)
    assert await bench.settle() == Tally()
    assert bench.calls == calls
    await bench.put(student("p3", "P-1"))  # somebody else may have the card now
    assert await bench.settle() == Tally(carried=1)


async def test_who_owes_something_is_expired_as_before(bench: Bench) -> None:
    await bench.put(student("p1", "P-1", stage_since=7))
    await bench.settle()
    who = (await bench.kept("p1")).platform_id
    await bench.library.add(loan("x", who, 0, 10**13))
    await bench.put(replace(await bench.kept("p1"), stage=Stage.ANONYMISED))
    assert await bench.settle() == Tally(refused=1)
    kept = await bench.kept("p1")
    assert (kept.stage, kept.stage_since, kept.problem) == (Stage.EXPIRED, 7, "still open: loans 1")
    assert kept.identifier(BARCODE) == "P-1"
    assert (await bench.library.row(PatronRow, id=who)).name == "Person p1"
    # As somebody else with the same number meanwhile: the old record cannot come back, and what is owed stays owed.
    await bench.put(replace(kept, stage=Stage.ANONYMISED))
    await bench.put(student("p9", "P-1", source_id=""))
    await bench.settle()
    assert (await bench.kept("p1")).problem == "came back as somebody else while something was still owed"
    assert (await bench.library.row(PatronRow, id=who)).name in ("Person p1", "Person p9")


async def test_it_follows_until_it_is_stopped(bench: Bench) -> None:
    await bench.put(student("p1", "P-1"))
    stop = asyncio.Event()

    async def perform(ctx: Context, request: req.Request, key: CommandKey | None) -> Answer:
        if request.command:
            stop.set()
        return await bench.perform(ctx, request, key)

    worker = Provisioner(bench.register, perform, {"alpha": CONFIG}, clock=bench.library.clock, per_second=1e6)
    async with asyncio.timeout(20):
        await worker.follow(stop)
    assert (await bench.kept("p1")).provisioned == 1


def test_what_a_source_speaks_of_is_emptied_and_nothing_else() -> None:
    assert spoken_of("feed:sis", CONFIG) == {"expires_on", "sis"}
    assert spoken_of("scim:entra", CONFIG) == {"emails", "phones", "addresses", "language", "username"}
    assert spoken_of("library", CONFIG) == spoken_of("feed:gone", CONFIG) == set()
    request = request_for(student("p1", "P-1", emails=("a@x",), platform_id="q"), CONFIG)
    assert isinstance(request, req.PatronProvision)
    assert (request.cleared, request.emails, request.phones, request.patron_id) == (
        frozenset({"expires_on", "sis"}), ("a@x",), (), "q",
    )  # fmt: skip
