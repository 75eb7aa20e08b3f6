"""Pure tables between the canonical model and each standard, read both by adapters and by drivers."""

from __future__ import annotations
