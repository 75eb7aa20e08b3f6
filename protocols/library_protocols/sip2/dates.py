"""SIP2's dates: 18 characters `YYYYMMDDZZZZHHMMSS`, and the free formats met in due dates.

The zone of a library is passed in; nothing here reads a clock. Reading is tolerant and answers None for
what is blank or senseless; writing always gives 18 characters.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from library_protocols.sip2.dialect import STANDARD, Dialect

BLANK = " " * 18

_EIGHTEEN = re.compile(r"(\d{4})(\d\d)(\d\d)(.{4})(\d\d)(\d\d)(\d\d)?\s*")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?")
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T,]+(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d+)?(Z)?)?")
_DOTS = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:[ ,]+(\d\d?):(\d\d)(?::(\d\d))?)?")
_SLASHES = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})(?:[ ,]+(\d\d?):(\d\d)(?::(\d\d))?)?")
# Military zones: A to M without J east of Greenwich, N to Y west of it; J is the observer's own time.
_MILITARY = {letter: hours for hours, letter in enumerate("ABCDEFGHIKLM", start=1)}
_MILITARY |= {letter: -hours for hours, letter in enumerate("NOPQRSTUVWXY", start=1)}
_MILITARY["Z"] = 0


def parse_sip_date(text: str, zone: tzinfo) -> datetime | None:
    """The instant `text` names, aware, in the zone it was written in; None when blank, all zero or no date.

    Reads the 18 characters with local time in `zone` (blanks, `0000` or anything unknown as zone), UTC or a
    military letter, with or without seconds; 14 or 12 digits; and `2011-10-28 23:59:59`, `08.06.2016`,
    `5/23/2008,23:59` (month first, unless it cannot be). A date alone means its last second, as due dates do.
    """
    text = text.strip()
    if not text.strip("0 "):
        return None
    if match := _EIGHTEEN.fullmatch(text):
        year, month, day, zone_text, *clock = match.groups()
        if not (zone_text.isdigit() and zone_text != "0000"):
            return _instant((year, month, day), clock, _zone_of(zone_text, zone))
    for pattern in (_DIGITS, _ISO):
        if match := pattern.fullmatch(text):
            year, month, day, *clock = match.groups()
            utc = len(clock) > 3 and clock[3] == "Z"
            return _instant((year, month, day), clock[:3], UTC if utc else zone)
    if match := _DOTS.fullmatch(text):
        day, month, year, *clock = match.groups()
        return _instant((year, month, day), clock, zone)
    if match := _SLASHES.fullmatch(text):
        month, day, year, *clock = match.groups()
        if int(month) > 12:
            month, day = day, month
        return _instant((year, month, day), clock, zone)
    return None


def _zone_of(text: str, local: tzinfo) -> tzinfo:
    hours = _MILITARY.get(text.strip().upper())
    if hours is None:
        return local
    return UTC if hours == 0 else timezone(timedelta(hours=hours))


def _instant(date: tuple[str, str, str], clock: list[str | None], zone: tzinfo) -> datetime | None:
    year, month, day = map(int, date)
    hour, minute, second = clock
    try:
        if hour is None or minute is None:
            return datetime(year, month, day, 23, 59, 59, tzinfo=zone)
        return datetime(year, month, day, int(hour), int(minute), int(second or 0), tzinfo=zone)
    except ValueError:
        return None


def format_sip_date(moment: datetime | None, zone: tzinfo, dialect: Dialect = STANDARD) -> str:
    """18 characters for `moment` as the dialect writes dates; blanks for None.

    Raises ValueError when `moment` carries no zone: guessing one would move due dates.
    """
    if moment is None:
        return BLANK
    if moment.tzinfo is None:
        raise ValueError("a date without a zone cannot be written")
    if dialect.date_zone == "utc":
        local, marker = moment.astimezone(UTC), "   Z"
    else:
        local, marker = moment.astimezone(zone), "    " if dialect.date_zone == "blank" else "0000"
    return f"{local.year:04}{local.month:02}{local.day:02}{marker}{local.hour:02}{local.minute:02}{local.second:02}"


__all__ = ["BLANK", "format_sip_date", "parse_sip_date"]
