"""Results for tests of reports: written as the runner writes them, about requirements that the catalogue has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NASTY = "=cmd|'<script>alert(1)</script>"
"""An observation that a spreadsheet could take for a formula, and a page for a script."""

ROWS = [
    ("sip2.checkout.lend", "ran", "lent", "conforms"),
    ("sip2.checkout.due", "ran", NASTY, "deviates"),
    ("sip2.checkout.desensitize", "ran", "N", "discouraged"),
    ("sip2.hold.answer", "ran", "no answer", "deviates"),
    ("sip2.hold.place", "blocked", "", "none"),
    ("sip2.item.answer", "harness_error", "", "none"),
    ("sip2.frame.fixed", "ran", "right widths", "conforms"),
    ("sip2.frame.nul", "ran", "ignored", "permitted"),
]


def result(requirement: str, execution: str, observation: str, verdict: str, **change: Any) -> dict[str, Any]:
    return {
        "requirement": requirement, "probe": f"{requirement}/way", "lifecycle": "finished", "execution": execution,
        "observation": observation, "verdict": verdict, "manner": [], "note": "", "blocked_by": "", "seconds": 0.1,
        "transcript": "", "replay": "", **change,
    }  # fmt: skip


def write_run(folder: Path, subject: str, standard: str = "sip2", rows: Any = None, **change: Any) -> Path:
    """A folder with `results.json` and the transcript of its first result."""
    made = [result(*row) for row in (ROWS if rows is None else rows)]
    (folder / "transcripts").mkdir(parents=True)
    if made:
        made[0]["transcript"] = "transcripts/first.jsonl"
    events = [
        {"t": 0.0, "dir": "connect"},
        {"t": 0.1, "dir": "send", "length": 9, "hex": "39393030302e3030", "text": "9900002.00\r"},
        {"t": 0.2, "dir": "receive", "length": 4, "hex": "b5800001", "text": "\ufffd\ufffd\x00\x01"},
        *({"t": 0.3, "dir": "note", "note": f"line {number}"} for number in range(9)),
    ]
    (folder / "transcripts" / "first.jsonl").write_text("\n".join(map(json.dumps, events)) + "\n")
    document = {
        "format": 1, "standard": standard, "subject": subject, "started": "2026-11-22T10:00:00+00:00", "seconds": 1.5,
        "suite": "0.1.0", "catalogue": "0123456789ab", "allowed": "read", "announced": {}, "results": made,
        "not_tested": [], **change,
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(document))
    return folder
