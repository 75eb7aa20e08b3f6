"""What PostgreSQL needs beside the tables, derived from the schema: row security, grants, one function.

`gateway_apply` carries out all effects of a command in one round trip. It gets them in the order of
`gateway.store.sql.grouped`, and runs one statement a group, so that a bulk load costs no more than its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from gateway.store import schema
from gateway.store.effects import Delete, Guard, Insert, Replace, Update
from gateway.store.sql import Writing, writing

CONFLICT = "GW001"  # SQLSTATE of a version that is no longer the one that was read
CODES = {Guard: "g", Update: "u", Replace: "r", Insert: "i", Delete: "d"}
# Written so that no index fits it: a second condition on the member, beside each query's own, would make the planner
# believe that any index beginning with the member leads to a handful of rows.
_MEMBERS = "strpos(',' || current_setting('gateway.member', true) || ',', ',' || member || ',') > 0"


def derive(connection: Connection, app_role: str | None) -> None:
    """Makes row security and the function anew, and grants `app_role` what the gateway needs.

    Row security also binds the owner of the tables; only superusers and BYPASSRLS roles are above it.
    """
    for statement in member_security(schema.metadata.tables):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_function())
    if app_role is not None:
        for statement in _grants(connection.dialect.identifier_preparer.quote_identifier(app_role)):
            connection.exec_driver_sql(statement)


def member_security(tables: Iterable[str]) -> Iterator[str]:
    """Row security of tables that have a column `member`: only rows of the members in `gateway.member` are there."""
    for table in tables:
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS of_the_member ON {table}"
        yield f"CREATE POLICY of_the_member ON {table} USING ({_MEMBERS}) WITH CHECK ({_MEMBERS})"


def _grants(role: str) -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    for row, table in schema.TABLES.items():
        rights = "SELECT, INSERT, UPDATE, DELETE" if writing(row).key else "SELECT, INSERT"
        yield f"GRANT {rights} ON {table.name} TO {role}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    yield f"GRANT SELECT ON alembic_version TO {role}"
    yield "REVOKE ALL ON FUNCTION gateway_apply(text, jsonb) FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION gateway_apply(text, jsonb) TO {role}"


def _function() -> str:
    branches = sorted(
        (f"{CODES[kind]}:{how.table}", statement)
        for how in map(writing, schema.TABLES)
        for kind, statement in _statements(how)
    )
    return f"""
CREATE OR REPLACE FUNCTION gateway_apply(text, jsonb) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  apply_step jsonb;
  apply_code text COLLATE "C";
  apply_rows jsonb;
  apply_hits bigint;
BEGIN
  PERFORM set_config('gateway.member', $1, true);
  FOR apply_step IN SELECT jsonb_array_elements($2) LOOP
    apply_rows := apply_step -> 1;
    apply_code := apply_step ->> 0;
{_choice(branches)}
    GET DIAGNOSTICS apply_hits = ROW_COUNT;
    IF apply_step -> 2 = 'true' AND apply_hits <> jsonb_array_length(apply_rows) THEN
      RAISE EXCEPTION '%: only % of % rows have the version that was read', apply_code, apply_hits,
        jsonb_array_length(apply_rows) USING ERRCODE = '{CONFLICT}';
    END IF;
  END LOOP;
END
$function$"""


def _choice(branches: list[tuple[str, str]]) -> str:
    """PL/pgSQL that finds the branch of `apply_code` by halves: trying a hundred in turn takes longer than writing."""
    if len(branches) > 1:
        half = len(branches) // 2
        first, second = _choice(branches[:half]), _choice(branches[half:])
        return f"IF apply_code < '{branches[half][0]}' THEN\n{first}\nELSE\n{second}\nEND IF;"
    code, statement = branches[0]
    return f"IF apply_code <> '{code}' THEN RAISE EXCEPTION 'no such effect: %', apply_code; END IF;\n{statement};"


def _statements(how: Writing) -> Iterator[tuple[type, str]]:
    table, rows = how.table, f"jsonb_populate_recordset(NULL::{how.table}, apply_rows) AS r"
    columns = ", ".join(f'"{name}"' for name in how.columns)
    insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 - names of the schema
    yield Insert, insert
    if not how.key:
        return
    same = " AND ".join(f"t.{name} = r.{name}" for name in how.identity)
    sets = [f'"{name}" = r."{name}"' for name in how.settable] + (["version = r.version + 1"] if how.versioned else [])
    yield Update, f"UPDATE {table} AS t SET {', '.join(sets)} FROM {rows} WHERE {same}"  # noqa: S608
    others = ", ".join(f'"{name}" = excluded."{name}"' for name in how.columns if name not in how.key)
    yield Replace, f"{insert} ON CONFLICT ({', '.join(how.key)}) DO UPDATE SET {others}"
    yield Delete, f"DELETE FROM {table} AS t USING {rows} WHERE {same}"  # noqa: S608
    if how.versioned:
        yield Guard, f"PERFORM 1 FROM {table} AS t, {rows} WHERE {same} FOR SHARE OF t"
