"""Search clients at a played SRU server: ours and YAZ's cope with its liberties, and scripted ones are found out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from gateway.clients.sru import SruBadAnswer, SruClient
from library_conformance.listen import Listener
from library_conformance.passive import KEPT
from library_protocols.sru import Surrogate, Version, diagnostic_number
from tests.presence import missing


@pytest.fixture
def server() -> Iterator[Listener]:
    with Listener("sru") as listener:
        yield listener


def verdicts(listener: Listener) -> dict[str, str]:
    return {
        one.rule.requirement.removeprefix("sru.client."): one.worst[1].observation if one.worst else KEPT
        for one in listener.judgements()
        if one.findings
    }


def wrong(listener: Listener) -> dict[str, str]:
    return {name: one for name, one in verdicts(listener).items() if one != KEPT}


SHOWN = {"redirect", "next", "extra-data", "prefixes", "chunks", "surrogate", "version.lower"}


async def test_the_gateways_own_client_copes_with_everything(server: Listener) -> None:
    async with SruClient(f"http://127.0.0.1:{server.port}/played") as client:
        await client.explain()
        fewer = await client.search("dc.title = ferry", maximum=5, schema="marcxml")
        assert (fewer.count, len(fewer.records), fewer.next_position) == (12, 2, 3)
        rest = await client.search("dc.title = ferry", start=3, maximum=9, schema="marcxml")
        assert [one.position for one in rest.records if isinstance(one, Surrogate)] == [4]
        for word in ("swift", "bridge", "bees", "boat"):
            found = await client.search(f"dc.title = {word}", maximum=1, schema="dc")
            assert (found.count, len(found.records)) == (12, 1)
        with pytest.raises(SruBadAnswer):
            await client.search("dc.title = wall", maximum=1, schema="dc")
    assert wrong(server) == {}
    assert verdicts(server).keys() >= {*SHOWN, "explain", "quotes", "schema", "parameters", "values", "query"}


@pytest.mark.parametrize("version", list(Version))
async def test_it_is_a_server_of_every_version(server: Listener, version: Version) -> None:
    async with SruClient(f"http://127.0.0.1:{server.port}/played", version) as client:
        await client.search("ferry", maximum=0)
        explained = await client.explain()
        assert explained.version in (version.value, "")
        terms = await client.scan("dc.title = five", position=2, maximum=3)
        assert [one.value for one in terms.terms] == [
            'Every harbour has a "last" boat', "Five bridges over the Llwyd", "Gwynt y dwyrain",
        ]  # fmt: skip
        for query, schema, start, number in (
            ("shoe.size = 1", "", 1, 15), ("a and", "", 1, 10), ("a", "mods", 1, 66), ("a", "", 13, 61),
        ):  # fmt: skip
            refused = await client.search(query, schema=schema, start=start)
            assert [diagnostic_number(one.uri) for one in refused.diagnostics] == [number]


def test_a_client_that_does_nothing_right_is_found_out(server: Listener) -> None:
    base = f"http://127.0.0.1:{server.port}/played"
    search = {"operation": "searchRetrieve", "version": "1.1", "maximumRecords": "4"}
    with httpx.Client() as client:
        client.get(base, params={**search, "query": "a"})  # sent elsewhere
        for _ in range(3):
            client.get(base, params={**search, "query": "a"})  # fewer, a surrogate, more
        for start in ("9", "14"):
            client.get(base, params={**search, "query": "a", "startRecord": start})  # other prefixes
        client.get(base, params={**search, "query": 'say "what'})
        client.get(base, params={**search, "query": "c"})  # chunks
        for _ in range(2):
            client.get(base, params={**search, "query": "d"})  # busy
        client.get(base, params={**search, "startRecord": "0", "limit": "3"})
        client.get(base, params={**search, "operation": "find", "query": "a"})
    assert wrong(server) == {
        "redirect": "did not go where it was sent",
        "surrogate": "said it again",
        "next": "a page that begins elsewhere than the last ended",
        "range": "a page behind the last record",
        "quotes": "a query that is no CQL",
        "busy": "asked again before Retry-After was over",
        "values": "values that are not allowed: startRecord",
        "parameters": "parameters that do not exist: limit",
        "query": "a search without a query, or a scan without a clause",
        "operation": "a version or an operation that does not exist",
        "schema": "records of whatever schema",
        "explain": "never asked for explain",
    }


@pytest.mark.parametrize(
    ("way", "shown"), [("get", SHOWN), ("post", SHOWN - {"redirect"}), ("soap", SHOWN - {"redirect"})]
)
def test_zoom_copes_and_comes_back_too_soon(server: Listener, way: str, shown: set[str]) -> None:
    path = shutil.which("zoomsh")
    if path is None:
        missing("zoomsh is not installed")
    lines = [
        f"set sru {way}", "set sru_version 1.2", "set schema dc", f"connect http://127.0.0.1:{server.port}/played",
        "search cql:dc.title=wales", "show 0 5", *(f"search cql:{word}\nshow 0 2" for word in "abcde"), "quit",
    ]  # fmt: skip
    said = subprocess.run(
        [path], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=20, check=False
    ).stdout
    assert ": 12 hits" in said
    assert "<dc:title>Every harbour" in said
    assert "Service Unavailable (HTTP:503)" in said
    judged = verdicts(server)
    assert judged.keys() >= shown
    assert {name: one for name, one in judged.items() if one != KEPT} == {
        "busy": "asked again before Retry-After was over",
        "explain": "never asked for explain",
    }
