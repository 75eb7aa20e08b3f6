"""The throw-away cluster is what tests of row-level security rely on; this says that it can be relied on."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from tests.postgres import Database


async def test_databases_are_separate(postgres_database: Callable[[], Database]) -> None:
    first, second = postgres_database(), postgres_database()
    connection = await asyncpg.connect(first.admin_dsn)
    await connection.execute("CREATE TABLE shelf (member text)")
    await connection.close()
    connection = await asyncpg.connect(second.admin_dsn)
    assert await connection.fetchval("SELECT to_regclass('shelf')") is None
    await connection.close()


async def test_row_security_binds_the_application_but_not_the_superuser(
    postgres_database: Callable[[], Database],
) -> None:
    database = postgres_database()
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute(
        f"""
        CREATE TABLE shelf (member text);
        INSERT INTO shelf VALUES ('aber'), ('bangor');
        ALTER TABLE shelf ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON shelf USING (member = current_setting('test.member', true));
        GRANT SELECT ON shelf TO {database.app_role};
        """
    )
    application = await asyncpg.connect(database.app_dsn)
    assert await application.fetch("SELECT member FROM shelf") == []
    await application.execute("SET test.member = 'bangor'")
    assert [row["member"] for row in await application.fetch("SELECT member FROM shelf")] == ["bangor"]
    assert await admin.fetchval("SELECT count(*) FROM shelf") == 2
    await application.close()
    await admin.close()
