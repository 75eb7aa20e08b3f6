"""Users: made, read, replaced, removed; what the register has of them; linking and coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.scim import ENTERPRISE, LIBRARY, USER
from gateway.identity.model import Stage
from gateway.identity.register.port import PutPerson, RegisterUnavailable, StaleVersion
from tests.gateway.adapters.scim.conftest import BANGOR, ENTRA, KIOSK, OTHER, READER, Scim

AMY = {
    "schemas": [USER, ENTERPRISE, LIBRARY],
    "userName": "amy@aber.example",
    "externalId": "e-1",
    "name": {"familyName": "Jones", "givenName": "Amy", "honorificPrefix": "Dr"},
    "displayName": "Amy Jones",
    "nickName": "Ames",
    "title": "Lecturer",
    "preferredLanguage": "cy-GB",
    "active": True,
    "emails": [
        {"value": "amy@home.example", "type": "home"},
        {"value": "amy@aber.example", "type": "work", "primary": True},
    ],
    "phoneNumbers": [{"value": "+44 1970 1", "type": "mobile"}],
    "addresses": [{"streetAddress": "1 Heol y Wig", "locality": "Aberystwyth", "postalCode": "SY23 2LN",
                   "type": "work"}],
    ENTERPRISE: {"employeeNumber": "S1234", "department": "Law", "manager": {"value": "boss"}},
    LIBRARY: {"barcode": "20100001", "category": "STAFF", "expires": "2027-07-31T23:00:00Z", "affiliation": "staff",
              "homeLibrary": "HUGH", "principalName": "amy@aber.ac.uk"},
}  # fmt: skip


async def test_what_was_sent_comes_back_and_stands_in_the_register(scim: Scim) -> None:
    response = await scim.send("POST", "/Users", AMY)
    made = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == made["meta"]["location"]
    assert response.headers["etag"] == made["meta"]["version"] == 'W/"1"'
    assert made["meta"] | {"location": ""} == {
        "resourceType": "User",
        "created": "2026-11-22T12:00:00Z",
        "lastModified": "2026-11-22T12:00:00Z",
        "location": "",
        "version": 'W/"1"',
    }
    assert made["meta"]["location"] == f"http://gateway.test/scim/v2/aber/Users/{made['id']}"
    assert {key: value for key, value in made.items() if key not in ("id", "meta")} == AMY
    assert await scim.do("GET", f"/Users/{made['id']}") == made

    person = await scim.person(made["id"])
    assert (person.source, person.source_id, person.user_name) == ("scim:entra", "e-1", "amy@aber.example")
    assert (person.family, person.given, person.preferred, person.display) == ("Jones", "Amy", "Ames", "Amy Jones")
    assert person.emails == ("amy@aber.example", "amy@home.example")
    assert person.addresses == ("1 Heol y Wig, Aberystwyth, SY23 2LN",)
    assert (person.language, person.expires_on, person.category) == ("cy", "2027-07-31", "STAFF")
    assert (person.affiliations, person.department, person.eppn) == (("staff",), "Law", "amy@aber.ac.uk")
    assert person.identifier(IdentifierType.BARCODE) == "20100001"
    assert person.identifier(IdentifierType.SIS) == "S1234"
    assert person.identifier(IdentifierType.USERNAME) == "amy@aber.example"


async def test_a_name_to_show_is_made_of_the_others(scim: Scim) -> None:
    made = await scim.user("amy", name={"familyName": "Jones", "givenName": "Amy"})
    assert "displayName" not in made
    assert (await scim.person(made["id"])).display == "Amy Jones"


async def test_what_the_library_needs_not_is_not_kept(scim: Scim) -> None:
    made = await scim.user("amy", password="pw", photos=[{"value": "https://a.example/p"}], nonsense=1, locale="cy")
    assert {"password", "photos", "nonsense", "locale"} & made.keys() == set()
    assert (await scim.person(made["id"])).extra == {"unset": ["displayName"]}


async def test_somebody_who_is_not_active_is_kept_and_found(scim: Scim) -> None:
    made = await scim.user("amy")
    assert made["active"] is True
    await scim.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    assert (await scim.do("GET", f"/Users/{made['id']}"))["active"] is False
    assert await scim.find('userName eq "amy"') == ["amy"]
    assert await scim.find("active eq false") == ["amy"]


async def test_replacing_takes_away_what_is_not_sent(scim: Scim) -> None:
    made = await scim.do("POST", "/Users", AMY, status=201)
    scim.clock.seconds = 60
    after = await scim.do("PUT", f"/Users/{made['id']}", {"schemas": [USER], "userName": "amy2", "id": "other"})
    assert after["userName"] == "amy2"
    assert after["id"] == made["id"]
    assert {"name", "emails", "title", ENTERPRISE} & after.keys() == set()
    assert after["meta"]["version"] == 'W/"2"'
    assert after["meta"]["lastModified"] == "2026-11-22T12:01:00Z"
    person = await scim.person(made["id"])
    assert person.identifier(IdentifierType.USERNAME) == "amy2"
    assert person.identifier(IdentifierType.SIS) == ""


async def test_replacing_leaves_what_the_client_knows_nothing_of(scim: Scim) -> None:
    made = await scim.do("POST", "/Users", AMY, status=201)
    address = f"/Users/{made['id']}"
    await scim.patch(address, {"op": "replace", "path": "active", "value": False})
    after = await scim.do("PUT", address, {"schemas": [USER], "userName": "amy"})
    assert after[LIBRARY] == AMY[LIBRARY]
    assert after["active"] is False
    after = await scim.do("PUT", address, {"schemas": [USER], "userName": "amy", LIBRARY: {"category": "UG"}})
    assert after[LIBRARY] == {"category": "UG"}


async def test_changing_nothing_makes_no_new_version(scim: Scim) -> None:
    made = await scim.do("POST", "/Users", AMY, status=201)
    scim.clock.seconds = 60
    assert await scim.do("PUT", f"/Users/{made['id']}", AMY) == made


async def test_what_was_never_changed_was_changed_when_it_was_made(scim: Scim) -> None:
    scim.clock.step = 0.001
    for made in (await scim.user("amy"), await scim.group("Staff")):
        assert made["meta"]["created"] == made["meta"]["lastModified"]
    person = await scim.put(username="ben")
    linked = await scim.user("ben")
    assert linked["id"] == person.id
    assert linked["meta"]["created"] < linked["meta"]["lastModified"]


async def test_a_card_that_is_replaced_opens_nothing_and_is_nobody_elses(scim: Scim) -> None:
    amy = await scim.user("amy", **{LIBRARY: {"barcode": "1"}})
    await scim.patch(f"/Users/{amy['id']}", {"op": "replace", "path": f"{LIBRARY}:barcode", "value": "2"})
    person = await scim.person(amy["id"])
    cards = {(one.value, one.active) for one in person.identifiers if one.type is IdentifierType.BARCODE}
    assert cards == {("2", True), ("1", False)}
    await scim.do("POST", "/Users", {"userName": "ben", LIBRARY: {"barcode": "1"}}, status=409)
    await scim.patch(f"/Users/{amy['id']}", {"op": "replace", "path": f"{LIBRARY}:barcode", "value": "1"})
    assert (await scim.person(amy["id"])).identifier(IdentifierType.BARCODE) == "1"


# Unique names


@pytest.mark.parametrize(
    "second",
    [{"userName": "AMY"}, {"userName": "x", "externalId": "e-1"}, {"userName": "x", LIBRARY: {"barcode": "b-1"}},
     {"userName": "x", ENTERPRISE: {"employeeNumber": "s-1"}}],
    ids=["userName", "externalId", "barcode", "employeeNumber"],
)  # fmt: skip
async def test_nobody_is_made_twice(scim: Scim, second: dict[str, object]) -> None:
    await scim.user("amy", externalId="e-1", **{LIBRARY: {"barcode": "b-1"}, ENTERPRISE: {"employeeNumber": "s-1"}})
    said = await scim.do("POST", "/Users", second, status=409)
    assert said["scimType"] == "uniqueness"


async def test_nobody_gets_the_name_of_another(scim: Scim) -> None:
    await scim.user("amy")
    ben = await scim.user("ben")
    operation = {"op": "replace", "path": "userName", "value": "Amy"}
    said = await scim.patch(f"/Users/{ben['id']}", operation, status=409)
    assert said["scimType"] == "uniqueness"
    assert "userName" in said["detail"]
    await scim.do("PUT", f"/Users/{ben['id']}", {"userName": "amy"}, status=409)


# Linking


@pytest.mark.parametrize(
    ("known", "sent"),
    [({"username": "AMY"}, {}), ({"barcode": "b-1"}, {LIBRARY: {"barcode": "b-1"}}),
     ({"sis": "s-1"}, {ENTERPRISE: {"employeeNumber": "S-1"}}), ({"external": "e-1"}, {"externalId": "e-1"}),
     ({"external_id": "e-1"}, {"externalId": "e-1"})],
    ids=["userName", "barcode", "employeeNumber", "external", "externalId"],
)  # fmt: skip
async def test_whom_the_library_knows_is_linked(scim: Scim, known: dict[str, str], sent: dict[str, object]) -> None:
    person = await scim.put(category="STAFF", display="A. Jones", expires_on="2028-01-01", platform_id="p-1", **known)
    made = await scim.user("amy", title="Dr", **sent)
    assert made["id"] == person.id
    assert made["displayName"] == "A. Jones"
    linked = await scim.person(person.id)
    assert (linked.source, linked.category, linked.expires_on) == ("scim:entra", "STAFF", "2028-01-01")
    assert linked.platform_id == "p-1"
    assert linked.version == 2
    await scim.do("POST", "/Users", {"userName": "amy", **sent}, status=409)


async def test_somebody_whom_the_library_had_expired_borrows_again(scim: Scim) -> None:
    person = await scim.put(username="amy", stage=Stage.EXPIRED, active=False)
    assert (await scim.user("amy"))["active"] is True
    assert (await scim.person(person.id)).stage is Stage.PRESENT


async def test_two_who_fit_are_not_one(scim: Scim) -> None:
    await scim.put(username="amy")
    await scim.put(barcode="b-1")
    said = await scim.do("POST", "/Users", {"userName": "amy", LIBRARY: {"barcode": "b-1"}}, status=409)
    assert said["scimType"] == "uniqueness"


async def test_another_number_is_another_person(scim: Scim) -> None:
    person = await scim.put(username="amy", sis="1")
    await scim.do("POST", "/Users", {"userName": "amy", ENTERPRISE: {"employeeNumber": "2"}}, status=409)
    assert await scim.person(person.id) == person


@pytest.mark.parametrize("source", ["feed:students", "scim:other"])
async def test_people_of_other_sources_are_in_the_way(scim: Scim, source: str) -> None:
    person = await scim.put(source=source, username="amy")
    await scim.do("POST", "/Users", {"userName": "amy"}, status=409)
    await scim.do("GET", f"/Users/{person.id}", status=404)
    await scim.do("DELETE", f"/Users/{person.id}", status=404)
    await scim.do("PUT", f"/Users/{person.id}", {"userName": "amy"}, status=404)
    assert await scim.find('userName eq "amy"') == []
    assert await scim.person(person.id) == person


@pytest.mark.parametrize("source", ["feed:students", "scim:other"])
async def test_the_ids_of_other_systems_mean_nothing_here(scim: Scim, source: str) -> None:
    person = await scim.put(source=source, external_id="42", source_id="42")
    assert (await scim.user("amy", externalId="42"))["id"] != person.id


# Removing


async def test_whom_a_client_removes_is_expired_and_not_dropped(scim: Scim) -> None:
    made = await scim.do("POST", "/Users", AMY, status=201)
    address = f"/Users/{made['id']}"
    await scim.do("DELETE", address, status=204)
    for method, body in (("GET", None), ("DELETE", None), ("PUT", AMY)):
        await scim.do(method, address, body, status=404)
    assert await scim.find('userName eq "amy@aber.example"') == []
    assert (await scim.do("GET", "/Users"))["totalResults"] == 0
    person = await scim.person(made["id"])
    assert (person.stage, person.active, person.user_name, person.external_id) == (Stage.EXPIRED, False, "", "")
    assert person.identifier(IdentifierType.BARCODE) == "20100001"
    assert person.identifier(IdentifierType.USERNAME) == ""


async def test_a_name_is_free_once_its_bearer_is_removed(scim: Scim) -> None:
    amy = await scim.user("amy", externalId="e-1")
    ben = await scim.user("ben")
    await scim.do("DELETE", f"/Users/{amy['id']}", status=204)
    operations = [
        {"op": "add", "path": "userName", "value": "amy"},
        {"op": "add", "path": "externalId", "value": "e-1"},
    ]
    after = await scim.patch(f"/Users/{ben['id']}", *operations)
    assert (after["userName"], after["externalId"]) == ("amy", "e-1")
    assert await scim.patch(f"/Users/{ben['id']}", *operations) == after
    await scim.do("DELETE", f"/Users/{ben['id']}", status=204)
    assert (await scim.user("amy", externalId="e-1"))["id"] == ben["id"]


@pytest.mark.parametrize(
    "sent",
    [{"externalId": "e-1"}, {LIBRARY: {"barcode": "b-1"}}, {ENTERPRISE: {"employeeNumber": "s-1"}}],
    ids=["externalId", "barcode", "employeeNumber"],
)
async def test_somebody_who_comes_back_is_the_same_person(scim: Scim, sent: dict[str, object]) -> None:
    amy = await scim.user(
        "amy", externalId="e-1", **{LIBRARY: {"barcode": "b-1"}, ENTERPRISE: {"employeeNumber": "s-1"}}
    )
    await scim.do("DELETE", f"/Users/{amy['id']}", status=204)
    back = await scim.user("amy", **sent)
    assert back["id"] == amy["id"]
    person = await scim.person(amy["id"])
    assert (person.stage, person.active, person.user_name) == (Stage.PRESENT, True, "amy")
    assert (await scim.do("GET", f"/Users/{amy['id']}"))["userName"] == "amy"


# Who may


async def test_clients_see_their_own_people(scim: Scim) -> None:
    amy = await scim.user("amy")
    other = scim.as_(OTHER)
    await other.do("GET", f"/Users/{amy['id']}", status=404)
    assert await other.find('userName eq "amy"') == []
    assert (await other.do("GET", "/Users"))["totalResults"] == 0


async def test_who_may_only_read_sees_everybody_and_changes_nobody(scim: Scim) -> None:
    amy = await scim.user("amy")
    person = await scim.put(source="feed:students", user_name="ben", stage=Stage.EXPIRED, active=False)
    reader = scim.as_(READER)
    assert {each["id"] for each in (await reader.do("GET", "/Users"))["Resources"]} == {amy["id"], person.id}
    assert await reader.find('userName sw "b"') == ["ben"]
    assert (await reader.do("GET", f"/Users/{person.id}"))["active"] is False
    address = f"/Users/{amy['id']}"
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": []}
    for method, path, sent in (("POST", "/Users", AMY), ("PUT", address, AMY), ("DELETE", address, None),
                               ("POST", "/Groups", {"displayName": "g"}), ("POST", "/Bulk", body),
                               ("PATCH", address, {"Operations": [{"op": "remove", "path": "title"}]})):  # fmt: skip
        await reader.do(method, path, sent, status=403)


async def test_everybody_has_a_user_name(scim: Scim) -> None:
    """A required attribute (RFC 7643 4.1.1): of whom no client has named it is the login, and else the id."""
    jane = await scim.put(source="feed:students", username="Jane1", barcode="20000001")
    card = await scim.put(source="feed:students", barcode="20000002")
    reader = scim.as_(READER)
    assert {each["userName"] for each in (await reader.do("GET", "/Users"))["Resources"]} == {"Jane1", card.id}
    assert await reader.find('userName eq "jane1"') == ["Jane1"]
    assert await reader.find('userName sw "JA"') == ["Jane1"]
    assert await reader.find(f'userName eq "{card.id}"') == await reader.find('userName sw "0"') == [card.id]
    assert (await scim.person(jane.id)).user_name == ""


async def test_a_key_without_the_scope_gets_nothing(scim: Scim) -> None:
    await scim.as_(KIOSK).do("GET", "/Users", status=403)


async def test_members_know_nothing_of_each_other(scim: Scim) -> None:
    amy = await scim.user("amy")
    bangor = scim.as_(BANGOR, "bangor")
    await bangor.do("GET", f"/Users/{amy['id']}", status=404)
    assert (await bangor.do("GET", "/Users"))["totalResults"] == 0
    assert (await bangor.user("amy"))["id"] != amy["id"]
    for key, member in ((BANGOR, "aber"), (ENTRA, "bangor"), (ENTRA, "cardiff"), (ENTRA, "nowhere")):
        await scim.as_(key, member).do("GET", "/Users", status=404)


# When others write too


class Racing:
    """A register in which somebody else is faster, `times` times."""

    def __init__(self, scim: Scim, times: int) -> None:
        self.write, self.person, self.times = scim.register.write, scim.register.person, times

    async def __call__(self, member: str, effects: list[object]) -> None:
        if self.times:
            self.times -= 1
            effect = effects[-1]
            assert isinstance(effect, PutPerson)
            person = await self.person(member, effect.person.id)
            assert person is not None
            await self.write(member, [PutPerson(replace(person, department="Law"), person.version)])
            raise StaleVersion(person.id)
        await self.write(member, effects)  # pyright: ignore[reportArgumentType]


async def test_a_change_is_made_to_what_others_have_made_of_it(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await scim.user("amy")
    monkeypatch.setattr(scim.register, "write", Racing(scim, 2))
    after = await scim.patch(f"/Users/{amy['id']}", {"op": "add", "path": "title", "value": "Dr"})
    assert (after["title"], after[ENTERPRISE]) == ("Dr", {"department": "Law"})
    monkeypatch.setattr(scim.register, "write", Racing(scim, 100))
    for method, body in (("PUT", {"userName": "amy"}), ("DELETE", None)):
        await scim.do(method, f"/Users/{amy['id']}", body, status=409)


async def test_a_change_for_one_version_is_made_to_no_other(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await scim.user("amy")
    monkeypatch.setattr(scim.register, "write", Racing(scim, 1))
    headers = {"If-Match": 'W/"1"'}
    operation = {"op": "add", "path": "title", "value": "Dr"}
    await scim.patch(f"/Users/{amy['id']}", operation, status=412, headers=headers)


async def test_a_register_that_is_away_is_said_to_be(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise RegisterUnavailable

    for name in ("person", "write", "search", "tally"):
        monkeypatch.setattr(scim.register, name, away)
    response = await scim.send("GET", "/Users")
    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    await scim.do("POST", "/Users", AMY, status=503)
