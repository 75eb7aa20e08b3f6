"""What doors of several standards have in common; each standard's own is in its adapter."""

from __future__ import annotations
