"""Harvests members' systems over OAI-PMH into the catalogue: incremental, resumable, on guard."""

from __future__ import annotations
