"""Members, terminals, credentials, policies: who is asking, and what they may do."""

from __future__ import annotations
