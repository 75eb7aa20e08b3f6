"""Circulation: lending, taking back, renewing, undoing."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body as FromBody
from fastapi.responses import Response

from gateway.api import bodies, examples
from gateway.api.description import ITEM_READ, PATRON_MAY, PATRON_READ, PIN, R, describe
from gateway.api.door import Commanding
from gateway.api.fields import IdInPath
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

circulation = router("circulation")

KEPT = "Kept, and carried out when the platform is back (`offline_accepted`)"
_RENEWING = (
    *PATRON_READ, *PIN, *PATRON_MAY, *ITEM_READ, R.LOAN_NOT_FOUND, R.LOAN_OF_OTHER_PATRON, R.RENEWAL_LIMIT,
    R.RENEWAL_NOT_ALLOWED, R.RENEWAL_BLOCKED_BY_REQUEST, R.FEE_ACK_REQUIRED, R.CONFIRMATION_REQUIRED,
    R.ITEM_UNAVAILABLE, R.INVALID_DATE,
)  # fmt: skip


@circulation.post(
    "/loans",
    **describe(
        req.LoanCreate,
        out.LoanOutcome,
        "Lend an item",
        examples.LOAN_OUTCOME,
        refusals=(
            *PATRON_READ, *PIN, *PATRON_MAY, *ITEM_READ, R.AGE_RESTRICTED, R.ITEM_NOT_FOR_LOAN, R.ITEM_UNAVAILABLE,
            R.ALREADY_ON_LOAN_TO_PATRON, R.ALREADY_ON_LOAN_TO_OTHER, R.ON_HOLD_FOR_OTHER, R.LIMIT_REACHED,
            R.FEE_ACK_REQUIRED, R.CONFIRMATION_REQUIRED, R.RENEWAL_LIMIT, R.RENEWAL_NOT_ALLOWED,
            R.RENEWAL_BLOCKED_BY_REQUEST, R.INVALID_DATE,
        ),
        status=201,
        also={200: "Renewed: it was on loan to this patron already", 202: KEPT},
        body=True,
    ),
)  # fmt: skip
async def check_out(call: Commanding, body: Annotated[bodies.CheckOut, FromBody()]) -> Response:
    lent = await call.command(req.LoanCreate(**body.given()), out.LoanOutcome)
    return call.respond(lent, 202 if lent.offline_accepted else 200 if lent.renewed else 201)


@circulation.post(
    "/returns",
    **describe(
        req.LoanReturn,
        out.ReturnOutcome,
        "Take an item back",
        examples.RETURN_OUTCOME,
        refusals=(*ITEM_READ, R.CHECKIN_BLOCKED, R.ITEM_UNAVAILABLE, R.INVALID_DATE),
        also={202: KEPT},
        body=True,
    ),
)
async def take_back(call: Commanding, body: Annotated[bodies.Return, FromBody()]) -> Response:
    returned = await call.command(req.LoanReturn(**body.given()), out.ReturnOutcome)
    return call.respond(returned, 202 if returned.offline_accepted else 200)


@circulation.post(
    "/loans/{loan_id}/renewals",
    **describe(
        req.LoanRenew,
        out.LoanOutcome,
        "Renew a loan",
        examples.RENEWED_OUTCOME,
        refusals=_RENEWING,
        also={202: KEPT},
        body=True,
    ),
)
async def renew(call: Commanding, loan_id: IdInPath, body: Annotated[bodies.Renewal, FromBody()]) -> Response:
    renewed = await call.command(req.LoanRenew(loan_id=loan_id, **body.given()), out.LoanOutcome)
    return call.respond(renewed, 202 if renewed.offline_accepted else 200)


@circulation.post(
    "/renewals",
    **describe(
        req.LoanRenew,
        out.LoanOutcome,
        "Renew the loan of an item to a patron",
        examples.RENEWED_OUTCOME,
        refusals=_RENEWING,
        also={202: KEPT},
        body=True,
        operation_id="loan_renew_of_patron",
    ),
)
async def renew_of_patron(call: Commanding, body: Annotated[bodies.PatronRenewal, FromBody()]) -> Response:
    renewed = await call.command(req.LoanRenew(**body.given()), out.LoanOutcome)
    return call.respond(renewed, 202 if renewed.offline_accepted else 200)


@circulation.post(
    "/loans/{loan_id}/undo",
    **describe(
        req.LoanUndo,
        out.UndoOutcome,
        "Undo a loan, or the return that closed it",
        examples.UNDO_OUTCOME,
        refusals=(*PATRON_READ, *ITEM_READ, R.LOAN_NOT_FOUND, R.LOAN_OF_OTHER_PATRON, R.UNDO_NOT_POSSIBLE),
        body=True,
    ),
)
async def undo(call: Commanding, loan_id: IdInPath, body: Annotated[bodies.Undo, FromBody()]) -> Response:
    return call.respond(await call.command(req.LoanUndo(loan_id=loan_id, **body.given()), out.UndoOutcome))
