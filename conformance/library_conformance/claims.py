"""What suppliers say of their products, with the source and its date: data below `suppliers/`, read and checked here.

Nothing said is `unknown`, never `no`. All claims are kept; the narrowest decides (a requirement, then a group or
capability, then the whole standard), and where the narrowest say yes and no the answer is `disputed`.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from library_conformance.catalogue import catalogue
from library_conformance.model import Force, Level, Requirement, Role

NAMES: Mapping[str, str] = {
    "sip2": "SIP2", "ncip": "NCIP", "oai": "OAI-PMH", "sru": "SRU", "z3950": "Z39.50", "ldap": "LDAP", "scim": "SCIM",
    "lcf": "BIC LCF", "cross": "Across standards", "iso18626": "ISO 18626 and ISO ILL",
}  # fmt: skip
"""Standards for people. ISO 18626 has claims, though no requirements yet."""

KEPT_MONTHS = 18
"""Suppliers' pages rarely bear a date: what was read longer ago is to be read again."""

CORE: Mapping[str, frozenset[str]] = {
    "sip2": frozenset({"connect", "announce", "errors", "robustness", "character-sets"}),
    "ncip": frozenset({"connect", "announce", "errors", "robustness", "character-sets"}),
    "oai": frozenset({"connect", "announce", "errors", "robustness", "harvest", "retrieve-record", "formats"}),
    "sru": frozenset({"connect", "announce", "errors", "robustness", "search", "retrieve-record", "formats"}),
    "z3950": frozenset({"connect", "announce", "errors", "robustness", "search", "retrieve-record", "formats"}),
    "ldap": frozenset({"connect", "errors", "robustness", "directory-bind"}),
}
"""What nobody can leave out who says that the standard is spoken. A claim of the whole standard says nothing of the
rest: a server of SIP2 without holds is a server of SIP2."""


class Value(StrEnum):
    YES = "yes"
    PARTIAL = "partial"
    CONFIGURABLE = "configurable"  # only where a module is licensed, a plug-in installed, a setting made
    NO = "no"
    UNKNOWN = "unknown"  # looked for, nothing found
    DISPUTED = "disputed"  # sources contradict each other; never in a file


class Grade(StrEnum):
    """How good the evidence is."""

    DOCUMENTED = "D"  # the supplier's own documents
    OPEN = "O"  # the product's own source code
    THIRD_PARTY = "T"  # somebody else's documents or code, to which the product is connected


class Direction(StrEnum):
    """Which side the product is on."""

    SERVER = "server"
    CLIENT = "client"


KINDS = frozenset({"vendor-doc", "source-code", "wire", "tender", "press", "user-report", "third-party", "search"})
SUPPORTS = frozenset({Value.YES, Value.PARTIAL, Value.CONFIGURABLE})
_SIDES = {Direction.SERVER: {Role.SERVER, Role.BOTH}, Direction.CLIENT: {Role.CLIENT, Role.BOTH}}
_CLAIM = {
    "standard", "requirement", "group", "capability", "value", "direction", "grade", "source", "since", "until", "note",
}  # fmt: skip


class ClaimError(ValueError):
    """A product's file cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is said. `ref` is an address, "" where the document is known by its title alone; `retrieved` the
    day on which it was read."""

    kind: str
    title: str
    retrieved: date
    ref: str = ""

    def stale(self, on: date) -> bool:
        """Whether it was read so long ago that it has to be read again."""
        return on > _months_later(self.retrieved, KEPT_MONTHS)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement. `requirements`, `groups` and `capabilities` say for what; none of them: the whole standard.
    `since` and `until` are versions of the product; `note` tells limits in a sentence or two."""

    standard: str
    value: Value
    direction: Direction
    source: Source
    grade: Grade | None = None
    requirements: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    note: str = ""

    @property
    def general(self) -> bool:
        return not (self.requirements or self.groups or self.capabilities)

    @property
    def scope(self) -> str:
        """For what, in words."""
        return ", ".join((*self.requirements, *self.groups, *self.capabilities)) or "as a whole"

    def about(self, row: Requirement) -> int:
        """How closely this names a requirement: 3 itself, 2 its group or capability, 1 its standard, 0 not at all."""
        if row.standard != self.standard or row.role not in _SIDES[self.direction]:
            return 0
        if row.id in self.requirements:
            return 3
        if row.group in self.groups or row.capability in self.capabilities:
            return 2
        return 1 if self.general else 0

    def settles(self, row: Requirement) -> bool:
        """Whether this says anything of that requirement. What is denied or unknown is so in all its parts; what is
        supported is supported as far as the standard obliges, and a whole standard in its core only."""
        closeness = self.about(row)
        if closeness in (0, 3) or self.value not in SUPPORTS:
            return closeness > 0
        if self.general and self.value is Value.PARTIAL:
            return False  # which part is not said
        obliges = row.force in (Force.NORMATIVE, Force.PROFILE)
        if closeness == 2:
            return obliges and row.level in (Level.MUST, Level.CONDITIONAL)
        return obliges and row.level is Level.MUST and row.capability in CORE.get(row.standard, ())


@dataclass(frozen=True, slots=True)
class Documented:
    """What documents say of one requirement: the answer, the claims that settle it, and those of the whole standard
    that were too general to do so."""

    value: Value
    claims: tuple[Claim, ...] = ()
    background: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """`id` is VENDOR/PRODUCT, as the file is named; `versions` to which the claims apply; `mirrors` the product from
    which this one was made, whose claims hold here too unless this one says something of the same."""

    id: str
    vendor: str
    name: str
    claims: tuple[Claim, ...]
    versions: str = ""
    mirrors: str = ""
    note: str = ""

    @property
    def standards(self) -> set[str]:
        """Those that it is said to speak, in whole or in part."""
        return {claim.standard for claim in self.claims if claim.value in SUPPORTS}

    def serves(self, standard: str, direction: Direction = Direction.SERVER) -> Documented:
        """What is said of a whole standard."""
        found = tuple(one for one in self.claims if one.standard == standard and one.direction is direction)
        general = tuple(one for one in found if one.general)
        return Documented(_agreed(general), general, tuple(one for one in found if not one.general))

    def documented(self, row: Requirement) -> Documented:
        """What is said of one requirement."""
        near = [(claim.about(row), claim) for claim in self.claims if claim.settles(row)]
        closest = max((closeness for closeness, _ in near), default=0)
        settling = tuple(claim for closeness, claim in near if closeness == closest)
        background = tuple(one for one in self.claims if one.about(row) and one not in settling)
        return Documented(_agreed(settling), settling, background)


def products(own: Path | None = None) -> Mapping[str, Product]:
    """All products by id, sorted; with `own` also those of a folder with files VENDOR/PRODUCT.toml, whose claims stand
    beside ours where both know a product. Raises ClaimError."""
    ours = _read_all(files("library_conformance.suppliers"))
    return _with_own(ours, own) if own else ours


def product_named(name: str, among: Mapping[str, Product] | None = None) -> Product | None:
    """By id, by the last part of it, or by name, among ours unless others are given; None where no product or more than
    one is meant."""
    wanted = name.strip().lower()
    all_of_them = products() if among is None else among
    if wanted in all_of_them:
        return all_of_them[wanted]
    found = [one for key, one in all_of_them.items() if wanted in (key.partition("/")[2], one.name.lower())]
    return found[0] if len(found) == 1 else None


def strangers(product: Product) -> list[str]:
    """What a product's claims name that the catalogue does not have."""
    rows = catalogue()
    names = {
        (row.standard, kind, name) for row in rows.values()
        for kind, name in (("requirement", row.id), ("group", row.group), ("capability", row.capability))
    }  # fmt: skip
    return [
        f"{product.id}: {claim.standard} has no {kind} {name!r}"
        for claim in product.claims
        for kind, several in (
            ("requirement", claim.requirements), ("group", claim.groups), ("capability", claim.capabilities),
        )
        for name in several
        if (claim.standard, kind, name) not in names
    ]  # fmt: skip


def _with_own(ours: Mapping[str, Product], folder: Path) -> Mapping[str, Product]:
    added = _read_all(folder)
    if not added:
        raise ClaimError(f"{folder} has no file VENDOR/PRODUCT.toml")
    if wrong := [one for product in added.values() for one in strangers(product)]:
        raise ClaimError("; ".join(wrong))
    found = dict(ours)
    for key, product in added.items():
        known = ours.get(key)
        found[key] = replace(known, claims=(*known.claims, *product.claims)) if known else product
    return {key: found[key] for key in sorted(found)}


@cache
def _read_all(folder: Traversable) -> Mapping[str, Product]:
    found = {one.id: one for one in _files(folder)}
    return {key: _inherited(found[key], found) for key in sorted(found)}


def _files(folder: Traversable) -> Iterator[Product]:
    if not folder.is_dir():
        raise ClaimError(f"{folder} is no folder")
    for vendor in folder.iterdir():
        if vendor.is_dir():
            for file in vendor.iterdir():
                if file.name.endswith(".toml"):
                    yield _product(f"{vendor.name}/{file.name.removesuffix('.toml')}", file.read_text("utf-8"))


def _inherited(product: Product, found: Mapping[str, Product]) -> Product:
    if not product.mirrors:
        return product
    if product.mirrors not in found or found[product.mirrors].mirrors:
        raise ClaimError(f"{product.id}: {product.mirrors!r} cannot be mirrored")
    own = {(one.standard, one.direction, one.scope) for one in product.claims}
    more = [one for one in found[product.mirrors].claims if (one.standard, one.direction, one.scope) not in own]
    return replace(product, claims=(*product.claims, *more))


def _product(key: str, text: str) -> Product:
    try:
        document = tomllib.loads(text)
        head = document["product"]
        sources = {name: _source(row) for name, row in document.get("source", {}).items()}
        claims = [_claim(row, sources) for row in document.get("claim", ())]
        if "searched" in document:
            claims += _searched(document["searched"], claims)
        made = Product(key, claims=tuple(claims), **head)
    except (KeyError, TypeError, ValueError) as error:
        raise ClaimError(f"{key}: {type(error).__name__}: {error}") from error
    named = {row.get("source") for row in document.get("claim", ())}
    if unused := sources.keys() - named:
        raise ClaimError(f"{key}: nothing rests on the source {', '.join(sorted(unused))}")
    return made


def _source(row: Mapping[str, Any]) -> Source:
    source = Source(**row)
    if source.kind not in KINDS:
        raise ValueError(f"no such kind of source: {source.kind}")
    if not source.title or not isinstance(source.retrieved, date):
        raise ValueError("a source has a title, and the day on which it was read")
    return source


def _claim(row: Mapping[str, Any], sources: Mapping[str, Source]) -> Claim:
    if unknown := row.keys() - _CLAIM:
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    if row["standard"] not in NAMES:
        raise ValueError(f"no such standard: {row['standard']}")
    value = Value(row["value"])
    if value is Value.DISPUTED:
        raise ValueError("a claim is not disputed by itself")
    return Claim(
        row["standard"],
        value,
        Direction(row.get("direction", Direction.SERVER)),
        sources[row["source"]],
        Grade(row["grade"]),
        tuple(row.get("requirement", ())),
        tuple(row.get("group", ())),
        tuple(row.get("capability", ())),
        row.get("since", ""),
        row.get("until", ""),
        row.get("note", ""),
    )


def _searched(row: Mapping[str, Any], claims: list[Claim]) -> Iterator[Claim]:
    """What was looked for in public documents without finding anything."""
    source = Source("search", "Public documents searched; nothing found either way", row["on"])
    for standard in row["standards"]:
        if standard not in NAMES or any(one.standard == standard for one in claims):
            raise ValueError(f"{standard} cannot be among what nothing was found of")
        yield Claim(standard, Value.UNKNOWN, Direction.SERVER, source)


def _agreed(claims: tuple[Claim, ...]) -> Value:
    """The most cautious of the answers; a yes and a no are a dispute."""
    values = {one.value for one in claims}
    if Value.NO in values:
        return Value.DISPUTED if values & SUPPORTS else Value.NO
    return next((one for one in (Value.PARTIAL, Value.CONFIGURABLE, Value.YES) if one in values), Value.UNKNOWN)


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def plain(claim: Claim, on: date) -> dict[str, Any]:
    """A claim as JSON can hold it."""
    row: dict[str, Any] = {
        "standard": claim.standard, "scope": claim.scope, "value": claim.value, "direction": claim.direction,
        "grade": claim.grade, "since": claim.since, "until": claim.until, "note": claim.note,
    }  # fmt: skip
    source = claim.source
    row["source"] = {
        "kind": source.kind, "title": source.title, "ref": source.ref, "retrieved": source.retrieved.isoformat(),
        "stale": source.stale(on),
    }  # fmt: skip
    return row


def today() -> date:
    """The day, in UTC, on which sources are looked at for their age."""
    return datetime.now(UTC).date()
