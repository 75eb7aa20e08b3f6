"""Every statement of the catalogue, on both databases: it compiles, and reads no more rows than it needs."""

from __future__ import annotations

import re

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store.postgres import PostgresStore
from gateway.catalogue.store.schema import metadata
from gateway.catalogue.store.sqlite import SqliteStore
from gateway.catalogue.store.statements import ALL
from gateway.catalogue.store.writer import Writer
from tests.gateway.catalogue.making import incoming

# Tables that are read whole: a few hundred rows at most, however many records there are.
SMALL = {"catalogue_position", "catalogue_scope", "catalogue_dictionary", "catalogue_tally"}
# The first rows by primary key, up to a limit.
FIRST = {"FIRST_RENDERINGS", "FIRST_ORIGINALS"}


def too_much(line: str) -> bool:
    """Whether a line of an explanation reads a whole table that grows, or sorts what it has read."""
    scan = re.search(r"^SCAN (\w+)|Seq Scan on (\w+)", line)
    if scan is not None:
        table = scan[1] or scan[2]
        return table in metadata.tables and table not in SMALL
    return "TEMP B-TREE" in line or re.search(r"\bSort\b", line) is not None


async def plans(store: Writer) -> dict[str, list[str]]:
    if isinstance(store, SqliteStore):
        return {name: store.explain(statement) for name, statement in ALL.items()}
    assert isinstance(store, PostgresStore)
    return {name: await store.explain(statement) for name, statement in ALL.items()}


async def test_no_statement_reads_a_whole_table(store: Writer, ingest: Ingest) -> None:
    """Also while the tables are as good as empty, which is when planners like to read them whole."""
    await ingest.put("aber", [incoming("1"), incoming("2", "Another")])
    found = {
        name: bad
        for name, lines in (await plans(store)).items()
        if name not in FIRST and (bad := [line for line in lines if too_much(line)])
    }
    assert found == {}


async def test_records_are_read_by_their_ids_however_many_the_member_has(store: Writer) -> None:
    lines = (await plans(store))["SHOWN_TO_MEMBER"]
    assert lines
    assert [line for line in lines if "member_control" in line] == []


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("SCAN catalogue_source_record", True),
        ("SCAN catalogue_scope", False),
        ("SCAN json_each VIRTUAL TABLE INDEX 1:", False),
        ("SEARCH catalogue_feed USING PRIMARY KEY (scope=? AND deleted=? AND seq>?)", False),
        ("USE TEMP B-TREE FOR ORDER BY", True),
        ("  ->  Seq Scan on catalogue_feed", True),
        ("  ->  Index Scan using pk_catalogue_feed on catalogue_feed", False),
        ("  ->  Sort", True),
    ],
)
def test_the_verdict_itself(line: str, verdict: bool) -> None:
    assert too_much(line) is verdict


def test_there_are_statements() -> None:
    assert len(ALL) >= 40
