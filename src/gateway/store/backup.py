"""Backup and restore of a whole store, for a process of its own: it blocks, and the gateway goes on beside a backup.

SQLite is copied page by page under one snapshot, PostgreSQL by pg_dump under one snapshot; the copy is checked before
it is packed, and a packed one before it is put back. What lies in a file beside the store goes with it: everything is
made ready and locked first, then the store is overwritten in one transaction, then the file beside it is renamed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from gateway.store import migrate, schema
from gateway.store.backup_file import BackupError, File, Held, Manifest, Report, read, refuse_existing, write
from gateway.store.sqlite_file import connect
from gateway.store.url import sqlite_path

__all__ = ["BackupError", "Manifest", "Part", "backup", "restore"]

PAGES = 2048  # a step of copying, between two reports
STORE = "store"
DUMP = "dump"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A schema that goes into a backup: `name` in its manifest, `url` where it lies, `head` the revision this program
    knows, kept in `version_table`.

    `renew` is carried out on what is put back: on SQLite before it can be seen, on PostgreSQL in a transaction after.
    """

    name: str
    url: str
    tables: tuple[str, ...]
    version_table: str
    head: str
    renew: tuple[str, ...] = ()


async def backup(
    url: str,
    target: Path,
    progress: Progress | None = None,
    *,
    beside: Sequence[Part] = (),
    leave_out: Sequence[Part] = (),
) -> Manifest:
    """Writes the store at `url`, and what lies beside it, into `target`, which must not exist; gives what it holds.

    Each part is of one moment. On PostgreSQL, where all lie in one database, it is the same moment; `url` names a role
    there that row security does not bind (a superuser or BYPASSRLS), and the tables of `leave_out` stay out.
    `progress` is called with how much is done of how much. Raises BackupError, StoreUnavailable, OSError.
    """
    refuse_existing(target)
    parts = [_store(url), *beside]
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
        folder = Path(name)
        if sqlite_path(url) is None:
            steps = _Steps(progress, [1, 1])
            holds, files = await _dump_postgres(url, folder / DUMP, parts, leave_out, steps.next()), [DUMP]
        else:
            paths = [_file(part) for part in parts]
            sizes = [_size(Path(path)) for path in paths]
            steps = _Steps(progress, [*sizes, sum(sizes)])
            holds = {
                part.name: _copy_sqlite(part, path, folder / part.name, steps.next())
                for part, path in zip(parts, paths, strict=True)
            }
            files = list(holds)
        manifest = Manifest(
            engine=_engine(url),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            program=version("library-gateway"),
            holds=holds,
            files={name: File.of(folder / name) for name in files},
        )
        write(target, manifest, folder, steps.next())
    return manifest


async def restore(
    source: Path, url: str, *, replace: bool = False, progress: Progress | None = None, beside: Sequence[Part] = ()
) -> Manifest:
    """Puts a backup back into the store at `url`, which no gateway may be using, and gives what it holds.

    What it holds beside the store goes where the part in `beside` says; a part that it does not hold is not touched.
    A place that holds rows is overwritten only with `replace`. The backup must be of this program's schemas and of the
    same kind of database; on PostgreSQL the roles that had rights must exist. Raises BackupError, StoreUnavailable,
    OSError; everything is then as it was.
    """
    steps = _Steps(progress, [1, 1])
    path = sqlite_path(url)
    with tempfile.TemporaryDirectory(dir=None if path is None else Path(path).parent, prefix=".restore-") as name:
        folder = Path(name)
        manifest = read(source, folder, steps.next())
        if manifest.engine != _engine(url):
            raise BackupError(f"{source} is a backup of {manifest.engine}, the store is {_engine(url)}")
        parts = _held_parts([_store(url), *beside], manifest, source)
        if path is not None:
            _put_files(folder, parts, manifest, steps.next(), replace=replace)
        else:
            await _restore_postgres(folder / DUMP, url, parts, manifest, replace=replace)
            steps.next()(1, 1)
    return manifest


def _store(url: str) -> Part:
    return Part(STORE, url, tuple(schema.metadata.tables), "alembic_version", migrate.head())


def _held_parts(parts: Sequence[Part], manifest: Manifest, source: Path) -> list[Part]:
    """Those that a backup holds, the store first; all must be of this program's revisions."""
    held = [part for part in parts if part.name in manifest.holds]
    if missing := manifest.holds.keys() - {part.name for part in held}:
        raise BackupError(f"{source} holds a {', '.join(sorted(missing))}, for which there is no place here")
    for part in held:
        found = manifest.holds[part.name].revision
        if found != part.head:
            raise BackupError(
                f"{source} has {part.name} schema {found}, this program needs {part.head}:"
                f" restore it with library-gateway {manifest.program} and upgrade it there"
            )
    return held


class _Steps:
    """Puts the progress of several steps together; `weights` say how much each is of the whole."""

    def __init__(self, progress: Progress | None, weights: Sequence[int]) -> None:
        self._progress = progress
        self._whole = [1_000 * max(weight, 1) for weight in weights]
        self._begun = 0

    def next(self) -> Report:
        """What the step that comes now reports to."""
        before, mine = sum(self._whole[: self._begun]), self._whole[self._begun]
        self._begun += 1

        def report(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(before + mine * min(done, total) // max(total, 1), sum(self._whole))

        return report


def _engine(url: str) -> str:
    return "postgresql" if sqlite_path(url) is None else "sqlite"


def _file(part: Part) -> str:
    path = sqlite_path(part.url)
    if path is None:
        raise BackupError(f"the {part.name} is to lie in a file beside the store, not at {part.url}")
    return path


def _copy_sqlite(part: Part, path: str, copy: Path, report: Report) -> Held:
    if path != ":memory:" and not Path(path).exists():
        raise BackupError(f"there is no {part.name} at {path}")
    with contextlib.closing(connect(path)) as source, contextlib.closing(connect(str(copy))) as target:
        try:
            source.execute("BEGIN")  # an open snapshot: what is written meanwhile does not make it start again
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            _copy_pages(source, target, report)
            target.execute("PRAGMA journal_mode = DELETE")
            return _check_sqlite(target, part, path)
        except sqlite3.Error as error:
            raise BackupError(f"cannot copy {path}: {error}") from error


def _check_sqlite(db: sqlite3.Connection, part: Part, where: str) -> Held:
    """Revision and row counts of a sound database."""
    damage = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    damage += [f"{row[0]} row {row[1]} lacks its {row[2]}" for row in db.execute("PRAGMA foreign_key_check")]
    if damage:
        raise BackupError(f"{where} is damaged: {'; '.join(damage[:3])}")
    known = _tables(db)
    row = part.version_table in known and db.execute(_version_of(part)).fetchone()
    if not row:
        raise BackupError(f"{where} holds no {part.name}")
    return Held(row[0], {name: _count(db, name) for name in part.tables})


def _tables(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _version_of(part: Part) -> str:
    return f"SELECT version_num FROM {part.version_table}"  # noqa: S608 - a name of the schema


def _count(db: sqlite3.Connection, table: str) -> int:
    return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a name of the schema


def _put_files(folder: Path, parts: Sequence[Part], manifest: Manifest, report: Report, *, replace: bool) -> None:
    """What can fail comes first: all copies are ready and all places locked before the first is overwritten."""
    for part in parts:
        _make_ready(folder / part.name, part, manifest.holds[part.name])
    store, *others = parts
    with contextlib.ExitStack() as opened:
        moves = []
        for part in others:
            path = Path(_file(part))
            near = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=path.parent, prefix=".restore-")))
            moves.append((_flushed(Path(shutil.move(folder / part.name, near))), path))
            held = opened.enter_context(contextlib.closing(connect(str(path), timeout=0.5)))
            _take_hold(held, part, str(path), replace=replace, lock="BEGIN EXCLUSIVE")
        path = _file(store)
        target = opened.enter_context(contextlib.closing(connect(path, timeout=0.5)))
        source = opened.enter_context(contextlib.closing(connect(str(folder / store.name))))
        _take_hold(target, store, path, replace=replace)
        try:
            _copy_pages(source, target, report)
        except sqlite3.Error as error:
            raise BackupError(f"cannot restore {path}: {error}") from error
        for ready, place in moves:
            ready.replace(place)
            _flushed(place.parent)


def _make_ready(copy: Path, part: Part, said: Held) -> None:
    """Checks what was unpacked, and makes it what is to be put back."""
    with contextlib.closing(connect(str(copy))) as db:
        try:
            if _check_sqlite(db, part, "the backup") != said:
                raise BackupError("the backup does not hold what its manifest says")
            db.execute("BEGIN")
            for statement in part.renew:
                db.execute(statement)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise BackupError(f"the backup is damaged: {error}") from error


def _take_hold(db: sqlite3.Connection, part: Part, path: str, *, replace: bool, lock: str = "") -> None:
    """Makes sure that what is there may be overwritten, and that nobody else has it open; `lock` keeps it so."""
    try:
        if not replace:
            known = _tables(db)
            _refuse_held(sum(_count(db, name) for name in part.tables if name in known), path)
        db.execute("PRAGMA journal_mode = DELETE")  # fails where anybody else has the file open
        db.execute(lock)
    except sqlite3.OperationalError as error:
        raise BackupError(f"{path} is in use, or cannot be written: {error}") from error
    except sqlite3.Error as error:
        raise BackupError(f"cannot restore {path}: {error}") from error


def _flushed(path: Path) -> Path:
    """The same path, a file or a folder, when it has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def _copy_pages(source: sqlite3.Connection, target: sqlite3.Connection, report: Report) -> None:
    """One transaction of the target's."""
    size = source.execute("PRAGMA page_size").fetchone()[0]
    source.backup(target, pages=PAGES, progress=lambda _, left, total: report((total - left) * size, total * size))


def _refuse_held(held: int, where: str) -> None:
    if held:
        raise BackupError(f"{where} holds {held} rows: it is overwritten only when told to")


async def _dump_postgres(
    url: str, copy: Path, parts: Sequence[Part], leave_out: Sequence[Part], report: Report
) -> dict[str, Held]:
    connection = await _administrator(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await _value(connection, "SELECT pg_export_snapshot()")
            holds = {
                part.name: Held(await _value(connection, _version_of(part)), await _rows(connection, part.tables))
                for part in parts
            }
            size = await _value(connection, "SELECT pg_database_size(current_database())")
            dump = ["pg_dump", "--format=custom", "--compress=0", "--file", str(copy), "--snapshot", snapshot]
            dump += [f"--exclude-table={name}" for part in leave_out for name in (*part.tables, part.version_table)]
            running = asyncio.create_task(_run(dump, url))
            while not (await asyncio.wait([running], timeout=0.2))[0]:
                report(_size(copy), size)
            await running
            report(size, size)
    except asyncpg.PostgresError as error:
        raise BackupError(f"cannot read the database as a whole: {error}") from error
    finally:
        await connection.close()
    return holds


async def _restore_postgres(copy: Path, url: str, parts: Sequence[Part], manifest: Manifest, *, replace: bool) -> None:
    connection = await _administrator(url)
    try:
        known = [part for part in parts if await _value(connection, "SELECT to_regclass($1)", part.version_table)]
        if not replace:
            held = [await _rows(connection, part.tables) for part in known]
            _refuse_held(sum(sum(rows.values()) for rows in held), "the database")
        clean = ["--clean", "--if-exists"] if known else []
        put = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", *clean, str(copy)]
        await _run(put, url)
        async with connection.transaction():
            for part in parts:
                found, said = await _rows(connection, part.tables), manifest.holds[part.name].rows
                if found != said:
                    raise BackupError(f"the database holds {found}, the manifest says {said}")
                for statement in part.renew:
                    await connection.execute(statement)
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


async def _rows(connection: asyncpg.Connection, tables: Iterable[str]) -> dict[str, int]:
    return {name: await _value(connection, f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608


async def _value(connection: asyncpg.Connection, query: str, *values: str) -> Any:
    return await connection.fetchval(query, *values)


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
