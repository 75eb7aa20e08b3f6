"""What the configuration says about this door, and how clients that need it are treated otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.members.evidence import within

MAX_REQUEST = 131_072
"""Octets of one PDU a client may send: more than the largest query takes that is answered, and read in some
hundredths of a second."""


class ClientRule(Protocol):
    """How one client is treated; the empty condition holds for all (see `config.catalogue.Z3950ClientConfig`)."""

    @property
    def networks(self) -> Sequence[str]: ...
    @property
    def user(self) -> str: ...
    @property
    def implementation(self) -> str: ...
    @property
    def charset(self) -> str: ...
    @property
    def unsupported(self) -> str: ...
    @property
    def term_counts(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class StandardClient:
    """A client that no rule names."""

    networks: tuple[str, ...] = ()
    user: str = ""
    implementation: str = ""
    charset: str = "utf-8"
    unsupported: str = "refuse"
    term_counts: bool = False


STANDARD = StandardClient()


@dataclass(frozen=True, slots=True)
class Z3950Settings:
    """`names` are the names of the views, in the order Explain lists them; times in seconds.

    `search_records` is the most that one answer holds, `result_sets` how many sets one session keeps, `request_seconds`
    how long a PDU that has begun may take to arrive, `init_seconds` how long a connection may take to initialize.
    """

    names: Mapping[str, str]
    clients: Sequence[ClientRule] = ()
    sessions: int = 500
    idle_seconds: float = 600.0
    init_seconds: float = 30.0
    request_seconds: float = 30.0
    result_sets: int = 100
    search_records: int = 1000
    max_request: int = MAX_REQUEST
    write_buffer: int = 262_144
    implementation_name: str = "library-gateway"
    implementation_version: str = "0.1.0"

    def rule(self, peer: str | None, user: str, implementation: str) -> ClientRule:
        """The first rule that fits a client."""
        for rule in self.clients:
            if rule.networks and not within(peer, rule.networks):
                continue
            if rule.user and rule.user != user:
                continue
            if implementation.casefold().startswith(rule.implementation.casefold()):
                return rule
        return STANDARD
