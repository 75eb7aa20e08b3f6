"""What the tables know can be asked for by any of its names."""

from __future__ import annotations

import pytest

from library_protocols.ncip.explain import explain, explained_names


def test_everything_that_is_offered_is_explained() -> None:
    names = explained_names()
    assert len(names) > 600
    assert [name for name in names if not explain(name)] == []


def test_a_service() -> None:
    (found,) = explain("checkoutitem")
    assert (found.kind, found.name) == ("update service", "CheckOutItem")
    assert found.clause == "1.0, 1.01, 2.0, 2.01, 2.02"
    more = dict(found.more)
    assert "UserId?, AuthenticationInput*, ItemId, RequestId?" in more["asked with"]
    assert more["answered with"].startswith("CheckOutItemResponse: ")
    assert "User Blocked" in more["its own problems"]
    assert explain("CheckOutItemResponse") == (found,)
    (later,) = explain("LookupItemSet")
    assert later.clause == "2.02"


@pytest.mark.parametrize(
    ("text", "kind", "name", "words"),
    [
        ("UserId", "element", "UserId", "by an identifier"),
        ("VisibleUserId", "element", "VisibleUserId", "by an identifier"),
        ("UniqueUserId", "element", "UniqueUserId", "in NCIP 2 it is UserId"),
        ("AuthenticationInputData", "element", "AuthenticationInputData", "a secret"),
        ("UserIdentifierValue", "element", "UserIdentifierValue", "about a person"),
        ("MonetaryValue", "element", "MonetaryValue", "integer"),
        ("unknown  user", "problem type", "Unknown User", "of AcceptItem, CheckOutItem"),
        ("Temporary Processing Failure", "problem type", "Temporary Processing Failure", "any service"),
        ("Unknown Service", "problem type", "Unknown Service", "the message is wrong"),
        ("hold", "value", "Hold", "of RequestType"),
        ("RequestType hold", "value", "Hold", "of RequestType"),
        ("RequestType Page", "value", "Page", "in use and not listed"),
        ("2.01", "version", "2.01", "46 services"),
        ("LookupVersion", "element", "LookupVersion", "Which versions"),
        ("RenewAllItem", "element", "RenewAllItem", "extension"),
    ],
)
def test_a_term(text: str, kind: str, name: str, words: str) -> None:
    found = [one for one in explain(text) if (one.kind, one.name) == (kind, name)]
    assert len(found) == 1
    assert words in found[0].meaning


def test_the_scheme_of_a_problem_type() -> None:
    schemes = [
        explain(term)[0].clause.rpartition("/")[2] for term in ("Unknown User", "Duplicate Request", "Unknown Agency")
    ]
    assert schemes == ["(service)processingerror.scm", "requestitemprocessingerror.scm", "generalprocessingerror.scm"]


def test_what_stands_where() -> None:
    (found,) = explain("RequestedActionType")
    more = dict(found.more)
    assert more["stands in"] == "AcceptItem"
    assert more["values"].startswith("Circulate; ")
    (address,) = [one for one in explain(more["scheme"]) if one.kind == "code list"]
    assert address.name == "RequestedActionType"
    (visible,) = explain("VisibleUserId")
    assert dict(visible.more)["holds"] == "UniqueAgencyId?, VisibleUserIdentifierType, VisibleUserIdentifier"


@pytest.mark.parametrize("text", ["", " ", "bogus", "Money", "Request", "9.9"])
def test_what_no_table_knows(text: str) -> None:
    assert explain(text) == ()
