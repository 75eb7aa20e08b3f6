"""Services that NCIP 2.02 does not have: of NCIP 1, of the schema for versions, of WorldShare's extension."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    COUNT,
    DATE_TIME,
    Element,
    SchemeValue,
    codes,
    element,
    many,
    one,
    text,
    texts,
)
from library_protocols.ncip.elements.common import (
    AcknowledgedFeeAmount,
    FromAgencyId,
    ItemId,
    MandatedAction,
    PaidFeeAmount,
    Pending,
    Problem,
    RequiredFeeAmount,
    ToAgencyId,
    UserId,
)
from library_protocols.ncip.elements.items import ItemOptionalFields, LoanedItem, RequestedItem
from library_protocols.ncip.elements.people import AuthenticationInput
from library_protocols.ncip.elements.users import FiscalTransactionInformation, UserOptionalFields
from library_protocols.ncip.messages.base import Request, Response


@element
class AuthenticateUser(Request):
    """NCIP 1: is this user who he says he is? NCIP 2 has LookupUser with authentication input instead."""

    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput", required=True)


@element
class AuthenticateUserResponse(Response):
    """The answer to AuthenticateUser."""

    user_id: UserId | None = one("UserId")


@element
class UserTransaction(Element):
    """NCIP 1: what stands around a user's requests and loans. They are fields of LookupUserResponse here."""

    requested_item: tuple[RequestedItem, ...] = many("RequestedItem")
    loaned_item: tuple[LoanedItem, ...] = many("LoanedItem")


@element
class LookupVersion(Element):
    """Which versions and services somebody supports. It has its own root, and agencies as in NCIP 1."""

    from_agency_id: FromAgencyId | None = one("FromAgencyId", required=True)
    to_agency_id: ToAgencyId | None = one("ToAgencyId", required=True)


@element
class LookupVersionResponse(Element):
    """The answer to LookupVersion: addresses of schemas or document types, and names of services."""

    from_agency_id: FromAgencyId | None = one("FromAgencyId", required=True)
    to_agency_id: ToAgencyId | None = one("ToAgencyId", required=True)
    version_supported: tuple[str, ...] = texts("VersionSupported", required=True)
    service_supported: tuple[str, ...] = texts("ServiceSupported")


@element
class RenewInformation(Element):
    """What became of one loan: renewed, to be decided later, or why not."""

    item_id: ItemId | None = one("ItemId", required=True)
    problem: tuple[Problem, ...] = many("Problem")
    required_fee_amount: RequiredFeeAmount | None = one("RequiredFeeAmount")
    required_item_use_restriction_type: tuple[SchemeValue, ...] = codes("RequiredItemUseRestrictionType")
    pending: Pending | None = one("Pending")
    date_due: str | None = text("DateDue", DATE_TIME)
    date_for_return: str | None = text("DateForReturn", DATE_TIME)
    renewal_count: str | None = text("RenewalCount", COUNT)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")


@element
class RenewAllItem(Request):
    """WorldShare's extension: all loans of a user go on. It stands in `Ext` in a namespace of its own."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")
    desired_date_due: str | None = text("DesiredDateDue", DATE_TIME)
    desired_date_for_return: str | None = text("DesiredDateForReturn", DATE_TIME)
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")


@element
class RenewAllItemResponse(Response):
    """The answer to RenewAllItem, loan by loan."""

    user_id: UserId | None = one("UserId")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")
    renew_information: tuple[RenewInformation, ...] = many("RenewInformation")
