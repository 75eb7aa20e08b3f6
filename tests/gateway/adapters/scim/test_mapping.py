"""Persons as users and back: nothing is lost on the way that a client did not take away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.scim.mapping import UNSET, person_of, user_of
from gateway.adapters.scim.schemas import UserResource
from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.scim import LIBRARY, USER, Kept, ScimRow
from gateway.identity.model import Person, PersonIdentifier, folded

BASE = "https://library.example/scim/v2/aber"
NOBODY = Person("0" * 26, "aber", 1, 0, 0, "scim:entra", "", "")
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8)
MAYBE = st.just("") | TEXT
SOME = st.lists(TEXT, max_size=3, unique=True).map(tuple)
DAY = st.just("") | st.dates().map(lambda day: day.isoformat())


def nothing(_: ScimRow) -> bool:
    return False


@st.composite
def persons(draw: st.DrawFn) -> Person:
    """Somebody as the library or a feed may have put them into the register."""
    name = draw(TEXT.filter(lambda text: text.strip()))
    barcodes = draw(st.lists(TEXT, max_size=2, unique_by=folded))
    return replace(
        NOBODY,
        user_name=name,
        display=draw(TEXT),
        identifiers=(
            PersonIdentifier(IdentifierType.USERNAME, name),
            *(PersonIdentifier(IdentifierType.BARCODE, value, draw(st.booleans())) for value in barcodes),
            *(PersonIdentifier(IdentifierType.SIS, value) for value in draw(st.lists(TEXT, max_size=1))),
        ),
        **{name: draw(MAYBE) for name in ("family", "given", "middle", "preferred", "category", "department", "eppn",
                                          "home_library", "external_id")},
        **{name: draw(SOME) for name in ("emails", "phones", "addresses", "affiliations")},
        **{name: draw(DAY) for name in ("valid_from_on", "expires_on", "birth_on")},
        language=draw(st.sampled_from(["", "cy", "en"])),
        active=draw(st.booleans()),
        programmes=("Law",),
    )  # fmt: skip


def through_the_wire(user: dict[str, Any]) -> dict[str, Any]:
    return UserResource.model_validate(user).model_dump()


@pytest.mark.fuzz
@given(persons())
def test_a_user_that_is_sent_back_changes_nobody(person: Person) -> None:
    user = user_of(person, BASE)
    back = person_of(through_the_wire(user), person, nothing)
    blank = {"addresses": tuple(" ".join(line.split()) for line in person.addresses)}
    assert replace(back, extra={}, **blank) == replace(person, **blank)
    assert user_of(back, BASE) == user


@pytest.mark.fuzz
@given(persons())
def test_whoever_comes_from_outside_can_be_told_as_a_user(person: Person) -> None:
    user = user_of(person, BASE)
    read = through_the_wire(user)
    assert read | {"meta": None} == user | {"meta": None}
    assert set(user["schemas"]) == {USER, *(key for key in user if ":" in key)}


def sent(**more: Any) -> dict[str, Any]:
    return {"userName": "amy", **more}


def test_what_was_sent_is_shown_for_as_long_as_it_is_so() -> None:
    person = person_of(sent(emails=[{"value": "a@x", "type": "work"}], preferredLanguage="cy-GB"), NOBODY, nothing)
    assert user_of(person, BASE)["emails"] == [{"value": "a@x", "type": "work"}]
    changed = replace(person, emails=("b@x", "c@x"), language="en")
    assert user_of(changed, BASE)["emails"] == [{"value": "b@x", "primary": True}, {"value": "c@x", "primary": False}]
    assert user_of(changed, BASE)["preferredLanguage"] == "en"


def test_a_name_that_is_made_changes_with_the_others() -> None:
    person = person_of(sent(name={"familyName": "Jones", "givenName": "Amy"}), NOBODY, nothing)
    assert (person.display, person.extra) == ("Amy Jones", {UNSET: ["active", "displayName"]})
    person = person_of(sent(name={"familyName": "Rees", "givenName": "Amy"}), person, nothing)
    assert person.display == "Amy Rees"
    assert "displayName" not in user_of(person, BASE)
    person = person_of(sent(displayName="A. R."), person, nothing)
    assert (person.display, user_of(person, BASE)["displayName"]) == ("A. R.", "A. R.")
    person = person_of(sent(), person, lambda row: row.kept is Kept.DISPLAY)
    assert person.display == "A. R."


@pytest.mark.parametrize(
    ("entries", "lines"),
    [
        ([{"formatted": "1 High St\nAber"}], ("1 High St Aber",)),
        ([{"streetAddress": "1 High St", "postalCode": "SY23", "type": "work"}], ("1 High St, SY23",)),
        ([{"locality": "A"}, {"locality": "B", "primary": True}], ("B", "A")),
        ([{"type": "work"}], ()),
    ],
)
def test_an_address_is_a_line(entries: list[dict[str, Any]], lines: tuple[str, ...]) -> None:
    person = person_of(sent(addresses=entries), NOBODY, nothing)
    assert person.addresses == lines
    assert user_of(person, BASE)["addresses"] == entries


@pytest.mark.parametrize(
    ("text", "language"), [("cy", "cy"), ("EN-gb", "en"), ("cy_GB", "cy"), ("cym", ""), ("Welsh", ""), ("", "")]
)
def test_a_language_is_two_letters_or_not_known(text: str, language: str) -> None:
    assert person_of(sent(preferredLanguage=text), NOBODY, nothing).language == language


@pytest.mark.parametrize(
    ("text", "ok"),
    [("2027-07-31", True), ("2027-07-31T23:00:00Z", True), ("2027-07-31T23:00:00+01:00", True), ("2027-02-30", False),
     ("2027-W01-1", False), ("20270731", False), ("31/07/2027", False), ("soon", False)],
)  # fmt: skip
def test_a_day_is_a_date(text: str, ok: bool) -> None:
    user = {"userName": "amy", LIBRARY: {"expires": text}}
    if not ok:
        with pytest.raises(ValueError, match="expires"):
            UserResource.model_validate(user)
        return
    person = person_of(through_the_wire(user), NOBODY, nothing)
    assert person.expires_on == "2027-07-31"
    assert user_of(person, BASE)[LIBRARY] == {"expires": text}


def test_the_first_of_several_affiliations_is_shown_and_the_others_stay() -> None:
    person = replace(NOBODY, user_name="amy", affiliations=("student", "staff"))
    assert user_of(person, BASE)[LIBRARY]["affiliation"] == "student"
    assert person_of(sent(**{LIBRARY: {"affiliation": "student"}}), person, nothing).affiliations == (
        "student",
        "staff",
    )
    assert person_of(sent(**{LIBRARY: {"affiliation": "alum"}}), person, nothing).affiliations == ("alum",)
    assert person_of(sent(), person, nothing).affiliations == ()
