"""The tree a CQL query becomes: search clauses joined by booleans, with what sorts the answer.

Names keep the spelling of the query; what a prefix stands for where the name was written is resolved in
parsing (`Name.set_uri`). Terms keep their backslashes and masking characters: `terms.pieces` reads them.
Trees are at most `Limits.operators` deep, so that walking them by recursion is safe.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an index, relation or modifier as written, with or without a prefix: `dc.title`, `all`.

    `set_uri`: the context set that a prefix assignment of the query (`> dc="..."`, or `> "..."` for index names
    without a prefix) gives this name, or None when the query assigns none and the server's defaults hold.
    """

    text: str
    set_uri: str | None = None

    @property
    def prefix(self) -> str | None:
        """What stands before the first dot, in lower case; None without a dot. `marc.245$a` has the prefix `marc`."""
        head, dot, _ = self.text.partition(".")
        return head.lower() if dot else None

    @property
    def base(self) -> str:
        """What stands behind the first dot, or the whole name, in lower case: names are case-insensitive."""
        head, dot, tail = self.text.partition(".")
        return (tail if dot else head).lower()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Modifier:
    """`/name` or `/name comparison value` behind a relation, a boolean or a sort key.

    `comparison` is one of = == <> < > <= >= and stands together with `value` (backslashes kept), or both are None.
    """

    name: Name
    comparison: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How index and term relate: a symbol (= == <> < > <= >=) or a word such as `any`, with modifiers."""

    name: Name
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Boolean:
    """`operator` is and, or, not or prox, in lower case."""

    operator: str
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix assignment; `name` None makes `identifier` the context set of index names without a prefix."""

    name: str | None
    identifier: str


@dataclass(frozen=True, slots=True)
class SearchClause:
    """One condition. `index` and `relation` are both None for a bare term: the server chooses.

    `term` is what stood between the quotes or the bare word, backslashes kept. Several bare words in a row that
    cannot be index, relation and term are one term, joined by single spaces.
    """

    index: Name | None
    relation: Relation | None
    term: str
    prefixes: tuple[Prefix, ...] = ()
    offset: int = field(default=0, compare=False)
    """Where the clause begins in the query, in characters from 0."""


@dataclass(frozen=True, slots=True)
class Triple:
    """Two operands joined by a boolean. All booleans have the same precedence and associate to the left."""

    left: Node
    boolean: Boolean
    right: Node
    prefixes: tuple[Prefix, ...] = ()
    offset: int = field(default=0, compare=False)
    """Where the boolean stands in the query, in characters from 0."""


Node = SearchClause | Triple


@dataclass(frozen=True, slots=True)
class SortKey:
    """An index to sort by, with modifiers such as sort.descending."""

    index: Name
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: what to find, and the keys behind `sortby`, the first the most significant."""

    root: Node
    sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost before it is refused.

    `length`: characters of the query; a URL hardly holds more than 8,192. `nesting`: open parentheses at once.
    `operators`: booleans in the query, and so the depth of its tree: Python's recursion ends at 1,000.
    """

    length: int = 16_384
    nesting: int = 256
    operators: int = 256


DEFAULT_LIMITS = Limits()
