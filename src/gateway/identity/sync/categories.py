"""Patron categories by ordered rules over mapped fields: the first rule that fits decides. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.config.identity import CategoryRuleConfig
from gateway.identity.model import folded


class CategoryRules:
    """The rules of one feed."""

    def __init__(self, rules: Sequence[CategoryRuleConfig]) -> None:
        self._rules = [
            (rule.category, {name: tuple(map(folded, values)) for name, values in rule.when.items()}) for rule in rules
        ]
        self._asked = {name for _, when in self._rules for name in when}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def category(self, records: Sequence[Mapping[str, Any]]) -> str | None:
        """The category of a person with these records (several programmes, each mapped for itself): '' where no rule
        fits, None where the source spoke of nothing that the rules ask for."""
        for category, when in self._rules:
            if any(all(_fits(record.get(name), values) for name, values in when.items()) for record in records):
                return category
        return "" if any(name in record for record in records for name in self._asked) else None


def _fits(value: Any, wanted: tuple[str, ...]) -> bool:
    if isinstance(value, bool):
        value = "true" if value else "false"
    values = [folded(one) for one in ((value,) if isinstance(value, str) else value or ()) if one]
    return any(
        one.startswith(pattern[:-1]) if pattern.endswith("*") else one == pattern
        for pattern in wanted
        for one in values
    )
