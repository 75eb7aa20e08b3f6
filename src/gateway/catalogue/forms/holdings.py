"""Holdings in the forms that have them: fields in MARCXML, the OPAC record of Z39.50 and the XML that says the same.

Availability is asked for by the door, once for all records of an answer, and laid over the holdings by barcode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from gateway.canonical.entities import Item
from gateway.canonical.vocabulary import ItemStatus
from gateway.catalogue.forms.text import clean, shown
from gateway.catalogue.records import CatalogueRecord, Holding
from library_protocols.marc import DataField, from_marcxml, to_marcxml
from library_protocols.z3950.records import CircRecord, HoldingsAndCirc

_OWN_HOLDINGS = frozenset({"852", "863", "864", "865", "866", "867", "868", "876", "877", "878", "952"})
_ON_LOAN = frozenset({ItemStatus.ON_LOAN, ItemStatus.ON_LOAN_NO_RECALL, ItemStatus.RECALLED})
_FOR_SOMEONE = frozenset({ItemStatus.ON_HOLD_SHELF, ItemStatus.REQUESTED, ItemStatus.RECALLED})


def marcxml_with_holdings(record: CatalogueRecord) -> bytes:
    """The record with its holdings as published: 852 and 866 for each place, 952 for each piece.

    Fields of holdings that came with the record are left out, as they are older. 952 has Koha's letters, which
    `gateway import marc --items 952` reads: $a and $b the location, $c the collection, $o the call number, $p the
    barcode, $y the type of item. Whose it is says the 852 before it, in $a.
    """
    base = from_marcxml(record.marcxml)
    kept = [field for field in base.data if field.tag not in _OWN_HOLDINGS]
    return to_marcxml(base.replace(data=[*kept, *_fields(record.holdings)]))


def _fields(holdings: Sequence[Holding]) -> list[DataField]:
    found: list[DataField] = []
    for holding in holdings:
        member, place = holding.member.upper(), holding.location
        found.append(
            _field("852", ("a", member), ("b", place), ("c", holding.collection), ("h", holding.call_number),
                   ("z", holding.note))
        )  # fmt: skip
        if holding.summary:
            found.append(_field("866", ("a", holding.summary)))
        pieces = (
            _field("952", ("a", place), ("b", place), ("c", holding.collection), ("o", holding.call_number),
                   ("p", barcode), ("y", holding.item_type))
            for barcode in holding.barcodes
        )  # fmt: skip
        found += pieces
    return found


def _field(tag: str, *subfields: tuple[str, str]) -> DataField:
    return DataField(tag, "  ", tuple((code, clean(text)) for code, text in subfields if text))


def circulation(member: str, items: Sequence[Item]) -> dict[tuple[str, str], CircRecord]:
    """What an OPAC record says of each item of a member, by member and barcode: two members may use the same one."""
    return {(member, item.barcode): _circulation(item) for item in items}


def _circulation(item: Item) -> CircRecord:
    elsewhere = item.current_location if item.current_location != item.permanent_location else None
    return CircRecord(
        available_now=item.status is ItemStatus.AVAILABLE,
        availability_date=item.due.date().isoformat() if item.due and item.status in _ON_LOAN else None,
        restrictions=", ".join(restriction.value for restriction in item.restrictions) or None,
        item_id=item.barcode,
        renewable=item.status is ItemStatus.ON_LOAN,
        on_hold=item.status in _FOR_SOMEONE or bool(item.hold_queue_length),
        enum_and_chron=item.enumeration or None,
        temporary_location=elsewhere or None,
    )


def opac_holdings(
    record: CatalogueRecord, items: Mapping[tuple[str, str], CircRecord] | None = None
) -> tuple[HoldingsAndCirc, ...]:
    """The holdings of an OPAC record: one for each place, with the items of it that are in `items`, by member and
    barcode.

    Without items there is no circulation data: whether something is there now is only said when it was asked, here or
    at the server that the holding comes from.
    """
    known = items or {}
    return tuple(
        HoldingsAndCirc(
            nuc_code=holding.member.upper(),
            local_location=holding.location_name or holding.location,
            shelving_location=holding.collection or None,
            call_number=holding.call_number or None,
            copy_number=holding.copy_number or None,
            public_note=holding.note or None,
            enum_and_chron=holding.summary or None,
            circulation_data=holding.circulation
            or tuple(
                known[holding.member, barcode] for barcode in holding.barcodes if (holding.member, barcode) in known
            )
            or None,
        )
        for holding in record.holdings
    )


def opacxml(record: CatalogueRecord, items: Mapping[tuple[str, str], CircRecord] | None = None) -> bytes:
    """The OPAC record as XML, valid against opacxml.xsd; the bibliographic record in it is MARCXML."""
    places = "".join(f"<holding>{_place(holding)}</holding>" for holding in opac_holdings(record, items))
    start, end = "<opacRecord><bibliographicRecord>", "</bibliographicRecord><holdings>"
    return b"".join((start.encode(), record.marcxml, f"{end}{places}</holdings></opacRecord>".encode()))


def _place(holding: HoldingsAndCirc) -> str:
    texts = "".join(
        _element(field.name, value)
        for field in fields(holding)
        if isinstance(value := getattr(holding, field.name), str)
    )
    if not holding.circulation_data:
        return texts
    items = "".join(f"<circulation>{_item(item)}</circulation>" for item in holding.circulation_data)
    return f"{texts}<circulations>{items}</circulations>"


def _item(item: CircRecord) -> str:
    parts: list[str] = []
    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(value, bool):
            parts.append(f'<{_camel(field.name)} value="{int(value)}"/>')
        elif value:
            parts.append(_element(field.name, value))
    return "".join(parts)


def _element(name: str, text: str) -> str:
    tag = _camel(name)
    return f"<{tag}>{shown(text)}</{tag}>"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
