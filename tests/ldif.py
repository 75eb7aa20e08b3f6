"""LDIF (RFC 2849) as far as exports of directories need it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

Entry = tuple[str, dict[str, list[bytes]]]


def ldif(path: Path) -> Iterator[Entry]:
    """The entries of an LDIF file (RFC 2849): a DN, and attributes."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").replace("\n ", "")
    for block in text.split("\n\n"):
        dn, attributes = "", dict[str, list[bytes]]()
        for line in block.splitlines():
            name, colon, rest = line.partition(":")
            if not colon or line.startswith("#"):
                continue
            value = base64.b64decode(rest[1:]) if rest.startswith(":") else rest.strip().encode()
            if name.lower() == "dn":
                dn = value.decode()
            elif dn:
                attributes.setdefault(name, []).append(value)
        if dn:
            yield dn, attributes
