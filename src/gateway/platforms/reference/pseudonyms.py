"""Pseudonyms: the name a patron has in events and stored answers, and the key to what those answers say of the patron.

Both are random and stand in one row: with it goes every way from those records to the person.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.canonical.personal import Part
from gateway.platforms.reference import randomness
from gateway.store.rows import PseudonymRow

_NONCE = 12  # octets, as AES-GCM has it; random, since a patron's key seals few texts


def new_pseudonym(member: str, patron_id: str) -> PseudonymRow:
    """Nothing about the patron can be computed from what it contains."""
    return PseudonymRow(member, patron_id, os.urandom(12).hex(), os.urandom(32).hex())


def seal(parts: Iterable[Part], people: Mapping[str, PseudonymRow], bound_to: str) -> str | None:
    """The parts as JSON text of `[pseudonym, sealed part]` pairs; None for nothing.

    Only `bound_to` the same text can they be opened again. A part whose person is not in `people` is left out."""
    sealed = []
    for part in parts:
        person = people.get(part.patron_id)
        if person is not None:
            nonce = randomness.octets(_NONCE)
            body = AESGCM(bytes.fromhex(person.secret)).encrypt(nonce, part.text.encode(), bound_to.encode())
            sealed.append((person.pseudonym, base64.b64encode(nonce + body).decode()))
    return orjson.dumps(sealed).decode() if sealed else None


def pseudonyms_in(sealed: str) -> list[str]:
    """Whose keys `unseal` needs."""
    return [pseudonym for pseudonym, _ in orjson.loads(sealed)]


def unseal(sealed: str, people: Iterable[PseudonymRow], bound_to: str) -> list[str]:
    """The parts whose keys are there. One that was sealed for something else, or changed since, counts as gone."""
    secrets = {person.pseudonym: bytes.fromhex(person.secret) for person in people}
    found = []
    for pseudonym, text in orjson.loads(sealed):
        if pseudonym in secrets:
            octets = base64.b64decode(text)
            try:
                opened = AESGCM(secrets[pseudonym]).decrypt(octets[:_NONCE], octets[_NONCE:], bound_to.encode())
            except InvalidTag:
                continue
            found.append(opened.decode())
    return found
