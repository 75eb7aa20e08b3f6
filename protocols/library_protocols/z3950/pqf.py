"""Prefix query notation (PQF) to RPN and back: how people and tests write type-1 queries.

The grammar is YAZ's. Attributes hold for all that follows them; one nearer to a term replaces one of the same
type that stands further out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from library_protocols.z3950.facts.oids import BIB_1, oid_named, oid_title
from library_protocols.z3950.rpn import (
    AttributeElement,
    AttributesPlusTerm,
    ComplexValue,
    DateTimeTerm,
    ExternalTerm,
    GeneralTerm,
    IntegerAndUnitTerm,
    NullTerm,
    NumericTerm,
    OidTerm,
    Operation,
    Operator,
    Proximity,
    ResultSetRef,
    RpnNode,
    RpnQuery,
    StringTerm,
    Term,
)
from library_protocols.z3950.rpn_codec import MAX_RPN_DEPTH

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(\{[^}]*\})|(\S+))', re.DOTALL)
_OPERATORS = {"@and": Operator.AND, "@or": Operator.OR, "@not": Operator.AND_NOT}
_NAMES = {operator: name for name, operator in _OPERATORS.items()}


class PqfError(ValueError):
    """A text that is no prefix query. `offset` counts characters from its start."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (at character {offset})")
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool
    offset: int


def parse_pqf(text: str, encoding: str = "utf-8") -> RpnQuery:
    """The query `text` stands for; `encoding` makes octets of its terms. Raises PqfError."""
    parser = _Parser(text, encoding)
    attribute_set = BIB_1
    if parser.keyword() == "@attrset":
        parser.take()
        attribute_set = parser.attribute_set()
    root = parser.node((), 0)
    if parser.tokens:
        raise PqfError("something after the query", parser.tokens[-1].offset)
    return RpnQuery(attribute_set, root)


class _Parser:
    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.end = len(text)
        self.tokens = list(reversed(_tokens(text)))

    def keyword(self) -> str:
        """The next token when it is a word with a meaning of its own, else nothing."""
        if not self.tokens or self.tokens[-1].quoted or not self.tokens[-1].text.startswith("@"):
            return ""
        return self.tokens[-1].text

    def take(self) -> _Token:
        if not self.tokens:
            raise PqfError("the query ends too early", self.end)
        return self.tokens.pop()

    def attribute_set(self) -> str:
        token = self.take()
        found = oid_named(token.text, "attribute set")
        if found is None:
            raise PqfError(f"no attribute set is called {token.text}", token.offset)
        return found

    def number(self) -> int:
        token = self.take()
        try:
            return int(token.text)
        except ValueError:
            raise PqfError(f"{token.text} is no number", token.offset) from None

    def node(self, attributes: tuple[AttributeElement, ...], depth: int, kind: str = "general") -> RpnNode:
        while True:
            if depth > MAX_RPN_DEPTH:
                raise PqfError(f"more than {MAX_RPN_DEPTH} operations inside one another", self.end)
            word = self.keyword()
            if word == "@attr":
                self.take()
                attributes = self._with_attribute(attributes)
            elif word == "@term":
                self.take()
                kind = self.take().text
            elif word == "@set":
                self.take()
                return ResultSetRef(self.take().text, attributes)
            elif word in _OPERATORS:
                self.take()
                return Operation(
                    _OPERATORS[word], self.node(attributes, depth + 1, kind), self.node(attributes, depth + 1, kind)
                )
            elif word == "@prox":
                self.take()
                proximity = self._proximity()
                left = self.node(attributes, depth + 1, kind)
                return Operation(Operator.PROX, left, self.node(attributes, depth + 1, kind), proximity)
            elif word:
                raise PqfError(f"{word} is unknown", self.take().offset)
            else:
                return AttributesPlusTerm(attributes, self._term(kind))

    def _with_attribute(self, attributes: tuple[AttributeElement, ...]) -> tuple[AttributeElement, ...]:
        attribute_set = None
        token = self.take()
        if "=" not in token.text:
            attribute_set = oid_named(token.text, "attribute set")
            if attribute_set is None:
                raise PqfError(f"no attribute set is called {token.text}", token.offset)
            token = self.take()
        name, _, value = token.text.partition("=")
        if not name.isdecimal() or not value:
            raise PqfError(f"{token.text} is no attribute", token.offset)
        if re.fullmatch(r"-?\d+", value):
            parsed: int | ComplexValue = int(value)
        else:
            parsed = ComplexValue(tuple(int(one) if one.isdecimal() else one for one in value.split(",")))
        new = AttributeElement(int(name), parsed, attribute_set)
        kept = (one for one in attributes if (one.type, one.attribute_set) != (new.type, new.attribute_set))
        return (*kept, new)

    def _proximity(self) -> Proximity:
        exclusion = self.take().text
        distance, ordered, relation = self.number(), self.number(), self.number()
        unit_kind = self.take()
        if unit_kind.text not in ("k", "p", "known", "private", "0", "1"):
            raise PqfError(f"{unit_kind.text} is neither known nor private", unit_kind.offset)
        private = unit_kind.text in ("p", "private", "1")
        excluded = None if exclusion in ("void", "v") else exclusion == "1"
        return Proximity(distance, ordered != 0, relation, self.number(), private, excluded)

    def _term(self, kind: str) -> Term:
        token = self.take()
        try:
            match kind:
                case "general":
                    return GeneralTerm(token.text.encode(self.encoding))
                case "numeric":
                    return NumericTerm(int(token.text))
                case "string":
                    return StringTerm(token.text)
                case "oid":
                    return OidTerm(token.text)
                case "datetime":
                    return DateTimeTerm(token.text)
                case "null":
                    return NullTerm()
        except UnicodeEncodeError:
            raise PqfError(f"{self.encoding} has not all characters of the term", token.offset) from None
        except ValueError:
            raise PqfError(f"{token.text} is no {kind} term", token.offset) from None
        raise PqfError(f"{kind} is no kind of term", token.offset)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while match := _TOKEN.match(text, at):
        quoted, braced, bare = match.groups()
        if quoted is not None:
            found.append(_Token(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL), True, match.start(1) - 1))
        elif braced is not None:
            found.append(_Token(braced[1:-1], True, match.start(2)))
        elif bare.startswith('"'):
            raise PqfError("a quotation without its end", match.start(3))
        else:
            found.append(_Token(re.sub(r"\\(.)", r"\1", bare), False, match.start(3)))
        at = match.end()
    return found


def format_pqf(query: RpnQuery | RpnNode, encoding: str = "utf-8") -> str:
    """A query, or a part of one, in prefix notation. Octets that are not of `encoding` become `\\ufffd`."""
    if isinstance(query, RpnQuery):
        prefix = "" if query.attribute_set == BIB_1 else f"@attrset {_set_name(query.attribute_set)} "
        return prefix + _format_node(query.root, encoding)
    return _format_node(query, encoding)


def _format_node(node: RpnNode, encoding: str) -> str:
    if isinstance(node, Operation):
        if node.proximity is None:
            head = _NAMES[node.operator]
        else:
            near = node.proximity
            exclusion = "void" if near.exclusion is None else str(int(near.exclusion))
            unit = "p" if near.private_unit else "k"
            head = f"@prox {exclusion} {near.distance} {int(near.ordered)} {near.relation} {unit} {near.unit}"
        return f"{head} {_format_node(node.left, encoding)} {_format_node(node.right, encoding)}"
    attributes = "".join(_format_attribute(one) for one in node.attributes)
    if isinstance(node, ResultSetRef):
        return f"{attributes}@set {_quote(node.name)}"
    return attributes + _format_term(node.term, encoding)


def _format_attribute(attribute: AttributeElement) -> str:
    prefix = f"{_set_name(attribute.attribute_set)} " if attribute.attribute_set else ""
    value = attribute.value
    text = ",".join(map(str, value.values)) if isinstance(value, ComplexValue) else str(value)
    return f"@attr {prefix}{attribute.type}={text} "


def _format_term(term: Term, encoding: str) -> str:
    match term:
        case GeneralTerm(octets):
            return _quote(octets.decode(encoding, "replace"))
        case NumericTerm(value):
            return f"@term numeric {value}"
        case StringTerm(text):
            return f"@term string {_quote(text)}"
        case OidTerm(oid):
            return f"@term oid {oid}"
        case DateTimeTerm(text):
            return f"@term datetime {_quote(text)}"
        case NullTerm():
            return '@term null ""'
        case IntegerAndUnitTerm(value):
            return f"@term integer-and-unit {value}"
        case ExternalTerm(external):
            return f"@term external {external.direct_reference or '?'}"


def _set_name(oid: str) -> str:
    return oid_title(oid)


def _quote(text: str) -> str:
    if re.fullmatch(r'[^\s"\\@{}]+', text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
