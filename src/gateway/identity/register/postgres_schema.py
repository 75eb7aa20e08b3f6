"""What PostgreSQL needs beside the register's tables: row-level security by member, and grants."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.identity.register import schema
from gateway.store.postgres_schema import member_security


def derive(connection: Connection, app_role: str | None) -> None:
    """Makes row security anew, and grants `app_role` what the gateway needs.

    Row security also binds the owner of the tables; only superusers and BYPASSRLS roles are above it.
    """
    for statement in member_security(schema.metadata.tables):
        connection.exec_driver_sql(statement)
    if app_role is not None:
        role = connection.dialect.identifier_preparer.quote_identifier(app_role)
        for table in schema.metadata.tables:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
        connection.exec_driver_sql(f"GRANT SELECT ON {schema.VERSION_TABLE} TO {role}")
