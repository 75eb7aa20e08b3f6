"""`gateway explain`: rows of the fact tables and of the table of refusals, in words."""

from __future__ import annotations

import json

import pytest

from gateway.commands.explain import explain
from gateway.crosswalks.refusals import REFUSALS
from tests.gateway.commands.runner import run


def test_a_field() -> None:
    answer = run(explain, "sip2", "AY")
    assert answer.exit_code == 0
    assert "AY  sequence number  (field, P field AY)" in answer.output
    assert "has no delimiter" in answer.output
    assert "revision 2.12" in answer.output, "the letter of the clause is spelled out"


def test_a_message() -> None:
    answer = run(explain, "sip2", "17")
    assert "17  Item Information" in answer.output
    assert "answered by 18" in answer.output


@pytest.mark.parametrize("term", [["circulation status 08"], ["circulation", "status", "08"]])
def test_a_value(term: list[str]) -> None:
    assert "waiting on the hold shelf" in run(explain, "sip2", *term).output


def test_a_field_with_a_table_shows_it() -> None:
    answer = run(explain, "sip2", "BX")
    assert "patron status request" in answer.output
    assert "renew all" in answer.output


def test_a_term_that_nobody_knows() -> None:
    answer = run(explain, "sip2", "chekout")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "checkout" in answer.stderr


def test_json() -> None:
    answer = run(explain, "sip2", "AY", "--json")
    (row,) = json.loads(answer.stdout)
    assert (row["kind"], row["term"], row["clause"]) == ("field", "AY", "P field AY")


def test_a_refusal_at_every_door() -> None:
    answer = run(explain, "refusal", "fee-limit")
    assert answer.exit_code == 0
    for part in (
        "FEE_LIMIT",
        "ok=0",
        "excessive outstanding fines",
        "403, type /problems/fee-limit",
        "User Blocked",
        "Welsh",
        "pay first",
    ):
        assert part in answer.output


def test_a_wrong_pin_says_that_nothing_is_shown() -> None:
    assert "BL=N and CQ=N" in run(explain, "refusal", "PATRON_AUTH_FAILED").output


@pytest.mark.parametrize("code", REFUSALS)
def test_every_refusal_can_be_explained(code: str) -> None:
    answer = run(explain, "refusal", code, "--json")
    (row,) = json.loads(answer.stdout)
    assert row["code"] == code
    assert all(row["screen"].values())


def test_an_unknown_refusal_suggests_a_near_one() -> None:
    answer = run(explain, "refusal", "FEE_LIMITS")
    assert answer.exit_code == 1
    assert "fee_limit" in answer.stderr


@pytest.mark.parametrize(
    ("topic", "term", "parts"),
    [
        ("bib1", "14", ["14  presentSystemError  (diagnostic", "1=14  udc  (use attribute", "index here: udc"]),
        ("bib1", "diagnostic 114", ["114  useAttributeUnsupported", "in SRU: 16 There is no such index"]),
        ("bib1", "use 4", ["1=4  title", "index here: title: Title (dc.title in CQL)"]),
        ("bib1", "1=15", ["1=15  bliss", "index here: none; it is refused with diagnostic 114"]),
        ("bib1", "relation 3", ["2=3  equal"]),
        ("bib1", "structure", ["4=6", "list of words"]),
        ("z3950", "initRequest", ["[20]  initRequest  (pdu, 3.2.1.1)"]),
        ("z3950", "usmarc", ["1.2.840.10003.5.10  usmarc"]),
        ("z3950", "present_status", ["failure"]),
        ("z3950", "1=4", ["1=4  title"]),
        ("sru", "10", ["10  The query breaks the rules", "in Z39.50: 108"]),
        ("sru", "info:srw/diagnostic/1/16", ["16  There is no such index"]),
        ("sru", "maximumrecords", ["maximumRecords  (parameter", "versions: 1.1, 1.2, 2.0"]),
        ("cql", "dc.title", ["title  Title", "Bib-1 Use: 4, 34", "MARC 21: 245abfgknps", "also for: scan, sort"]),
        ("cql", "isbn", ["bath.isbn, local.isbn"]),
        ("cql", "name", ["asks: author, subject_name"]),
        ("cql", "dc", ["info:srw/cql-context-set/1/dc-v1.1"]),
        ("oai", "badresumptiontoken", ["badResumptionToken  (error", "verbs: "]),
        ("oai", "ListRecords", ["metadataPrefix (required)", "errors: badArgument"]),
        ("oai", "until", ["until  (argument"]),
        ("ldap", "49", ["49  invalidCredentials  (result code, A.2)", "refusals here: PATRON_AUTH_FAILED"]),
        ("ldap", "data 775", ["775  ERROR_ACCOUNT_LOCKED_OUT", "too many wrong passwords"]),
        ("ldap", "1.2.840.113556.1.4.319", ["pagedResults  (control, RFC 2696)"]),
        ("ldap", "starttls", ["1.3.6.1.4.1.1466.20037  startTLS"]),
        ("ldap", "SearchRequest", ["[APPLICATION 3]  SearchRequest  (operation, 4.5.1)"]),
    ],
)
def test_other_standards(topic: str, term: str, parts: list[str]) -> None:
    answer = run(explain, topic, *term.split())
    assert answer.exit_code == 0
    for part in parts:
        assert part in answer.output


@pytest.mark.parametrize(
    ("topic", "term", "near"),
    [
        ("bib1", "structur", "structure"), ("bib1", "use 99999", ""), ("bib1", "9=1", ""),
        ("sru", "recordSchem", "recordschema"),
        ("cql", "dc.titel", "dc.title"), ("oai", "badverbs", "badverb"), ("z3950", "initReqest", "initrequest"),
        ("bib1", "diagnostic 4711", ""), ("sru", "4711", ""), ("ldap", "invalidCredential", "invalidcredentials"),
    ],
)  # fmt: skip
def test_terms_that_no_standard_knows(topic: str, term: str, near: str) -> None:
    answer = run(explain, topic, *term.split())
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert near in answer.stderr


def test_the_catalogues_standards_in_json() -> None:
    (row,) = json.loads(run(explain, "sru", "10", "--json").stdout)
    assert (row["kind"], row["term"]) == ("diagnostic", "10")
    assert row["more"]["in Z39.50"].startswith("108")


def test_a_service_of_ncip() -> None:
    answer = run(explain, "ncip", "CheckOutItem")
    assert answer.exit_code == 0
    assert "CheckOutItem  (update service, 1.0, 1.01, 2.0, 2.01, 2.02)" in answer.output
    assert "AuthenticationInput*, ItemId, RequestId?" in " ".join(answer.output.split())


def test_a_problem_type_of_ncip_names_the_refusals_that_look_so() -> None:
    answer = run(explain, "ncip", "Unknown", "User")
    assert "refusals here: PATRON_NOT_FOUND" in answer.output
    (row,) = json.loads(run(explain, "ncip", "unknown user", "--json").stdout)
    assert (row["kind"], row["term"]) == ("problem type", "Unknown User")


def test_systems_that_ncip_is_spoken_to() -> None:
    every = json.loads(run(explain, "ncip", "profiles", "--json").stdout)
    assert {"standard", "alma", "koha"} <= {row["term"] for row in every}
    (one,) = json.loads(run(explain, "ncip", "alma", "--json").stdout)
    assert one in every


def test_a_term_of_ncip_that_nobody_knows() -> None:
    answer = run(explain, "ncip", "chekoutitem")
    assert answer.exit_code == 1
    assert "Did you mean checkoutitem or" in answer.stderr


def test_a_refusal_in_services_of_ncip_that_have_another_word_for_it() -> None:
    (row,) = json.loads(run(explain, "refusal", "PATRON_NOT_FOUND", "--json").stdout)
    assert row["ncip"]["type"] == "Unknown User"
    assert row["ncip"]["in"]["Unknown Request"] == ["LookupRequest"]
    assert "Unknown Request in LookupRequest" in run(explain, "refusal", "PATRON_NOT_FOUND").output
