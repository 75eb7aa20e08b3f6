"""The history of the catalogue's schema, for Alembic. Upgrades only: the way back is a backup."""
