"""Datestamps: UTC, to the day or to the second, never finer (3.3).

An instant is an integer, Unix seconds: that is what a store keeps and what compares without surprises.
"""

from __future__ import annotations

import re
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_SECONDS = 86_400


class Granularity(StrEnum):
    """The finest datestamps of a repository, spelled as Identify spells them."""

    DAY = "YYYY-MM-DD"
    SECOND = "YYYY-MM-DDThh:mm:ssZ"


@dataclass(frozen=True, slots=True)
class Datestamp:
    """A datestamp as written. `first` and `last` are the Unix seconds it covers, both included."""

    text: str
    granularity: Granularity
    first: int
    last: int


def parse_datestamp(text: str) -> Datestamp | None:
    """Read either granularity; None for anything else, a day or time that no calendar has included."""
    if _DAY.fullmatch(text):
        granularity, length = Granularity.DAY, DAY_SECONDS
        moment = text + "T00:00:00"
    elif _SECOND.fullmatch(text):
        granularity, length = Granularity.SECOND, 1
        moment = text[:-1]
    else:
        return None
    try:
        first = timegm(datetime.fromisoformat(moment).timetuple())
    except ValueError:
        return None
    return Datestamp(text, granularity, first, first + length - 1)


@lru_cache(maxsize=4096)
def format_datestamp(seconds: int, granularity: Granularity = Granularity.SECOND) -> str:
    """Unix seconds as a datestamp. Raises ValueError outside the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"{seconds} s is no instant of the years 1 to 9999") from error
    if granularity is Granularity.DAY:
        return date.isoformat(moment)
    return f"{moment:%H:%M:%S}".join((date.isoformat(moment) + "T", "Z"))


__all__ = ["DAY_SECONDS", "Datestamp", "Granularity", "format_datestamp", "parse_datestamp"]
