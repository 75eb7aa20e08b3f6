"""The facts of MARC as tables: fixed positions, character sets, and what is repaired. Every row has its clause."""

from __future__ import annotations

from library_protocols.marc.facts.charsets import LEADER_09, MARC8_SETS, UNIMARC_26_27
from library_protocols.marc.facts.positions import FIELD_008, LEADER, UNIMARC_100A, Position, at
from library_protocols.marc.facts.repairs import REPAIRS, RepairFact

__all__ = [
    "FIELD_008",
    "LEADER",
    "LEADER_09",
    "MARC8_SETS",
    "REPAIRS",
    "UNIMARC_26_27",
    "UNIMARC_100A",
    "Position",
    "RepairFact",
    "at",
]
