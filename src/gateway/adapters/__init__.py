"""One package per standard, each with mapping.py, session.py, server.py. They call the desk, never a platform."""

from __future__ import annotations
