"""Titles, their copies, and what changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from gateway.api import examples
from gateway.api.description import R, describe
from gateway.api.door import Conditional, Reading
from gateway.api.fields import LIMIT, After, Cursor, Id, IdInPath, Limit
from gateway.api.paging import Page
from gateway.api.routes import router
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

bibs = router("titles")

MAX_BATCH = 100


@bibs.get(
    "/bibs/{bib_id}",
    **describe(
        req.BibGet,
        out.BibOutcome,
        "Read a title",
        examples.BIB_OUTCOME,
        refusals=(R.BIB_NOT_FOUND,),
        conditional=True,
    ),
)
async def read(
    call: Conditional,
    bib_id: IdInPath,
    marc: Annotated[bool, Query(description="With the MARCXML record")] = False,
) -> Response:
    asked = req.BibGet(bib_id=bib_id, with_marc=marc)
    return call.respond_conditionally(await call.ask(asked, out.BibOutcome), keep=True)


@bibs.get(
    "/availability",
    **describe(
        req.BibAvailability,
        out.AvailabilityOutcome,
        "See which copies of titles are available",
        examples.AVAILABILITY_OUTCOME,
        refusals=(R.BIB_NOT_FOUND,),
        conditional=True,
    ),
)
async def availability(
    call: Conditional,
    bib_id: Annotated[list[Id], Query(min_length=1, max_length=MAX_BATCH, description="Canonical ids of titles")],
) -> Response:
    asked = req.BibAvailability(bib_ids=tuple(bib_id))
    return call.respond_conditionally(await call.ask(asked, out.AvailabilityOutcome), keep=True)


@bibs.get(
    "/bib-changes",
    **describe(
        req.BibChanges,
        Page[out.BibChange],
        "Follow the changes of titles, in their order",
        Page[out.BibChange](items=(examples.BIB_CHANGE,)),
    ),
)
async def changes(call: Reading, limit: Limit = LIMIT, cursor: Cursor = None, after: After = 0) -> Response:
    asked = req.BibChanges(after=call.position_in_feed(cursor, after), limit=limit + 1)
    found = (await call.ask(asked, out.BibChangesOutcome)).changes
    return call.page(found[:limit], found[limit - 1].position if len(found) > limit else None)
