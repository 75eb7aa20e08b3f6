"""What a message says of itself, pure: its service, its sender, the header of its answer, the key by which it is known
again.

A RequestId names a transaction of several messages, so service, items and user belong to a key with it. A message that
brings no name of its own is known by what it says for five minutes: next week's renewal may be the same to the octet.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from pydantic import SecretStr

from gateway.adapters.ncip._common import clean, value
from gateway.canonical.context import CommandKey
from gateway.members.ncip_peers import Claim, PeerIdentity
from library_protocols.ncip import Dialect, ExtMessage, SchemeValue
from library_protocols.ncip import messages as wire

WINDOW = 300.0
"""Seconds within which a message may be a repetition of one before: longer than any peer's time-out and retry."""
PAYMENTS = frozenset({"CreateUserFiscalTransaction", "UserFiscalTransactionCreated"})
"""Services whose FiscalTransactionReferenceId names a transaction for ever."""
WHOLE = frozenset({"UpdateRequestItem", "ItemRequestUpdated"})
"""Services of which one request may have several that say different things."""
_NOT_SAID = frozenset({"initiation_header", "unknown", "ext"})
_KEPT_SECRET = frozenset({"pin", "password", "ldappassword"})


def service_of(message: object) -> str:
    """The name of the service that a message asks for, whatever it is wrapped in; "" for what is no request."""
    asked = message.service if isinstance(message, ExtMessage) else message
    if isinstance(asked, wire.Request | wire.LookupVersion):
        return type(asked).__name__
    return ""


def claim_of(message: object, keys: tuple[SecretStr, ...] = ()) -> Claim:
    """Who sends it to whom, by its header."""
    header = getattr(message, "initiation_header", None)
    if header is None:
        return Claim(keys=keys)
    secret = header.from_agency_authentication or header.from_system_authentication
    return Claim(
        from_agency=_agency(header.from_agency_id),
        secret=SecretStr(secret.strip()) if secret and secret.strip() else None,
        from_system=value(header.from_system_id),
        profile=value(header.application_profile_type),
        to_agency=_agency(header.to_agency_id),
        on_behalf_of=_agency(header.on_behalf_of_agency),
        keys=keys,
    )


def _agency(reference: wire.AgencyReference | None) -> str:
    return value(reference.agency_id) if reference is not None else ""


def response_header(message: object, dialect: Dialect, peer: PeerIdentity | None) -> wire.ResponseHeader | None:
    """The header of the answer: the question's, From and To the other way round. None where the question had none,
    except in NCIP 1, which cannot do without."""
    header: wire.InitiationHeader | None = getattr(message, "initiation_header", None)
    if header is None and dialect.generation == 2:
        return None
    asked_of = header.to_agency_id.agency_id if header is not None and header.to_agency_id else None
    asked_by = header.from_agency_id.agency_id if header is not None and header.from_agency_id else None
    if peer is not None:
        ours = peer.profile.our_ids
        if asked_of is None or (ours and asked_of.value.strip().casefold() not in peer.names_of_ours):
            asked_of = SchemeValue(peer.agency)
        if asked_by is None and peer.profile.agency_ids:
            asked_by = SchemeValue(peer.profile.agency_ids[0])
    return wire.ResponseHeader(
        from_system_id=header.to_system_id if header is not None else None,
        from_agency_id=wire.FromAgencyId(agency_id=asked_of or SchemeValue()),
        to_system_id=header.from_system_id if header is not None else None,
        to_agency_id=wire.ToAgencyId(agency_id=asked_by or SchemeValue()),
    )


def command_key(peer: PeerIdentity, service: str, message: Any, secret: bytes) -> CommandKey:
    """What counts as the same message, on any connection and node. Nothing of it can be read in the key."""
    who = (peer.member.code, peer.name, service)
    fiscal = getattr(message, "fiscal_transaction_information", None)
    if service in PAYMENTS and fiscal is not None and (reference := _reference(fiscal)):
        action = value(fiscal.fiscal_action_type).casefold()
        amount = fiscal.amount
        said = (amount.monetary_value, value(amount.currency_code)) if amount is not None else ()
        return CommandKey(
            _digest(secret, "fiscal", *who, action, reference),
            WINDOW,
            permanent=True,
            fingerprint=_digest(secret, "amount", *said, *_users(message)),
        )
    if request := _request(message):
        said = tuple(_said(message)) if service in WHOLE else (*_items(message), *_users(message))
        return CommandKey(_digest(secret, "request", *who, request, *said), WINDOW)
    return CommandKey(_digest(secret, "message", *who, *_said(message)), WINDOW, repeatable=True)


def _reference(fiscal: wire.FiscalTransactionInformation) -> str | None:
    named = fiscal.fiscal_transaction_reference_id
    return clean(named.fiscal_transaction_identifier_value) if named is not None else None


def _request(message: Any) -> str | None:
    named = getattr(message, "request_id", None)
    return clean(named.request_identifier_value) if isinstance(named, wire.RequestId) else None


def _items(message: Any) -> Iterator[str]:
    """The items that a message names, and the titles where they stand for items."""
    for item in _several(message, "item_id"):
        yield item.item_identifier_value.strip()
    for title in _several(message, "bibliographic_id"):
        yield from _said(title)


def _several(message: Any, attribute: str) -> tuple[Any, ...]:
    """What a service may name once and another one several times."""
    named = getattr(message, attribute, None)
    return named if isinstance(named, tuple) else () if named is None else (named,)


def _users(message: Any) -> Iterator[str]:
    named = getattr(message, "user_id", None)
    if named is not None:
        yield named.user_identifier_value.strip()
    for one in getattr(message, "authentication_input", ()):
        yield from _said(one)


def _said(said: Any) -> Iterator[str]:
    """Everything that an element says, but headers, what nobody understands, and PINs."""
    if isinstance(said, wire.AuthenticationInput):
        kind = value(said.authentication_input_type).casefold()
        yield kind
        yield "" if kind in _KEPT_SECRET else said.authentication_input_data
        return
    for name in _names(type(said)):
        found = getattr(said, name)
        if not found:
            continue
        yield name
        for one in found if isinstance(found, tuple) else (found,):
            if isinstance(one, SchemeValue):
                yield one.value.strip()
            elif is_dataclass(one):
                yield "("
                yield from _said(one)
                yield ")"
            else:
                yield str(one).strip()


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls) if field.name not in _NOT_SAID)


def _digest(secret: bytes, *parts: str) -> str:
    data = b"".join(
        len(octets).to_bytes(4, "big") + octets for octets in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    return hmac.digest(secret, data, "sha256").hex()
