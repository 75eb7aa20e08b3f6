"""Pages and the cursors that lead from one to the next.

A cursor is the position and an HMAC over member, list, parameters and position: it opens nothing but the list it was
made for, and nobody can make one. The position itself is no secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_LIMIT = 50
MAX_LIMIT = 200  # keeps a page's JSON under about 200 KB
_MAC_BYTES = 16

Row = TypeVar("Row")
Position = int | str | list[Any] | None


class Page(BaseModel, Generic[Row]):
    """One page of a list. `next` is None on the last page."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
    items: tuple[Row, ...]
    next: str | None = Field(default=None, description="Pass as `cursor` to get the next page")


class BadCursor(ValueError):
    """The cursor was not made here for this list."""


class Cursors:
    """Makes and reads cursors. Every process that serves the same clients needs the same `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, member: str, path: str, parameters: dict[str, str], position: Position) -> str:
        """`path` is the list's own address with its ids, `parameters` what else selects rows (not the page size)."""
        told = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(member, path, parameters, told) + told).decode().rstrip("=")

    def read(self, member: str, path: str, parameters: dict[str, str], cursor: str) -> Position:
        """The position; raises BadCursor."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadCursor from error
        mac, told = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(member, path, parameters, told)):
            raise BadCursor
        return json.loads(told)

    def _mac(self, member: str, path: str, parameters: dict[str, str], told: bytes) -> bytes:
        covered = json.dumps(["http", member, path, sorted(parameters.items())]).encode() + b"\0" + told
        return hmac.new(self._secret, covered, hashlib.sha256).digest()[:_MAC_BYTES]


def cut(rows: Sequence[Row], ids: Sequence[str], position: Position, limit: int) -> tuple[Sequence[Row], Position]:
    """The page of a list that is at hand whole, and the position of the page after it (None: there is none).

    The position names the last row given and where it stood: where that row is gone since, its place tells where to go
    on, so that a row given back between two pages makes no other row disappear.
    """
    start = 0
    if isinstance(position, list):
        index, last = int(position[0]), str(position[1])
        start = ids.index(last) + 1 if last in ids else index
    end = start + limit
    return rows[start:end], [end - 1, ids[end - 1]] if end < len(rows) else None
