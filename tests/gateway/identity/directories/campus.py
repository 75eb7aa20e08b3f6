"""Directories as the tests of this folder and others configure them: on a private slapd, or on many addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.config.identity import DirectoryConfig
from tests.slapd import READER, READER_PASSWORD, SUFFIX, Slapd


class HandClock:
    """A clock that tests turn by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


def settings(slapd: Slapd, **changed: Any) -> DirectoryConfig:
    """Over LDAPS as the reader, unless `changed` says otherwise."""
    document = {
        "servers": [slapd.secure_url],
        "ca": slapd.authority,
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        "base": SUFFIX,
    }
    return DirectoryConfig.model_validate({**document, **changed})


def clear(slapd: Slapd, **changed: Any) -> DirectoryConfig:
    """Over clear text on loopback, where encryption is not what is tested."""
    address = f"ldap://127.0.0.1:{slapd.ldap_port}"
    return settings(slapd, **{"servers": [address], "ca": None, "security": "none", **changed})
