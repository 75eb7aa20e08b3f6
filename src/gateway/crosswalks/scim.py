"""SCIM's attributes (RFC 7643) and what the person register has for them, each mapping once.

A row says where an attribute is kept: in a field of a person, as an identifier of a type, or beside the fields as it
came. What a client sends and no row names is not kept: a library needs no photographs and no instant messengers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from gateway.canonical.vocabulary import IdentifierType

USER = "urn:ietf:params:scim:schemas:core:2.0:User"  # RFC 7643 4.1
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"  # RFC 7643 4.2
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"  # RFC 7643 4.3
LIBRARY = "urn:ietf:params:scim:schemas:extension:library:2.0:User"
"""What a library knows of its patrons and SCIM has no words for. Registered nowhere; Entra ID takes no other form."""


class Kept(StrEnum):
    """In what form the register keeps an attribute."""

    TEXT = "text"
    NAME = "name"  # never empty: RFC 7643 4.1.1 requires it, also of whom no client has named
    FLAG = "flag"
    IDENTIFIER = "identifier"
    DISPLAY = "display"  # never empty: made of the other names where the client gives none
    FIRST = "first"  # of several that the register may have
    DAY = "day"  # of a date or dateTime, as its writer counts days
    LANGUAGE = "language"  # of a language range
    VALUES = "values"  # `value` of each entry, the primary one first
    ADDRESSES = "addresses"  # each entry in one line, the primary one first
    AS_IS = "as-is"  # in no field


class ScimRow(NamedTuple):
    """`attribute` may be a sub-attribute (`name.familyName`) and is one of `schema`. `field` names a field of a person
    or an IdentifierType, '' where there is none; `lookup` the word by which the register finds persons by it."""

    schema: str
    attribute: str
    kept: Kept
    field: str = ""
    lookup: str = ""

    @property
    def key(self) -> str:
        """The attribute's name in notation of RFC 7644 3.10: short for the core schema, else with the schema."""
        return self.attribute if self.schema == USER else f"{self.schema}:{self.attribute}"


ROWS: tuple[ScimRow, ...] = (
    ScimRow(USER, "userName", Kept.NAME, "user_name", "user_name"),
    ScimRow(USER, "externalId", Kept.TEXT, "external_id", "external_id"),
    ScimRow(USER, "name.familyName", Kept.TEXT, "family", "family"),
    ScimRow(USER, "name.givenName", Kept.TEXT, "given", "given"),
    ScimRow(USER, "name.middleName", Kept.TEXT, "middle"),
    ScimRow(USER, "name.formatted", Kept.AS_IS),
    ScimRow(USER, "name.honorificPrefix", Kept.AS_IS),
    ScimRow(USER, "name.honorificSuffix", Kept.AS_IS),
    ScimRow(USER, "displayName", Kept.DISPLAY, "display", "display"),
    ScimRow(USER, "nickName", Kept.TEXT, "preferred"),
    ScimRow(USER, "title", Kept.AS_IS),
    ScimRow(USER, "userType", Kept.AS_IS),
    ScimRow(USER, "preferredLanguage", Kept.LANGUAGE, "language"),
    ScimRow(USER, "active", Kept.FLAG, "active"),
    ScimRow(USER, "emails", Kept.VALUES, "emails", "email"),
    ScimRow(USER, "phoneNumbers", Kept.VALUES, "phones", "phone"),
    ScimRow(USER, "addresses", Kept.ADDRESSES, "addresses"),
    ScimRow(ENTERPRISE, "employeeNumber", Kept.IDENTIFIER, IdentifierType.SIS, "sis"),
    ScimRow(ENTERPRISE, "department", Kept.TEXT, "department", "department"),
    ScimRow(ENTERPRISE, "costCenter", Kept.AS_IS),
    ScimRow(ENTERPRISE, "organization", Kept.AS_IS),
    ScimRow(ENTERPRISE, "division", Kept.AS_IS),
    ScimRow(ENTERPRISE, "manager", Kept.AS_IS),
    ScimRow(LIBRARY, "barcode", Kept.IDENTIFIER, IdentifierType.BARCODE, "barcode"),
    ScimRow(LIBRARY, "category", Kept.TEXT, "category", "category"),
    ScimRow(LIBRARY, "validFrom", Kept.DAY, "valid_from_on"),
    ScimRow(LIBRARY, "expires", Kept.DAY, "expires_on"),
    ScimRow(LIBRARY, "affiliation", Kept.FIRST, "affiliations", "affiliation"),
    ScimRow(LIBRARY, "homeLibrary", Kept.TEXT, "home_library"),
    ScimRow(LIBRARY, "principalName", Kept.TEXT, "eppn", "eppn"),
)

NOT_KEPT = frozenset({
    "profileurl", "locale", "timezone", "password", "ims", "photos", "entitlements", "roles", "x509certificates",
})  # fmt: skip
"""What RFC 7643 4.1 gives a user and no row names, in lower case. Clients may send it; it has no effect."""

TAKEN: dict[str, str] = {
    "user_name": "userName",
    "source_id": "externalId",
    IdentifierType.USERNAME: "userName",
    IdentifierType.SIS: "employeeNumber",
    IdentifierType.BARCODE: "barcode",
}
"""What the register says is another person's, in SCIM's words."""
