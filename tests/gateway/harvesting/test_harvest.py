"""Whole harvests against a provider: what is new, what is gone, what goes on where it ended, what never ends."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from gateway.catalogue.ingest import Report
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.harvesting import harvest as module
from gateway.harvesting import source as source_module
from library_protocols.oai_pmh import Deleted, Granularity
from tests.gateway.harvesting.conftest import Field
from tests.gateway.harvesting.provider import Provider, Reply, fill, on_page, seconds


async def test_a_first_harvest_takes_everything(source: Field) -> None:
    fill(source.provider, 8)
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.problem) == (True, True, "")
    assert (outcome.records, outcome.added, outcome.pages) == (8, 8, 3)
    assert await source.held() == {f"{number:03}": True for number in range(8)}
    assert [(step.records, step.size) for step in source.steps] == [(3, 8), (6, 8), (8, 8)]
    kept = await source.record("003")
    assert kept.provenance is not None
    assert (kept.provenance.base_url, kept.provenance.identifier) == (source.provider.url, "oai:source.example:003")
    assert seconds(kept.provenance.datestamp) == 1_600_000_004


async def test_the_next_one_takes_what_is_new(source: Field) -> None:
    fill(source.provider, 5)
    await source.harvest()
    source.provider.now += 1000
    source.provider.put("002", "Another title")
    source.provider.put("004", deleted=True)
    source.provider.put("new")
    outcome = await source.harvest()
    assert (outcome.full, outcome.added, outcome.changed, outcome.deleted) == (False, 1, 1, 1)
    asked = [arguments["from"] for arguments in source.provider.lists() if "from" in arguments]
    assert asked == ["2020-09-13T12:25:45Z"]  # the first page's responseDate, a minute earlier
    assert await source.held() == {"000": True, "001": True, "002": True, "003": True, "004": False, "new": True}
    again = await source.harvest()
    assert (again.finished, again.added, again.changed) == (True, 0, 0)


async def test_days_overlap_by_a_day(source: Field) -> None:
    source.provider.granularity = Granularity.DAY
    fill(source.provider, 2)
    await source.harvest()
    await source.harvest()
    assert source.provider.lists()[-1]["from"] == "2020-09-12"


async def test_a_source_that_goes_over_to_days(source: Field) -> None:
    fill(source.provider, 2)
    await source.harvest()
    source.provider.granularity = Granularity.DAY
    assert (await source.harvest()).finished
    assert source.provider.lists()[-1]["from"] == "2020-09-13"


async def test_nothing_new_is_no_problem(source: Field) -> None:
    assert (await source.harvest()).finished
    fill(source.provider, 1)
    source.provider.now += 10_000
    await source.harvest()
    source.provider.now += 10_000
    outcome = await source.harvest()
    assert (outcome.finished, outcome.records, outcome.problem) == (True, 0, "")


async def test_it_goes_on_where_it_was_stopped(source: Field) -> None:
    fill(source.provider, 10)
    outcome = await source.harvest(progress=lambda step: source.stop.set() if step.records >= 6 else None)
    assert (outcome.finished, outcome.problem, outcome.records) == (False, "", 6)
    source.stop.clear()
    begun = len(source.provider.lists())
    outcome = await source.harvest()
    assert (outcome.finished, outcome.resumed_at, outcome.records, outcome.added) == (True, 6, 10, 4)
    assert "resumptionToken" in source.provider.lists()[begun]
    assert len(await source.held()) == 10


@pytest.mark.parametrize("status", [503, 429, 500])
async def test_a_busy_source_is_waited_for(source: Field, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(source.provider, 4)
    waits: list[float] = []
    monkeypatch.setattr(source.stop, "wait", lambda seconds: bool(waits.append(seconds)))
    busy = Reply(status, b"busy", {"Retry-After": "7"})
    source.provider.faults = [on_page(1, lambda p, b: busy), on_page(3, lambda p, b: Reply(status))]
    outcome = await source.harvest()
    assert outcome.finished
    assert waits == [7, 0.01]


async def test_a_source_that_is_away_is_a_problem_and_no_loss(source: Field) -> None:
    fill(source.provider, 7)
    source.provider.faults = [lambda p, r, b: Reply(503) if len(p.lists()) > 1 else None]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.records) == (False, 3)
    assert "HTTP 503, 5 times" in outcome.problem
    source.provider.faults = []
    assert (await source.harvest()).resumed_at == 3
    assert len(await source.held()) == 7


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404, b"no"), "404"),
        (Reply(200, b"<html>no</html>"), "not OAI-PMH"),
        (Reply(302, b"", {"Location": "ftp://x/y"}), "x/y"),
    ],
)
async def test_what_is_no_provider_is_told(source: Field, reply: Reply, said: str) -> None:
    source.provider.faults = [lambda p, r, b: reply]
    outcome = await source.harvest()
    assert not outcome.finished
    assert said in outcome.problem


async def test_a_wrong_format_is_told(source: Field) -> None:
    fill(source.provider, 1)
    source.provider.faults = [
        on_page(1, lambda p, b: b.replace(b"marc:record", b"marc:thing").replace(b"MARC21/slim", b"other"))
    ]
    outcome = await source.harvest()
    assert (outcome.added, len(outcome.refused)) == (0, 1)
    assert outcome.refused[0].label == "oai:source.example:000"


async def test_a_page_cut_off_is_asked_for_again(source: Field) -> None:
    fill(source.provider, 4)
    source.provider.faults = [on_page(1, lambda p, b: b[: len(b) // 2])]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.added, outcome.damaged) == (True, 4, 0)


async def test_of_a_page_with_wrong_xml_the_whole_records_are_taken(source: Field) -> None:
    fill(source.provider, 6)
    source.provider.faults = [
        lambda p, r, b: b.replace(b">001<", b">&undefined;001<").replace(b"A title", b"A \x0btitle &#x1F;", 1)
    ]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.damaged, outcome.added) == (True, 1, 5)
    assert "octet" in outcome.refused[0].label
    assert sorted(await source.held()) == ["000", "002", "003", "004", "005"]


async def test_a_response_without_end_is_cut(source: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(source.provider, 2)
    monkeypatch.setattr(source_module, "MAX_OCTETS", 100_000)
    bomb = Reply(200, gzip.compress(b"<a>" * 1_000_000), {"Content-Encoding": "gzip"})
    source.provider.faults = [on_page(1, lambda p, b: bomb)]
    outcome = await source.harvest()
    assert "more than 100,000 octets" in outcome.problem


async def test_a_source_that_tells_no_deletions_is_compared_with_its_full_list(source: Field) -> None:
    source.provider.deleted = Deleted.NO
    fill(source.provider, 8)
    await source.harvest()
    source.provider.now += 1000
    for control in ("001", "006"):
        del source.provider.items[f"oai:source.example:{control}"]
    assert (await source.harvest()).gone == 0
    outcome = await source.harvest(full=True)
    assert (outcome.full, outcome.gone, outcome.unchanged) == (True, 2, 6)
    assert [control for control, live in (await source.held()).items() if not live] == ["001", "006"]
    assert list(source.folder.glob("*.seen*")) == []


async def test_what_another_source_brought_is_left_alone(source: Field) -> None:
    fill(source.provider, 4)
    await source.harvest()
    other = source.provider.url + "/"
    source.provider.items.clear()
    fill(source.provider, 2, first=10)
    await source.harvest(full=True, url=other, name="other")
    assert (await source.harvest(full=True, url=other, name="other")).gone == 0
    assert len([live for live in (await source.held()).values() if live]) == 6


async def test_much_missing_at_once_is_not_believed(source: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 2)
    fill(source.provider, 10)
    await source.harvest()
    for number in range(5):
        del source.provider.items[f"oai:source.example:{number:03}"]
    outcome = await source.harvest(full=True)
    assert (outcome.finished, outcome.gone) == (True, 0)
    assert "5 of 10 records are missing" in outcome.problem
    assert (await source.harvest(full=True, accept_gone=True)).gone == 5


async def test_a_full_list_that_was_interrupted_still_knows_what_it_held(source: Field) -> None:
    fill(source.provider, 9)
    await source.harvest()
    del source.provider.items["oai:source.example:000"]
    await source.harvest(full=True, progress=lambda step: source.stop.set())
    source.stop.clear()
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.gone) == (True, True, 1)


@pytest.mark.parametrize("nodes", [("", "b"), ("", "b", "")])
async def test_what_one_node_has_not_seen_of_a_list_is_not_taken_for_missing(
    source: Field, nodes: tuple[str, ...]
) -> None:
    fill(source.provider, 9)
    await source.harvest()
    del source.provider.items["oai:source.example:000"]
    for number, node in enumerate(nodes[:-1]):
        source.node = node
        await source.harvest(full=not number, progress=lambda step: source.stop.set())
        source.stop.clear()
    source.node = nodes[-1]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.gone) == (True, True, 0)
    assert len(await source.held()) == 9
    assert (await source.harvest(full=True)).gone == 1  # a list that one node has read from its beginning


async def test_a_full_list_whose_page_got_lost_on_the_way_still_knows_what_it_held(
    source: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(source.provider, 9)
    await source.harvest()
    del source.provider.items["oai:source.example:000"]
    taken, put = [], source.ingest.put

    async def breaks(*given: Any, **kept: Any) -> Report:
        taken.append(given)
        if len(taken) == 2:
            raise CatalogueUnavailable("away")
        return await put(*given, **kept)

    monkeypatch.setattr(source.ingest, "put", breaks)
    with pytest.raises(CatalogueUnavailable):
        await source.harvest(full=True)
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.gone) == (True, True, 1)


async def test_a_dry_run_writes_nothing(source: Field) -> None:
    fill(source.provider, 5)
    outcome = await source.harvest(dry_run=True)
    assert (outcome.finished, outcome.records, outcome.added) == (True, 5, 0)
    assert await source.held() == {}
    assert (await source.harvest()).added == 5


async def test_another_address_begins_anew(source: Field) -> None:
    fill(source.provider, 4)
    await source.harvest()
    outcome = await source.harvest(url=source.provider.url + "/")
    assert (outcome.full, outcome.unchanged) == (True, 4)


async def test_a_long_page_is_written_in_parts(source: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRANSACTION", 4)
    for size in (3, 4, 5, 8, 9):
        source.provider.items.clear()
        source.provider.page_size = size
        fill(source.provider, size, first=size * 100)
        outcome = await source.harvest(full=True, accept_gone=True)
        assert (outcome.added, outcome.pages) == (size, 1)
    assert [control for control, live in (await source.held()).items() if live] == [f"{n}" for n in range(900, 909)]


async def test_one_at_a_time(source: Field) -> None:
    fill(source.provider, 1)
    async with asyncio.timeout(20):
        meanwhile = await source.turns.alone("harvest:aber:ils", source.harvest)
    assert meanwhile.problem == "this source is being harvested by another process of this machine"
    assert (await source.harvest()).finished


async def test_numbers_that_are_not_in_the_identifier(source: Field) -> None:
    provider = source.provider
    provider.put("77", identifier="oai:source.example:item-a", first="b1")
    provider.put("78", identifier="oai:source.example:item-b", first="")
    await source.harvest()
    assert await source.held() == {"b1": True, "item-b": True}
    provider.now += 100
    provider.put("77", identifier="oai:source.example:item-a", first="b2")
    await source.harvest()
    assert await source.held() == {"b1": False, "item-b": True, "b2": True}
    provider.now += 100
    provider.put("77", identifier="oai:source.example:item-a", deleted=True)
    provider.put("78", identifier="oai:source.example:item-b", deleted=True)
    await source.harvest()
    assert not any((await source.held()).values())


async def test_a_source_that_changes_under_the_harvester(source: Field) -> None:
    """Records move and vanish between two pages; a second harvest puts right what the first could not see."""
    fill(source.provider, 12)

    def stir(provider: Provider, body: bytes) -> bytes:
        provider.now += 1
        provider.put("000", "Moved to the end")
        provider.put("011", deleted=True)
        return body

    source.provider.faults = [on_page(2, stir)]
    await source.harvest()
    source.provider.faults = []
    source.provider.now += 5
    await source.harvest()
    held = await source.held()
    assert held == {f"{number:03}": True for number in range(11)}
    assert b"Moved to the end" in (await source.record("000")).marcxml
