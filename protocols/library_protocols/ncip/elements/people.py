"""Names, addresses, and how somebody says who he is."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    DATE_TIME,
    Extensible,
    SchemeValue,
    code,
    codes,
    element,
    flag,
    many,
    one,
    text,
)


@element
class AuthenticationInput(Extensible):
    """What a user typed: a name, a barcode, a PIN; the type says which."""

    authentication_input_data: str = text("AuthenticationInputData", required=True, secret=True)
    authentication_data_format_type: SchemeValue | None = code("AuthenticationDataFormatType", required=True)
    authentication_input_type: SchemeValue | None = code("AuthenticationInputType", required=True)


@element
class PromptOutput(Extensible):
    """What a user is asked."""

    authentication_prompt_data: str = text("AuthenticationPromptData", required=True)
    authentication_prompt_type: SchemeValue | None = code("AuthenticationPromptType", required=True)


@element
class PromptInput(Extensible):
    """What a user's answer will be."""

    authentication_input_type: SchemeValue | None = code("AuthenticationInputType", required=True)
    authentication_data_format_type: SchemeValue | None = code("AuthenticationDataFormatType", required=True)
    sensitive_data_flag: bool = flag("SensitiveDataFlag")


@element
class AuthenticationPrompt(Extensible):
    """A question that an agency asks its users, and the answer it wants."""

    prompt_output: PromptOutput | None = one("PromptOutput", required=True)
    prompt_input: PromptInput | None = one("PromptInput", required=True)


@element
class StructuredPersonalUserName(Extensible):
    """A personal name in parts."""

    prefix: str | None = text("Prefix")
    given_name: str | None = text("GivenName")
    initials: str | None = text("Initials")
    surname: str = text("Surname", required=True)
    suffix: str | None = text("Suffix")


@element
class PersonalNameInformation(Extensible):
    """A personal name in parts, in one piece, or both."""

    structured_personal_user_name: StructuredPersonalUserName | None = one("StructuredPersonalUserName")
    unstructured_personal_user_name: str | None = text("UnstructuredPersonalUserName")


@element
class OrganizationNameInformation(Extensible):
    """A name of an organization."""

    organization_name_type: SchemeValue | None = code("OrganizationNameType", required=True)
    organization_name: str = text("OrganizationName", required=True)


@element
class NameInformation(Extensible):
    """A name of a person, or names of an organization."""

    personal_name_information: PersonalNameInformation | None = one("PersonalNameInformation")
    organization_name_information: tuple[OrganizationNameInformation, ...] = many("OrganizationNameInformation")


@element
class StructuredAddress(Extensible):
    """A postal address in parts; either places and streets, or two lines."""

    location_within_building: str | None = text("LocationWithinBuilding")
    house_name: str | None = text("HouseName")
    street: str | None = text("Street")
    post_office_box: str | None = text("PostOfficeBox")
    district: str | None = text("District")
    line1: str | None = text("Line1")
    line2: str | None = text("Line2")
    locality: str | None = text("Locality")
    region: str | None = text("Region")
    country: str | None = text("Country")
    postal_code: str | None = text("PostalCode")
    care_of: str | None = text("CareOf")


@element
class UnstructuredAddress(Extensible):
    """A postal address as one text."""

    unstructured_address_type: SchemeValue | None = code("UnstructuredAddressType", required=True)
    unstructured_address_data: str = text("UnstructuredAddressData", required=True)


@element
class PhysicalAddress(Extensible):
    """A postal address."""

    structured_address: StructuredAddress | None = one("StructuredAddress")
    unstructured_address: UnstructuredAddress | None = one("UnstructuredAddress")
    physical_address_type: SchemeValue | None = code("PhysicalAddressType", required=True)


@element
class ElectronicAddress(Extensible):
    """An address that is no place: mail, telephone; the type says which."""

    electronic_address_type: SchemeValue | None = code("ElectronicAddressType", required=True)
    electronic_address_data: str = text("ElectronicAddressData", required=True)


@element
class UserAddressInformation(Extensible):
    """An address of a user, and what it is for."""

    user_address_role_type: SchemeValue | None = code("UserAddressRoleType", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)
    physical_address: PhysicalAddress | None = one("PhysicalAddress")
    electronic_address: ElectronicAddress | None = one("ElectronicAddress")


@element
class AgencyAddressInformation(Extensible):
    """An address of an agency, and what it is for."""

    agency_address_role_type: SchemeValue | None = code("AgencyAddressRoleType", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)
    physical_address: PhysicalAddress | None = one("PhysicalAddress")
    electronic_address: ElectronicAddress | None = one("ElectronicAddress")


@element
class ShippingInformation(Extensible):
    """Where to send an item, and how."""

    shipping_instructions: str | None = text("ShippingInstructions")
    shipping_note: str | None = text("ShippingNote")
    physical_address: PhysicalAddress | None = one("PhysicalAddress")
    electronic_address: ElectronicAddress | None = one("ElectronicAddress")


@element
class AgencyFields(Extensible):
    """What can be known of an agency."""

    organization_name_information: tuple[OrganizationNameInformation, ...] = many("OrganizationNameInformation")
    agency_address_information: tuple[AgencyAddressInformation, ...] = many("AgencyAddressInformation")
    authentication_prompt: tuple[AuthenticationPrompt, ...] = many("AuthenticationPrompt")
    application_profile_supported_type: tuple[SchemeValue, ...] = codes("ApplicationProfileSupportedType")
    consortium_agreement: tuple[SchemeValue, ...] = codes("ConsortiumAgreement")
    agency_user_privilege_type: tuple[SchemeValue, ...] = codes("AgencyUserPrivilegeType")


@element
class AddAgencyFields(AgencyFields):
    """What to add to an agency's record."""


@element
class DeleteAgencyFields(AgencyFields):
    """What to take out of an agency's record."""
