"""The messages as values: one class for every operation's request and response, in the standard's own words.

Text is UTF-8; octets that are none are kept as surrogates. Elements behind the last one that is known are `unknown`,
as they came (RFC 4511 4): a later standard may add some.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from library_protocols.ldap.filters import Filter

Attribute = tuple[str, tuple[bytes, ...]]
"""Attribute description, options included, and its values."""


class Scope(IntEnum):
    """How much below the base of a search is meant (RFC 4511 4.5.1.2)."""

    BASE = 0
    ONE = 1
    SUB = 2
    CHILDREN = 3  # draft-sermersheim-ldap-subordinate-scope: all below the base without it


class Deref(IntEnum):
    """Whether aliases are followed in a search (RFC 4511 4.5.1.3)."""

    NEVER = 0
    SEARCHING = 1
    FINDING = 2
    ALWAYS = 3


class Change(IntEnum):
    """What a modification does to an attribute (RFC 4511 4.6; increment RFC 4525 3)."""

    ADD = 0
    DELETE = 1
    REPLACE = 2
    INCREMENT = 3


@dataclass(frozen=True, slots=True)
class Control:
    """An addition to a request or a response. `value` is octets, mostly BER of the control's own; see `controls`."""

    oid: str
    critical: bool = False
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What every operation has."""

    unknown: bytes = field(default=b"", kw_only=True)


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended (RFC 4511 4.1.9). `code` is a number of `facts.RESULTS`, or one that is not there."""

    code: int = 0
    matched_dn: str = ""
    diagnostic: str = ""
    referrals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simple:
    """A bind by password."""

    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sasl:
    """A bind by a SASL mechanism."""

    mechanism: str
    credentials: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OtherAuthentication:
    """A way to authenticate that RFC 4511 does not have, such as Active Directory's own ([9] to [11], MS-ADTS 5.1.1.1).
    `octets` with tag and length."""

    tag: int
    octets: bytes = field(repr=False)


Authentication = Simple | Sasl | OtherAuthentication


@dataclass(frozen=True, slots=True)
class BindRequest(Operation):
    """4.2. The name is a DN by the standard; Active Directory takes `user@domain` and `DOMAIN\\user` too."""

    version: int
    name: str
    authentication: Authentication


@dataclass(frozen=True, slots=True)
class BindResponse(Operation):
    """4.2.2"""

    result: Result
    server_credentials: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UnbindRequest(Operation):
    """4.3. The end of the connection; nobody answers."""


@dataclass(frozen=True, slots=True)
class SearchRequest(Operation):
    """4.5.1. Limits of 0 are none; `time_limit` is in seconds. Scopes and derefs without a name are numbers."""

    base: str
    scope: int
    deref: int
    size_limit: int
    time_limit: int
    types_only: bool
    filter: Filter
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResultEntry(Operation):
    """4.5.2"""

    dn: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResultReference(Operation):
    """4.5.3. Where else to ask."""

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchResultDone(Operation):
    """4.5.2"""

    result: Result


@dataclass(frozen=True, slots=True)
class Modification:
    """One change of a ModifyRequest. `change` is one of `Change`."""

    change: int
    attribute: str
    values: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ModifyRequest(Operation):
    """4.6"""

    dn: str
    changes: tuple[Modification, ...]


@dataclass(frozen=True, slots=True)
class ModifyResponse(Operation):
    """4.6"""

    result: Result


@dataclass(frozen=True, slots=True)
class AddRequest(Operation):
    """4.7"""

    dn: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class AddResponse(Operation):
    """4.7"""

    result: Result


@dataclass(frozen=True, slots=True)
class DelRequest(Operation):
    """4.8"""

    dn: str


@dataclass(frozen=True, slots=True)
class DelResponse(Operation):
    """4.8"""

    result: Result


@dataclass(frozen=True, slots=True)
class ModifyDnRequest(Operation):
    """4.9"""

    dn: str
    new_rdn: str
    delete_old_rdn: bool
    new_superior: str | None = None


@dataclass(frozen=True, slots=True)
class ModifyDnResponse(Operation):
    """4.9"""

    result: Result


@dataclass(frozen=True, slots=True)
class CompareRequest(Operation):
    """4.10"""

    dn: str
    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class CompareResponse(Operation):
    """4.10. Its result is compareTrue (6) or compareFalse (5) where all is well."""

    result: Result


@dataclass(frozen=True, slots=True)
class AbandonRequest(Operation):
    """4.11. `message_id` is of the request that is not wanted any more; nobody answers."""

    message_id: int


@dataclass(frozen=True, slots=True)
class ExtendedRequest(Operation):
    """4.12"""

    oid: str
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class ExtendedResponse(Operation):
    """4.12. With message id 0 it is a notification nobody asked for (4.4)."""

    result: Result
    oid: str | None = None
    value: bytes | None = None


@dataclass(frozen=True, slots=True)
class IntermediateResponse(Operation):
    """4.13"""

    oid: str | None = None
    value: bytes | None = None


Request = (
    BindRequest | UnbindRequest | SearchRequest | ModifyRequest | AddRequest | DelRequest | ModifyDnRequest
    | CompareRequest | AbandonRequest | ExtendedRequest
)  # fmt: skip
Response = (
    BindResponse | SearchResultEntry | SearchResultReference | SearchResultDone | ModifyResponse | AddResponse
    | DelResponse | ModifyDnResponse | CompareResponse | ExtendedResponse | IntermediateResponse
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LdapMessage:
    """4.1.1. One operation under its number: a response has that of its request."""

    message_id: int
    op: Request | Response
    controls: tuple[Control, ...] = ()
    unknown: bytes = field(default=b"", kw_only=True)
