"""Probes of SIP2. Everything that is sent is written by hand (`wire`), for the judge's codec is ours too.

Inputs: `login`, `password` where the subject asks for a login; `institution`, `location`, `terminal_password`,
`encoding` where it minds; `patron` (in good standing, no loans) with `patron_pin`, `patron_blocked`,
`patron_with_loans`, `patron_accents`; `item` and `item2` on the shelf, `item_on_loan`; `pickup`, `currency`.
"""

from __future__ import annotations

from library_conformance.declared import load

load(__name__, (  # what others need comes first, and what locks somebody out last
    "session", "framing", "robust", "checksums", "repeats", "patron", "items", "loans", "holds", "fees", "text", "pins",
))  # fmt: skip
