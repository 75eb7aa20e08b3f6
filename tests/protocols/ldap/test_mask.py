"""Who asks, about whom, and how they show it never stay in what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ldap import (
    BindRequest,
    BindResponse,
    CompareRequest,
    Control,
    Equality,
    ExtendedRequest,
    LdapMessage,
    OtherAuthentication,
    PagedResults,
    Result,
    Sasl,
    SearchRequest,
    SearchResultEntry,
    Simple,
    decode,
    encode,
    mask,
)
from tests.protocols.ldap.samples import MESSAGES

PERSON = "uid=20100001,ou=people,dc=aber,dc=demo"
AD_REFUSAL = "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563\0"


def masked(message: LdapMessage, *, personal: bool = True) -> LdapMessage:
    octets = encode(message)
    covered = mask(octets, personal)
    assert covered is not None
    assert len(covered) == len(octets)
    assert mask(covered, personal) == covered
    return decode(covered)


def test_a_password_never_stays() -> None:
    for personal in (True, False):
        bind = masked(LdapMessage(1, BindRequest(3, PERSON, Simple(b"secret"))), personal=personal).op
        assert isinstance(bind, BindRequest)
        assert bind.authentication == Simple(b"******")
        assert bind.name == ("uid=********,ou=people,dc=aber,dc=demo" if personal else PERSON)


@pytest.mark.parametrize("authentication", [Sasl("PLAIN", b"\0u\0secret"), OtherAuthentication(10, b"\x8a\x06secret")])
def test_nor_any_other_way_to_bind(authentication: Sasl | OtherAuthentication) -> None:
    octets = encode(LdapMessage(1, BindRequest(3, "", authentication)))
    assert b"secret" not in (mask(octets, personal=False) or b"secret")


def test_what_is_compared_or_sent_with_an_extended_operation_is_covered() -> None:
    compare = masked(LdapMessage(1, CompareRequest(PERSON, "userPassword", b"secret")), personal=False).op
    assert compare == CompareRequest(PERSON, "userPassword", b"******")
    change = masked(LdapMessage(1, ExtendedRequest("1.3.6.1.4.1.4203.1.11.1", b"0\x08\x82\x06secret")), personal=False)
    assert change.op == ExtendedRequest("1.3.6.1.4.1.4203.1.11.1", b"*" * 10)


def test_values_of_filters_and_entries_are_about_people() -> None:
    search = LdapMessage(1, SearchRequest("ou=people,dc=x", 2, 0, 0, 0, False, Equality("uid", b"20100001"), ("cn",)))
    assert masked(search, personal=False) == search
    found = masked(search).op
    assert isinstance(found, SearchRequest)
    assert (found.base, found.filter, found.attributes) == ("ou=people,dc=x", Equality("uid", b"********"), ("cn",))
    entry = LdapMessage(1, SearchResultEntry(PERSON, (("cn", (b"Ann",)), ("userPassword;x", (b"{SSHA}x",)))))
    assert masked(entry).op == SearchResultEntry(
        "uid=********,ou=people,dc=aber,dc=demo", (("cn", (b"***",)), ("userPassword;x", (b"*" * 7,)))
    )
    assert masked(entry, personal=False).op == SearchResultEntry(
        PERSON, (("cn", (b"Ann",)), ("userPassword;x", (b"*" * 7,)))
    )


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("uid=1+cn=Ann,dc=x", "uid=*+cn=***,dc=x"),
        ("CN=Smith\\, ou=Jane,DC=x", "*" * 23),
        ('cn="a,ou=b",dc=x', "*" * 16),
        ("ann@uni.example", "*" * 15),
        ("UNI\\ann", "*" * 7),
        ("20100001", "*" * 8),
        ("dc=aber, dc=demo", "dc=aber, dc=demo"),
        ("dc=Siân", "dc=*****"),
        ("", ""),
    ],
)
def test_of_a_name_only_its_upper_parts_stay(name: str, covered: str) -> None:
    found = masked(LdapMessage(1, BindRequest(3, name, Simple(b"")))).op
    assert isinstance(found, BindRequest)
    assert found.name == covered


def test_why_active_directory_refused_stays_and_other_diagnostics_do_not() -> None:
    for text, kept in ((AD_REFUSAL, AD_REFUSAL), ("no such user ann", "*" * 16)):
        found = masked(LdapMessage(1, BindResponse(Result(49, "", text)))).op
        assert found == BindResponse(Result(49, "", kept))


def test_values_of_controls() -> None:
    paged, proxied = PagedResults(5, b"cookie").control(), Control("2.16.840.1.113730.3.4.18", True, b"dn:uid=1")
    message = LdapMessage(1, SearchRequest("", 0, 0, 0, 0, False, Equality("a", b"")), (paged, proxied))
    assert masked(message).controls == (paged, Control(proxied.oid, True, b"********"))
    assert masked(message, personal=False) == message


def test_several_messages_in_a_row() -> None:
    octets = b"".join(map(encode, MESSAGES))
    covered = mask(octets)
    assert covered is not None
    assert len(covered) == len(octets)
    assert b"20100001" not in covered


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message.op).__name__)
def test_of_any_message_the_structure_stays(message: LdapMessage) -> None:
    assert type(masked(message).op) is type(message.op)
    assert masked(message).message_id == message.message_id


def test_what_nobody_knows_is_covered_without_looking_inside() -> None:
    # Behind an unbind an element [PRIVATE 28], constructed, in which there is no BER.
    octets = bytes.fromhex("30 0d 02 01 07 42 00 fc 06") + b"secret"
    assert mask(octets, personal=False) == octets[:-6] + b"*" * 6


@pytest.mark.parametrize("octets", [b"", b"secret", b"0\x03\x02\x01\x01", b"0\x80secret", b"0\x05\x02\x01\x01\x42\x05",
                                    b"0\x0b\x02\x01\x01\x5e\x06secret", b"0\x06\x04\x01\x01\x42\x01\x00"])  # fmt: skip
def test_what_is_no_message_is_not_kept(octets: bytes) -> None:
    assert mask(octets) is None


SECRET = b"correct horse"
BINDS = [
    encode(LdapMessage(1, BindRequest(3, PERSON, Simple(SECRET)))),
    encode(LdapMessage(300, BindRequest(3, "", Simple(SECRET)), (PagedResults(1).control(),))),
    encode(LdapMessage(1, CompareRequest(PERSON, "userPassword", SECRET))),
]


@pytest.mark.parametrize("octets", BINDS, ids=["bind", "bind without a name", "compare"])
def test_one_damaged_octet_shows_no_password(octets: bytes) -> None:
    secret = octets.index(SECRET)
    for at in (*range(secret), *range(secret + len(SECRET), len(octets))):
        for value in range(256):
            damaged = octets[:at] + bytes((value,)) + octets[at + 1 :]
            for personal in (True, False):
                assert SECRET not in (mask(damaged, personal) or b""), (at, value, personal)


@given(st.binary(max_size=60))
def test_any_octets(octets: bytes) -> None:
    covered = mask(octets)
    assert covered is None or len(covered) == len(octets)
