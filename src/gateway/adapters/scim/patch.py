"""PATCH (RFC 7644 3.5.2): operations in order, all or none, applied by scim2-models.

What clients send is put into the RFC's form first (`op` in any case, no path but keys that are paths, a manager that is
only an id). The members of a group are a set of ids here, so that one more among thousands costs what one more costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import scim2_models as scim
from pydantic import ValidationError
from scim2_models.path import AttrPath, FilterNode, Path, PathNode, ScimFilter, ValuePath

from gateway.adapters.scim import bodies
from gateway.adapters.scim.filters import pinned
from gateway.adapters.scim.mapping import Resource
from gateway.adapters.scim.problems import Refused, invalid, refused
from gateway.adapters.scim.schemas import PATCHES, POLICY, Group, UserResource
from gateway.crosswalks.scim import ENTERPRISE, NOT_KEPT

OPERATIONS = 1000
"""In one request; clients add members to groups one by one."""
ATTRIBUTES = 100
"""Operations on other attributes than members; a user has some thirty."""
FILTERS = 4096
"""Characters of the paths with filters on other attributes than members: each is tried on every value."""
LOOKED_THROUGH = 5_000_000
"""Members that the filters of one request are tried on, times the characters of each path; paths that ask for one id
are none of them."""
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_OPS = ("add", "remove", "replace")
_NOT_WRITTEN = frozenset({"id", "meta", "schemas", "groups"})
"""What some clients repeat beside what they change, with no path."""


class Operation(NamedTuple):
    """One operation with a path, which the client has named, or which is a key of what it sent without one."""

    op: str
    path: str
    value: Any
    has_value: bool = True
    named: bool = True


def operations(body: Resource) -> list[Operation]:
    """The operations of a request. Raises Refused."""
    schemas = bodies.found(body, "schemas")
    if isinstance(schemas, list) and schemas and PATCH_OP not in schemas:
        raise invalid(f"The body is not a {PATCH_OP}.", "invalidSyntax")
    listed = bodies.found(body, "Operations")
    if not isinstance(listed, list) or not listed:
        raise invalid("There are no Operations.", "invalidSyntax")
    made: list[Operation] = []
    for each in listed:
        made += _operations(each)
        if len(made) > OPERATIONS:
            raise Refused(413, f"A request has at most {OPERATIONS} operations.")
    return made


def _operations(each: Any) -> Iterator[Operation]:
    if not isinstance(each, dict):
        raise invalid("An operation is not an object.", "invalidSyntax")
    op, path, value = bodies.found(each, "op"), bodies.found(each, "path"), bodies.found(each, "value")
    op = op.lower() if isinstance(op, str) else op
    if op not in _OPS:
        raise invalid("op is none of add, remove and replace.", "invalidSyntax")
    if path is not None and not isinstance(path, str):
        raise invalid("path is not a text.", "invalidPath")
    if path:
        yield Operation(op, path, value, any(key.lower() == "value" for key in each))
    elif op == "remove":
        raise invalid("There is no path that says what to remove.", "noTarget")
    elif not isinstance(value, dict):
        raise invalid("With no path, the value must be an object.")
    else:
        for key, inner in bodies.with_manager(value).items():
            if key.lower() not in _NOT_WRITTEN and (inner is not None or op == "replace"):
                yield Operation(op, key, inner, named=False)


def patched_user(user: Resource, wanted: Iterable[Operation]) -> Resource:
    """The user after all operations. Raises Refused."""
    kept = [_mended(each) for each in wanted if not _has_no_effect(each)]
    _check_number(kept)
    after = _applied(UserResource, user, kept)
    bodies.check_entries(after)
    return after


def patched_group(group: Resource, members: Iterable[str], wanted: Iterable[Operation]) -> tuple[Resource, list[str]]:
    """The group without members and the ids of its members, after all operations. Raises Refused."""
    ids = dict.fromkeys(members)
    others: list[Operation] = []
    looked_through = 0
    for each in wanted:
        node = _node(Group, each)
        if node is not None and _names_members(node):
            named = isinstance(node, AttrPath) or pinned(node, "members")
            looked_through += 0 if named else len(ids) * len(each.path)
            if looked_through > LOOKED_THROUGH:
                raise Refused(413, "The filters of the request look through too many members.")
            _change_members(ids, each, node)
            if len(ids) > bodies.MEMBERS:
                raise bodies.too_many_members()
        else:
            others.append(each)
    _check_number(others)
    return _applied(Group, group, others), list(ids)


def _check_number(wanted: list[Operation]) -> None:
    if len(wanted) > ATTRIBUTES:
        raise Refused(413, f"A request has at most {ATTRIBUTES} operations on attributes.")
    if sum(len(each.path) for each in wanted if "[" in each.path) > FILTERS:
        raise Refused(413, f"The paths with filters of a request have at most {FILTERS} characters.")


def _applied(model: Any, resource: Resource, wanted: list[Operation]) -> Resource:
    sent = [
        {"op": each.op, "path": each.path} | ({"value": each.value} if each.has_value else {})
        for each in wanted
        if _node(model, each) is not None
    ]
    if not sent:
        return resource
    try:
        request = PATCHES[model].model_validate(
            {"schemas": [PATCH_OP], "Operations": sent},
            scim_ctx=scim.Context.RESOURCE_PATCH_REQUEST,
            scim_policy=POLICY,
        )
        state = model.model_validate(resource)
        request.patch(state, POLICY)
        return state.model_dump()
    except (ValidationError, scim.SCIMException) as error:
        raise refused(error) from None


def _node(model: Any, each: Operation) -> PathNode | None:
    """The path, of an attribute that there is; None where the client has not named one that is not. Raises Refused."""
    if len(each.path) > bodies.CHARACTERS:
        raise invalid("The path is too long.", "invalidPath")
    try:
        path = Path.__class_getitem__(model)(each.path)
        if path.model is not None or path.resolve() is not None:
            return path.ast
        if each.named:
            raise invalid("There is no such attribute.", "invalidPath")
    except scim.SCIMException as error:
        if each.named:
            raise refused(error) from None
    return None


def _has_no_effect(each: Operation) -> bool:
    """Whether it is about an attribute of the RFC that is not kept."""
    head = each.path.lower().removeprefix(f"{UserResource.__schema__.lower()}:")
    return head.partition(".")[0].partition("[")[0] in NOT_KEPT


def _mended(each: Operation) -> Operation:
    """An operation on the manager, as the schema has it: Entra names it without the schema as well."""
    path = each.path.lower()
    if path == ENTERPRISE.lower():
        return each._replace(value=next(iter(bodies.with_manager({each.path: each.value}).values())))
    if path not in ("manager", f"{ENTERPRISE.lower()}:manager"):
        return each
    each = each._replace(path=f"{ENTERPRISE}:manager")
    if each.op == "remove":
        return each._replace(value=None, has_value=False)
    value = bodies.manager(each.value)
    return each._replace(op="remove", value=None, has_value=False) if value is None else each._replace(value=value)


# Members of a group


def _names_members(node: PathNode) -> bool:
    path = node if isinstance(node, AttrPath) else node.attr_path
    return path.attr.lower() == "members"


def _change_members(ids: dict[str, None], each: Operation, node: PathNode) -> None:
    selected = list(ids) if isinstance(node, AttrPath) else _selected(ids, node)
    inside = node.sub_attr if isinstance(node, AttrPath | ValuePath) else None
    if inside is not None:
        raise invalid("What a group says of a member cannot be changed.", "mutability")
    if each.op == "remove":
        named = None if each.value is None else set(bodies.member_ids(each.value))
        for one in selected:
            if named is None or one in named:
                del ids[one]
        return
    if not isinstance(node, AttrPath) and not selected:
        raise invalid("No member fits the path.", "noTarget")
    if each.op == "replace":
        for one in selected:
            del ids[one]
    elif each.value is None:
        raise invalid("There is no value to add.")
    ids.update(dict.fromkeys(bodies.member_ids(each.value)))


def _selected(ids: Iterable[str], node: FilterNode) -> list[str]:
    """The members that a filter in a path selects."""
    selection = ValuePath(node.attr_path, node.val_filter) if isinstance(node, ValuePath) else node
    if (one := pinned(node, "members")) is not None and isinstance(node, ValuePath):
        known = dict.fromkeys(ids) if not isinstance(ids, dict) else ids
        ids = [one] if one in known else []
    try:
        wanted = ScimFilter.__class_getitem__(Group)(str(selection))
        return [each for each in ids if wanted.match(_with_member(each), strict=True)]
    except scim.SCIMException as error:
        raise refused(error) from None


def _with_member(one: str) -> Any:
    return Group.model_validate({"members": [{"value": one, "type": "User"}]})
