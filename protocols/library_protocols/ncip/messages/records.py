"""The update services of records, accounts and notices: each is a command."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
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
    FiscalTransactionReferenceId,
    ItemId,
    MandatedAction,
    RequestId,
    UserId,
)
from library_protocols.ncip.elements.items import (
    AddItemFields,
    DeleteItemFields,
)
from library_protocols.ncip.elements.people import (
    AddAgencyFields,
    AgencyAddressInformation,
    AuthenticationInput,
    AuthenticationPrompt,
    DeleteAgencyFields,
    NameInformation,
    OrganizationNameInformation,
    UserAddressInformation,
)
from library_protocols.ncip.elements.users import (
    AddUserFields,
    BlockOrTrap,
    DeleteUserFields,
    FiscalTransactionInformation,
    UserNoticeDetails,
    UserPrivilege,
)
from library_protocols.ncip.messages.base import (
    Request,
    Response,
)


@element
class CreateAgency(Request):
    """A record for an agency."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    agency_id: SchemeValue | None = code("AgencyId")
    organization_name_information: tuple[OrganizationNameInformation, ...] = many(
        "OrganizationNameInformation", required=True
    )
    agency_address_information: tuple[AgencyAddressInformation, ...] = many("AgencyAddressInformation")
    authentication_prompt: tuple[AuthenticationPrompt, ...] = many("AuthenticationPrompt")
    application_profile_supported_type: tuple[SchemeValue, ...] = codes("ApplicationProfileSupportedType")
    consortium_agreement: tuple[SchemeValue, ...] = codes("ConsortiumAgreement")
    agency_user_privilege_type: tuple[SchemeValue, ...] = codes("AgencyUserPrivilegeType")


@element
class CreateAgencyResponse(Response):
    """The answer to CreateAgency."""

    agency_id: SchemeValue | None = code("AgencyId")


@element
class CreateItem(Request):
    """A record for an item and its title."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId")
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
class CreateItemResponse(Response):
    """The answer to CreateItem."""

    item_id: ItemId | None = one("ItemId")


@element
class CreateUser(Request):
    """A record for a user."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    visible_user_id: tuple[UserId, ...] = many("VisibleUserId", generation=1)
    name_information: NameInformation | None = one("NameInformation", required=True)
    user_address_information: tuple[UserAddressInformation, ...] = many("UserAddressInformation")
    date_of_birth: str | None = text("DateOfBirth", DATE_TIME)
    user_language: tuple[SchemeValue, ...] = codes("UserLanguage")
    user_privilege: tuple[UserPrivilege, ...] = many("UserPrivilege")
    block_or_trap: tuple[BlockOrTrap, ...] = many("BlockOrTrap")


@element
class CreateUserResponse(Response):
    """The answer to CreateUser."""

    user_id: UserId | None = one("UserId")


@element
class CreateUserFiscalTransaction(Request):
    """A charge or a payment on a user's account."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    fiscal_transaction_information: FiscalTransactionInformation | None = one(
        "FiscalTransactionInformation", required=True
    )


@element
class CreateUserFiscalTransactionResponse(Response):
    """The answer to CreateUserFiscalTransaction."""

    user_id: UserId | None = one("UserId")
    fiscal_transaction_reference_id: FiscalTransactionReferenceId | None = one("FiscalTransactionReferenceId")


@element
class DeleteItem(Request):
    """An item's record goes."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)


@element
class DeleteItemResponse(Response):
    """The answer to DeleteItem."""

    item_id: ItemId | None = one("ItemId")


@element
class DeleteUser(Request):
    """A user's record goes."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")


@element
class DeleteUserResponse(Response):
    """The answer to DeleteUser."""

    user_id: UserId | None = one("UserId")


@element
class SendUserNotice(Request):
    """A user is to be told."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId", required=True)
    date_to_send: str | None = text("DateToSend", DATE_TIME)
    user_notice_details: UserNoticeDetails | None = one("UserNoticeDetails", required=True)


@element
class SendUserNoticeResponse(Response):
    """The answer to SendUserNotice."""

    user_id: UserId | None = one("UserId")
    date_sent: str | None = text("DateSent", DATE_TIME)
    date_will_send: str | None = text("DateWillSend", DATE_TIME)


@element
class UpdateAgency(Request):
    """An agency's record is changed."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    agency_id: SchemeValue | None = code("AgencyId", required=True)
    delete_agency_fields: DeleteAgencyFields | None = one("DeleteAgencyFields")
    add_agency_fields: AddAgencyFields | None = one("AddAgencyFields")


@element
class UpdateAgencyResponse(Response):
    """The answer to UpdateAgency."""

    agency_id: SchemeValue | None = code("AgencyId")


@element
class UpdateItem(Request):
    """An item's record is changed."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    item_id: ItemId | None = one("ItemId", required=True)
    delete_item_fields: DeleteItemFields | None = one("DeleteItemFields")
    add_item_fields: AddItemFields | None = one("AddItemFields")


@element
class UpdateItemResponse(Response):
    """The answer to UpdateItem."""

    item_id: ItemId | None = one("ItemId")


@element
class UpdateUser(Request):
    """A user's record is changed."""

    mandated_action: MandatedAction | None = one("MandatedAction")
    user_id: UserId | None = one("UserId")
    authentication_input: tuple[AuthenticationInput, ...] = many("AuthenticationInput")
    delete_user_fields: DeleteUserFields | None = one("DeleteUserFields")
    add_user_fields: AddUserFields | None = one("AddUserFields")


@element
class UpdateUserResponse(Response):
    """The answer to UpdateUser."""

    user_id: UserId | None = one("UserId")
