"""Search filters as text: RFC 4515's own examples, what tools write beside it, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ldap import (
    And,
    Approx,
    Equality,
    Extensible,
    FilterError,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    UnknownFilter,
    escape_filter_value,
    filter_text,
    parse_filter,
)

BOTH_WAYS = {
    # The examples of RFC 4515 4 come first.
    "(cn=Babs Jensen)": Equality("cn", b"Babs Jensen"),
    "(!(cn=Tim Howes))": Not(Equality("cn", b"Tim Howes")),
    "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))": And((
        Equality("objectClass", b"Person"), Or((Equality("sn", b"Jensen"), Substrings("cn", b"Babs J"))),
    )),
    "(o=univ*of*mich*)": Substrings("o", b"univ", (b"of", b"mich")),
    "(seeAlso=)": Equality("seeAlso", b""),
    "(cn:caseExactMatch:=Fred Flintstone)": Extensible("caseExactMatch", "cn", b"Fred Flintstone"),
    "(cn:=Betty Rubble)": Extensible(None, "cn", b"Betty Rubble"),
    "(sn:dn:2.4.6.8.10:=Barney Rubble)": Extensible("2.4.6.8.10", "sn", b"Barney Rubble", dn_attributes=True),
    "(o:dn:=Ace Industry)": Extensible(None, "o", b"Ace Industry", dn_attributes=True),
    "(:1.2.3:=Wilma Flintstone)": Extensible("1.2.3", None, b"Wilma Flintstone"),
    "(:dn:2.4.6.8.10:=Dino)": Extensible("2.4.6.8.10", None, b"Dino", dn_attributes=True),
    "(o=Parens R Us \\28for all your parenthetical needs\\29)":
        Equality("o", b"Parens R Us (for all your parenthetical needs)"),
    "(cn=*\\2a*)": Substrings("cn", None, (b"*",)),
    "(filename=C:\\5cMyFile)": Equality("filename", b"C:\\MyFile"),
    "(bin=\\00\\00\\00\\04)": Equality("bin", b"\0\0\0\4"),
    "(sn=Lučić)": Equality("sn", "Lučić".encode()),
    "(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)": Equality("1.3.6.1.4.1.1466.0", b"\x04\x02Hi"),
    "(&)": And(()),
    "(|)": Or(()),
    "(uid=*)": Present("uid"),
    "(a>=5)": GreaterOrEqual("a", b"5"),
    "(a<=5)": LessOrEqual("a", b"5"),
    "(cn;lang-cy~=Siân)": Approx("cn;lang-cy", "Siân".encode()),
    "(cn=*on)": Substrings("cn", None, (), b"on"),
    "(userAccountControl:1.2.840.113556.1.4.803:=2)":
        Extensible("1.2.840.113556.1.4.803", "userAccountControl", b"2"),
}  # fmt: skip


@pytest.mark.parametrize("text", BOTH_WAYS)
def test_both_ways(text: str) -> None:
    assert parse_filter(text) == BOTH_WAYS[text]
    assert filter_text(BOTH_WAYS[text]) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("uid=x", Equality("uid", b"x")),
        (" ( & ( uid=x ) (cn=*) ) ", And((Equality("uid", b"x "), Present("cn")))),
        ("(!\n(uid=x))", Not(Equality("uid", b"x"))),
        ("(cn=\\4a\\4B)", Equality("cn", b"JK")),
        ("(employee_no=1)", Equality("employee_no", b"1")),
    ],
)
def test_what_tools_write_beside_the_standard(text: str, found: object) -> None:
    assert parse_filter(text) == found


@pytest.mark.parametrize(
    ("text", "reason", "offset"),
    [
        ("", "no comparison", 0),
        ("(uid=x", "not closed", 0),
        ("(uid=x))", "behind the filter", 7),
        ("(uid=x)(cn=y)", "behind the filter", 7),
        ("(uid=a(b)", "in a value", 6),
        ("(uid>=a*)", "in a value", 7),
        ("(uid=\\zz)", "two hexadecimal digits", 5),
        ("(uid=\\4)", "two hexadecimal digits", 5),
        ("(=x)", "attribute is missing", 1),
        ("(uid:dn=x)", "attribute is missing", 1),
        ("(:=x)", "needs an attribute or one matching rule", 3),
        ("(uid:1.2:3.4:=x)", "needs an attribute or one matching rule", 14),
        ("(uid=a**b)", "nothing stands between", 9),
        ("(uid=**)", "nothing stands between", 7),
        ("(!uid=x)", "`!` needs a filter", 2),
        ("(!(uid=x)(cn=y))", "not closed", 0),
        ("(&(uid=x)", "not closed", 0),
        ("(&(uid=x)cn=y)", "not closed", 0),
        ("(&" * 65, "more than 64 filters", 128),
        ("(!" * 65 + "(a=b)" + ")" * 65, "more than 64 filters", 128),
    ],
)
def test_what_is_no_filter(text: str, reason: str, offset: int) -> None:
    with pytest.raises(FilterError, match=reason.replace("`", ".").replace("*", ".")) as refused:
        parse_filter(text)
    assert refused.value.offset == offset


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("*)(uid=*", "\\2a\\29\\28uid=\\2a"),
        ("CN=Smith\\, Jane", "CN=Smith\\5c, Jane"),
        ("a\0b", "a\\00b"),
        ("Siân", "Siân"),
        (b"Si\xc3\xa2n", "Siân"),
        (bytes.fromhex("f61c7007"), "\\f6\\1c\\70\\07"),
        ("\udcff", "\\ff"),
        ("", ""),
    ],
)
def test_a_value_is_never_taken_for_a_part_of_the_filter(value: bytes | str, text: str) -> None:
    assert escape_filter_value(value) == text


def test_a_filter_that_has_no_text_says_so() -> None:
    assert filter_text(Not(UnknownFilter(11, b"\x8b\0"))) == "(!(?=unknown))"


@given(st.binary(max_size=40))
def test_any_value_comes_back(value: bytes) -> None:
    assert parse_filter(f"(uid={escape_filter_value(value)})") == Equality("uid", value)
    if value:
        piece = escape_filter_value(value)
        assert parse_filter(f"(uid=*{piece}*{piece})") == Substrings("uid", None, (value,), value)


@given(st.text(max_size=40))
def test_any_login_comes_back(login: str) -> None:
    value = login.encode("utf-8", "replace")
    assert parse_filter(f"(&(uid={escape_filter_value(login)}))") == And((Equality("uid", value),))


@pytest.mark.fuzz
@given(st.text(alphabet="()&|!=*\\<>~:;a1. \0é", max_size=60))
def test_any_text_is_a_filter_or_an_error_with_an_offset(text: str) -> None:
    try:
        found = parse_filter(text)
    except FilterError as refused:
        offset = refused.offset
    else:
        assert parse_filter(filter_text(found)) == found
        offset = 0
    assert 0 <= offset <= len(text)
