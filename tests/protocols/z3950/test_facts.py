"""The tables against the maintenance agency's own lists, where they stand beside the repository."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from library_protocols import z3950
from library_protocols.z3950 import facts
from library_protocols.z3950.facts import BIB_1_ATTRIBUTES, DIAGNOSTICS, OIDS, PDUS, TABLES, CloseReason, Option
from library_protocols.z3950.facts.oids import oid_named
from library_protocols.z3950.facts.tables import table


def _rows(path: Path) -> list[list[str]]:
    return [row for row in csv.reader(path.read_text(encoding="utf-8").splitlines(), skipinitialspace=True) if row]


def test_every_diagnostic_is_there(shared_data: Callable[[str], Path]) -> None:
    listed = {int(row[0]) for row in _rows(shared_data("schemas/z3950/bib1.csv")) if row[0].strip().isdecimal()}
    assert DIAGNOSTICS.rows.keys() == listed


def test_every_attribute_is_there(shared_data: Callable[[str], Path]) -> None:
    kind = 0
    for row in _rows(shared_data("schemas/z3950/attset_bib1.csv")):
        if row[0] == "type":
            kind = int(row[1])
        elif row[0].strip().isdecimal():
            assert int(row[0]) in BIB_1_ATTRIBUTES[kind].rows, row


def test_every_object_is_there(shared_data: Callable[[str], Path]) -> None:
    kinds = {"ATTSET", "DIAGSET", "RECSYN", "EXTSERV", "ACCFORM", "RESFORM"}
    for row in _rows(shared_data("schemas/z3950/oid.csv")):
        oid = row[1].strip().replace("Z3950_PREFIX", "1.2.840.10003")
        if row[0] in kinds and ".1000." not in oid:
            assert oid in OIDS, row


def test_every_pdu_has_the_tag_of_the_module(shared_data: Callable[[str], Path]) -> None:
    module = shared_data("schemas/z3950/z3950v3.asn").read_text(encoding="utf-8", errors="replace")
    choice = module[module.index("PDU ::= CHOICE") : module.index("-- Initialize APDUs")]
    listed = {int(tag): name for name, tag in re.findall(r"(\w+)\s+\[(\d+)\] IMPLICIT", choice)}
    assert {tag: fact.name for tag, fact in PDUS.items()} == listed


def test_tables_and_enumerations_agree() -> None:
    assert {option.value for option in Option} == TABLES["option"].rows.keys()
    assert {reason.value for reason in CloseReason} == TABLES["close_reason"].rows.keys()
    for fact in PDUS.values():
        assert fact.answer is None or PDUS[fact.answer].sender in ("origin", "target", "both")


def test_a_table_with_a_number_twice_is_noticed() -> None:
    with pytest.raises(ValueError, match="twice"):
        table("t", "t", "c", "1 | a | a\n1 | b | b")


def test_names_of_objects() -> None:
    assert oid_named("Bib-1", "attribute set") == "1.2.840.10003.3.1"
    assert oid_named("MARC21", "record syntax") == "1.2.840.10003.5.10"
    assert oid_named("1.2.3", "record syntax") == "1.2.3"
    assert oid_named("bib-1", "record syntax") is None


def test_the_surface_is_explicit() -> None:
    for module in (z3950, facts):
        assert len(set(module.__all__)) == len(module.__all__)
        for name in module.__all__:
            assert getattr(module, name) is not None
