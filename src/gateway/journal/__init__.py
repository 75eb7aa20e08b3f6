"""What was promised while a platform was away, what may have happened, and what was begun: durable, local, replayed."""

from __future__ import annotations

from gateway.journal.entry import Entry, JournalUnavailable, Kind, State
from gateway.journal.journal import Journal, JournalFull
from gateway.journal.replay import replay_once, replayer

__all__ = ["Entry", "Journal", "JournalFull", "JournalUnavailable", "Kind", "State", "replay_once", "replayer"]
