"""Tree to CQL text, in one normal form that any CQL 1.2 or 2.0 parser reads."""

from __future__ import annotations

import re

from library_protocols.cql.hoist import hoist
from library_protocols.cql.parser import BOOLEANS, NAMED_RELATIONS
from library_protocols.cql.tree import Modifier, Node, Query, SearchClause, SortKey

_SIMPLE = re.compile(r"[^\s()=<>\"/\\]+\Z")
SYMBOLS = frozenset({"=", "==", "<>", "<", ">", "<=", ">="})
_NO_RELATIONS = BOOLEANS | {"sortby"}
_KEYWORDS = BOOLEANS | NAMED_RELATIONS | {"sortby"}


def write(query: Query) -> str:
    """`query` as text: prefix assignments first, parentheses around right-hand booleans, quotes where needed.

    `parse(write(query))` equals `hoist(query)`.
    """
    query = hoist(query)
    parts: list[str] = []
    for prefix in query.root.prefixes:
        name = "" if prefix.name is None else f"{_quoted(_escaped(prefix.name))}="
        parts.append(f">{name}{_quoted(_escaped(prefix.identifier), always=True)}")
    parts.append(_node(query.root))
    if query.sort:
        parts.append("sortby")
        parts += [_sort_key(key) for key in query.sort]
    return " ".join(parts)


def _node(node: Node) -> str:
    if isinstance(node, SearchClause):
        return _clause(node)
    right = _node(node.right)
    if not isinstance(node.right, SearchClause):
        right = f"({right})"
    return f"{_node(node.left)} {node.boolean.operator}{_modifiers(node.boolean.modifiers)} {right}"


def _clause(clause: SearchClause) -> str:
    term = _quoted(clause.term)
    if clause.index is None or clause.relation is None:
        return term
    relation = _relation(clause.relation.name.text) + _modifiers(clause.relation.modifiers)
    return f"{_quoted(_escaped(clause.index.text))} {relation} {term}"


def _relation(text: str) -> str:
    """A relation's word or symbol; it cannot be quoted, so what would end the word gets a backslash."""
    if text in SYMBOLS:
        return text
    if text.lower() in _NO_RELATIONS:
        return "\\" + text
    return re.sub(r'[\s()=<>"/\\]', r"\\\g<0>", text)


def _sort_key(key: SortKey) -> str:
    return _quoted(_escaped(key.index.text)) + _modifiers(key.modifiers)


def _modifiers(modifiers: tuple[Modifier, ...]) -> str:
    return "".join(
        f"/{_quoted(_escaped(modifier.name.text))}"
        + (f"{modifier.comparison}{_quoted(modifier.value or '')}" if modifier.comparison else "")
        for modifier in modifiers
    )


def _escaped(text: str) -> str:
    """A name's text with what a quotation cannot hold escaped."""
    return re.sub(r'[\\"]', r"\\\g<0>", text)


def _quoted(raw: str, *, always: bool = False) -> str:
    """A term, its backslashes as they are; quoted unless it is a plain word that is no keyword."""
    if not always and _SIMPLE.match(raw) and raw.lower() not in _KEYWORDS:
        return raw
    return '"' + re.sub(r'(\\[\s\S])|"', lambda match: match[1] or '\\"', raw) + '"'
