"""The routes of /v1, one module a resource family. Each names its canonical request; the desk does the rest."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.api.door import DoorRoute


def router(tag: str) -> APIRouter:
    """A router of /v1 whose routes authenticate and record."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=DoorRoute)
