"""What a message says of a user: names, addresses, days, privileges, blocks, identifiers. Empty elements say
nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.adapters.ncip._common import clean, foreign, moment, value
from gateway.adapters.ncip._kept import says
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Identifier, PatronName
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.crosswalks.languages import tag_of
from gateway.crosswalks.ncip_values import USER_IDENTIFIER, PrivilegeType, Restraint, folded, restraint_of
from library_protocols.ncip import SchemeValue, parse_datetime
from library_protocols.ncip import messages as wire

UNKNOWN_VALUE = "Unknown Value From Known Scheme"
_STATUS = {"active": PatronStatus.ACTIVE, "ok": PatronStatus.ACTIVE, "inactive": PatronStatus.INACTIVE}
_ASPECTS = {kind.value: kind for kind in PrivilegeType}
_DESCRIBED = {"user status": PrivilegeType.STATUS, "patron type": PrivilegeType.PROFILE}
"""UserPrivilegeDescriptions that say what a privilege is about: Auto-Graphics gives all of them one type."""
_LOGINS = {
    "username": IdentifierType.USERNAME,
    "ldapusername": IdentifierType.USERNAME,
    "barcode id": IdentifierType.BARCODE,
    "user id": IdentifierType.BARCODE,
}


@dataclass(slots=True)
class Told:
    """What a message says of a user; None and () where it says nothing."""

    name: PatronName | None = None
    category: str | None = None
    home_library: str | None = None
    status: PatronStatus | None = None
    expires_on: date | None = None
    valid_from_on: date | None = None
    birth_on: date | None = None
    language: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    blocks: dict[str, Restraint] = field(default_factory=dict)


def told_of(work: Work, fields: Any, below: str) -> Told:
    """What CreateUser, or the fields to add or delete, say. `below` is the path of `fields`. Raises Stopped for dates
    and values that mean nothing."""
    told = Told(name=name_of(fields.name_information))
    if moment(work, fields.date_of_birth, f"{below}DateOfBirth") is not None:
        born = parse_datetime(fields.date_of_birth)
        told.birth_on = born.date() if born is not None else None
    for code in fields.user_language:
        if says(code):
            told.language = tag_of(code.value)
            if told.language is None:
                raise _unknown(work, f"{below}UserLanguage", code)
            break
    told.emails, told.phones, told.addresses = _addresses(fields.user_address_information)
    for privilege in fields.user_privilege:
        _privilege(work, told, privilege, f"{below}UserPrivilege")
    for block in fields.block_or_trap:
        if not says(block.block_or_trap_type):
            continue
        restraint = restraint_of(block.block_or_trap_type)
        if restraint is None:
            raise _unknown(work, f"{below}BlockOrTrap/BlockOrTrapType", block.block_or_trap_type)
        moment(work, block.valid_to_date, f"{below}BlockOrTrap/ValidToDate")
        told.blocks[folded(block.block_or_trap_type)] = restraint
    return told


def _privilege(work: Work, told: Told, privilege: wire.UserPrivilege, path: str) -> None:
    """STATUS, PROFILE and LIBRARY, by type or description, say what their status is; any other type is a category."""
    kind = value(privilege.agency_user_privilege_type)
    status = privilege.user_privilege_status
    said = value(status.user_privilege_status_type) if status is not None else ""
    aspect = _DESCRIBED.get(folded(privilege.user_privilege_description)) or _ASPECTS.get(kind.upper())
    if aspect is PrivilegeType.STATUS:
        told.status = _STATUS.get(said.casefold())
        if told.status is None and said:
            raise _unknown(work, f"{path}/UserPrivilegeStatus/UserPrivilegeStatusType", SchemeValue(said))
    elif aspect is PrivilegeType.LIBRARY:
        told.home_library = said or told.home_library
    elif aspect is PrivilegeType.PROFILE:
        told.category = said or told.category
    elif kind:
        told.category = told.category or kind
    until = moment(work, privilege.valid_to_date, f"{path}/ValidToDate")
    since = moment(work, privilege.valid_from_date, f"{path}/ValidFromDate")
    told.expires_on = until.astimezone(work.zone).date() if until is not None else told.expires_on
    told.valid_from_on = since.astimezone(work.zone).date() if since is not None else told.valid_from_on


def name_of(sent: wire.NameInformation | None) -> PatronName | None:
    if sent is None:
        return None
    for organization in sent.organization_name_information:
        if (named := clean(organization.organization_name)) is not None:
            return PatronName(display=named)
    person = sent.personal_name_information
    if person is None:
        return None
    parts = person.structured_personal_user_name
    family = clean(parts.surname) if parts is not None else None
    given = clean(parts.given_name) or clean(parts.initials) if parts is not None else None
    display = clean(person.unstructured_personal_user_name) or " ".join(filter(None, (given, family)))
    return PatronName(display=display, family=family, given=given) if display else None


def _addresses(
    sent: Iterable[wire.UserAddressInformation],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Mail, telephones and postal addresses, the last in one line for each line."""
    emails: dict[str, None] = {}
    phones: dict[str, None] = {}
    postal: dict[str, None] = {}
    for one in sent:
        if (electronic := one.electronic_address) is not None:
            text = clean(electronic.electronic_address_data)
            kind = folded(electronic.electronic_address_type)
            if text is not None:
                (phones if kind in ("tel", "fax", "sms") else emails)[text.removeprefix("mailto:")] = None
        if (physical := one.physical_address) is not None and (text := _postal(physical)) is not None:
            postal[text] = None
    return tuple(emails), tuple(phones), tuple(postal)


def _postal(sent: wire.PhysicalAddress) -> str | None:
    if sent.unstructured_address is not None:
        return clean(sent.unstructured_address.unstructured_address_data)
    parts = sent.structured_address
    if parts is None:
        return None
    street = " ".join(filter(None, (clean(parts.house_name), clean(parts.street))))
    place = " ".join(filter(None, (clean(parts.postal_code), clean(parts.locality))))
    lines = (
        parts.care_of,
        parts.location_within_building,
        street,
        parts.post_office_box,
        parts.line1,
        parts.line2,
        parts.district,
        place,
        parts.region,
        parts.country,
    )
    return "\n".join(filter(None, map(clean, lines))) or None


def identifiers_of(work: Work, message: Any) -> tuple[Identifier, ...]:
    """UserId, what NCIP 1 has beside it, and the names among the AuthenticationInputs, each once."""
    sent = [one for one in (message.user_id, *message.visible_user_id) if one is not None]
    if any(foreign(work, one.agency_id) for one in sent):
        raise work.stop_with(
            "Unknown Agency", "UserId/AgencyId", detail="OTHER_MEMBER: Users of that agency are not made here."
        )
    found = list(typed_of(work, sent))
    for one in message.authentication_input:
        kind = _LOGINS.get(folded(one.authentication_input_type))
        if kind is not None and (text := clean(one.authentication_input_data)) is not None:
            found.append(Identifier(type=kind, value=text))
    return tuple({one.value.casefold(): one for one in reversed(found)}.values())[::-1]


def typed_of(work: Work, sent: Iterable[wire.UserId]) -> tuple[Identifier, ...]:
    """Identifiers by the peer's names of their types, else the standard's; without a type what the peer reads."""
    own = {name.casefold(): kind for name, kind in work.profile.user_identifiers.items()}
    found = []
    for one in sent:
        said, text = one.user_identifier_type, clean(one.user_identifier_value)
        if text is not None:
            kind = own.get(folded(said)) or USER_IDENTIFIER.read(said) or work.profile.user_id
            found.append(Identifier(type=kind, value=text))
    return tuple(found)


def _unknown(work: Work, path: str, sent: SchemeValue | None) -> Exception:
    return work.stop_with(UNKNOWN_VALUE, path, value(sent), "UNKNOWN_VALUE: This value says nothing here.")
