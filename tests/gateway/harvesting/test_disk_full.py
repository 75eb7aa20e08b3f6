"""Harvests while the catalogue's disk is full: nothing is lost, nothing is taken for gone, and the next one goes on."""

from __future__ import annotations

from contextlib import suppress

import pytest

from gateway.catalogue.store.port import CatalogueUnavailable
from library_protocols.oai_pmh import Deleted
from tests.gateway.catalogue.disk import disk_of
from tests.gateway.harvesting.conftest import Field


def fill(source: Field, count: int) -> dict[str, bool]:
    for number in range(count):
        source.provider.now += 1
        source.provider.put(f"{number:03}")
    return {f"{number:03}": True for number in range(count)}


@pytest.mark.parametrize("room", range(5))
async def test_a_harvest_goes_on_where_the_disk_was_full(source: Field, room: int) -> None:
    every = fill(source, 11)
    disk = disk_of(source.store)
    disk.room = room
    with pytest.raises(CatalogueUnavailable, match="full"):
        await source.harvest()
    assert (await source.held()).items() <= every.items()
    disk.room = None
    outcome = await source.harvest()
    assert (outcome.finished, outcome.problem) == (True, "")
    assert await source.held() == every


@pytest.mark.parametrize("room", range(6))
async def test_what_a_broken_off_full_list_lacks_is_not_gone(source: Field, room: int) -> None:
    source.provider.deleted = Deleted.NO
    every = fill(source, 11)
    await source.harvest()
    source.provider.items.pop("oai:source.example:004")
    source.provider.put("000", "Another title")
    disk = disk_of(source.store)
    disk.room = room
    with suppress(CatalogueUnavailable):  # the last time there is room enough
        await source.harvest(full=True)
    held = await source.held()
    assert all(live for control, live in held.items() if control != "004")
    assert set(held) == set(every)
    disk.room = None
    outcome = await source.harvest(full=True)
    assert (outcome.finished, outcome.problem) == (True, "")
    assert await source.held() == every | {"004": False}
