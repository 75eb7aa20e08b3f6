"""What the configuration says about this door."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NcipSettings:
    """`message_bytes`, `connections`, `idle_seconds`, `message_seconds`, `answer_seconds` and `page` are those of
    `config.ncip.NcipConfig`. `secret` keys the digests of commands and signs tokens; `write_buffer` is how many octets
    may wait for a peer that does not read before its connection is not read either."""

    secret: bytes
    message_bytes: int = 1_048_576
    connections: int = 500
    idle_seconds: float = 300.0
    message_seconds: float = 30.0
    answer_seconds: float = 25.0
    page: int = 50
    write_buffer: int = 262_144
