"""CQL text to tree. No recursion: open parentheses are a list of groups, so that depth costs no stack.

The grammar is CQL 1.2's and 2.0's (1.1 is a part of it, with `exact` for ==), read from left to right with two
tokens of look-ahead. Where other parsers accept more, this one does where it is unambiguous: see README.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from library_protocols.cql.errors import PARENTHESES, PREFIX_TWICE, SYNTAX, TOO_LONG, TOO_MANY_OPERATORS, CqlError
from library_protocols.cql.lexer import Kind, Token, tokens
from library_protocols.cql.terms import unescape
from library_protocols.cql.tree import (
    DEFAULT_LIMITS,
    Boolean,
    Limits,
    Modifier,
    Name,
    Node,
    Prefix,
    Query,
    Relation,
    SearchClause,
    SortKey,
    Triple,
)

BOOLEANS = frozenset({"and", "or", "not", "prox"})
NAMED_RELATIONS = frozenset({"adj", "all", "any", "encloses", "exact", "scr", "within"})
"""Relation words of the cql context set, 1.1 (exact, scr) and later; without them a word is no sure relation."""

_PREFIXED = re.compile(r"[A-Za-z][\w-]*\.[A-Za-z][\w-]*\Z")

Scope = dict[str | None, str]


@dataclass(slots=True)
class _Group:
    """What is known inside one pair of parentheses, or of the query as a whole."""

    opened: int
    scope: Scope
    index: Name | None
    relation: Relation | None
    prefixes: tuple[Prefix, ...]
    outer_prefixes: tuple[Prefix, ...]
    """Assigned just before the parenthesis: they go on the node the group becomes."""
    node: Node | None = None
    boolean: Boolean | None = None
    boolean_offset: int = 0


def parse(query: str, limits: Limits = DEFAULT_LIMITS) -> Query:
    """The tree of `query`. Raises CqlError, and nothing else, for what is no CQL or exceeds `limits`."""
    if len(query) > limits.length:
        raise CqlError(f"the query is longer than {limits.length} characters", limits.length, TOO_LONG)
    return _Parser(tokens(query), limits).query()


class _Parser:
    def __init__(self, found: list[Token], limits: Limits) -> None:
        self._tokens = found
        self._at = 0
        self._limits = limits
        self._operators = 0

    # Tokens

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _fail(self, expected: str, diagnostic: int = SYNTAX) -> CqlError:
        token = self._peek()
        return CqlError(f"expected {expected}, found {token.describe()}", token.offset, diagnostic)

    # The query

    def query(self) -> Query:
        if self._peek().kind is Kind.END:
            raise CqlError("the query is empty", 0)
        prefixes, scope = self._prefixes({})
        groups = [_Group(0, scope, None, None, prefixes, ())]
        while True:
            node = self._operand(groups)
            if node is None:
                continue
            while self._attach(groups[-1], node):
                node = self._close(groups)
                if node is None:
                    return Query(self._whole(groups[0]), self._sort(groups[0].scope))

    def _attach(self, group: _Group, node: Node) -> bool:
        """Put an operand into its group; False when a boolean follows, and with it another operand."""
        if group.node is None:
            group.node = node
        else:
            assert group.boolean is not None
            group.node = Triple(group.node, group.boolean, node, offset=group.boolean_offset)
        token = self._peek()
        if token.kind is not Kind.WORD or token.text.lower() not in BOOLEANS:
            return True
        self._operators += 1
        if self._operators > self._limits.operators:
            raise CqlError(f"more than {self._limits.operators} booleans", token.offset, TOO_MANY_OPERATORS)
        group.boolean_offset = token.offset
        group.boolean = Boolean(self._next().text.lower(), self._modifiers(group.scope))
        return False

    def _close(self, groups: list[_Group]) -> Node | None:
        """The node of a group whose parenthesis closes here, or None at the end of the query."""
        token = self._peek()
        if token.kind is Kind.CLOSE:
            if len(groups) == 1:
                raise CqlError("this closing parenthesis was never opened", token.offset, PARENTHESES)
            self._next()
            group = groups.pop()
            return _with_prefixes(self._whole(group), group.outer_prefixes)
        ends = token.kind is Kind.END or (token.kind is Kind.WORD and token.text.lower() == "sortby")
        if ends and len(groups) == 1:
            return None
        if ends:
            raise CqlError("this parenthesis is never closed", groups[-1].opened, PARENTHESES)
        raise self._fail("and, or, not, prox, sortby or the end")

    @staticmethod
    def _whole(group: _Group) -> Node:
        assert group.node is not None
        return _with_prefixes(group.node, group.prefixes)

    # Operands

    def _operand(self, groups: list[_Group]) -> Node | None:
        """A search clause, or None after opening a group."""
        group = groups[-1]
        prefixes, scope = self._prefixes(group.scope)
        token = self._peek()
        if token.kind is Kind.OPEN:
            self._open(groups, scope, group.index, group.relation, prefixes)
            return None
        if not token.is_term:
            raise self._fail("an index or a term", PARENTHESES if token.kind is Kind.CLOSE else SYNTAX)
        if not self._has_relation():
            return SearchClause(group.index, group.relation, self._bare_term(), prefixes, token.offset)
        index = _name(self._next(), scope, default=True)
        relation = Relation(_name(self._next(), scope), self._modifiers(scope))
        if self._peek().kind is Kind.OPEN:
            self._open(groups, scope, index, relation, prefixes)
            return None
        return SearchClause(index, relation, self._term(), prefixes, token.offset)

    def _open(
        self,
        groups: list[_Group],
        scope: Scope,
        index: Name | None,
        relation: Relation | None,
        outer: tuple[Prefix, ...],
    ) -> None:
        token = self._next()
        if len(groups) > self._limits.nesting:
            reason = f"parentheses are nested more than {self._limits.nesting} deep"
            raise CqlError(reason, token.offset, PARENTHESES)
        prefixes, inner = self._prefixes(scope)
        groups.append(_Group(token.offset, inner, index, relation, prefixes, outer))

    def _has_relation(self) -> bool:
        """Whether the term or name that comes next is an index: a relation stands behind it.

        A word that is no known relation is one between a prefixed name and exactly one term (`dc.title foo bar`):
        what it is then, is for the server to refuse; elsewhere bare words in a row are one term.
        """
        index, relation, behind = self._peek(), self._peek(1), self._peek(2)
        if relation.kind is Kind.SYMBOL:
            return True
        if relation.kind is not Kind.WORD or _is_keyword(relation):
            return False
        if _is_relation(relation) or behind.kind in (Kind.SLASH, Kind.OPEN):
            return True
        named = index.kind is Kind.WORD and _PREFIXED.match(index.text) is not None
        return named and self._continues(behind) and not self._continues(self._peek(3))

    @staticmethod
    def _continues(token: Token) -> bool:
        return token.is_term and not _is_keyword(token)

    def _bare_term(self) -> str:
        """A term, or several in a row, which are one."""
        words = [self._next()]
        while self._continues(self._peek()):
            behind = self._peek(1)
            if _is_relation(self._peek()) and (self._continues(behind) or behind.kind in (Kind.OPEN, Kind.SLASH)):
                raise self._fail("and, or, not, prox, sortby or the end")
            words.append(self._next())
        if self._peek().kind in (Kind.SYMBOL, Kind.SLASH):
            raise self._fail("and, or, not, prox, sortby or the end")
        return " ".join(word.text for word in words)

    def _term(self) -> str:
        """The term behind a relation: any word will do, also one that is a keyword elsewhere."""
        if not self._peek().is_term:
            raise self._fail("a term")
        return self._bare_term()

    # Parts

    def _prefixes(self, scope: Scope) -> tuple[tuple[Prefix, ...], Scope]:
        """Prefix assignments that stand here, and the scope they make."""
        found: dict[str | None, Prefix] = {}
        while self._peek().kind is Kind.SYMBOL and self._peek().text == ">":
            start = self._next()
            first = self._word("a prefix or the identifier of a context set")
            prefix = Prefix(None, unescape(first.text))
            if self._peek().kind is Kind.SYMBOL and self._peek().text == "=":
                self._next()
                prefix = Prefix(prefix.identifier, unescape(self._word("the identifier of a context set").text))
            key = prefix.name.lower() if prefix.name is not None else None
            if found.setdefault(key, prefix).identifier != prefix.identifier:
                reason = f"the prefix {prefix.name or '(none)'} is assigned to two context sets"
                raise CqlError(reason, start.offset, PREFIX_TWICE)
        if not found:
            return (), scope
        return tuple(found.values()), scope | {key: prefix.identifier for key, prefix in found.items()}

    def _modifiers(self, scope: Scope) -> tuple[Modifier, ...]:
        found: list[Modifier] = []
        while self._peek().kind is Kind.SLASH:
            self._next()
            name = _name(self._word("the name of a modifier"), scope)
            if self._peek().kind is Kind.SYMBOL:
                comparison = self._next().text
                found.append(Modifier(name, comparison, self._word("the value of a modifier").text))
            else:
                found.append(Modifier(name))
        return tuple(found)

    def _sort(self, scope: Scope) -> tuple[SortKey, ...]:
        if self._next().kind is Kind.END:
            return ()
        keys: list[SortKey] = []
        while not keys or self._peek().kind is not Kind.END:
            index = _name(self._word("an index to sort by"), scope, default=True)
            keys.append(SortKey(index, self._modifiers(scope)))
        return tuple(keys)

    def _word(self, expected: str) -> Token:
        if not self._peek().is_term:
            raise self._fail(expected)
        return self._next()


def _is_keyword(token: Token) -> bool:
    return token.kind is Kind.WORD and (token.text.lower() in BOOLEANS or token.text.lower() == "sortby")


def _is_relation(token: Token) -> bool:
    """Whether a word is a relation wherever it stands between two others."""
    if token.kind is not Kind.WORD:
        return False
    return token.text.lower() in NAMED_RELATIONS or _PREFIXED.match(token.text) is not None


def _name(token: Token, scope: Scope, *, default: bool = False) -> Name:
    """A name with the context set its prefix stands for; `default`: without a prefix it has the default one."""
    text = unescape(token.text)
    if not scope:
        return Name(text)
    prefix = Name(text).prefix
    return Name(text, scope.get(prefix) if prefix is not None or default else None)


def _with_prefixes(node: Node, prefixes: tuple[Prefix, ...]) -> Node:
    return replace(node, prefixes=prefixes + node.prefixes) if prefixes else node
