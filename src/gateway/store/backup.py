"""Backup and restore of a whole store, for a process of its own: it blocks, and the gateway goes on beside a backup.

SQLite is copied page by page under one snapshot, PostgreSQL by pg_dump under one snapshot; the copy is checked before
it is packed, and a packed one before it is put back. Restoring is one transaction: all or nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from gateway.store import migrate, schema
from gateway.store.backup_file import BackupError, Manifest, Report, digest, read, refuse_existing, write
from gateway.store.sqlite_file import connect
from gateway.store.url import sqlite_path

__all__ = ["BackupError", "Manifest", "backup", "restore"]

PAGES = 2048  # a step of copying, between two reports
Progress = Callable[[int, int], None]


async def backup(url: str, target: Path, progress: Progress | None = None) -> Manifest:
    """Writes the store at `url` into `target`, which must not exist, and gives what it holds.

    On PostgreSQL `url` names a role that row security does not bind (a superuser or BYPASSRLS). `progress` is called
    with bytes done and their (estimated) number. Raises BackupError, StoreUnavailable, OSError.
    """
    refuse_existing(target)
    copying, packing = _halves(progress)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        copy = Path(folder, "database")
        path = sqlite_path(url)
        if path is not None:
            revision, rows = _copy_sqlite(path, copy, copying)
        else:
            revision, rows = await _dump_postgres(url, copy, copying)
        manifest = Manifest(
            engine="sqlite" if path is not None else "postgresql",
            revision=revision,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program=version("library-gateway"),
            rows=rows,
            size=_size(copy),
            sha256=digest(copy),
        )
        write(target, manifest, copy, packing)
    return manifest


async def restore(source: Path, url: str, *, replace: bool = False, progress: Progress | None = None) -> Manifest:
    """Puts a backup back into the store at `url`, which no gateway may be using, and gives what it holds.

    A store that holds rows is overwritten only with `replace`. The backup must be of this program's schema and of the
    same kind of database; on PostgreSQL the roles that had rights must exist. Raises BackupError, StoreUnavailable,
    OSError; the store is then as it was.
    """
    unpacking, putting = _halves(progress)
    path = sqlite_path(url)
    with tempfile.TemporaryDirectory(dir=None if path is None else Path(path).parent, prefix=".restore-") as folder:
        copy = Path(folder, "database")
        manifest = read(source, copy, unpacking)
        engine = "sqlite" if path is not None else "postgresql"
        if manifest.engine != engine:
            raise BackupError(f"{source} is a backup of {manifest.engine}, the store is {engine}")
        if manifest.revision != migrate.head():
            raise BackupError(
                f"{source} has schema {manifest.revision}, this program needs {migrate.head()}:"
                f" restore it with library-gateway {manifest.program} and upgrade it there"
            )
        if path is not None:
            _put_sqlite(copy, path, manifest, putting, replace=replace)
        else:
            await _restore_postgres(copy, url, manifest, replace=replace)
            putting(1, 1)
    return manifest


def _halves(progress: Progress | None) -> tuple[Report, Report]:
    """Reports for the two halves of the work, as bytes of twice the database."""

    def first(done: int, total: int) -> None:
        if progress is not None:
            progress(min(done, total), 2 * total)

    def second(done: int, total: int) -> None:
        if progress is not None:
            progress(total + done, 2 * total)

    return first, second


def _copy_sqlite(path: str, copy: Path, report: Report) -> tuple[str, dict[str, int]]:
    if path != ":memory:" and not Path(path).exists():
        raise BackupError(f"there is no store at {path}")
    with contextlib.closing(connect(path)) as source, contextlib.closing(connect(str(copy))) as target:
        try:
            source.execute("BEGIN")  # an open snapshot: what is written meanwhile does not make it start again
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            _copy_pages(source, target, report)
            target.execute("PRAGMA journal_mode = DELETE")
            return _check_sqlite(target, path)
        except sqlite3.Error as error:
            raise BackupError(f"cannot copy {path}: {error}") from error


def _check_sqlite(db: sqlite3.Connection, where: str) -> tuple[str, dict[str, int]]:
    """Revision and row counts of a sound database."""
    damage = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    damage += [f"{row[0]} row {row[1]} lacks its {row[2]}" for row in db.execute("PRAGMA foreign_key_check")]
    if damage:
        raise BackupError(f"{where} is damaged: {'; '.join(damage[:3])}")
    revision = migrate.sqlite_revision(db)
    if revision is None:
        raise BackupError(f"{where} holds no store")
    return revision, {name: _count(db, name) for name in schema.metadata.tables}


def _count(db: sqlite3.Connection, table: str) -> int:
    return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a name of the schema


def _put_sqlite(copy: Path, path: str, manifest: Manifest, report: Report, *, replace: bool) -> None:
    with contextlib.closing(connect(str(copy))) as source:
        try:
            if _check_sqlite(source, "the backup") != (manifest.revision, manifest.rows):
                raise BackupError("the backup does not hold what its manifest says")
        except sqlite3.Error as error:
            raise BackupError(f"the backup is damaged: {error}") from error
        with contextlib.closing(connect(path, timeout=0.5)) as target:
            _overwrite(source, target, path, report, replace=replace)


def _overwrite(
    source: sqlite3.Connection, target: sqlite3.Connection, path: str, report: Report, *, replace: bool
) -> None:
    try:
        known = {row[0] for row in target.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        _refuse_held(sum(_count(target, name) for name in schema.metadata.tables if name in known), path, replace)
        target.execute("PRAGMA journal_mode = DELETE")  # fails where anybody else has the file open
        _copy_pages(source, target, report)
    except sqlite3.OperationalError as error:
        raise BackupError(f"{path} is in use, or cannot be written: {error}") from error
    except sqlite3.Error as error:
        raise BackupError(f"cannot restore {path}: {error}") from error


def _copy_pages(source: sqlite3.Connection, target: sqlite3.Connection, report: Report) -> None:
    """One transaction of the target's."""
    size = source.execute("PRAGMA page_size").fetchone()[0]
    source.backup(target, pages=PAGES, progress=lambda _, left, total: report((total - left) * size, total * size))


def _refuse_held(held: int, where: str, replace: bool) -> None:
    if held and not replace:
        raise BackupError(f"{where} holds {held} rows: it is overwritten only when told to")


async def _dump_postgres(url: str, copy: Path, report: Report) -> tuple[str, dict[str, int]]:
    connection = await _administrator(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await _value(connection, "SELECT pg_export_snapshot()")
            revision = await _value(connection, "SELECT version_num FROM alembic_version")
            rows = await _rows(connection)
            size = await _value(connection, "SELECT pg_database_size(current_database())")
            dump = ["pg_dump", "--format=custom", "--compress=0", "--file", str(copy), "--snapshot", snapshot]
            running = asyncio.create_task(_run(dump, url))
            while not (await asyncio.wait([running], timeout=0.2))[0]:
                report(_size(copy), size)
            await running
            report(size, size)
    except asyncpg.PostgresError as error:
        raise BackupError(f"cannot read the database as a whole: {error}") from error
    finally:
        await connection.close()
    return revision, rows


async def _restore_postgres(copy: Path, url: str, manifest: Manifest, *, replace: bool) -> None:
    connection = await _administrator(url)
    try:
        known = await _value(connection, "SELECT to_regclass('public.alembic_version') IS NOT NULL")
        if known:
            _refuse_held(sum((await _rows(connection)).values()), "the database", replace)
        clean = ["--clean", "--if-exists"] if known else []
        put = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", *clean, str(copy)]
        await _run(put, url)
        if (found := await _rows(connection)) != manifest.rows:
            raise BackupError(f"the database holds {found}, the manifest says {manifest.rows}")
    except asyncpg.PostgresError as error:
        raise BackupError(f"cannot look into the database: {error}") from error
    finally:
        await connection.close()


async def _administrator(url: str) -> asyncpg.Connection:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise BackupError(f"cannot connect: {error}") from error
    await connection.execute("SET row_security = off")  # an error is better than a backup of no rows
    return connection


async def _rows(connection: asyncpg.Connection) -> dict[str, int]:
    return {name: await _value(connection, f"SELECT count(*) FROM {name}") for name in schema.metadata.tables}  # noqa: S608


async def _value(connection: asyncpg.Connection, query: str) -> Any:
    return await connection.fetchval(query)


async def _run(command: list[str], url: str) -> None:
    """Runs one of PostgreSQL's own programs on the database at `url`, the password in its environment."""
    program = shutil.which(command[0])
    if program is None:
        raise BackupError(f"{command[0]} is not installed")
    parts = urlsplit(url)
    environment = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
        user, _, hosts = parts.netloc.rpartition("@")
        url = parts._replace(netloc=f"{user.partition(':')[0]}@{hosts}").geturl()
    process = await asyncio.create_subprocess_exec(
        program, *command[1:], "--dbname", url, "--no-password",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env=environment,
    )  # fmt: skip
    try:
        _, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise BackupError(f"{command[0]}: {errors.decode(errors='replace').strip()}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
