"""What the API's description (OpenAPI 3.1) says beyond the code: examples, and every status that really occurs.

`describe` documents one operation; `openapi` completes the document that FastAPI derives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel

from gateway.api import problems
from gateway.api.paging import Page
from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.canonical.requests import Request

R = RefusalCode

PATRON_READ = (R.PATRON_NOT_FOUND, R.PATRON_NOT_UNIQUE, R.PATRON_INACTIVE)
PIN = (R.PATRON_AUTH_FAILED, R.PATRON_AUTH_LIMITED)
PATRON_MAY = (R.PATRON_BLOCKED, R.PATRON_EXPIRED, R.PATRON_INELIGIBLE, R.FEE_LIMIT, R.OVERDUE_LIMIT)
ITEM_READ = (R.ITEM_NOT_FOUND, R.ITEM_NOT_UNIQUE)

# Any operation may meet these.
_ALWAYS: tuple[RefusalCode | FailureCode, ...] = (
    R.BAD_REQUEST,
    R.TERMINAL_AUTH_FAILED,
    R.TERMINAL_FORBIDDEN,
    R.UNSUPPORTED_BY_PLATFORM,
    *FailureCode,
)
_COMMANDS = (R.CONFLICT, R.DESK_NOT_ALLOWED)

INTRODUCTION = """\
One API for circulation, patrons, holds, fees and titles, whatever platform is behind it.

**Who is asking**: `Authorization: Bearer KEY`, a key of one member. A key sees its own member and nothing else; what it
may do are its scopes.

**Commands** take `Idempotency-Key`: the same key and the same body, sent again, are answered with what they first led
to; the same key with another body is refused with `CONFLICT`.

**A "no"** is `application/problem+json` (RFC 9457); programs act on `code` and `params`, people read
`detail` (English) and `detail_cy` (Welsh).

**Lists** come in pages: follow `next`, or the `Link` header. Unknown values are `null`.
"""


# Answers by operationId: handed to FastAPI, they would lose their nulls.
_EXAMPLES: dict[str, Any] = {}


def describe(
    request: type[Request],
    answer: type[BaseModel],
    summary: str,
    example: BaseModel,
    *,
    refusals: Iterable[RefusalCode] = (),
    status: int = 200,
    also: Mapping[int, str] | None = None,
    conditional: bool = False,
    body: bool = False,
    operation_id: str | None = None,
) -> dict[str, Any]:
    """Keyword arguments for a route. `also`: other statuses with the same answer, and what they mean."""
    codes = [*_ALWAYS, *(_COMMANDS if request.command else ()), *refusals]
    name = operation_id or request.operation.replace(".", "_")
    _EXAMPLES[name] = example.model_dump(mode="json")
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": answer.__doc__ or "", "headers": _headers(answer, conditional)}
    }
    for other, meaning in (also or {}).items():
        responses[other] = {"model": answer, "description": meaning}
    if conditional:
        responses[304] = {"description": "The client has this answer already"}
    responses.update(_problem_responses(codes, (413, 415, 500) if body else (500,)))
    scope = f"Scope: `{request.permission.value}`." if request.permission else "No scope needed."
    return {
        "summary": summary,
        "description": f"{scope} Canonical operation: `{request.operation}`.",
        "operation_id": name,
        "response_model": answer,
        "status_code": status,
        "responses": responses,
    }


def openapi(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """A function that makes the document once, and keeps it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    return document


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    """Adds keys and problems; takes out the validation error of FastAPI's own, which never occurs here."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    template = "#/components/schemas/{model}"
    problem = problems.Problem.model_json_schema(mode="serialization", ref_template=template)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["examples"] = {
        each.code: {"summary": each.title, "value": each.model_dump(mode="json")} for each in problems.every_problem()
    }
    components["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key of a member"}
    }
    for path, methods in document["paths"].items():
        for operation in methods.values():
            generated = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
            if generated.get("schema", {}).get("$ref", "").endswith("HTTPValidationError"):
                del operation["responses"]["422"]
            if path.startswith("/v1"):
                operation["security"] = [{"apiKey": []}]
            for parameter in operation.get("parameters", ()):
                _drop_null(parameter)
            for status, response in operation["responses"].items():
                if status < "300" and operation["operationId"] in _EXAMPLES:
                    response["content"]["application/json"]["example"] = _EXAMPLES[operation["operationId"]]
    return document


def _drop_null(parameter: dict[str, Any]) -> None:
    """A parameter that is not given is absent; there is no way to send a null in a query or a header."""
    choices = parameter["schema"].pop("anyOf", None)
    if choices is not None:
        (real,) = (each for each in choices if each != {"type": "null"})
        parameter["schema"] = {**parameter["schema"], **real}


def _headers(answer: type[BaseModel], conditional: bool) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    found = {"Exchange-Id": {"description": "Names this exchange in the gateway's records", **text}}
    if conditional:
        found["ETag"] = {"description": "Names this answer; send it back in If-None-Match", **text}
    if issubclass(answer, Page):
        found["Link"] = {"description": 'The next page, with rel="next"; absent on the last', **text}
    return found


def _problem_responses(
    codes: Iterable[RefusalCode | FailureCode], http: Iterable[int]
) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, list[problems.Problem]] = {}
    for problem in [*map(problems.of_code, dict.fromkeys(codes)), *map(problems.of_status, http)]:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "description": "; ".join(f"{each.title} (`{each.code}`)" for each in found),
            "content": {
                problems.MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {each.code: {"$ref": f"#/components/examples/{each.code}"} for each in found},
                }
            },
        }
        for status, found in sorted(by_status.items())
    }


__all__ = ["INTRODUCTION", "ITEM_READ", "PATRON_MAY", "PATRON_READ", "PIN", "R", "Response", "describe", "openapi"]
