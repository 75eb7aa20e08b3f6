"""17 and 19 and their answers 18 and 20: what an item is, and what a terminal may store on it."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.sip2._common import (
    Field,
    No,
    Result,
    amount,
    due_text,
    echo,
    institution,
    missing,
    no_lines,
    optional,
    screen,
    sip_date,
    sip_now,
    value,
)
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical import requests as req
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import ItemOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.vocabulary import ItemStatus
from gateway.crosswalks.sip2 import FEE_TYPE, ITEM_STATUS, MEDIA_TYPE, SECURITY_MARKER
from library_protocols.sip2.messages import Message, build


def read_information(message: Message, s: Surroundings) -> req.Request | Refusal:
    item = value(message, "AB")
    return missing("AB") if item is None else req.ItemGet(item=item)


def read_update(message: Message, s: Surroundings) -> req.Request | Refusal:
    """19: CH is stored as it came, empty included, because the kiosk owns its meaning."""
    item = value(message, "AB")
    if item is None or not message.has("CH"):
        return missing(*(["AB"] if item is None else []), *(["CH"] if not message.has("CH") else []))
    location = value(message, "AP") if s.profile.items.update_moves else None
    return req.ItemUpdate(item=item, properties=value(message, "CH") or "", current_location=location)


def _status(item: Item, s: Surroundings) -> str:
    if item.status is ItemStatus.REQUESTED:
        return s.profile.items.requested_status
    if item.status is ItemStatus.RESTRICTED_USE:
        return s.profile.items.restricted_status
    return ITEM_STATUS[item.status]


def answer_information(
    message: Message, s: Surroundings, result: Result, now: datetime, language: str | None
) -> Message:
    """18."""
    if isinstance(result, Refusal | PlatformFailure):
        return _unknown(message, s, result, now, language)
    assert isinstance(result, ItemOutcome)
    item = result.item
    queue = item.hold_queue_length
    fields: list[Field] = [
        *([("AO", institution(message, s))] if s.profile.items.institution_in_18 else []),
        *optional(
            [
                ("CF", None if queue is None else str(queue)),
                ("AH", due_text(item.due, item.due_precision, s) if item.due else None),
                ("CJ", sip_date(item.recalled_at, s)),
                ("CM", sip_date(item.hold_until, s)),
            ],
            s,
        ),
        ("AB", echo(message, "AB") or item.barcode),
        ("AJ", item.title),
        *optional(
            [
                ("BG", _owner(item, s)),
                ("BH", item.fee.currency if item.fee else None),
                ("BV", amount(item.fee) if item.fee else None),
            ],
            s,
        ),
        ("CK", MEDIA_TYPE[item.media_type]),
        *optional(
            [("AQ", item.permanent_location), ("AP", item.current_location), ("CH", item.properties)],
            s,
        ),
        *_sorter(item, s),
        *screen(result.messages, s, language),
    ]
    return build(
        "18",
        fields=fields,
        circulation_status=_status(item, s),
        security_marker=SECURITY_MARKER[item.security_marker],
        fee_type=FEE_TYPE[item.fee_type] if item.fee_type else "01",
        transaction_date=sip_now(s, now),
    )


def _owner(item: Item, s: Surroundings) -> str | None:
    """BG: the owner by the name that messages call it by, so that a kiosk may compare it with AO."""
    if item.owner_member == s.member:
        return s.institution
    return item.owner_member and item.owner_member.upper()


def _sorter(item: Item, s: Surroundings) -> list[Field]:
    if not s.profile.routing.item_fields:
        return []
    found = (("CR", item.collection), ("CS", item.call_number), ("CT", item.destination))
    return [(code, text) for code, text in found if text]


def _unknown(message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    fields: list[Field] = [
        *([("AO", institution(message, s))] if s.profile.items.institution_in_18 else []),
        ("AB", echo(message, "AB")),
        ("AJ", ""),
        *no_lines(no, s, language),
    ]
    return build(
        "18",
        fields=fields,
        circulation_status=ITEM_STATUS[ItemStatus.UNKNOWN],
        security_marker="00",
        fee_type="01",
        transaction_date=sip_now(s, now),
    )


def answer_update(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None) -> Message:
    """20: item properties ok is 1 when they were stored."""
    if isinstance(result, Refusal | PlatformFailure):
        fields: list[Field] = [("AB", echo(message, "AB")), ("AJ", ""), *no_lines(result, s, language)]
        return build("20", fields=fields, item_properties_ok="0", transaction_date=sip_now(s, now))
    assert isinstance(result, ItemOutcome)
    item = result.item
    fields = [
        ("AB", echo(message, "AB") or item.barcode),
        ("AJ", item.title),
        ("CH", item.properties or ""),
        *screen(result.messages, s, language),
    ]
    return build("20", fields=fields, item_properties_ok="1", transaction_date=sip_now(s, now))
