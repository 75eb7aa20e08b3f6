"""Logins stay values, whatever is typed: checked with a reader of filters and names of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.directories.logins import dn_of, filter_of, upn_of
from library_protocols.ldap.dn import parse_dn
from library_protocols.ldap.filters import And, Equality, parse_filter

TYPED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(TYPED)
def test_a_filter_holds_what_was_typed_and_nothing_else(login: str) -> None:
    found = parse_filter(filter_of("(&(objectClass=person)(uid={login}))", login))
    assert found == And((Equality("objectClass", b"person"), Equality("uid", login.encode())))


@given(TYPED)
def test_so_does_a_name(login: str) -> None:
    found = parse_dn(dn_of("uid={login},ou=people,dc=example", login))
    assert found == ((("uid", login),), (("ou", "people"),), (("dc", "example"),))


def test_hand_written_ones() -> None:
    assert filter_of("(uid={login})", "a*(b)\\c\0") == r"(uid=a\2a\28b\29\5cc\00)"
    assert dn_of("uid={login},dc=x", "#a,b+c") == r"uid=\#a\,b\+c,dc=x"


def test_user_principal_names() -> None:
    assert upn_of("jane.doe", "campus.example") == "jane.doe@campus.example"
    assert upn_of("jane.doe", "@campus.example") == "jane.doe@campus.example"
    for login in ("jane@elsewhere.example", "CAMPUS\\jane", "jane doe", "jane\n", "a/b", "*"):
        assert upn_of(login, "campus.example") is None
