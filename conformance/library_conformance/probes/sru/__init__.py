"""Probes of SRU servers: requests written by hand, answers judged by their elements and by each other."""

from __future__ import annotations

from library_conformance.declared import load

load(__name__, (  # in the order in which they are carried out
    "versions", "framing", "parameters", "explain", "searching", "formats", "cql", "cql_numbers", "refusals", "sorting",
    "scanning", "newer",
))  # fmt: skip
