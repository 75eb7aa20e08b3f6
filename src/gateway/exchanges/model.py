"""One exchange: a request and its answer at the five stations.

Adapters fill it by reference; masking and storing come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gateway.canonical.context import PlatformCall


class Verdict(StrEnum):
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"  # the platform was away or broke
    REPLAYED = "replayed"  # a retry got its first answer
    BAD_INPUT = "bad_input"
    IGNORED = "ignored"  # the standard asks for silence


@dataclass(slots=True)
class Exchange:
    """`started` and `finished` are Unix seconds. What the octets say is decoded again by whoever looks."""

    id: str
    protocol: str
    link: str  # names the connection within this process
    peer: str  # address of the other side
    started: float
    bytes_in: bytes
    member: str | None = None
    terminal: str | None = None
    request: object = None  # canonical
    calls: list[PlatformCall] = field(default_factory=list)
    answer: object = None  # canonical outcome or refusal
    bytes_out: bytes = b""
    finished: float = 0.0
    verdict: Verdict = Verdict.ANSWERED
    error: str | None = None


class Recorder(Protocol):
    """Never blocks and never raises; what it cannot take it counts as dropped."""

    def add(self, exchange: Exchange) -> None: ...
