"""The published description: complete, with examples that are true, and pages that need no other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from gateway.api import bodies, reference
from gateway.api.app import create_app
from gateway.api.pages import _marked
from gateway.api.problems import every_problem, slug
from gateway.canonical import requests as req
from gateway.clock import SystemClock
from tests.gateway.api.conftest import Gateway


@pytest.fixture
def spec(gateway: Gateway) -> dict[str, Any]:
    return gateway.app.openapi()


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, each) for path, methods in spec["paths"].items() for method, each in methods.items()]


def test_every_canonical_request_has_an_operation(spec: dict[str, Any]) -> None:
    served = {
        name
        for _, _, operation in operations(spec)
        for name in re.findall(r"Canonical operation: `([\w.]+)`", operation.get("description", ""))
    }
    requests = {value for value in vars(req).values() if isinstance(value, type) and issubclass(value, req.Request)}
    assert served == {each.operation for each in requests if each.operation}


def test_every_operation_is_described(spec: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(spec)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(spec):
        assert operation["summary"], (path, method)
        assert operation["tags"], (path, method)
        if path.startswith("/v1"):
            assert {"400", "401", "403", "500", "502", "503", "504"} <= operation["responses"].keys()
            assert operation["security"] == [{"apiKey": []}]


def test_examples_are_valid(spec: dict[str, Any]) -> None:
    def check(schema: dict[str, Any], example: Any) -> None:
        jsonschema_rs.validator_for({**schema, "components": spec["components"]}).validate(example)

    for path, _, operation in operations(spec):
        if "requestBody" in operation:
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body = spec["components"]["schemas"][name]
            check(body, body["examples"][0])
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if path.startswith("/v1") and int(status) < 300:
                check(content["application/json"]["schema"], content["application/json"]["example"])
            for example in content.get("application/problem+json", {}).get("examples", {}).values():
                assert example["$ref"].rpartition("/")[2] in spec["components"]["examples"]
    for example in spec["components"]["examples"].values():
        check(spec["components"]["schemas"]["Problem"], example["value"])


def test_every_field_of_a_body_has_a_note_that_is_used() -> None:
    made = [value for value in vars(bodies).values() if isinstance(value, type) and issubclass(value, bodies.Body)]
    used = {name for body in made for name in body.model_fields}
    assert used == bodies.NOTES.keys()


def test_the_reference_page_is_current() -> None:
    kept = Path(__file__).resolve().parents[3] / reference.PAGE
    assert kept.read_text("utf-8") == reference.page(), "run: python -m gateway.api.reference"


async def test_docs_need_no_other_host(api: httpx.AsyncClient, spec: dict[str, Any]) -> None:
    page = await api.get("/docs")
    assert page.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page.text)
    for _, _, operation in operations(spec):
        assert f'id="{operation["operationId"]}"' in page.text
    assert (await api.get("/openapi.json")).json() == spec
    assert "<code>Idempotency-Key</code>" in page.text
    assert "**" not in page.text


def test_marking_up_escapes_everything_else() -> None:
    assert str(_marked("**a** `<b>` & <i>")) == "<strong>a</strong> <code>&lt;b&gt;</code> &amp; &lt;i&gt;"


async def test_every_problem_explains_itself(api: httpx.AsyncClient) -> None:
    for problem in every_problem():
        found = await api.get(problem.type)
        assert found.json() == problem.model_dump(mode="json")
        assert problem.detail, problem.code
        assert problem.detail_cy, problem.code
    page = await api.get(f"/problems/{slug('ITEM_NOT_FOUND')}", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "ITEM_NOT_FOUND" in page.text
    assert (await api.get("/problems/no-such-thing")).status_code == 404


async def test_pages_about_the_inside_stay_inside(gateway: Gateway) -> None:
    async with gateway.client(client=("192.0.2.7", 5000)) as far:
        for path in ("/docs", "/openapi.json", "/metrics"):
            assert (await far.get(path)).status_code == 404
        assert (await far.get("/healthz")).json() == {"status": "ok", "beside": {}}
        assert (await far.get("/v1/status")).status_code == 200
    opened = create_app(gateway.desk, gateway.members, SystemClock(), open_pages=True)
    transport = httpx.ASGITransport(opened, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as far:
        assert (await far.get("/docs")).status_code == 200


async def test_ready_while_any_platform_answers(
    gateway: Gateway, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await api.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["members"].keys() == gateway.config.members.keys()

    class Open:
        open = True

    monkeypatch.setattr(gateway.desk, "circuit", lambda member: Open())
    away = await api.get("/readyz")
    assert (away.status_code, away.json()["ready"]) == (503, False)
