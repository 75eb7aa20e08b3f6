"""Conditions by which a library keeps records to itself: how they are written, and which records they mean."""

from __future__ import annotations

import pytest

from gateway.catalogue.store.rows import Status
from gateway.catalogue.visibility import Visibility, condition, configured
from gateway.config import Config, ConfigError
from gateway.runtime.compose import problems
from library_protocols.marc import DataField, Record

RECORD = Record(
    "00000nam a2200000 a 4500",
    [("001", "77"), ("008", "010101s2001    enk     o     000 0 eng d")],
    [
        DataField("245", "10", (("a", "A history of Wales"),)),
        DataField("596", "  ", (("a", "  "),)),
        DataField("942", "  ", (("c", "BK"), ("n", " 0 "))),
        DataField("942", "0 ", (("n", "Internal "), ("2", "ddc"))),
    ],
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("942n=0", True),
        ("942n=INTERNAL", True),
        (" 942n= internal ", True),
        ("942n=1", False),
        ("942n=inter", False),
        ("942cn=bk", True),
        ("942n/1=0=internal", True),
        ("942n/1=0=0", False),
        ("942n", True),
        ("942", True),
        ("942*=bk", True),
        ("942*=ddc", False),
        ("9422=ddc", True),
        ("596a", False),
        ("599a", False),
        ("599", False),
        ("001=77", True),
        ("001", True),
        ("003", False),
        ("008[23]=o", True),
        ("008[23]=s", False),
        ("008[35-37]=ENG", True),
        ("008[60]", False),
        ("LDR[5]=n", True),
        ("LDR[5]=d", False),
        ("LDR[17]", False),
        ("245a[2-8]=history", True),
    ],
)
def test_a_condition_holds(text: str, holds: bool) -> None:
    assert condition(text).holds(RECORD) is holds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' names no field: write it as in 942n=1"),
        ("note=1", "names no field"),
        ("94n", "names no field"),
        ("942n~1", "goes on with '~1' behind the field"),
        ("942n 1", "goes on with ' 1'"),
        ("942n=", "says no value"),
        ("942=1", "which subfield of 942"),
        ("942[3]", "which subfield of 942"),
        ("008a=o", "asks 008 for what it does not have: write a position of it as 008[6]"),
        ("001/1=0", "asks 001"),
        ("LDRa", "asks LDR"),
        ("LDR=x", "positions of the leader"),
        ("LDR[24]", "0 to 23"),
        ("LDR/17=8", "goes on with '/17=8'"),
        ("008[9-7]", "cannot stand"),
        ("008[23]=on", "cannot stand"),
    ],
)
def test_what_is_no_condition_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"^'.*'") as refused:
        condition(text)
    assert says in str(refused.value)


NEVER, ALWAYS = (condition("599"),), (condition("942"),)


@pytest.mark.parametrize(
    ("suppressed", "private", "stated", "is_"),
    [
        (NEVER, NEVER, Status.VISIBLE, Status.VISIBLE),
        (NEVER, ALWAYS, Status.VISIBLE, Status.PRIVATE),
        (ALWAYS, NEVER, Status.VISIBLE, Status.SUPPRESSED),
        (ALWAYS, ALWAYS, Status.VISIBLE, Status.SUPPRESSED),
        (NEVER, NEVER, Status.PRIVATE, Status.PRIVATE),
        (ALWAYS, NEVER, Status.PRIVATE, Status.SUPPRESSED),
        (NEVER, ALWAYS, Status.SUPPRESSED, Status.SUPPRESSED),
        (ALWAYS, ALWAYS, Status.DELETED, Status.DELETED),
    ],
)
def test_the_stricter_holds(suppressed: tuple, private: tuple, stated: Status, is_: Status) -> None:
    assert Visibility(suppressed, private).status(RECORD, stated) is is_


def config(**catalogue: object) -> Config:
    aber = {"name": "Aberystwyth", "main_location": "MAIN", "catalogue": catalogue}
    return Config.model_validate({"pepper": "p" * 32, "members": {"aber": aber}})


def test_only_members_with_conditions_have_any() -> None:
    assert configured(config()) == {}
    made = configured(config(suppressed=["942n=1"], private=["599a", "LDR[17]=8"]))
    assert made == {"aber": Visibility((condition("942n=1"),), (condition("599a"), condition("LDR[17]=8")))}


def test_all_that_is_wrong_is_said_with_its_key() -> None:
    wrong = config(suppressed=["942n=1", "94"], private=["599a="])
    with pytest.raises(ConfigError) as refused:
        configured(wrong)
    assert [problem.key for problem in refused.value.problems] == [
        "members.aber.catalogue.suppressed.1",
        "members.aber.catalogue.private.0",
    ]
    assert problems(wrong) == refused.value.problems
