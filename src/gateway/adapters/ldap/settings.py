"""What the configuration says about this door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.adapters.ldap.mapping import Tree


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """`trees` by member. `connections`, `idle_seconds`, `message_bytes`, `size_limit`, `page_size` and `time_seconds`
    are those of `config.identity.LdapLimits`; `clear_binds` takes passwords in clear where we listen on loopback.

    `request_seconds` is how long a message that has begun may take to arrive, and how long a client may leave unread
    what it is sent; `outstanding` how many requests of one connection are worked on at a time: more are told "busy".
    """

    trees: Mapping[str, Tree] = field(default_factory=dict)
    clear_binds: bool = False
    connections: int = 500
    idle_seconds: float = 900.0
    message_bytes: int = 262_144
    size_limit: int = 5000
    page_size: int = 1000
    time_seconds: float = 10.0
    request_seconds: float = 30.0
    outstanding: int = 32
    write_buffer: int = 262_144
    vendor_name: str = "library-gateway"
    vendor_version: str = "0.1.0"
