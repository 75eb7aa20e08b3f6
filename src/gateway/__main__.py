"""`python -m gateway` is the command line."""

from __future__ import annotations

from gateway.cli import main

main()
