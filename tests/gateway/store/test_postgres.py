"""What only PostgreSQL has: row security for a role it binds, optimistic writing, connections that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from gateway.store import migrate, schema
from gateway.store.effects import Decision, Insert, StoreUnavailable, Update
from gateway.store.postgres import PostgresStore
from tests.gateway.conftest import StorePlace
from tests.gateway.store.plans import SHELF, Shelf, bib, event, item, state, values
from tests.postgres import Cluster, Database

pytestmark = pytest.mark.parametrize("store_place", ["postgres"], indirect=True)


@dataclass(slots=True, eq=False)
class Counting:
    """Counts the statements that one connection sends."""

    sent: int = 0

    def __call__(self, query: object) -> None:
        self.sent += 1


@pytest.fixture
def database(store_place: StorePlace) -> Database:
    assert store_place.postgres is not None
    return store_place.postgres


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore(database.app_dsn, max_size=2)
    await opened.open()
    yield opened
    await opened.close()


async def stock(store: PostgresStore, member: str = "aber") -> None:
    await store.apply(member, [Insert(state(member)), Insert(bib(member)), Insert(item(member))])


async def test_row_security_stands_on_every_table(database: Database, store: PostgresStore) -> None:
    admin = await asyncpg.connect(database.admin_dsn)
    guarded = await admin.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL"
    )
    assert {row["relname"] for row in guarded} == set(schema.metadata.tables)
    bypass = await admin.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", database.app_role)
    assert bypass is False
    await admin.close()


async def test_a_query_that_forgets_the_member_sees_no_other_member(database: Database, store: PostgresStore) -> None:
    await stock(store, "aber")
    await stock(store, "bangor")
    application = await asyncpg.connect(database.app_dsn)
    everything = "SELECT member FROM item ORDER BY member"
    assert await application.fetch(everything) == []
    await application.execute("SELECT set_config('gateway.member', 'bangor', false)")
    assert [row["member"] for row in await application.fetch(everything)] == ["bangor"]
    assert await application.execute("UPDATE item SET status = 'lost' WHERE member = 'aber'") == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute("INSERT INTO member_state VALUES ('cardiff', 1, 0, 1)")
    await application.execute("SELECT set_config('gateway.member', 'aber,bangor', false)")
    assert [row["member"] for row in await application.fetch(everything)] == ["aber", "bangor"]
    await application.close()


async def test_the_function_writes_for_no_other_member(database: Database, store: PostgresStore) -> None:
    application = await asyncpg.connect(database.app_dsn)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(
            "SELECT gateway_apply('aber', $1::text::jsonb)",
            '[["i:pseudonym", [{"member": "bangor", "patron_id": "p1", "pseudonym": "x"}], false]]',
        )
    await application.close()


async def test_the_application_cannot_change_events(database: Database, store: PostgresStore) -> None:
    await store.apply("aber", [Insert(event())])
    application = await asyncpg.connect(database.app_dsn)
    await application.execute("SELECT set_config('gateway.member', 'aber', false)")
    for statement in ("UPDATE event SET type = 'x'", "DELETE FROM event", "TRUNCATE event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(statement)
    await application.close()


async def test_a_command_whose_ground_moved_is_decided_again(
    database: Database, store: PostgresStore, postgres_cluster: Cluster
) -> None:
    await stock(store)
    seen: list[str] = []

    def decide(shelf: Shelf) -> Decision[str]:
        seen.append(shelf.items[0].status)
        if len(seen) == 1:  # somebody else commits between our read and our writing
            postgres_cluster.psql(database.name, "UPDATE item SET status = 'taken', version = version + 1")
        shelf.items[0].status += "!"
        return Decision(shelf.items[0].status, [Insert(event()), Update(shelf.items[0])])

    assert await store.command(SHELF, values(), decide) == "taken!"
    assert seen == ["available", "taken"]
    assert postgres_cluster.psql(database.name, "SELECT count(*) FROM event").strip() == "1"


async def test_a_command_that_always_conflicts_gives_up(store: PostgresStore) -> None:
    await stock(store)
    with pytest.raises(StoreUnavailable) as given_up:
        await store.command(SHELF, values(), lambda shelf: Decision(None, [Insert(state())]))
    assert given_up.value.outcome_unknown is False


async def test_a_command_takes_two_round_trips_and_three_for_another_member(store: PostgresStore) -> None:
    await stock(store, "aber")
    await stock(store, "bangor")

    def touch(shelf: Shelf) -> Decision[None]:
        assert shelf.state
        return Decision(None, [Update(shelf.state), Update(shelf.items[0]), Insert(event(shelf.state.member))])

    link = await store._pool.acquire("aber")  # the only connection
    counting = Counting()
    link.connection.add_query_logger(counting)
    store._pool.release(link)
    counts: list[int] = []
    for member in ("aber", "aber", "bangor", "bangor"):
        counting.sent = 0
        await store.command(SHELF, values(member), touch)
        counts.append(counting.sent)
    assert counts[1:] == [2, 3, 2]


async def test_a_free_connection_is_set_to_another_member_when_there_is_room_for_no_more(
    database: Database, store: PostgresStore
) -> None:
    for member in ("aber", "bangor", "cardiff", "aber"):
        await stock(store, member) if member != "aber" else await store.read(SHELF, values(member))
    admin = await asyncpg.connect(database.admin_dsn)
    connections = await admin.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND datname = $2", database.app_role, database.name
    )
    assert connections <= 2
    await admin.close()


async def test_more_commands_than_connections_wait_their_turn(store: PostgresStore) -> None:
    for member in ("aber", "bangor", "cardiff"):
        await stock(store, member)
    members = ["aber", "bangor", "cardiff"] * 10
    shelves = await asyncio.gather(*(store.read(SHELF, values(member)) for member in members))
    assert [shelf.state.member for shelf in shelves] == members


async def test_a_reader_that_gives_up_waiting_takes_no_connection_with_it(store: PostgresStore) -> None:
    await stock(store)
    held = [await store._pool.acquire("aber") for _ in range(2)]
    waiting = asyncio.create_task(store.read(SHELF, values()))
    await asyncio.sleep(0)
    waiting.cancel()
    for link in held:
        store._pool.release(link)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await store.read(SHELF, values())).state == state()
    assert store._pool._room + len(store._pool._free) == 2


async def test_connections_that_died_are_replaced(database: Database, store: PostgresStore) -> None:
    await stock(store)
    admin = await asyncpg.connect(database.admin_dsn)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND datname = $2",
        database.app_role, database.name,
    )  # fmt: skip
    await admin.close()
    assert (await store.read(SHELF, values())).state == state()


async def test_a_connection_lost_while_writing_leaves_the_outcome_unknown(
    database: Database, store: PostgresStore
) -> None:
    await stock(store)
    admin = await asyncpg.connect(database.admin_dsn)
    blocking = admin.transaction()
    await blocking.start()
    await admin.execute("SELECT 1 FROM item FOR UPDATE")
    writing = asyncio.create_task(
        store.command(SHELF, values(), lambda shelf: Decision(None, [Update(shelf.items[0])]))
    )
    killer = await asyncpg.connect(database.admin_dsn)
    find = "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND datname = $2 AND wait_event_type = 'Lock'"
    while (pid := await killer.fetchval(find, database.app_role, database.name)) is None:
        await killer.execute("SELECT pg_sleep(0.01)")
    await killer.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(StoreUnavailable) as lost:
        await writing
    assert lost.value.outcome_unknown is True
    await blocking.rollback()
    assert (await store.read(SHELF, values())).items[0].version == 1
    await admin.close()
    await killer.close()


async def test_the_server_itself_gives_up_a_write_that_takes_too_long(database: Database, store: PostgresStore) -> None:
    await stock(store)
    hasty = PostgresStore(database.app_dsn, max_size=1, command_seconds=0.3)
    await hasty.open()
    admin = await asyncpg.connect(database.admin_dsn)
    blocking = admin.transaction()
    await blocking.start()
    await admin.execute("SELECT 1 FROM item FOR UPDATE")
    with pytest.raises(StoreUnavailable) as late:
        await hasty.command(SHELF, values(), lambda shelf: Decision(None, [Update(shelf.items[0])]))
    assert late.value.outcome_unknown is False
    await blocking.rollback()
    await admin.close()
    assert (await hasty.read(SHELF, values())).items[0].version == 1
    await hasty.close()


async def test_nobody_there(database: Database, store: PostgresStore) -> None:
    nowhere = PostgresStore("postgresql://gateway_app@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable) as away:
        await nowhere.open()
    assert away.value.outcome_unknown is False


async def test_a_dsn_of_several_hosts_finds_the_one_that_answers(database: Database, store: PostgresStore) -> None:
    port = database.app_dsn.rpartition(":")[2].partition("/")[0]
    several = PostgresStore(f"postgresql://gateway_app@127.0.0.1:1,127.0.0.1:{port}/{database.name}")
    await several.open()
    assert (await several.read(SHELF, values())).items == []
    await several.close()


async def test_commits_wait_for_the_disk_whatever_the_servers_default(store: PostgresStore) -> None:
    link = await store._pool.acquire("aber")
    assert await link.connection.fetchval("SHOW synchronous_commit") == "on"
    store._pool.release(link)


async def test_an_empty_database_is_not_opened(postgres_cluster: Cluster, store: PostgresStore) -> None:
    empty = postgres_cluster.create_database()
    try:
        with pytest.raises(StoreUnavailable, match="no schema"):
            await PostgresStore(empty.app_dsn).open()
        with pytest.raises(migrate.WrongRevision, match="no schema"):
            await migrate.check(empty.admin_dsn)
    finally:
        postgres_cluster.drop_database(empty)
