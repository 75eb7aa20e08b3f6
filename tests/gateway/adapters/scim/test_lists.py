"""Lists and searches: pages, order, which attributes are shown, users and groups together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.adapters.scim import listing
from gateway.crosswalks.scim import ENTERPRISE, LIBRARY, USER
from tests.gateway.adapters.scim.conftest import READER, Scim

NAMES = [f"user{number:02}" for number in range(25)]


@pytest.fixture
async def many(scim: Scim) -> Scim:
    for number, name in enumerate(NAMES):
        made = await scim.user(name, title="Dr" if number % 2 else "Mx", **{LIBRARY: {"category": f"c{number % 3}"}})
        await scim.put(source="feed:students", user_name=f"other{number}")
        if number == 7:
            await scim.do("DELETE", f"/Users/{made['id']}", status=204)
    return scim


LEFT = NAMES[:7] + NAMES[8:]


def names(said: Any) -> list[str]:
    return [each["userName"] for each in said["Resources"]]


async def test_pages_follow_each_other(many: Scim) -> None:
    listed: list[str] = []
    while True:
        said = await many.do("GET", "/Users", params={"startIndex": len(listed) + 1, "count": 7})
        assert (said["totalResults"], said["startIndex"]) == (24, len(listed) + 1)
        listed += names(said)
        if len(listed) >= 24:
            break
    assert listed == LEFT


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, LEFT[:10]),
        ({"count": 0}, []),
        ({"count": -3}, []),
        ({"count": 3}, LEFT[:3]),
        ({"count": 500}, LEFT),
        ({"startIndex": 0, "count": 2}, LEFT[:2]),
        ({"startIndex": -4, "count": 2}, LEFT[:2]),
        ({"startIndex": 24}, LEFT[-1:]),
        ({"startIndex": 25}, []),
        ({"startIndex": 900}, []),
    ],
)
@pytest.mark.parametrize("filter_", ["", "userName pr", 'userName sw "user"'])
async def test_a_page_is_where_it_is_asked_for(
    many: Scim, parameters: dict[str, int], found: list[str], filter_: str
) -> None:
    said = await many.do("GET", "/Users", params=parameters | ({"filter": filter_} if filter_ else {}))
    assert names(said) == found
    assert said["totalResults"] == 24
    assert said["itemsPerPage"] == len(found)


@pytest.mark.parametrize("filter_", ["", "userName pr"])
async def test_a_page_that_begins_beyond_all_numbers_is_refused(many: Scim, filter_: str) -> None:
    asked = {"startIndex": 10**20} | ({"filter": filter_} if filter_ else {})
    await many.do("GET", "/Users", params=asked, status=400)


async def test_a_page_costs_what_is_on_it(many: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "AT_A_TIME", 4)
    read: list[int] = []
    unseen = many.register.unseen

    async def counted(*args: Any, **more: Any) -> Any:
        found = await unseen(*args, **more)
        read.append(len(found))
        return found

    monkeypatch.setattr(many.register, "unseen", counted)
    costs = []
    for start in range(1, 25, 4):
        read.clear()
        await many.do("GET", "/Users", params={"startIndex": start, "count": 4})
        costs.append(sum(read))
    assert max(costs) <= 8
    read.clear()
    many.clock.seconds = 3600  # what was remembered is forgotten
    said = await many.do("GET", "/Users", params={"startIndex": 21, "count": 4})
    assert names(said) == LEFT[20:]
    assert sum(read) == 25


async def test_who_is_removed_between_two_pages_moves_nobody_out_of_them(many: Scim) -> None:
    first = await many.do("GET", "/Users", params={"count": 7})
    await many.do("DELETE", f"/Users/{first['Resources'][0]['id']}", status=204)
    second = await many.do("GET", "/Users", params={"startIndex": 8, "count": 7})
    assert names(first) + names(second) == LEFT[:14]


async def test_too_many_to_look_at_is_said(many: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "AT_A_TIME", 4)
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 16)
    said = await many.do("GET", "/Users", params={"filter": "title pr"}, status=400)
    assert said["scimType"] == "tooMany"
    assert await many.find('userName eq "user03"') == ["user03"]


async def test_who_looks_at_everybody_waits_for_others_who_do(many: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen, gate, full, inside = many.register.unseen, asyncio.Event(), asyncio.Event(), []

    async def held(*args: Any, **more: Any) -> Any:
        inside.append(1)
        if len(inside) == listing.WALKS:
            full.set()
        await gate.wait()
        return await unseen(*args, **more)

    monkeypatch.setattr(many.register, "unseen", held)
    walks = [asyncio.create_task(many.find("title pr", count=1)) for _ in range(5)]
    assert await many.find('userName eq "user03"') == ["user03"]
    await full.wait()
    assert await many.find('externalId eq "x" or id eq "y"') == []
    assert len(inside) == listing.WALKS
    gate.set()
    assert await asyncio.gather(*walks) == [["user00"]] * 5


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"sortBy": "userName", "sortOrder": "descending"}, LEFT[::-1][:10]),
        ({"sortBy": "userName", "startIndex": "11", "count": "3"}, LEFT[10:13]),
        ({"sortBy": "title", "filter": f'{LIBRARY}:category eq "c0"', "count": "3"}, ["user03", "user09", "user15"]),
        ({"sortBy": f"{LIBRARY}:category", "sortOrder": "descending", "count": "2"}, ["user02", "user05"]),
        ({"sortBy": "displayName", "count": "1"}, ["user00"]),
        ({"sortBy": "meta.created", "count": "0"}, []),
    ],
)
async def test_a_list_is_in_the_order_that_is_asked_for(
    many: Scim, parameters: dict[str, str], found: list[str]
) -> None:
    said = await many.do("GET", "/Users", params=parameters)
    assert names(said) == found


async def test_without_a_value_comes_last(scim: Scim) -> None:
    for name, emails in (("amy", []), ("ben", [{"value": "b@x", "type": "work"}, {"value": "z@x", "primary": True}]),
                         ("cy", [{"value": "C@x"}])):  # fmt: skip
        await scim.user(name, emails=emails)
    said = await scim.do("GET", "/Users", params={"sortBy": "emails"})
    assert names(said) == ["cy", "ben", "amy"]
    said = await scim.do("GET", "/Users", params={"sortBy": "emails.value", "sortOrder": "descending"})
    assert names(said) == ["amy", "ben", "cy"]


@pytest.mark.parametrize(
    "parameters",
    [{"sortBy": "nosuch"}, {"sortBy": "name"}, {"sortOrder": "sideways"}, {"count": "x"}, {"startIndex": "1.5"},
     {"attributes": "title", "excludedAttributes": "name"}, {"sortBy": 'emails[type eq "work"]'},
     {"attributes": ",".join(["title"] * 101)}],
)  # fmt: skip
async def test_what_cannot_be_is_refused(scim: Scim, parameters: dict[str, str]) -> None:
    await scim.do("GET", "/Users", params=parameters, status=400)


# Attributes


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"attributes": "userName"}, {"userName"}),
        ({"attributes": "USERNAME, title"}, {"userName", "title"}),
        ({"attributes": "name.familyName"}, {"name"}),
        ({"attributes": f"{USER}:title"}, {"title"}),
        ({"attributes": f"{ENTERPRISE}:department"}, {ENTERPRISE}),
        ({"attributes": "meta"}, {"meta"}),
        ({"attributes": "groups"}, {"groups"}),
        ({"attributes": "nosuch"}, set()),
        ({"attributes": "password"}, set()),
        ({"excludedAttributes": "userName,name,meta,active"}, {"title", ENTERPRISE, "groups"}),
        ({"excludedAttributes": f"id,schemas,groups,{ENTERPRISE}:department,meta,name"},
         {"userName", "active", "title", ENTERPRISE}),
    ],
)  # fmt: skip
async def test_the_attributes_asked_for_are_shown(scim: Scim, parameters: dict[str, str], shown: set[str]) -> None:
    amy = await scim.user("amy", title="Dr", name={"familyName": "Jones", "givenName": "Amy"},
                          **{ENTERPRISE: {"department": "Law", "division": "Arts"}})  # fmt: skip
    await scim.group("Staff", amy["id"])
    one = await scim.do("GET", f"/Users/{amy['id']}", params=parameters)
    assert one.keys() - {"id", "schemas"} == shown
    assert one.keys() >= {"id", "schemas"}
    listed = await scim.do("GET", "/Users", params=parameters)
    searched = await scim.do("POST", "/Users/.search", parameters)
    assert listed["Resources"] == searched["Resources"] == [one]
    if parameters.get("attributes") == "name.familyName":
        assert one["name"] == {"familyName": "Jones"}
    operation = {"op": "replace", "path": "title", "value": "Dr"}
    assert await scim.patch(f"/Users/{amy['id']}", operation, params=parameters) == one


# Users and groups


async def test_everything_is_searched_at_once(scim: Scim) -> None:
    amy = await scim.user("amy", displayName="Alpha")
    await scim.user("ben", displayName="Beta")
    await scim.group("Gamma", amy["id"])
    for said in (await scim.do("GET", ""), await scim.do("POST", "/.search", {})):
        assert said["totalResults"] == 3
        assert [each["meta"]["resourceType"] for each in said["Resources"]] == ["User", "User", "Group"]
    said = await scim.do("POST", "/.search", {"filter": 'displayName co "a"', "startIndex": 3, "count": 5})
    assert [each["displayName"] for each in said["Resources"]] == ["Gamma"]
    said = await scim.do("POST", "/.search", {"sortBy": "displayName", "sortOrder": "descending", "count": 2})
    assert [each["displayName"] for each in said["Resources"]] == ["Gamma", "Beta"]
    assert (await scim.do("POST", "/.search", {"filter": "members pr"}))["totalResults"] == 1
    assert (await scim.do("POST", "/.search", {"filter": 'userName eq "ben"'}))["totalResults"] == 1
    await scim.do("POST", "/.search", {"filter": "nosuch pr"}, status=400)


async def test_who_reads_sees_where_people_come_from_not(scim: Scim) -> None:
    """A reader sees users of every source in one list, by id."""
    await scim.user("amy")
    await scim.put(source="feed:students", user_name="ben")
    reader = scim.as_(READER)
    everybody = names(await reader.do("GET", "/Users"))
    assert sorted(everybody) == ["amy", "ben"]  # ids of one millisecond have any order
    said = await reader.do("GET", "/Users", params={"startIndex": 2})
    assert (said["totalResults"], names(said)) == (2, everybody[1:])
