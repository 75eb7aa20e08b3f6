"""Bulk requests: each operation on its own, references between them, failOnErrors, and the limits."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.crosswalks.scim import ENTERPRISE
from gateway.identity.register.port import RegisterUnavailable
from tests.gateway.adapters.scim.conftest import Scim

REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


async def bulk(scim: Scim, *operations: Any, status: int = 200, **more: Any) -> Any:
    body = {"schemas": [REQUEST], "Operations": list(operations), **more}
    said = await scim.do("POST", "/Bulk", body, status=status)
    if status != 200:
        return said
    assert said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]
    return said["Operations"]


def post(name: str, bulk_id: str = "", path: str = "/Users", data: Any = None, **more: Any) -> dict[str, Any]:
    named = {"displayName": name} if path == "/Groups" else {"userName": name}
    return {"method": "POST", "path": path, "bulkId": bulk_id or name, "data": named | more | (data or {})}


def codes(results: list[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in results]


async def test_every_operation_has_its_own_result(scim: Scim) -> None:
    amy, ben = await scim.user("amy"), await scim.user("ben")
    results = await bulk(
        scim,
        post("cy"),
        {"method": "PUT", "path": f"/Users/{amy['id']}", "data": {"userName": "amy", "title": "Dr"}},
        {"method": "patch", "path": f"/Users/{amy['id']}", "version": 'W/"2"',
         "data": {"Operations": [{"op": "add", "path": "nickName", "value": "A"}]}},
        {"method": "DELETE", "path": f"/Users/{ben['id']}"},
        {"method": "DELETE", "path": f"/Users/{ben['id']}"},
        post("AMY"),
        {"method": "PUT", "path": f"/Users/{amy['id']}", "version": 'W/"1"', "data": {"userName": "amy"}},
    )  # fmt: skip
    assert codes(results) == ["201", "200", "200", "204", "404", "409", "412"]
    base = "http://gateway.test/scim/v2/aber/Users"
    cy, put, patched, deleted, gone, twice, stale = results
    assert cy.keys() == {"method", "bulkId", "version", "location", "status"}
    assert cy["location"].startswith(base)
    assert (put["location"], put["version"]) == (f"{base}/{amy['id']}", 'W/"2"')
    assert (patched["method"], patched["version"]) == ("PATCH", 'W/"3"')
    assert deleted == {"method": "DELETE", "location": f"{base}/{ben['id']}", "status": "204"}
    assert gone["response"]["status"] == "404"
    assert twice["response"]["scimType"] == "uniqueness"
    assert "location" not in twice
    assert stale["response"]["status"] == "412"
    found = await scim.do("GET", f"/Users/{amy['id']}")
    assert (found["title"], found["nickName"]) == ("Dr", "A")


async def test_an_operation_refers_to_what_another_makes(scim: Scim) -> None:
    results = await bulk(
        scim,
        post("Staff", "g", "/Groups", members=[{"value": "bulkId:a"}, {"value": "bulkId:b"}]),
        post("amy", "a", data={ENTERPRISE: {"manager": {"value": "bulkId:b"}}}),
        post("ben", "b"),
        {"method": "PATCH", "path": "/Groups/bulkId:g",
         "data": {"Operations": [{"op": "remove", "path": "members", "value": [{"value": "bulkId:a"}]}]}},
    )  # fmt: skip
    assert codes(results) == ["201", "201", "201", "200"]
    group, amy, ben, patched = ((each["location"].rpartition("/")[2]) for each in results)
    assert patched == group
    assert (await scim.do("GET", f"/Groups/{group}"))["members"][0]["value"] == ben
    assert (await scim.do("GET", f"/Users/{amy}"))[ENTERPRISE]["manager"]["value"] == ben


async def test_what_refers_to_nothing_is_not_carried_out(scim: Scim) -> None:
    await scim.user("taken")
    results = await bulk(
        scim,
        post("Staff", "g", "/Groups", members=[{"value": "bulkId:t"}]),
        post("taken", "t"),
        post("amy", "a", data={ENTERPRISE: {"manager": {"value": "bulkId:b"}}}),
        post("ben", "b", data={ENTERPRISE: {"manager": {"value": "bulkId:a"}}}),
        {"method": "DELETE", "path": "/Users/bulkId:nosuch"},
        post("cy", "c"),
    )
    assert codes(results) == ["409", "409", "409", "409", "409", "201"]
    assert await scim.find("userName pr") == ["taken", "cy"]


async def test_after_so_many_errors_it_ends(scim: Scim) -> None:
    await scim.user("taken")
    operations = [post("amy"), post("taken", "t1"), post("ben"), post("taken", "t2"), post("cy")]
    results = await bulk(scim, *operations, failOnErrors=2)
    assert codes(results) == ["201", "409", "201", "409"]
    assert await scim.find("userName pr") == ["taken", "amy", "ben"]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"method": "GET", "path": "/Users/x"}, "400"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "x"}}, "400"),
        ({"method": "POST", "path": "/Users/x", "bulkId": "b", "data": {}}, "400"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {}}, "400"),
        ({"method": "POST", "path": "/Users/.search", "bulkId": "b", "data": {}}, "400"),
        ({"method": "PUT", "path": "/Users/.search", "data": {"userName": "x"}}, "405"),
        ({"method": "DELETE", "path": "/Users"}, "400"),
        ({"method": "DELETE"}, "400"),
        ({"path": "/Users/x"}, "400"),
        ({"method": "POST", "path": "/Users", "bulkId": "b"}, "400"),
        ({"method": "PATCH", "path": "/Users/x", "data": {"Operations": []}}, "400"),
        ({"method": "PUT", "path": "/Users/nobody", "data": {"userName": "x"}}, "404"),
    ],
)
async def test_an_operation_that_is_none_fails_alone(scim: Scim, operation: dict[str, Any], status: str) -> None:
    assert codes(await bulk(scim, operation, post("amy"))) == [status, "201"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"Operations": []}, 400),
        ({"schemas": ["urn:x"], "Operations": []}, 400),
        ({"schemas": [REQUEST]}, 400),
        ({"schemas": [REQUEST], "Operations": ["x"]}, 400),
        ({"schemas": [REQUEST], "Operations": [{"method": 1}]}, 400),
        ({"schemas": [REQUEST], "Operations": [{"method": "POST", "data": []}, {"method": "POST", "data": "x"}]}, 400),
        ({"schemas": [REQUEST], "Operations": [post("a", "x"), post("b", "x")]}, 400),
        ({"schemas": [REQUEST], "Operations": [], "failOnErrors": "many"}, 400),
        ({"schemas": [REQUEST], "Operations": [], "failOnErrors": -1}, 400),
        ({"schemas": [REQUEST], "Operations": [post(f"u{number}") for number in range(21)]}, 413),
        ({"schemas": [REQUEST], "Operations": [post("x", title="x" * 8000), post("y", title="x" * 8000),
                                               post("z", title="x" * 8000)]}, 413),
        ({"schemas": [REQUEST], "Operations": []}, 200),
    ],
)  # fmt: skip
async def test_a_request_that_is_none_changes_nothing(scim: Scim, body: Any, status: int) -> None:
    await scim.do("POST", "/Bulk", body, status=status)
    assert (await scim.do("GET", "/Users"))["totalResults"] == 0


async def test_a_register_that_goes_away_fails_what_is_left(scim: Scim, monkeypatch: pytest.MonkeyPatch) -> None:
    write = scim.register.write

    async def away(member: str, effects: Any) -> None:
        if effects[0].person.user_name == "ben":
            raise RegisterUnavailable
        await write(member, effects)

    monkeypatch.setattr(scim.register, "write", away)
    assert codes(await bulk(scim, post("amy"), post("ben"), post("cy"))) == ["201", "503", "201"]
