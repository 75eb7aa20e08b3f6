"""What an address of this door says: the member, and the API key of a peer that can send it in no other way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from pydantic import SecretStr

PATH = "/ncip"
SELF_TEST = "self-test"
KEY_FIELD = "apikey"
_ORIGIN = re.compile(r"^https?://[^/?]*", re.IGNORECASE)
"""Before the path where a proxy is asked (RFC 9112 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Place:
    """`member` is None for the address of all members. `keys` came in the path or in the query: they are never logged
    and never shown."""

    member: str | None = None
    keys: tuple[SecretStr, ...] = ()
    self_test: bool = False


def place_of(target: str) -> Place | None:
    """What a request's target means: `/ncip`, `/ncip/{member}`, `/ncip/{member}/{key}`, with `?apikey=` or without,
    with a slash at the end or without. None for what is no address of this door."""
    path, _, query = _ORIGIN.sub("", target).partition("?")
    parts = [unquote(part) for part in path.removesuffix("/").split("/")]
    if parts == [""]:
        parts = PATH.split("/")
    if parts[:2] != PATH.split("/") or len(parts) > 4:
        return None
    member = parts[2] if len(parts) > 2 else None
    last = parts[3] if len(parts) > 3 else None
    keys = [value for name, value in parse_qsl(query) if name.lower() == KEY_FIELD]
    if last is not None and last != SELF_TEST:
        keys.append(last)
    return Place(member, tuple(map(SecretStr, keys)), last == SELF_TEST)
