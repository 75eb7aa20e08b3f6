"""One table that carries every problem of a catalogue query to SRU and to Z39.50.

SRU: info:srw/diagnostic/1/N (the same numbers in 1.1, 1.2 and 2.0). Z39.50: diagnostic set Bib-1
(1.2.840.10003.4.1). The detail of a problem is SRU's `details` and Z39.50's `addinfo`.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.canonical.query_problems import ProblemCode


class Diagnostic(NamedTuple):
    """`sru`: number in info:srw/diagnostic/1/; `bib1`: condition of the Bib-1 diagnostic set."""

    sru: int
    bib1: int


_P = ProblemCode

DIAGNOSTICS: dict[ProblemCode, Diagnostic] = {
    _P.CONTEXT_SET: Diagnostic(15, 121),
    _P.ATTRIBUTE_SET: Diagnostic(15, 121),
    _P.ATTRIBUTE_TYPE: Diagnostic(48, 113),
    _P.INDEX: Diagnostic(16, 114),
    _P.RELATION: Diagnostic(19, 117),
    _P.RELATION_MODIFIER: Diagnostic(20, 117),
    _P.RELATION_FOR_INDEX: Diagnostic(22, 123),
    _P.STRUCTURE: Diagnostic(48, 118),
    _P.POSITION: Diagnostic(48, 119),
    _P.TRUNCATION: Diagnostic(48, 120),
    _P.COMPLETENESS: Diagnostic(48, 122),
    _P.ATTRIBUTE_COMBINATION: Diagnostic(48, 123),
    _P.COMPLEX_ATTRIBUTE: Diagnostic(48, 246),
    _P.TERM_EMPTY: Diagnostic(27, 125),
    _P.TERM_TYPE: Diagnostic(36, 229),
    _P.TERM_FORMAT: Diagnostic(36, 126),
    _P.TERM_TOO_LONG: Diagnostic(23, 11),
    _P.MASKED_TOO_SHORT: Diagnostic(29, 9),
    _P.MASKED_TOO_MANY: Diagnostic(30, 7),
    _P.MASKING: Diagnostic(28, 120),
    _P.ANCHOR: Diagnostic(32, 119),
    _P.BOOLEAN: Diagnostic(37, 110),
    _P.BOOLEAN_MODIFIER: Diagnostic(46, 110),
    _P.TOO_MANY_BOOLEANS: Diagnostic(38, 6),
    _P.PROXIMITY: Diagnostic(39, 201),
    _P.PROXIMITY_OF_SETS: Diagnostic(39, 129),
    _P.PROXIMITY_RELATION: Diagnostic(40, 131),
    _P.PROXIMITY_DISTANCE: Diagnostic(41, 202),
    _P.PROXIMITY_UNIT: Diagnostic(42, 132),
    _P.PROXIMITY_ORDERING: Diagnostic(43, 203),
    _P.RESULT_SET: Diagnostic(51, 30),
    _P.RESULT_SET_COMBINATION: Diagnostic(55, 18),
    _P.SORT: Diagnostic(80, 207),
    _P.SORT_SEQUENCE: Diagnostic(82, 214),
    _P.SORT_KEYS: Diagnostic(84, 211),
    _P.SORT_DUPLICATE: Diagnostic(85, 212),
    _P.SORT_MISSING: Diagnostic(92, 213),
    _P.SORT_CASE: Diagnostic(91, 215),
    _P.SORT_ENDED: Diagnostic(93, 207),
    _P.SORT_TOO_MANY: Diagnostic(83, 230),
    _P.SCAN: Diagnostic(16, 232),
    _P.SCAN_STEP: Diagnostic(48, 206),
    _P.SCAN_POSITION: Diagnostic(120, 233),
    _P.SCAN_SIZE: Diagnostic(121, 31),
    _P.FACETS: Diagnostic(8, 3),
    _P.QUERY_FEATURE: Diagnostic(48, 3),
    _P.QUERY_TYPE: Diagnostic(11, 107),
    _P.QUERY_SYNTAX: Diagnostic(10, 108),
    _P.RESOURCES: Diagnostic(2, 31),
    _P.UNAVAILABLE: Diagnostic(2, 109),
}
"""A row a code: what SRU says, what Z39.50 says."""


def code_of_sru(number: int | None) -> ProblemCode:
    """What the diagnostic of another server means to us; that it cannot serve us, where we have no word for it."""
    return _P.UNAVAILABLE if number is None else _OF_SRU.get(number, _P.UNAVAILABLE)


def code_of_bib1(condition: int) -> ProblemCode:
    """The same for a condition of Bib-1."""
    return _OF_BIB1.get(condition, _P.UNAVAILABLE)


# Several problems look the same from outside: of those the plainest is understood, which stands first here.
_PLAIN = (_P.QUERY_FEATURE, _P.TERM_FORMAT, _P.RESOURCES, _P.ATTRIBUTE_COMBINATION, *DIAGNOSTICS)
_OF_SRU: dict[int, ProblemCode] = {DIAGNOSTICS[code].sru: code for code in reversed(_PLAIN)} | {
    2: _P.UNAVAILABLE,
    8: _P.QUERY_FEATURE,
}
_OF_BIB1: dict[int, ProblemCode] = {DIAGNOSTICS[code].bib1: code for code in reversed(_PLAIN)} | {
    4: _P.TERM_EMPTY,
    5: _P.TERM_TOO_LONG,
    12: _P.RESOURCES,
    27: _P.RESULT_SET,
    124: _P.TERM_FORMAT,
}
