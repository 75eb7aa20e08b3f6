"""`python -m library_conformance`."""

from __future__ import annotations

from library_conformance.cli import main

main()
