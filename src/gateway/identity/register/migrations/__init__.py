"""The history of the register's schema, for Alembic. Upgrades only: the way back is a backup."""
