"""The register's tables, one definition for both databases.

A person's row has columns for what is asked for and JSON for the rest. `name` holds what only one person may have,
`lookup` everything else that people are found by, both folded. Ids and values sort by code point on both databases.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects import postgresql

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
)

VERSION_TABLE = "identity_version"
"""Alembic's, beside those of the other schemas."""

SORTED = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _table(name: str, *columns: Column[object] | Index, keyed: bool = False) -> Table:
    return Table(f"identity_{name}", metadata, *columns, sqlite_with_rowid=not keyed)


def _key(name: str) -> Column[object]:
    return Column(name, SORTED, primary_key=True)  # type: ignore[arg-type]


def _column(name: str, kind: object = Text, *, null: bool = False) -> Column[object]:
    return Column(name, kind, nullable=null)  # type: ignore[arg-type]


def _partial(purpose: str, condition: str, *columns: str) -> Index:
    """An index of persons, of those alone who fit a condition; a statement says the condition in the same words."""
    where = text(condition)
    return Index(f"ix_identity_person_{purpose}", *columns, sqlite_where=where, postgresql_where=where)


person = _table(
    "person",
    _key("member"),
    _key("id"),
    _column("version", BigInteger),
    _column("created_at", BigInteger),
    _column("changed_at", BigInteger),
    _column("source", SORTED),
    _column("source_key", SORTED, null=True),  # the source id while it is unique: not of anonymised people
    _column("digest"),
    _column("stage"),
    _column("stage_since", BigInteger),
    _column("pending", SmallInteger),  # 0 carried to the platform, 1 not yet, 2 refused there
    _column("provisioned", BigInteger),
    _column("platform_id"),
    _column("problem"),
    _column("data"),
    Index(None, "member", "source", "source_key", unique=True),
    Index(None, "member", "source", "id", "stage"),
    _partial("pending", "pending > 0", "member", "pending", "id"),
    _partial("platform", "platform_id > ''", "member", "platform_id"),
)
name = _table("name", _key("member"), _key("field"), _key("value"), _column("person", SORTED), keyed=True)
lookup = _table("lookup", _key("member"), _key("field"), _key("value"), _key("person"), keyed=True)
group = _table(
    "group",
    _key("member"),
    _key("id"),
    _column("version", BigInteger),
    _column("created_at", BigInteger),
    _column("changed_at", BigInteger),
    _column("source"),
    _column("data"),
)
group_member = _table(
    "group_member",
    _key("member"),
    _key("group_id"),
    _key("person"),
    Index(None, "member", "person", "group_id"),
    keyed=True,
)
run = _table(
    "run",
    _key("member"),
    _key("id"),
    _column("feed", SORTED),
    _column("kind"),
    _column("state"),
    _column("started_at", BigInteger),
    _column("ended_at", BigInteger, null=True),
    _column("dry", Boolean),
    _column("data"),
    Index(None, "member", "started_at", "id"),
    Index(None, "member", "feed", "started_at", "id"),
    Index(None, "member", "ended_at"),
)
review = _table(
    "review",
    _key("member"),
    _key("id"),
    _column("feed", SORTED),
    _column("source_id", SORTED),
    _column("at", BigInteger),
    _column("decided", SmallInteger),
    _column("decision"),
    _column("decided_by"),
    _column("decided_at", BigInteger, null=True),
    _column("data"),
    Index(None, "member", "decided", "id"),
    Index(None, "member", "feed", "decided", "id"),
    Index(None, "member", "feed", "source_id"),
)
seen = _table("seen", _key("member"), _key("run"), _key("source_id"), keyed=True)
