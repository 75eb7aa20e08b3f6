"""Recordings for tests, written as conversations."""

from __future__ import annotations

import json
from typing import Any

from library_conformance.passive import KEPT, judge, links_of
from library_conformance.passive_rules import Side

Talk = list[tuple[str, bytes]]
"""What was said: `>` by the client, `<` by the server; `wait` lets so many seconds pass, `left` is the client's end."""


def recording(*talks: Talk, encrypted: bool = False) -> list[str]:
    rows: list[dict[str, Any]] = []
    at = 0.0
    for talk in talks:
        rows.append({"t": at, "dir": "connect", "note": "over TLS" if encrypted else ""})
        for mark, octets in talk:
            at += float(octets) if mark == "wait" else 0.01
            if mark == "left":
                rows.append({"t": at, "dir": "close", "note": "ours"})
            elif mark != "wait":
                rows.append({"t": at, "dir": "send" if mark == ">" else "receive", "hex": octets.hex()})
        rows.append({"t": at, "dir": "close"})
    return [json.dumps(row) for row in rows]


def verdicts(standard: str, *talks: Talk, side: Side = Side.CLIENT) -> dict[str, str]:
    """What each rule that had something to look at came to, by requirement."""
    made = judge(links_of(recording(*talks), standard), standard, [side])
    return {
        one.rule.requirement: one.worst[1].observation if one.worst else KEPT for one in made if one.findings
    }  # fmt: skip
