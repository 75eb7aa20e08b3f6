"""Pages beside /v1: the description of the API, the meaning of each problem, health, readiness, metrics.

Self-contained HTML, since a library's network may not reach any other host.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup, escape
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest

from gateway.api import problems
from gateway.desk import Desk
from gateway.members import Members

_LOOPBACK = frozenset({"127.0.0.1", "::1"})

templates = Environment(
    loader=PackageLoader("gateway.api"),
    autoescape=select_autoescape(("html",)),
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _marked(text: str) -> Markup:
    """Text with `code` and **bold** marked up, the only Markdown the description uses; everything else is escaped."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked))  # noqa: S704  escaped above


templates.filters["marked"] = _marked


class Health(BaseModel):
    """The process runs and answers. `beside`: how the processes that keep the catalogue stand, in some words; what is
    found may be old, and what is lent is not touched, where one of them is not `ready`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "beside": {"fill": "ready", "index": "ready"}}]}
    )
    status: str = "ok"
    beside: dict[str, str]


class Readiness(BaseModel):
    """`members`: whether the platform behind each member answers. Ready while any of them does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ready": True, "members": {"aber": True}}]})
    ready: bool
    members: dict[str, bool]


def pages(
    app: FastAPI,
    desk: Desk,
    members: Members,
    registry: CollectorRegistry | None,
    beside: Callable[[], dict[str, str]],
    *,
    open_to_all: bool,
) -> APIRouter:
    """The routes. Those about the inside are shown to this machine only, unless `open_to_all`."""
    router = APIRouter()

    def internal(request: HttpRequest) -> None:
        """Raises 404 for a client elsewhere: what is not shown is not there."""
        if not open_to_all and (request.client is None or request.client.host not in _LOOPBACK):
            raise HTTPException(404)

    @router.get("/healthz", tags=["node"], summary="See whether this process answers", operation_id="health")
    async def health() -> Health:
        return Health(beside=beside())

    @router.get(
        "/readyz",
        tags=["node"],
        summary="See whether this process can serve",
        operation_id="readiness",
        responses={503: {"model": Readiness, "description": "No member's platform answers"}},
        response_model=Readiness,
    )
    async def readiness() -> Response:
        answers = {code: not desk.circuit(code).open for code in members.by_code}
        ready = any(answers.values()) or not answers
        found = Readiness(ready=ready, members=answers)
        return Response(found.model_dump_json(), 200 if ready else 503, media_type="application/json")

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: HttpRequest) -> Response:
        internal(request)
        if registry is None:
            raise HTTPException(404)
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @router.get("/openapi.json", include_in_schema=False)
    async def description(request: HttpRequest) -> Response:
        internal(request)
        return Response(orjson.dumps(app.openapi()), media_type="application/json")

    @router.get("/docs", include_in_schema=False)
    async def docs(request: HttpRequest) -> HTMLResponse:
        internal(request)
        return _page("docs.html", spec=app.openapi(), resolve=_resolver(app.openapi()))

    @router.get("/problems/{name}", include_in_schema=False)
    async def explain(request: HttpRequest, name: str) -> Response:
        found = next((each for each in problems.every_problem() if problems.slug(each.code) == name), None)
        if found is None:
            raise HTTPException(404)
        if "text/html" in request.headers.get("accept", ""):
            return _page("problem.html", problem=found)
        return Response(found.model_dump_json(), media_type="application/json")

    return router


def _page(template: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(templates.get_template(template).render(**values))


def _resolver(spec: dict[str, Any]) -> Callable[[dict[str, Any]], str]:
    """Names a schema in one word: `Loan`, `string`, `list of Fee`."""

    def name(schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            return schema["$ref"].rpartition("/")[2]
        if "anyOf" in schema:
            return " or ".join(name(each) for each in schema["anyOf"])
        if schema.get("type") == "array":
            return f"list of {name(schema.get('items', {}))}"
        if "enum" in schema:
            return " | ".join(map(str, schema["enum"]))
        return schema.get("format") or schema.get("type") or "anything"

    return name
