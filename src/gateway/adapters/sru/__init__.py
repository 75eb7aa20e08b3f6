"""The SRU door: the consortium's catalogue and each member's part of it, for those who search."""

from __future__ import annotations
