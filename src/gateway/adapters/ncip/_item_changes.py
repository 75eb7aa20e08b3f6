"""Items made, changed, taken away and reported: CreateItem, UpdateItem, DeleteItem, UpdateCirculationStatus,
ReportCirculationStatusChange.

Each is one command: it is done whole or not at all. A peer that may not make items takes away only those that its own
interlibrary loans have brought.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.adapters.ncip._common import (
    clean,
    external_ref,
    foreign,
    item_id_out,
    item_needed,
    user_elements,
    user_id_out,
    user_of,
    value,
)
from gateway.adapters.ncip._items import bib_named, item_elements, item_optional_fields, words_of
from gateway.adapters.ncip._kept import first_unkept, says
from gateway.adapters.ncip._users import user_optional_fields
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import ItemOutcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import BibWords, ItemCreate, ItemDelete, ItemGet, ItemReport, ItemUpdate, PatronGet
from gateway.canonical.vocabulary import ItemStatus, ReportedAs, UseRestriction
from gateway.crosswalks.ncip_values import ITEM_STATUS, SECURITY_MARKER, USE_RESTRICTION, folded
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire

_UNKNOWN_VALUE = "Unknown Value From Known Scheme"
_FIELDS = frozenset(
    {"bibliographic_description", "item_use_restriction_type", "item_description", "location", "security_marker"}
)
_KEPT = {
    wire.AddItemFields: _FIELDS,
    wire.BibliographicDescription: frozenset(
        {
            "author",
            "bibliographic_item_id",
            "bibliographic_record_id",
            "edition",
            "publication_date",
            "publisher",
            "title",
            "language",
            "medium_type",
        }
    ),
    wire.ItemDescription: frozenset({"call_number", "copy_number", "holdings_information"}),
    wire.HoldingsInformation: frozenset({"unstructured_holdings_data"}),
    wire.Location: frozenset({"location_type", "location_name"}),
}
_EMPTIED = {
    wire.DeleteItemFields: frozenset({"item_use_restriction_type", "item_description"}),
    wire.ItemDescription: frozenset({"call_number", "copy_number", "holdings_information"}),
    wire.HoldingsInformation: frozenset({"unstructured_holdings_data"}),
}
"""What can be emptied: an item has a title and a location always."""
_CONFLICTS = {
    "incomplete": ("Needed Data Missing", "BibliographicDescription/Title", "A title is needed."),
    "shared_title": ("Unable To Add Element", "BibliographicDescription", "Other items have this title too."),
    "catalogued": ("Unable To Add Element", "BibliographicDescription", "The library has catalogued this title."),
    "unknown_location": (_UNKNOWN_VALUE, "Location", "The library has no such location."),
}
"""Problem, element and words by what a conflict is about; others are the service's own."""
_UNKNOWN = {"location": "Location", "status": "CirculationStatus"}
"""Element by the field whose value the platform does not know."""


async def create_item(work: Work, message: Any) -> wire.CreateItemResponse:
    """A new item: of a record of ours where the description names one, else of a title made of its words."""
    described: wire.BibliographicDescription | None = message.bibliographic_description
    if described is None or not says(described):
        raise work.missing("BibliographicDescription")
    bib_id = await _own_record(work, described)
    about = message.item_description or wire.ItemDescription()
    request = ItemCreate(
        item=clean(message.item_id.item_identifier_value) if message.item_id is not None else None,
        bib_id=bib_id,
        words=BibWords() if bib_id else words_of(work, described),
        status=_status(work, message.circulation_status) or ItemStatus.AVAILABLE,
        item_type=work.profile.item_type,
        location=_location(message.location, "permanent location", "current location", "temporary location"),
        call_number=clean(about.call_number),
        copy_number=clean(about.copy_number),
        enumeration=_enumeration(about),
        restrictions=_restrictions(work, message.item_use_restriction_type),
        security_marker=SECURITY_MARKER.read(message.security_marker),
        on_duplicate=work.profile.on_duplicate,
        external_ref=external_ref(work, message),
    )
    item = _done(work, await work.perform(request), request)
    return wire.CreateItemResponse(item_id=item_id_out(work, item))


async def update_item(work: Work, message: Any) -> wire.UpdateItemResponse:
    """Changes what is kept of an item. An element that is not kept is refused, and then nothing is changed."""
    barcode = _own_barcode(work, message)
    added = message.add_item_fields or wire.AddItemFields()
    deleted = message.delete_item_fields or wire.DeleteItemFields()
    if not says(added) and not says(deleted):
        raise work.missing("AddItemFields")
    if (path := first_unkept(added, _KEPT, "AddItemFields")) is not None:
        raise work.stop_with("Unable To Add Element", path, detail="NOT_KEPT: This is not kept of an item.")
    if (path := first_unkept(deleted, _EMPTIED, "DeleteItemFields")) is not None:
        raise work.stop_with("Unable To Delete Element", path, detail="NOT_EMPTIED: This cannot be emptied.")
    about = added.item_description or wire.ItemDescription()
    gone = deleted.item_description or wire.ItemDescription()
    marker = SECURITY_MARKER.read(added.security_marker)
    if says(added.security_marker) and marker is None:
        raise _unknown(work, "AddItemFields/SecurityMarker", added.security_marker)
    described = added.bibliographic_description
    request = ItemUpdate(
        item=barcode,
        security_marker=marker,
        permanent_location=_location(added.location, "permanent location"),
        current_location=_location(added.location, "current location", "temporary location"),
        call_number=clean(about.call_number),
        copy_number=clean(about.copy_number),
        enumeration=_enumeration(about),
        restrictions=await _restrictions_after(work, barcode, added, deleted),
        words=words_of(work, described) if described is not None and says(described) else None,
        cleared=frozenset(
            name
            for name, said in (
                ("call_number", gone.call_number),
                ("copy_number", gone.copy_number),
                ("enumeration", _enumeration(gone)),
            )
            if clean(said)
        ),
    )
    item = _done(work, await work.perform(request), request, "AddItemFields/")
    return wire.UpdateItemResponse(item_id=item_id_out(work, item))


async def _restrictions_after(
    work: Work, barcode: str, added: wire.AddItemFields, deleted: wire.DeleteItemFields
) -> tuple[UseRestriction, ...] | None:
    """The item's restrictions without those deleted, and with those added; None where neither is said."""
    more = _restrictions(work, added.item_use_restriction_type, "AddItemFields/ItemUseRestrictionType")
    less = _restrictions(work, deleted.item_use_restriction_type, "DeleteItemFields/ItemUseRestrictionType")
    if not more and not less:
        return None
    item = (await work.get(ItemOutcome, ItemGet(item=barcode))).item
    return tuple(dict.fromkeys((*(one for one in item.restrictions if one not in less), *more)))


async def delete_item(work: Work, message: Any) -> wire.DeleteItemResponse:
    """Takes an item away. One that is gone already is a problem only to a peer that wants it so."""
    barcode = _own_barcode(work, message)
    found = await work.perform(ItemGet(item=barcode))
    if isinstance(found, ItemOutcome) and _of_another(work, found.item):
        raise work.stop_with(
            "Item Access Denied",
            "ItemId/ItemIdentifierValue",
            detail="OTHER_TRANSACTION: This item belongs to somebody else's interlibrary loan.",
        )
    staff = "CreateItem" in work.peer.services
    answer = await work.perform(ItemDelete(item=barcode, only_temporary=not staff))
    if isinstance(answer, Refusal):
        gone = answer.code is RefusalCode.ITEM_NOT_FOUND
        if not gone or work.profile.delete_missing == "problem":
            raise work.stop(answer, "ItemId/ItemIdentifierValue")
    return wire.DeleteItemResponse(item_id=item_id_out(work, barcode))


def _of_another(work: Work, item: Item) -> bool:
    """Whether another peer's transaction has brought the item."""
    return item.external_ref is not None and work.peer.own_ref(item.external_ref) is None


async def update_circulation_status(work: Work, message: Any) -> wire.UpdateCirculationStatusResponse:
    """Gives an item another status, as a desk would see it."""
    barcode = _own_barcode(work, message)
    if not says(message.circulation_status):
        raise work.missing("CirculationStatus")
    request = ItemUpdate(item=barcode, status=_status(work, message.circulation_status))
    item = _done(work, await work.perform(request), request)
    return wire.UpdateCirculationStatusResponse(item_id=item_id_out(work, item))


async def report_circulation_status_change(work: Work, message: Any) -> wire.ReportCirculationStatusChangeResponse:
    """What a user, or who looked for it, says of an item."""
    barcode = _own_barcode(work, message)
    reported = _reported(message)
    if reported is None:
        raise work.missing("ItemReportedReturned")
    user = await user_of(work, message)
    named: Any = user.named if user is not None else {}
    request = ItemReport(**named, item=barcode, reported_as=reported)
    item = _done(work, await work.perform(request), request)
    elements = user_elements(work, message.user_element_type)
    fields: dict[str, Any] = {}
    if user is not None:
        found = await work.perform(PatronGet(**user.named))
        if isinstance(found, PatronOutcome):
            fields["user_id"] = user_id_out(work, found.patron, user.typed)
            fields["user_optional_fields"] = user_optional_fields(work, found.patron, elements)
    return wire.ReportCirculationStatusChangeResponse(
        item_id=item_id_out(work, item),
        item_optional_fields=item_optional_fields(work, item, item_elements(work, message.item_element_type)),
        **fields,
    )


def _reported(message: Any) -> ReportedAs | None:
    said = {
        ReportedAs.RETURNED: message.item_reported_returned is not None,
        ReportedAs.NEVER_BORROWED: message.item_reported_never_borrowed,
        ReportedAs.LOST: message.item_reported_lost,
        ReportedAs.MISSING: message.item_reported_missing,
    }
    return next((word for word, there in said.items() if there), None)


# What the messages say


def _own_barcode(work: Work, message: Any) -> str:
    """The item that the message names. Raises Stopped for none, and for another member's."""
    barcode = item_needed(work, message)
    if message.item_id is not None and foreign(work, message.item_id.agency_id):
        raise work.stop(Refusal(code=RefusalCode.ITEM_NOT_FOUND))
    return barcode


async def _own_record(work: Work, described: wire.BibliographicDescription) -> str | None:
    """The record of ours that a description names by the agency that keeps it."""
    for record in described.bibliographic_record_id:
        if value(record.agency_id) and work.peer.owner_of(value(record.agency_id)) == work.peer.member.code:
            return await bib_named(work, wire.BibliographicId(bibliographic_record_id=record))
    return None


def _status(work: Work, sent: SchemeValue | None) -> ItemStatus | None:
    status = ITEM_STATUS.read(sent)
    if status is None and says(sent):
        raise _unknown(work, "CirculationStatus", sent)
    return status


def _restrictions(
    work: Work, sent: Iterable[SchemeValue], path: str = "ItemUseRestrictionType"
) -> tuple[UseRestriction, ...]:
    found = []
    for one in sent:
        word = USE_RESTRICTION.read(one)
        if word is None and says(one):
            raise _unknown(work, path, one)
        found += [word] if word is not None else []
    return tuple(found)


def _unknown(work: Work, path: str | None, sent: SchemeValue | str | None) -> Exception:
    said = value(sent) if isinstance(sent, SchemeValue) else sent
    return work.stop_with(_UNKNOWN_VALUE, path, said, "UNKNOWN_VALUE: This value says nothing here.")


def _location(sent: Iterable[wire.Location], *kinds: str) -> str | None:
    """The narrowest name of the first location of these types, the first type first."""
    by_kind = {folded(one.location_type): one for one in reversed(tuple(sent))}
    for kind in kinds:
        named = by_kind[kind].location_name if kind in by_kind else None
        names = sorted(named.location_name_instance, key=lambda one: one.location_name_level) if named else ()
        if names and (code := clean(names[-1].location_name_value)):
            return code
    return None


def _enumeration(about: wire.ItemDescription) -> str | None:
    held = about.holdings_information
    return clean(held.unstructured_holdings_data) if held is not None else None


def _done(work: Work, answer: object, request: ItemCreate | ItemUpdate | ItemReport, below: str = "") -> Item:
    """The item after a change. Raises Stopped with the element that a refusal is about, and what the request had of it;
    what was changed stands `below` that path."""
    if isinstance(answer, ItemOutcome):
        return answer.item
    assert isinstance(answer, Refusal)
    kind = str(answer.detail.get("kind"))
    if answer.code is RefusalCode.CONFLICT and kind == "unknown_value":
        field = next((name for name in answer.detail.get("fields") or () if name in _UNKNOWN), None)
        path = below + _UNKNOWN[field] if field is not None else None
        raise _unknown(work, path, getattr(request, "location", None) if field == "location" else None)
    if answer.code is not RefusalCode.CONFLICT or kind not in _CONFLICTS:
        raise work.stop(answer, "ItemId/ItemIdentifierValue" if kind == "barcode" else None)
    type_, element, words = _CONFLICTS[kind]
    places = (getattr(request, name, None) for name in ("location", "permanent_location", "current_location"))
    sent = next(filter(None, places), None) if element == "Location" else None
    raise work.stop_with(type_, below + element, sent, f"CONFLICT.{kind}: {words}")
