"""Charges and payments. A patron's open charges are listed at the patron."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import ITEM_READ, PATRON_READ, PIN, R, describe
from gateway.api.door import Commanding
from gateway.api.fields import IdInPath
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

fees = router("fees")

_AMOUNT = (R.PAYMENT_INVALID_AMOUNT, R.PAYMENT_WRONG_CURRENCY)


@fees.post(
    "/fees",
    **describe(
        req.FeeCreate,
        out.FeeOutcome,
        "Charge a patron",
        examples.FEE_OUTCOME,
        refusals=(*PATRON_READ, *ITEM_READ, *_AMOUNT),
        status=201,
        also={200: "This charge had been made before (`duplicate`); nothing was charged now"},
        body=True,
    ),
)
async def charge(call: Commanding, body: Annotated[bodies.ChargeBody, FromBody()]) -> Response:
    made = await call.command(req.FeeCreate(**body.given()), out.FeeOutcome)
    return call.respond(made, 200 if made.duplicate else 201)


@fees.post(
    "/fees/{fee_id}/waivers",
    **describe(
        req.FeeWaive,
        out.FeeOutcome,
        "Waive a charge, or a part of it",
        examples.FEE_OUTCOME,
        refusals=(R.FEE_NOT_FOUND, *_AMOUNT, R.PAYMENT_EXCEEDS_BALANCE),
        body=True,
    ),
)
async def waive(call: Commanding, fee_id: IdInPath, body: Annotated[bodies.Waiver, FromBody()]) -> Response:
    return call.respond(await call.command(req.FeeWaive(fee_id=fee_id, **body.given()), out.FeeOutcome))


@fees.post(
    "/payments",
    **describe(
        req.FeePay,
        out.PaymentOutcome,
        "Pay charges, all or in part",
        examples.PAYMENT_OUTCOME,
        refusals=(*PATRON_READ, *PIN, R.FEE_NOT_FOUND, *_AMOUNT, R.PAYMENT_EXCEEDS_BALANCE),
        status=201,
        also={200: "This payment had been taken before (`duplicate`); nothing was taken now"},
        body=True,
    ),
)
async def pay(call: Commanding, body: Annotated[bodies.PaymentBody, FromBody()]) -> Response:
    paid = await call.command(req.FeePay(**body.given()), out.PaymentOutcome)
    return call.respond(paid, 200 if paid.duplicate else 201)
