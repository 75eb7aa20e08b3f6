"""Items and titles as they are told: LookupItem, ItemOptionalFields for every answer that may have them, and what a
message says of a title.

Who has an item or waits for it is told nobody, whatever is desired: a peer that may see a user's loans asks for those.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.adapters.ncip._common import (
    agency,
    clean,
    external_ref,
    foreign,
    item_id_out,
    item_named,
    request_id_out,
    request_named,
    value,
    wanted,
    written,
)
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Bib, Item
from gateway.canonical.outcomes import BibOutcome, HoldOutcome, ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import BibGet, BibWords, HoldGet, ItemGet
from gateway.canonical.vocabulary import ItemStatus, UseRestriction
from gateway.crosswalks.languages import iso_639_2, tag_of
from gateway.crosswalks.ncip_values import ITEM_STATUS, MEDIA, SECURITY_MARKER, USE_RESTRICTION, folded
from library_protocols.ncip import SchemeValue, scheme_value
from library_protocols.ncip import messages as wire

ITEM_ELEMENTS = frozenset(
    {
        "bibliographic description",
        "circulation status",
        "hold queue length",
        "item description",
        "item use restriction type",
        "location",
        "security marker",
        "sensitization flag",
    }
)
"""ItemElementTypes that are known of an item here, in lower case: nobody keeps its physical condition."""
_LENT = (ItemStatus.ON_LOAN, ItemStatus.ON_LOAN_NO_RECALL, ItemStatus.RECALLED)
_OUR_NUMBERS = frozenset({"", "accession number", "legal deposit number"})
"""Codes under which discovery layers send the number of a record of ours; other numbers would have to be searched."""


def item_elements(work: Work, types: Iterable[SchemeValue]) -> frozenset[str]:
    """ItemElementTypes that this peer gets, in lower case: those asked for, or what its profile has for no question."""
    asked = wanted(types)
    if not asked and work.profile.elements_unasked == "all":
        return ITEM_ELEMENTS
    return asked


async def lookup_item(work: Work, message: Any) -> wire.LookupItemResponse:
    """An item by its barcode, or the one that a request of the peer has found."""
    elements = item_elements(work, message.item_element_type)
    asked_by_item = item_named(message) is not None
    item = await _item_of(work, message)
    bib = await bib_of(work, item.bib_id) if "bibliographic description" in elements else None
    fields = item_optional_fields(work, item, elements, bib)
    return wire.LookupItemResponse(
        request_id=None if asked_by_item else request_id_out(work, external_ref(work, message), request_named(message)),
        item_id=item_id_out(work, item),
        hold_pickup_date=written(item.hold_until),
        date_recalled=written(item.recalled_at),
        item_optional_fields=fields,
    )


async def _item_of(work: Work, message: Any) -> Item:
    barcode = item_named(message)
    if barcode is not None:
        if message.item_id is not None and foreign(work, message.item_id.agency_id):
            raise work.stop(Refusal(code=RefusalCode.ITEM_NOT_FOUND))
        return (await work.get(ItemOutcome, ItemGet(item=barcode))).item
    if request_named(message) is None:
        raise work.missing("ItemId")
    found = await hold_named(work, message)
    if found.item is not None:
        return found.item
    item_id = found.hold.filled_item_id or found.hold.item_id
    if item_id is None:
        raise work.stop(Refusal(code=RefusalCode.ITEM_NOT_FOUND), "RequestId/RequestIdentifierValue")
    return (await work.get(ItemOutcome, ItemGet(item_id=item_id), element="RequestId/RequestIdentifierValue")).item


async def hold_named(work: Work, message: Any) -> HoldOutcome:
    """The hold that RequestId names: what this peer called it, else the number that it was given here. Raises
    Stopped."""
    named = request_named(message)
    answer = await work.perform(HoldGet(external_ref=external_ref(work, message)))
    if isinstance(answer, Refusal) and answer.code is RefusalCode.HOLD_NOT_FOUND:
        answer = await work.perform(HoldGet(hold_id=named))
    if isinstance(answer, Refusal):
        raise work.stop(answer, "RequestId/RequestIdentifierValue")
    assert isinstance(answer, HoldOutcome)
    return answer


async def bib_of(work: Work, bib_id: str | None) -> Bib | None:
    """A title with what is known of it; None where the peer may not ask or nothing is known."""
    if bib_id is None:
        return None
    answer = await work.perform(BibGet(bib_id=bib_id))
    return answer.bib if isinstance(answer, BibOutcome) else None


# Answers


def item_optional_fields(
    work: Work, item: Item, elements: frozenset[str], bib: Bib | None = None
) -> wire.ItemOptionalFields | None:
    """What is told of an item: the ItemElementTypes of `elements`, in lower case. None where nothing is left to tell.
    With `bib` its title is described in full."""
    if not elements & ITEM_ELEMENTS:
        return None
    status = "circulation status" in elements
    queue = item.hold_queue_length if "hold queue length" in elements else None
    marked = "security marker" in elements
    return wire.ItemOptionalFields(
        bibliographic_description=description_out(work, item, bib) if "bibliographic description" in elements else None,
        item_use_restriction_type=restrictions_out(item.restrictions)
        if "item use restriction type" in elements
        else (),
        circulation_status=ITEM_STATUS.write(item.status) if status else None,
        hold_queue_length=str(queue) if queue is not None else None,
        item_description=_item_description(item) if "item description" in elements else None,
        location=locations_out(item) if "location" in elements else (),
        security_marker=SECURITY_MARKER.write(item.security_marker) if marked else None,
        sensitization_flag="sensitization flag" in elements and item.magnetic is True,
        date_due=written(item.due) if status and item.status in _LENT else None,
    )


def description_out(work: Work, item: Item | None, bib: Bib | None = None) -> wire.BibliographicDescription:
    """A title as far as it is known: with the record's own words where `bib` is there, else those that the item has."""
    bib_id = bib.id if bib is not None else item.bib_id if item is not None else None
    media = bib.media_type if bib is not None else None
    if media is None and item is not None:
        media = item.media_type
    title = bib.title if bib is not None else item.title if item is not None else None
    author = bib.author if bib is not None else item.author if item is not None else None
    records = [_record_id(bib_id, agency_id=agency(work))] if bib_id else []
    if bib is not None:
        oclc = scheme_value("BibliographicRecordIdentifierCode", "OCLC")
        records += [_record_id(number, code=oclc) for number in bib.oclc]
    language = _language(bib.language) if bib is not None else None
    return wire.BibliographicDescription(
        author=author,
        bibliographic_item_id=_item_number(bib) if bib is not None else None,
        bibliographic_record_id=tuple(records),
        edition=bib.edition if bib is not None else None,
        publication_date=bib.year if bib is not None else None,
        publisher=bib.publisher if bib is not None else None,
        title=title or None,
        language=scheme_value("Language", language) if language else None,
        medium_type=MEDIA.write(media) if media is not None else None,
    )


def _record_id(
    number: str, *, agency_id: SchemeValue | None = None, code: SchemeValue | None = None
) -> wire.BibliographicRecordId:
    return wire.BibliographicRecordId(
        bibliographic_record_identifier=number, agency_id=agency_id, bibliographic_record_identifier_code=code
    )


def _item_number(bib: Bib) -> wire.BibliographicItemId | None:
    for code, numbers in (("ISBN", bib.isbn), ("ISSN", bib.issn)):
        if numbers:
            return wire.BibliographicItemId(
                bibliographic_item_identifier=numbers[0],
                bibliographic_item_identifier_code=scheme_value("BibliographicItemIdentifierCode", code),
            )
    return None


def bib_id_out(work: Work, bib_id: str) -> wire.BibliographicId:
    """A title of ours by its record's number."""
    return wire.BibliographicId(bibliographic_record_id=_record_id(bib_id, agency_id=agency(work)))


def restrictions_out(restrictions: Iterable[UseRestriction]) -> tuple[SchemeValue, ...]:
    """ItemUseRestrictionTypes, as far as NCIP has words for them."""
    return tuple(filter(None, map(USE_RESTRICTION.write, restrictions)))


def _item_description(item: Item) -> wire.ItemDescription | None:
    held = item.enumeration
    holdings = wire.HoldingsInformation(unstructured_holdings_data=held) if held else None
    if not (item.call_number or item.copy_number or holdings):
        return None
    return wire.ItemDescription(
        call_number=item.call_number, copy_number=item.copy_number, holdings_information=holdings
    )


def locations_out(item: Item) -> tuple[wire.Location, ...]:
    """Where the item belongs, and where it is where that is elsewhere."""
    places = [("Permanent Location", item.permanent_location)]
    if item.current_location != item.permanent_location:
        places.append(("Current Location", item.current_location))
    return tuple(location_out(kind, code) for kind, code in places if code)


def location_out(kind: str, code: str) -> wire.Location:
    """A location by its code, of a LocationType."""
    name = wire.LocationNameInstance(location_name_level="1", location_name_value=code)
    return wire.Location(
        location_type=scheme_value("LocationType", kind),
        location_name=wire.LocationName(location_name_instance=(name,)),
    )


# What a message says of a title


def words_of(work: Work, description: wire.BibliographicDescription) -> BibWords:
    """What a description says of a title. A part of something, such as an article, is named with what it is in."""
    part, whole = clean(description.title_of_component), clean(description.title)
    title = f"{part} / {whole}" if part and whole else part or whole
    number = description.bibliographic_item_id
    kind, digits = _number(number) if number is not None else ("", None)
    oclc = tuple(
        found
        for record in description.bibliographic_record_id
        if folded(record.bibliographic_record_identifier_code) == "oclc"
        and (found := clean(record.bibliographic_record_identifier))
    )
    return BibWords(
        title=title,
        author=clean(description.author) or clean(description.author_of_component),
        publisher=clean(description.publisher),
        year=clean(description.publication_date),
        edition=clean(description.edition),
        isbn=(digits,) if digits and kind == "isbn" else (),
        issn=(digits,) if digits and kind == "issn" else (),
        oclc=oclc,
        media_type=MEDIA.read(description.medium_type),
        language=_language(value(description.language)),
    )


def _language(code: str | None) -> str | None:
    """Three letters of ISO 639-2, as libraries write them; of languages that no table has as they are."""
    known = iso_639_2(tag_of(code or ""))
    return known or (code.lower() if code and len(code) == 3 and code.isalpha() and code.isascii() else None)


def _number(number: wire.BibliographicItemId) -> tuple[str, str | None]:
    return folded(number.bibliographic_item_identifier_code), clean(number.bibliographic_item_identifier)


def bib_sent(sent: wire.BibliographicId) -> tuple[str | None, str]:
    """The number by which a message names a title, and the path below BibliographicId where it stands."""
    record, item = sent.bibliographic_record_id, sent.bibliographic_item_id
    if record is not None:
        return clean(record.bibliographic_record_identifier), "BibliographicRecordId/BibliographicRecordIdentifier"
    number = clean(item.bibliographic_item_identifier) if item is not None else None
    return number, "BibliographicItemId/BibliographicItemIdentifier"


async def bib_named(work: Work, sent: wire.BibliographicId) -> str | None:
    """The record of ours that a message means, which need not exist; None for other agencies' records and for numbers
    that are no record's (ISBN, OCLC, ...): one of these may stand for several titles."""
    record, item = sent.bibliographic_record_id, sent.bibliographic_item_id
    if record is not None:
        code = folded(record.bibliographic_record_identifier_code)
        if code not in _OUR_NUMBERS or foreign(work, record.agency_id):
            return None
    elif item is not None and folded(item.bibliographic_item_identifier_code) not in _OUR_NUMBERS:
        return None
    return bib_sent(sent)[0]
