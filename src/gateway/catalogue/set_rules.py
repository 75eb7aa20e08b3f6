"""Sets that are defined by queries: which of them a record is in, and by which settings a store was sorted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from gateway.catalogue.records import ALL, Format
from library_protocols.marc import Record

if TYPE_CHECKING:
    from gateway.catalogue.query_sets import QuerySet
    from gateway.catalogue.visibility import Visibility
    from gateway.config import Config


STATE = "sets"
"""State key of the store: `digest` of the settings by which all its records were sorted, or are in the making."""


class SetRule(Protocol):
    """A set of a view that is defined by a query."""

    @property
    def view(self) -> str: ...

    @property
    def spec(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def query(self) -> object:
        """What defines the set; its repr says all of it."""
        ...

    def matches(self, record: Record, marc: Format) -> bool:
        """Whether a record belongs to the set."""
        ...


def digest(rules: Sequence[SetRule], hiding: Mapping[str, Visibility]) -> str:
    """Another one for sets that sort records otherwise, or members that keep others to themselves (`hiding`)."""
    said = repr([(rule.view, rule.spec, rule.query) for rule in rules])
    if hiding:
        said += repr(sorted(hiding.items()))
    return hashlib.sha256(said.encode()).hexdigest()


def in_the_making(sorted_by: str) -> str:
    """What is said of a store while its records are being sorted by what has this digest."""
    return f"being sorted: {sorted_by}"


def with_parents(spec: str) -> list[str]:
    """A setSpec and those above it: who asks for `a` gets `a:b` too."""
    parts = spec.split(":")
    return [":".join(parts[: end + 1]) for end in range(len(parts))]


class Sorter:
    """Tells the sets that records are in. Which rules are of a member's concern is found out once, and rules of several
    views with one query answer once a record."""

    def __init__(self, rules: Sequence[SetRule]) -> None:
        self._rules = rules
        self._by_member: dict[str, list[tuple[SetRule, list[tuple[str, list[str]]]]]] = {}

    def sets_of(self, member: str, record: Record, marc: Format) -> dict[str, list[str]]:
        """The sets a member's record is in: of the member's own view (`own`), and of `ALL` should it lead (`all`)."""
        plan = self._by_member.get(member)
        if plan is None:
            plan = self._by_member[member] = self._plan(member)
        found: dict[str, list[str]] = {}
        for rule, named in plan:
            if rule.matches(record, marc):
                for view, specs in named:
                    known = found.setdefault(view, [])
                    known += [spec for spec in specs if spec not in known]
        return found

    def _plan(self, member: str) -> list[tuple[SetRule, list[tuple[str, list[str]]]]]:
        by_query: dict[str, tuple[SetRule, list[tuple[str, list[str]]]]] = {}
        for rule in self._rules:
            if rule.view in (member, ALL):
                _, named = by_query.setdefault(repr(rule.query), (rule, []))
                named.append(("all" if rule.view == ALL else "own", with_parents(rule.spec)))
        return list(by_query.values())


def described(rules: Sequence[SetRule]) -> list[tuple[str, str, str, str]]:
    """View, setSpec, name and description of every set there is by these rules, those above them included."""
    named = {(rule.view, rule.spec): (rule.name, rule.description) for rule in rules}
    every = {(rule.view, spec) for rule in rules for spec in with_parents(rule.spec)}
    return [(view, spec, *named.get((view, spec), (spec, ""))) for view, spec in sorted(every)]


def configured(config: Config) -> list[QuerySet]:
    """The sets that the configuration defines. Raises ConfigError where a query cannot be answered."""
    # Processes that sort records have been told the rules, and start sooner without all this.
    from gateway.catalogue.query import QueryProblem
    from gateway.catalogue.query_sets import query_set
    from gateway.config import ConfigError, Problem
    from library_protocols.cql import CqlError

    told = [(ALL, config.catalogue.sets, "catalogue.sets")]
    told += [(code, member.catalogue.sets, f"members.{code}.catalogue.sets") for code, member in config.members.items()]
    found: list[QuerySet] = []
    problems: list[Problem] = []
    for view, sets, where in told:
        for one in sets:
            try:
                found.append(query_set(view, one.spec, one.name, one.query))
            except (CqlError, QueryProblem) as error:
                problems.append(Problem("", f"{where} ({one.spec})", str(error)))
    if problems:
        raise ConfigError(problems)
    return found
