"""The OAI-PMH door: the consortium's catalogue and each member's part of it, for harvesters."""

from __future__ import annotations
