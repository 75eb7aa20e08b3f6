"""A dozen invented records for played catalogues, in the forms in which clients ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from library_protocols.marc import DataField, Record, escape, to_iso2709, to_marcxml

_ROWS = """
A ferry for Saturdays | Quill, Anna | 1951 | eng
Brân a'r bont | Teifi, Iwan | 1963 | wel
Counting swifts & other birds | Marsh, Oliver | 1974 | eng
Der stille Leuchtturm | Brandt, Käthe | 1988 | ger
Every harbour has a "last" boat | Quill, Anna | 1992 | eng
Five bridges over the Llwyd | Pugh, Mair | 1999 | eng
Gwynt y dwyrain | Teifi, Iwan | 2001 | wel
How to mend a drystone wall | Marsh, Oliver | 2005 | eng
Iles et îlots sans nom | Morel, Aurélie | 2008 | fre
Jam, chutney and <other> secrets | Pugh, Mair | 2012 | eng
Keeping bees in Tŷ Newydd | Quill, Anna | 2018 | eng
Leuchtfeuer | Brandt, Käthe | 2021 | ger
"""
BOOKS = tuple(tuple(part.strip() for part in row.split("|")) for row in _ROWS.strip().splitlines())
"""Title, author, year and language of each, ordered by title."""


@cache
def _record(number: int) -> Record:
    title, author, year, language = BOOKS[number]
    return Record(
        "00000nam a2200000 a 4500",
        (("001", f"played{number + 1}"), ("008", f"260101s{year}    xxu           000 0 {language} d")),
        (
            DataField("100", "1 ", (("a", author),)),
            DataField("245", "10", (("a", title),)),
            DataField("260", "  ", (("c", year),)),
        ),
    )


@cache
def marc21(number: int) -> bytes:
    """A record as MARC 21 in UTF-8; `number` counts from 0, as everywhere here."""
    return to_iso2709(_record(number))


def marcxml(number: int) -> bytes:
    return to_marcxml(_record(number))


def dublin_core(number: int) -> bytes:
    title, author, year, language = map(escape, BOOKS[number])
    return (
        '<srw_dc:dc xmlns:srw_dc="info:srw/schema/1/dc-schema" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:date>{year}</dc:date>"
        f"<dc:language>{language}</dc:language></srw_dc:dc>"
    ).encode()


def lines(number: int) -> str:
    """A record as text, a line a part."""
    parts: Mapping[str, str] = dict(zip(("Title", "Author", "Year"), BOOKS[number], strict=False))
    return "".join(f"{name}: {value}\n" for name, value in parts.items())
