"""Telnet-style login before SIP2 begins: `login:`, `password:`, then the link speaks SIP2 [G]. Pure.

Kiosks that were set up against a terminal server send lines and wait for these words. Telnet's own negotiation is
dropped. What comes behind the password belongs to SIP2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEGOTIATION = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|[\xf1-\xf9])", re.DOTALL)
_LINE = re.compile(rb"(.*?)(?:\r\n|\r\0|\r|\n)", re.DOTALL)
LONGEST_LINE = 255
ATTEMPTS = 3

LOGIN, PASSWORD = b"login: ", b"password: "
WELCOME = b"Login OK.  Initiating SIP"
WRONG = b"Invalid login"


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str
    password: str


class LoginPrompts:
    """Feed it octets; it asks for a name and a password, over and over until somebody says that they are right."""

    __slots__ = ("_buffer", "_failures", "_user")

    def __init__(self) -> None:
        self._buffer = b""
        self._user: str | None = None
        self._failures = 0

    @property
    def rest(self) -> bytes:
        """What has come behind the password."""
        return self._buffer

    def feed(self, data: bytes) -> tuple[bytes, Credentials | None]:
        """Octets to write now, and the credentials once both are there. Raises ValueError for an endless line."""
        self._buffer = _NEGOTIATION.sub(b"", self._buffer + data)
        out = b""
        while match := _LINE.match(self._buffer):
            line = match[1].decode("utf-8", "replace").strip()
            if self._user is None:
                self._buffer = self._buffer[match.end() :]
                if line:
                    self._user = line
                    out += PASSWORD
                continue
            # The end of the name's line may have been CR LF in two segments: that LF is no empty password.
            self._buffer = self._buffer[match.end() :]
            if not line and match[0] == b"\n":
                continue
            user, self._user = self._user, None
            return out, Credentials(user, line)
        if len(self._buffer) > LONGEST_LINE:
            raise ValueError("a login line without end")
        return out, None

    def failed(self) -> bytes | None:
        """Octets to write after a wrong login; None when it was the last attempt."""
        self._failures += 1
        if self._failures >= ATTEMPTS:
            return None
        return WRONG + b"\r\n" + LOGIN
