"""The load on LDAP servers: connections bound as a service account that look people up by uid. A process of its own.

As of `searchers`, the same for every server: requests are encoded beforehand, and of answers only the heads of the
messages are read, to know what they are and where they end.
"""

from __future__ import annotations

import json
import sys

import uvloop

from library_protocols.ldap import BindRequest, LdapMessage, SearchRequest, Simple, encode, parse_filter
from library_protocols.ldap.messages import Scope
from tests.benchmarks.machine import LOAD_CPU, pin
from tests.benchmarks.searchers import Load, Searcher, run

ACCOUNT, PASSWORD = "bench", "bench-secret"
_MESSAGE, _ID = 0x30, 0x02
_BIND_RESPONSE, _ENTRY, _DONE = 0x61, 0x64, 0x65
_SUCCESS = b"\x0a\x01\x00"


def account(suffix: str) -> str:
    """DN of the service account below a suffix."""
    return f"cn={ACCOUNT},{suffix}"


def head(octets: bytes | bytearray, at: int) -> tuple[int, int, int] | None:
    """Tag, first octet and end of the contents of the BER element at `at`; None where they are not all there yet."""
    if len(octets) < at + 2:
        return None
    first = octets[at + 1]
    begin = at + 2 + (first & 0x7F) * (first > 0x80)
    if len(octets) < begin:
        return None
    return octets[at], begin, begin + (int.from_bytes(octets[at + 2 : begin], "big") if first > 0x80 else first)


class LdapSearcher(Searcher):
    """`load.database` is the suffix, questions are filters."""

    def __init__(self, load: Load, number: int) -> None:
        super().__init__(load, number)
        self.at_octet = 0

    def request(self, text: str) -> bytes:
        search = SearchRequest(self.load.database, Scope.SUB, 0, 0, 0, False, parse_filter(text), ())
        return encode(LdapMessage(2, search))

    def greet(self) -> None:
        bind = BindRequest(3, account(self.load.database), Simple(PASSWORD.encode()))
        self.transport.write(encode(LdapMessage(1, bind)))

    def take(self) -> None:
        while (message := head(self.buffer, self.at_octet)) is not None and message[2] <= len(self.buffer):
            tag, begin, end = message
            number = head(self.buffer, begin)
            operation = number and head(self.buffer, number[2])
            if tag != _MESSAGE or number is None or number[0] != _ID or operation is None:
                raise ValueError(f"no LDAPMessage: {bytes(self.buffer[self.at_octet : begin + 10])!r}")
            self.at_octet = end
            self.heard(operation[0], bytes(self.buffer[operation[1] : operation[1] + 3]))
        if self.at_octet == len(self.buffer):
            self.buffer.clear()
            self.at_octet = 0

    def heard(self, operation: int, begins: bytes) -> None:
        if operation == _ENTRY:
            self.hits += 1
        elif begins != _SUCCESS:
            raise ValueError(f"an answer {operation:#x} that begins {begins!r}")
        elif operation == _BIND_RESPONSE:
            self.ready.set_result(None)
        elif operation == _DONE:
            hits, self.hits = self.hits, 0
            self.answered(hits, hits)
        else:
            raise ValueError(f"a message {operation:#x} that was not asked for")


if __name__ == "__main__":
    pin(LOAD_CPU)
    print(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin)), LdapSearcher))))
