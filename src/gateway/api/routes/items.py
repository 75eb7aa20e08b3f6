"""Items: one physical piece each."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi import Query
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import ITEM_READ, R, describe
from gateway.api.door import Commanding, Conditional
from gateway.api.fields import IdInPath, Text
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

items = router("items")


@items.get(
    "/items",
    **describe(
        req.ItemGet,
        out.ItemOutcome,
        "Look an item up by its barcode",
        examples.ITEM_OUTCOME,
        refusals=ITEM_READ,
        conditional=True,
        operation_id="item_find",
    ),
)
async def find(call: Conditional, barcode: Annotated[Text, Query(description="As scanned")]) -> Response:
    return call.respond_conditionally(await call.ask(req.ItemGet(item=barcode), out.ItemOutcome), keep=True)


@items.get(
    "/items/{item_id}",
    **describe(
        req.ItemGet, out.ItemOutcome, "Read an item", examples.ITEM_OUTCOME, refusals=ITEM_READ, conditional=True
    ),
)
async def read(call: Conditional, item_id: IdInPath) -> Response:
    return call.respond_conditionally(await call.ask(req.ItemGet(item_id=item_id), out.ItemOutcome), keep=True)


@items.patch(
    "/items/{item_id}",
    **describe(
        req.ItemUpdate,
        out.ItemOutcome,
        "Change what is kept on an item",
        examples.ITEM_OUTCOME,
        refusals=(*ITEM_READ, R.ITEM_UNAVAILABLE),
        body=True,
    ),
)
async def change(call: Commanding, item_id: IdInPath, body: Annotated[bodies.ItemChange, FromBody()]) -> Response:
    return call.respond(await call.command(req.ItemUpdate(item_id=item_id, **body.given()), out.ItemOutcome))
