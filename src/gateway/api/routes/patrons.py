"""Patrons: who they are, what they have, what keeps them from borrowing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body as FromBody
from fastapi import Query
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import PATRON_MAY, PATRON_READ, PIN, R, describe
from gateway.api.door import Call, Commanding, Conditional, Reading
from gateway.api.fields import LIMIT, Cursor, IdInPath, Limit, Text
from gateway.api.paging import Page, cut
from gateway.api.routes import router
from gateway.canonical import entities as ent
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

patrons = router("patrons")


@patrons.get(
    "/patrons",
    **describe(
        req.PatronGet,
        out.PatronOutcome,
        "Look a patron up by any identifier",
        examples.PATRON_OUTCOME,
        refusals=PATRON_READ,
        conditional=True,
        operation_id="patron_find",
    ),
)
async def find(
    call: Conditional, identifier: Annotated[Text, Query(description="Barcode, user name, ... as typed or scanned")]
) -> Response:
    return call.respond_conditionally(await call.ask(req.PatronGet(patron=identifier), out.PatronOutcome))


@patrons.get(
    "/patrons/{patron_id}",
    **describe(
        req.PatronGet,
        out.PatronOutcome,
        "Read a patron",
        examples.PATRON_OUTCOME,
        refusals=PATRON_READ,
        conditional=True,
    ),
)
async def read(call: Conditional, patron_id: IdInPath) -> Response:
    return call.respond_conditionally(await call.ask(req.PatronGet(patron_id=patron_id), out.PatronOutcome))


@patrons.put(
    "/patrons/{patron_id}",
    **describe(
        req.PatronProvision,
        out.ProvisionOutcome,
        "Make a patron what is said here; account, PIN and blocks stay",
        examples.PROVISION_OUTCOME,
        refusals=PATRON_READ,
        body=True,
    ),
)
async def provision(call: Commanding, patron_id: IdInPath, body: Annotated[bodies.PatronBody, FromBody()]) -> Response:
    asked = req.PatronProvision(patron_id=patron_id, **body.given())
    return call.respond(await call.command(asked, out.ProvisionOutcome))


@patrons.delete(
    "/patrons/{patron_id}",
    **describe(
        req.PatronAnonymise,
        out.AnonymiseOutcome,
        "Remove who a patron was; refused while anything is owed",
        examples.ANONYMISE_OUTCOME,
        refusals=PATRON_READ,
    ),
)
async def anonymise(call: Commanding, patron_id: IdInPath) -> Response:
    return call.respond(await call.command(req.PatronAnonymise(patron_id=patron_id), out.AnonymiseOutcome))


@patrons.post(
    "/authentications",
    **describe(
        req.PatronAuthenticate,
        out.PatronOutcome,
        "Check a patron's PIN",
        examples.LOGIN_OUTCOME,
        refusals=(*PATRON_READ, *PIN, R.PATRON_AUTH_REQUIRED),
        body=True,
    ),
)
async def authenticate(call: Reading, body: Annotated[bodies.PatronLogin, FromBody()]) -> Response:
    return call.respond(await call.ask(req.PatronAuthenticate(**body.given()), out.PatronOutcome))


@patrons.get(
    "/patrons/{patron_id}/account",
    **describe(
        req.PatronAccount,
        out.AccountOutcome,
        "Read a patron with loans, holds and charges",
        examples.ACCOUNT_OUTCOME,
        refusals=PATRON_READ,
        conditional=True,
    ),
)
async def account(call: Conditional, patron_id: IdInPath) -> Response:
    asked = req.PatronAccount(patron_id=patron_id, loans=True, holds=True, fees=True)
    return call.respond_conditionally(await call.ask(asked, out.AccountOutcome))


def _list(kind: type[Any], name: str, summary: str, example: Any) -> dict[str, Any]:
    return describe(
        req.PatronAccount,
        Page[kind],
        summary,
        Page[kind](items=(example,)),
        refusals=PATRON_READ,
        operation_id=f"patron_{name}",
    )


async def _page(call: Call, patron_id: str, name: str, limit: int, cursor: str | None) -> Response:
    position = call.position(cursor)
    asked = req.PatronAccount.model_validate({"patron_id": patron_id, name: True})
    rows = getattr(await call.ask(asked, out.AccountOutcome), name)
    return call.page(*cut(rows, [row.id for row in rows], position, limit))


@patrons.get("/patrons/{patron_id}/loans", **_list(ent.Loan, "loans", "List a patron's open loans", examples.LOAN))
async def loans(call: Reading, patron_id: IdInPath, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    return await _page(call, patron_id, "loans", limit, cursor)


@patrons.get("/patrons/{patron_id}/holds", **_list(ent.Hold, "holds", "List a patron's open holds", examples.HOLD))
async def holds(call: Reading, patron_id: IdInPath, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    return await _page(call, patron_id, "holds", limit, cursor)


@patrons.get("/patrons/{patron_id}/fees", **_list(ent.Fee, "fees", "List a patron's open charges", examples.FEE))
async def fees(call: Reading, patron_id: IdInPath, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    return await _page(call, patron_id, "fees", limit, cursor)


@patrons.post(
    "/patrons/{patron_id}/blocks",
    **describe(
        req.PatronBlock,
        out.PatronOutcome,
        "Block a patron",
        examples.PATRON_OUTCOME,
        refusals=(*PATRON_READ, R.INVALID_DATE),
        status=201,
        body=True,
    ),
)
async def block(call: Commanding, patron_id: IdInPath, body: Annotated[bodies.BlockBody, FromBody()]) -> Response:
    asked = req.PatronBlock(patron_id=patron_id, **body.given())
    return call.respond(await call.command(asked, out.PatronOutcome), 201)


@patrons.delete(
    "/patrons/{patron_id}/blocks",
    **describe(
        req.PatronEnable,
        out.PatronOutcome,
        "Lift all stored blocks of a patron; notices stay",
        examples.PATRON_OUTCOME,
        refusals=PATRON_READ,
        operation_id="patron_enable_all",
    ),
)
async def enable(call: Commanding, patron_id: IdInPath) -> Response:
    return call.respond(await call.command(req.PatronEnable(patron_id=patron_id), out.PatronOutcome))


@patrons.delete(
    "/patrons/{patron_id}/blocks/{block_id}",
    **describe(
        req.PatronEnable,
        out.PatronOutcome,
        "Lift one block, or take a notice away",
        examples.PATRON_OUTCOME,
        refusals=(*PATRON_READ, R.BLOCK_NOT_FOUND),
    ),
)
async def lift(call: Commanding, patron_id: IdInPath, block_id: IdInPath) -> Response:
    asked = req.PatronEnable(patron_id=patron_id, block_id=block_id)
    return call.respond(await call.command(asked, out.PatronOutcome))


@patrons.post(
    "/patrons/{patron_id}/notices",
    **describe(
        req.PatronNotify,
        out.PatronOutcome,
        "Leave words for a patron, to be read at the next kiosk or desk",
        examples.NOTIFIED_OUTCOME,
        refusals=(*PATRON_READ, R.INVALID_DATE),
        status=201,
        body=True,
    ),
)
async def notify(call: Commanding, patron_id: IdInPath, body: Annotated[bodies.NoticeBody, FromBody()]) -> Response:
    asked = req.PatronNotify(patron_id=patron_id, **body.given())
    return call.respond(await call.command(asked, out.PatronOutcome), 201)


@patrons.post(
    "/patrons/{patron_id}/renewals",
    **describe(
        req.LoanRenewAll,
        out.RenewAllOutcome,
        "Renew everything a patron has",
        examples.RENEW_ALL_OUTCOME,
        refusals=(*PATRON_READ, *PIN, *PATRON_MAY, R.FEE_ACK_REQUIRED),
        body=True,
    ),
)
async def renew_all(
    call: Commanding, patron_id: IdInPath, body: Annotated[bodies.RenewAllBody, FromBody()]
) -> Response:
    asked = req.LoanRenewAll(patron_id=patron_id, **body.given())
    return call.respond(await call.command(asked, out.RenewAllOutcome))
