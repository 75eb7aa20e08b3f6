"""The wire of each library standard: bytes to messages and back. Pure: no I/O, no clock, no configuration."""

from __future__ import annotations
