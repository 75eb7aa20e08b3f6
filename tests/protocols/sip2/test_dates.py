"""Dates as the standard writes them and as the world does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sip2 import Dialect, format_sip_date, parse_sip_date

CARDIFF = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # Four blanks: local time; in July Cardiff is an hour ahead of UTC.
        ("20260722    143000", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        ("20261122    143000", datetime(2026, 11, 22, 14, 30, tzinfo=UTC)),
        # Z at the right: UTC. Q: Atlantic standard time, four hours behind. A: one hour ahead. J: local.
        ("20260722   Z143000", datetime(2026, 7, 22, 14, 30, tzinfo=UTC)),
        ("20260722   Q143000", datetime(2026, 7, 22, 18, 30, tzinfo=UTC)),
        ("20260722   A143000", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        ("20260722   M143000", datetime(2026, 7, 22, 2, 30, tzinfo=UTC)),
        ("20260722   Y143000", datetime(2026, 7, 23, 2, 30, tzinfo=UTC)),
        ("20260722   J143000", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        # Zeros as zone (Sierra), a zone nobody knows: local.
        ("201610210000142637", datetime(2016, 10, 21, 13, 26, 37, tzinfo=UTC)),
        ("20180508 CST214544", datetime(2018, 5, 8, 20, 45, 44, tzinfo=UTC)),
        # Seconds missing, blank, or no zone at all.
        ("20260722    1430", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        ("20260722    1430  ", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        ("20260722143000", datetime(2026, 7, 22, 13, 30, tzinfo=UTC)),
        # Due dates of real systems.
        ("2011-10-28 23:59:59", datetime(2011, 10, 28, 22, 59, 59, tzinfo=UTC)),
        ("2011-10-28T23:59:59Z", datetime(2011, 10, 28, 23, 59, 59, tzinfo=UTC)),
        ("2022-02-26", datetime(2022, 2, 26, 23, 59, 59, tzinfo=UTC)),
        ("20220226", datetime(2022, 2, 26, 23, 59, 59, tzinfo=UTC)),
        ("08.06.2016", datetime(2016, 6, 8, 22, 59, 59, tzinfo=UTC)),
        ("5/23/2008,23:59", datetime(2008, 5, 23, 22, 59, tzinfo=UTC)),
        ("23/5/2008 23:59", datetime(2008, 5, 23, 22, 59, tzinfo=UTC)),
    ],
)
def test_reading(text: str, moment: datetime) -> None:
    parsed = parse_sip_date(text, CARDIFF)
    assert parsed is not None
    assert parsed.tzinfo is not None
    assert parsed == moment


@pytest.mark.parametrize(
    "text",
    ["", " " * 18, "0" * 18, "00000000    000000", "20261322    143000", "20260230    143000", "20260722    240000",
     "yesterday", "2026072", "20260722    1", "2026-02-30", "20260722123443000", "٢٠٢٦٠٧٢", "13/13/2026"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_sip_date(text, CARDIFF) is None


@pytest.mark.parametrize(
    ("zone", "text"),
    [("blank", "20260722    143000"), ("zeros", "202607220000143000"), ("utc", "20260722   Z133000")],
)
def test_writing(zone: str, text: str) -> None:
    moment = datetime(2026, 7, 22, 14, 30, tzinfo=CARDIFF)
    assert format_sip_date(moment, CARDIFF, Dialect(date_zone=zone)) == text


def test_writing_nothing() -> None:
    assert format_sip_date(None, CARDIFF) == " " * 18


def test_a_date_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_sip_date(datetime(2026, 7, 22), CARDIFF)  # noqa: DTZ001  # this is what is refused


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)),  # noqa: DTZ001  # the zone comes from the next strategy
    st.integers(-12, 14),
    st.sampled_from(["blank", "zeros", "utc"]),
)
def test_what_is_written_is_read_to_the_second(naive: datetime, hours: int, zone: str) -> None:
    # A fixed zone: in one with summer time an hour a year cannot be told from the next.
    local = timezone(timedelta(hours=hours))
    moment = naive.replace(tzinfo=local, microsecond=0)
    assert parse_sip_date(format_sip_date(moment, local, Dialect(date_zone=zone)), local) == moment


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    parsed = parse_sip_date(text, UTC)
    assert parsed is None or parsed.tzinfo is not None
