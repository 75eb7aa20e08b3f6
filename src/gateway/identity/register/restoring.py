"""The person register as a part of a backup."""

from __future__ import annotations

from pathlib import Path

from gateway.identity.register import migrate
from gateway.identity.register.schema import VERSION_TABLE, metadata
from gateway.store.backup import Part
from gateway.store.url import sqlite_path

NAME = "register"


def register_part(url: str) -> Part:
    """The register at `url`."""
    return Part(NAME, url, tuple(metadata.tables), VERSION_TABLE, migrate.head())


def is_there(url: str) -> bool:
    """Whether there is a register to be backed up: its file is made when a gateway first serves. On PostgreSQL its
    tables come with the others."""
    path = sqlite_path(url)
    return path is None or (Path(path).exists() and Path(path).stat().st_size > 0)
