"""The reference platform: circulation of our own, on SQLite or PostgreSQL."""

from __future__ import annotations
