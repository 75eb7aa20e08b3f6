"""The tables: whole, without doubles, and found by what people have in their hands."""

from __future__ import annotations

import pytest

from library_protocols.ldap import ResultCode, explain, explained_names
from library_protocols.ldap.facts import (
    BIND_REASONS,
    OIDS,
    OIDS_BY_NAME,
    OPERATIONS,
    RESULTS,
    SECRET_ATTRIBUTES,
    ValueRange,
    bind_reason,
    oid_name,
    range_of,
    result_name,
    split_description,
)
from library_protocols.ldap.facts.tables import rows

AD_REFUSAL = "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 52e, v4563\0"


def test_every_row_says_what_it_means_and_where_that_is_written() -> None:
    tables = (RESULTS, OIDS, OPERATIONS, BIND_REASONS, SECRET_ATTRIBUTES)
    for table in tables:
        for fact in table.values():
            assert fact.meaning
            assert fact.clause
    assert len(OIDS_BY_NAME) == len(OIDS)


def test_codes_used_by_name_are_in_the_table() -> None:
    for code in ResultCode:
        assert RESULTS[code].name.lower() == code.name.replace("_", "").lower().replace("sync", "e-sync")


def test_answers_are_operations_of_the_server() -> None:
    for fact in OPERATIONS.values():
        if fact.answer is not None:
            assert fact.sender == "client"
            assert OPERATIONS[fact.answer].sender == "server"


def test_names_for_people() -> None:
    assert (result_name(49), result_name(9999)) == ("49 invalidCredentials", "9999")
    assert (oid_name("1.3.6.1.4.1.1466.20037"), oid_name("1.2.3")) == ("startTLS", "1.2.3")


@pytest.mark.parametrize(
    ("text", "reason"), [(AD_REFUSAL, "52e"), ("data 52e", ""), ("", ""), (AD_REFUSAL.upper(), "52e")]
)
def test_why_active_directory_refused(text: str, reason: str) -> None:
    assert bind_reason(text) == reason


@pytest.mark.parametrize(
    ("description", "kind", "value_range"),
    [
        ("member;range=0-1499", "member", ValueRange(0, 1499)),
        ("Member;Range=1500-*", "member", ValueRange(1500, None)),
        ("cn;lang-cy", "cn", None),
        ("member;range=a-b", "member", None),
    ],
)
def test_ranges_of_values(description: str, kind: str, value_range: ValueRange | None) -> None:
    found, options = split_description(description)
    assert (found, range_of(options)) == (kind, value_range)
    if value_range is not None:
        assert f"{kind};{value_range.option()}" == description.lower()


@pytest.mark.parametrize(
    ("term", "kinds"),
    [
        ("49", ["result code"]),
        ("InvalidCredentials", ["result code"]),
        ("52e", ["Active Directory"]),
        ("data 775", ["Active Directory"]),
        ("532", ["Active Directory"]),
        (AD_REFUSAL, ["Active Directory"]),
        ("1.2.840.113556.1.4.319", ["control"]),
        ("startTLS", ["extended operation"]),
        ("bindRequest", ["operation"]),
        ("[application 3]", ["operation"]),
        ("+", ["attribute option"]),
        ("userPassword", ["secret attribute"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_what_may_be_asked_for(term: str, kinds: list[str]) -> None:
    assert [row.kind for row in explain(term)] == kinds


def test_every_name_is_explained() -> None:
    for name in explained_names():
        assert explain(name)


def test_a_row_of_another_length_is_noticed() -> None:
    with pytest.raises(ValueError, match="2 cells where 3 belong: a"):
        rows("a | b", 3)
