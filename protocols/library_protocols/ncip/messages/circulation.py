"""The update services of loans and requests: each is a command."""

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
    ElectronicResource,
)
from library_protocols.ncip.elements.common import (
    AcknowledgedFeeAmount,
    BibliographicId,
    ItemId,
    MandatedAction,
    PaidFeeAmount,
    Pending,
    RequestId,
    RequiredFeeAmount,
    UserId,
)
from library_protocols.ncip.elements.items import (
    ItemOptionalFields,
    ItemReportedReturned,
    RoutingInformation,
)
from library_protocols.ncip.elements.people import (
    AuthenticationInput,
    ShippingInformation,
)
from library_protocols.ncip.elements.users import (
    AddRequestFields,
    DeleteRequestFields,
    FiscalTransactionInformation,
    UserOptionalFields,
)
from library_protocols.ncip.messages.base import (
    Request,
    Response,
)


@element
class AcceptItem(Request):
    """A broker brings an item from elsewhere: it gets a record and waits for its user."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    request_id: RequestId | None = one("RequestId", required=True)
    requested_action_type: SchemeValue | None = code("RequestedActionType", required=True)
    user_id: UserId | None = one("UserId")
    item_id: ItemId | None = one("ItemId")
    date_for_return: str | None = text("DateForReturn", DATE_TIME)
    indeterminate_loan_period_flag: bool = flag("IndeterminateLoanPeriodFlag")
    non_returnable_flag: bool = flag("NonReturnableFlag")
    renewal_not_permitted: bool = flag("RenewalNotPermitted")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)


@element
class AcceptItemResponse(Response):
    """The answer to AcceptItem."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")


@element
class CancelRecallItem(Request):
    """The item need not come back early after all."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class CancelRecallItemResponse(Response):
    """The answer to CancelRecallItem."""

    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class CancelRequestItem(Request):
    """The user wants it no more."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType", required=True)
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class CancelRequestItemResponse(Response):
    """The answer to CancelRequestItem."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class CheckInItem(Request):
    """An item is returned."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class CheckInItemResponse(Response):
    """The answer to CheckInItem."""

    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    routing_information: RoutingInformation | None = one("RoutingInformation")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class CheckOutItem(Request):
    """A user, or a library that stands for one, borrows an item."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    item_id: ItemId | None = one("ItemId", required=True)
    request_id: RequestId | None = one("RequestId")
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")
    acknowledged_item_use_restriction_type: tuple[SchemeValue, ...] = codes("AcknowledgedItemUseRestrictionType")
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    resource_desired: bool = flag("ResourceDesired")
    desired_date_due: str | None = text("DesiredDateDue", DATE_TIME)
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class CheckOutItemResponse(Response):
    """The answer to CheckOutItem."""

    required_fee_amount: RequiredFeeAmount | None = one("RequiredFeeAmount")
    required_item_use_restriction_type: tuple[SchemeValue, ...] = codes("RequiredItemUseRestrictionType")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    date_due: str | None = text("DateDue", DATE_TIME)
    indeterminate_loan_period_flag: bool = flag("IndeterminateLoanPeriodFlag")
    non_returnable_flag: bool = flag("NonReturnableFlag")
    renewal_count: str | None = text("RenewalCount", COUNT)
    electronic_resource: ElectronicResource | None = one("ElectronicResource")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class RecallItem(Request):
    """Somebody else needs the item: it is to come back early."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    desired_date_due: str | None = text("DesiredDateDue", DATE_TIME)
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class RecallItemResponse(Response):
    """The answer to RecallItem."""

    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    date_due: str | None = text("DateDue", DATE_TIME)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class RenewItem(Request):
    """A loan goes on."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    item_id: ItemId | None = one("ItemId", required=True)
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")
    desired_date_due: str | None = text("DesiredDateDue", DATE_TIME)
    desired_date_for_return: str | None = text("DesiredDateForReturn", DATE_TIME)
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")
    acknowledged_item_use_restriction_type: tuple[SchemeValue, ...] = codes("AcknowledgedItemUseRestrictionType")


@element
class RenewItemResponse(Response):
    """The answer to RenewItem."""

    required_fee_amount: RequiredFeeAmount | None = one("RequiredFeeAmount")
    required_item_use_restriction_type: tuple[SchemeValue, ...] = codes("RequiredItemUseRestrictionType")
    pending: Pending | None = one("Pending")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    date_due: str | None = text("DateDue", DATE_TIME)
    date_for_return: str | None = text("DateForReturn", DATE_TIME)
    renewal_count: str | None = text("RenewalCount", COUNT)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class ReportCirculationStatusChange(Request):
    """A user says that he returned an item, never had it, or lost it."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    item_reported_returned: ItemReportedReturned | None = one("ItemReportedReturned")
    item_reported_never_borrowed: bool = flag("ItemReportedNeverBorrowed")
    item_reported_lost: bool = flag("ItemReportedLost")
    item_reported_missing: bool = flag("ItemReportedMissing")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class ReportCirculationStatusChangeResponse(Response):
    """The answer to ReportCirculationStatusChange."""

    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class RequestItem(Request):
    """A user wants an item or a title."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    bibliographic_id: tuple[BibliographicId, ...] = many("BibliographicId")
    item_id: tuple[ItemId, ...] = many("ItemId")
    request_id: RequestId | None = one("RequestId")
    request_type: SchemeValue | None = code("RequestType", required=True)
    request_scope_type: SchemeValue | None = code("RequestScopeType", required=True)
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    earliest_date_needed: str | None = text("EarliestDateNeeded", DATE_TIME)
    need_before_date: str | None = text("NeedBeforeDate", DATE_TIME)
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)
    acknowledged_fee_amount: AcknowledgedFeeAmount | None = one("AcknowledgedFeeAmount")
    paid_fee_amount: PaidFeeAmount | None = one("PaidFeeAmount")
    acknowledged_item_use_restriction_type: tuple[SchemeValue, ...] = codes("AcknowledgedItemUseRestrictionType")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class RequestItemResponse(Response):
    """The answer to RequestItem."""

    required_fee_amount: RequiredFeeAmount | None = one("RequiredFeeAmount")
    required_item_use_restriction_type: tuple[SchemeValue, ...] = codes("RequiredItemUseRestrictionType")
    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    request_type: SchemeValue | None = code("RequestType")
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    shipping_information: ShippingInformation | None = one("ShippingInformation")
    date_available: str | None = text("DateAvailable", DATE_TIME)
    hold_pickup_date: str | None = text("HoldPickupDate", DATE_TIME)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")


@element
class UndoCheckOutItem(Request):
    """A loan that never was: its check-out is taken back."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    request_id: RequestId | None = one("RequestId")


@element
class UndoCheckOutItemResponse(Response):
    """The answer to UndoCheckOutItem."""

    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")


@element
class UpdateCirculationStatus(Request):
    """An item gets another status."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    circulation_status: SchemeValue | None = code("CirculationStatus", required=True)


@element
class UpdateCirculationStatusResponse(Response):
    """The answer to UpdateCirculationStatus."""

    item_id: ItemId | None = one("ItemId")


@element
class UpdateRequestItem(Request):
    """A request is changed."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    item_id: ItemId | None = one("ItemId")
    request_type: SchemeValue | None = code("RequestType")
    request_id: RequestId | None = one("RequestId")
    delete_request_fields: DeleteRequestFields | None = one("DeleteRequestFields")
    add_request_fields: AddRequestFields | None = one("AddRequestFields")
    item_element_type: tuple[SchemeValue, ...] = codes("ItemElementType")
    user_element_type: tuple[SchemeValue, ...] = codes("UserElementType")


@element
class UpdateRequestItemResponse(Response):
    """The answer to UpdateRequestItem."""

    required_fee_amount: RequiredFeeAmount | None = one("RequiredFeeAmount")
    required_item_use_restriction_type: tuple[SchemeValue, ...] = codes("RequiredItemUseRestrictionType", since="2.01")
    item_id: ItemId | None = one("ItemId")
    user_id: UserId | None = one("UserId")
    request_type: SchemeValue | None = code("RequestType")
    request_scope_type: SchemeValue | None = code("RequestScopeType")
    date_available: str | None = text("DateAvailable", DATE_TIME)
    hold_pickup_date: str | None = text("HoldPickupDate", DATE_TIME)
    fiscal_transaction_information: FiscalTransactionInformation | None = one("FiscalTransactionInformation")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    user_optional_fields: UserOptionalFields | None = one("UserOptionalFields")
