"""What is known about who is asking, from the strongest evidence to the weakest, and whether it agrees.

Order: credential (client certificate, key, login), listener or TLS name, path, names inside the message. The first that
speaks decides; a later one may only agree.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a connection says about its other end. `peer` is an IP address; `client_certificate` a verified subject
    (RFC 4514); `institution` a name inside the message (SIP2 AO, NCIP agency id)."""

    peer: str | None = None
    tls: bool = False
    tls_name: str | None = None
    client_certificate: str | None = None
    listener_member: str | None = None
    path_member: str | None = None
    institution: str = ""


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


def within(peer: str | None, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks; an unknown address is in none."""
    return peer is not None and _within(peer, tuple(networks))


@lru_cache(maxsize=4096)
def _within(peer: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return any(address.version == net.version and address in net for net in map(_network, networks))
