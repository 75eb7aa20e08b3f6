from __future__ import annotations

import pytest

from gateway.catalogue.index import numbers


@pytest.mark.parametrize(
    "text",
    ["0198526636", "0-19-852663-6 (pbk.)", "978-0-19-852663-6", "9780198526636 :", "ISBN 0 19 852663 6", "198526636"],
)
def test_an_isbn_has_one_form(text: str) -> None:
    assert numbers.isbn(text) == ("9780198526636",)


def test_an_isbn_with_a_wrong_check_digit_stays_as_it_is() -> None:
    assert numbers.isbn("0-19-852663-7") == ("0198526637",)


def test_an_isbn_13_of_979_stays() -> None:
    assert numbers.isbn("979-10-90636-07-1") == ("9791090636071",)


@pytest.mark.parametrize("text", ["0378-5955", "ISSN 03785955", "0378 5955 (online)"])
def test_an_issn_has_one_form(text: str) -> None:
    assert numbers.issn(text) == ("03785955",)


# The examples of the rule itself (LCCN namespace, normalization).
@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("n78-890351", "n78890351"),
        ("n78-89035", "n78089035"),
        ("n 78890351 ", "n78890351"),
        (" 85000002 ", "85000002"),
        ("85-2 ", "85000002"),
        ("2001-000002", "2001000002"),
        ("75-425165//r75", "75425165"),
        (" 79139101 /AC/r932", "79139101"),
    ],
)
def test_an_lccn_is_read_by_its_rule(text: str, normal: str) -> None:
    assert numbers.lccn(text) == (normal,)


@pytest.mark.parametrize("text", ["(OCoLC)00012345", "ocm00012345", "12345", "on12345"])
def test_an_oclc_number_has_one_form(text: str) -> None:
    assert numbers.oclc(text) == ("12345",)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1999", (19990000, 19999999)),
        ("1999-05", (19990500, 19990599)),
        ("1999-05-07", (19990507, 19990507)),
        ("19990507", (19990507, 19990507)),
        ("1999-05-07T10:00:00Z", (19990507, 19990507)),
        ("1999-13", None),
        ("c1999", None),
        ("", None),
    ],
)
def test_periods(text: str, days: tuple[int, int] | None) -> None:
    assert numbers.period(text) == days


def test_years_of_a_statement() -> None:
    assert numbers.years("c1998-2001, reprinted 2004, 12345") == (1998, 2001, 2004)


def test_call_numbers_stand_in_the_order_of_the_shelf() -> None:
    calls = ["QA76.9 .B3", "QA9 .A1", "QA100"]
    assert sorted(calls, key=numbers.shelf_order) == ["QA9 .A1", "QA76.9 .B3", "QA100"]
