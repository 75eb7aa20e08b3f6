"""What a MARC record says in short: the words a bib row keeps beside the record itself.

Everything tolerates missing or odd fields: a record with a poor title is still a record, one without any is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.canonical.vocabulary import MediaType
from library_protocols.marc import Format, Record

# ISBD punctuation that introduces the next element and is no part of this one.
_TRAILING = re.compile(r"[\s/:;,=]+$")
_YEAR = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
_NON_ISBN = re.compile(r"[^0-9Xx]")
_OCLC = re.compile(r"\(OCoLC\)(?:ocm|ocn|on)?0*(\d+)\s*")

# Leader/06 (type of record), the same letters in both formats for what is told apart here.
_MEDIA_BY_TYPE = {"a": MediaType.BOOK, "t": MediaType.BOOK, "i": MediaType.CD, "j": MediaType.CD, "g": MediaType.OTHER}
_SERIAL_LEVELS = {"b", "i", "s"}  # leader/07


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a format keeps the words: tags, and the codes of the subfields that count."""

    title: tuple[str, str]
    author: tuple[tuple[str, ...], str]
    imprint: tuple[str, ...]
    publisher: str
    date: str
    edition: tuple[str, str]
    isbn: str
    issn: str


_PLACES: dict[Format, _Places] = {
    "marc21": _Places(
        ("245", "abnp"), (("100", "110", "111"), "abcq"), ("264", "260"), "b", "c", ("250", "a"), "020", "022"
    ),
    "unimarc": _Places(
        ("200", "aehi"), (("700", "710", "701"), "ab"), ("214", "210"), "c", "d", ("205", "a"), "010", "011"
    ),
}


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


def describe(record: Record, marc: Format = "marc21") -> Description:
    """Reads the short words out of a record. Raises ValueError where there is no title."""
    at = _PLACES[marc]
    tag, codes = at.title
    title = _first(record, (tag,), codes)
    if title is None:
        raise ValueError(f"no title ({tag})")
    dates = _first(record, at.imprint, at.date)
    coded_year, language = _coded(record, marc)
    year = _YEAR.search(dates or "") or _YEAR.fullmatch(coded_year)
    return Description(
        title=title,
        author=_first(record, *at.author),
        publisher=_first(record, at.imprint, at.publisher),
        year=year.group(1) if year else None,
        edition=_first(record, (at.edition[0],), at.edition[1]),
        isbn=_numbers(record, at.isbn),
        issn=_numbers(record, at.issn),
        oclc=tuple(dict.fromkeys(m.group(1) for text in record.all("035", "a") if (m := _OCLC.fullmatch(text)))),
        language=language if language.isalpha() else None,
        media_type=_media_type(record),
    )


def _first(record: Record, tags: tuple[str, ...], codes: str) -> str | None:
    for field in (field for tag in tags for field in record.fields(tag)):
        text = _TRAILING.sub("", " ".join(part for found in field.all(codes) if (part := found.strip())))
        if text:
            return re.sub(r"\s+", " ", text)
    return None


def _coded(record: Record, marc: Format) -> tuple[str, str]:
    """Year and language from the coded fields (MARC 21 008/07-10 and 35-37; UNIMARC 100$a/9-12 and 101$a)."""
    if marc == "unimarc":
        return record.first("100", "a")[9:13], record.first("101", "a").strip()
    coded = record.text("008").ljust(40)
    return coded[7:11], coded[35:38].strip()


def _numbers(record: Record, tag: str) -> tuple[str, ...]:
    numbers = (_NON_ISBN.sub("", value.partition("(")[0]).upper() for value in record.all(tag, "a"))
    return tuple(dict.fromkeys(number for number in numbers if number))


def _media_type(record: Record) -> MediaType:
    kind, level = record.leader[6:7], record.leader[7:8]
    if kind == "a" and level in _SERIAL_LEVELS:
        return MediaType.MAGAZINE
    return _MEDIA_BY_TYPE.get(kind, MediaType.OTHER)
