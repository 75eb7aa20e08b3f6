"""Items as they circulate: loans, requests, routing, sets of holdings."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    COUNT,
    DATE_TIME,
    POSITIVE,
    Element,
    Extensible,
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
from library_protocols.ncip.elements.bibliographic import (
    BibliographicDescription,
    Destination,
    ElectronicResource,
    ItemDescription,
    Location,
    PhysicalCondition,
    SummaryHoldingsInformation,
)
from library_protocols.ncip.elements.common import (
    Amount,
    BibliographicId,
    ItemId,
    Problem,
    RequestId,
    UserId,
)
from library_protocols.ncip.elements.people import (
    NameInformation,
)


@element
class ItemOptionalFields(Extensible):
    """What may be told of an item; which is asked for by ItemElementType."""

    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription")
    item_use_restriction_type: tuple[SchemeValue, ...] = codes("ItemUseRestrictionType")
    circulation_status: SchemeValue | None = code("CirculationStatus")
    hold_queue_length: str | None = text("HoldQueueLength", COUNT)
    item_description: ItemDescription | None = one("ItemDescription")
    location: tuple[Location, ...] = many("Location")
    physical_condition: PhysicalCondition | None = one("PhysicalCondition")
    electronic_resource: ElectronicResource | None = one("ElectronicResource")
    security_marker: SchemeValue | None = code("SecurityMarker")
    sensitization_flag: bool = flag("SensitizationFlag")
    date_due: str | None = text("DateDue", DATE_TIME, since="2.02")


@element
class ItemParty(Extensible):
    """A user who has or wants an item."""

    user_id: UserId | None = one("UserId", required=True)


@element
class CurrentBorrower(ItemParty):
    """Who has it."""


@element
class CurrentRequester(ItemParty):
    """Who wants it."""


@element
class ItemTransaction(Extensible):
    """Who has an item, and who wants it."""

    current_borrower: CurrentBorrower | None = one("CurrentBorrower")
    current_requester: tuple[CurrentRequester, ...] = many("CurrentRequester")


@element
class ItemReportedReturned(Extensible):
    """Somebody says that he returned it, and when."""

    date_reported_returned: str = text("DateReportedReturned", DATE_TIME, required=True)


@element
class ItemDetails(Extensible):
    """An item, its title and what became of it, for a bill or a notice."""

    item_id: ItemId | None = one("ItemId", required=True)
    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription", required=True)
    date_checked_out: str | None = text("DateCheckedOut", DATE_TIME)
    date_renewed: tuple[str, ...] = texts("DateRenewed", DATE_TIME)
    date_due: str | None = text("DateDue", DATE_TIME)
    indeterminate_loan_period_flag: bool = flag("IndeterminateLoanPeriodFlag")
    non_returnable_flag: bool = flag("NonReturnableFlag")
    date_returned: str | None = text("DateReturned", DATE_TIME)


@element
class LoanedItem(Extensible):
    """A loan."""

    item_id: ItemId | None = one("ItemId", required=True)
    bibliographic_id: tuple[BibliographicId, ...] = many("BibliographicId", since="2.02")
    reminder_level: str | None = text("ReminderLevel", COUNT)
    date_due: str | None = text("DateDue", DATE_TIME)
    indeterminate_loan_period_flag: bool = flag("IndeterminateLoanPeriodFlag")
    amount: Amount | None = one("Amount")
    title: str | None = text("Title")
    medium_type: SchemeValue | None = code("MediumType")


@element
class RequestedItem(Extensible):
    """A request that waits."""

    request_id: RequestId | None = one("RequestId")
    item_id: ItemId | None = one("ItemId")
    bibliographic_id: tuple[BibliographicId, ...] = many("BibliographicId", since="2.02")
    request_type: SchemeValue | None = code("RequestType", required=True)
    request_status_type: SchemeValue | None = code("RequestStatusType", required=True)
    date_placed: str = text("DatePlaced", DATE_TIME, required=True)
    pickup_date: str | None = text("PickupDate", DATE_TIME)
    pickup_location: SchemeValue | None = code("PickupLocation")
    pickup_expiry_date: str | None = text("PickupExpiryDate", DATE_TIME)
    reminder_level: str | None = text("ReminderLevel", COUNT)
    hold_queue_position: str | None = text("HoldQueuePosition", POSITIVE)
    title: str | None = text("Title")
    medium_type: SchemeValue | None = code("MediumType")


@element
class LoanedItemsCount(Extensible):
    """How many loans there are of one status or kind."""

    circulation_status: SchemeValue | None = code("CirculationStatus")
    item_use_restriction_type: SchemeValue | None = code("ItemUseRestrictionType")
    loaned_item_count_value: str = text("LoanedItemCountValue", COUNT, required=True)


@element
class RequestedItemsCount(Extensible):
    """How many requests there are of one kind or status."""

    request_type: SchemeValue | None = code("RequestType")
    circulation_status: SchemeValue | None = code("CirculationStatus")
    item_use_restriction_type: SchemeValue | None = code("ItemUseRestrictionType")
    requested_item_count_value: str = text("RequestedItemCountValue", COUNT, required=True)


@element
class RoutingInformation(Extensible):
    """Where a returned item goes, and why."""

    routing_instructions: str = text("RoutingInstructions", required=True)
    destination: Destination | None = one("Destination", required=True)
    request_type: SchemeValue | None = code("RequestType")
    user_id: UserId | None = one("UserId")
    name_information: NameInformation | None = one("NameInformation")


@element
class ItemInformation(Extensible):
    """An item of a set, or why it cannot be told."""

    item_id: ItemId | None = one("ItemId")
    request_id: tuple[RequestId, ...] = many("RequestId")
    current_borrower: CurrentBorrower | None = one("CurrentBorrower")
    current_requester: tuple[CurrentRequester, ...] = many("CurrentRequester")
    date_due: str | None = text("DateDue", DATE_TIME)
    date_recalled: str | None = text("DateRecalled", DATE_TIME)
    hold_pickup_date: str | None = text("HoldPickupDate", DATE_TIME)
    item_transaction: ItemTransaction | None = one("ItemTransaction")
    item_optional_fields: ItemOptionalFields | None = one("ItemOptionalFields")
    item_note: str | None = text("ItemNote")
    problem: tuple[Problem, ...] = many("Problem")


@element
class HoldingsSet(Extensible):
    """Items that stand together, or why they cannot be told."""

    holdings_set_id: str | None = text("HoldingsSetId")
    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription")
    location: Location | None = one("Location")
    call_number: str | None = text("CallNumber")
    summary_holdings_information: SummaryHoldingsInformation | None = one("SummaryHoldingsInformation")
    electronic_resource: ElectronicResource | None = one("ElectronicResource")
    item_information: tuple[ItemInformation, ...] = many("ItemInformation")
    problem: tuple[Problem, ...] = many("Problem")


@element
class BibInformation(Element):
    """A title with its items, or why it cannot be told."""

    bibliographic_id: BibliographicId | None = one("BibliographicId")
    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription")
    title_hold_queue_length: str | None = text("TitleHoldQueueLength", COUNT)
    current_requester: tuple[CurrentRequester, ...] = many("CurrentRequester")
    holdings_set: tuple[HoldingsSet, ...] = many("HoldingsSet")
    problem: tuple[Problem, ...] = many("Problem")


@element
class ItemFields(Extensible):
    """What can be changed of an item."""

    bibliographic_description: BibliographicDescription | None = one("BibliographicDescription")
    item_use_restriction_type: tuple[SchemeValue, ...] = codes("ItemUseRestrictionType")
    item_description: ItemDescription | None = one("ItemDescription")
    location: tuple[Location, ...] = many("Location")
    physical_condition: PhysicalCondition | None = one("PhysicalCondition")
    security_marker: SchemeValue | None = code("SecurityMarker")
    sensitization_flag: bool = flag("SensitizationFlag")


@element
class AddItemFields(ItemFields):
    """What to add to an item's record."""


@element
class DeleteItemFields(ItemFields):
    """What to take out of an item's record."""
