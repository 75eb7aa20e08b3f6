"""The resources of the door as scim2-models describes them, and what it tells about itself.

Users have fewer attributes than RFC 7643 gives them: what is not here is not published, and has no effect when sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

import scim2_models as scim
from pydantic import Field, field_validator
from scim2_models import CaseExact, ComplexAttribute, Mutability, Reference, Required, Uniqueness
from scim2_models.resources.user import Address, GroupMembership, Name, PhoneNumber

from gateway.crosswalks.scim import ENTERPRISE, GROUP, LIBRARY, USER

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?", re.ASCII)

Kinds = tuple[type[Any], ...]
"""Resources that are searched together."""

POLICY = scim.ScimPolicy(
    unknown=scim.ScimPolicy.Unknown.ignore,  # RFC 7644 3.3 leaves it open; Entra sends what administrators mapped
    remove_value_as_filter=scim.ScimPolicy.RemoveValue.apply,  # Entra removes by value
    unmatched_path_filter=scim.ScimPolicy.UnmatchedPathFilter.create,  # Entra replaces what was never there
)
"""How much clients may depart from the RFCs."""


class Email(scim.Email):
    """As in RFC 7643 4.1.2; any text is an address, because a wrong one must not keep somebody out of the library."""

    value: str | None = None
    """Email addresses for the user."""


class User(scim.Resource[Any]):
    """A patron."""

    __schema__ = scim.URN(USER)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """Unique within the member; also a name that the patron may log in with."""
    name: Name | None = None
    """The parts of the name."""
    display_name: str | None = None
    """The name as it is shown to people."""
    nick_name: str | None = None
    """The name that the person prefers."""
    title: str | None = None
    """Kept as it comes."""
    user_type: str | None = None
    """Kept as it comes."""
    preferred_language: str | None = None
    """The language in which the library writes to the person."""
    active: bool | None = None
    """Somebody who is not active may not borrow."""
    emails: list[Email] | None = None
    """The primary one, or the first, is the one the library writes to."""
    Emails: ClassVar[type[ComplexAttribute]] = Email
    phone_numbers: list[PhoneNumber] | None = None
    """The primary one, or the first, is preferred."""
    PhoneNumbers: ClassVar[type[ComplexAttribute]] = PhoneNumber
    addresses: list[Address] | None = None
    """The primary one, or the first, is preferred."""
    Addresses: ClassVar[type[ComplexAttribute]] = Address
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None
    """The groups that the user is a member of."""
    Groups: ClassVar[type[ComplexAttribute]] = GroupMembership


class Manager(ComplexAttribute):
    """As in RFC 7643 4.3; clients send the `value` alone."""

    value: Annotated[str | None, CaseExact.true] = None
    """The id of the manager."""
    ref: Annotated[Reference[User] | None, CaseExact.true] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the manager."""


class EnterpriseUser(scim.Extension):
    """RFC 7643 4.3."""

    __schema__ = scim.URN(ENTERPRISE)

    employee_number: Annotated[str | None, Uniqueness.server] = None
    """The number in the staff or student system; unique within the member."""
    cost_center: str | None = None
    """Kept as it comes."""
    organization: str | None = None
    """Kept as it comes."""
    division: str | None = None
    """Kept as it comes."""
    department: str | None = None
    """The department or faculty."""
    manager: Manager | None = None
    """Kept as it comes."""


class LibraryUser(scim.Extension):
    """What a library knows of its patrons."""

    __schema__ = scim.URN(LIBRARY)

    barcode: Annotated[str | None, Uniqueness.server] = None
    """The barcode on the card; unique within the member. One that is replaced stays the person's, and opens nothing."""
    category: str | None = None
    """The member's code of the patron category, which decides what may be borrowed."""
    valid_from: str | None = Field(None, examples=["2026-09-21"])
    """The first day on which the person may borrow: a date, or a dateTime of which the date counts as it is written."""
    expires: str | None = Field(None, examples=["2027-07-31"])
    """The last day on which the person may borrow: a date, or a dateTime of which the date counts as it is written."""
    affiliation: str | None = None
    """As eduPersonPrimaryAffiliation: student, staff, faculty, alum, affiliate."""
    home_library: str | None = None
    """The code of the location that the person uses."""
    principal_name: str | None = None
    """eduPersonPrincipalName; it may be given to somebody else later."""

    @field_validator("valid_from", "expires")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        if value and not (_DAY.fullmatch(value) and datetime.fromisoformat(value)):
            raise ValueError("neither a date nor a dateTime")
        return value


class GroupMember(ComplexAttribute):
    """RFC 7643 4.2; members are users, not groups."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of the user."""
    ref: Annotated[Reference[User] | None, Mutability.immutable, CaseExact.true] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the user."""
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always `User`."""


class Group(scim.Resource[Any]):
    """A group that the client keeps."""

    __schema__ = scim.URN(GROUP)

    display_name: Annotated[str | None, Required.true] = None
    """Unique among the groups of one client."""
    members: list[GroupMember] | None = None
    """The users in it."""
    Members: ClassVar[type[ComplexAttribute]] = GroupMember


UserResource: Any = User.__class_getitem__(EnterpriseUser | LibraryUser)
"""A user with both extensions."""
KINDS: dict[str, Kinds] = {"Users": (UserResource,), "Groups": (Group,)}
"""What there is, by address."""
EVERYTHING: Kinds = (UserResource, Group)
# Kept here because pydantic forgets a class that nobody holds, and takes milliseconds to make it again.
SEARCHES: dict[Kinds, Any] = {
    (UserResource,): scim.SearchRequest[UserResource],
    (Group,): scim.SearchRequest[Group],
    EVERYTHING: scim.SearchRequest[UserResource | Group],
}
PATCHES: dict[type[Any], Any] = {model: scim.PatchOp.__class_getitem__(model) for model in EVERYTHING}
RESOURCE_TYPES = tuple(scim.ResourceType.from_resource(model) for model in (UserResource, Group))
SCHEMAS = tuple(model.to_schema() for model in (User, EnterpriseUser, LibraryUser, Group))


@dataclass(frozen=True, slots=True)
class ScimMember:
    """What the configuration says about a member's SCIM. `page` is how many resources an answer holds where the client
    does not say, and a tenth of what it holds at most; the others limit one bulk request."""

    page: int = 100
    bulk_operations: int = 1000
    bulk_bytes: int = 1 << 20

    @property
    def longest(self) -> int:
        """Resources in one answer at most."""
        return self.page * 10


def service_provider_config(settings: ScimMember) -> scim.ServiceProviderConfig:
    """What the service can do (RFC 7643 5)."""
    return scim.ServiceProviderConfig.model_validate({
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": settings.bulk_operations,
            "maxPayloadSize": settings.bulk_bytes,
        },
        "filter": {"supported": True, "maxResults": settings.longest},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "An API key of the member as bearer token",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
    })  # fmt: skip
