"""Real messages of the field, where the shared data stand beside the repository."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Recorded:
    """One message as somebody sent it. `checksum` is what an independent sum says: absent, valid or invalid."""

    id: str
    octets: bytes
    delimiter: str
    checksum: str
    sums: tuple[str, ...]
    tags: frozenset[str]
    parsed: dict[str, object]


@pytest.fixture(scope="session")
def recorded(shared_data: Callable[[str], Path]) -> list[Recorded]:
    """Every recorded message."""
    lines = shared_data("sip2/messages.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Recorded(
            row["id"],
            base64.b64decode(row["raw_utf8_b64"]),
            row["field_delimiter"],
            row["checksum"],
            tuple(row["checksum_valid_under"] or ()),
            frozenset(row["tags"]),
            row["mechanical_parse"],
        )
        for row in map(json.loads, lines)
    ]
