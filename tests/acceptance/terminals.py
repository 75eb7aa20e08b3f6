"""Terminals that the demo does not have: other character sets, few permissions, prompts, other dialects."""

from __future__ import annotations

from typing import Any

from tests.acceptance.nodes import terminal

EVERYTHING = [
    "patron_read", "item_read", "bib_read", "checkout", "checkin", "renew", "hold", "pay", "block", "enable",
    "item_update", "offline", "undo",
]  # fmt: skip

CP850, ASCII, LATIN1, CRLF = "aber-cp850", "aber-ascii", "aber-latin1", "aber-crlf"
GATE, COUNTER, SORTER, GOSSIP, WELSH = "aber-gate", "aber-counter", "aber-sorter", "aber-gossip", "aber-welsh"
PROMPTS = "sip2-prompts"


def everybody(document: dict[str, Any]) -> None:
    """Adds all of them to the demo's configuration."""
    aber = document["members"]["aber"]["terminals"]
    for login, encoding in ((CP850, "cp850"), (ASCII, "ascii"), (LATIN1, "latin-1")):
        aber[login] = terminal(permissions=EVERYTHING, overrides={"wire": {"encoding": encoding}})
    aber[CRLF] = terminal(permissions=EVERYTHING, overrides={"wire": {"terminator": "CRLF"}})
    aber[GATE] = terminal(permissions=["item_read"], pin_required=[])
    aber[COUNTER] = terminal(permissions=[*EVERYTHING[:7], "pay"], pin_required=[])
    aber[SORTER] = terminal(permissions=["item_read", "checkin", "undo"], profile="sorter")
    aber[GOSSIP] = terminal(permissions=EVERYTHING, profile="gossip", pin_required=[])
    aber[WELSH] = terminal(permissions=EVERYTHING, overrides={"texts": {"language": "cy"}})
    document["listeners"][PROMPTS] = {"protocol": "sip2", "host": "127.0.0.1", "port": 0, "prompts": True}
