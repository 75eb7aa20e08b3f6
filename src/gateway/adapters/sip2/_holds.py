"""15 and its answer 16: placing, changing and withdrawing a hold. SIP2 names a hold by patron and item or title."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.sip2._common import (
    Field,
    Result,
    date_of,
    echo,
    institution,
    missing,
    no_lines,
    optional,
    pin,
    screen,
    sip_date,
    sip_now,
    value,
    yes,
    yes_no,
)
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical import requests as req
from gateway.canonical.outcomes import HoldOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import HoldLevel
from gateway.crosswalks.sip2 import HOLD_LEVEL_OF
from library_protocols.sip2.messages import Message, build


def read(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron, item, title = value(message, "AA"), value(message, "AB"), value(message, "AJ")
    bib = value(message, s.profile.fields.bib_id) if s.profile.fields.bib_id else None
    if patron is None:
        return missing("AA")
    if item is None and title is None and bib is None:
        return missing("AB")
    expiry = value(message, "BW")
    needed_before = date_of(expiry, s) if expiry else None
    if expiry and expiry.strip("0 ") and needed_before is None:
        return Refusal(code=RefusalCode.INVALID_DATE, detail={"field": "BW"})
    named = {
        "patron": patron,
        "pin": pin(message, s),
        "item": item,
        "bib_id": bib,
        "title": None if item or bib else title,
    }
    mode = message.fixed["hold_mode"]
    if mode == "-":
        return req.HoldCancel(**named)
    pickup = value(message, "BS")
    if mode == "*":
        return req.HoldUpdate(**named, pickup_location=pickup, needed_before=needed_before)
    if mode != "+":
        return Refusal(code=RefusalCode.BAD_REQUEST, detail={"field": "hold mode"})
    level = HOLD_LEVEL_OF.get(value(message, "BY") or "", HoldLevel.BIB)
    return req.HoldPlace(
        **named,
        level=level if item else HoldLevel.BIB,
        pickup_location=pickup,
        needed_before=needed_before,
        fee_acknowledged=yes(message.get("BO")),
    )


def answer(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None) -> Message:
    """16."""
    head: list[Field] = [("AO", institution(message, s)), ("AA", echo(message, "AA"))]
    if isinstance(result, Refusal | PlatformFailure):
        named = optional([("AB", echo(message, "AB")), ("AJ", echo(message, "AJ"))], s)
        fields = [*head, *named, *no_lines(result, s, language)]
        return build("16", fields=fields, ok="0", available="N", transaction_date=sip_now(s, now))
    assert isinstance(result, HoldOutcome)
    hold = result.hold
    position = hold.queue_position
    fields = [
        *optional(
            [
                ("BW", sip_date(hold.needed_before, s)),
                ("BR", None if position is None else str(position)),
                ("BS", hold.pickup_location),
            ],
            s,
        ),
        *head,
        *optional([("AB", echo(message, "AB") or hold.item_barcode), ("AJ", hold.title)], s),
        *screen(result.messages, s, language),
    ]
    return build("16", fields=fields, ok="1", available=yes_no(result.available), transaction_date=sip_now(s, now))
