"""Members, their terminals and keys: who is asking, resolved in one place, and what they may do."""

from __future__ import annotations

from gateway.members.evidence import Evidence
from gateway.members.identity import Identity
from gateway.members.members import LoginRefused, Members, Refused

__all__ = ["Evidence", "Identity", "LoginRefused", "Members", "Refused"]
