"""Builds ISO 2709 octets by hand, so that tests can say exactly what is wrong with them."""

from __future__ import annotations

LEADER_TAIL = "nam a22{base:05d} a 4500"


def octets(fields: list[tuple[str, bytes]], *, coding: str = "a", kind: str = "nam", level: str = " a ") -> bytes:
    """A record whose lengths are right. `fields` are tag and content without terminator."""
    directory, data = b"", b""
    for tag, content in fields:
        directory += f"{tag}{len(content) + 1:04d}{len(data):05d}".encode()
        data += content + b"\x1e"
    base = 24 + len(directory) + 1
    leader = f"{base + len(data) + 1:05d}{kind} {coding}22{base:05d}{level}4500"
    return leader.encode() + directory + b"\x1e" + data + b"\x1d"


TITLE = b"10\x1faA title /\x1fcby someone."
FIELDS = [("001", b"42"), ("008", b"850101s1985    wlk           000 0 eng  "), ("245", TITLE)]
RECORD = octets(FIELDS)
