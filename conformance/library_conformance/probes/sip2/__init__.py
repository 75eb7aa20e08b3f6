"""Probes of SIP2. Everything that is sent is written by hand (`wire`), for the judge's codec is ours too.

Inputs: `login`, `password` where the subject asks for a login; `institution`, `location`, `terminal_password`,
`encoding` where it minds; `patron` (in good standing, no loans) with `patron_pin`, `patron_blocked`,
`patron_with_loans`, `patron_accents`; `item` and `item2` on the shelf, `item_on_loan`; `pickup`, `currency`.
"""

from __future__ import annotations

# The order of a run: what others need comes first, and what locks somebody out last.
# isort: off
from library_conformance.probes.sip2 import (
    session,
    framing,
    robust,
    checksums,
    repeats,
    patron,
    items,
    loans,
    holds,
    fees,
    text,
    pins,
)
# isort: on

__all__ = [
    "checksums", "fees", "framing", "holds", "items", "loans", "patron", "pins", "repeats", "robust", "session", "text",
]  # fmt: skip
