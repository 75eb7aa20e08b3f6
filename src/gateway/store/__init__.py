"""The database behind the reference platform: rows, schema, migrations, and one engine each for SQLite and PostgreSQL.

A circulation command is: read a snapshot (one round trip), decide in pure Python, apply all effects guarded by row
versions (one round trip). The same plan, the same decision and the same effects run on both databases.
"""
