"""What other programs may rely on, and that the printed reference is the tables."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

import library_protocols.ncip as package
from library_protocols.ncip import (
    MESSAGING_ERROR,
    SERVICES,
    SchemeValue,
    ServiceKind,
    known_problem,
    messages,
    problem_type,
    scheme_value,
)
from library_protocols.ncip.elements.base import Kind, rows
from library_protocols.ncip.facts import GENERAL, OF_SERVICE, SCHEMES, is_messaging, version1, version2
from library_protocols.ncip.reference import reference
from library_protocols.ncip.tables import CLASSES, MESSAGES

README = Path(package.__file__).parent / "README.md"


def test_every_public_name_is_there() -> None:
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert [name for name in messages.__all__ if not hasattr(messages, name)] == []


def test_the_readme_holds_the_reference() -> None:
    text = README.read_text(encoding="utf-8")
    start, end = "<!-- reference: begin -->\n", "<!-- reference: end -->\n"
    block = text[text.index(start) + len(start) : text.index(end)]
    assert block.strip() == reference().strip(), "run python -m library_protocols.ncip.reference"


def test_services_are_counted_as_the_standard_has_them() -> None:
    kinds = [row.kind for row in SERVICES.values() if row.since]
    assert [kinds.count(kind) for kind in ServiceKind] == [5, 22, 20]
    assert len(MESSAGES) == 2 * len(SERVICES)


def test_the_tables_hang_together() -> None:
    for name, cls in CLASSES.items():
        for row in rows(cls):
            assert row.kind is not Kind.STRUCT or row.name in CLASSES, (name, row.name)
    for table in (version1.ABSENT, version1.SINGLE, version1.REQUIRED, version2.SINGLE_IN_2_0):
        for name, elements in table.items():
            assert set(elements) <= {row.name for row in rows(CLASSES[name])}
    assert set(OF_SERVICE) <= set(SERVICES)


def test_an_element_takes_its_own_fields_and_never_changes() -> None:
    made = messages.UserId(user_identifier_value="1")
    assert (made.user_identifier_type, made.unknown) == (None, ())
    assert made == messages.UserId(user_identifier_value="1", agency_id=None)
    assert hash(made) == hash(messages.UserId(user_identifier_value="1", agency_id=None))
    assert replace(made, agency_id=SchemeValue("A")) == messages.UserId(
        agency_id=SchemeValue("A"), user_identifier_value="1"
    )
    with pytest.raises(FrozenInstanceError):
        made.user_identifier_value = "2"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError, match="UserId has no user_name"):
        messages.UserId(user_name="Ann")  # pyright: ignore[reportCallIssue]


def test_values_come_with_their_schemes() -> None:
    assert scheme_value("RequestType", "Hold") == SchemeValue("Hold", SCHEMES["RequestType"].scheme)
    with pytest.raises(ValueError, match="no RequestType"):
        scheme_value("RequestType", "Tea")
    assert SCHEMES["CirculationStatus"].find(" available on  SHELF") == "Available On Shelf"


def test_problems_are_classified_by_value_then_by_scheme() -> None:
    assert problem_type("Unknown Service") == SchemeValue("Unknown Service", MESSAGING_ERROR)
    unknown = problem_type("Unknown Item", "CheckInItem")
    assert unknown.scheme == "http://www.niso.org/ncip/v1_0/schemes/processingerrortype/checkinitemprocessingerror.scm"
    assert problem_type(GENERAL[0], "CheckInItem").scheme == problem_type(GENERAL[0]).scheme
    assert known_problem("unknown  USER") == "Unknown User"
    assert known_problem("Tea") is None
    assert is_messaging(SchemeValue("Unknown Element", "anything"))
    assert not is_messaging(SchemeValue("Unknown User", MESSAGING_ERROR))
    assert is_messaging(SchemeValue("Tea", MESSAGING_ERROR))
    assert not is_messaging(None)
