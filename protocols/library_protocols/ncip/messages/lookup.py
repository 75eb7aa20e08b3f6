"""The lookup services: nothing changes."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    DATE_TIME,
    POSITIVE,
    SchemeValue,
    code,
    codes,
    element,
    flag,
    many,
    one,
    text,
    texts,
)
from library_protocols.ncip.elements.common import (
    AcknowledgedFeeAmount,
    BibliographicId,
    ItemId,
    PaidFeeAmount,
    RequestId,
    UserId,
)
from library_protocols.ncip.elements.items import (
    BibInformation,
    ItemOptionalFields,
    ItemTransaction,
    LoanedItem,
    LoanedItemsCount,
    RequestedItem,
    RequestedItemsCount,
)
from library_protocols.ncip.elements.people import (
    AgencyAddressInformation,
    AuthenticationInput,
    AuthenticationPrompt,
    OrganizationNameInformation,
    ShippingInformation,
)
from library_protocols.ncip.elements.users import (
    UserFiscalAccount,
    UserOptionalFields,
)
from library_protocols.ncip.messages.base import (
    Request,
    Response,
)


@element
class LookupAgency(Request):
    """What an agency is called, where it is, what it supports."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    agency_element_type: tuple[SchemeValue, ...] = codes("AgencyElementType", required=True)


@element
class LookupAgencyResponse(Response):
    """The answer to LookupAgency."""

    agency_id: SchemeValue | None = code("AgencyId")
    organization_name_information: tuple[OrganizationNameInformation, ...] = many("OrganizationNameInformation")
    agency_address_information: tuple[AgencyAddressInformation, ...] = many("AgencyAddressInformation")
    authentication_prompt: tuple[AuthenticationPrompt, ...] = many("AuthenticationPrompt")
    application_profile_supported_type: tuple[SchemeValue, ...] = codes("ApplicationProfileSupportedType")
    consortium_agreement: tuple[SchemeValue, ...] = codes("ConsortiumAgreement")
    agency_user_privilege_type: tuple[SchemeValue, ...] = codes("AgencyUserPrivilegeType")


@element
class LookupItem(Request):
    """How an item stands."""

    item_id: ItemId | None = one("ItemId")
    visible_item_id: tuple[ItemId, ...] = many("VisibleItemId", generation=1)
    request_id: RequestId | None = one("RequestId")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    current_borrower_desired: bool = flag("CurrentBorrowerDesired")
    current_requesters_desired: bool = flag("CurrentRequestersDesired")


@element
class LookupItemResponse(Response):
    """The answer to LookupItem."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    hold_pickup_date: str | None = text("HoldPickupDate", DATE_TIME)
    date_recalled: str | None = text("DateRecalled", DATE_TIME)
    item_transaction: ItemTransaction | None = one("ItemTransaction")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")


@element
class LookupItemSet(Request):
    """Titles, their sets of holdings and items, in pages."""

    bibliographic_id: tuple[BibliographicId, ...] = many("BibliographicId")
    holdings_set_id: tuple[str, ...] = texts("HoldingsSetId")
    item_id: tuple[ItemId, ...] = many("ItemId")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    current_borrower_desired: bool = flag("CurrentBorrowerDesired")
    current_requesters_desired: bool = flag("CurrentRequestersDesired")
    maximum_items_count: str | None = text("MaximumItemsCount", POSITIVE)
    next_item_token: str | None = text("NextItemToken")


@element
class LookupItemSetResponse(Response):
    """The answer to LookupItemSet."""

    bib_information: tuple[BibInformation, ...] = many("BibInformation")
    next_item_token: str | None = text("NextItemToken")


@element
class LookupRequest(Request):
    """How a request stands."""

    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType")
    request_id: RequestId | None = one("RequestId")
    request_element_type: tuple[SchemeValue, ...] = codes("RequestElementType")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class LookupRequestResponse(Response):
    """The answer to LookupRequest."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    request_type: SchemeValue | None = code("RequestType")
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    request_status_type: SchemeValue | None = code("RequestStatusType")
    hold_queue_position: str | None = text("HoldQueuePosition", POSITIVE)
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    earliest_date_needed: str | None = text("EarliestDateNeeded", DATE_TIME)
    need_before_date: str | None = text("NeedBeforeDate", DATE_TIME)
    pickup_date: str | None = text("PickupDate", DATE_TIME)
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)
    date_of_user_request: str | None = text("DateOfUserRequest", DATE_TIME)
    date_available: str | None = text("DateAvailable", DATE_TIME)
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class LookupUser(Request):
    """Who a user is, what he has, wants and owes. With authentication input it is a login too."""

    user_id: UserId | None = one("UserId")
    visible_user_id: tuple[UserId, ...] = many("VisibleUserId", generation=1)
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")
    loaned_items_desired: bool = flag("LoanedItemsDesired")
    requested_items_desired: bool = flag("RequestedItemsDesired")
    user_fiscal_account_desired: bool = flag("UserFiscalAccountDesired")


@element
class LookupUserResponse(Response):
    """The answer to LookupUser."""

    user_id: UserId | None = one("UserId")
    user_fiscal_account: tuple[UserFiscalAccount, ...] = many("UserFiscalAccount")
    loaned_items_count: tuple[LoanedItemsCount, ...] = many("LoanedItemsCount")
    loaned_item: tuple[LoanedItem, ...] = many("LoanedItem")
    requested_items_count: tuple[RequestedItemsCount, ...] = many("RequestedItemsCount")
    requested_item: tuple[RequestedItem, ...] = many("RequestedItem")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")
