"""A campus of 20,000 people in a real slapd: brought in, changed, removed, and everything that can go wrong on the way.

One story told in order, for loading the directory is what takes long: each test goes on where the one before ended.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.identity.model import RunState, Stage
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Lookup, Register
from gateway.identity.sync.engine import Kind, Outcome, Step
from gateway.identity.sync.schedule import sync_feed
from tests.bad_network import Relay
from tests.slapd import LIMITED, LIMITED_PASSWORD, PEOPLE, READER, READER_PASSWORD, Slapd, person

COUNT = 20_000
FIELDS = {
    "family": {"from": "sn"}, "given": {"from": "givenName"}, "display": {"from": "displayName"},
    "emails": {"from": "mail"}, "eppn": {"from": "eduPersonPrincipalName"}, "department": {"from": "departmentNumber"},
    "affiliations": {"from": "eduPersonAffiliation"}, "username": {"from": "uid"}, "sis": {"from": "employeeNumber"},
    "expires_on": {"from": "schacExpiryDate", "date_format": "ldap"},
}  # fmt: skip
CATEGORIES = [
    {"category": "staff", "when": {"affiliations": "staff"}},
    {"category": "student", "when": {"affiliations": "student"}},
]


@dataclass
class Campus:
    slapd: Slapd
    folder: Path
    steps: list[Step] = field(default_factory=list)

    def config(self, port: int = 0, bind: tuple[str, str] = (READER, READER_PASSWORD)) -> Config:
        directory = {
            "servers": [f"ldaps://localhost:{port or self.slapd.ldaps_port}"], "ca": self.slapd.authority,
            "base": PEOPLE, "bind_dn": bind[0], "bind_password": bind[1],
        }  # fmt: skip
        feed = {
            "kind": "ldap", "name": "campus", "directory": "campus", "fields": FIELDS, "categories": CATEGORIES,
            "filter": "(objectClass=inetOrgPerson)",
        }  # fmt: skip
        member = {
            "name": "Aberystwyth", "main_location": "ABER",
            "identity": {"directories": {"campus": directory}, "feeds": [feed]},
        }  # fmt: skip
        return Config.model_validate({"pepper": "p" * 32, "data_dir": self.folder, "members": {"aber": member}})

    async def sync(
        self,
        register: Register,
        kind: Kind | None = None,
        *,
        config: Config | None = None,
        watch: Callable[[Step], None] = lambda step: None,
        accept: int = 0,
    ) -> Outcome:
        config = config or self.config()
        (feed,) = config.members["aber"].identity.feeds
        return await sync_feed(config, "aber", feed, register, SystemClock(), kind=kind, progress=watch, accept=accept)


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    slapd = Slapd.start(tmp_path_factory.mktemp("slapd"), people=COUNT)
    folder = tmp_path_factory.mktemp("data")
    try:
        made = Campus(slapd, folder)
        asyncio.run(migrate.upgrade(made.config().register_url))
        yield made
    finally:
        slapd.stop()


@pytest.fixture
async def register(campus: Campus) -> AsyncIterator[Register]:
    opened = await open_register(campus.config().register_url)
    yield opened
    await opened.close()


async def stages(register: Register) -> dict[Any, int]:
    return {stage: count for stage, count in (await register.tally("aber", "feed:campus")).items() if count}


def peak() -> int:
    """Octets of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.timeout(300)
async def test_everybody_comes_in_and_memory_stays_flat(campus: Campus, register: Register) -> None:
    peaks: list[int] = []
    outcome = await campus.sync(register, watch=lambda step: peaks.append(peak()))
    assert outcome.run.state is RunState.DONE
    assert outcome.run.counters == {"read": COUNT, "added": COUNT}
    assert await stages(register) == {Stage.PRESENT: COUNT}
    quarter = peaks[len(peaks) // 4]
    # SQLite's own page cache, 64 MB, fills meanwhile; three quarters of the people held at once would be more.
    assert peaks[-1] - quarter < 64 << 20
    (one,) = await register.search("aber", Lookup("username", person(8).login))
    assert (one.family, one.category, one.expires_on) == ("Jones", "student", "2030-07-31")
    assert one.source_id == person(8).key
    assert one.identifier(IdentifierType.SIS) == "10000008"


@pytest.mark.timeout(300)
async def test_a_server_killed_in_mid_read_deprovisions_nobody(campus: Campus, register: Register) -> None:
    def kill(step: Step) -> None:
        if step.read >= COUNT // 4:
            campus.slapd.kill()

    outcome = await campus.sync(register, "full", watch=kill)
    campus.slapd.restart()
    assert outcome.run.state is RunState.STOPPED
    assert "connection was lost" in outcome.run.reason
    assert COUNT // 4 <= outcome.run.counters["read"] < COUNT
    assert await stages(register) == {Stage.PRESENT: COUNT}


@pytest.mark.timeout(300)
async def test_a_connection_that_ends_in_mid_read_deprovisions_nobody(campus: Campus, register: Register) -> None:
    with Relay(campus.slapd.ldaps_port) as relay:
        relay.cut_after(400_000)
        outcome = await campus.sync(register, "full", config=campus.config(relay.port))
    assert outcome.run.state is RunState.STOPPED
    assert await stages(register) == {Stage.PRESENT: COUNT}


@pytest.mark.timeout(300)
async def test_an_account_with_a_size_limit_deprovisions_nobody(campus: Campus, register: Register) -> None:
    outcome = await campus.sync(register, "full", config=campus.config(bind=(LIMITED, LIMITED_PASSWORD)))
    assert outcome.run.state is RunState.STOPPED
    assert "limit" in outcome.run.reason.lower()
    assert await stages(register) == {Stage.PRESENT: COUNT}


@pytest.mark.timeout(300)
async def test_changes_and_leavers_arrive(campus: Campus, register: Register) -> None:
    text = ""
    for number in range(1, 101):
        text += f"dn: {person(number).dn}\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: NEW\n\n"
    campus.slapd.change(text)
    campus.slapd.delete(*(person(number).dn for number in range(101, 201)))
    changed = await campus.sync(register)
    assert (changed.run.kind, changed.run.state) == ("delta", RunState.DONE)
    assert changed.run.counters["changed"] == 100
    assert await stages(register) == {Stage.PRESENT: COUNT}  # this directory does not tell who has gone
    whole = await campus.sync(register, "full")
    assert whole.run.counters == {"read": COUNT - 100, "unchanged": COUNT - 100, "missing": 100}
    assert await stages(register) == {Stage.PRESENT: COUNT - 100, Stage.MISSING: 100}
    assert await register.count("aber", Lookup("department", "new")) == 100


@pytest.mark.timeout(300)
async def test_six_hundred_leavers_at_once_stop_the_run(campus: Campus, register: Register) -> None:
    campus.slapd.delete(*(person(number).dn for number in range(1001, 1601)))
    outcome = await campus.sync(register, "full")
    assert outcome.run.state is RunState.STOPPED
    assert "600 of 19,900 people are not in the source any more" in outcome.run.reason
    assert await stages(register) == {Stage.PRESENT: COUNT - 100, Stage.MISSING: 100}
