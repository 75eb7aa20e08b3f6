"""Active Directory from end to end: its keys, its never, its disabled accounts, and DirSync that tells who is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.identity.model import RunState, Stage
from gateway.identity.register.port import Everyone
from gateway.identity.sync.engine import Outcome
from gateway.identity.sync.schedule import sync_feed
from tests.ad_tree import uuid_text
from tests.fake_ad import FakeAd, Policy, in_days
from tests.gateway.identity.memory_register import MemoryRegister

FIELDS = {
    "username": {"from": "sAMAccountName"}, "sis": {"from": "employeeID"}, "groups": {"from": "memberOf"},
    "active": {"from": "userAccountControl"}, "expires_on": {"from": "accountExpires", "date_format": "filetime"},
    "display": {"from": ["displayName", "sAMAccountName"]},
}  # fmt: skip
CATEGORIES = [{"category": "STAFF", "when": {"groups": "CN=All Staff,*"}}, {"category": "UG"}]
DISABLED = 514


class Domain:
    def __init__(self, ad: FakeAd, folder: Path) -> None:
        self.ad = ad
        self.register = MemoryRegister()
        self.people = {
            number: ad.add_user(f"u{number:03}", employeeID=f"{1000 + number}", accountExpires=2**63 - 1)
            for number in range(60)
        }
        ad.add_group("All Staff", [self.people[number] for number in range(5)])
        directory = {
            "servers": [f"ldap://127.0.0.1:{ad.port}"], "profile": "active-directory", "security": "none",
            "bind_dn": "reader@uni.example", "bind_password": "reader-secret", "base": ad.base,
        }  # fmt: skip
        feed = {
            "name": "ad", "kind": "ldap", "directory": "campus", "delta": "dirsync", "fields": FIELDS,
            "filter": "(&(objectCategory=person)(employeeID=*))", "categories": CATEGORIES,
            "deprovision": {"max_missing": 3},
        }  # fmt: skip
        member = {
            "name": "Aberystwyth", "main_location": "ABER",
            "identity": {"directories": {"campus": directory}, "feeds": [feed]},
        }  # fmt: skip
        self.config = Config.model_validate({"pepper": "p" * 32, "data_dir": folder, "members": {"aber": member}})

    async def sync(self) -> Outcome:
        (feed,) = self.config.members["aber"].identity.feeds
        return await sync_feed(self.config, "aber", feed, self.register, SystemClock())

    async def stages(self) -> dict[str, Stage]:
        found = await self.register.search("aber", Everyone())
        return {person.source_id: person.stage for person in found}


@pytest.fixture
async def domain(tmp_path: Path) -> AsyncIterator[Domain]:
    policy = Policy(max_page_size=20, dirsync_objects=10, replicators=frozenset({"reader"}))
    with FakeAd(policy=policy) as ad:
        ad.add_user("reader", "reader-secret")
        yield Domain(ad, tmp_path)


@pytest.fixture
def keys(domain: Domain) -> dict[int, str]:
    """objectGUID as people write it, by number."""
    return {number: uuid_text(one.guid) for number, one in domain.people.items()}


async def test_people_appear_change_and_go(domain: Domain, keys: dict[int, str]) -> None:
    first = await domain.sync()
    assert (first.run.kind, first.run.state, first.run.counters) == ("full", RunState.DONE, {"read": 60, "added": 60})
    people = {person.source_id: person for person in await domain.register.search("aber", Everyone())}
    assert people.keys() == set(keys.values())
    assert people[keys[0]].category == "STAFF"
    assert people[keys[59]].category == "UG"
    assert {person.expires_on for person in people.values()} == {""}

    ad = domain.ad
    ad.change(domain.people[7], "displayName", "Gwen Jones")
    ad.change(domain.people[8], "userAccountControl", DISABLED)
    ad.change(domain.people[9], "accountExpires", in_days(400))
    ad.delete(domain.people[10])
    for number in range(20):
        ad.delete(ad.add_user(f"printer{number}"))  # deleted objects that are nobody here
    second = await domain.sync()
    assert (second.run.kind, second.run.state) == ("delta", RunState.DONE)
    assert {word: second.run.counters[word] for word in ("changed", "off", "missing")} == {
        "changed": 3, "off": 1, "missing": 1,
    }  # fmt: skip
    people = {person.source_id: person for person in await domain.register.search("aber", Everyone())}
    assert people[keys[7]].display == "Gwen Jones"
    assert not people[keys[8]].active
    assert people[keys[9]].expires_on != ""
    assert people[keys[10]].stage is Stage.MISSING


async def test_too_many_tombstones_stop_the_run_until_somebody_has_looked(domain: Domain, keys: dict[int, str]) -> None:
    await domain.sync()
    for number in range(10, 20):
        domain.ad.delete(domain.people[number])
    outcome = await domain.sync()
    assert outcome.run.state is RunState.STOPPED
    assert "10 of 60 people" in outcome.run.reason
    assert set((await domain.stages()).values()) == {Stage.PRESENT}
    assert (await domain.sync()).run.state is RunState.STOPPED  # it is asked for again


async def test_a_connection_lost_in_mid_read_takes_nobody_away(domain: Domain) -> None:
    domain.ad.faults.drop_after = 30
    outcome = await domain.sync()
    assert outcome.run.state in (RunState.STOPPED, RunState.FAILED)
    domain.ad.faults.drop_after = None
    assert (await domain.sync()).run.state is RunState.DONE
    assert set((await domain.stages()).values()) == {Stage.PRESENT}
    assert len(await domain.stages()) == 60
