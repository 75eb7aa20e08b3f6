"""What the tables of the catalogue's standards say about a term: Bib-1, Z39.50, SRU, OAI-PMH, and CQL's index names.

Each function answers with rows, none where its tables know nothing; each list of names is what a wrong term may have
been meant for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from gateway.catalogue.index_map import CONTEXT_SETS, INDEXES, Index, by_cql, by_use, cql_names
from gateway.crosswalks.catalogue import DIAGNOSTICS as PROBLEMS
from library_protocols.oai_pmh.facts import ARGUMENTS, ERRORS, VERBS
from library_protocols.sru.facts import DIAGNOSTICS as SRU_DIAGNOSTICS
from library_protocols.sru.facts import PARAMETERS, diagnostic_number, diagnostic_uri
from library_protocols.z3950 import explain as explain_z3950
from library_protocols.z3950.facts import BIB_1_ATTRIBUTES, OIDS, PDUS, TABLES, Table
from library_protocols.z3950.facts import DIAGNOSTICS as BIB_1_DIAGNOSTICS


class Row(NamedTuple):
    """One thing that is known: what it is, its code, its name, what it means, and where that is written.

    `more` says further things, each with what it is about."""

    kind: str
    term: str
    title: str
    text: str
    clause: str
    more: tuple[tuple[str, str], ...] = ()


_NUMBER = re.compile(r"[0-9]+")
_ATTRIBUTE = re.compile(r"(?P<type>[a-z]+|[1-6])\s*[= ]\s*(?P<value>[0-9]+)")
_BY_NAME = {table.name: number for number, table in BIB_1_ATTRIBUTES.items()}


def bib1(term: str) -> list[Row]:
    """A diagnostic or Use attribute (`14`), one of them (`diagnostic 14`, `use 4`, `1=4`), or a type (`structure`)."""
    key = term.strip().lower()
    if key in _BY_NAME:
        table = BIB_1_ATTRIBUTES[_BY_NAME[key]]
        return [_attribute(_BY_NAME[key], number) for number in table.rows]
    if _NUMBER.fullmatch(key):
        number = int(key)
        uses = BIB_1_ATTRIBUTES[1].rows
        return [*_bib1_diagnostic(number), *([_attribute(1, number)] if number in uses else [])]
    match = _ATTRIBUTE.fullmatch(key)
    if match is None:
        return []
    if match["type"] == "diagnostic":
        return _bib1_diagnostic(int(match["value"]))
    kind = int(match["type"]) if match["type"].isdecimal() else _BY_NAME.get(match["type"], 0)
    known = kind in BIB_1_ATTRIBUTES and int(match["value"]) in BIB_1_ATTRIBUTES[kind].rows
    return [_attribute(kind, int(match["value"]))] if known else []


def _bib1_diagnostic(number: int) -> list[Row]:
    row = BIB_1_DIAGNOSTICS.rows.get(number)
    if row is None:
        return []
    same = sorted({problem.sru for problem in PROBLEMS.values() if problem.bib1 == number})
    more = tuple(("in SRU", f"{one} {SRU_DIAGNOSTICS[one].message}") for one in same)
    return [Row("diagnostic", str(number), row.name, row.meaning, row.clause, more)]


def _attribute(kind: int, number: int) -> Row:
    table: Table = BIB_1_ATTRIBUTES[kind]
    row = table.rows[number]
    more: list[tuple[str, str]] = []
    if kind == 1:
        index = by_use(number)
        more.append(("index here", _index_words(index) if index else "none; it is refused with diagnostic 114"))
    return Row(f"{table.name} attribute", f"{kind}={number}", row.name, row.meaning, row.clause, tuple(more))


def z3950(term: str) -> list[Row]:
    """A PDU by name or tag, an object by name or OID, a field's values; and all that Bib-1 has."""
    found = [Row(one.kind, one.code, one.name, one.meaning, one.clause) for one in explain_z3950(term)]
    own = bib1(term)
    known = {row.term for row in own}
    return [*own, *(row for row in found if row.term not in known and row.kind not in ("diagnostic", "use"))]


def sru(term: str) -> list[Row]:
    """A diagnostic by number or URI, or a parameter by name."""
    key = term.strip()
    number = int(key) if _NUMBER.fullmatch(key) else diagnostic_number(key)
    rows: list[Row] = []
    if number is not None and (fact := SRU_DIAGNOSTICS.get(number)) is not None:
        same = sorted({problem.bib1 for problem in PROBLEMS.values() if problem.sru == number})
        more = [("details", fact.details)] if fact.details else []
        more += [("in Z39.50", f"{one} {BIB_1_DIAGNOSTICS.describe(one)}") for one in same]
        rows.append(Row("diagnostic", str(number), fact.message, "", diagnostic_uri(number), tuple(more)))
    for fact in PARAMETERS:
        if fact.name.lower() == key.lower():
            more = [
                ("operations", ", ".join(sorted(one.value for one in fact.operations))),
                ("versions", ", ".join(sorted(fact.versions))),
            ]
            more += [("choices", ", ".join(fact.choices))] if fact.choices else []
            more += [("wrong value", f"diagnostic {fact.diagnostic}")]
            must = "must be given; " if fact.required else ""
            rows.append(Row("parameter", fact.name, "", f"{must}{fact.value.value}", fact.clause, tuple(more)))
    return rows


def oai(term: str) -> list[Row]:
    """An error code, a verb, an argument or a format's prefix."""
    key = term.strip().lower()
    rows: list[Row] = []
    for fact in ERRORS.values():
        if fact.code.lower() == key:
            verbs = ", ".join(one.verb.value for one in VERBS.values() if fact.code in one.errors)
            more = (("verbs", verbs),) if verbs else ()
            rows.append(Row("error", fact.code.value, "", fact.meaning, fact.clause, more))
    for fact in VERBS.values():
        if fact.verb.lower() == key:
            arguments = ", ".join(f"{name} ({use.value})" for name, use in fact.arguments.items())
            more = (("arguments", arguments or "none"), ("errors", ", ".join(fact.errors) or "none"))
            rows.append(Row("verb", fact.verb.value, "", fact.meaning, fact.clause, more))
    rows += [
        Row("argument", fact.name, "", fact.meaning, fact.clause)
        for fact in ARGUMENTS.values()
        if fact.name.lower() == key
    ]
    return rows


def cql(term: str) -> list[Row]:
    """An index by any of its names, or a context set by its prefix or URI."""
    key = term.strip().lower()
    rows = [
        Row("context set", prefix, "", uri, "index map")
        for prefix, uri in CONTEXT_SETS.items()
        if key in (prefix, uri.lower())
    ]
    prefix, dot, base = key.partition(".")
    index = by_cql(prefix, base) if dot else by_cql(None, key)
    if index is not None:
        rows.append(Row("index", index.name, index.label, f"{index.kind.value}", "index map", _index_facts(index)))
    return rows


def _index_facts(index: Index) -> tuple[tuple[str, str], ...]:
    does = [("scan", index.scannable), ("sort", index.sortable), ("facet", index.facet), ("anchors", index.anchored)]
    facts = [
        ("CQL", ", ".join(cql_names(index))),
        ("Bib-1 Use", ", ".join(map(str, index.bib1))),
        ("MARC 21", index.marc21),
        ("UNIMARC", index.unimarc),
        ("asks", ", ".join(index.of)),
        ("also for", ", ".join(name for name, can in does if can)),
    ]
    return tuple((name, text) for name, text in facts if text)


def _index_words(index: Index) -> str:
    names = f" ({index.cql[0]} in CQL)" if index.cql else ""
    return f"{index.name}: {index.label}{names}"


def names_of(topic: str) -> Iterable[str]:
    """What may be asked for by name."""
    match topic:
        case "bib1":
            return _BY_NAME
        case "z3950":
            return (*(fact.name for fact in PDUS.values()), *(fact.name for fact in OIDS.values()), *TABLES, *_BY_NAME)
        case "sru":
            return [fact.name for fact in PARAMETERS]
        case "oai":
            return (*ERRORS, *VERBS, *ARGUMENTS)
        case _:
            return (*CONTEXT_SETS, *INDEXES, *(name for index in INDEXES.values() for name in index.cql))
