"""Records to drafts: the field map's rules, one by one."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.feeds.port import SourceRecord
from gateway.identity.model import FIELDS, MANY, Draft
from gateway.identity.sync.mapping import FieldMap
from tests.gateway.identity.sync.scripted import record, settings


def field_map(zone: str = "Europe/London", **changes: Any) -> FieldMap:
    return FieldMap(settings(**changes), zone=ZoneInfo(zone), today=date(2026, 10, 1))


def mapped(field: str, config: dict[str, Any], **attributes: str | list[str]) -> Any:
    """What a field gets, "absent" where nothing, with the problems behind it where there are any."""
    draft = field_map(fields={field: config}).draft([record("k", **attributes)])
    said: dict[str, Any] = {**draft.fields, **{str(kind): values for kind, values in draft.identifiers.items()}}
    value = said.get(field, "absent")
    return (value, *draft.problems) if draft.problems else value


@pytest.mark.parametrize(
    ("field", "config", "attributes", "value"),
    [
        # absent, empty, there
        ("family", {"from": "sn"}, {}, "absent"),
        ("family", {"from": "sn"}, {"sn": []}, ""),
        ("family", {"from": "sn"}, {"sn": " \t "}, ""),
        ("family", {"from": "sn"}, {"sn": "  ap\x00 Rhys "}, "ap Rhys"),
        ("emails", {"from": "mail"}, {}, "absent"),
        ("emails", {"from": "mail"}, {"mail": []}, ()),
        ("barcode", {"from": "card"}, {"card": ""}, ()),
        ("barcode", {"from": "card"}, {"card": ["1", "2", "1"]}, ("1", "2")),
        # names
        ("family", {"from": "SN"}, {"sn": "Jones"}, "Jones"),
        ("family", {"from": ["a", "b"]}, {"b": "Jones"}, "Jones"),
        ("family", {"from": ["a", "b"]}, {"a": "", "b": "Jones"}, "Jones"),
        ("family", {"from": ["a", "b"]}, {"a": ""}, ""),
        ("display", {"from": ["x", "given", "+", "sn"]}, {"given": "Mair", "sn": "Jones"}, "Mair Jones"),
        ("display", {"from": ["x", "given", "+", "sn"]}, {"x": "M. Jones", "given": "Mair"}, "M. Jones"),
        ("display", {"from": ["given", "+", "sn"]}, {"sn": "Jones"}, "Jones"),
        ("display", {"from": ["given", "+", "sn"]}, {"sn": ""}, ""),
        ("display", {"from": ["given", "+", "sn"]}, {}, "absent"),
        ("home_library", {"value": "MAIN"}, {}, "MAIN"),
        ("home_library", {"value": ""}, {}, ""),
        # patterns, separators, codes
        ("barcode", {"from": "card", "pattern": r"^LIB:(\d+)$"}, {"card": ["LIB:12", "GYM:9"]}, ("12",)),
        ("barcode", {"from": "card", "pattern": r"^LIB:(\d+)$"}, {"card": "GYM:9"}, "absent"),
        ("barcode", {"from": "card", "pattern": r"^LIB:(\d+)$"}, {"card": []}, ()),
        ("username", {"from": "mail", "pattern": r"^[^@]+"}, {"mail": "maj12@uni.example"}, ("maj12",)),
        ("affiliations", {"from": "role", "separator": ";"}, {"role": "student; staff;"}, ("staff", "student")),
        ("affiliations", {"from": "role", "codes": {"S": "student", "*": "affiliate"}}, {"role": ["s", "X"]},
         ("affiliate", "student")),
        ("category", {"from": "type", "codes": {"UG": "undergraduate"}}, {"type": "ug"}, "undergraduate"),
        ("category", {"from": "type", "codes": {"UG": "undergraduate"}}, {"type": "zz"},
         ("absent", "category: has a code that its table does not have")),
        ("affiliations", {"from": "role", "codes": {"S": "student"}}, {"role": ["S", "X"]},
         (("student",), "affiliations: has a code that its table does not have")),
        ("department", {"from": "d", "codes": {"none": ""}}, {"d": "none"}, ""),
        # days
        ("expires_on", {"from": "e", "date_format": "%d/%m/%Y"}, {"e": "30/09/2027"}, "2027-09-30"),
        ("expires_on", {"from": "e"}, {"e": "soon"}, ("absent", "expires_on: is no date as `date_format` says")),
        ("expires_on", {"from": "e"}, {"e": ""}, ""),
        ("expires_on", {"from": "e", "date_format": "filetime"}, {"e": "9223372036854775807"}, ""),
        ("expires_on", {"from": "e", "date_format": "filetime"}, {"e": "134668188000000000"}, "2027-09-30"),
        ("valid_from_on", {"from": "e", "date_format": "filetime"}, {"e": "134668188000000000"}, "2027-10-01"),
        # active
        ("active", {"from": "status"}, {"status": "INACTIVE"}, False),
        ("active", {"from": "status", "codes": {"withdrawn": "no", "*": "yes"}}, {"status": "W"}, True),
        ("active", {"from": "status"}, {"status": "hm"}, ("absent", "active: is neither yes nor no")),
        ("active", {"from": "status"}, {"status": ""}, "absent"),
        ("active", {"from": "userAccountControl"}, {"useraccountcontrol": "514"}, False),
        ("active", {"from": "userAccountControl"}, {}, "absent"),
        ("active", {"from": "nsAccountLock"}, {"nsaccountlock": "true"}, False),
        ("active", {"from": "nsAccountLock"}, {}, True),
        ("active", {"from": "nsAccountLock"}, {"nsaccountlock": []}, True),
        # others
        ("language", {"from": "l"}, {"l": "cy-GB"}, "cy"),
        ("emails", {"from": "m"}, {"m": ["a@b.uk", "no", "A@B.uk"]}, (("a@b.uk",), "emails: is no e-mail address")),
    ],
)  # fmt: skip
def test_a_field_gets(field: str, config: dict[str, Any], attributes: dict[str, Any], value: Any) -> None:
    assert mapped(field, config, **attributes) == value


def test_a_name_to_show_is_made_where_the_map_has_none() -> None:
    fields = {"family": {"from": "sn"}, "given": {"from": "given"}, "preferred": {"from": "known"}}
    draft = field_map(fields=fields).draft([record("k", sn="Jones", given="Mair", known="Mari")])
    assert draft.fields["display"] == "Mari Jones"


def test_every_field_of_the_register_can_be_mapped() -> None:
    """One value that all of them take, but for those that are checked."""
    proper = {"emails": "a@b.uk", "language": "cy", "active": "yes"}
    proper |= dict.fromkeys(("birth_on", "valid_from_on", "expires_on"), "2027-01-01")
    for field in (*FIELDS, *IdentifierType):
        value = mapped(str(field), {"from": "x"}, x=proper.get(field, "x"))
        many = field in MANY or field in set(IdentifierType)
        assert isinstance(value, tuple) is many, field
        assert len(value) == 1 if isinstance(value, tuple) else value in (True, "x", "cy", "2027-01-01"), field


RULES = (
    {"category": "staff", "when": {"affiliations": ["staff", "faculty"]}},
    {"category": "research", "when": {"affiliations": "student", "programmes": "PH*"}},
    {"category": "student", "when": {"affiliations": "student"}},
)
RULED = {"affiliations": {"from": "role"}, "programmes": {"from": "course"}, "expires_on": {"from": "end"}}


def ruled(*records: dict[str, Any], rules: Any = RULES, **changes: Any) -> Draft:
    made = field_map(fields=RULED, categories=rules, **changes)
    return made.draft([record("k", **one) for one in records])


@pytest.mark.parametrize(
    ("attributes", "category", "problems"),
    [
        ({"role": ["student", "Staff"]}, "staff", ()),
        ({"role": "student", "course": "PHD-12"}, "research", ()),
        ({"role": "student", "course": "BA"}, "student", ()),
        ({"role": "alum"}, "", ("category: no rule fits",)),
        ({"role": ""}, "", ("category: no rule fits",)),
        ({}, None, ("category: no rule fits",)),
    ],
)
def test_the_first_rule_that_fits_gives_the_category(attributes: Any, category: str | None, problems: Any) -> None:
    draft = ruled(attributes)
    assert draft.fields.get("category") == category
    assert draft.problems == problems


def test_a_rule_without_conditions_always_fits() -> None:
    assert ruled({}, rules=({"category": "guest"},)).fields["category"] == "guest"


def test_programmes_become_one_person() -> None:
    arts = {"role": "student", "course": "BA", "end": "2027-06-30"}
    doctor = {"role": "student", "course": "PHD", "end": "2029-09-30"}
    one, other = (ruled(*pair, programmes="collapse") for pair in ((arts, doctor), (doctor, arts)))
    assert one == other
    assert one.fields["programmes"] == ("BA", "PHD")
    assert one.fields["expires_on"] == "2029-09-30"
    assert one.fields["category"] == "research"


def test_a_rule_has_to_fit_one_programme_as_a_whole() -> None:
    draft = ruled({"role": "student", "course": "BA"}, {"role": "alum", "course": "PHD"}, programmes="collapse")
    assert draft.fields["category"] == "student"


def test_never_is_the_longest_expiry() -> None:
    draft = ruled({"end": "2029-09-30"}, {"end": ""}, programmes="collapse")
    assert draft.fields["expires_on"] == ""


def test_a_digest_covers_the_record_and_the_map() -> None:
    same = record("k", sn="Jones", card="1", ignored="x")
    plain = field_map()
    digests = [
        plain.draft([same]).digest,
        plain.draft([record("k", sn="Jones", card="2")]).digest,
        plain.draft([record("k", sn="Jones")]).digest,
        plain.draft([record("k", sn="Jones", card="")]).digest,
        field_map("America/New_York").draft([same]).digest,
        field_map(categories=({"category": "guest"},)).draft([same]).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert plain.draft([record("k", sn=" Jones ", card="1", other="y")]).digest == digests[0]
    assert field_map(name="renamed", every="1h").version == plain.version


values = st.lists(st.text(max_size=12), max_size=3)
names = st.sampled_from(["sn", "given", "card", "expiry", "mail", "status"])


@given(st.lists(st.dictionaries(names, values), min_size=1, max_size=3))
def test_any_record_makes_a_draft_of_what_it_speaks_of(attributes: list[dict[str, list[str]]]) -> None:
    draft = field_map(programmes="collapse").draft([SourceRecord("k", one) for one in attributes])
    spoken = {name for one in attributes for name in one}
    assert ("family" in draft.fields) is ("sn" in spoken)
    assert (IdentifierType.BARCODE in draft.identifiers) is ("card" in spoken)
    assert set(draft.problems) <= {
        "expires_on: is no date as `date_format` says",
        "active: is neither yes nor no",
        "emails: is no e-mail address",
    }
