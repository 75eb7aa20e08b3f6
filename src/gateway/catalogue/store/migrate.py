"""Brings the catalogue's schema to what this program knows; its revisions are counted apart from the platform's."""

from __future__ import annotations

import sqlite3
from functools import cache

from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.postgres_schema import derive
from gateway.catalogue.store.schema import VERSION_TABLE
from gateway.store.side_schema import SideSchema

SCHEMA = SideSchema(
    what="the catalogue",
    package="gateway.catalogue.store",
    version_table=VERSION_TABLE,
    lock=2282528,  # "catalog" in a telephone's keys
    derive=derive,
    unavailable=CatalogueUnavailable,
)


@cache
def head() -> str:
    """The revision this program knows."""
    return SCHEMA.head()


async def upgrade(url: str, *, app_role: str | None = None) -> None:
    """Creates or upgrades the schema. On PostgreSQL `url` is the owner's, and `app_role` is granted what it needs.

    Raises CatalogueUnavailable.
    """
    await SCHEMA.upgrade(url, app_role=app_role)


def require_head(db: sqlite3.Connection, where: str) -> None:
    """Raises CatalogueUnavailable where the schema is not the one this program knows."""
    SCHEMA.require_head(db, where)


def require(found: str | None, where: str) -> None:
    """Raises CatalogueUnavailable where `found` is not the revision this program knows."""
    SCHEMA.require(found, where)
