"""What PostgreSQL needs beside the catalogue's tables: row-level security by view, and grants.

Each transaction says in `gateway.view` whose view it reads: a member's code, `all`, or `*` for who writes, indexes or
reviews, to whom alone it is given to change rows. A transaction that says nothing sees no record.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from gateway.catalogue.records import ALL
from gateway.catalogue.store import schema
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.store.rows import Status

SETTING = "gateway.view"
OPEN = {schema.position.name, schema.feed_second.name, schema.dictionary.name}
"""Tables that say nothing of single records, which every view needs: how far the feed has come, and how renderings are
unpacked."""
_VIEW = f"(SELECT current_setting('{SETTING}', true))"  # in parentheses of its own it is asked once a statement
_WRITERS = f"{_VIEW} = '{EVERYTHING}'"
# Written so that no index fits them: beside a query's own conditions, one more on member or scope would mislead the
# planner. A subquery that gives one value is looked up by key for each row, and never becomes a join.
_RECORD = (
    f"CASE {_VIEW} WHEN '{EVERYTHING}' THEN true WHEN '{ALL}' THEN status = {Status.VISIBLE:d}"
    f" ELSE member = {_VIEW} END"
)
_SCOPES = f"SELECT id FROM {schema.scope.name} WHERE view = {_VIEW}"  # noqa: S608 - names of the schema
_OF_SCOPE = f"CASE WHEN {_WRITERS} THEN true ELSE scope = ANY (ARRAY({_SCOPES})) END"


def _of_record(table: str, key: str) -> str:
    found = f"SELECT true FROM {schema.source_record.name} r WHERE r.id = {table}.{key}"  # noqa: S608
    return f"CASE WHEN {_WRITERS} THEN true ELSE ({found}) END"


READING = {
    schema.source_record.name: _RECORD,
    schema.rendering.name: _of_record(schema.rendering.name, "id"),
    schema.original.name: _of_record(schema.original.name, "id"),
    schema.holding.name: _of_record(schema.holding.name, "record"),
    schema.shared_bib.name: f"{_VIEW} IN ('{EVERYTHING}', '{ALL}')",
    schema.scope.name: f"{_VIEW} IN ('{EVERYTHING}', view)",
    schema.feed.name: _OF_SCOPE,
    schema.feed_block.name: _OF_SCOPE,
    schema.tally.name: f"{_VIEW} IN ('{EVERYTHING}', member)",
    schema.match_key.name: _WRITERS,
    schema.review.name: _WRITERS,
    schema.state.name: _WRITERS,
}
"""Which rows of each table a view may read."""


def derive(connection: Connection, app_role: str | None) -> None:
    """Makes row security anew, and grants `app_role` what the gateway needs.

    Row security also binds the owner of the tables: a revision that changes rows sets `gateway.view` first. Only
    superusers and BYPASSRLS roles are above it.
    """
    for statement in _row_security():
        connection.exec_driver_sql(statement)
    if app_role is not None:
        role = connection.dialect.identifier_preparer.quote_identifier(app_role)
        for table in schema.metadata.tables:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON {schema.VERSION_TABLE} TO {role}")


def _row_security() -> Iterator[str]:
    for table, condition in READING.items():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS of_the_view ON {table}"
        yield f"DROP POLICY IF EXISTS of_writers ON {table}"
        yield f"CREATE POLICY of_the_view ON {table} FOR SELECT USING ({condition})"
        yield f"CREATE POLICY of_writers ON {table} USING ({_WRITERS}) WITH CHECK ({_WRITERS})"


def setting(view: str) -> str:
    """The statement that makes a transaction one of a view's."""
    quoted = view.replace("'", "''")  # sessions have `standard_conforming_strings`
    return f"SET LOCAL {SETTING} = '{quoted}'"
