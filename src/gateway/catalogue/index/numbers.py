"""Standard numbers, dates and codes in the one form that records and questions share.

Every function gives the forms under which a value is looked up, or none where the text holds no such number. A number
with a wrong check digit is kept as it is written: records have it, and readers type it from the book.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ISBN = re.compile(r"[0-9][0-9\s\u2010-\u2015.-]{8,20}[0-9Xx]")
_ISSN = re.compile(r"([0-9]{4})[\s\u2010-\u2015-]?([0-9]{3}[0-9Xx])")
_NOT_NUMBER = re.compile(r"[^0-9Xx]")
_NOT_ALNUM = re.compile(r"[\W_]+")
_YEAR = re.compile(r"(?<![0-9])(1[0-9]{3}|20[0-9]{2})(?![0-9])")
_DATE = re.compile(r"(-?[0-9]{1,4})(?:-?([0-9]{2})(?:-?([0-9]{2}))?)?(?:T.*)?")


def _check_13(digits: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12]))
    return str(-total % 10)


def _valid_10(number: str) -> bool:
    if not number[:9].isdigit():
        return False
    values = [10 if sign == "X" else int(sign) for sign in number]
    return sum(value * (10 - place) for place, value in enumerate(values)) % 11 == 0


def isbn(text: str) -> tuple[str, ...]:
    """ISBN-13 without hyphens, of a valid ISBN-10 its ISBN-13; SBNs of nine digits get their leading zero."""
    if len(text) == 13 and text.isdecimal() and text.isascii():
        return (text,)
    match = _ISBN.search(text)
    number = _NOT_NUMBER.sub("", match.group() if match else text).upper()
    if len(number) == 9 and number.isdigit() and _valid_10("0" + number):
        number = "0" + number
    if len(number) == 10 and _valid_10(number):
        number = "978" + number[:9]
        number += _check_13(number)
    return (number,) if number else ()


def isbn_prefix(text: str) -> tuple[str, ...]:
    """Beginnings of an ISBN: as typed, and as an ISBN-13 where it may be an ISBN-10's."""
    number = _NOT_NUMBER.sub("", text).upper()
    if not number:
        return ()
    return (number,) if number.startswith(("978", "979")) else (number, "978" + number)


def issn(text: str) -> tuple[str, ...]:
    """Eight signs without the hyphen."""
    match = _ISSN.search(text)
    number = (match.group(1) + match.group(2)) if match else _NOT_NUMBER.sub("", text)
    return (number.upper(),) if number else ()


def lccn(text: str) -> tuple[str, ...]:
    """The Library of Congress's normal form: no blanks, nothing from a slash on, the serial part of six digits."""
    number = re.sub(r"\s", "", text).partition("/")[0]
    head, hyphen, serial = number.partition("-")
    if hyphen and serial.isdigit():
        number = head + serial.rjust(6, "0")
    number = _NOT_ALNUM.sub("", number).lower()
    return (number,) if number else ()


def oclc(text: str) -> tuple[str, ...]:
    """Digits without leading zeros, whatever prefix stands before them: (OCoLC), ocm, ocn, on."""
    match = re.search(r"[0-9]+", text.rpartition(")")[2])
    number = match.group().lstrip("0") if match else ""
    return (number,) if number else ()


def oclc_of_system(text: str) -> tuple[str, ...]:
    """The OCLC number that a system control number (035) is, if its prefix says so."""
    return oclc(text) if text[:7].lower() == "(ocolc)" or text[:3].lower() in ("ocm", "ocn") else ()


def key(text: str) -> tuple[str, ...]:
    """Letters and digits in lower case: codes, numbers of publishers, control numbers with their prefix."""
    number = (text if text.isalnum() else _NOT_ALNUM.sub("", text)).lower()
    return (number,) if number else ()


def control(text: str) -> tuple[str, ...]:
    """A control number as it is, without blanks around it: two that differ in case are two."""
    number = text.strip()
    return (number,) if number else ()


def call_number(text: str) -> tuple[str, ...]:
    """A call number in capitals with single blanks; points and slashes mean something in it."""
    number = " ".join(text.upper().split())
    return (number,) if number else ()


def dewey(text: str) -> tuple[str, ...]:
    """A Dewey number without the marks that show where it may be cut."""
    return call_number(text.replace("/", "").replace("'", ""))


def code(text: str) -> tuple[str, ...]:
    """A code of a list in lower case, without the fill characters that say "not coded"."""
    value = text.strip(" |#-").lower()
    return (value,) if value else ()


def standard(text: str) -> tuple[str, ...]:
    """Whatever a number may be: as an ISBN, as an ISSN, and as plain signs."""
    found = dict.fromkeys(key(text))
    digits = _NOT_NUMBER.sub("", text)
    if len(digits) in (9, 10, 13):
        found.update(dict.fromkeys(isbn(text)))
    elif len(digits) == 8:
        found.update(dict.fromkeys(issn(text)))
    return tuple(number.lower() for number in found)


def standard_prefix(text: str) -> tuple[str, ...]:
    """Beginnings of whatever number."""
    return tuple(dict.fromkeys((*key(text), *(number.lower() for number in isbn_prefix(text)))))


def years(text: str) -> tuple[int, ...]:
    """The years named in a text such as "c1998-2001, reprinted 2004"."""
    return tuple(dict.fromkeys(int(year) for year in _YEAR.findall(text)))


def period(text: str) -> tuple[int, int] | None:
    """A year, month or day as the first and the last day it holds, each yyyymmdd; None for what is no date."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = int(match.group(1)), match.group(2), match.group(3)
    if (month and not 1 <= int(month) <= 12) or (day and not 1 <= int(day) <= 31):
        return None
    first = year * 10_000 + int(month or 0) * 100 + int(day or 0)
    last = year * 10_000 + int(month or 99) * 100 + int(day or 99)
    return first, last


def shelf_order(call: str) -> str:
    """A call number as it is compared: the first whole number counts as a number, the rest sign by sign."""
    return re.sub(r"[0-9]+", lambda match: match.group().rjust(6, "0"), call, count=1)


Normal = Callable[[str], tuple[str, ...]]
