"""One record from bytes, of whatever wrapping and format: what the readers give, made the same for everyone.

A `Record` is text: its leader says UCS/Unicode and UNIMARC's 100$a says ISO 10646, whatever it was read from.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from library_protocols.marc.facts import UNIMARC_100A
from library_protocols.marc.facts.charsets import ASCII, UTF_8
from library_protocols.marc.iso2709 import read_iso2709
from library_protocols.marc.marcxml import read_marcxml
from library_protocols.marc.problems import Repair
from library_protocols.marc.record import DataField, Record

Source = Literal["iso2709", "marcxml"]
Format = Literal["marc21", "unimarc"]
EightBits = Literal["marc-8", "iso-5426", "cp1252"]

_PROCESSING_DATA = re.compile(r"[0-9 ]{8}[a-z|]")
_CHARSETS = UNIMARC_100A["charsets"]
_UNICODE = (ASCII, UTF_8)
ENTRY_MAP: dict[Format, bytes] = {"marc21": b"4500", "unimarc": b"450 "}
"""Leader/20-23 as either format writes it."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Parsed(NamedTuple):
    """A record that was read: its `format` and `encoding` as found, and what was repaired (codes in `facts.REPAIRS`).

    `encoding` is one of ascii, utf-8, marc-8, iso-5426, cp1252, cp1251; for MARCXML it is utf-8. `exact`: it was read
    from just the octets that `to_iso2709` writes of the record in UTF-8.
    """

    record: Record
    format: Format
    encoding: str
    repairs: tuple[Repair, ...]
    exact: bool = False


def source_of(head: bytes) -> Source:
    """The wrapping of a file or record, by its first bytes."""
    return "marcxml" if head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] == b"<" else "iso2709"


def read(
    data: bytes,
    *,
    source: Source | None = None,
    format: Format | None = None,  # noqa: A002
    eight_bits: EightBits | None = None,
) -> Parsed:
    """Read one record from the bytes of one record. Raises MarcError, and nothing else, for what is none.

    `source` is told by the first byte, `format` by the fields, the character set of what is no UTF-8 by its bytes,
    where the caller does not say.
    """
    if (source or source_of(data)) == "iso2709":
        record, encoding, unimarc, repairs, lean = read_iso2709(data, eight_bits)
        found = format or ("unimarc" if unimarc else format_of(record))
        said = _as_unicode(record, found)
        exact = lean and said is record and encoding in _UNICODE and data[20:24] == ENTRY_MAP[found]
        return Parsed(said, found, encoding, repairs, exact)
    record, claim, repairs = read_marcxml(data)
    found = format or ("unimarc" if claim.upper().startswith("UNIMARC") else format_of(record))
    return Parsed(_as_unicode(record, found), found, UTF_8, repairs)


def format_of(record: Record) -> Format:
    """MARC 21 where there is an 008. UNIMARC where 100$a holds processing data, or 200 the title and 245 is absent."""
    if record.text("008"):
        return "marc21"
    if _PROCESSING_DATA.match(record.first("100", "a")):
        return "unimarc"
    return "unimarc" if record.fields("200") and not record.fields("245") else "marc21"


def _as_unicode(record: Record, format_: Format) -> Record:
    if format_ == "marc21":
        leader = record.leader
        return record if leader[9] == "a" else record.replace(leader=f"{leader[:9]}a{leader[10:]}")
    return with_unimarc_charsets(record, "50  ")


def with_unimarc_charsets(record: Record, charsets: str, *, also_blank: bool = False) -> Record:
    """The record with these four characters in 100$a/26-29, where a claim stands there now, or `also_blank`."""
    old = record.first("100", "a")
    claim = old[_CHARSETS.start : _CHARSETS.end]
    # Two digits say it; what fills the other two positions is the cataloguer's.
    if len(old) < _CHARSETS.end or claim[:2] == charsets[:2] or not (also_blank or claim.strip()):
        return record
    new = old[: _CHARSETS.start] + charsets + old[_CHARSETS.end :]

    def changed(field: DataField) -> DataField:
        if field.tag != "100" or field.first("a") != old:
            return field
        return field._replace(subfields=tuple((c, new if c == "a" else text) for c, text in field.subfields))

    return record.replace(data=(changed(field) for field in record.data))
