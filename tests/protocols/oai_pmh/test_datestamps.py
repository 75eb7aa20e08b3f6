"""Datestamps: two granularities, UTC, nothing that no calendar has."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from library_protocols.oai_pmh import Granularity, format_datestamp, parse_datestamp


@pytest.mark.parametrize("text", ["2024-02-29T23:59:59Z", "1970-01-01T00:00:00Z", "0999-12-31T00:00:00Z", "2024-02-29"])
def test_both_ways(text: str) -> None:
    found = parse_datestamp(text)
    assert found is not None
    assert format_datestamp(found.first, found.granularity) == text
    moment = datetime.fromtimestamp(found.first, UTC)
    assert moment.isoformat().startswith(text.removesuffix("Z"))


def test_a_day_is_the_whole_day() -> None:
    day, second = parse_datestamp("2024-03-01"), parse_datestamp("2024-03-01T00:00:00Z")
    assert day is not None
    assert second is not None
    assert (day.granularity, day.first, day.last) == (Granularity.DAY, second.first, second.first + 86_399)
    assert second.first == second.last


@pytest.mark.parametrize(
    "text",
    ["", "junk", "2023-02-29", "2023-13-01", "2023-1-1", "2023-01-01T00:00:00", "2023-01-01T24:00:00Z",
     "2023-01-01T00:00:60Z", "2023-01-01T00:00:00.0Z", "2023-01-01T00:00:00+00:00", "2023-01-01 00:00:00Z",
     "２０２３-01-01", "2023-01-01Z", "0000-01-01", "2023-01-01\n"],
)  # fmt: skip
def test_nothing_else(text: str) -> None:
    assert parse_datestamp(text) is None


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="no instant"):
        format_datestamp(10**15)
