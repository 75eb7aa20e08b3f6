"""Filters: every operator and how it compares, what is planned of them, and whatever a client may send."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import ScimFilter

from gateway.adapters.scim import filters
from gateway.adapters.scim.listing import search_request
from gateway.adapters.scim.mapping import person_of, user_of
from gateway.adapters.scim.problems import Refused
from gateway.adapters.scim.schemas import UserResource
from gateway.crosswalks.scim import ENTERPRISE, LIBRARY, ROWS, USER
from gateway.identity.model import Person
from gateway.identity.register.port import AllOf, AnyOf, Everyone, Lookup
from tests.gateway.adapters.scim.conftest import Scim
from tests.gateway.identity.memory_register import fits

PEOPLE = {
    "amy": {"title": "Dr", "emails": [{"value": "amy@work.example", "type": "work", "primary": True},
                                      {"value": "amy@home.example", "type": "home"}],
            "name": {"familyName": "Jones", "givenName": "Amy"}, "externalId": "A-1",
            ENTERPRISE: {"employeeNumber": "100", "department": "Law", "manager": {"value": "boss"}},
            LIBRARY: {"barcode": "201"}},
    "Ben": {"active": False, "emails": [{"value": "ben@home.example", "type": "home"}],
            "name": {"familyName": "Jónsson"}, ENTERPRISE: {"department": "Law"}, LIBRARY: {"expires": "2027-07-31"}},
    "cy": {"displayName": "", "name": {"familyName": "Ŵyn"}, "externalId": "c-1", LIBRARY: {"category": "UG"}},
}  # fmt: skip


@pytest.fixture
async def people(scim: Scim) -> Scim:
    for name, more in PEOPLE.items():
        await scim.user(name, **more)
        scim.clock.seconds += 3600
    await scim.put(source="feed:students", user_name="amy2", family="Jones")
    return scim


CASES: dict[str, list[str]] = {
    'userName eq "AMY"': ["amy"],
    'USERNAME EQ "amy"': ["amy"],
    f'{USER}:userName eq "amy"': ["amy"],
    'userName ne "amy"': ["Ben", "cy"],
    'userName co "E"': ["Ben"],
    'userName sw "B"': ["Ben"],
    'userName ew "Y"': ["amy", "cy"],
    'userName gt "b"': ["Ben", "cy"],
    'userName ge "ben"': ["Ben", "cy"],
    'userName lt "ben"': ["amy"],
    'userName le "ben"': ["amy", "Ben"],
    "title pr": ["amy"],
    "not (title pr)": ["Ben", "cy"],
    "displayName pr": [],
    "emails pr": ["amy", "Ben"],
    'externalId eq "A-1"': ["amy"],
    'externalId eq "a-1"': [],
    'externalId sw "C"': [],
    "active eq true": ["amy", "cy"],
    'active eq "False"': ["Ben"],
    'name.familyName eq "jones"': ["amy"],
    'name.familyName sw "J"': ["amy", "Ben"],
    'name.familyName sw "ŵ"': ["cy"],
    'name.familyName eq "jónsson"': ["Ben"],
    'emails eq "amy@home.example"': ["amy"],
    'emails.value co "home"': ["amy", "Ben"],
    'emails[type eq "work"]': ["amy"],
    'emails[type eq "work" and value co "home"]': [],
    'emails[type eq "home" and not (value sw "amy")]': ["Ben"],
    'emails.type eq "work" and emails.value co "home"': ["amy"],
    'emails[type eq "home"].value eq "ben@home.example"': ["Ben"],
    f'{ENTERPRISE}:employeeNumber eq "100"': ["amy"],
    f'{ENTERPRISE}:department eq "law"': ["amy", "Ben"],
    f'{LIBRARY}:barcode eq "201"': ["amy"],
    f'{LIBRARY}:expires lt "2028-01-01"': ["Ben"],
    f"{LIBRARY}:category pr": ["cy"],
    'userName eq "amy" or userName eq "cy"': ["amy", "cy"],
    'userName eq "amy" or title pr and userName eq "cy"': ["amy"],
    '(userName eq "amy" or title pr) and userName eq "cy"': [],
    'not (userName eq "amy" or userName eq "ben")': ["cy"],
    'meta.created gt "2026-11-22T12:30:00Z"': ["Ben", "cy"],
    'meta.lastModified le "2026-11-22T12:00:00+00:00"': ["amy"],
    'meta.resourceType eq "User"': ["amy", "Ben", "cy"],
    'id eq "nobody"': [],
    'userName eq "am\\u0079"': ["amy"],
    "externalId eq null": ["Ben"],
    'manager eq "boss"': ["amy"],
    'userName pr and not (manager eq "boss" or title eq "manager")': ["Ben", "cy"],
    f'{ENTERPRISE}:manager eq "boss"': ["amy"],
    f'{ENTERPRISE}:manager.value ne "boss"': ["Ben", "cy"],
    'title eq "manager"': [],
}


@pytest.mark.parametrize("text", CASES)
async def test_a_filter_finds_who_fits(people: Scim, text: str) -> None:
    assert sorted(await people.find(text), key=str.lower) == CASES[text]


BAD = [
    "userName", 'userName eq', 'userName is "x"', 'eq "x"', 'userName eq "x', "userName eq x", '(userName eq "x"',
    'userName eq "x" and', "not userName pr", "emails[", 'emails[type eq "work"', "userName gt 3", "active gt true",
    'active co "t"', "nosuch pr", 'name.nosuch eq "x"', 'urn:x:nosuch eq "x"', 'userName[type eq "x"]',
    "userName eq 'x'",
    "manager", 'manager eq', 'manager.nosuch eq "x"',
    'userName eq "x" ; drop', "(" * 40 + "title pr" + ")" * 40 + " or not (" * 40 + "title pr" + ")" * 40,
    "not (" * 40 + "title pr" + ")" * 40, 'title eq "' + "x" * 9000 + '"', 'userName eq "a\x00b"',
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
async def test_a_filter_that_is_none_is_refused(scim: Scim, text: str) -> None:
    said = await scim.do("GET", "/Users", params={"filter": text}, status=400)
    assert said["scimType"] == "invalidFilter"
    said = await scim.do("POST", "/Users/.search", {"filter": text}, status=400)
    assert said["scimType"] in ("invalidFilter", "invalidValue")


def _named(value: str, *names: str, prefix: bool = False) -> AnyOf:
    return AnyOf(tuple(Lookup(name, value, prefix) for name in names))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('userName eq "x"', _named("x", "user_name", "username", "id")),
        ('userName sw "x"', _named("x", "user_name", "username", prefix=True)),
        ('userName sw "0"', _named("0", "user_name", "username", "id", prefix=True)),
        ('name.familyName sw "ŵ"', Everyone()),
        ('emails[type eq "work" and value eq "x"]', AllOf((Lookup("email", "x"),))),
        ('phoneNumbers eq "x"', Lookup("phone", "x")),
        ('id eq "x" and active eq true', AllOf((Lookup("id", "x"),))),
        ('externalId eq "x" or nickName eq "y"', Everyone()),
        ('externalId eq "x" or id eq "y"', AnyOf((Lookup("external_id", "x"), Lookup("id", "y")))),
        ('userName eq "x" or title eq "y"', Everyone()),
        ('not (userName eq "x")', Everyone()),
        ('userName ne "x"', Everyone()),
        (f'{LIBRARY}:barcode eq "x"', Lookup("barcode", "x")),
        (f'{ENTERPRISE}:employeeNumber eq "x"', Lookup("sis", "x")),
    ],
)
def test_what_an_index_knows_is_asked_of_it(text: str, wanted: object) -> None:
    assert filters.plan(ScimFilter(text).ast) == wanted


# What holds for all


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=6)
WORDS = st.sampled_from(["a", "A", "ab", "Ŵ", "straße", "STRASSE", "ﬁ", "é", "e\u0301", "İ", "ㄱ", "a  b"]) | TEXTS
ATTRIBUTES = [row.key for row in ROWS if row.lookup and row.attribute != "emails"] + ["emails.value", "emails", "id"]


@st.composite
def texts_of_filters(draw: st.DrawFn, depth: int = 3) -> str:
    """A filter that is one."""
    form = draw(st.integers(0, 5 if depth else 1))
    if form >= 3:
        parts = [draw(texts_of_filters(depth - 1)) for _ in range(2)]
        return "(" + f" {draw(st.sampled_from(['and', 'or']))} ".join(parts) + ")"
    if form == 2:
        return f"not ({draw(texts_of_filters(depth - 1))})"
    value = ScimFilter.quote(draw(WORDS))
    if form == 1:
        return f'emails[type eq "work" {draw(st.sampled_from(["and", "or"]))} value {draw(OPERATORS)} {value}]'
    return f"{draw(st.sampled_from(ATTRIBUTES))} {draw(OPERATORS)} {value}"


OPERATORS = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])


@st.composite
def persons(draw: st.DrawFn) -> Person:
    nobody = Person("0" * 26, "aber", 1, 0, 0, "scim:entra", "", "")
    user: dict[str, object] = {"userName": draw(WORDS), "externalId": draw(WORDS), "displayName": draw(WORDS)}
    user["name"] = {"familyName": draw(WORDS), "givenName": draw(WORDS)}
    user["emails"] = [{"value": value, "type": "work"} for value in draw(st.lists(WORDS, max_size=2))]
    user[ENTERPRISE] = {"employeeNumber": draw(WORDS), "department": draw(WORDS)}
    user[LIBRARY] = {"barcode": draw(WORDS), "category": draw(WORDS), "affiliation": draw(WORDS)}
    return person_of(user, nobody, lambda _: False)


@pytest.mark.fuzz
@given(texts_of_filters(), persons())
def test_whoever_fits_a_filter_fits_what_the_register_is_asked(text: str, person: Person) -> None:
    asked = ScimFilter[UserResource](text)
    user = UserResource.model_validate(user_of(person, "http://a"))
    if asked.match(user):
        assert fits(person, filters.plan(asked.ast))


@pytest.mark.fuzz
@given(st.text(max_size=60) | st.text('abc()[]"\\ .:eqand or not pr', max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with suppress(Refused):
        request = search_request({"filter": text}, (UserResource,))
        filters.plan(request.filter.ast if request.filter else None)
