"""37 and its answer 38: a payment that the kiosk has taken. Only sums that are certain are booked."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.sip2._common import (
    Field,
    Result,
    amount,
    echo,
    institution,
    missing,
    no_lines,
    pin,
    screen,
    sip_now,
    value,
)
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical import requests as req
from gateway.canonical.money import parse_amount
from gateway.canonical.outcomes import PaymentOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import PaymentMethod
from gateway.crosswalks.sip2 import FEE_TYPE_OF, PAYMENT_METHOD_OF
from library_protocols.sip2.charset import printable
from library_protocols.sip2.messages import Message, build


def read(message: Message, s: Surroundings) -> req.Request | Refusal:
    """37: several CG name several charges; a blank currency is the member's own."""
    patron, paid = value(message, "AA"), value(message, "BV")
    if patron is None or paid is None:
        return missing(*(["AA"] if patron is None else []), *(["BV"] if paid is None else []))
    currency = message.fixed["currency_type"].strip()
    if currency and currency != s.currency:
        return Refusal(
            code=RefusalCode.PAYMENT_WRONG_CURRENCY, detail={"given": printable(currency), "currency": s.currency}
        )
    money = parse_amount(paid, s.currency)
    if money is None or money.amount <= 0:
        return Refusal(code=RefusalCode.PAYMENT_INVALID_AMOUNT, detail={"given": paid})
    fee_ids = [printable(item.strip()) for item in message.get_all("CG")]
    return req.FeePay(
        patron=patron,
        pin=pin(message, s),
        amount=money,
        method=PAYMENT_METHOD_OF.get(message.fixed["payment_type"], PaymentMethod.OTHER),
        fee_ids=tuple(dict.fromkeys(item for item in fee_ids if item)),
        fee_type=FEE_TYPE_OF.get(message.fixed["fee_type"]),
        external_ref=value(message, "BK") if s.profile.fees.payment_reference == "terminal" else None,
    )


def answer(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None) -> Message:
    """38. A payment that was taken before is accepted again and not taken again."""
    fields: list[Field] = [("AO", institution(message, s)), ("AA", echo(message, "AA"))]
    reference = echo(message, "BK")
    if isinstance(result, Refusal | PlatformFailure):
        fields += [("BK", reference or None), *no_lines(result, s, language)]
        return build("38", fields=fields, payment_accepted="N", transaction_date=sip_now(s, now))
    assert isinstance(result, PaymentOutcome)
    fields.append(("BK", reference or result.payment.id))
    if s.profile.fees.groups:
        for line in result.payment.lines:
            fields += [("CG", line.fee_id), ("FA", amount(line.balance)), ("FG", amount(line.amount))]
    fields += screen(result.messages, s, language)
    return build("38", fields=fields, payment_accepted="Y", transaction_date=sip_now(s, now))
