"""What the elements' own text may hold: something to prove who one is, something about a person, or neither.

Only names that stand here are believed. Text of any other element is covered wherever octets are kept: it may be a
misspelt password or a vendor's field for one.
"""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What text straight within an element is. The higher, the more must be covered."""

    STRUCTURE = 0
    """Holds elements; text between them belongs nowhere."""
    PLAIN = 1
    """Codes, dates, numbers, what items are called: about nobody."""
    PERSONAL = 2
    """Identifies or describes a person, or is free text, which may."""
    UNKNOWN = 3
    SECRET = 4
    """Proves who somebody is."""


_PROOF = """
AuthenticationInputData FromAgencyAuthentication FromSystemAuthentication
"""
_PERSONAL = """
UserIdentifierValue VisibleUserIdentifier DateOfBirth
UnstructuredPersonalUserName Prefix GivenName Initials Surname Suffix OrganizationName CareOf
ElectronicAddressData UnstructuredAddressData Street Line1 Line2 HouseName District Locality Region Country PostalCode
PostOfficeBox LocationWithinBuilding
ActualResource ReferenceToResource
BlockOrTrapType FiscalTransactionDescription ItemNote NoticeContent PhysicalConditionDetails RoutingInstructions
ShippingInstructions ShippingNote UserPrivilegeDescription
"""
ECHOES = frozenset(("ProblemDetail", "ProblemValue", "MessagingErrorValue", "ProcessingErrorValue"))
"""Say again what somebody sent, or tell about it in words: personal, and secret where the problem is with a secret."""
_PLAIN = """
AccrualDate DateAvailable DateCheckedOut DateDue DateEventOccurred DateForReturn DateOfExpectedReply
DateOfUserPrivilegeStatus DateOfUserRequest DatePlaced DateRecalled DateReceived DateRenewed DateReportedReturned
DateReturned DateSent DateShipped DateToSend DateWillSend DesiredDateDue DesiredDateForReturn EarliestDateNeeded
HoldPickupDate NeedBeforeDate PickupDate PickupExpiryDate ValidFromDate ValidToDate
AcknowledgedItemUseRestrictionType AgencyAddressRoleType AgencyElementType AgencyId AgencyUserPrivilegeType
ApplicationProfileSupportedType ApplicationProfileType AuthenticationDataFormatType AuthenticationInputType
AuthenticationPromptType BibliographicItemIdentifierCode BibliographicLevel BibliographicRecordIdentifierCode
CirculationStatus ComponentIdentifierType ConsortiumAgreement CurrencyCode ElectronicAddressType
ElectronicDataFormatType FiscalActionType FiscalTransactionType FromSystemId ItemDescriptionLevel ItemElementType
ItemIdentifierType ItemUseRestrictionType Language LocationType MediumType NoticeType OrganizationNameType
PaymentMethodType PhysicalAddressType PhysicalConditionType PickupLocation ProblemType RequestElementType
RequestIdentifierType RequestScopeType RequestStatusType RequestType RequestedActionType RequiredItemUseRestrictionType
SecurityMarker ToSystemId UnstructuredAddressType UserAddressRoleType UserElementType UserIdentifierType UserLanguage
UserPrivilegeStatusType
AuthenticationPromptData Author AuthorOfComponent BibliographicItemIdentifier BibliographicRecordIdentifier BinNumber
CallNumber ChronologyCaption ChronologyValue ComponentIdentifier CopyNumber Edition EnumerationCaption EnumerationValue
FiscalTransactionIdentifierValue HoldingsSetId ItemIdentifierValue LocationNameValue NextItemToken Pagination
PlaceOfPublication ProblemElement PublicationDate PublicationDateOfComponent Publisher RequestIdentifierValue
SeriesTitleNumber SponsoringBody Title TitleOfComponent UnstructuredHoldingsData
ChronologyLevel EnumerationLevel HoldQueuePosition LocationNameLevel MaximumItemsCount NumberOfPieces HoldQueueLength
LoanedItemCountValue ReminderLevel RenewalCount RequestedItemCountValue TitleHoldQueueLength MonetaryValue
ElementName MessagingErrorType ProcessingErrorType UniqueAgencyId VisibleItemIdentifier VisibleItemIdentifierType
VisibleUserIdentifierType
VersionSupported ServiceSupported
"""
_STRUCTURE = """
NCIPMessage NCIPVersionMessage Ext InitiationHeader ResponseHeader FromAgencyId ToAgencyId OnBehalfOfAgency Problem
MessagingError MessagingErrorElement ProcessingError ProcessingErrorElement
AccountBalance AccountDetails AcknowledgedFeeAmount AddAgencyFields AddItemFields AddRequestFields AddUserFields
AgencyAddressInformation Amount AuthenticationInput AuthenticationPrompt BibInformation BibliographicDescription
BibliographicId BibliographicItemId BibliographicRecordId BlockOrTrap ChronologyLevelInstance ComponentId
CurrentBorrower CurrentRequester DeleteAgencyFields DeleteItemFields DeleteRequestFields DeleteUserFields Destination
ElectronicAddress ElectronicResource EnumerationLevelInstance FiscalTransactionInformation FiscalTransactionReferenceId
HoldingsChronology HoldingsEnumeration HoldingsInformation HoldingsSet ItemDescription ItemDetails ItemId
ItemInformation ItemOptionalFields ItemReportedReturned ItemTransaction LoanedItem LoanedItemsCount Location
LocationName LocationNameInstance MandatedAction NameInformation NoticeItem OrganizationNameInformation PaidFeeAmount
Pending PersonalNameInformation PhysicalAddress PhysicalCondition PreviousUserId PromptInput PromptOutput
RelatedFiscalTransactionReferenceId RequestId RequestedItem RequestedItemsCount RequiredFeeAmount RoutingInformation
ShippingInformation StructuredAddress StructuredHoldingsData StructuredPersonalUserName SummaryHoldingsInformation
UnstructuredAddress UserAddressInformation UserFiscalAccount UserId UserNoticeDetails UserOptionalFields UserPrivilege
UserPrivilegeFee UserPrivilegeStatus UniqueBibliographicId UniqueItemId UniqueRequestId UniqueUserId UserTransaction
VisibleItemId VisibleUserId RenewInformation
CurrentBorrowerDesired CurrentRequestersDesired ElectronicResourceProvidedFlag IndeterminateLoanPeriodFlag
ItemReportedLost ItemReportedMissing ItemReportedNeverBorrowed LoanedItemsDesired NonReturnableFlag RenewalNotPermitted
RequestedItemsDesired ResourceDesired SensitiveDataFlag SensitizationFlag UserFiscalAccountDesired
"""
_SERVICES = """
LookupAgency LookupItem LookupItemSet LookupRequest LookupUser LookupVersion AuthenticateUser
AcceptItem CancelRecallItem CancelRequestItem CheckInItem CheckOutItem CreateAgency CreateItem CreateUser
CreateUserFiscalTransaction DeleteItem DeleteUser RecallItem RenewItem RenewAllItem ReportCirculationStatusChange
RequestItem SendUserNotice UndoCheckOutItem UpdateAgency UpdateCirculationStatus UpdateItem UpdateRequestItem UpdateUser
AgencyCreated AgencyUpdated CirculationStatusChangeReported CirculationStatusUpdated ItemCheckedIn ItemCheckedOut
ItemCreated ItemRecallCancelled ItemRecalled ItemReceived ItemRenewed ItemRequestCancelled ItemRequestUpdated
ItemRequested ItemShipped ItemUpdated UserCreated UserFiscalTransactionCreated UserNoticeSent UserUpdated
"""

CONTENTS: dict[str, Kind] = {
    **dict.fromkeys(_PROOF.split(), Kind.SECRET),
    **dict.fromkeys(_PERSONAL.split(), Kind.PERSONAL),
    **dict.fromkeys(ECHOES, Kind.PERSONAL),
    **dict.fromkeys(_PLAIN.split(), Kind.PLAIN),
    **dict.fromkeys(_STRUCTURE.split(), Kind.STRUCTURE),
    **{name + ending: Kind.STRUCTURE for name in _SERVICES.split() for ending in ("", "Response")},
}
"""Element -> what its own text holds, in both generations. `Scheme` and `Value` hold what their parent does."""

PROBLEMS = frozenset(("Problem", "MessagingError", "ProcessingError"))
"""Elements that say what is wrong."""
ROOTS = frozenset(("NCIPMessage", "NCIPVersionMessage"))
"""What a document begins with."""
