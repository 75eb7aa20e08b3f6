"""Every "no" this door says, as RFC 9457 problem details.

A refusal or failure takes its status and title from `crosswalks.refusals` and its words from `crosswalks.texts`; what
only HTTP can say (no such path, wrong method, ...) stands in `HTTP_PROBLEMS` here. Nothing of an exception is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.crosswalks.refusals import REFUSALS
from gateway.crosswalks.texts import text

MEDIA_TYPE = "application/problem+json"
INVALID_INSTANT = "instant_out_of_range"  # type of validation error that is a refusal (INVALID_DATE), not malformed


class FieldError(BaseModel):
    """One place in the request that is not as the description of the API asks."""

    model_config = ConfigDict(frozen=True)
    place: str = Field(description="Where: `body`, `query`, `path` or `header`, then the names, joined by dots")
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is what programs act on, `params` what it needs to be acted on."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
    type: str = Field(description="A page that explains the code, relative to this server")
    title: str
    status: int
    code: str
    detail: str = Field(description="For people, in English")
    detail_cy: str = Field(description="For people, in Welsh")
    params: dict[str, Any] = {}
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpProblem:
    """A "no" of HTTP itself, which no other door knows."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Words:
    en: str
    cy: str


HTTP_PROBLEMS: Mapping[int, HttpProblem] = {
    404: HttpProblem("NO_SUCH_PATH", "Not Found"),
    405: HttpProblem("METHOD_NOT_ALLOWED", "Method Not Allowed"),
    413: HttpProblem("CONTENT_TOO_LARGE", "Content Too Large"),
    415: HttpProblem("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"),
    500: HttpProblem("INTERNAL_ERROR", "Internal Server Error"),
}

# The catalogue speaks to people at a kiosk; what concerns the client program alone is said to its programmer.
_OWN_WORDS: Mapping[str, Words] = {
    "NO_SUCH_PATH": Words("There is nothing at this address.", "Does dim yn y cyfeiriad hwn."),
    "METHOD_NOT_ALLOWED": Words(
        "This address does not take this method; the Allow header names those it takes.",
        "Nid yw'r cyfeiriad hwn yn derbyn y dull hwn; mae pennyn Allow yn enwi'r rhai y mae'n eu derbyn.",
    ),
    "CONTENT_TOO_LARGE": Words(
        "The body is larger than this server takes.", "Mae'r corff yn fwy nag y mae'r gweinydd hwn yn ei dderbyn."
    ),
    "UNSUPPORTED_MEDIA_TYPE": Words(
        "The body must be JSON, with Content-Type: application/json.",
        "Rhaid i'r corff fod yn JSON, gyda Content-Type: application/json.",
    ),
    "INTERNAL_ERROR": Words(
        "Something went wrong in the gateway and has been logged. Whether a command was carried out is not known.",
        "Aeth rhywbeth o'i le yn y porth ac fe'i cofnodwyd. Nid yw'n hysbys a gyflawnwyd y gorchymyn.",
    ),
    RefusalCode.BAD_REQUEST: Words(
        "The request is not as the description of the API asks; `errors` says where.",
        "Nid yw'r cais fel y mae disgrifiad yr API yn gofyn; mae `errors` yn dweud ble.",
    ),
    RefusalCode.TERMINAL_AUTH_FAILED: Words(
        "No valid API key came with the request: Authorization: Bearer KEY.",
        "Ni ddaeth allwedd API ddilys gyda'r cais: Authorization: Bearer KEY.",
    ),
    RefusalCode.TERMINAL_FORBIDDEN: Words(
        "This API key lacks the scope that the operation needs.",
        "Nid oes gan yr allwedd API hon y cwmpas sydd ei angen ar y gweithrediad.",
    ),
}


class Refused(Exception):
    """Carries a refusal out of a route to the place that answers."""

    def __init__(self, refusal: Refusal, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.headers = dict(headers or {})


def slug(code: str) -> str:
    """`ITEM_NOT_FOUND` as it stands in the path of its page, `item-not-found`."""
    return code.lower().replace("_", "-")


def of_code(code: RefusalCode | FailureCode, params: Mapping[str, Any] | None = None, zone: tzinfo = UTC) -> Problem:
    """The problem for a refusal or failure; `zone` is the library's, for instants among the words."""
    row = REFUSALS[code]
    words = MessageRef(id=row.message_id, params={name: str(value) for name, value in (params or {}).items()})
    return _of_words(code, (words,), params or {}, zone)


def of_refusal(refusal: Refusal, zone: tzinfo = UTC) -> Problem:
    if not refusal.messages:
        return of_code(refusal.code, refusal.detail, zone)
    return _of_words(refusal.code, refusal.messages, refusal.detail, zone)


def of_failure(failure: PlatformFailure) -> Problem:
    """`params.outcome_unknown` says that the command may have been carried out: ask, do not repeat blindly."""
    return of_code(failure.code, {"outcome_unknown": failure.outcome_unknown})


def of_status(status: int) -> Problem:
    """The problem for a status that HTTP itself gives; any other is told as BAD_REQUEST or INTERNAL_ERROR."""
    found = HTTP_PROBLEMS.get(status)
    if found is None:
        return of_code(RefusalCode.BAD_REQUEST) if status < 500 else of_status(500)
    return _problem(found.code, status, found.title, _OWN_WORDS[found.code], {})


def every_problem() -> list[Problem]:
    """One problem for each code there is, without anything particular."""
    codes: list[RefusalCode | FailureCode] = [*RefusalCode, *FailureCode]
    return [*map(of_code, codes), *map(of_status, HTTP_PROBLEMS)]


def of_validation(error: RequestValidationError) -> Problem:
    """What is wrong and where. Values are never repeated: they may be somebody's PIN."""
    found = error.errors()
    errors = tuple(
        FieldError(
            place=".".join(str(step) for step in each["loc"]),
            message=str(each["msg"]).removeprefix("Value error, "),
        )
        for each in found
    )
    only_dates = all(each["type"] == INVALID_INSTANT for each in found)
    problem = of_code(RefusalCode.INVALID_DATE if only_dates else RefusalCode.BAD_REQUEST)
    return problem.model_copy(update={"errors": errors})


def answer_of(error: Exception, zone: tzinfo = UTC) -> tuple[Problem, dict[str, str]]:
    """Problem and headers for any exception; what nobody foresaw is INTERNAL_ERROR."""
    match error:
        case Refused():
            return of_refusal(error.refusal, zone), error.headers
        case RequestValidationError():
            return of_validation(error), {}
        case PlatformFailure():
            wait = {} if error.retry_after is None else {"Retry-After": str(math.ceil(error.retry_after))}
            return of_failure(error), wait
        case HTTPException():
            return of_status(error.status_code), dict(error.headers or {})
        case _:
            return of_status(500), {}


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def _of_words(
    code: RefusalCode | FailureCode, refs: tuple[MessageRef, ...], params: Mapping[str, Any], zone: tzinfo
) -> Problem:
    words = _OWN_WORDS.get(code) or Words(*(" ".join(text(r, each, zone) for r in refs) for each in ("en", "cy")))
    return _problem(code, REFUSALS[code].http, REFUSALS[code].http_title, words, params)


def _problem(code: str, status: int, title: str, words: Words, params: Mapping[str, Any]) -> Problem:
    return Problem(
        type=f"/problems/{slug(code)}",
        title=title,
        status=status,
        code=str(code),
        detail=words.en,
        detail_cy=words.cy,
        params=dict(params),
    )
