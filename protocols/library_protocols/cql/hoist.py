"""Prefix assignments moved to the head of a query, with names changed where two of them would collide.

CQL may assign prefixes anywhere, and the same prefix twice; XCQL 2.0 has room for them at the top only, and a
query written with all of them at the top is easier to read. What every name stands for stays the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from library_protocols.cql.tree import (
    Boolean,
    Modifier,
    Name,
    Node,
    Prefix,
    Query,
    Relation,
    SearchClause,
    SortKey,
)


def hoist(query: Query) -> Query:
    """`query` with all its prefix assignments on the root; equal to itself when hoisted again."""
    if next(_assignments(query.root), None) is None and all(name.set_uri is None for name, _ in _names(query)):
        return query
    return _Hoist(query).query()


@dataclass
class _Hoist:
    source: Query
    chosen: dict[str, str | None] = field(default_factory=dict)
    """Identifier of a context set -> the prefix it gets, None for the set of names without one."""
    assigned: dict[str | None, Prefix] = field(default_factory=dict)
    """Prefix in lower case -> its assignment at the head of the query."""
    reserved: set[str | None] = field(default_factory=set)
    """Prefixes whose meaning the server decides, because the query assigns them nothing where they are used."""

    def query(self) -> Query:
        names = list(_names(self.source))
        self.reserved = {
            name.prefix for name, defaulted in names if name.set_uri is None and _can_change(name, defaulted)
        }
        for name, _ in names:
            if name.set_uri is not None and name.set_uri not in self.chosen:
                self._choose(name.text.partition(".")[0] if name.prefix is not None else None, name.set_uri)
        for prefix in _assignments(self.source.root):
            key = prefix.name.lower() if prefix.name is not None else None
            if key not in self.assigned and key not in self.reserved:
                self.assigned[key] = prefix
        root = replace(self._node(self.source.root), prefixes=tuple(self.assigned.values()))
        return Query(root, tuple(SortKey(self._name(k.index), self._modifiers(k.modifiers)) for k in self.source.sort))

    def _choose(self, prefix: str | None, identifier: str) -> None:
        key = prefix.lower() if prefix is not None else None
        number = 0
        while key in self.assigned or key in self.reserved:
            number += 1
            key = prefix = f"set{number}"
        self.assigned[key] = Prefix(prefix, identifier)
        self.chosen[identifier] = prefix

    def _node(self, node: Node) -> Node:
        if isinstance(node, SearchClause):
            index = self._name(node.index) if node.index else None
            relation = node.relation
            if relation:
                relation = Relation(self._name(relation.name), self._modifiers(relation.modifiers))
            return replace(node, index=index, relation=relation, prefixes=())
        boolean = Boolean(node.boolean.operator, self._modifiers(node.boolean.modifiers))
        return replace(node, left=self._node(node.left), boolean=boolean, right=self._node(node.right), prefixes=())

    def _modifiers(self, modifiers: tuple[Modifier, ...]) -> tuple[Modifier, ...]:
        return tuple(replace(modifier, name=self._name(modifier.name)) for modifier in modifiers)

    def _name(self, name: Name) -> Name:
        if name.set_uri is None:
            return name
        prefix = self.chosen[name.set_uri]
        base = name.text.partition(".")[2] if name.prefix is not None else name.text
        return replace(name, text=base if prefix is None else f"{prefix}.{base}")


def _can_change(name: Name, defaulted: bool) -> bool:
    """Whether an assignment at the head of the query would change what an unassigned name stands for."""
    return name.prefix is not None or defaulted


def _names(query: Query) -> Iterator[tuple[Name, bool]]:
    """Every name of the query, and whether a default context set applies to it."""
    nodes: list[Node] = [query.root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, SearchClause):
            if node.index:
                yield node.index, True
            if node.relation:
                yield node.relation.name, False
                yield from ((modifier.name, False) for modifier in node.relation.modifiers)
        else:
            nodes += (node.right, node.left)
            yield from ((modifier.name, False) for modifier in node.boolean.modifiers)
    for key in query.sort:
        yield key.index, True
        yield from ((modifier.name, False) for modifier in key.modifiers)


def _assignments(root: Node) -> Iterator[Prefix]:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        yield from node.prefixes
        if not isinstance(node, SearchClause):
            nodes += (node.right, node.left)
