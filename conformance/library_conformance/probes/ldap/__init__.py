"""Probes of directories (LDAP version 3), as a library needs them.

Inputs: `base`, a name below which people are; `uid`, the login or number of one of them; `bind_dn` and `bind_password`
of an account that may look people up.
"""

from __future__ import annotations

from library_conformance.probes.ldap import binding, comparing, framing, paging, people, root, searching, tls, writing

__all__ = ["binding", "comparing", "framing", "paging", "people", "root", "searching", "tls", "writing"]
