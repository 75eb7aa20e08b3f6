"""Probes of OAI-PMH repositories: requests written by hand, answers judged by their elements."""

from __future__ import annotations

from importlib import import_module

for _name in (
    "framing", "envelope", "identify", "errors", "lists", "formats", "records", "dates", "sets", "tokens", "deletions",
):  # fmt: skip
    import_module(f"{__name__}.{_name}")  # in the order in which they are carried out
