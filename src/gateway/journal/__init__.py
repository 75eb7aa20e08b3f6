"""What was promised while a platform was away: durable, replayed in order, reconciled with staff."""

from __future__ import annotations
