"""What a user owes, may do and may not do, and notices to him."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    DATE_TIME,
    Extensible,
    SchemeValue,
    code,
    codes,
    element,
    many,
    one,
    text,
)
from library_protocols.ncip.elements.common import (
    AccountBalance,
    AcknowledgedFeeAmount,
    Amount,
    FiscalTransactionReferenceId,
    ItemId,
    PaidFeeAmount,
    PreviousUserId,
    RelatedFiscalTransactionReferenceId,
    RequestId,
    UserId,
)
from library_protocols.ncip.elements.items import (
    ItemDetails,
)
from library_protocols.ncip.elements.people import (
    AuthenticationInput,
    NameInformation,
    ShippingInformation,
    UserAddressInformation,
)


@element
class FiscalTransactionInformation(Extensible):
    """A charge, a payment or what else moves money."""

    fiscal_action_type: SchemeValue | None = code("FiscalActionType", required=True)
    fiscal_transaction_reference_id: FiscalTransactionReferenceId | None = one("FiscalTransactionReferenceId")
    related_fiscal_transaction_reference_id: tuple[RelatedFiscalTransactionReferenceId, ...] = many(
        "RelatedFiscalTransactionReferenceId"
    )
    fiscal_transaction_type: SchemeValue | None = code("FiscalTransactionType", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)
    amount: Amount | None = one("Amount", required=True)
    payment_method_type: SchemeValue | None = code("PaymentMethodType")
    fiscal_transaction_description: str | None = text("FiscalTransactionDescription")
    request_id: RequestId | None = one("RequestId")
    item_details: ItemDetails | None = one("ItemDetails")


@element
class AccountDetails(Extensible):
    """One line of a user's account."""

    accrual_date: str = text("AccrualDate", DATE_TIME, required=True)
    fiscal_transaction_information: FiscalTransactionInformation | None = one(
        "FiscalTransactionInformation", required=True
    )


@element
class UserFiscalAccount(Extensible):
    """What a user owes, in all and line by line."""

    account_balance: AccountBalance | None = one("AccountBalance", required=True)
    account_details: tuple[AccountDetails, ...] = many("AccountDetails")


@element
class UserPrivilegeFee(Extensible):
    """What a privilege costs."""

    amount: Amount | None = one("Amount", required=True)
    payment_method_type: SchemeValue | None = code("PaymentMethodType")


@element
class UserPrivilegeStatus(Extensible):
    """Whether a privilege holds."""

    user_privilege_status_type: SchemeValue | None = code("UserPrivilegeStatusType", required=True)
    date_of_user_privilege_status: str | None = text("DateOfUserPrivilegeStatus", DATE_TIME)


@element
class UserPrivilege(Extensible):
    """What a user may do, and until when."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    agency_user_privilege_type: SchemeValue | None = code("AgencyUserPrivilegeType", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)
    user_privilege_fee: UserPrivilegeFee | None = one("UserPrivilegeFee")
    user_privilege_status: UserPrivilegeStatus | None = one("UserPrivilegeStatus")
    user_privilege_description: str | None = text("UserPrivilegeDescription")


@element
class BlockOrTrap(Extensible):
    """What a user may not do, and until when."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    block_or_trap_type: SchemeValue | None = code("BlockOrTrapType", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)


@element
class UserOptionalFields(Extensible):
    """What may be told of a user; which is asked for by UserElementType."""

    name_information: NameInformation | None = one("NameInformation")
    user_address_information: tuple[UserAddressInformation, ...] = many("UserAddressInformation")
    date_of_birth: str | None = text("DateOfBirth", DATE_TIME)
    user_language: tuple[SchemeValue, ...] = codes("UserLanguage")
    user_privilege: tuple[UserPrivilege, ...] = many("UserPrivilege")
    block_or_trap: tuple[BlockOrTrap, ...] = many("BlockOrTrap")
    user_id: tuple[UserId, ...] = many("UserId")
    previous_user_id: tuple[PreviousUserId, ...] = many("PreviousUserId")


@element
class UserFields(Extensible):
    """What can be changed of a user."""

    visible_user_id: tuple[UserId, ...] = many("VisibleUserId", generation=1)
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    name_information: NameInformation | None = one("NameInformation")
    user_address_information: tuple[UserAddressInformation, ...] = many("UserAddressInformation")
    date_of_birth: str | None = text("DateOfBirth", DATE_TIME)
    user_language: tuple[SchemeValue, ...] = codes("UserLanguage")
    user_privilege: tuple[UserPrivilege, ...] = many("UserPrivilege")
    block_or_trap: tuple[BlockOrTrap, ...] = many("BlockOrTrap")


@element
class AddUserFields(UserFields):
    """What to add to a user's record."""


@element
class DeleteUserFields(UserFields):
    """What to take out of a user's record."""


@element
class NoticeItem(Extensible):
    """An item that a notice is about."""

    item_details: ItemDetails | None = one("ItemDetails", required=True)
    amount: Amount | None = one("Amount")


@element
class UserNoticeDetails(Extensible):
    """What a notice says."""

    notice_type: SchemeValue | None = code("NoticeType", required=True)
    notice_content: str | None = text("NoticeContent")
    notice_item: tuple[NoticeItem, ...] = many("NoticeItem")
    user_fiscal_account: UserFiscalAccount | None = one("UserFiscalAccount")
    user_privilege: UserPrivilege | None = one("UserPrivilege")


@element
class RequestFields(Extensible):
    """What can be changed of a request."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType")
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    request_status_type: SchemeValue | None = code("RequestStatusType")
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    earliest_date_needed: str | None = text("EarliestDateNeeded", DATE_TIME)
    need_before_date: str | None = text("NeedBeforeDate", DATE_TIME)
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)
    date_of_user_request: str | None = text("DateOfUserRequest", DATE_TIME)
    date_available: str | None = text("DateAvailable", DATE_TIME)
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")


@element
class AddRequestFields(RequestFields):
    """What to add to a request."""


@element
class DeleteRequestFields(RequestFields):
    """What to take out of a request."""
