"""Where things stand: the leader and the fixed positions of control fields that we read, each with its clause.

MARC 21 and UNIMARC share the leader's frame; what a position means is said for both. Positions count from 0.
"""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    """A stretch of fixed positions: `name` for programs, from `start` to before `end`, and where it is defined."""

    name: str
    start: int
    end: int
    clause: str
    meaning: str


_LEADER = (
    Position("record_length", 0, 5, "MARC 21 leader 00-04; ISO 2709", "bytes of the whole record, computed in writing"),
    Position("status", 5, 6, "MARC 21 leader 05; UNIMARC leader 5", "a d n c p and so on; d is a deleted record"),
    Position("type", 6, 7, "MARC 21 leader 06; UNIMARC leader 6", "type of record: text, map, music, …"),
    Position("level", 7, 8, "MARC 21 leader 07; UNIMARC leader 7", "bibliographic level: monograph, serial, part"),
    Position("control", 8, 9, "MARC 21 leader 08", "type of control; in UNIMARC the hierarchical level"),
    Position("coding", 9, 10, "MARC 21 leader 09", "a is UCS/Unicode, blank MARC-8; undefined in UNIMARC"),
    Position("indicator_count", 10, 11, "MARC 21 leader 10", "always 2"),
    Position("code_length", 11, 12, "MARC 21 leader 11", "always 2"),
    Position("base_address", 12, 17, "MARC 21 leader 12-16", "where the data begin, computed in writing"),
    Position("encoding_level", 17, 18, "MARC 21 leader 17; UNIMARC leader 17", "how full the description is"),
    Position("cataloguing_form", 18, 19, "MARC 21 leader 18; UNIMARC leader 18", "descriptive cataloguing form"),
    Position("multipart", 19, 20, "MARC 21 leader 19", "multipart resource record level"),
    Position("entry_map", 20, 24, "MARC 21 leader 20-23", "4500: lengths of a directory entry's parts"),
)
_FIELD_008 = (
    Position("entered", 0, 6, "MARC 21 008/00-05", "date entered on file, yymmdd"),
    Position("date_type", 6, 7, "MARC 21 008/06", "what the two dates are"),
    Position("date1", 7, 11, "MARC 21 008/07-10", "first year"),
    Position("date2", 11, 15, "MARC 21 008/11-14", "second year"),
    Position("place", 15, 18, "MARC 21 008/15-17", "place of publication, MARC country code"),
    Position("audience", 22, 23, "MARC 21 008/22 books, music, computer files, visual", "target audience"),
    Position("form_of_item", 23, 24, "MARC 21 008/23 books, music, serials, mixed", "form of item"),
    Position("form_of_item_maps", 29, 30, "MARC 21 008/29 maps, visual materials", "form of item"),
    Position("language", 35, 38, "MARC 21 008/35-37", "language, MARC language code"),
    Position("source", 39, 40, "MARC 21 008/39", "who catalogued"),
)
_UNIMARC_100A = (
    Position("entered", 0, 8, "UNIMARC 100$a/0-7", "date entered on file, yyyymmdd"),
    Position("date_type", 8, 9, "UNIMARC 100$a/8", "what the two dates are"),
    Position("date1", 9, 13, "UNIMARC 100$a/9-12", "first year"),
    Position("date2", 13, 17, "UNIMARC 100$a/13-16", "second year"),
    Position("audience", 17, 20, "UNIMARC 100$a/17-19", "target audience"),
    Position("cataloguing_language", 22, 25, "UNIMARC 100$a/22-24", "language of cataloguing"),
    Position("charsets", 26, 30, "UNIMARC 100$a/26-29", "G0 and G1 character sets, two digits each"),
)

LEADER: dict[str, Position] = {row.name: row for row in _LEADER}
"""The leader's positions by name."""
FIELD_008: dict[str, Position] = {row.name: row for row in _FIELD_008}
"""Positions of MARC 21 field 008 by name."""
UNIMARC_100A: dict[str, Position] = {row.name: row for row in _UNIMARC_100A}
"""Positions of UNIMARC 100$a by name."""


def at(text: str, position: Position) -> str:
    """What stands at a position; shorter or empty where the text ends before."""
    return text[position.start : position.end]
