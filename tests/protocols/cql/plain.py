"""Trees in a form that can be compared whatever wrote them: names resolved, modifiers sorted, prefixes gone."""

from __future__ import annotations

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.cql import Modifier, Name, Node, Query, SearchClause

Plain = tuple[object, ...]
Scope = dict[str, str]


def plain_query(query: Query) -> Plain:
    """A parsed query: the tree, then the sort keys."""
    keys = tuple(("key", _name(key.index), _modifiers(key.modifiers)) for key in query.sort)
    return plain_node(query.root), keys


def plain_node(node: Node) -> Plain:
    if isinstance(node, SearchClause):
        index = _name(node.index) if node.index else ("cql", "serverchoice")
        relation, modifiers = ("", "="), ()
        if node.relation:
            relation, modifiers = _name(node.relation.name), _modifiers(node.relation.modifiers)
        return "clause", index, relation, modifiers, node.term
    boolean = node.boolean
    return boolean.operator, _modifiers(boolean.modifiers), plain_node(node.left), plain_node(node.right)


def _name(name: Name) -> tuple[str, str]:
    return name.set_uri or name.prefix or "", name.base


def _modifiers(modifiers: tuple[Modifier, ...]) -> Plain:
    return tuple(sorted((_name(m.name), m.comparison or "", m.value or "") for m in modifiers))


def plain_xcql(text: str) -> Plain:
    """XCQL of either version, without namespaces or with, with prefixes and sort keys wherever they stand."""
    wrapper = etree.fromstring(f"<w>{text}</w>")
    for element in wrapper.iter():
        element.tag = etree.QName(element).localname
    if len(wrapper) == 1 and wrapper[0].tag == "xcql":
        wrapper = wrapper[0]
    scope = _scope(wrapper, {})
    root = next(child for child in wrapper if child.tag in ("triple", "searchClause"))
    keys = [key for element in (wrapper, root) for key in element.findall("sortKeys/key")]
    sort_scope = _scope(root, scope)
    return _xml_node(root, scope), tuple(
        ("key", _resolve(key.findtext("index"), sort_scope, True), _xml_modifiers(key, scope)) for key in keys
    )


def _scope(element: etree._Element, outer: Scope) -> Scope:
    found = {
        (p.findtext("name") or "").lower(): p.findtext("identifier") or "" for p in element.findall("prefixes/prefix")
    }
    return outer | found


def _xml_node(element: etree._Element, outer: Scope) -> Plain:
    scope = _scope(element, outer)
    if element.tag == "triple" and element.find("searchClause") is not None:
        return _xml_node(element.find("searchClause"), scope)
    if element.tag == "triple":
        boolean = element.find("boolean") if element.find("boolean") is not None else element.find("Boolean")
        operands = [
            next(c for c in element.find(side) if c.tag != "prefixes") for side in ("leftOperand", "rightOperand")
        ]
        return (
            boolean.findtext("value"),
            _xml_modifiers(boolean, scope),
            *(_xml_node(operand, scope) for operand in operands),
        )
    relation = element.find("relation")
    term = " ".join(t.text or "" for t in element.findall("term"))
    index = _resolve(element.findtext("index"), scope, True)
    return "clause", index, _resolve(relation.findtext("value"), scope), _xml_modifiers(relation, scope), term


def _resolve(text: str | None, scope: Scope, defaulted: bool = False) -> tuple[str, str]:
    name = Name(text or "")
    if name.prefix is None:
        return (scope.get("", "") if defaulted else ""), name.base
    return scope.get(name.prefix, name.prefix), name.base


def _xml_modifiers(element: etree._Element, scope: Scope) -> Plain:
    found = [
        (_resolve(m.findtext("type"), scope), m.findtext("comparison") or "", m.findtext("value") or "")
        for m in element.findall("modifiers/modifier")
    ]
    return tuple(sorted(found))
