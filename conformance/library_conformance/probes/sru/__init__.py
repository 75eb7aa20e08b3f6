"""Probes of SRU servers: requests written by hand, answers judged by their elements and by each other."""

from __future__ import annotations

from importlib import import_module

for _name in (
    "versions", "framing", "parameters", "explain", "searching", "formats", "cql", "cql_numbers", "refusals", "sorting",
    "scanning", "newer",
):  # fmt: skip
    import_module(f"{__name__}.{_name}")  # in the order in which they are carried out
