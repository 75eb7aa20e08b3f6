"""PATCH of users: the RFC's operations, in order, all or none; and what Entra ID and others send in their own way."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.crosswalks.scim import ENTERPRISE, LIBRARY, USER
from tests.gateway.adapters.scim.conftest import Scim

Op = dict[str, Any]
WORK = {"value": "amy@work.example", "type": "work", "primary": True}
HOME = {"value": "amy@home.example", "type": "home"}


@pytest.fixture
async def amy(scim: Scim) -> Any:
    return await scim.user(
        "amy",
        title="Dr",
        name={"familyName": "Jones", "givenName": "Amy"},
        emails=[WORK, HOME],
        **{ENTERPRISE: {"department": "Law"}, LIBRARY: {"barcode": "1"}},
    )


def seen(user: Any, path: str) -> Any:
    for part in path.split("/"):
        user = user.get(part) if isinstance(user, dict) else user[int(part)]
        if user is None:
            return None
    return user


CASES: list[tuple[str, list[Op], dict[str, Any]]] = [
    ("add a value", [{"op": "add", "path": "nickName", "value": "A"}], {"nickName": "A"}),
    ("add to a value", [{"op": "add", "path": "title", "value": "Prof"}], {"title": "Prof"}),
    ("add a part", [{"op": "add", "path": "name.middleName", "value": "B"}],
     {"name": {"familyName": "Jones", "givenName": "Amy", "middleName": "B"}}),
    ("add parts", [{"op": "add", "path": "name", "value": {"givenName": "Ann"}}],
     {"name": {"familyName": "Jones", "givenName": "Ann"}}),
    ("add an entry", [{"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "work"}]}],
     {"phoneNumbers": [{"value": "1", "type": "work"}]}),
    ("add one more", [{"op": "add", "path": "emails", "value": [{"value": "x@x"}]}],
     {"emails": [WORK, HOME, {"value": "x@x"}]}),
    ("add what is there", [{"op": "add", "path": "emails", "value": [HOME]}], {"emails": [WORK, HOME]}),
    ("a new primary", [{"op": "add", "path": "emails", "value": [{"value": "x@x", "primary": True}]}],
     {"emails": [{**WORK, "primary": False}, HOME, {"value": "x@x", "primary": True}]}),
    ("add without a path", [{"op": "add", "value": {"nickName": "A", "emails": [{"value": "x@x"}]}}],
     {"nickName": "A", "emails/2/value": "x@x"}),
    ("replace", [{"op": "replace", "path": "title", "value": "Prof"}], {"title": "Prof"}),
    ("replace what is not there", [{"op": "replace", "path": "nickName", "value": "A"}], {"nickName": "A"}),
    ("replace all entries", [{"op": "replace", "path": "emails", "value": [HOME]}], {"emails": [HOME]}),
    ("replace in an entry", [{"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@x"}],
     {"emails": [WORK, {"value": "x@x", "type": "home"}]}),
    ("replace an entry", [{"op": "replace", "path": 'emails[value co "home"]', "value": {"value": "x@x"}}],
     {"emails/1/value": "x@x"}),
    ("replace without a path", [{"op": "replace", "value": {"title": "Prof", "name": {"givenName": "Ann"}}}],
     {"title": "Prof", "name/familyName": "Jones", "name/givenName": "Ann"}),
    ("replace by nothing", [{"op": "replace", "path": "title", "value": None}], {"title": None}),
    ("remove", [{"op": "remove", "path": "title"}], {"title": None}),
    ("remove a part", [{"op": "remove", "path": "name.givenName"}], {"name": {"familyName": "Jones"}}),
    ("remove an entry", [{"op": "remove", "path": 'emails[type eq "home"]'}], {"emails": [WORK]}),
    ("remove in an entry", [{"op": "remove", "path": 'emails[type eq "home"].type'}],
     {"emails/1": {"value": "amy@home.example"}}),
    ("remove all entries", [{"op": "remove", "path": "emails"}], {"emails": None}),
    ("remove what is not there", [{"op": "remove", "path": 'emails[type eq "other"]'}], {"emails": [WORK, HOME]}),
    ("remove what is always there", [{"op": "remove", "path": "active"}], {"active": None}),
    ("an extension", [{"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Arts"}],
     {f"{ENTERPRISE}/department": "Arts"}),
    ("parts of an extension", [{"op": "add", "path": LIBRARY, "value": {"category": "UG"}}],
     {LIBRARY: {"barcode": "1", "category": "UG"}}),
    ("remove an extension", [{"op": "remove", "path": ENTERPRISE}], {ENTERPRISE: None}),
    ("with the schema", [{"op": "replace", "path": f"{USER}:name.givenName", "value": "Ann"}],
     {"name/givenName": "Ann"}),
    ("one after the other", [{"op": "add", "path": "emails", "value": [{"value": "x@x", "type": "other"}]},
                             {"op": "replace", "path": 'emails[type eq "other"].value', "value": "y@y"},
                             {"op": "remove", "path": 'emails[type eq "work"]'}],
     {"emails": [HOME, {"value": "y@y", "type": "other"}]}),
    ("what is not kept", [{"op": "add", "path": "locale", "value": "cy"}, {"op": "add", "path": "title", "value": "x"},
                          {"op": "replace", "path": 'photos[type eq "photo"].value', "value": "https://a.example"}],
     {"title": "x", "locale": None}),
    # Entra ID, Okta and others
    ("capital letters", [{"op": "Replace", "path": "TITLE", "value": "Prof"}], {"title": "Prof"}),
    ("booleans as text", [{"op": "Replace", "path": "active", "value": "False"}], {"active": False}),
    ("booleans as text with no path", [{"op": "Replace", "value": {"active": "False"}}], {"active": False}),
    ("an entry that is not there", [{"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "1"}],
     {"phoneNumbers": [{"value": "1", "type": "mobile"}]}),
    ("another that is not there", [{"op": "Replace", "path": 'emails[type eq "other"].value', "value": "x@x"}],
     {"emails": [WORK, HOME, {"value": "x@x", "type": "other"}]}),
    ("two of an entry that is not there",
     [{"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Aber"},
      {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "Wales"}],
     {"addresses": [{"type": "work", "locality": "Aber", "country": "Wales"}]}),
    ("dots in keys", [{"op": "replace", "value": {"name.givenName": "Ann", f"{ENTERPRISE}:department": "Arts",
                                                  'emails[type eq "work"].value': "x@x"}}],
     {"name/givenName": "Ann", f"{ENTERPRISE}/department": "Arts", "emails/0/value": "x@x"}),
    ("what may not be written beside what may", [{"op": "replace", "value": {"id": "x", "schemas": [], "title": "T"}}],
     {"title": "T"}),
    ("what is not known beside what is", [{"op": "replace", "value": {"nosuch": 1, "a b": 2, "title": "T"}}],
     {"title": "T", "nosuch": None}),
    ("a manager by id", [{"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "boss"}],
     {f"{ENTERPRISE}/manager": {"value": "boss"}}),
    ("a manager in a list", [{"op": "Add", "path": f"{ENTERPRISE}:manager", "value": [{"value": "boss", "$ref": "r"}]}],
     {f"{ENTERPRISE}/manager": {"value": "boss", "$ref": "r"}}),
    ("a manager without the schema", [{"op": "Add", "path": "manager", "value": [{"$ref": "r", "value": "boss"}]}],
     {f"{ENTERPRISE}/manager": {"value": "boss", "$ref": "r"}}),
    ("a manager removed by value", [{"op": "Add", "path": "manager", "value": "boss"},
                                    {"op": "Remove", "path": "manager", "value": "boss"}],
     {f"{ENTERPRISE}/manager": None}),
    ("a manager with no path", [{"op": "Add", "value": {ENTERPRISE: {"manager": "boss"}}}],
     {f"{ENTERPRISE}/manager/value": "boss"}),
    ("a manager with a key", [{"op": "Add", "value": {f"{ENTERPRISE}:manager": "boss"}}],
     {f"{ENTERPRISE}/manager/value": "boss"}),
    ("no manager", [{"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "boss"},
                    {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": ""}],
     {f"{ENTERPRISE}/manager": None}),
    ("remove by value", [{"op": "Remove", "path": "emails", "value": [{"value": "amy@home.example"}]}],
     {"emails": [WORK]}),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_an_operation_does_what_it_says(
    scim: Scim, amy: Any, operations: list[Op], after: dict[str, Any]
) -> None:
    said = await scim.patch(f"/Users/{amy['id']}", *operations)
    assert {path: seen(said, path) for path in after} == after
    assert await scim.do("GET", f"/Users/{amy['id']}") == said
    touched = {path.split("/")[0] for path in after} | {"meta", "schemas"}
    assert {k: v for k, v in said.items() if k not in touched} == {k: v for k, v in amy.items() if k not in touched}


BAD: list[tuple[str, Any, int, str]] = [
    ("no operations", [], 400, "invalidSyntax"),
    ("no list", {"op": "add"}, 400, "invalidSyntax"),
    ("no object", ["add"], 400, "invalidSyntax"),
    ("another op", [{"op": "move", "path": "title", "value": "x"}], 400, "invalidSyntax"),
    ("no op", [{"path": "title", "value": "x"}], 400, "invalidSyntax"),
    ("remove nothing", [{"op": "remove"}], 400, "noTarget"),
    ("add nothing", [{"op": "add", "path": "title"}], 400, "invalidValue"),
    ("no value", [{"op": "replace", "path": "title"}], 400, "invalidValue"),
    ("a value for no path", [{"op": "add", "value": "x"}], 400, "invalidValue"),
    ("no such path", [{"op": "add", "path": "nosuch", "value": "x"}], 400, "invalidPath"),
    ("no path at all", [{"op": "add", "path": "a b c", "value": "x"}], 400, "invalidPath"),
    ("a path that is a number", [{"op": "add", "path": 3, "value": "x"}], 400, "invalidPath"),
    ("a filter that is none", [{"op": "remove", "path": "emails[type eq]"}], 400, "invalidPath"),
    ("a filter that fits nothing", [{"op": "replace", "path": 'emails[type ne "x" and value sw "q"].value',
                                     "value": "x"}], 400, "noTarget"),
    ("of another type", [{"op": "replace", "path": "active", "value": "perhaps"}], 400, "invalidValue"),
    ("a number for a text", [{"op": "replace", "path": "title", "value": 3}], 400, "invalidValue"),
    ("an object for a text", [{"op": "replace", "path": "title", "value": {"a": 1}}], 400, "invalidValue"),
    ("a day that is none", [{"op": "replace", "path": f"{LIBRARY}:expires", "value": "31/7/2027"}], 400,
     "invalidValue"),
    ("an id", [{"op": "replace", "path": "id", "value": "x"}], 400, "mutability"),
    ("groups", [{"op": "add", "path": "groups", "value": [{"value": "x"}]}], 400, "mutability"),
    ("no userName", [{"op": "remove", "path": "userName"}], 400, "mutability"),
    ("an empty userName", [{"op": "replace", "path": "userName", "value": " "}], 400, "invalidValue"),
    ("two primary ones", [{"op": "add", "path": "emails", "value": [{"value": "a@a", "primary": True},
                                                                    {"value": "b@b", "primary": True}]}], 400,
     "invalidValue"),
    ("too many", [{"op": "add", "path": "title", "value": "x"}] * 1001, 413, ""),
    ("too many of no kind", [{"op": "add", "value": {f"x{n}": n for n in range(1001)}}], 413, ""),
    ("too many for a user", [{"op": "add", "path": "title", "value": "x"}] * 101, 413, ""),
    ("too many keys", [{"op": "add", "value": {f'emails[value eq "{n}"].type': "x" for n in range(101)}}], 413, ""),
    ("too many values", [{"op": "add", "path": "emails", "value": [{"value": f"{n}@x"} for n in range(101)]}], 413, ""),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "status", "kind"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_all_operations_are_carried_out_or_none(
    scim: Scim, amy: Any, operations: Any, status: int, kind: str
) -> None:
    first: list[Op] = [{"op": "replace", "path": "nickName", "value": "A"}] if isinstance(operations, list) else []
    sent = first + operations if operations and first else operations
    said = await scim.do("PATCH", f"/Users/{amy['id']}", {"Operations": sent}, status=status)
    assert said.get("scimType", "") == kind
    assert await scim.do("GET", f"/Users/{amy['id']}") == amy


async def test_what_changes_nothing_makes_no_version(scim: Scim, amy: Any) -> None:
    operations = [{"op": "add", "path": "title", "value": "Dr"}, {"op": "remove", "path": "nickName"}]
    assert await scim.patch(f"/Users/{amy['id']}", *operations) == amy


async def test_another_message_is_no_patch(scim: Scim, amy: Any) -> None:
    body = {"schemas": [USER], "Operations": [{"op": "remove", "path": "title"}]}
    said = await scim.do("PATCH", f"/Users/{amy['id']}", body, status=400)
    assert said["scimType"] == "invalidSyntax"


async def test_entra_makes_changes_disables_and_removes(scim: Scim) -> None:
    """As its provisioning service goes: it looks, makes, looks again, changes, disables, finds and removes."""
    lookup = 'externalId eq "jyoung"'
    assert await scim.find(lookup) == []
    body = {
        "schemas": [USER, ENTERPRISE],
        "externalId": "jyoung",
        "userName": "Test_User_ab6490ee@campus.example",
        "active": True,
        "addresses": None,
        "displayName": "lennay",
        "emails": [{"type": "work", "value": "testing@campus.example", "primary": True}],
        "meta": {"resourceType": "User"},
        "name": {"familyName": "kaylee", "givenName": "leia"},
        "phoneNumbers": None,
        "preferredLanguage": None,
        "roles": [],
        "title": None,
        "department": None,
        "manager": None,
    }
    made = await scim.do(
        "POST", "/Users", body, status=201, headers={"Content-Type": "application/scim+json; charset=utf-8"}
    )
    assert await scim.find(lookup) == [body["userName"]]
    address = f"/Users/{made['id']}"
    changed = await scim.patch(
        address,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@campus.example"},
        {"op": "Add", "path": "nickName", "value": "Babs"},
        {"op": "Replace", "path": "name.familyName", "value": "Young"},
        {"op": "Add", "path": f"{ENTERPRISE}:employeeNumber", "value": "701984"},
    )
    assert changed["emails"][0]["value"] == "new@campus.example"
    await scim.patch(address, {"op": "Replace", "path": "active", "value": "False"})
    found = await scim.do("GET", "/Users", params={"filter": lookup})
    assert [each["active"] for each in found["Resources"]] == [False]
    await scim.do("DELETE", address, status=204)
    await scim.do("GET", address, status=404)
    assert await scim.find(lookup) == []
    assert (await scim.do("POST", "/Users", body, status=201))["id"] == made["id"]


async def test_filters_of_a_patch_are_bounded(scim: Scim, amy: Any) -> None:
    either = " or ".join(f'value eq "{number}@campus.example"' for number in range(20))
    operation = {"op": "replace", "path": f"emails[{either} or primary pr].type", "value": "work"}
    assert 500 < len(operation["path"]) < 1000
    await scim.patch(
        f"/Users/{amy['id']}", {"op": "add", "path": "emails", "value": [{"value": "a@b.c", "primary": True}]}
    )
    await scim.patch(f"/Users/{amy['id']}", *[operation] * 4)
    await scim.patch(f"/Users/{amy['id']}", *[operation] * 9, status=413)
