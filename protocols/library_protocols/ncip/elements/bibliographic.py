"""What an item is a copy of, and where and in what shape it is."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    DATE_TIME,
    POSITIVE,
    Extensible,
    SchemeValue,
    code,
    element,
    many,
    one,
    text,
)
from library_protocols.ncip.elements.common import (
    BibliographicItemId,
    BibliographicRecordId,
    ComponentId,
    ItemId,
)


@element
class BibliographicDescription(Extensible):
    """A title."""

    author: str | None = text("Author")
    author_of_component: str | None = text("AuthorOfComponent")
    bibliographic_item_id: BibliographicItemId | None = one("BibliographicItemId")
    bibliographic_record_id: tuple[BibliographicRecordId, ...] = many("BibliographicRecordId")
    component_id: ComponentId | None = one("ComponentId")
    edition: str | None = text("Edition")
    pagination: str | None = text("Pagination")
    place_of_publication: str | None = text("PlaceOfPublication")
    publication_date: str | None = text("PublicationDate")
    publication_date_of_component: str | None = text("PublicationDateOfComponent")
    publisher: str | None = text("Publisher")
    series_title_number: str | None = text("SeriesTitleNumber")
    title: str | None = text("Title")
    title_of_component: str | None = text("TitleOfComponent")
    bibliographic_level: SchemeValue | None = code("BibliographicLevel")
    sponsoring_body: str | None = text("SponsoringBody")
    electronic_data_format_type: SchemeValue | None = code("ElectronicDataFormatType")
    language: SchemeValue | None = code("Language")
    medium_type: SchemeValue | None = code("MediumType")


@element
class ChronologyLevelInstance(Extensible):
    """One level of a date of an issue, such as its year."""

    chronology_level: str | None = text("ChronologyLevel", POSITIVE)
    chronology_caption: str | None = text("ChronologyCaption")
    chronology_value: str = text("ChronologyValue", required=True)


@element
class HoldingsChronology(Extensible):
    """The date of an issue."""

    chronology_level_instance: tuple[ChronologyLevelInstance, ...] = many("ChronologyLevelInstance", required=True)


@element
class EnumerationLevelInstance(Extensible):
    """One level of a number of an issue, such as its volume."""

    enumeration_level: str | None = text("EnumerationLevel", POSITIVE)
    enumeration_caption: str | None = text("EnumerationCaption")
    enumeration_value: str = text("EnumerationValue", required=True)


@element
class HoldingsEnumeration(Extensible):
    """The number of an issue."""

    enumeration_level_instance: tuple[EnumerationLevelInstance, ...] = many("EnumerationLevelInstance", required=True)


@element
class StructuredHoldingsData(Extensible):
    """What is held, in parts."""

    holdings_enumeration: HoldingsEnumeration | None = one("HoldingsEnumeration")
    holdings_chronology: HoldingsChronology | None = one("HoldingsChronology")


@element
class Holdings(Extensible):
    """What is held."""

    structured_holdings_data: tuple[StructuredHoldingsData, ...] = many("StructuredHoldingsData")
    unstructured_holdings_data: str | None = text("UnstructuredHoldingsData")


@element
class HoldingsInformation(Holdings):
    """What this item holds of a title."""


@element
class SummaryHoldingsInformation(Holdings):
    """What a set of items holds of a title."""


@element
class LocationNameInstance(Extensible):
    """One level of a place's name; 1 is the widest."""

    location_name_level: str = text("LocationNameLevel", POSITIVE, required=True)
    location_name_value: str = text("LocationNameValue", required=True)


@element
class LocationName(Extensible):
    """The name of a place, from the widest level to the narrowest."""

    location_name_instance: tuple[LocationNameInstance, ...] = many("LocationNameInstance", required=True)


@element
class Location(Extensible):
    """A place where items stand, and when."""

    location_type: SchemeValue | None = code("LocationType", required=True)
    location_name: LocationName | None = one("LocationName", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)


@element
class PhysicalCondition(Extensible):
    """In what state an item is."""

    physical_condition_type: SchemeValue | None = code("PhysicalConditionType", required=True)
    physical_condition_details: str | None = text("PhysicalConditionDetails")


@element
class ElectronicResource(Extensible):
    """A document as such, or where it is."""

    electronic_data_format_type: SchemeValue | None = code("ElectronicDataFormatType")
    actual_resource: str | None = text("ActualResource")
    reference_to_resource: str | None = text("ReferenceToResource")


@element
class ItemDescription(Extensible):
    """An item among the copies of its title."""

    visible_item_id: tuple[ItemId, ...] = many("VisibleItemId", generation=1)
    call_number: str | None = text("CallNumber")
    copy_number: str | None = text("CopyNumber")
    item_description_level: SchemeValue | None = code("ItemDescriptionLevel")
    holdings_information: HoldingsInformation | None = one("HoldingsInformation")
    number_of_pieces: str | None = text("NumberOfPieces", POSITIVE)


@element
class Destination(Extensible):
    """Where an item goes: a place, a bin of a sorter, or both."""

    bin_number: str | None = text("BinNumber")
    location: Location | None = one("Location")
