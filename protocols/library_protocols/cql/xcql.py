"""Tree to XCQL, the XML form of a query that SRU servers echo.

SRU 1.1 and 1.2 use http://www.loc.gov/zing/cql/xcql/, SRU 2.0 http://docs.oasis-open.org/ns/search-ws/xcql.
The older form has no place for sort keys; the newer one wants a modifier on each (sort.ascending by default).
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from library_protocols.cql.hoist import hoist
from library_protocols.cql.tree import Modifier, Name, Node, Query, Relation, SearchClause

NAMESPACE_1 = "http://www.loc.gov/zing/cql/xcql/"
NAMESPACE_2 = "http://docs.oasis-open.org/ns/search-ws/xcql"

SERVER_CHOICE = Name("cql.serverChoice")
ANY_RELATION = Relation(Name("="))
ASCENDING = Modifier(Name("sort.ascending"))

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PLAIN = re.compile("[\t\n -%'-;=?-\ud7ff]*")  # nothing to escape, as nearly all texts of an answer


def xml_text(text: str) -> str:
    """`text` escaped for an XML element; characters that XML 1.0 cannot hold become U+FFFD."""
    if _PLAIN.fullmatch(text):
        return text
    return escape(_NOT_XML.sub("\ufffd", text), {"\r": "&#13;"})


def depth(query: Query) -> int:
    """How many booleans lie above the deepest clause: XML parsers refuse documents that nest too deep."""
    deepest, level = 0, [query.root]
    while level:
        level = [child for node in level if not isinstance(node, SearchClause) for child in (node.left, node.right)]
        deepest += 1
    return deepest - 1


def write_xcql(query: Query) -> str:
    """What goes inside xQuery in SRU 1.1 and 1.2: prefixes, if any, and one triple or searchClause."""
    root = hoist(query).root
    attribute = f' xmlns="{NAMESPACE_1}"'
    return _prefixes(root, attribute) + _operand(root, "boolean", attribute)


def write_xcql_clause(clause: SearchClause) -> str:
    """What goes inside xScanClause in SRU 1.1 and 1.2: the elements of one search clause."""
    return _clause_parts(clause, f' xmlns="{NAMESPACE_1}"')


def write_xcql_2(query: Query) -> str:
    """What goes inside xQuery in SRU 2.0: prefixes, if any, one triple, and sortKeys, if any."""
    hoisted = hoist(query)
    root, attribute = hoisted.root, f' xmlns="{NAMESPACE_2}"'
    content = _operand(root, "Boolean", "")
    inner = content if isinstance(root, SearchClause) else content.removeprefix("<triple>").removesuffix("</triple>")
    keys = "".join(
        f"<key><index>{xml_text(key.index.text)}</index>{_modifiers(key.modifiers or (ASCENDING,))}</key>"
        for key in hoisted.sort
    )
    sort = f"<sortKeys{attribute}>{keys}</sortKeys>" if keys else ""
    return f"{_prefixes(root, attribute)}<triple{attribute}>{inner}</triple>{sort}"


def write_xcql_2_clause(clause: SearchClause) -> str:
    """What goes inside xScanClause in SRU 2.0."""
    return _clause_parts(clause, f' xmlns="{NAMESPACE_2}"')


def _prefixes(root: Node, attribute: str) -> str:
    found = "".join(
        f"<prefix><name>{xml_text(prefix.name or '')}</name>"
        f"<identifier>{xml_text(prefix.identifier)}</identifier></prefix>"
        for prefix in root.prefixes
    )
    return f"<prefixes{attribute}>{found}</prefixes>" if found else ""


def _operand(node: Node, boolean: str, attribute: str = "") -> str:
    if isinstance(node, SearchClause):
        return f"<searchClause{attribute}>{_clause_parts(node, '')}</searchClause>"
    return (
        f"<triple{attribute}><{boolean}><value>{node.boolean.operator}</value>{_modifiers(node.boolean.modifiers)}"
        f"</{boolean}><leftOperand>{_operand(node.left, boolean)}</leftOperand>"
        f"<rightOperand>{_operand(node.right, boolean)}</rightOperand></triple>"
    )


def _clause_parts(clause: SearchClause, attribute: str) -> str:
    index = clause.index or SERVER_CHOICE
    relation = clause.relation or ANY_RELATION
    return (
        f"<index{attribute}>{xml_text(index.text)}</index><relation{attribute}><value>{xml_text(relation.name.text)}</value>"
        f"{_modifiers(relation.modifiers)}</relation><term{attribute}>{xml_text(clause.term)}</term>"
    )


def _modifiers(modifiers: tuple[Modifier, ...]) -> str:
    if not modifiers:
        return ""
    parts = "".join(
        f"<modifier><type>{xml_text(modifier.name.text)}</type>"
        + (
            f"<comparison>{xml_text(modifier.comparison)}</comparison><value>{xml_text(modifier.value or '')}</value>"
            if modifier.comparison
            else ""
        )
        + "</modifier>"
        for modifier in modifiers
    )
    return f"<modifiers>{parts}</modifiers>"
