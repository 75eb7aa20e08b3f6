"""Items: one physical piece each; those of interlibrary loans come and go."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi import Query
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import ITEM_READ, PATRON_READ, PIN, R, describe
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


@items.post(
    "/items",
    **describe(
        req.ItemCreate,
        out.ItemOutcome,
        "Make an item",
        examples.ITEM_OUTCOME,
        refusals=(R.BIB_NOT_FOUND,),
        status=201,
        body=True,
    ),
)
async def create(call: Commanding, body: Annotated[bodies.NewItem, FromBody()]) -> Response:
    return call.respond(await call.command(req.ItemCreate(**body.given()), out.ItemOutcome), 201)


@items.patch(
    "/items/{item_id}",
    **describe(
        req.ItemUpdate,
        out.ItemOutcome,
        "Change what is kept on an item, where it is, or how it stands",
        examples.ITEM_OUTCOME,
        refusals=(*ITEM_READ, R.ITEM_UNAVAILABLE),
        body=True,
    ),
)
async def change(call: Commanding, item_id: IdInPath, body: Annotated[bodies.ItemChange, FromBody()]) -> Response:
    return call.respond(await call.command(req.ItemUpdate(item_id=item_id, **body.given()), out.ItemOutcome))


@items.delete(
    "/items/{item_id}",
    **describe(
        req.ItemDelete,
        out.ItemOutcome,
        "Take an item away",
        examples.ITEM_OUTCOME,
        refusals=(*ITEM_READ, R.ITEM_UNAVAILABLE),
    ),
)
async def delete(
    call: Commanding,
    item_id: IdInPath,
    only_temporary: Annotated[bool, Query(description="Refuse where it is the library's own")] = False,
) -> Response:
    asked = req.ItemDelete(item_id=item_id, only_temporary=only_temporary)
    return call.respond(await call.command(asked, out.ItemOutcome))


@items.post(
    "/items/{item_id}/reports",
    **describe(
        req.ItemReport,
        out.ItemOutcome,
        "Tell that an item is lost, missing, or claimed to be returned",
        examples.ITEM_OUTCOME,
        refusals=(*PATRON_READ, *PIN, *ITEM_READ, R.LOAN_NOT_FOUND, R.LOAN_OF_OTHER_PATRON, R.ITEM_UNAVAILABLE),
        body=True,
    ),
)
async def report(call: Commanding, item_id: IdInPath, body: Annotated[bodies.ReportBody, FromBody()]) -> Response:
    return call.respond(await call.command(req.ItemReport(item_id=item_id, **body.given()), out.ItemOutcome))


@items.post(
    "/items/{item_id}/recall",
    **describe(
        req.LoanRecall,
        out.LoanOutcome,
        "Ask for an item back that is on loan",
        examples.RECALLED_OUTCOME,
        refusals=(*ITEM_READ, R.LOAN_NOT_FOUND, R.RECALL_NOT_ALLOWED, R.INVALID_DATE),
        body=True,
    ),
)
async def recall(call: Commanding, item_id: IdInPath, body: Annotated[bodies.RecallBody, FromBody()]) -> Response:
    return call.respond(await call.command(req.LoanRecall(item_id=item_id, **body.given()), out.LoanOutcome))


@items.delete(
    "/items/{item_id}/recall",
    **describe(
        req.LoanRecallCancel,
        out.LoanOutcome,
        "Take a recall back",
        examples.LOAN_OUTCOME,
        refusals=(*ITEM_READ, R.LOAN_NOT_FOUND, R.UNDO_NOT_POSSIBLE),
    ),
)
async def cancel_recall(call: Commanding, item_id: IdInPath) -> Response:
    return call.respond(await call.command(req.LoanRecallCancel(item_id=item_id), out.LoanOutcome))
