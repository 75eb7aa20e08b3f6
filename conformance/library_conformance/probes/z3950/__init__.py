"""Probes of Z39.50 targets.

Inputs: `database`; `query`, in prefix notation, of at least two and at most some hundred records; `term`, a word that
is in a title; `login` and `password`, where names are asked for.
"""

from __future__ import annotations

from library_conformance.probes.z3950 import (
    attributes,
    browse,
    framing,
    initialization,
    records,
    result_sets,
    searching,
    sorting,
)

__all__ = ["attributes", "browse", "framing", "initialization", "records", "result_sets", "searching", "sorting"]
