"""Which exchanges were about one person: they are under a tag that leads back to nobody, but whoever knows an
identifier can make its tag."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.record import patron_tag


def exchanges_about(path: Path, secret: bytes, member: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """Id, time (Unix seconds), protocol, terminal, operation and verdict of each. Raises sqlite3.Error."""
    if not path.exists():
        return []
    tags = {patron_tag(secret, member, name) for name in names}
    kept = ("id", "started", "protocol", "terminal", "operation", "verdict", "patron")
    with closing(ExchangeFile(path, read_only=True)) as file:
        return [
            {name: record.get(name) for name in kept}
            for _, records in file.chunks()
            for record in records
            if record.get("member") == member and record.get("patron") in tags
        ]
