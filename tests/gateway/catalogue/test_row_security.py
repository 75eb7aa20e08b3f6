"""On PostgreSQL a query that forgets its view sees no record of another one: row-level security, as the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.store.postgres import PostgresStore
from gateway.catalogue.store.postgres_schema import OPEN, READING, setting
from gateway.catalogue.store.reader import NOTHING
from gateway.catalogue.store.schema import metadata
from gateway.catalogue.store.writer import Writer
from tests.gateway.catalogue.making import ISBNS, incoming

pytestmark = pytest.mark.parametrize("catalogue_url", ["postgres"], indirect=True)

VIEWS = (NOTHING, "aber", "bangor", "nlw", ALL, EVERYTHING)


@dataclass(slots=True, eq=False)
class Counting:
    """Counts the statements that one connection sends."""

    sent: int = 0

    def __call__(self, query: object) -> None:
        self.sent += 1


@pytest.fixture
async def stocked(ingest: Ingest, store: Writer) -> dict[str, int]:
    """Records by `member:control`: one that two members share, and what is private, suppressed or gone."""
    await ingest.put("aber", [incoming("shared", isbn=ISBNS[:1], holdings=())])
    await ingest.put("bangor", [incoming("shared", isbn=ISBNS[:1]), incoming("own", "Bees")])
    await ingest.put(
        "aber",
        [
            incoming("private", "Secret", private=True),
            incoming("suppressed", "Hidden", suppressed=True),
            incoming("gone", "Away"),
        ],
    )
    await ingest.put("aber", [incoming("gone", "Away", deleted=True)])
    await store.set_state("harvest:aber", "token")
    numbers: dict[str, int] = {}
    for member, controls in (
        ("aber", ["shared", "private", "suppressed", "gone"]),
        ("bangor", ["shared", "own"]),
    ):
        numbers |= {f"{member}:{control}": n for control, n in (await store.controls(member, controls)).items()}
    assert len(numbers) == 6
    return numbers


@pytest.fixture
async def application(catalogue_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(catalogue_url)
    yield connection
    await connection.close()


async def asked(application: asyncpg.Connection, view: str, query: str) -> list[object]:
    async with application.transaction():
        await application.execute(setting(view))
        return [row[0] for row in await application.fetch(query)]


async def test_row_security_stands_on_every_table(application: asyncpg.Connection) -> None:
    guarded = await application.fetch(
        "SELECT relname, count(*) AS policies FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relrowsecurity AND c.relforcerowsecurity GROUP BY relname"
    )
    assert {row["relname"]: row["policies"] for row in guarded} == dict.fromkeys(READING, 2)
    assert READING.keys() | OPEN == metadata.tables.keys()
    assert READING.keys() & OPEN == set()
    assert not await application.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")


async def test_a_query_that_forgets_its_view_sees_no_other(
    stocked: dict[str, int], application: asyncpg.Connection
) -> None:
    seen = {view: set(await asked(application, view, "SELECT id FROM catalogue_source_record")) for view in VIEWS}
    of = {member: {n for name, n in stocked.items() if name.startswith(member)} for member in ("aber", "bangor", "nlw")}
    visible = {stocked[name] for name in ("aber:shared", "bangor:shared", "bangor:own")}
    assert seen == {NOTHING: set(), ALL: visible, EVERYTHING: set(stocked.values()), **of}
    assert await application.fetch("SELECT 1 FROM catalogue_source_record") == []  # no view was ever said
    for table, key in (("rendering", "id"), ("original", "id"), ("holding", "record")):
        everything = set(await asked(application, EVERYTHING, f"SELECT {key} FROM catalogue_{table}"))
        for view in VIEWS:
            found = set(await asked(application, view, f"SELECT {key} FROM catalogue_{table}"))
            assert found == everything & seen[view], (table, view)


async def test_the_feed_is_that_of_the_view(
    stocked: dict[str, int], application: asyncpg.Connection, store: Writer
) -> None:
    members = "SELECT DISTINCT view FROM catalogue_scope"
    items = "SELECT DISTINCT item FROM catalogue_feed"
    for view in ("aber", "bangor", ALL):
        assert await asked(application, view, members) == [view]
        page = await store.changes(view, "", 0, None, None, 100)
        shown = {entry.shared if view == ALL else entry.record for entry in page.entries}
        assert set(await asked(application, view, items)) == shown
        assert shown
    for view in (NOTHING, "nlw"):
        for table in ("scope", "feed", "feed_block"):
            assert await asked(application, view, f"SELECT 1 FROM catalogue_{table}") == []
    assert stocked["aber:private"] in await asked(application, "aber", items)
    assert stocked["aber:private"] not in await asked(application, "bangor", items)
    assert set(await asked(application, "aber", "SELECT DISTINCT member FROM catalogue_tally")) == {"aber"}


@pytest.mark.parametrize("table", ["match_key", "review", "state"])
async def test_what_matching_and_harvests_keep_is_for_writers(
    stocked: dict[str, int], application: asyncpg.Connection, table: str
) -> None:
    for view in VIEWS:
        found = await asked(application, view, f"SELECT 1 FROM catalogue_{table}")
        assert bool(found) is (view == EVERYTHING and table != "review")


@pytest.mark.parametrize("view", ["aber", ALL, NOTHING])
async def test_a_view_changes_nothing(stocked: dict[str, int], application: asyncpg.Connection, view: str) -> None:
    for table in READING:
        assert (
            await asked(application, view, f"DELETE FROM catalogue_{table.removeprefix('catalogue_')} RETURNING 1")
            == []
        )
    update = "UPDATE catalogue_source_record SET status = 0 RETURNING 1"
    assert await asked(application, view, update) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asked(application, view, "INSERT INTO catalogue_state VALUES ('a', 'b')")
    assert await asked(application, EVERYTHING, "SELECT count(*) FROM catalogue_source_record") == [len(stocked)]


async def test_a_view_is_never_read_as_a_statement(stocked: dict[str, int], store: Writer) -> None:
    for view in ("x'; SET LOCAL gateway.view = '*", "\\'; COMMIT; --", "'", EVERYTHING):
        assert await store.records(view, list(stocked.values())) == [None] * len(stocked)
        assert (await store.changes(view, "", 0, None, None, 10)).entries == ()


async def test_a_tombstone_of_all_does_not_say_whose_it_was(stocked: dict[str, int], store: Writer) -> None:
    page = await store.changes(ALL, "", 0, None, None, 100)
    (gone,) = [one for one in await store.feed_records(ALL, page) if one.deleted]
    assert (gone.member, gone.control) == ("", "")
    assert await store.by_identifier(ALL, str(gone.shared)) == gone
    own = await store.by_identifier("aber", "gone")
    assert own is not None
    assert (own.deleted, own.member, own.control) == (True, "aber", "gone")


async def test_the_view_costs_no_round_trip(stocked: dict[str, int], catalogue_url: str) -> None:
    """Beginning and view together, record, holdings where they are wanted, end, and what the pool tidies up behind us.
    Dictionaries and sets are read once."""
    store = PostgresStore(catalogue_url, max_connections=1)
    await store.open()
    counting = Counting()
    async with store._pool.acquire() as connection:  # the only connection
        connection.add_query_logger(counting)
    for view in ("bangor", ALL):
        await store.records(view, [stocked["bangor:own"]])
        for holdings, expected in ((True, 5), (False, 4)):
            counting.sent = 0
            assert None not in await store.records(view, [stocked["bangor:own"]], holdings=holdings)
            assert counting.sent == expected
    await store.close()
