"""Groups: made, changed member by member, removed; whose they are, and how large they may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.adapters.scim import bodies, patch
from gateway.crosswalks.scim import GROUP
from gateway.identity.ids import new_id
from gateway.identity.register.port import PutPerson
from tests.gateway.adapters.scim.conftest import OTHER, READER, Scim


@pytest.fixture
async def people(scim: Scim) -> list[str]:
    return [(await scim.user(name))["id"] for name in ("amy", "ben", "cy")]


def ids(group: Any) -> list[str]:
    return [each["value"] for each in group.get("members", [])]


async def test_a_group_comes_back_as_it_was_sent(scim: Scim, people: list[str]) -> None:
    response = await scim.send(
        "POST", "/Groups",
        {"schemas": [GROUP], "displayName": "Staff", "externalId": "g-1", "members": [{"value": people[0]}]},
    )  # fmt: skip
    made = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"http://gateway.test/scim/v2/aber/Groups/{made['id']}"
    assert (made["displayName"], made["externalId"]) == ("Staff", "g-1")
    address = f"http://gateway.test/scim/v2/aber/Users/{people[0]}"
    assert made["members"] == [{"value": people[0], "$ref": address, "type": "User"}]
    assert await scim.do("GET", f"/Groups/{made['id']}") == made
    amy = await scim.do("GET", f"/Users/{people[0]}")
    assert amy["groups"] == [
        {"value": made["id"], "$ref": made["meta"]["location"], "display": "Staff", "type": "direct"}
    ]
    assert await scim.find(f'groups eq "{made["id"]}"') == ["amy"]
    assert await scim.find('groups.display eq "staff"') == ["amy"]


async def test_replacing_a_group_replaces_its_members(scim: Scim, people: list[str]) -> None:
    made = await scim.group("Staff", people[0], people[1])
    body = {"displayName": "All staff", "members": [{"value": people[2]}]}
    after = await scim.do("PUT", f"/Groups/{made['id']}", body)
    assert (after["displayName"], ids(after), after["meta"]["version"]) == ("All staff", [people[2]], 'W/"2"')
    assert await scim.do("PUT", f"/Groups/{made['id']}", body) == after


def op(op_: str, path: str | None, value: Any = None) -> dict[str, Any]:
    return {"op": op_} | ({"path": path} if path else {}) | ({} if value is None else {"value": value})


AMY, BEN, CY = {"value": "{0}"}, {"value": "{1}"}, {"value": "{2}"}
CASES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("add one", [op("add", "members", [CY])], "012"),
    ("add one alone", [op("Add", "members", CY)], "012"),
    ("add one who is there", [op("add", "members", [AMY])], "01"),
    ("add without a path", [op("add", None, {"members": [CY]})], "012"),
    ("add with the schema", [op("add", f"{GROUP}:members", [CY])], "012"),
    ("add by address", [op("add", "members", [{"$ref": "http://x/Users/{2}"}])], "012"),
    ("replace all", [op("replace", "members", [CY])], "2"),
    ("replace without a path", [op("replace", None, {"members": [CY]})], "2"),
    ("replace all by none", [op("replace", "members", [])], ""),
    ("replace one", [op("replace", 'members[value eq "{0}"]', CY)], "12"),
    ("remove one", [op("remove", 'members[value eq "{0}"]')], "1"),
    ("remove one by type too", [op("remove", 'members[value eq "{0}" and type eq "User"]')], "1"),
    ("remove none of that type", [op("remove", 'members[value eq "{0}" and type eq "Group"]')], "01"),
    ("remove two", [op("remove", 'members[value eq "{0}" or value eq "{1}"]')], ""),
    ("remove some", [op("remove", 'members[value ne "{0}"]')], "0"),
    ("remove by a comparison", [op("remove", 'members.value eq "{0}"')], "1"),
    ("remove who is not there", [op("remove", 'members[value eq "{2}"]')], "01"),
    ("remove by value", [op("Remove", "members", [AMY])], "1"),
    ("remove several by value", [op("Remove", "members", [AMY, BEN, CY])], ""),
    ("remove all", [op("remove", "members")], ""),
    ("one after the other", [op("remove", "members"), op("add", "members", [CY]), op("add", "members", [AMY])], "02"),
]


def told(value: Any, people: list[str]) -> Any:
    if isinstance(value, str):
        for number, id_ in enumerate(people):
            value = value.replace(f"{{{number}}}", id_)
        return value
    if isinstance(value, list):
        return [told(each, people) for each in value]
    return {key: told(each, people) for key, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("operations", "left"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_members_come_and_go(scim: Scim, people: list[str], operations: list[dict[str, Any]], left: str) -> None:
    made = await scim.group("Staff", people[0], people[1], externalId="g-1")
    said = await scim.patch(f"/Groups/{made['id']}", *told(operations, people))
    assert ids(said) == sorted(people[int(number)] for number in left)
    assert (said["displayName"], said["externalId"]) == ("Staff", "g-1")
    changed = left != "01"
    assert said["meta"]["version"] == ('W/"2"' if changed else 'W/"1"')


async def test_name_and_members_change_together(scim: Scim, people: list[str]) -> None:
    made = await scim.group("Staff", people[0])
    value = {"id": made["id"], "displayName": "Old", "members": [{"value": people[1]}]}
    after = await scim.patch(f"/Groups/{made['id']}", op("replace", None, value), op("add", "externalId", "g-2"))
    assert (after["displayName"], ids(after), after["externalId"]) == ("Old", [people[1]], "g-2")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("nobody", op("add", "members", [{"value": "nobody"}]), "invalidValue"),
    ("no value", op("add", "members", [{"display": "x"}]), "invalidValue"),
    ("a number", op("add", "members", [{"value": 3}]), "invalidValue"),
    ("a group", op("add", "members", [{"value": "{0}", "type": "Group"}]), "invalidValue"),
    ("add nothing", op("add", "members"), "invalidValue"),
    ("part of a member", op("replace", 'members[value eq "{0}"].type', "x"), "mutability"),
    ("who is not there", op("replace", 'members[value eq "{2}"]', CY), "noTarget"),
    ("no such part", op("remove", 'members[nosuch eq "x"]'), "invalidFilter"),
    ("no name", op("remove", "displayName"), "mutability"),
    ("an empty name", op("replace", "displayName", " "), "invalidValue"),
    ("no such attribute", op("add", "nosuch", "x"), "invalidPath"),
]


@pytest.mark.parametrize(("operation", "kind"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_what_cannot_be_changes_nothing(
    scim: Scim, people: list[str], operation: dict[str, Any], kind: str
) -> None:
    made = await scim.group("Staff", people[0], people[1])
    before = [op("add", "externalId", "g-2"), op("remove", 'members[value eq "{1}"]')]
    said = await scim.patch(f"/Groups/{made['id']}", *told([*before, operation], people), status=400)
    assert said["scimType"] == kind
    assert await scim.do("GET", f"/Groups/{made['id']}") == made


async def test_a_client_has_one_group_of_a_name(scim: Scim) -> None:
    await scim.group("Staff")
    other = await scim.group("Students")
    for method, path, body in (("POST", "/Groups", {"displayName": "STAFF"}),
                               ("PUT", f"/Groups/{other['id']}", {"displayName": "staff"})):  # fmt: skip
        said = await scim.do(method, path, body, status=409)
        assert said["scimType"] == "uniqueness"
    await scim.patch(f"/Groups/{other['id']}", op("replace", "displayName", "STUDENTS"))
    assert (await scim.as_(OTHER).group("Staff"))["id"]


async def test_a_group_without_a_name_is_none(scim: Scim) -> None:
    for body in ({}, {"displayName": ""}, {"displayName": None}, {"displayName": ["x"]}):
        await scim.do("POST", "/Groups", body, status=400)


async def test_groups_are_their_clients(scim: Scim, people: list[str]) -> None:
    made = await scim.group("Staff", people[0])
    other = scim.as_(OTHER)
    address = f"/Groups/{made['id']}"
    for method, body in (("GET", None), ("PUT", {"displayName": "x"}), ("DELETE", None)):
        await other.do(method, address, body, status=404)
    assert (await other.do("GET", "/Groups"))["totalResults"] == 0
    assert await other.find(f'id eq "{made["id"]}"', "Groups") == []
    assert await other.find(f'members eq "{people[0]}"', "Groups") == []
    await other.do("POST", "/Groups", {"displayName": "g", "members": [{"value": people[0]}]}, status=400)
    reader = scim.as_(READER)
    assert (await reader.do("GET", address))["displayName"] == "Staff"


async def test_a_group_is_found_by_name_and_by_member(scim: Scim, people: list[str]) -> None:
    staff = await scim.group("Staff", people[0], people[1])
    await scim.group("Students", people[2])
    assert await scim.find('displayName eq "staff"', "Groups", excludedAttributes="members") == ["Staff"]
    assert await scim.find(f'id eq "{staff["id"]}" and members eq "{people[0]}"', "Groups") == ["Staff"]
    assert await scim.find(f'id eq "{staff["id"]}" and members eq "{people[2]}"', "Groups") == []
    assert await scim.find(f'members[value eq "{people[2]}"]', "Groups") == ["Students"]
    assert await scim.find(f'members.value eq "{people[2]}" or displayName sw "sta"', "Groups") == ["Staff", "Students"]
    said = await scim.do("GET", "/Groups", params={"filter": 'displayName eq "nosuch"'})
    assert (said["totalResults"], said["Resources"]) == (0, [])
    said = await scim.do("GET", "/Groups", params={"excludedAttributes": "members", "count": 1, "startIndex": 2})
    assert [sorted(each) for each in said["Resources"]] == [["displayName", "id", "meta", "schemas"]]
    said = await scim.do("GET", "/Groups", params={"attributes": "members.value"})
    assert [sorted(each["members"][0]) for each in said["Resources"]] == [["value"], ["value"]]


async def test_who_is_removed_is_in_no_group(scim: Scim, people: list[str]) -> None:
    made = await scim.group("Staff", *people)
    await scim.do("DELETE", f"/Users/{people[1]}", status=204)
    after = await scim.do("GET", f"/Groups/{made['id']}")
    assert (ids(after), after["meta"]["version"]) == ([people[0], people[2]], 'W/"2"')


async def test_a_group_is_removed_and_its_members_stay(scim: Scim, people: list[str]) -> None:
    made = await scim.group("Staff", *people)
    await scim.do("DELETE", f"/Groups/{made['id']}", status=204)
    for method in ("GET", "DELETE"):
        await scim.do(method, f"/Groups/{made['id']}", status=404)
    assert "groups" not in await scim.do("GET", f"/Users/{people[0]}")


async def test_a_group_may_be_large(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = await scim.put(source="scim:entra", user_name="u", source_id="u")
    everyone = [replace(someone, id=new_id(), user_name=f"u{n}", source_id=f"u{n}") for n in range(1200)]
    await scim.register.write("aber", [PutPerson(person, 0) for person in everyone])
    people = [person.id for person in everyone]
    made = await scim.group("Everybody", *people[:1199])
    address = f"/Groups/{made['id']}"
    assert ids(await scim.do("GET", address)) == sorted(people[:1199])
    assert ids(await scim.patch(address, op("add", "members", [{"value": people[1199]}]))) == sorted(people)
    assert ids(await scim.patch(address, op("remove", f'members[value eq "{people[0]}"]'))) == sorted(people[1:])
    assert await scim.find(f'members co "{people[5]}"', "Groups") == ["Everybody"]
    nobody = op("remove", 'members[value sw "x"]')
    monkeypatch.setattr(patch, "LOOKED_THROUGH", 1200 * len(nobody["path"]))
    await scim.patch(address, nobody)
    await scim.patch(address, nobody, nobody, status=413)
    monkeypatch.setattr(bodies, "MEMBERS", 1199)
    await scim.patch(address, op("add", "members", [{"value": people[0]}]), status=413)
    body = {"displayName": "x", "members": [{"value": one} for one in people]}
    await scim.do("POST", "/Groups", body, status=413)
