"""One system through several doors: act by one, look through another."""

from __future__ import annotations

from library_conformance.probes.cross import accounts, circulation, records, shelves

__all__ = ["accounts", "circulation", "records", "shelves"]
