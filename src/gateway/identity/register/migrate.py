"""Brings the register's schema to what this program knows; its revisions are counted apart from the platform's."""

from __future__ import annotations

from functools import cache

from gateway.identity.register.port import RegisterUnavailable
from gateway.identity.register.postgres_schema import derive
from gateway.identity.register.schema import VERSION_TABLE
from gateway.store.side_schema import SideSchema

SCHEMA = SideSchema(
    what="the person register",
    package="gateway.identity.register",
    version_table=VERSION_TABLE,
    lock=4336848,  # "identit" in a telephone's keys
    derive=derive,
    unavailable=RegisterUnavailable,
)


@cache
def head() -> str:
    """The revision this program knows."""
    return SCHEMA.head()


async def upgrade(url: str, *, app_role: str | None = None) -> None:
    """Creates or upgrades the schema. On PostgreSQL `url` is the owner's, and `app_role` is granted what it needs.

    Raises RegisterUnavailable.
    """
    await SCHEMA.upgrade(url, app_role=app_role)
