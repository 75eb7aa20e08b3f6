"""Making and checking credentials: argon2id for passwords that people choose, SHA-256 for keys that we make."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's second recommendation scaled to a machine that many kiosks log in to at once: about 30 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """argon2id of a terminal's password, for the configuration."""
    return _HASHER.hash(password)


def password_matches(password: str, hashed: str | None) -> bool:
    """Whether the password is the hashed one. Takes as long for a login that does not exist (None)."""
    try:
        return _HASHER.verify(_NOBODY if hashed is None else hashed, octets(password)) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def octets(text: str) -> bytes:
    """UTF-8 of what somebody sent as a name or password: what was no UTF-8 has come here as surrogates."""
    return text.encode("utf-8", "surrogatepass")


def new_key() -> tuple[str, str]:
    """A new API key of 256 random bits and its SHA-256, the only form that is kept."""
    key = f"gw_{secrets.token_urlsafe(32)}"
    return key, key_digest(key)


def key_digest(key: str) -> str:
    """SHA-256 of an API key, hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()
