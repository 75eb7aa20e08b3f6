"""The door over the registers that people really run, in which what is unique is so by the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from gateway.adapters.scim.server import scim_door
from gateway.config import Config
from gateway.crosswalks.scim import ENTERPRISE, LIBRARY
from gateway.identity.model import Stage
from gateway.identity.register import migrate, open_register
from gateway.members import Members
from tests.gateway.adapters.scim.conftest import OTHER, READER, SETTINGS, Clock, Recorded, Scim
from tests.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, str | None]]:
    """The URL of the owner, that of the application, and its role."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'register.sqlite3'}"
        yield url, url, None
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    database = cluster.create_database()
    yield database.admin_dsn, database.app_dsn, database.app_role
    cluster.drop_database(database)


@pytest.fixture
async def scim(place: tuple[str, str, str | None], config: Config) -> AsyncIterator[Scim]:
    owner, url, role = place
    await migrate.upgrade(owner, app_role=role)
    register: Any = await open_register(url)
    clock, recorded = Clock(), Recorded()
    door = scim_door(register, Members(config, clock=clock), SETTINGS, clock=clock, recorder=recorded)
    yield Scim(door, register, clock, recorded, Starlette(routes=door.routes()))
    await register.close()


async def test_people_come_change_go_and_come_back(scim: Scim) -> None:
    known = await scim.put(barcode="b-1", category="UG")
    sent = {LIBRARY: {"barcode": "B-1"}, ENTERPRISE: {"employeeNumber": "s-1"}, "title": "Ŵ"}
    amy = await scim.user("amy@x", externalId="e-1", **sent)
    assert amy["id"] == known.id
    address = f"/Users/{amy['id']}"
    assert await scim.do("GET", address) == amy
    for again in ({"userName": "AMY@x"}, {"userName": "x", "externalId": "e-1"}, {"userName": "x", **sent}):
        await scim.do("POST", "/Users", again, status=409)
    ben = await scim.user("ben")
    await scim.patch(f"/Users/{ben['id']}", {"op": "add", "path": "userName", "value": "amy@X"}, status=409)
    changed = await scim.patch(address, {"op": "remove", "path": "title"})
    assert changed["meta"]["version"] == 'W/"3"'
    staff = await scim.group("Staff", amy["id"], ben["id"])
    await scim.do("DELETE", address, status=204)
    assert (await scim.person(amy["id"])).stage is Stage.EXPIRED
    assert [each["value"] for each in (await scim.do("GET", f"/Groups/{staff['id']}"))["members"]] == [ben["id"]]
    body = {"op": "add", "value": {"userName": "amy@x", "externalId": "e-1"}}
    await scim.patch(f"/Users/{ben['id']}", body)
    back = await scim.user("amy2", **{ENTERPRISE: {"employeeNumber": "S-1"}})
    assert back["id"] == amy["id"]
    assert back[LIBRARY] == {"barcode": "B-1", "category": "UG"}


async def test_everybody_is_listed_and_found(scim: Scim) -> None:
    made = [await scim.user(f"user{number:02}", externalId=f"E{number}") for number in range(12)]
    await scim.as_(OTHER).user("user99")
    await scim.put(source="feed:students", user_name="user98")
    await scim.do("DELETE", f"/Users/{made[3]['id']}", status=204)
    left = [each["userName"] for each in made if each is not made[3]]
    first = await scim.do("GET", "/Users")
    second = await scim.do("GET", "/Users", params={"startIndex": 11})
    assert [each["userName"] for each in first["Resources"] + second["Resources"]] == left
    assert first["totalResults"] == second["totalResults"] == 11
    assert await scim.find('userName sw "user" and externalId sw "E1"') == ["user01", "user10", "user11"]
    assert await scim.find('not (userName sw "user0")') == ["user10", "user11"]
    assert (await scim.as_(READER).do("GET", "/Users"))["totalResults"] == 14
    group = await scim.group("Staff", made[0]["id"])
    assert await scim.find(f'members eq "{made[0]["id"]}"', "Groups") == ["Staff"]
    assert (await scim.do("GET", f"/Users/{made[0]['id']}"))["groups"][0]["value"] == group["id"]


async def test_changes_at_one_moment_are_all_made(scim: Scim) -> None:
    amy = await scim.user("amy")
    paths = ("title", "nickName", "userType")
    changes = [scim.patch(f"/Users/{amy['id']}", {"op": "add", "path": path, "value": "x"}) for path in paths]
    await asyncio.gather(*changes)
    after = await scim.do("GET", f"/Users/{amy['id']}")
    assert [after.get(path) for path in paths] == ["x", "x", "x"]
