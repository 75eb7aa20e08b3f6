"""Holds: a place in the queue for a title or an item. A patron's holds are listed at the patron."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi import Query
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import ITEM_READ, PATRON_MAY, PATRON_READ, PIN, R, describe
from gateway.api.door import Commanding, Conditional
from gateway.api.fields import IdInPath, Note, Text
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

holds = router("holds")

_KNOWN = (R.HOLD_NOT_FOUND, R.HOLD_ALREADY_PROCESSED)


@holds.post(
    "/holds",
    **describe(
        req.HoldPlace,
        out.HoldOutcome,
        "Place a hold",
        examples.HOLD_OUTCOME,
        refusals=(
            *PATRON_READ, *PIN, *PATRON_MAY, *ITEM_READ, R.BIB_NOT_FOUND, R.DUPLICATE_HOLD, R.HOLD_NOT_ALLOWED,
            R.LIMIT_REACHED, R.PICKUP_INVALID, R.ITEM_UNAVAILABLE, R.FEE_ACK_REQUIRED, R.CONFIRMATION_REQUIRED,
            R.INVALID_DATE,
        ),
        status=201,
        body=True,
    ),
)  # fmt: skip
async def place(call: Commanding, body: Annotated[bodies.HoldBody, FromBody()]) -> Response:
    return call.respond(await call.command(req.HoldPlace(**body.given()), out.HoldOutcome), 201)


@holds.get(
    "/holds",
    **describe(
        req.HoldGet,
        out.HoldOutcome,
        "Look a hold up by what the other side calls it",
        examples.HOLD_OUTCOME,
        refusals=(R.HOLD_NOT_FOUND, R.HOLD_AMBIGUOUS),
        conditional=True,
        operation_id="hold_find",
    ),
)
async def find(
    call: Conditional,
    external_ref: Annotated[Text, Query(description="As given when the hold was placed; ended holds are found too")],
) -> Response:
    return call.respond_conditionally(await call.ask(req.HoldGet(external_ref=external_ref), out.HoldOutcome))


@holds.get(
    "/holds/{hold_id}",
    **describe(
        req.HoldGet,
        out.HoldOutcome,
        "Read a hold, also one that has ended",
        examples.HOLD_OUTCOME,
        refusals=(R.HOLD_NOT_FOUND,),
        conditional=True,
    ),
)
async def read(call: Conditional, hold_id: IdInPath) -> Response:
    return call.respond_conditionally(await call.ask(req.HoldGet(hold_id=hold_id), out.HoldOutcome))


@holds.patch(
    "/holds/{hold_id}",
    **describe(
        req.HoldUpdate,
        out.HoldOutcome,
        "Change where a hold is collected, or until when it is wanted or suspended",
        examples.HOLD_OUTCOME,
        refusals=(*_KNOWN, *PIN, R.PATRON_NOT_FOUND, R.PICKUP_INVALID, R.INVALID_DATE),
        body=True,
    ),
)
async def change(call: Commanding, hold_id: IdInPath, body: Annotated[bodies.HoldChange, FromBody()]) -> Response:
    return call.respond(await call.command(req.HoldUpdate(hold_id=hold_id, **body.given()), out.HoldOutcome))


@holds.delete(
    "/holds/{hold_id}",
    **describe(
        req.HoldCancel,
        out.HoldOutcome,
        "Cancel a hold",
        examples.HOLD_OUTCOME,
        refusals=(*_KNOWN, R.PATRON_NOT_FOUND),
    ),
)
async def cancel(
    call: Commanding, hold_id: IdInPath, reason: Annotated[Note | None, Query(description="For the record")] = None
) -> Response:
    return call.respond(await call.command(req.HoldCancel(hold_id=hold_id, reason=reason), out.HoldOutcome))
