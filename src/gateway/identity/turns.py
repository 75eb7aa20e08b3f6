"""What only one process may do with a person register at a time: carry out a feed, provision the platform."""

from __future__ import annotations

from typing import ClassVar

from gateway.identity.register.port import RegisterUnavailable
from gateway.store import turns
from gateway.store.turns import FOLDER, Blocked, Busy

__all__ = ["FOLDER", "Blocked", "Busy", "Turns"]


class Turns(turns.Turns):
    """The turns of one register."""

    unavailable: ClassVar[type[Exception]] = RegisterUnavailable
