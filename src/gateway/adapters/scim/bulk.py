"""Bulk requests (RFC 7644 3.7): many operations in one request, each on its own, in the order they are given.

An operation that refers to something which another one makes (`bulkId:…`) waits for it. Operations that wait for each
other are not carried out (409).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.adapters.scim import bodies
from gateway.adapters.scim.mapping import Resource
from gateway.adapters.scim.problems import Refused, invalid, unavailable
from gateway.adapters.scim.session import Asker, Conditions, Question, Reply
from gateway.identity.register.port import RegisterUnavailable

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_REFERENCE = "bulkId:"

Answer = Callable[[Asker, Question], Awaitable[Reply]]
"""What answers a single request."""


@dataclass(frozen=True, slots=True)
class _Operation:
    number: int
    method: str
    path: str
    bulk_id: str
    version: str
    data: Resource
    refers_to: frozenset[str]


@dataclass(slots=True)
class _Job:
    """`made` are ids by bulkId, `results` by the number of the operation."""

    made: dict[str, str]
    results: dict[int, Resource]
    errors: int = 0


async def carry_out(answer: Answer, asker: Asker, body: Resource) -> Reply:
    """The reply to a bulk request. Raises Refused where the request as a whole is none."""
    asker.writes()
    waiting = _read(asker, body)
    most = _fail_on_errors(body)
    makes = {each.bulk_id for each in waiting if each.method == "POST"}
    job = _Job({}, {})
    while waiting and not (most and job.errors >= most):
        ready = next((each for each in waiting if not (each.refers_to & makes) - job.made.keys()), waiting[0])
        waiting.remove(ready)
        await _one(answer, asker, ready, job)
        if ready.bulk_id not in job.made:
            makes.discard(ready.bulk_id)
        await asyncio.sleep(0)
    listed = [job.results[number] for number in sorted(job.results)]
    return Reply(200, {"schemas": [BULK_RESPONSE], "Operations": listed})


async def _one(answer: Answer, asker: Asker, each: _Operation, job: _Job) -> None:
    result: Resource = {"method": each.method}
    if each.bulk_id:
        result["bulkId"] = each.bulk_id
    try:
        if each.refers_to - job.made.keys():
            raise Refused(409, "What the operation refers to has not been made.", "invalidValue")
        path = tuple(_resolved(part, job.made) for part in each.path.strip("/").split("/"))
        if each.method != "POST" and len(path) == 2:
            result["location"] = "/".join((asker.base, *path))
        question = Question(
            each.method, path, {}, _resolved(each.data, job.made), Conditions.of(each.version or None, None)
        )
        reply = await _allowed(answer, asker, question, each)
        if reply.location:
            result["location"] = reply.location
        if each.method == "POST":
            job.made[each.bulk_id] = reply.location.rpartition("/")[2]
        if reply.version:
            result["version"] = reply.version
        result["status"] = str(reply.status)
    except (Refused, RegisterUnavailable) as problem:
        error = unavailable() if isinstance(problem, RegisterUnavailable) else problem
        job.errors += 1
        result |= {"status": str(error.status), "response": error.body()}
    job.results[each.number] = result


async def _allowed(answer: Answer, asker: Asker, question: Question, each: _Operation) -> Reply:
    """One operation on a user or a group; nothing else belongs into a bulk request."""
    creates = each.method == "POST"
    if question.path[:1] not in (("Users",), ("Groups",)) or len(question.path) != (1 if creates else 2):
        raise invalid("The path is that of no user, group or list of them.", "invalidPath")
    if creates and not each.bulk_id:
        raise invalid("An operation that makes something has no bulkId.")
    if each.method not in ("POST", "PUT", "PATCH", "DELETE"):
        raise invalid("The method is none of POST, PUT, PATCH and DELETE.")
    return await answer(asker, question)


def _read(asker: Asker, body: Resource) -> list[_Operation]:
    schemas = bodies.found(body, "schemas")
    if not isinstance(schemas, list) or BULK_REQUEST not in schemas:
        raise invalid(f"The body is not a {BULK_REQUEST}.", "invalidSyntax")
    listed = bodies.found(body, "Operations")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise invalid("There are no Operations.", "invalidSyntax")
    most = asker.settings.bulk_operations
    if len(listed) > most:
        raise Refused(413, f"A bulk request has at most {most} operations.")
    made = [_operation(number, each) for number, each in enumerate(listed)]
    names = [each.bulk_id for each in made if each.bulk_id]
    if len(set(names)) < len(names):
        raise invalid("Two operations have one bulkId.")
    return made


def _operation(number: int, each: Resource) -> _Operation:
    texts = {name: bodies.found(each, name) or "" for name in ("method", "path", "bulkId", "version")}
    data = bodies.found(each, "data") or {}
    if not all(isinstance(text, str) for text in texts.values()) or not isinstance(data, dict):
        raise invalid("An operation is not as it should be.", "invalidSyntax")
    refers_to = frozenset(_references([texts["path"].strip("/").split("/"), data]))
    return _Operation(number, texts["method"].upper(), texts["path"], texts["bulkId"], texts["version"], data,
                      refers_to)  # fmt: skip


def _fail_on_errors(body: Resource) -> int:
    most = bodies.found(body, "failOnErrors")
    if most is None:
        return 0
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise invalid("failOnErrors is no number.")
    return most


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(_REFERENCE):
            yield value.removeprefix(_REFERENCE)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
    elif isinstance(value, dict):
        yield from _references(list(value.values()))


def _resolved(value: Any, made: dict[str, str]) -> Any:
    """The value with ids in the place of references."""
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return made[value.removeprefix(_REFERENCE)]
    if isinstance(value, list):
        return [_resolved(inner, made) for inner in value]
    if isinstance(value, dict):
        return {key: _resolved(inner, made) for key, inner in value.items()}
    return value
