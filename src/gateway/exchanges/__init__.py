"""The record of every exchange at its five stations: masked, bounded, kept as long as its policy says."""

from __future__ import annotations
