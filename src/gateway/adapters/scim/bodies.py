"""Bodies of requests: JSON within limits, and what it has of a user or a group.

What depends on the state of the service provider (ids, versions) is left out of what clients send, as RFC 7643 2.2 asks
for attributes that only may be read.
"""

from __future__ import annotations

from typing import Any

import orjson
import scim2_models as scim
from pydantic import ValidationError

from gateway.adapters.scim.mapping import Resource
from gateway.adapters.scim.problems import Refused, invalid, refused
from gateway.adapters.scim.schemas import POLICY, Group, UserResource
from gateway.crosswalks.scim import ENTERPRISE

DEPTH = 16
"""Levels of objects and lists in a body; the deepest that SCIM has is a value in an entry in a resource in a bulk."""
CHARACTERS = 8192
"""Of one text; an address has some hundred."""
ENTRIES = 100
"""Of one attribute of a user with several values."""
MEMBERS = 20_000
"""Of a group: everybody of a large university."""


def read(octets: bytes) -> Resource:
    """The object that a body is. Raises Refused."""
    try:
        body = orjson.loads(octets)
    except orjson.JSONDecodeError:
        raise invalid("The body is not JSON.", "invalidSyntax") from None
    if not isinstance(body, dict):
        raise invalid("The body is not an object.", "invalidSyntax")
    _check(body)
    return body


def _check(body: Resource) -> None:
    """Raises Refused for what is too deep, and for texts that are too long or that a database cannot keep."""
    level: list[Any] = [body]
    for _ in range(DEPTH):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                inner += each
            elif isinstance(each, str) and (len(each) > CHARACTERS or "\0" in each):
                raise invalid(f"A text has more than {CHARACTERS} characters, or a NUL.")
        if not inner:
            return
        level = inner
    raise invalid(f"The body has more than {DEPTH} levels.", "invalidSyntax")


def found(body: Resource, name: str) -> Any:
    """The attribute of that name, however it is capitalised (RFC 7643 2.1)."""
    return next((value for key, value in body.items() if key.lower() == name.lower()), None)


def without(body: Resource, *names: str) -> Resource:
    """The body but for the attributes of these names, in lower case."""
    return {key: value for key, value in body.items() if key.lower() not in names}


def user(body: Resource, context: scim.Context) -> Resource:
    """The user in a body, in the spelling of the schema. Raises Refused."""
    wanted = _validated(UserResource, with_manager(without(body, "id", "meta", "groups")), context)
    if not str(wanted.get("userName", "")).strip():
        raise invalid("userName is empty.")
    check_entries(wanted)
    return wanted


def group(body: Resource, context: scim.Context) -> tuple[Resource, list[str]]:
    """The group in a body without its members, and their ids. Raises Refused."""
    wanted = _validated(Group, without(body, "id", "meta", "members"), context)
    if not str(wanted.get("displayName", "")).strip():
        raise invalid("displayName is empty.")
    return wanted, member_ids(found(body, "members"))


def check_entries(user: Resource) -> None:
    """Raises Refused where an attribute has more values than anybody needs."""
    within = (value for each in user.values() for value in (each.values() if isinstance(each, dict) else (each,)))
    if any(isinstance(value, list) and len(value) > ENTRIES for value in within):
        raise Refused(413, f"An attribute has more than {ENTRIES} values.")


def member_ids(entries: Any) -> list[str]:
    """The ids of the members that a value names: entries with `value` or `$ref`, or bare ids. Raises Refused."""
    if entries is None:
        return []
    listed = entries if isinstance(entries, list) else [entries]
    if len(listed) > MEMBERS:
        raise too_many_members()
    return list(dict.fromkeys(_member_id(entry) for entry in listed))


def _member_id(entry: Any) -> str:
    if isinstance(entry, dict):
        kind, value, address = found(entry, "type"), found(entry, "value"), found(entry, "$ref")
        if isinstance(kind, str) and kind.lower() != "user":
            raise invalid("Members of a group are users.")
        entry = value if value is not None else str(address or "").rstrip("/").rpartition("/")[2]
    if not isinstance(entry, str) or not entry:
        raise invalid("A member has no value.")
    return entry


def too_many_members() -> Refused:
    """A group beyond the limit."""
    return Refused(413, f"A group has at most {MEMBERS} members.")


def with_manager(body: Resource) -> Resource:
    """The body with a manager as the schema has it, where a client sends the id alone (Entra) or a list of one."""
    for key, inside in body.items():
        if key.lower() == ENTERPRISE.lower() and isinstance(inside, dict):
            mended = {name: manager(value) if name.lower() == "manager" else value for name, value in inside.items()}
            return {**body, key: mended}
    return body


def manager(value: Any) -> Any:
    """A manager as the schema has it; None for nobody."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        value = {"value": value}
    return value if not isinstance(value, dict) or found(value, "value") else None


def _validated(model: Any, body: Resource, context: scim.Context) -> Resource:
    try:
        return model.model_validate(body, scim_ctx=context, scim_policy=POLICY).model_dump()
    except (ValidationError, scim.SCIMException) as error:
        raise refused(error) from None
