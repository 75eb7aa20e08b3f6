"""The history of the schema, for Alembic; `gateway.store.migrate` runs it. Upgrades only: the way back is a backup."""
