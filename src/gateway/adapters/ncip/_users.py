"""Users as they are told: LookupUser, AuthenticateUser of NCIP 1, and UserOptionalFields for every answer with them.

Nothing personal is told that was not asked for by name and that the peer may not see. A PIN or password that was sent
must be right, or nobody is told of; where none may be asked about without one, an unknown card is a wrong PIN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from gateway.adapters.ncip._common import (
    agency,
    as_told,
    item_id_out,
    request_id_out,
    sum_out,
    user_elements,
    user_id_out,
    user_needed,
    user_typed,
    wanted,
    written,
)
from gateway.adapters.ncip._fees import account_details
from gateway.adapters.ncip._items import bib_id_out
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Block, Hold, Loan, Patron
from gateway.canonical.money import Money
from gateway.canonical.outcomes import AccountOutcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronAccount, PatronAuthenticate, PatronGet
from gateway.canonical.vocabulary import BlockScope, BlockSeverity, BlockSource, HoldType, PatronStatus
from gateway.crosswalks.languages import iso_639_2
from gateway.crosswalks.ncip_values import (
    HOLD_STATUS,
    HOLD_TYPE,
    MAY_BORROW,
    MAY_NOT_BORROW,
    PrivilegeType,
    block_types,
)
from library_protocols.ncip import SchemeValue, scheme_value
from library_protocols.ncip import messages as wire

_WRONG_PIN = Refusal(code=RefusalCode.PATRON_AUTH_FAILED)


async def lookup_user(work: Work, message: Any) -> wire.LookupUserResponse:
    """Who somebody is, and what they have, want and owe where that is desired."""
    lists = {
        "loans": message.loaned_items_desired,
        "holds": message.requested_items_desired,
        "fees": message.user_fiscal_account_desired,
    }
    user = await user_needed(work, message)
    if user.patron is not None and not any(lists.values()):
        answer = PatronOutcome(patron=user.patron)
    else:
        request = PatronAccount(**user.named, **lists) if any(lists.values()) else PatronGet(**user.named)
        answer = await work.perform(request)
    if isinstance(answer, Refusal):
        raise work.stop(as_told(work, user, answer), user.path)
    assert isinstance(answer, PatronOutcome)
    patron = answer.patron
    elements = user_elements(work, message.user_element_type)
    if "visible user id" in wanted(message.user_element_type) and "user id" in work.peer.user_elements:
        elements |= {"user id"}
    fields: dict[str, Any] = {}
    if isinstance(answer, AccountOutcome):
        fields = _account(work, answer, lists)
    return wire.LookupUserResponse(
        user_id=user_id_out(work, patron, user.typed),
        user_optional_fields=user_optional_fields(work, patron, elements),
        **fields,
    )


async def authenticate_user(work: Work, message: Any) -> wire.AuthenticateUserResponse:
    """Whether somebody is who they say they are: an unknown name is a wrong PIN."""
    user = user_typed(work, message)
    if user is None or user.pin is None:
        raise work.missing("AuthenticationInput")
    answer = await work.perform(PatronAuthenticate(**user.named))
    if isinstance(answer, Refusal):
        known = answer.code is not RefusalCode.PATRON_NOT_FOUND
        raise work.stop(answer if known else _WRONG_PIN, "AuthenticationInput")
    assert isinstance(answer, PatronOutcome)
    return wire.AuthenticateUserResponse(user_id=user_id_out(work, answer.patron, user.typed))


# What a user has, wants and owes


def _account(work: Work, account: AccountOutcome, lists: dict[str, bool]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if lists["loans"]:
        fields["loaned_items_count"] = _loan_counts(account)
        fields["loaned_item"] = tuple(_loaned_item(work, loan) for loan in account.loans)
    if lists["holds"]:
        fields["requested_items_count"] = _hold_counts(account.holds)
        fields["requested_item"] = tuple(requested_item(work, hold) for hold in account.holds)
    if lists["fees"]:
        fields["user_fiscal_account"] = _fiscal_account(work, account)
    return fields


def _loan_counts(account: AccountOutcome) -> tuple[wire.LoanedItemsCount, ...]:
    """Unknown is a value: a count that the platform cannot tell is not written, nor is none at all."""
    loans = account.patron.counts.loans
    count = len(account.loans) if loans is None else loans
    if not count:
        return ()
    status = scheme_value("CirculationStatus", "On Loan")
    return (wire.LoanedItemsCount(circulation_status=status, loaned_item_count_value=str(count)),)


def _hold_counts(holds: Iterable[Hold]) -> tuple[wire.RequestedItemsCount, ...]:
    counted = Counter(HOLD_TYPE.write(hold.type) for hold in holds)
    return tuple(
        wire.RequestedItemsCount(request_type=type_, requested_item_count_value=str(count))
        for type_, count in counted.items()
    )


def _loaned_item(work: Work, loan: Loan) -> wire.LoanedItem:
    # NCIP 1 wants to know what a loan costs in any case.
    nothing = Money.of_minor(0, work.member.currency)
    return wire.LoanedItem(
        item_id=item_id_out(work, loan.item_barcode),
        date_due=written(loan.due),
        amount=sum_out(wire.Amount, nothing) if work.dialect.generation == 1 else None,
        title=loan.title or None,
    )


def requested_item(work: Work, hold: Hold) -> wire.RequestedItem:
    """A hold that is open, in a list."""
    position = hold.queue_position
    return wire.RequestedItem(
        request_id=request_id_out(work, hold.external_ref, hold.id),
        item_id=item_id_out(work, hold.item_barcode) if hold.item_barcode else None,
        bibliographic_id=(bib_id_out(work, hold.bib_id),) if hold.bib_id else (),
        request_type=HOLD_TYPE.write(hold.type) or HOLD_TYPE.write(HoldType.HOLD),
        request_status_type=HOLD_STATUS.write(hold.status) or scheme_value("RequestStatusType", "In Process"),
        date_placed=written(hold.placed_at) or "",
        pickup_location=pickup_out(work, hold.pickup_location),
        pickup_expiry_date=written(hold.hold_until or hold.needed_before),
        hold_queue_position=str(position) if position else None,
        title=hold.title or None,
    )


def pickup_out(work: Work, code: str | None) -> SchemeValue | None:
    """A pickup location by the peer's name for it, else by our code."""
    if not code:
        return None
    named = next((name for name, known in work.profile.pickup.items() if known == code), None)
    return SchemeValue(named or code)


def _fiscal_account(work: Work, account: AccountOutcome) -> tuple[wire.UserFiscalAccount, ...]:
    balance = account.patron.balance
    if balance is None:
        total = sum(fee.balance.minor for fee in account.fees)
        balance = Money.of_minor(total, work.member.currency)
    return (
        wire.UserFiscalAccount(
            account_balance=sum_out(wire.AccountBalance, balance),
            account_details=tuple(account_details(work, fee) for fee in account.fees),
        ),
    )


# Who a user is


def user_optional_fields(work: Work, patron: Patron, elements: frozenset[str]) -> wire.UserOptionalFields | None:
    """What is told of a user: the UserElementTypes of `elements`, in lower case, which are those that this peer may see
    (`_common.user_elements`). None where nothing was asked for."""
    if not elements:
        return None
    return wire.UserOptionalFields(
        name_information=name_out(patron) if "name information" in elements else None,
        user_address_information=_addresses(patron) if "user address information" in elements else (),
        date_of_birth=_day(patron.birth_date) if "date of birth" in elements else None,
        user_language=_language(patron) if "user language" in elements else (),
        user_privilege=_privileges(work, patron) if "user privilege" in elements else (),
        block_or_trap=_blocks(work, patron) if "block or trap" in elements else (),
        user_id=_identifiers(work, patron) if "user id" in elements else (),
    )


def name_out(patron: Patron) -> wire.NameInformation:
    """The name of a person, in parts where they are known, or of an organization."""
    name = patron.name
    if patron.is_institution:
        kind = scheme_value("OrganizationNameType", "Official Name")
        organization = wire.OrganizationNameInformation(organization_name_type=kind, organization_name=name.display)
        return wire.NameInformation(organization_name_information=(organization,))
    parts = None
    if name.family:
        given = " ".join(filter(None, (name.given, name.middle))) or None
        parts = wire.StructuredPersonalUserName(given_name=given, surname=name.family)
    return wire.NameInformation(
        personal_name_information=wire.PersonalNameInformation(
            structured_personal_user_name=parts, unstructured_personal_user_name=name.display or None
        )
    )


def _addresses(patron: Patron) -> tuple[wire.UserAddressInformation, ...]:
    """Postal addresses, then mail, then telephones, in each the preferred one first."""
    role = scheme_value("UserAddressRoleType", "Multi-Purpose")
    contacts = patron.contacts
    postal = (
        wire.UserAddressInformation(
            user_address_role_type=role,
            physical_address=wire.PhysicalAddress(
                unstructured_address=wire.UnstructuredAddress(
                    unstructured_address_type=scheme_value("UnstructuredAddressType", "Newline-Delimited Text"),
                    unstructured_address_data=text,
                ),
                physical_address_type=scheme_value("PhysicalAddressType", "Postal Address"),
            ),
        )
        for text in contacts.addresses
    )
    electronic = (
        wire.UserAddressInformation(
            user_address_role_type=role,
            electronic_address=wire.ElectronicAddress(
                electronic_address_type=scheme_value("ElectronicAddressType", kind), electronic_address_data=text
            ),
        )
        for kind, texts in (("mailto", contacts.emails), ("tel", contacts.phones))
        for text in texts
    )
    return (*postal, *electronic)


def _day(day: date | None) -> str | None:
    return written(datetime.combine(day, time(), UTC)) if day is not None else None


def _language(patron: Patron) -> tuple[SchemeValue, ...]:
    code = iso_639_2(patron.language)
    return (scheme_value("UserLanguage", code),) if code else ()


def _identifiers(work: Work, patron: Patron) -> tuple[wire.UserId, ...]:
    """The identifiers of the types that this peer has to do with, each once."""
    kinds = {work.profile.user_id, *work.profile.user_identifiers.values()}
    return tuple(
        user_id_out(work, patron.model_copy(update={"identifiers": (one,)}))
        for one in patron.identifiers
        if one.active and one.type in kinds
    )


def _privileges(work: Work, patron: Patron) -> tuple[wire.UserPrivilege, ...]:
    """Whether the user may borrow, in which category they are and whose they are: brokers read each by its type."""
    common = {
        "agency_id": agency(work),
        "valid_from_date": _day(patron.valid_from),
        "valid_to_date": written(patron.expires_at),
    }
    may_borrow = patron.status is PatronStatus.ACTIVE and not any(_denies(block) for block in patron.blocks)
    status = "blocked" if patron.status is PatronStatus.ACTIVE else patron.status.value
    told = [
        _privilege(
            common,
            PrivilegeType.STATUS,
            MAY_BORROW if may_borrow else MAY_NOT_BORROW,
            MAY_BORROW.lower() if may_borrow else status,
        )
    ]
    if patron.category is not None:
        told.append(_privilege(common, PrivilegeType.PROFILE, patron.category.code, patron.category.label))
    if patron.home_library:
        told.append(_privilege(common, PrivilegeType.LIBRARY, patron.home_library))
    return tuple(told)


def _denies(block: Block) -> bool:
    return block.severity is BlockSeverity.BLOCK and block.scope in (BlockScope.BORROW, BlockScope.ALL)


def _privilege(
    common: dict[str, Any], kind: PrivilegeType, status: str, description: str | None = None
) -> wire.UserPrivilege:
    return wire.UserPrivilege(
        **common,
        agency_user_privilege_type=scheme_value("AgencyUserPrivilegeType", kind.value),
        user_privilege_status=wire.UserPrivilegeStatus(
            user_privilege_status_type=scheme_value("UserPrivilegeStatusType", status)
        ),
        user_privilege_description=description,
    )


def _blocks(work: Work, patron: Patron) -> tuple[wire.BlockOrTrap, ...]:
    """Every type once, with the dates of the block that lasts longest. Who has run out is blocked from then on."""
    lasting: dict[str, wire.BlockOrTrap] = {}
    for block in patron.blocks:
        since = block.placed_at
        if since is None and block.source is BlockSource.DERIVED and patron.status is PatronStatus.EXPIRED:
            since = patron.expires_at
        for kind in block_types(block.reason, block.scope, block.severity):
            known = lasting.get(kind.value)
            if known is None or (known.valid_to_date is not None and block.expires_at is None):
                lasting[kind.value] = wire.BlockOrTrap(
                    agency_id=agency(work),
                    block_or_trap_type=kind,
                    valid_from_date=written(since),
                    valid_to_date=written(block.expires_at),
                )
    return tuple(lasting.values())
