"""What Alembic runs: the revisions, on the connection and in the transaction of `gateway.store.migrate`."""

from __future__ import annotations

from alembic import context

from gateway.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's, around all revisions
)
context.run_migrations()
