"""Lookups that were answered a moment ago: the same document about something that has not changed has the same answer.

The desk is asked again every time, so that nothing old is told: only where it gives the very object that the answer was
made of is the answer given again. What came with a PIN or a secret is not remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gateway.canonical.answers import Answer
from gateway.canonical.outcomes import Outcome
from gateway.canonical.requests import Request
from gateway.members.ncip_peers import PeerIdentity
from library_protocols.ncip.codec import Envelope

SIZE = 1024  # documents: some megabytes, with what they keep alive
LONGEST = 4096  # octets of a document; a lookup has some eight hundred
SERVICES = frozenset({"LookupUser", "LookupItem"})
"""Those whose answers depend on one question to the desk, and on no clock."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a document said, whom it was answered, what the desk was asked and said, and the answer."""

    envelope: Envelope
    peer: PeerIdentity
    request: Request
    said: Answer
    answer: bytes


class AnswerMemory:
    """By the octets of a document; the one used longest ago is the first to go."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._made: OrderedDict[bytes, Remembered] = OrderedDict()

    def find(self, document: bytes) -> Remembered | None:
        found = self._made.get(document)
        if found is not None:
            self._made.move_to_end(document)
        return found

    def keep(self, document: bytes, made: Remembered) -> None:
        """Remembers the answer, unless it holds a secret."""
        message = made.envelope.message
        service = type(message).__name__
        header = getattr(message, "initiation_header", None)
        secret = getattr(message, "authentication_input", ()) or (
            header is not None and (header.from_agency_authentication or header.from_system_authentication)
        )
        if secret or service not in SERVICES or len(document) > LONGEST or not isinstance(made.said, Outcome):
            return
        self._made[document] = made
        if len(self._made) > self._size:
            self._made.popitem(last=False)
