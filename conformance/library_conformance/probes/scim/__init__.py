"""Probes of SCIM 2.0 service providers: what they say of themselves, and users that come, change and go."""

from __future__ import annotations

from importlib import import_module

# In the order in which they run: what is harmless first.
for _name in ("service", "users"):
    import_module(f"{__name__}.{_name}")
