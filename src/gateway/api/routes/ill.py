"""Interlibrary loans: pieces that have come from elsewhere, and what the other side says of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import PATRON_MAY, PATRON_READ, R, describe
from gateway.api.door import Commanding
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

ill = router("interlibrary loans")


@ill.post(
    "/interlibrary-loans",
    **describe(
        req.IllAccept,
        out.IllOutcome,
        "Take in a piece that has come, and hold it for its patron",
        examples.ARRIVED_OUTCOME,
        refusals=(
            *PATRON_READ, *PATRON_MAY, R.DUPLICATE_HOLD, R.HOLD_NOT_ALLOWED, R.LIMIT_REACHED, R.PICKUP_INVALID,
            R.INVALID_DATE,
        ),
        status=201,
        body=True,
    ),
)  # fmt: skip
async def accept(call: Commanding, body: Annotated[bodies.ArrivalBody, FromBody()]) -> Response:
    return call.respond(await call.command(req.IllAccept(**body.given()), out.IllOutcome), 201)


@ill.post(
    "/interlibrary-loans/notes",
    **describe(
        req.IllNote,
        out.IllOutcome,
        "Put on record that a piece was shipped or received",
        examples.SHIPPED_OUTCOME,
        refusals=(R.INVALID_DATE,),
        body=True,
    ),
)
async def note(call: Commanding, body: Annotated[bodies.ShipmentNote, FromBody()]) -> Response:
    return call.respond(await call.command(req.IllNote(**body.given()), out.IllOutcome))
