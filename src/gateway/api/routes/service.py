"""What the service is and may do, its rules, and what staff look at: events and conflicts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from gateway.api import examples
from gateway.api.description import describe
from gateway.api.door import Commanding, Conditional, Reading
from gateway.api.fields import LIMIT, After, Cursor, IdInPath, Limit
from gateway.api.paging import Page, cut
from gateway.api.routes import router
from gateway.canonical import entities as ent
from gateway.canonical import outcomes as out
from gateway.canonical import requests as req

service = router("service")

What = Literal["locations", "categories", "item_types", "loan_rules", "closed_days"]


class Capabilities(BaseModel):
    """What the member's platform can do, by canonical operation."""

    model_config = ConfigDict(frozen=True)
    operations: dict[str, out.Capability]


@service.get("/status", **describe(req.SystemStatus, out.Status, "See whether the platform answers", examples.STATUS))
async def status(call: Reading) -> Response:
    return call.respond(await call.status())


@service.get(
    "/capabilities",
    **describe(
        req.SystemStatus,
        Capabilities,
        "See what the platform can do",
        Capabilities(operations=examples.STATUS.capabilities),
        conditional=True,
        operation_id="capabilities",
    ),
)
async def capabilities(call: Conditional) -> Response:
    found = call.door.desk.capabilities(call.context.member)
    return call.respond_conditionally(Capabilities(operations=dict(found)), keep=True)


@service.get(
    "/config/{what}",
    **describe(
        req.ConfigList,
        Page[dict[str, Any]],
        "List locations, categories, item types, loan rules or closed days",
        Page[dict[str, Any]](items=(examples.LOCATION.model_dump(mode="json"),)),
    ),
)
async def config(call: Reading, what: What, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    position = call.position(cursor)
    rows = (await call.ask(req.ConfigList(what=what), out.ConfigOutcome)).rows
    return call.page(*cut(rows, [str(index) for index in range(len(rows))], position, limit))


@service.get(
    "/events",
    **describe(
        req.EventList,
        Page[ent.Event],
        "Follow the event log, in its order",
        Page[ent.Event](items=(examples.EVENT,)),
    ),
)
async def events(call: Reading, limit: Limit = LIMIT, cursor: Cursor = None, after: After = 0) -> Response:
    asked = req.EventList(after=call.position_in_feed(cursor, after), limit=limit + 1)
    found = (await call.ask(asked, out.EventsOutcome)).events
    return call.page(found[:limit], found[limit - 1].sequence if len(found) > limit else None)


@service.get(
    "/conflicts",
    **describe(
        req.ConflictList,
        Page[ent.OfflineConflict],
        "List transactions kept although the rules would have refused them",
        Page[ent.OfflineConflict](items=(examples.CONFLICT,)),
    ),
)
async def conflicts(
    call: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    include_resolved: Annotated[bool, Query(description="Also those that staff have dealt with")] = False,
) -> Response:
    position = call.position(cursor)
    asked = req.ConflictList(
        after=None if position is None else str(position), limit=limit + 1, include_resolved=include_resolved
    )
    found = (await call.ask(asked, out.ConflictsOutcome)).conflicts
    return call.page(found[:limit], found[limit - 1].id if len(found) > limit else None)


@service.post(
    "/conflicts/{conflict_id}/resolution",
    **describe(
        req.ConflictResolve,
        out.ConflictsOutcome,
        "Mark a conflict as dealt with",
        examples.CONFLICTS_OUTCOME,
    ),
)
async def resolve(call: Commanding, conflict_id: IdInPath) -> Response:
    return call.respond(await call.command(req.ConflictResolve(conflict_id=conflict_id), out.ConflictsOutcome))
