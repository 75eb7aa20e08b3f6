"""The notification services: reports of what has happened. NCIP 1 brokers use some as commands."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    COUNT,
    DATE_TIME,
    SchemeValue,
    code,
    codes,
    element,
    flag,
    many,
    one,
    text,
)
from library_protocols.ncip.elements.bibliographic import (
    BibliographicDescription,
    ItemDescription,
    Location,
    PhysicalCondition,
)
from library_protocols.ncip.elements.common import (
    BibliographicId,
    ItemId,
    RequestId,
    UserId,
)
from library_protocols.ncip.elements.items import (
    AddItemFields,
    DeleteItemFields,
    ItemOptionalFields,
    ItemReportedReturned,
    RoutingInformation,
)
from library_protocols.ncip.elements.people import (
    AddAgencyFields,
    AgencyAddressInformation,
    AuthenticationPrompt,
    DeleteAgencyFields,
    NameInformation,
    OrganizationNameInformation,
    ShippingInformation,
    UserAddressInformation,
)
from library_protocols.ncip.elements.users import (
    AddRequestFields,
    AddUserFields,
    BlockOrTrap,
    DeleteRequestFields,
    DeleteUserFields,
    FiscalTransactionInformation,
    UserNoticeDetails,
    UserOptionalFields,
    UserPrivilege,
)
from library_protocols.ncip.messages.base import (
    NotificationResponse,
    Request,
)


@element
class AgencyCreated(Request):
    """An agency has a record now."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    organization_name_information: tuple[OrganizationNameInformation, ...] = many(
        "OrganizationNameInformation", required=True
    )
    agency_address_information: tuple[AgencyAddressInformation, ...] = many("AgencyAddressInformation")
    authentication_prompt: tuple[AuthenticationPrompt, ...] = many("AuthenticationPrompt")
    application_profile_supported_type: tuple[SchemeValue, ...] = codes("ApplicationProfileSupportedType")
    consortium_agreement: tuple[SchemeValue, ...] = codes("ConsortiumAgreement")
    agency_user_privilege_type: tuple[SchemeValue, ...] = codes("AgencyUserPrivilegeType")


@element
class AgencyCreatedResponse(NotificationResponse):
    """The answer to AgencyCreated."""


@element
class AgencyUpdated(Request):
    """An agency's record was changed."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    delete_agency_fields: DeleteAgencyFields | None = one("DeleteAgencyFields")
    add_agency_fields: AddAgencyFields | None = one("AddAgencyFields")


@element
class AgencyUpdatedResponse(NotificationResponse):
    """The answer to AgencyUpdated."""


@element
class CirculationStatusChangeReported(Request):
    """A user said that he returned an item, never had it, or lost it."""

    item_id: ItemId | None = one("ItemId", required=True)
    user_id: UserId | None = one("UserId", required=True)
    item_reported_returned: ItemReportedReturned | None = one("ItemReportedReturned")
    item_reported_never_borrowed: bool = flag("ItemReportedNeverBorrowed")
    item_reported_lost: bool = flag("ItemReportedLost")
    item_reported_missing: bool = flag("ItemReportedMissing")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")


@element
class CirculationStatusChangeReportedResponse(NotificationResponse):
    """The answer to CirculationStatusChangeReported."""


@element
class CirculationStatusUpdated(Request):
    """An item has another status."""

    item_id: ItemId | None = one("ItemId", required=True)
    circulation_status: SchemeValue | None = code("CirculationStatus", required=True)


@element
class CirculationStatusUpdatedResponse(NotificationResponse):
    """The answer to CirculationStatusUpdated."""


@element
class ItemCheckedIn(Request):
    """An item was returned."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId", required=True)
    routing_information: RoutingInformation | None = one("RoutingInformation")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemCheckedInResponse(NotificationResponse):
    """The answer to ItemCheckedIn."""


@element
class ItemCheckedOut(Request):
    """An item was borrowed."""

    user_id: UserId | None = one("UserId", required=True)
    item_id: ItemId | None = one("ItemId", required=True)
    request_id: RequestId | None = one("RequestId")
    date_due: str | None = text("DateDue", DATE_TIME)
    indeterminate_loan_period_flag: bool = flag("IndeterminateLoanPeriodFlag")
    non_returnable_flag: bool = flag("NonReturnableFlag")
    electronic_resource_provided_flag: bool = flag("ElectronicResourceProvidedFlag")
    renewal_count: str | None = text("RenewalCount", COUNT)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemCheckedOutResponse(NotificationResponse):
    """The answer to ItemCheckedOut."""


@element
class ItemCreated(Request):
    """An item has a record now."""

    item_id: ItemId | None = one("ItemId", required=True)
    request_id: RequestId | None = one("RequestId")
    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription", required=True)
    item_use_restriction_type: tuple[SchemeValue, ...] = codes("ItemUseRestrictionType")
    circulation_status: SchemeValue | None = code("CirculationStatus")
    item_description: ItemDescription | None = one("ItemDescription")
    location: tuple[Location, ...] = many("Location")
    physical_condition: PhysicalCondition | None = one("PhysicalCondition")
    security_marker: SchemeValue | None = code("SecurityMarker")
    sensitization_flag: bool = flag("SensitizationFlag")


@element
class ItemCreatedResponse(NotificationResponse):
    """The answer to ItemCreated."""


@element
class ItemRecallCancelled(Request):
    """A recall was taken back."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId", required=True)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRecallCancelledResponse(NotificationResponse):
    """The answer to ItemRecallCancelled."""


@element
class ItemRecalled(Request):
    """An item was recalled."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId", required=True)
    date_due: str = text("DateDue", DATE_TIME, required=True)
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRecalledResponse(NotificationResponse):
    """The answer to ItemRecalled."""


@element
class ItemReceived(Request):
    """An item that was shipped has arrived."""

    item_id: ItemId | None = one("ItemId", required=True)
    user_id: UserId | None = one("UserId")
    request_id: RequestId | None = one("RequestId")
    date_received: str = text("DateReceived", DATE_TIME, required=True)
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemReceivedResponse(NotificationResponse):
    """The answer to ItemReceived."""


@element
class ItemRenewed(Request):
    """A loan was renewed."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId", required=True)
    date_due: str = text("DateDue", DATE_TIME, required=True)
    renewal_count: str | None = text("RenewalCount", COUNT)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRenewedResponse(NotificationResponse):
    """The answer to ItemRenewed."""


@element
class ItemRequestCancelled(Request):
    """A request was cancelled."""

    user_id: UserId | None = one("UserId", required=True)
    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType", required=True)
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRequestCancelledResponse(NotificationResponse):
    """The answer to ItemRequestCancelled."""


@element
class ItemRequestUpdated(Request):
    """A request was changed."""

    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType")
    request_id: RequestId | None = one("RequestId")
    delete_request_fields: DeleteRequestFields | None = one("DeleteRequestFields")
    add_request_fields: AddRequestFields | None = one("AddRequestFields")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRequestUpdatedResponse(NotificationResponse):
    """The answer to ItemRequestUpdated."""


@element
class ItemRequested(Request):
    """An item or a title was requested."""

    user_id: UserId | None = one("UserId", required=True)
    item_id: ItemId | None = one("ItemId")
    bibliographic_id: BibliographicId | None = one("BibliographicId")
    request_id: RequestId | None = one("RequestId")
    request_type: SchemeValue | None = code("RequestType", required=True)
    request_scope_type: SchemeValue | None = code("RequestScopeType", required=True)
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    earliest_date_needed: str | None = text("EarliestDateNeeded", DATE_TIME)
    need_before_date: str | None = text("NeedBeforeDate", DATE_TIME)
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)
    date_of_user_request: str | None = text("DateOfUserRequest", DATE_TIME)
    date_available: str | None = text("DateAvailable", DATE_TIME)
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemRequestedResponse(NotificationResponse):
    """The answer to ItemRequested."""


@element
class ItemShipped(Request):
    """An item is on its way."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    date_shipped: str = text("DateShipped", DATE_TIME, required=True)
    shipping_information: ShippingInformation | None = one("ShippingInformation", required=True)
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ItemShippedResponse(NotificationResponse):
    """The answer to ItemShipped."""


@element
class ItemUpdated(Request):
    """An item's record was changed."""

    item_id: ItemId | None = one("ItemId", required=True)
    delete_item_fields: DeleteItemFields | None = one("DeleteItemFields")
    add_item_fields: AddItemFields | None = one("AddItemFields")


@element
class ItemUpdatedResponse(NotificationResponse):
    """The answer to ItemUpdated."""


@element
class UserCreated(Request):
    """A user has a record now."""

    user_id: UserId | None = one("UserId", required=True)
    visible_user_id: tuple[UserId, ...] = many("VisibleUserId", generation=1)
    name_information: NameInformation | None = one("NameInformation", required=True)
    user_address_information: tuple[UserAddressInformation, ...] = many("UserAddressInformation")
    date_of_birth: str | None = text("DateOfBirth", DATE_TIME)
    user_language: tuple[SchemeValue, ...] = codes("UserLanguage")
    user_privilege: tuple[UserPrivilege, ...] = many("UserPrivilege")
    block_or_trap: tuple[BlockOrTrap, ...] = many("BlockOrTrap")


@element
class UserCreatedResponse(NotificationResponse):
    """The answer to UserCreated."""


@element
class UserFiscalTransactionCreated(Request):
    """A charge or a payment stands on a user's account."""

    user_id: UserId | None = one("UserId", required=True)
    fiscal_transaction_information: FiscalTransactionInformation | None = one(
        "FiscalTransactionInformation", required=True
    )


@element
class UserFiscalTransactionCreatedResponse(NotificationResponse):
    """The answer to UserFiscalTransactionCreated."""


@element
class UserNoticeSent(Request):
    """A user was told."""

    user_id: UserId | None = one("UserId", required=True)
    date_sent: str = text("DateSent", DATE_TIME, required=True)
    user_notice_details: UserNoticeDetails | None = one("UserNoticeDetails", required=True)


@element
class UserNoticeSentResponse(NotificationResponse):
    """The answer to UserNoticeSent."""


@element
class UserUpdated(Request):
    """A user's record was changed."""

    user_id: UserId | None = one("UserId", required=True)
    delete_user_fields: DeleteUserFields | None = one("DeleteUserFields")
    add_user_fields: AddUserFields | None = one("AddUserFields")


@element
class UserUpdatedResponse(NotificationResponse):
    """The answer to UserUpdated."""
