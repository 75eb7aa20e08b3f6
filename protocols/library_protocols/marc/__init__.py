"""MARC 21 and UNIMARC records on the wire: ISO 2709 and MARCXML, MARC-8 and UTF-8, whatever the leader claims."""

from __future__ import annotations

from library_protocols.marc.problems import MarcError, Repair
from library_protocols.marc.record import DataField, Record

__all__ = ["DataField", "MarcError", "Record", "Repair"]
