"""What a MARC 21 record says in short: the words a bib row keeps beside the record itself.

Everything tolerates missing or odd fields: a record with a poor title is still a record, one without any is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymarc import Record

from gateway.canonical.vocabulary import MediaType

# ISBD punctuation that introduces the next element and is no part of this one.
_TRAILING = re.compile(r"[\s/:;,=]+$")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_NON_ISBN = re.compile(r"[^0-9Xx]")

# Leader/06 (type of record), MARC 21 Bibliographic.
_MEDIA_BY_TYPE = {"a": MediaType.BOOK, "t": MediaType.BOOK, "i": MediaType.CD, "j": MediaType.CD, "g": MediaType.OTHER}
_SERIAL_LEVELS = {"b", "i", "s"}  # leader/07


@dataclass(frozen=True, slots=True)
class Description:
    """`language` is the three-letter MARC code; identifiers are normalised, without hyphens."""

    title: str
    author: str | None
    publisher: str | None
    year: str | None
    edition: str | None
    isbn: tuple[str, ...]
    issn: tuple[str, ...]
    oclc: tuple[str, ...]
    language: str | None
    media_type: MediaType


def describe(record: Record) -> Description:
    """Reads the short words out of a record. Raises ValueError where there is no title (245)."""
    title = _first(record, ("245",), "abnp", joiner=" ")
    if title is None:
        raise ValueError("no title (245)")
    dates = _first(record, ("264", "260"), "c")
    coded = _fixed(record)
    year = _YEAR.search(dates or "") or _YEAR.fullmatch(coded[7:11])
    language = coded[35:38].strip() or None
    return Description(
        title=title,
        author=_first(record, ("100", "110", "111"), "abcq", joiner=" "),
        publisher=_first(record, ("264", "260"), "b"),
        year=year.group(1) if year else None,
        edition=_first(record, ("250",), "a"),
        isbn=_numbers(record, "020", "a"),
        issn=_numbers(record, "022", "a"),
        oclc=_oclc(record),
        language=language if language and language.isalpha() else None,
        media_type=_media_type(record),
    )


def _first(record: Record, tags: tuple[str, ...], codes: str, joiner: str = " ") -> str | None:
    for field in record.get_fields(*tags):
        parts = [part.value.strip() for part in field.subfields if part.code in codes and part.value.strip()]
        text = _TRAILING.sub("", joiner.join(parts))
        if text:
            return re.sub(r"\s+", " ", text)
    return None


def _fixed(record: Record) -> str:
    fields = record.get_fields("008")
    return (fields[0].data or "").ljust(40) if fields else " " * 40


def _numbers(record: Record, tag: str, code: str) -> tuple[str, ...]:
    values = (value for field in record.get_fields(tag) for value in field.get_subfields(code))
    numbers = (_NON_ISBN.sub("", value.partition("(")[0]).upper() for value in values)
    return tuple(dict.fromkeys(number for number in numbers if number))


def _oclc(record: Record) -> tuple[str, ...]:
    values = (value for field in record.get_fields("035") for value in field.get_subfields("a"))
    found = (re.fullmatch(r"\(OCoLC\)(?:ocm|ocn|on)?0*(\d+)\s*", value) for value in values)
    return tuple(dict.fromkeys(match.group(1) for match in found if match))


def _media_type(record: Record) -> MediaType:
    leader = str(record.leader)
    kind, level = leader[6:7], leader[7:8]
    if kind == "a" and level in _SERIAL_LEVELS:
        return MediaType.MAGAZINE
    return _MEDIA_BY_TYPE.get(kind, MediaType.OTHER)
