"""What sources write, read into what the register keeps: text, days, truth, languages. Pure.

Everything here raises Unreadable, whose message says what was expected and never what was there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from gateway.crosswalks.languages import tag_of

NEVER_FILETIME = (0, 2**63 - 1)
"""accountExpires of somebody who never expires (MS-ADTS, attribute accountExpires)."""
DISABLED = 2
"""Bit of userAccountControl (MS-ADTS 2.2.16, ADS_UF_ACCOUNTDISABLE)."""

_FILETIME_ZERO = datetime(1601, 1, 1, tzinfo=UTC)
_FILETIME_MOST = 2_650_467_744_000_000_000  # the end of 9999, in 100 ns
_GENERALIZED = re.compile(  # RFC 4517 3.3.13; without a zone, or only a day, as some directories have it
    r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,]\d+)?(Z|[+-]\d\d(?:\d\d)?)?)?"
)
_XML_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?")  # XML Schema's date; Alma writes 2027-09-30Z
_TRUE = frozenset({"true", "t", "yes", "y", "1", "on", "active", "enabled"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "off", "inactive", "disabled"})


class Unreadable(ValueError):
    """A value that is not what its field takes."""


def text(value: str) -> str:
    """One line of NFC: control characters and runs of white space become a blank, half surrogates U+FFFD."""
    if value.isascii() and value.isprintable():  # most of all values
        return " ".join(value.split())
    kept = "".join(
        "\ufffd" if unicodedata.category(sign) == "Cs" else " " if unicodedata.category(sign) == "Cc" else sign
        for sign in unicodedata.normalize("NFC", value)
    )
    return " ".join(kept.split())


def day(value: str, written: str, zone: tzinfo, *, last: bool = False) -> str:
    """The ISO date that a value means where people are (`zone`); '' for "never". `written` is a `date_format`.

    `last`: the day is the last of something. Active Directory keeps the moment after it, the others keep the day.
    A moment at midnight, as written, is a day that somebody had to write as a moment: its zone does not count.
    """
    if written == "filetime":
        return _filetime(value, zone, last)
    try:
        if written == "ldap":
            moment = _generalized(value)
        elif written in ("", "iso"):
            if found := _XML_DAY.fullmatch(value):
                return date.fromisoformat(found.group(1)).isoformat()
            moment = datetime.fromisoformat(value)
        else:
            moment = datetime.strptime(value, written)  # noqa: DTZ007  most formats have no zone
    except ValueError:
        raise Unreadable("is no date as `date_format` says") from None
    if moment.tzinfo is None or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return moment.date().isoformat()
    try:
        return moment.astimezone(zone).date().isoformat()
    except OverflowError:
        return moment.date().isoformat()


def _filetime(value: str, zone: tzinfo, last: bool) -> str:
    """Windows counts 100 ns from 1601 (MS-DTYP 2.3.3)."""
    if not re.fullmatch(r"\d{1,19}", value):
        raise Unreadable("is no FILETIME")
    ticks = int(value)
    if ticks in NEVER_FILETIME or ticks >= _FILETIME_MOST:
        return ""
    moment = _FILETIME_ZERO + timedelta(microseconds=ticks // 10)
    return (moment.astimezone(zone) - timedelta(microseconds=last)).date().isoformat()


def _generalized(value: str) -> datetime:
    found = _GENERALIZED.fullmatch(value)
    if found is None:
        raise ValueError
    year, month, of_month, hour, minute, second, offset = found.groups()
    zone = None
    if offset == "Z":
        zone = UTC
    elif offset:
        minutes = int(offset[1:3]) * 60 + int(offset[3:5] or 0)
        zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    leap = min(int(second or 0), 59)
    return datetime(int(year), int(month), int(of_month), int(hour or 0), int(minute or 0), leap, tzinfo=zone)


def birthday(value: str, written: str, zone: tzinfo, today: date) -> str:
    """A day of birth: with a year of two digits it never lies ahead."""
    found = day(value, written, zone)
    if "%y" in written and found > today.isoformat():
        return f"{int(found[:4]) - 100}{found[4:]}"
    return found


def truth(value: str) -> bool:
    word = value.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unreadable("is neither yes nor no")


def _account_control(value: str) -> bool:
    try:
        return not int(value) & DISABLED
    except ValueError:
        raise Unreadable("is no userAccountControl") from None


STATES: Mapping[str, Callable[[str], bool]] = {
    "useraccountcontrol": _account_control,  # Active Directory
    "nsaccountlock": lambda value: not truth(value),  # 389 Directory Server, FreeIPA
    "logindisabled": lambda value: not truth(value),  # eDirectory
}
"""Attributes of directories that say whether somebody is active in their own way, by name in lower case."""
ON_WITHOUT = frozenset({"nsaccountlock", "logindisabled"})
"""Those of STATES that only somebody has who is switched off."""


def language(value: str) -> str:
    """ISO 639-1 of a language tag, an ISO 639-2 code, or the first of a preferredLanguage list (RFC 2798 2.7)."""
    tag = tag_of(re.split(r"[-_;,\s]", value, maxsplit=1)[0])
    if tag is None:
        raise Unreadable("is no language code")
    return tag


def email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise Unreadable("is no e-mail address")
    return value
