"""One system through several doors: act by one, look through another."""

from __future__ import annotations

from library_conformance.probes.cross import circulation, records

__all__ = ["circulation", "records"]
