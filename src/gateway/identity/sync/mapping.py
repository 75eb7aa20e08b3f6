"""A feed's record becomes a draft, by the feed's field map. Pure.

What the source did not speak of is not in the draft; what it said to be empty is there with nothing in it. A value that
cannot be read counts as absent and leaves a remark. Several records of one person become one draft, whose digest
also covers the map: another map, another digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

from gateway.canonical.vocabulary import IdentifierType
from gateway.config.identity import FeedConfigBase, FieldConfig
from gateway.identity.feeds.port import SourceRecord
from gateway.identity.model import MANY, Draft, folded
from gateway.identity.sync import values as read
from gateway.identity.sync.categories import CategoryRules

READING = 1
"""Counts up when this module reads the same record differently: every digest changes with it."""
_IDENTIFIERS = {str(kind): kind for kind in IdentifierType}
_UNORDERED = frozenset({"affiliations", "groups", "programmes"})
_NO_RULE = "category: no rule fits"


class FieldMap:
    """The map of one feed. `zone` is where days are days, `today` the day there.

    `version` changes whenever another map would make other drafts."""

    def __init__(self, feed: FeedConfigBase, *, zone: tzinfo, today: date) -> None:
        self._rules = CategoryRules(feed.categories)
        self._fields = [_Field(name, config, zone, today) for name, config in feed.fields.items()]
        said = feed.model_dump(mode="json", include={"fields", "categories", "programmes", "source_id"})
        self.version = _digest([READING, str(zone), said])

    def draft(self, records: Sequence[SourceRecord]) -> Draft:
        """What the records of one person, one or several programmes of them, say together."""
        problems: dict[str, None] = {}
        drafts = [self._fields_of(record, problems) for record in records]
        # Sources give several programmes in any order; the one that ends last speaks first.
        drafts.sort(key=lambda said: (said.get("expires_on") or "9999", json.dumps(said, default=str)), reverse=True)
        fields = _joined(drafts) if len(drafts) > 1 else drafts[0]
        if self._rules:
            category = self._rules.category(drafts)
            if not category:
                problems[_NO_RULE] = None
            if category is not None:
                fields["category"] = category
        identifiers = {kind: fields.pop(name) for name, kind in _IDENTIFIERS.items() if name in fields}
        if "display" not in fields and (name := _name(fields)):
            fields["display"] = name
        digest = _digest([self.version, sorted(fields.items()), sorted(identifiers.items())])
        return Draft(records[0].source_id, fields, identifiers, digest, tuple(problems))

    def _fields_of(self, record: SourceRecord, problems: dict[str, None]) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for field in self._fields:
            value = field.value(record.attributes, problems)
            if value is not None:
                said[field.name] = value
        return said


class _Field:
    """One row of the map, ready for use."""

    def __init__(self, name: str, config: FieldConfig, zone: tzinfo, today: date) -> None:
        self.name = name
        self._config = config
        self._zone = zone
        self._today = today
        self._ways = _alternatives(config.source)
        self._pattern = re.compile(config.pattern) if config.pattern else None
        self._codes = {folded(code): ours for code, ours in config.codes.items()}
        self._many = name in MANY or name in _IDENTIFIERS

    def value(self, attributes: Mapping[str, list[str]], problems: dict[str, None]) -> Any:
        """What the field gets: None for "absent"; '' or () for "empty"."""
        by, found = self._found(attributes)
        if found is None:
            return None
        if self._config.separator:
            found = [part.strip() for one in found for part in one.split(self._config.separator) if part.strip()]
        if self._pattern is not None and found:
            found = [one for one in map(self._fitting, found) if one]
            if not found:
                return None
        there = bool(found)
        kept: dict[str, Any] = {}
        for one in found:
            try:
                value = self._read(one, by)
            except read.Unreadable as problem:
                problems[f"{self.name}: {problem}"] = None
                continue
            kept.setdefault(folded(str(value)), value)
        if there and not kept:
            return None
        return self._shaped([value for value in kept.values() if value != ""])

    def _found(self, attributes: Mapping[str, list[str]]) -> tuple[str, list[str] | None]:
        """The name that gave it, and the values of the first way that has any; [] where all there are empty."""
        if self._config.value is not None:
            return "", [self._config.value] if self._config.value else []
        known = ("", None)
        for way in self._ways:
            lists = [_of(attributes, name) for name in way]
            by = way[0].lower()
            cleaned = [[one for one in map(read.text, values or []) if one] for values in lists]
            found = cleaned[0] if len(way) == 1 else [" ".join(values[0] for values in cleaned if values)]
            if any(found):
                return by, found
            if self.name == "active" and by in read.ON_WITHOUT:
                return "", ["true"]
            if any(values is not None for values in lists):
                known = ("", [])
        return known

    def _fitting(self, value: str) -> str:
        assert self._pattern is not None
        found = self._pattern.search(value)
        if found is None:
            return ""
        return (found.group(1) or "" if self._pattern.groups else found.group()).strip()

    def _read(self, value: str, by: str) -> Any:
        if self._codes:
            coded = self._codes.get(folded(value), self._codes.get("*"))
            if coded is None:
                raise read.Unreadable("has a code that its table does not have")
            value, by = coded, ""
        if value == "":
            return ""
        match self.name:
            case "birth_on":
                return read.birthday(value, self._config.date_format, self._zone, self._today)
            case "valid_from_on" | "expires_on":
                last = self.name == "expires_on"
                return read.day(value, self._config.date_format, self._zone, last=last)
            case "active":
                return read.STATES.get(by, read.truth)(value)
            case "language":
                return read.language(value)
            case "emails":
                return read.email(value)
        return value

    def _shaped(self, found: list[Any]) -> Any:
        if self._many:
            return tuple(sorted(found) if self.name in _UNORDERED else found)
        if self.name == "active":
            return found[0] if found else None
        return found[0] if found else ""


def _alternatives(source: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """`[a, b, +, c]` is a, or else b and c together."""
    ways: list[tuple[str, ...]] = []
    joins = False
    for name in source:
        if name == "+":
            joins = bool(ways)
        elif joins:
            ways[-1] += (name,)
            joins = False
        else:
            ways.append((name,))
    return tuple(ways)


def _of(attributes: Mapping[str, list[str]], name: str) -> list[str] | None:
    """Directories' names come in lower case, whatever the map writes."""
    values = attributes.get(name)
    return attributes.get(name.lower()) if values is None else values


def _joined(drafts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several programmes in one: all of what there may be many of, the longest stay, else who speaks first."""
    joined: dict[str, Any] = {}
    for name in dict.fromkeys(name for said in drafts for name in said):
        found = [said[name] for said in drafts if name in said]
        if name in MANY or name in _IDENTIFIERS:
            kept: dict[str, str] = {}
            for one in (one for values in found for one in values):
                kept.setdefault(folded(one), one)
            joined[name] = tuple(sorted(kept.values()) if name in _UNORDERED else kept.values())
        elif name == "active":
            joined[name] = any(found)
        elif name == "expires_on":
            joined[name] = "" if "" in found else max(found)
        elif name == "valid_from_on":
            joined[name] = min(found)
        else:
            joined[name] = next((one for one in found if one), "")
    return joined


def _name(fields: Mapping[str, Any]) -> str:
    given = fields.get("preferred") or fields.get("given") or ""
    return f"{given} {fields.get('family') or ''}".strip()


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()
