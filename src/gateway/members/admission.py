"""HTTP Basic at the doors to the catalogue: whether who asks may read a view."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from gateway.members.readers import ReaderRefused, Readers

CHALLENGE = 'Basic realm="catalogue", charset="UTF-8"'
"""The WWW-Authenticate header that goes with a refusal."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """`reader` is empty where the view is open to everybody."""

    reader: str = ""


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """`retry_after` in seconds where the address has guessed too often; 0 where a name and password are needed."""

    retry_after: float = 0.0


async def admit(readers: Readers, view: str, authorization: str, peer: str | None) -> Admitted | NotAdmitted:
    """Whether the Authorization header of a request opens a view; no password is checked for an open one."""
    if readers.may_read(view):
        return Admitted()
    credentials = _basic(authorization)
    if credentials is None:
        return NotAdmitted()
    found = await readers.login(*credentials, peer)
    if isinstance(found, ReaderRefused):
        return NotAdmitted(found.retry_after)
    return Admitted(found.name) if readers.may_read(view, found) else NotAdmitted()


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, told = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None
