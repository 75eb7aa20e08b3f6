"""What only one process may do with a catalogue at a time."""

from __future__ import annotations

from typing import ClassVar

from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.store import turns
from gateway.store.turns import FOLDER, Blocked, Busy

__all__ = ["FOLDER", "Blocked", "Busy", "Turns"]


class Turns(turns.Turns):
    """The turns of one catalogue."""

    unavailable: ClassVar[type[Exception]] = CatalogueUnavailable
