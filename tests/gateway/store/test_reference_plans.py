"""Every plan of the reference platform, on both databases: it compiles, and reads no more rows than it needs."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import pairwise

import asyncpg
import pytest

import gateway.platforms.reference as reference
from gateway.clock import SystemClock
from gateway.demo import data
from gateway.store.port import Plan
from gateway.store.postgres import PostgresStore
from gateway.store.postgres_pool import SETTINGS
from gateway.store.schema import metadata
from gateway.store.sql import postgres_plan
from gateway.store.sqlite import SqliteStore
from tests.gateway.conftest import StorePlace

# Tables whose rows of one member are few: a plan may read them all.
SMALL = {
    "member_state", "location", "closed_day", "patron_category", "item_type", "loan_rule",
    "offline_conflict",  # what staff have not looked at, and for a while what they have
    "pin_failure",  # of the last hour
}  # fmt: skip
# Indexes that hold only what is open: housekeeping goes through all of it.
OPEN = {"ux_loan_open_item", "ix_loan_open_patron", "ix_hold_open_bib", "ix_hold_open_patron"}


def plans() -> Iterator[tuple[str, Plan]]:
    seen: set[int] = set()
    for module in pkgutil.walk_packages(reference.__path__, f"{reference.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Plan) and id(value) not in seen:
                seen.add(id(value))
                yield f"{module.name.rpartition('.')[2]}.{name}", value


ALL = dict(plans())


def test_there_are_plans() -> None:
    assert len(ALL) >= 20


@pytest.fixture
async def store() -> SqliteStore:
    opened = SqliteStore(":memory:")
    await opened.open()
    return opened


def too_much(line: str) -> bool:
    """Whether a line of SQLite's explanation reads a whole table, or all rows of a member in a table that grows."""
    if scan := re.match(r"SCAN (\w+)", line):
        return scan[1] in metadata.tables
    search = re.match(r"SEARCH (\w+) USING (?:COVERING )?INDEX (\w+) \(member=\?\)$", line)
    return search is not None and search[1] not in SMALL and search[2] not in OPEN


@pytest.mark.parametrize("name", ALL)
async def test_no_plan_reads_a_whole_table(store: SqliteStore, name: str) -> None:
    found = {
        part: bad
        for part, lines in store.explain(ALL[name]).items()
        if (bad := [line for line in lines if too_much(line)])
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("SCAN item", True),
        ("SCAN loan USING INDEX ix_loan_member_item_id", True),
        ("SEARCH loan USING INDEX pk (member=?)", True),
        ("SEARCH loan USING INDEX ux_loan_open_item (member=?)", False),
        ("SEARCH loan USING INDEX ux_loan_open_item (member=? AND item_id=?)", False),
        ("SCAN json_each VIRTUAL TABLE INDEX 1:", False),
    ],
)
def test_the_verdict_itself(line: str, verdict: bool) -> None:
    assert too_much(line) is verdict


@pytest.mark.parametrize("store_place", ["postgres"], indirect=True)
async def test_no_plan_reads_a_whole_table_of_postgresql_beneath_row_security(store_place: StorePlace) -> None:
    """What row security does not trust to leak nothing is tried row by row, after all rows of the member are read."""
    store = PostgresStore(store_place.url)
    await store.open()
    await data.load(store, SystemClock())
    await store.close()
    owner = await asyncpg.connect(store_place.owner_url)
    await owner.execute("ANALYZE")
    await owner.close()
    application = await asyncpg.connect(store_place.url, server_settings=SETTINGS)
    await application.execute("SELECT set_config('gateway.member', 'aber', false)")
    found: dict[str, list[str]] = {}
    for number, (name, plan) in enumerate(ALL.items()):
        compiled = postgres_plan(plan)
        await application.execute(f"PREPARE plan_{number} AS {compiled.sql}")
        nulls = f"({', '.join(['NULL'] * len(compiled.order))})" if compiled.order else ""
        lines = [row[0] for row in await application.fetch(f"EXPLAIN (COSTS OFF) EXECUTE plan_{number}{nulls}")]
        bad = list(too_much_of_postgresql(lines))
        if bad and not name.startswith("housekeeping."):  # goes through all that is open: all indexes cost the same
            found[name] = bad
    await application.close()
    assert found == {}


def too_much_of_postgresql(lines: list[str]) -> Iterator[str]:
    """Scans of a table that grows by nothing but the member, or by nothing at all."""
    for line, after in pairwise([*lines, ""]):
        scan = re.search(r"Seq Scan on (\w+)|Index(?: Only)? Scan(?: Backward)? using (\w+) on (\w+)", line)
        if scan is None:
            continue
        table, index = scan[1] or scan[3], scan[2]
        narrow = "Index Cond: (" in after and not re.search(r"Index Cond: \(member = [^()]+\)$", after)
        if not narrow and table not in SMALL and index not in OPEN:
            yield f"{line.strip()} {after.strip()}"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["Seq Scan on item", "  Filter: (member = $1)"], 1),
        (["Index Scan using pk_item on item item_1", "  Index Cond: (member = $1)", "  Filter: (id = $2)"], 1),
        (["Index Scan using pk_item on item", "  Filter: (id = $2)"], 1),
        (["Index Scan using pk_item on item", "  Index Cond: ((member = $1) AND (id = $0))"], 0),
        (["Seq Scan on loan_rule", "  Filter: (member = $1)"], 0),
    ],
)
def test_the_verdict_on_postgresql_itself(lines: list[str], found: int) -> None:
    assert len(list(too_much_of_postgresql(lines))) == found
