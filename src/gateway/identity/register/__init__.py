"""The person register: one row a person, kept apart from the platform's store so that a sync never holds up a kiosk."""

from __future__ import annotations

from gateway.identity.register.port import Register


async def open_register(url: str) -> Register:
    """The register at `sqlite:////absolute/register.sqlite3` or `postgresql://...`.

    Its schema must be up to date (`gateway.identity.register.migrate.upgrade`). Raises RegisterUnavailable, and
    ValueError for another kind of URL.
    """
    # Here and not above: who knows the port needs neither engine.
    from gateway.store.url import sqlite_path

    path = sqlite_path(url)
    if path is not None:
        from gateway.identity.register.sqlite import SqliteRegister

        return SqliteRegister(path)
    from gateway.identity.register.postgres import PostgresRegister

    register = PostgresRegister(url)
    try:
        await register.open()
    except BaseException:
        await register.close()
        raise
    return register
