"""Probes of NCIP responders, over HTTP or raw TCP, in version 1 or 2: whichever the subject was found to speak."""

from __future__ import annotations

from importlib import import_module

# In the order in which they run: what is harmless first.
for _name in ("session", "transport", "dialects", "problems", "hostile", "people", "items", "loans", "requests",
              "borrowing"):  # fmt: skip
    import_module(f"{__name__}.{_name}")
