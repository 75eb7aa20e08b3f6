"""The Platform port, and one package per driver. Only the desk calls them."""

from __future__ import annotations
