"""Distinguished names as text: RFC 4514's examples, what servers write, what is none, and what is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ldap import Dn, DnError, dn_text, escape_dn_value, folded_dn, parse_dn

BOTH_WAYS: dict[str, Dn] = {
    # The examples of RFC 4514 4 come first.
    "UID=jsmith,DC=example,DC=net": ((("UID", "jsmith"),), (("DC", "example"),), (("DC", "net"),)),
    "OU=Sales+CN=J.  Smith,DC=example": ((("OU", "Sales"), ("CN", "J.  Smith")), (("DC", "example"),)),
    'CN=James \\"Jim\\" Smith\\, III,DC=net': ((("CN", 'James "Jim" Smith, III'),), (("DC", "net"),)),
    "CN=Before\\0dAfter,DC=net": ((("CN", "Before\rAfter"),), (("DC", "net"),)),
    "1.3.6.1.4.1.1466.0=#04024869": ((("1.3.6.1.4.1.1466.0", "Hi"),),),
    "CN=Lučić": ((("CN", "Lučić"),),),
    "": (),
    "cn=a=b": ((("cn", "a=b"),),),
    "cn=\\ a b\\ ": ((("cn", " a b "),),),
    "cn=\\#1": ((("cn", "#1"),),),
    "cn=a#1": ((("cn", "a#1"),),),
    "cn=\\\\\\+\\;\\<\\>": ((("cn", "\\+;<>"),),),
    "cn=\\ ": ((("cn", " "),),),
    "cn=,dc=x": ((("cn", ""),), (("dc", "x"),)),
    "CN=Smith\\, Jane,OU=Staff,DC=uni,DC=example": (
        (("CN", "Smith, Jane"),), (("OU", "Staff"),), (("DC", "uni"),), (("DC", "example"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", BOTH_WAYS)
def test_both_ways(text: str) -> None:
    assert parse_dn(text) == BOTH_WAYS[text]
    assert dn_text(BOTH_WAYS[text]) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (" cn = a b ; dc = x ", "cn=a b,dc=x"),
        ('cn="a, \\"b\\"+c" , dc=x', 'cn=a\\, \\"b\\"\\+c,dc=x'),
        ("cn=Lu\\C4\\8Di\\C4\\87", "cn=Lučić"),
        ("OID.2.5.4.3=#1302 4869".replace(" ", ""), "2.5.4.3=#04024869"),
        ("cn=a\\2cb", "cn=a\\,b"),
        ("cn=a\\=b", "cn=a=b"),
        ("cn=a\\20", "cn=a\\ "),
    ],
)
def test_what_is_read_beside_the_shortest(text: str, same: str) -> None:
    assert dn_text(parse_dn(text)) == same


@pytest.mark.parametrize(
    ("text", "offset"),
    [("cn", 2), ("=x", 0), ("cn=x,", 5), (",cn=x", 0), ("cn=x,,dc=y", 5), ("cn=a\\", 4), ("cn=a\\x", 4), ('cn=a"b', 4),
     ('cn="a', 3), ('cn="a"b', 6), ("cn=#", 3), ("cn=#0", 3), ("cn=#0402", 3), ("cn=#040248ff00", 3), ("cn=<x>", 3),
     ("ann@uni.example", 3), ("UNI\\ann", 3), ("cn=a\0", 4), ("cn=#04024869x", 12), ("cn=x+", 5)],
)  # fmt: skip
def test_what_is_no_name(text: str, offset: int) -> None:
    with pytest.raises(DnError) as refused:
        parse_dn(text)
    assert refused.value.offset == offset


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Smith\\, Jane,DC=X", "cn=smith\\2c jane,dc=x"),
        ("cn=A  b ,dc=x", "commonName=a B,DC=X"),
        ("2.5.4.3=#04024869,dc=x", "cn=hi,domainComponent=x"),
        ("cn=a+uid=1,dc=x", "UID=1+CN=A,dc=X"),
        ("cn=ŴYN", "cn=ŵyn"),
        ("cn=STRASSE", "cn=straße"),
        ("cn=é", "cn=e\u0301"),
        ("cn=an\u00adn\u200b", "cn=Ann"),
        ("cn=a\\09b", "cn=a b"),
        ("cn=a\\00b", "cn=ab"),
    ],
)
def test_what_is_the_same_name(one: str, other: str) -> None:
    assert folded_dn(one) == folded_dn(other)
    assert folded_dn(parse_dn(one)) == folded_dn(other)


@pytest.mark.parametrize(
    ("one", "other"), [("cn=a,dc=x", "cn=a,dc=y"), ("cn=a,dc=x", "dc=x,cn=a"), ("cn=ab", "cn=a b")]
)
def test_what_is_another_name(one: str, other: str) -> None:
    assert folded_dn(one) != folded_dn(other)


def test_what_stands_below_ends_with_it() -> None:
    base = folded_dn("OU=People,DC=aber,DC=demo")
    assert folded_dn("uid=1,ou=people,dc=aber,dc=demo")[-len(base) :] == base
    assert folded_dn("uid=1,ou=other\\,ou=people,dc=aber,dc=demo")[-len(base) :] != base


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4))
def test_any_values_come_back(values: list[str]) -> None:
    values = [value.encode("utf-8", "replace").decode() for value in values]
    dn = tuple((("cn", value),) for value in values)
    assert parse_dn(dn_text(dn)) == dn
    assert parse_dn(",".join(f"cn={escape_dn_value(value)}" for value in values)) == dn


@pytest.mark.fuzz
@given(st.text(alphabet='cn=,+;"\\#04 \0ü', max_size=40))
def test_any_text_is_a_name_or_an_error_with_an_offset(text: str) -> None:
    try:
        found = parse_dn(text)
    except DnError as refused:
        offset = refused.offset
    else:
        assert parse_dn(dn_text(found)) == found
        assert folded_dn(dn_text(found)) == folded_dn(found)
        offset = 0
    assert 0 <= offset <= len(text)
