"""The HTTP application: /v1, the pages about it, and what operations ask of a node (health, readiness, metrics).

Only the composition root makes one; it owns nothing that has to be closed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.routing import Route

from gateway.api import problems
from gateway.api.description import INTRODUCTION, openapi
from gateway.api.door import BODY_LIMIT, Door
from gateway.api.pages import pages
from gateway.api.paging import Cursors
from gateway.api.routes.bibs import bibs
from gateway.api.routes.circulation import circulation
from gateway.api.routes.fees import fees
from gateway.api.routes.holds import holds
from gateway.api.routes.ill import ill
from gateway.api.routes.items import items
from gateway.api.routes.patrons import patrons
from gateway.api.routes.service import service
from gateway.clock import Clock
from gateway.desk import Desk
from gateway.exchanges.model import Recorder
from gateway.members import Members

TAGS = [
    {"name": "patrons", "description": "Who borrows: account, PIN, blocks"},
    {"name": "items", "description": "One physical piece each: what is kept of it, reports, recalls"},
    {"name": "circulation", "description": "Lending, taking back, renewing, undoing"},
    {"name": "holds", "description": "Places in a queue"},
    {"name": "interlibrary loans", "description": "Pieces that come from elsewhere for one patron"},
    {"name": "fees", "description": "Charges and payments"},
    {"name": "titles", "description": "Bibliographic records, availability, changes"},
    {"name": "service", "description": "Status, rules, events, conflicts"},
    {"name": "node", "description": "Health of this process; no key needed"},
]


def create_app(
    desk: Desk,
    members: Members,
    clock: Clock,
    *,
    recorder: Recorder | None = None,
    registry: CollectorRegistry | None = None,
    cursor_secret: bytes | None = None,
    body_limit: int = BODY_LIMIT,
    title: str = "Library gateway",
    open_pages: bool = False,
    doors: Sequence[Route] = (),
    beside: Callable[[], dict[str, str]] = dict,
) -> FastAPI:
    """The application. `cursor_secret` must be the same in every process that serves the same clients (None: this
    process alone). `open_pages` shows /docs, /openapi.json and /metrics to others than this machine. `registry` is what
    /metrics shows. `doors` are other standards' routes, which answer in their own words. `beside` says how the
    processes beside this one stand, by name."""
    app = FastAPI(
        title=title,
        version=version("library-gateway"),
        summary="Circulation, patrons, holds, fees and titles, one API for every platform",
        description=INTRODUCTION,
        openapi_tags=TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.door = Door(desk, members, clock, Cursors(cursor_secret or os.urandom(32)), recorder, body_limit)
    inside = pages(app, desk, members, registry, beside, open_to_all=open_pages)
    routers = (patrons, items, circulation, holds, ill, fees, bibs, service, inside)
    for router in routers:
        app.include_router(router)
    app.router.routes[:0] = doors  # routes are tried in turn, and the catalogue is asked far more often than /v1
    app.state.routes = [*doors, *(route for router in routers for route in router.routes)]
    app.openapi = openapi(app)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(RequestValidationError, _problem)
    app.add_exception_handler(Exception, _problem)
    return app


async def _problem(request: HttpRequest, error: Exception) -> Response:
    """For what never reaches a route of /v1: unknown paths, wrong methods."""
    problem, headers = problems.answer_of(error)
    if problem.status == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return problems.respond(problem, headers)


def _methods(request: HttpRequest) -> set[str]:
    """What this address takes, whichever of its routes takes it; the framework names the first route's alone."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if isinstance(route, Route) and route.path_regex.match(request.url.path):
            found |= route.methods or set()
    return found
