"""MARC 21 and UNIMARC records on the wire: ISO 2709 and MARCXML, MARC-8 and UTF-8, whatever the leader claims.

`Cutter` finds the records of a stream, `read` gives a `Record` and what had to be repaired, `to_marcxml` and
`to_iso2709` write it. The facts are in `facts`.
"""

from __future__ import annotations

from library_protocols.marc.cutter import Cut, Cutter
from library_protocols.marc.facts import REPAIRS
from library_protocols.marc.marcxml import NAMESPACE, escape, from_marcxml, to_marcxml
from library_protocols.marc.problems import MarcError, Repair
from library_protocols.marc.reading import Format, Parsed, Source, format_of, read, source_of
from library_protocols.marc.record import DataField, Record
from library_protocols.marc.writing import MAX_FIELD, MAX_RECORD, Written, to_iso2709, write_iso2709

__all__ = [
    "MAX_FIELD",
    "MAX_RECORD",
    "NAMESPACE",
    "REPAIRS",
    "Cut",
    "Cutter",
    "DataField",
    "Format",
    "MarcError",
    "Parsed",
    "Record",
    "Repair",
    "Source",
    "Written",
    "escape",
    "format_of",
    "from_marcxml",
    "read",
    "source_of",
    "to_iso2709",
    "to_marcxml",
    "write_iso2709",
]
