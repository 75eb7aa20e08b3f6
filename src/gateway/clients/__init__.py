"""The other end of the wire: command-line kiosks and fleets, speaking through library_protocols."""

from __future__ import annotations
