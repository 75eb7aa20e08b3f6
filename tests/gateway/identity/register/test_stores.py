"""What the registers in databases are beside what they promise: plans, schema, isolation, several of them at once."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import (
    DropPerson,
    Everyone,
    Lookup,
    PutPerson,
    Register,
    RegisterUnavailable,
    StaleVersion,
    Taken,
)
from gateway.identity.register.postgres import PostgresRegister
from gateway.identity.register.schema import VERSION_TABLE, metadata
from gateway.identity.register.searching import NARROW, STRIDE, beyond
from gateway.identity.register.sqlite import SqliteRegister
from gateway.identity.register.statements import ALL
from tests.gateway.identity.register.people import person
from tests.postgres import Database

WRITES = re.compile(r"^(PUT|DROP)_")
COUNTS = {"COUNT_ALL", "TALLY"}
"""Statements that count everybody of a member or a source: in an index, and only there."""

LATEST = {"RUNS"}
"""The first rows in the order of an index, up to a limit; there are few of them in all."""


def too_much(line: str) -> bool:
    """Whether a line of an explanation reads a whole table or all rows of a member, or sorts what it has read."""
    if re.search(r"^SCAN identity_|Seq Scan on identity_|TEMP B-TREE|\bSort\b", line):
        return True
    return re.search(r"\(member=\?\)$|Index Cond: \(member = [^()]+\)$", line) is not None


async def plans(register: Register) -> dict[str, list[str]]:
    if isinstance(register, SqliteRegister):
        return {name: register.explain(statement) for name, statement in ALL.items()}
    assert isinstance(register, PostgresRegister)
    return {name: await register.explain(statement) for name, statement in ALL.items() if not WRITES.match(name)}


async def test_no_statement_reads_more_than_it_needs(stored: Register) -> None:
    await stored.write("aber", [PutPerson(person("a", barcode="1", category="student"), 0)])
    explained = await plans(stored)
    found = {
        name: bad
        for name, lines in explained.items()
        if name not in COUNTS | LATEST and (bad := [line for line in lines if too_much(line)])
    }
    assert found == {}
    assert len(explained) > 20


async def test_counting_everybody_reads_an_index_alone(stored: Register) -> None:
    for name, lines in (await plans(stored)).items():
        if name in COUNTS:
            assert any("INDEX" in line.upper() and "identity_person" in line for line in lines), lines
            assert [line for line in lines if "SCAN identity" in line or "Seq Scan" in line] == []


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("SCAN identity_person", True),
        ("SCAN json_each VIRTUAL TABLE INDEX 1:", False),
        ("SEARCH identity_person USING INDEX sqlite_autoindex_identity_person_1 (member=?)", True),
        ("SEARCH identity_person USING INDEX sqlite_autoindex_identity_person_1 (member=? AND id>?)", False),
        ("USE TEMP B-TREE FOR ORDER BY", True),
        ("        Index Cond: (member = $1)", True),
        ("        Index Cond: ((member = $1) AND (id > $2))", False),
        ("  ->  Seq Scan on identity_lookup", True),
        ("  ->  Sort", True),
    ],
)
def test_the_verdict_itself(line: str, verdict: bool) -> None:
    assert too_much(line) is verdict


def differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "version_table": VERSION_TABLE}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


async def test_the_revisions_make_the_schema(register_file: Path) -> None:
    engine = create_engine(f"sqlite:///{register_file}")
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


async def test_the_revisions_make_the_schema_of_postgresql(register_database: Database) -> None:
    engine = create_async_engine(register_database.admin_dsn.replace("postgresql", "postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_what_has_no_register_or_another_is_not_opened(
    register_file: Path, register_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "register.sqlite3"
    shutil.copy(register_file, path)
    await migrate.upgrade(f"sqlite:///{path}")  # changes nothing
    await (await open_register(f"sqlite:///{path}")).close()
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(RegisterUnavailable, match="later program made"):
        await open_register(f"sqlite:///{path}")
    with pytest.raises(RegisterUnavailable, match="later program"):
        await migrate.upgrade(f"sqlite:///{path}")
    with pytest.raises(RegisterUnavailable, match="has no schema yet"):
        await open_register(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with pytest.raises(RegisterUnavailable):
        await open_register(register_database.app_dsn.rsplit("/", 1)[0] + "/no_such_database")
    with pytest.raises(ValueError, match="sqlite:///path or postgresql"):
        await open_register("mysql://x")


async def test_row_security_stands_on_every_table(register_database: Database) -> None:
    application = await asyncpg.connect(register_database.app_dsn)
    guarded = await application.fetch(
        "SELECT relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relrowsecurity AND c.relforcerowsecurity"
    )
    assert {row["relname"] for row in guarded} == set(metadata.tables)
    assert all("member" in table.columns for table in metadata.tables.values())
    await application.close()


@pytest.mark.parametrize("register_url", ["postgres"], indirect=True)
async def test_a_query_that_forgets_its_member_sees_nobody(stored: Register, register_url: str) -> None:
    for member in ("aber", "bangor"):
        await stored.write(member, [PutPerson(person("a", member=member, barcode="1"), 0)])
    application = await asyncpg.connect(register_url)
    for table in ("person", "name", "lookup"):
        assert await application.fetch(f"SELECT 1 FROM identity_{table}") == []
    await application.execute("SELECT set_config('gateway.member', 'aber', false)")
    assert [row[0] for row in await application.fetch("SELECT DISTINCT member FROM identity_lookup")] == ["aber"]
    assert await application.execute("DELETE FROM identity_person WHERE member = 'bangor'") == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute("INSERT INTO identity_seen VALUES ('bangor', 'r', 'x')")
    await application.close()


async def test_who_writes_at_the_same_time_hears_of_it(registers: Callable[[], Awaitable[Register]]) -> None:
    one, other = await registers(), await registers()
    await one.write("aber", [PutPerson(person("a"), 0)])

    async def rename(register: Register, number: int) -> str:
        try:
            await register.write("aber", [PutPerson(person("a", given=f"{number}"), 1)])
        except StaleVersion:
            return "stale"
        return "written"

    answers = await asyncio.gather(*(rename((one, other)[number % 2], number) for number in range(8)))
    assert sorted(answers) == ["stale"] * 7 + ["written"]


async def test_of_two_who_take_the_same_barcode_one_has_it(registers: Callable[[], Awaitable[Register]]) -> None:
    one, other = await registers(), await registers()

    async def take(register: Register, number: int) -> str:
        try:
            await register.write("aber", [PutPerson(person(f"p{number}", barcode="1"), 0)])
        except Taken as taken:
            return taken.owner
        return f"p{number}"

    answers = await asyncio.gather(*(take((one, other)[number % 2], number) for number in range(8)))
    (owner,) = set(answers)
    assert [one.id for one in await other.search("aber", Everyone())] == [owner]


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
async def test_another_process_that_writes_is_waited_for_without_standing_still(
    stored: Register, register_url: str
) -> None:
    db = sqlite3.connect(register_url.removeprefix("sqlite:///"), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    writing = asyncio.ensure_future(stored.write("aber", [PutPerson(person("a"), 0)]))
    for _ in range(5):
        await asyncio.sleep(0.005)
        assert await stored.count("aber", Everyone()) == 0  # who reads waits for nobody
    assert not writing.done()
    db.execute("COMMIT")
    db.close()
    await writing
    assert await stored.count("aber", Everyone()) == 1


@pytest.mark.parametrize("register_url", ["postgres"], indirect=True)
async def test_connections_that_the_server_has_ended_are_left(
    stored: Register, register_url: str, register_database: Database
) -> None:
    await stored.write("aber", [PutPerson(person("a"), 0)])
    admin = await asyncpg.connect(register_database.admin_dsn)
    name = register_url.rpartition("/")[2]
    ended = await admin.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = 'gateway_app'", name
    )
    await admin.close()
    assert ended
    await asyncio.sleep(0.2)  # until the loop has heard of it
    assert await stored.count("aber", Everyone()) == 1
    await stored.write("aber", [DropPerson("a", 1)])


async def test_more_than_can_be_gathered_is_walked_through(stored: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.register.searching.NARROW", 5)
    monkeypatch.setattr("gateway.identity.register.searching.STRIDE", 7)
    assert NARROW > STRIDE > 7
    people = [person(f"p{n:02}", barcode=f"2010{n:02}", category="student" if n % 2 else "staff") for n in range(40)]
    await stored.write("aber", [PutPerson(one, 0) for one in people])
    odd = [one.id for one in people if one.category == "student"]
    everybody = [one.id for one in people]
    for wanted, who in (
        (Everyone(), everybody),
        (Lookup("category", "STUDENT"), odd),
        (Lookup("barcode", "2010", prefix=True), everybody),
        (Lookup("category", "st", prefix=True), everybody),
    ):
        pages: list[str] = []
        while page := await stored.search("aber", wanted, after=pages[-1] if pages else "", size=9):
            pages += [one.id for one in page]
        assert pages == who
        assert await stored.count("aber", wanted) == len(who)


@pytest.mark.parametrize(
    ("prefix", "following"),
    [("a", "b"), ("ab", "ac"), ("\ud7ff", "\ue000"), ("a\U0010ffff", "b"), ("a\x7f", "a\x80")],
)
def test_what_stands_behind_a_prefix(prefix: str, following: str) -> None:
    assert beyond(prefix) == following
    assert prefix < prefix + "\U0010ffff" * 3 < following or prefix.endswith("\U0010ffff")


def test_behind_no_prefix_there_is_nothing() -> None:
    assert beyond("") > "\U0010ffff" * 200
    assert beyond("\U0010ffff") > "\U0010ffff" * 200


async def test_values_sort_by_code_point_on_both(stored: Register) -> None:
    ids = ["A", "B", "a", "b", "é", "z", "ﬀ", "😀"]
    await stored.write("aber", [PutPerson(replace(person("x"), id=one, source_id=one), 0) for one in ids])
    assert [one.id for one in await stored.search("aber", Everyone())] == sorted(ids)
