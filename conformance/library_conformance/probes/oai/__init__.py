"""Probes of OAI-PMH repositories: requests written by hand, answers judged by their elements."""

from __future__ import annotations

from library_conformance.declared import load

load(__name__, (  # in the order in which they are carried out
    "framing", "envelope", "identify", "errors", "lists", "formats", "records", "dates", "sets", "tokens", "deletions",
))  # fmt: skip
