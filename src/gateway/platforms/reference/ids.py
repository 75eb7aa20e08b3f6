"""Identifiers: making new opaque ones, and bringing what people type or scan into one form."""

from __future__ import annotations

import unicodedata

from gateway.platforms.reference import randomness


def new_id(now: int) -> str:
    """A new opaque id; `now` in UTC milliseconds comes first, so that rows of one time lie together in an index."""
    return f"{now:012x}{randomness.octets(8).hex()}"


def normalised(identifier: str | None) -> str | None:
    """A patron identifier as `patron_identifier.value` keeps it: NFC, trimmed, case-folded; None for nothing."""
    if identifier is None:
        return None
    return unicodedata.normalize("NFC", identifier).strip().casefold() or None


def retired(barcode: str, item_id: str) -> str:
    """The barcode of an item that is taken away: free for another item, and nobody can scan it, for what is scanned is
    trimmed. Its rows stay, as loans, charges and events name it."""
    return f" {barcode} {item_id}"


def is_retired(barcode: str) -> bool:
    return barcode.startswith(" ")


def shown_barcode(barcode: str) -> str:
    """As people know it, of an item that was taken away too."""
    return barcode[1:].rpartition(" ")[0] if is_retired(barcode) else barcode


def trimmed(barcode: str | None) -> str | None:
    """An item barcode as kept: trimmed, case untouched; None for nothing."""
    return (barcode or "").strip() or None
