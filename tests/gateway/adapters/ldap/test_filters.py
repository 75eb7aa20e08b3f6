"""Filters on entries, without a connection: true, false and undefined, and what the register is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import product

import hypothesis
import pytest
from hypothesis import strategies as st

from gateway.adapters.ldap.filters import comparisons, compile_filter, mentions_live
from gateway.adapters.ldap.mapping import PersonEntry
from gateway.adapters.ldap.matching import RULES, NoValue
from gateway.adapters.ldap.plan import MOST_LOOKUPS, NOBODY, named_in, wanted_for
from gateway.crosswalks.ldap import ATTRIBUTES, AttributeRow, Syntax, with_subtypes
from gateway.identity.register.port import AllOf, AnyOf, Everyone, Lookup
from library_protocols.ldap import (
    And,
    Dn,
    Equality,
    Extensible,
    Filter,
    Not,
    Or,
    Present,
    Substrings,
    UnknownFilter,
    parse_dn,
    parse_filter,
)
from tests.gateway.adapters.ldap.conftest import PEOPLE, TREES
from tests.gateway.identity.memory_register import fits

TODAY = date(2026, 11, 22)
NAME = next(row for row in ATTRIBUTES if row.name == "name")
TEXTS = [row for row in ATTRIBUTES if row.form.syntax is Syntax.DIRECTORY_STRING]


def everything(_: AttributeRow) -> bool:
    return True


@dataclass
class Card:
    """An entry of few attributes; what is None is not known."""

    attributes: dict[str, tuple[bytes, ...] | None] = field(default_factory=dict)
    name: str = "uid=1,ou=people,dc=aber,dc=demo"

    @property
    def names(self) -> Dn:
        return parse_dn(self.name)

    def values(self, name: str) -> tuple[bytes, ...] | None:
        return self.attributes.get(name, ())


def truth(text: str | Filter, **attributes: bytes | None) -> bool | None:
    asked = parse_filter(text) if isinstance(text, str) else text
    card = Card({name: None if value is None else tuple(value.split(b"|")) for name, value in attributes.items()})
    return compile_filter(asked, everything)(card)


# RFC 4511 4.5.1.7: `cn` is there and is Ann; `sn` is not there; `nothing` is no attribute.
TRUE, FALSE, UNDEFINED = "(cn=ann)", "(sn=ann)", "(nothing=x)"
VALUES: dict[str, bool | None] = {TRUE: True, FALSE: False, UNDEFINED: None}


@pytest.mark.parametrize(("left", "right"), list(product(VALUES, VALUES)))
def test_and_or(left: str, right: str) -> None:
    a, b = VALUES[left], VALUES[right]
    both = False if False in (a, b) else None if None in (a, b) else True
    either = True if True in (a, b) else None if None in (a, b) else False
    assert truth(f"(&{left}{right})", cn=b"Ann") is both
    assert truth(f"(|{left}{right})", cn=b"Ann") is either


@pytest.mark.parametrize(("inner", "outer"), [(TRUE, False), (FALSE, True), (UNDEFINED, None)])
def test_not(inner: str, outer: bool | None) -> None:
    assert truth(f"(!{inner})", cn=b"Ann") is outer


def test_without_parts() -> None:
    assert truth("(&)") is True
    assert truth("(|)") is False
    assert truth("(!(&))") is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(cn=*)", True),
        ("(sn=*)", False),
        ("(nothing=*)", None),
        ("(cn;lang-cy=*)", None),
        ("(cn;lang-cy=ann)", None),
        ("(2.5.4.3=ANN)", True),
        ("(commonName=ann  jones)", True),
        ("(cn~=ann)", True),
        ("(cn=)", None),
        ("(cn=\\ff)", None),
        ("(cn>=a)", None),
        ("(cn<=a)", None),
        ("(name=ann)", True),
        ("(name=*)", True),
        ("(cn=a*n)", True),
        ("(cn=ann*n)", False),
        ("(cn=*jones)", True),
        ("(cn=ann *)", True),
        ("(cn=*n j*)", True),
        ("(cn=*n  j*)", True),
        ("(cn=*nj*)", False),
        ("(cn=*\\ff*)", None),
        ("(libraryExpiry>=20260101000000Z)", True),
        ("(libraryExpiry<=20260101000000Z)", False),
        ("(libraryExpiry>=202607312359.5Z)", True),
        ("(libraryExpiry=20260801005959+0100)", True),
        ("(libraryExpiry>=soon)", None),
        ("(libraryExpiry=2026*)", None),
        ("(libraryMayBorrow=TRUE)", None),
        ("(libraryMayBorrow=*)", None),
        ("(!(libraryMayBorrow=*))", None),
        ("(libraryBlock=x)", False),
        ("(objectClass=PERSON)", True),
        ("(objectClass=2.5.6.6)", True),
        ("(objectClass=1.2.3.4)", False),
        ("(objectClass=nothing)", None),
        ("(objectClass=per*)", None),
        ("(mail=ann@aber.example)", True),
        ("(mail=ŵ@aber.example)", None),
        ("(cn:=ann)", True),
        ("(cn:caseExactMatch:=ann)", False),
        ("(cn:2.5.13.5:=Ann)", True),
        ("(cn:booleanMatch:=TRUE)", None),
        ("(cn:nothingMatch:=ann)", None),
        ("(cn:caseIgnoreSubstringsMatch:=ann)", None),
        ("(nothing:caseIgnoreMatch:=ann)", None),
        ("(:caseIgnoreMatch:=ann)", True),
        ("(:caseIgnoreMatch:=nobody)", False),
        ("(:booleanMatch:=TRUE)", None),
        ("(:booleanMatch:=maybe)", None),
        ("(uid:dn:=1)", True),
        ("(uid:=1)", False),
        ("(dc:dn:caseIgnoreIA5Match:=demo)", True),
        ("(dc:dn:=DEMO)", True),
        ("(cn:caseIgnoreOrderingMatch:=b)", True),
        ("(cn:caseIgnoreOrderingMatch:=Ann)", False),
    ],
)
def test_comparisons(text: str, expected: bool | None) -> None:
    known: dict[str, bytes | None] = {
        "cn": b"Ann|Ann Jones",
        "mail": b"ann@aber.example",
        "libraryExpiry": b"20260731235959Z",
        "libraryMayBorrow": None,
        "objectClass": b"top|person",
    }
    assert truth(text, **known) is expected


def test_filters_that_have_no_text() -> None:
    assert truth(UnknownFilter(31, b"")) is None
    assert truth(Extensible(None, None, b"x")) is None
    assert truth(Not(Substrings("cn", b"a"))) is True


def test_what_is_not_shown_is_not_known() -> None:
    def shown(row: AttributeRow) -> bool:
        return row.name != "cn"

    card = Card({"cn": (b"Ann",), "sn": (b"Jones",)})
    for text in ("(cn=ann)", "(!(cn=ann))", "(cn=*)", "(!(cn=bob))", "(cn=a*)", "(cn:=ann)"):
        assert compile_filter(parse_filter(text), shown)(card) is None
    assert compile_filter(parse_filter("(name=ann)"), shown)(card) is False
    assert compile_filter(parse_filter("(name=jones)"), shown)(card) is True
    assert compile_filter(parse_filter("(:caseIgnoreMatch:=ann)"), shown)(card) is False


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("(cn=ann)", 1),
        ("(nothing=x)", 0),
        ("(name=ann)", len(with_subtypes(NAME))),
        ("(&(cn=ann)(|(sn=jones)(!(mail=*))))", 3),
        ("(cn=a*b*c*d)", 3),
        ("(cn:dn:=ann)", 2),
        ("(:caseIgnoreMatch:=ann)", len(TEXTS)),
        ("(:dn:caseIgnoreMatch:=ann)", 2 * len(TEXTS)),
        ("(:caseIgnoreSubstringsMatch:=ann)", 0),
        ("(:1.2.3:=ann)", 0),
    ],
)
def test_what_a_filter_costs(text: str, cost: int) -> None:
    assert comparisons(parse_filter(text), everything) == cost
    assert comparisons(parse_filter(text), lambda row: False) == 0


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("(cn=x)", False),
        ("(&(cn=x)(!(|(libraryBlock=*))))", True),
        ("(libraryMayBorrow:=TRUE)", True),
        ("(libraryBlock=a*)", True),
        ("(:caseIgnoreMatch:=x)", True),
        ("(nothing=x)", False),
    ],
)
def test_questions_for_the_platform_are_known(text: str, live: bool) -> None:
    assert mentions_live(parse_filter(text)) is live


# Matching rules


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        ("caseIgnoreMatch", "  Siân   ŴYN ", "siân ŵyn"),
        ("caseIgnoreMatch", "STRASSE", "straße"),
        ("caseExactMatch", " a  b ", "a b"),
        ("telephoneNumberMatch", "+44 1970-622 400", "+441970622400"),
        ("generalizedTimeMatch", "2026112212Z", "20261122120000.0Z"),
        ("generalizedTimeMatch", "20261122120000Z", "20261122130000+01"),
        ("generalizedTimeMatch", "202611221230Z", "2026112212.5Z"),
        ("distinguishedNameMatch", "UID=A , ou=x", "0.9.2342.19200300.100.1.1=#040161,OU=X"),
        ("objectIdentifierMatch", "inetOrgPerson", "2.16.840.1.113730.3.2.2"),
        ("objectIdentifierMatch", "surname", "2.5.4.4"),
        ("objectIdentifierFirstComponentMatch", "( 2.5.4.4 NAME 'sn' )", "SN"),
        ("integerMatch", "3", "3"),
    ],
)
def test_values_that_match(rule: str, one: str, other: str) -> None:
    key = RULES[rule.lower()].key
    assert key(one.encode()) == key(other.encode())


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("caseIgnoreMatch", b""),
        ("caseIgnoreMatch", b"\xff"),
        ("caseIgnoreMatch", b"a\0"),
        ("caseIgnoreIA5Match", "ŵ".encode()),
        ("booleanMatch", b"true"),
        ("integerMatch", b"03"),
        ("integerMatch", b"9" * 5000),
        ("generalizedTimeMatch", b"20261322120000Z"),
        ("generalizedTimeMatch", b"20261122120000"),
        ("generalizedTimeMatch", b"00010101000000+2359"),
        ("generalizedTimeMatch", "２０２６1122120000Z".encode()),
        ("distinguishedNameMatch", b"no name"),
        ("objectIdentifierMatch", b"not an oid"),
        ("objectIdentifierMatch", b"unheardOf"),
    ],
)
def test_values_that_are_none(rule: str, value: bytes) -> None:
    with pytest.raises(NoValue):
        RULES[rule.lower()].key(value)


# What the register is asked for


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(cn=Ann)", Lookup("display", "Ann")),
        ("(cn=Ann*)", Lookup("display", "Ann", prefix=True)),
        ("(cn=*Ann)", Everyone()),
        ("(sn=Jones)", AnyOf((Lookup("family", "Jones"), Lookup("display", "Jones")))),
        ("(&(objectClass=person)(employeeType=UG))", Lookup("category", "UG")),
        ("(&(employeeType=UG)(mail=x@y))", AllOf((Lookup("category", "UG"), Lookup("email", "x@y")))),
        ("(|(employeeType=UG)(nothing=x))", Lookup("category", "UG")),
        ("(|(employeeType=UG)(libraryStatus=active))", Everyone()),
        ("(&(employeeType=UG)(nothing=x))", NOBODY),
        ("(!(employeeType=UG))", Everyone()),
        ("(ou=people)", NOBODY),
        ("(objectClass=domain)", NOBODY),
        ("(cn=*)", Everyone()),
        ("(dc=*)", NOBODY),
        ("(entryDN=*)", Everyone()),
        ("(libraryExpiry>=20260101000000Z)", Everyone()),
    ],
)
def test_plans(text: str, wanted: object) -> None:
    assert wanted_for(parse_filter(text), everything) == wanted


def test_a_very_long_question_is_put_to_everybody() -> None:
    many = Or(tuple(Equality("employeeType", str(number).encode()) for number in range(MOST_LOOKUPS)))
    assert isinstance(wanted_for(many, everything), AnyOf)
    assert wanted_for(Or((*many.parts, Equality("employeeType", b"x"))), everything) == Everyone()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(uid=1)", "1"),
        ("(&(objectClass=person)(|(libraryBarcode=1)))", "1"),
        ("(|(uid=1)(uid=2))", None),
        ("(!(uid=1))", None),
        ("(uid=\\ff)", None),
        ("(cn=1)", None),
    ],
)
def test_one_person_asked_for_by_name(text: str, value: str | None) -> None:
    assert named_in(parse_filter(text)) == value


NAMES = (
    "uid",
    "cn",
    "sn",
    "name",
    "mail",
    "employeeType",
    "libraryStatus",
    "objectClass",
    "telephoneNumber",
    "dc",
    "x",
)
WORDS = ("Ann Jones", "jones", "ANN", "20100001", "ajones", "UG", "person", "active", "S", "ŵyn", "20199999")
leaves = st.one_of(
    st.builds(Equality, st.sampled_from(NAMES), st.sampled_from(WORDS).map(str.encode)),
    st.builds(Present, st.sampled_from(NAMES)),
    st.builds(Substrings, st.sampled_from(NAMES), st.sampled_from(WORDS).map(lambda word: word[:2].encode())),
    st.builds(Extensible, st.none(), st.sampled_from(NAMES), st.sampled_from(WORDS).map(str.encode), st.booleans()),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)


@hypothesis.given(filters)
@hypothesis.settings(max_examples=150, deadline=None)
def test_a_plan_leaves_out_nobody_whom_the_filter_fits(asked: Filter) -> None:
    test, wanted = compile_filter(asked, everything), wanted_for(asked, everything)
    for person in PEOPLE:
        entry = PersonEntry(person, TREES[person.member], TODAY)
        if test(entry):
            assert fits(person, wanted)
