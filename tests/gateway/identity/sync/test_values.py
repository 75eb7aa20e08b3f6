"""Days, truth, languages and text, as sources write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.sync import values
from gateway.identity.sync.values import Unreadable

LONDON = ZoneInfo("Europe/London")


def filetime(moment: datetime) -> str:
    return str((moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


@pytest.mark.parametrize(
    ("value", "written", "day"),
    [
        ("2027-09-30", "", "2027-09-30"),
        ("2027-09-30", "iso", "2027-09-30"),
        ("20270930", "iso", "2027-09-30"),
        ("2027-09-30Z", "iso", "2027-09-30"),  # Alma
        ("2027-09-30+01:00", "iso", "2027-09-30"),
        ("2027-09-30T00:00:00Z", "iso", "2027-09-30"),
        ("2027-09-30T23:30:00Z", "iso", "2027-10-01"),  # half past midnight in summer
        ("2027-12-30T23:30:00Z", "iso", "2027-12-30"),
        ("2027-09-30T23:30:00", "iso", "2027-09-30"),
        ("20270103000000Z", "ldap", "2027-01-03"),
        ("20270930233000Z", "ldap", "2027-10-01"),
        ("20270930233000.5Z", "ldap", "2027-10-01"),
        ("20270930233000+0100", "ldap", "2027-09-30"),
        ("202709302330-05", "ldap", "2027-10-01"),
        ("2027093023Z", "ldap", "2027-10-01"),
        ("20270930235960Z", "ldap", "2027-10-01"),  # a leap second
        ("20270930", "ldap", "2027-09-30"),
        ("07-JUN-24", "%d-%b-%y", "2024-06-07"),  # SITS
        ("30/09/2027", "%d/%m/%Y", "2027-09-30"),
        ("0", "filetime", ""),
        ("9223372036854775807", "filetime", ""),
        ("3000000000000000000", "filetime", ""),  # the year 11107
    ],
)
def test_days(value: str, written: str, day: str) -> None:
    assert values.day(value, written, LONDON) == day


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("30/09/2027", "iso"), ("2027-02-30", "iso"), ("2027-02-30Z", ""), ("soon", "%d/%m/%Y"), ("20271301", "ldap"),
        ("2027", "ldap"), ("20270930253000Z", "ldap"), ("-5", "filetime"), ("soon", "filetime"), ("0000-00-00", ""),
        ("20270930000000+9900", "ldap"), ("99999999999999999999999", "filetime"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_told_without_the_value(value: str, written: str) -> None:
    with pytest.raises(Unreadable) as problem:
        values.day(value, written, LONDON)
    assert value not in str(problem.value)


@pytest.mark.parametrize(
    ("midnight", "last_day"),
    [
        (datetime(2027, 9, 30, 23, tzinfo=UTC), "2027-09-30"),  # midnight in summer, as "End of 30 September" is kept
        (datetime(2027, 12, 1, 0, tzinfo=UTC), "2027-11-30"),
        (datetime(2027, 12, 1, 12, tzinfo=UTC), "2027-12-01"),
    ],
)
def test_an_account_expires_with_the_day_before_its_moment(midnight: datetime, last_day: str) -> None:
    assert values.day(filetime(midnight), "filetime", LONDON, last=True) == last_day


def test_nobody_is_born_in_the_future() -> None:
    today = date(2026, 10, 1)
    assert values.birthday("07-JUN-45", "%d-%b-%y", LONDON, today) == "1945-06-07"
    assert values.birthday("07-JUN-05", "%d-%b-%y", LONDON, today) == "2005-06-07"
    assert values.birthday("2045-06-07", "", LONDON, today) == "2045-06-07"  # four digits are somebody's word


@pytest.mark.parametrize("written", ["", "ldap", "filetime", "%d-%b-%y"])
@given(value=st.text(max_size=30) | st.from_regex(r"\d{0,25}Z?", fullmatch=True))
def test_any_text_is_a_day_or_unreadable(written: str, value: str) -> None:
    try:
        day = values.day(value, written, LONDON, last=True)
    except Unreadable:
        return
    assert day == "" or date.fromisoformat(day)


@pytest.mark.parametrize(
    ("word", "truth"),
    [("TRUE", True), ("yes", True), ("1", True), ("Active", True), ("false", False), ("N", False), ("INACTIVE", False)],
)
def test_truth(word: str, truth: bool) -> None:
    assert values.truth(word) is truth


def test_what_is_neither_yes_nor_no_is_no_guess() -> None:
    with pytest.raises(Unreadable):
        values.truth("perhaps")


@pytest.mark.parametrize(
    ("name", "value", "active"),
    [
        ("useraccountcontrol", "512", True),  # NORMAL_ACCOUNT
        ("useraccountcontrol", "514", False),  # with ACCOUNTDISABLE
        ("useraccountcontrol", "66048", True),  # DONT_EXPIRE_PASSWORD
        ("useraccountcontrol", "66050", False),
        ("nsaccountlock", "TRUE", False),
        ("logindisabled", "FALSE", True),
    ],
)
def test_directories_say_it_in_their_own_way(name: str, value: str, active: bool) -> None:
    assert values.STATES[name](value) is active


@pytest.mark.parametrize(
    ("tag", "language"),
    [("cy", "cy"), ("cy-GB", "cy"), ("en-GB, en;q=0.8, cy;q=0.4", "en"), ("wel", "cy"), ("CYM", "cy"), ("eng", "en")],
)
def test_languages(tag: str, language: str) -> None:
    assert values.language(tag) == language


@pytest.mark.parametrize("tag", ["", "Welsh", "x", "zzz"])
def test_what_is_no_language(tag: str) -> None:
    with pytest.raises(Unreadable):
        values.language(tag)


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_text_is_one_clean_line(value: str) -> None:
    clean = values.text(value)
    assert clean == clean.strip() == values.text(clean)
    clean.encode()
    assert not any(ord(sign) < 32 for sign in clean)
