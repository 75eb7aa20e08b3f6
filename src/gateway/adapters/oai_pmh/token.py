"""Resumption tokens that hold the whole state of a list, signed, so that no server keeps any.

A token is a version, the state as JSON and an HMAC over both. Every process and node that has the same secret reads
it, before and after restarts and upgrades; a later version of the gateway must go on reading version 1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from gateway.adapters.oai_pmh.session import ListState
from library_protocols.oai_pmh import Verb

VERSION = 1
MAX_LENGTH = 1000  # characters: twice the longest token made here (a setSpec has 120 at most)
_MAC_OCTETS = 16


class BadToken(ValueError):
    """Not made here, changed, of another door or verb, or too old."""


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, state: ListState, expires: int) -> str:
        """A token that leads on from `state` until `expires` (Unix seconds)."""
        told = json.dumps(
            [
                VERSION,
                state.view,
                state.verb.value,
                state.prefix,
                state.from_,
                state.until,
                state.set_spec,
                state.after,
                state.cursor,
                state.start,
                int(state.old_deletions),
                expires,
            ],
            separators=(",", ":"),
        ).encode()
        return _written(self._mac(told) + told)

    def read(self, view: str, verb: Verb, token: str, now: int) -> ListState:
        """The state a token holds. Raises BadToken."""
        if len(token) > MAX_LENGTH:
            raise BadToken("the token is none of this repository's")
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadToken("the token is none of this repository's") from error
        mac, told = raw[:_MAC_OCTETS], raw[_MAC_OCTETS:]
        # The last character has bits that mean nothing: of the ways to write the same octets only ours is a token.
        if not hmac.compare_digest(mac, self._mac(told)) or _written(raw) != token:
            raise BadToken("the token is none of this repository's")
        version, of_view, of_verb, *rest = json.loads(told)
        if version != VERSION:
            raise BadToken("the token was made by a later version of this repository's software")
        if of_view != view or of_verb != verb.value:
            raise BadToken("the token belongs to another list")
        prefix, from_, until, set_spec, after, cursor, start, old_deletions, expires = rest
        if expires < now:
            raise BadToken("the token has expired")
        return ListState(
            view,
            verb,
            prefix,
            from_,
            until,
            set_spec,
            after=after,
            cursor=cursor,
            start=start,
            old_deletions=bool(old_deletions),
        )

    def _mac(self, told: bytes) -> bytes:
        return hmac.new(self._secret, b"oai\0" + told, hashlib.sha256).digest()[:_MAC_OCTETS]


def _written(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


__all__ = ["BadToken", "Tokens"]
