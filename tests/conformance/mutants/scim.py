"""SCIM providers as they are met, each wrong in one way, and the probes that have to notice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.http_proxy import Asked, Reply, WebMutant

MAKE = "scim.users.create/make-and-remove"
Edit = Callable[[dict[str, Any]], object]


def _read(octets: bytes) -> dict[str, Any]:
    try:
        found = json.loads(octets)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def says(name: str, *caught_by: str, edit: Edit, method: str = "", path: str = "", status: int = 0) -> WebMutant:
    """Whose answers to such requests are other objects, or have another status."""

    def change(asked: Asked, reply: Reply) -> Reply:
        found = _read(reply.body)
        if not asked.method.startswith(method) or path not in asked.path or not (found or status):
            return reply
        edit(found)
        return replace(reply, status=status or reply.status, body=json.dumps(found).encode() if found else reply.body)

    return WebMutant(name, caught_by, change=change)


def takes(name: str, *caught_by: str, rewrite: Callable[[Asked], Asked]) -> WebMutant:
    """Who takes requests for others."""
    return WebMutant(name, caught_by, rewrite=rewrite)


def _same(found: dict[str, Any]) -> None:
    """Nothing is changed but the status."""


def _with_key(asked: Asked) -> Asked:
    return replace(asked, headers={**asked.headers, "authorization": "Bearer demo-aber-key"})


def _body(edit: Edit, method: str) -> Callable[[Asked], Asked]:
    def rewrite(asked: Asked) -> Asked:
        found = _read(asked.body)
        if asked.method != method or not found:
            return asked
        edit(found)
        return replace(asked, body=json.dumps(found).encode())

    return rewrite


def _another_name(asked: Asked) -> Asked:
    """Whose name is taken gets another one."""
    found = _read(asked.body)
    if asked.method != "POST" or "userName" not in found:
        return asked
    known: set[str] = asked.common.setdefault("names", set())
    while found["userName"] in known:
        found["userName"] += "-again"
    known.add(found["userName"])
    return replace(asked, body=json.dumps(found).encode())


def _first_page(asked: Asked) -> Asked:
    return replace(asked, path=asked.path.replace("startIndex=2", "startIndex=1"))


def _without(*headers: str) -> Callable[[Asked], Asked]:
    def rewrite(asked: Asked) -> Asked:
        return replace(asked, headers={name: value for name, value in asked.headers.items() if name not in headers})

    return rewrite


def _never_removed(asked: Asked) -> Asked:
    return replace(asked, method="GET") if asked.method == "DELETE" else asked


def _given_alone(found: dict[str, Any]) -> None:
    for one in found.get("Operations", ()):
        one |= {"path": "name", "value": {"givenName": one["value"], "familyName": "Other"}}


def _first_operation(found: dict[str, Any]) -> None:
    for one in found.get("Operations", ()):
        one["op"] = "replace"


def _no_filter(asked: Asked) -> Asked:
    return replace(asked, path=re.sub(r"filter=[^&]*&?", "", asked.path))


MUTANTS: tuple[WebMutant, ...] = (
    says("does not say what it can", "scim.config.answer/get", edit=lambda found: found.pop("etag", 0),
         path="/ServiceProviderConfig"),
    says("has no users' schema", "scim.schemas.answer/get", edit=lambda found: found.update(Resources=[]),
         path="/Schemas"),
    says("has no users", "scim.resource-types.answer/get", edit=lambda found: found.update(Resources=[]),
         path="/ResourceTypes"),
    takes("lets everybody in", "scim.security.key.none/no-header", "scim.security.key.wrong/made-up",
          rewrite=_with_key),
    says("has errors of its own", "scim.errors.form/nobody", "scim.errors.body/no-json",
         edit=lambda found: found.pop("status", 0)),
    says("finds everybody", "scim.errors.form/nobody", edit=_same, path="zz-no-such-user", status=200),
    takes("passes filters over", "scim.errors.filter/no-filter", rewrite=_no_filter),
    takes("gives names to who has none", "scim.errors.required/no-user-name",
          rewrite=_body(lambda found: found.setdefault("userName", "judge-without-name"), "POST")),
    says("answers 200 to what is new", MAKE, edit=_same, method="POST", status=200),
    says("has no times", MAKE, edit=lambda found: found.pop("meta", 0), method="POST"),
    takes("keeps whom it removes", MAKE, rewrite=_never_removed),
    says("finds nobody by name", "scim.filter.equal/by-user-name", edit=lambda found: found.update(Resources=[]),
         path="filter="),
    says("counts wrongly", "scim.filter.equal/by-user-name", "scim.filter.absent/nobody", "scim.list.paging/two-users",
         edit=lambda found: found.update(totalResults=3), path="filter="),
    takes("has one page", "scim.list.paging/two-users", rewrite=_first_page),
    says("tells all of a user", "scim.attributes.chosen/user-name-alone",
         edit=lambda found: found.update(name={"familyName": "Judge"}), path="attributes="),
    takes("makes everybody anew", "scim.users.unique/same-name", rewrite=_another_name),
    takes("changes the rest as well", "scim.patch.replace/given-name", rewrite=_body(_given_alone, "PATCH")),
    takes("takes every operation for replace", "scim.patch.bad/no-such-operation",
          rewrite=_body(_first_operation, "PATCH")),
    takes("heeds no versions", "scim.etag.precondition/other-version", rewrite=_without("if-match", "if-none-match")),
    takes("keeps everybody on", "scim.users.active/switched-off",
          rewrite=_body(lambda found: found.update(active=True), "PUT")),
)  # fmt: skip
