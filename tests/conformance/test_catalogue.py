"""The judge's books are in order: requirements, probes and expectations name each other, and nobody is left out."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from library_conformance.catalogue import STANDARDS, CatalogueError, catalogue, digest, pointers, requirements_of
from library_conformance.declared import read
from library_conformance.dialect import DIALECTS
from library_conformance.listeners import scripts
from library_conformance.model import Level, Requirement, Role, Status
from library_conformance.passive_rules import Side, rules_of
from library_conformance.probes import Probe, probes_of

PROBES = Path(__file__).parents[2] / "conformance" / "library_conformance" / "probes"
EXPECTATIONS = Path(__file__).parents[2] / "conformance" / "library_conformance" / "expectations"
CAPABILITIES = frozenset(
    (
        "connect",
        "announce",
        "identify-patron",
        "authenticate-patron",
        "patron-account",
        "checkout",
        "checkin",
        "renew",
        "recall",
        "hold",
        "cancel-hold",
        "fees",
        "item-status",
        "item-maintenance",
        "patron-maintenance",
        "interlibrary-loan",
        "offline",
        "undo",
        "notices",
        "search",
        "browse",
        "retrieve-record",
        "harvest",
        "sets",
        "deletions",
        "formats",
        "directory-search",
        "directory-bind",
        "provisioning",
        "errors",
        "robustness",
        "privacy",
        "security",
        "character-sets",
    )
)
WRITTEN = [name for name in STANDARDS if requirements_of(name)]


def all_probes() -> dict[str, Probe]:
    return {name: one for standard in STANDARDS for name, one in probes_of(standard).items()}


def expectations() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(EXPECTATIONS.glob("*.toml")):
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["expectation"]:
            yield file.name, row


def current(standard: str) -> list[Requirement]:
    return [row for row in requirements_of(standard) if row.status is not Status.WITHDRAWN]


def test_every_row_can_be_read_and_no_id_is_there_twice() -> None:
    ids = Counter(row.id for standard in STANDARDS for row in requirements_of(standard))
    assert [name for name, count in ids.items() if count > 1] == []
    assert list(ids) == list(catalogue())
    assert len(digest()) == 12


@pytest.mark.parametrize("standard", WRITTEN)
def test_every_requirement_of_servers_is_tried_or_says_why_not(standard: str) -> None:
    tried = {name for one in probes_of(standard).values() for name in one.verifies}
    orphans = [
        row.id for row in current(standard) if row.role is not Role.CLIENT and row.testable and row.id not in tried
    ]
    assert orphans == []


@pytest.mark.parametrize("standard", WRITTEN)
def test_every_requirement_of_clients_has_a_rule_or_a_liberty_or_says_why_not(standard: str) -> None:
    looked_at = {one.requirement for one in rules_of(standard, [Side.CLIENT])}
    if standard in scripts():
        looked_at |= {*scripts()[standard].shows.values(), *scripts()[standard].tells}
    owed = {row.id for row in current(standard) if row.role is Role.CLIENT and row.testable}
    assert owed - looked_at == set()
    alone = {row.id for row in current(standard) if row.role is Role.CLIENT and not row.testable}
    assert alone & looked_at == set()


@pytest.mark.parametrize("standard", WRITTEN)
def test_what_cannot_be_tested_is_not_and_says_why(standard: str) -> None:
    tried = {name for one in probes_of(standard).values() for name in one.verifies}
    assert [row.id for row in current(standard) if not row.testable and row.id in tried] == []
    assert [row.id for row in current(standard) if row.testable and row.not_tested_reason] == []


@pytest.mark.parametrize("standard", WRITTEN)
def test_every_probe_is_for_requirements_there_are(standard: str) -> None:
    ids = {row.id for row in current(standard)}
    wrong = {name: sorted(set(one.verifies) - ids) for name, one in probes_of(standard).items()}
    assert {name: missing for name, missing in wrong.items() if missing} == {}
    assert [name for name, one in probes_of(standard).items() if name.partition("/")[0] not in one.verifies] == []


@pytest.mark.parametrize("standard", WRITTEN)
def test_every_probe_says_what_it_does_and_needs_probes_before_it(standard: str) -> None:
    probes = probes_of(standard)
    order = list(probes)
    for name, one in probes.items():
        assert "/" in name, f"{name}: a probe is REQUIREMENT/HOW"
        assert one.meaning, f"{name} has no docstring"
        assert all(need in order[: order.index(name)] for need in one.needs), f"{name} needs what comes later"


@pytest.mark.parametrize("standard", DIALECTS)
def test_every_file_of_declared_probes_can_be_read_and_is_in_use(standard: str) -> None:
    files = sorted((PROBES / standard).glob("*.toml"))
    declared = [one for file in files for one in read(file.read_text(encoding="utf-8"), file.name)]
    probes = probes_of(standard)
    assert declared
    assert [one.id for one in declared if one.id not in probes or one.verifies != probes[one.id].verifies] == []


@pytest.mark.parametrize("standard", WRITTEN)
def test_what_probes_need_is_allowed_where_they_are(standard: str) -> None:
    ranks = {"read": 0, "write-reversible": 1, "disruptive": 2}
    probes = probes_of(standard)
    for name, one in probes.items():
        for need in one.needs:
            assert ranks[probes[need].safety] <= ranks[one.safety], f"{name} needs {need}, which does more"


@pytest.mark.parametrize("standard", WRITTEN)
def test_framing_is_tried_with_octets_written_by_hand(standard: str) -> None:
    by_hand = {name for one in probes_of(standard).values() if one.octets for name in one.verifies}
    framing = [
        row.id for row in current(standard) if row.group == "framing" and row.testable and row.role is not Role.CLIENT
    ]
    assert [name for name in framing if name not in by_hand] == []


@pytest.mark.parametrize("standard", WRITTEN)
def test_capabilities_are_of_the_list_and_relations_lead_somewhere(standard: str) -> None:
    assert {row.capability for row in current(standard)} - CAPABILITIES == set()
    for row in current(standard):
        known = [name for name in row.related if name.partition(".")[0] in WRITTEN]
        assert [name for name in known if name not in catalogue()] == [], row.id


@pytest.mark.parametrize("standard", WRITTEN)
def test_statements_are_sentences_of_their_own(standard: str) -> None:
    said = Counter(row.statement for row in current(standard))
    assert [text for text, count in said.items() if count > 1] == []
    for row in current(standard):
        assert row.statement.endswith("."), row.id
        assert len(row.statement) < 400, f"{row.id} says more than two sentences"
        assert row.level is Level.CONDITIONAL or not row.when, f"{row.id}: `when` is for conditional requirements"


def test_expectations_name_what_there_is_with_a_reason_and_a_day() -> None:
    probes = all_probes()
    for file, row in expectations():
        where = f"{file}: {row.get('probe')}"
        assert set(row) <= {"requirement", "probe", "observation", "why", "review_by", "link"}, where
        assert row["probe"] in probes, where
        assert row["requirement"] in probes[row["probe"]].verifies, where
        assert row["observation"], where
        assert row["why"].strip(), where
        assert isinstance(row["review_by"], date), where


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "sip2.one"}, "an id is"),
        ({"id": "ncip.frame.one"}, "an id is"),
        ({"clause": " "}, "`clause` is empty"),
        ({"level": "conditional"}, "`when`"),
        ({"level": "perhaps"}, "perhaps"),
        ({"testable": False}, "not_tested_reason"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_rows_that_are_wrong_are_refused(change: dict[str, Any], complaint: str) -> None:
    from library_conformance.catalogue import _row

    good = {
        "id": "sip2.frame.one", "edition": "2.00", "clause": "P 1", "statement": "Something is so.", "level": "must",
        "role": "server", "group": "framing", "capability": "connect",
    }  # fmt: skip
    assert _row("sip2", good).id == "sip2.frame.one"
    with pytest.raises(CatalogueError, match=complaint):
        _row("sip2", {**good, **change})


def test_letters_in_clauses_are_explained_where_they_are_used() -> None:
    """A clause that begins with one capital letter, or is `practice`, says nothing to whoever has no key to it."""
    for row in catalogue().values():
        for part in row.clause.split("; "):
            letter = part.partition(" ")[0].rstrip(",")
            if (len(letter) == 1 and letter.isalpha()) or letter == "practice":
                assert f"{letter}: " in pointers()[row.standard], f"{row.id}: {row.clause}"
