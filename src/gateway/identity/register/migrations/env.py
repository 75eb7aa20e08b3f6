"""What Alembic runs: the revisions, on the connection and in the transaction of `gateway.identity.register.migrate`."""

from __future__ import annotations

from alembic import context

from gateway.identity.register.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the transaction is the caller's, around all revisions
)
context.run_migrations()
