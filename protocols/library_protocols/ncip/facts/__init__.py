"""What NCIP's documents list: schemes and their values, problem types, the names of NCIP 1."""

from __future__ import annotations

from library_protocols.ncip.facts.problems import (
    GENERAL,
    MESSAGING,
    MESSAGING_ERROR,
    OF_SERVICE,
    is_messaging,
    known_problem,
    problem_type,
)
from library_protocols.ncip.facts.schemes import CURRENCY_CODE, MINOR_DIGITS, SCHEMES, SchemeFact, scheme_value

__all__ = [
    "CURRENCY_CODE",
    "GENERAL",
    "MESSAGING",
    "MESSAGING_ERROR",
    "MINOR_DIGITS",
    "OF_SERVICE",
    "SCHEMES",
    "SchemeFact",
    "is_messaging",
    "known_problem",
    "problem_type",
    "scheme_value",
]
