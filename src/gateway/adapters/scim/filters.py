"""Filters as the register's questions: of a filter what an index can answer, and everything else left to be looked at.

scim2-models reads and evaluates filters (RFC 7644 3.4.2.2). What is planned here finds everybody who fits and some who
do not: the register compares without case, and knows nothing of `not` or `contains`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scim2_models import SCIMException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.scim import ENTERPRISE, ROWS, USER
from gateway.identity.register.port import AllOf, AnyOf, Everyone, Lookup, Wanted

LONGEST = 8192
"""Characters of a filter: some hundred comparisons."""
_LOOKUPS = {row.key.lower(): row.lookup for row in ROWS if row.lookup} | {"id": "id"}
_NAMED = "user_name"
_VALUE = (None, "value")  # `emails eq` means `emails.value eq` (RFC 7643 2.4)


def mended(text: str) -> str:
    """A filter in which a manager is what the schema has: Entra asks for `manager eq "…"`, with no schema and no
    sub-attribute. Whatever is no filter comes back as it is."""
    if "manager" not in text.lower():
        return text
    try:
        return str(_mended(ScimFilter(text).ast))
    except SCIMException:
        return text


def _mended(node: FilterNode) -> FilterNode:
    match node:
        case Comparison(attr_path=AttrPath(attr=attr, sub_attr=None, uri=uri)) if (
            attr.lower() == "manager" and (uri or ENTERPRISE).lower() == ENTERPRISE.lower()
        ):
            return replace(node, attr_path=AttrPath(attr, "value", ENTERPRISE))
        case Not(expr=inner):
            return Not(_mended(inner))
        case LogicalExpr(op=op, terms=terms):
            return LogicalExpr(op, tuple(map(_mended, terms)))
    return node


def plan(node: FilterNode | None) -> Wanted:
    """Whom the register is to look for: all who fit the filter, and as few others as it can tell."""
    return _planned(node) or Everyone() if node is not None else Everyone()


def _planned(node: FilterNode, within: AttrPath | None = None) -> Wanted | None:
    """None where the register cannot help."""
    match node:
        case Comparison(attr_path=path, op=op, value=str(value)):
            name = _lookup(path if within is None else _inside(within, path))
            if name and op is CompareOperator.eq:
                return _looked_up(name, value)
            # Of other than ASCII text, a part need not fold to a part of what the whole folds to.
            if name and op is CompareOperator.sw and value.isascii() and value.strip():
                return _looked_up(name, value, prefix=True)
        case LogicalExpr(op=LogicalOperator.and_, terms=terms):
            parts = [part for term in terms if (part := _planned(term, within)) is not None]
            return AllOf(tuple(parts)) if parts else None
        case LogicalExpr(terms=terms):
            either = [_planned(term, within) for term in terms]
            known = [part for part in either if part is not None]
            return AnyOf(tuple(known)) if len(known) == len(either) else None
        case ValuePath(attr_path=path, val_filter=inner):
            return _planned(inner, path)
    return None


def _looked_up(name: str, value: str, prefix: bool = False) -> Wanted:
    if name != _NAMED:
        return Lookup(name, value, prefix)
    names = [_NAMED, IdentifierType.USERNAME.value]  # what is shown as userName: see `Kept.NAME`
    if not prefix or value[0].isdigit():  # as every id begins, and looking for their beginning is not cheap
        names.append("id")
    return AnyOf(tuple(Lookup(one, value, prefix) for one in names))


def _inside(head: AttrPath, path: AttrPath) -> AttrPath:
    return AttrPath(head.attr, path.attr, head.uri)


def _lookup(path: AttrPath) -> str:
    schema = (path.uri or USER).lower()
    head = path.attr.lower() if schema == USER.lower() else f"{schema}:{path.attr.lower()}"
    tail = path.sub_attr.lower() if path.sub_attr else None
    if name := _LOOKUPS.get(f"{head}.{tail}" if tail else head):
        return name
    return _LOOKUPS.get(head, "") if tail in _VALUE else ""


def attributes(node: FilterNode | None) -> Iterator[str]:
    """The attributes a filter names, in lower case and without what they are inside of."""
    match node:
        case Comparison(attr_path=path) | Present(attr_path=path) | ValuePath(attr_path=path):
            yield path.attr.lower()
        case Not(expr=inner):
            yield from attributes(inner)
        case LogicalExpr(terms=terms):
            for term in terms:
                yield from attributes(term)


def pinned(node: FilterNode | None, attribute: str) -> str | None:
    """The one value an attribute can have in what fits the filter, None where it may be any. Entra asks in this way for
    a group with a member (`id eq "…" and members eq "…"`)."""
    match node:
        case Comparison(attr_path=path, op=CompareOperator.eq, value=str(value)):
            return value if path.attr.lower() == attribute and path.sub_attr in _VALUE else None
        case ValuePath(attr_path=path, val_filter=inner) if path.attr.lower() == attribute:
            return pinned(inner, "value")
        case LogicalExpr(op=LogicalOperator.and_, terms=terms):
            return next((value for term in terms if (value := pinned(term, attribute)) is not None), None)
    return None
