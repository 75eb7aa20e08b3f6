"""The configuration of the demo consortium, as the dict that `gateway.config` validates.

Ports, logins, passwords and keys are the demo's contract; everything listens on loopback. Hashes are made at start
with cheap parameters: the secrets are published anyway, and `serve` refuses them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from gateway.canonical.vocabulary import ForeignItems, Permission, TerminalKind
from gateway.crosswalks.ncip import USER_ELEMENTS
from gateway.demo.consortium import (
    CURRENCY,
    KIOSK_PASSWORD,
    LANGUAGES,
    LDAP_ACCOUNT,
    LDAP_PASSWORD,
    MEMBERS,
    PEPPER,
    TIMEZONE,
    DemoMember,
)

LISTENERS = {
    "http": ("http", 8080, False),
    "https": ("http", 8443, True),
    "sip2": ("sip2", 6001, False),
    "sip2-tls": ("sip2", 6443, True),
    "z3950": ("z3950", 2100, False),
    "ldap": ("ldap", 3389, False),
    "ldaps": ("ldap", 3636, True),
    "ncip": ("ncip", 6002, False),
}

NCIP_MEMBER = "aber"
"""Whose NCIP over TCP is: a connection names nobody until its first message."""

NCIP_PEER = "demo"
"""Each member's peer: whoever is on this machine."""

KIOSK_PERMISSIONS = (
    Permission.PATRON_READ,
    Permission.ITEM_READ,
    Permission.BIB_READ,
    Permission.CHECKOUT,
    Permission.CHECKIN,
    Permission.RENEW,
    Permission.HOLD,
    Permission.PAY,
    Permission.BLOCK,
    Permission.ENABLE,
    Permission.ITEM_UPDATE,
    Permission.OFFLINE,
    Permission.UNDO,
)

# What touches the patron's account needs a PIN; a payment does not.
KIOSK_PIN_REQUIRED = (
    "patron.get",
    "patron.account",
    "loan.create",
    "loan.renew",
    "loan.renew_all",
    "hold.place",
    "hold.update",
    "hold.cancel",
)

WELSH = {"spec": "welsh", "name": "Cymraeg / in Welsh", "query": "dc.language=wel"}
"""The set that the consortium and each member define."""

KIOSK_LINKS = 256
"""Links a demo login may hold at once: a whole simulated fleet uses one login a member."""


def demo_config(
    data_dir: Path,
    port_offset: int = 0,
    *,
    store_url: str = "sqlite:///gateway.sqlite3",
    certificate: Path | None = None,
    key: Path | None = None,
    catalogue: bool = True,
) -> dict[str, Any]:
    """The demo's configuration with its data under `data_dir` and every port shifted by `port_offset`.

    The TLS ports are part of it where a server certificate with its key is given, the catalogue unless told otherwise.
    """
    with_tls = certificate is not None and key is not None
    hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    return {
        "data_dir": str(data_dir),
        "store": {"url": store_url},
        "pepper": PEPPER,
        "tls": {"certificate": str(certificate), "key": str(key)} if with_tls else {},
        "listeners": {
            name: {
                "protocol": protocol,
                "host": "127.0.0.1",
                "port": port + port_offset,
                "tls": tls,
                "member": NCIP_MEMBER if protocol == "ncip" else None,
            }
            for name, (protocol, port, tls) in LISTENERS.items()
            if (with_tls or not tls) and (catalogue or protocol != "z3950")
        },
        "catalogue": {
            "enabled": catalogue,
            "name": "Library gateway demo",
            "admin_emails": ["library@demo.example"],
            "repository_identifier": "demo.example",
            "sets": [WELSH],
        },
        "identity": {"ldap_clear_binds": True},  # everything listens on loopback
        "members": {member.code: _member(member, hasher) for member in MEMBERS},
    }


def _member(member: DemoMember, hasher: PasswordHasher) -> dict[str, Any]:
    return {
        "name": member.name,
        "institution_ids": [member.main_location],
        "timezone": TIMEZONE,
        "languages": list(LANGUAGES),
        "currency": CURRENCY,
        "main_location": member.main_location,
        "policies": {"foreign_items": ForeignItems.UNKNOWN.value},
        "terminals": {
            member.kiosk_login: {
                "password_hash": hasher.hash(KIOSK_PASSWORD),
                "location": member.main_location,
                "kind": TerminalKind.SELF_CHECK.value,
                "permissions": [permission.value for permission in KIOSK_PERMISSIONS],
                "profile": "standard",
                "pin_required": list(KIOSK_PIN_REQUIRED),
                "links": KIOSK_LINKS,
            }
        },
        "catalogue": {"sets": [WELSH]},
        "identity": {
            "ldap": {
                "suffix": member.ldap_suffix,
                "accounts": {LDAP_ACCOUNT: {"password_hash": hasher.hash(LDAP_PASSWORD), "attributes": ["*"]}},
            }
        },
        "ncip": {
            "peers": {
                NCIP_PEER: {
                    "networks": ["127.0.0.0/8", "::1/128"],
                    "services": ["@all"],
                    "user_elements": sorted(USER_ELEMENTS - {"Authentication Input", "Previous User Id"}),
                    "pin_required": [],
                }
            }
        },
        "api_keys": [
            {
                "name": "demo",
                "sha256": hashlib.sha256(member.api_key.encode()).hexdigest(),
                "scopes": [permission.value for permission in Permission],
            }
        ],
    }
