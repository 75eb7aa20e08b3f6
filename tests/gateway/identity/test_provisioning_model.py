"""Numbers that go from hand to hand in any way reach the platform, and nobody becomes somebody else there."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.canonical import requests as req
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.desk import Desk
from gateway.identity.model import PersonIdentifier, Stage
from gateway.identity.provisioning import Provisioner
from gateway.identity.register.port import PutPerson
from gateway.store.rows import PatronRow
from gateway.store.sqlite import SqliteStore
from tests.gateway.desk.fakes import MemoryAttempts
from tests.gateway.identity.memory_register import MemoryRegister
from tests.gateway.identity.register.people import person
from tests.gateway.identity.test_provisioning import CONFIG
from tests.gateway.platforms.reference.library import Library

PEOPLE = ["p0", "p1", "p2", "p3"]
NUMBERS = ["n0", "n1", "n2", "n3", "n4"]
hands = st.permutations(NUMBERS).flatmap(
    lambda order: st.lists(st.sampled_from(PEOPLE), unique=True).map(lambda who: dict(zip(who, order, strict=False)))
)
stages = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from([Stage.PRESENT, Stage.MISSING, Stage.EXPIRED]))

Story = list[tuple[dict[str, str], dict[str, Stage]]]


async def settled(worker: Provisioner) -> None:
    for _ in range(50):
        done = await worker.round()
        if not (done.carried or done.refused):
            return
    raise AssertionError("the worker never comes to an end")


async def check(path: Path, story: Story) -> None:
    store = SqliteStore(path)
    await store.open()
    library, register = Library(store), MemoryRegister()
    await library.furnish()
    before = len(await library.rows(PatronRow))
    desk = Desk({"alpha": library.platform}, clock=library.clock, attempts=MemoryAttempts())

    async def no_sleep(seconds: float) -> None:
        pass

    members = {"alpha": CONFIG}
    worker = Provisioner(register, desk.perform, members, clock=library.clock, per_second=1000, sleep=no_sleep)
    patron_of: dict[str, str] = {}
    for numbers, standing in story:
        effects = []
        for id_ in PEOPLE:
            known = await register.person("alpha", id_)
            if known is None and id_ not in numbers:
                continue
            sis = (PersonIdentifier(IdentifierType.SIS, numbers[id_]),) if id_ in numbers else ()
            made = person(id_, member="alpha", category="UG", stage=standing.get(id_, Stage.PRESENT), identifiers=sis)
            effects.append(PutPerson(made, known.version if known else 0))
        await register.write("alpha", effects)
        await settled(worker)
        for id_ in PEOPLE:
            known = await register.person("alpha", id_)
            if known is None:
                continue
            if id_ in numbers or known.platform_id:
                assert (known.problem, known.provisioned) == ("", known.version)
            else:
                assert known.problem in ("", "a new patron needs this: identifiers")
            if id_ in patron_of:
                assert known.platform_id == patron_of[id_]
            if known.platform_id:
                patron_of[id_] = known.platform_id
            found = await library.platform.patron_get(library.context(), req.PatronGet(patron=numbers.get(id_, "none")))
            if id_ in numbers and known.platform_id:
                assert isinstance(found, PatronOutcome)
                assert (found.patron.id, found.patron.name.display) == (known.platform_id, f"Person {id_}")
                assert (found.patron.status is PatronStatus.EXPIRED) is (known.stage is Stage.EXPIRED)
    for one, other in itertools.combinations(patron_of.values(), 2):
        assert one != other
    assert len(await library.rows(PatronRow)) == before + len(patron_of)
    await library.platform.close()
    await store.close()


def test_numbers_go_from_hand_to_hand(migrated_sqlite: Path, tmp_path: Path) -> None:
    places = (tmp_path / f"{number}.db" for number in itertools.count())

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(hands, stages), min_size=1, max_size=4))
    def goes(story: Story) -> None:
        path = next(places)
        shutil.copy(migrated_sqlite, path)
        asyncio.run(check(path, story))

    goes()
