"""Cookies of paged results (RFC 2696): where the next page begins, signed. The server keeps nothing.

A cookie is of one search of one bind of one connection: with anything else than its number and controls changed, or
from another connection, it is no cookie.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from library_protocols.ldap import LdapMessage, SearchRequest, encode

_MAC_OCTETS = 16
_SENT_OCTETS = 4


class BadCookie(ValueError):
    """Not made here, changed, or of another search, bind or connection."""


class Cookies:
    """Makes and reads cookies."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, bind: str, request: SearchRequest, position: str, sent: int) -> bytes:
        """A cookie for the page behind `position`, with `sent` entries on the pages so far."""
        told = sent.to_bytes(_SENT_OCTETS, "big") + position.encode()
        return self._mac(bind, request, told) + told

    def read(self, bind: str, request: SearchRequest, cookie: bytes) -> tuple[str, int]:
        """Position and entries sent. Raises BadCookie."""
        mac, told = cookie[:_MAC_OCTETS], cookie[_MAC_OCTETS:]
        if not hmac.compare_digest(mac, self._mac(bind, request, told)):
            raise BadCookie
        return told[_SENT_OCTETS:].decode(), int.from_bytes(told[:_SENT_OCTETS], "big")

    def _mac(self, bind: str, request: SearchRequest, told: bytes) -> bytes:
        asked = encode(LdapMessage(1, replace(request, unknown=b"")))
        made = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in (bind.encode(), asked, told):
            made.update(len(part).to_bytes(4, "big") + part)
        return made.digest()[:_MAC_OCTETS]
