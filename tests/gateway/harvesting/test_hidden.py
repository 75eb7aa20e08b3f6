"""Harvested records that a member keeps to itself are harvested on: changed, renumbered and deleted like all others."""

from __future__ import annotations

import pytest

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL
from gateway.catalogue.visibility import Visibility, condition
from tests.gateway.harvesting.conftest import Field
from tests.gateway.harvesting.provider import Provider, fill


@pytest.fixture
def hiding(source: Field) -> Field:
    """A source whose records of staff are suppressed."""
    source.ingest = Ingest(source.store, hiding={"aber": Visibility((condition("245a=staff"),))})
    return source


async def states(source: Field) -> dict[str, int]:
    return {state: count for state, count in (await source.store.stats()).by_member["aber"].items() if count}


async def test_what_is_harvested_is_hidden(hiding: Field) -> None:
    fill(hiding.provider, 2)
    hiding.provider.put("s", "Staff")
    outcome = await hiding.harvest()
    assert (outcome.finished, outcome.added) == (True, 3)
    assert await hiding.held() == {"000": True, "001": True}
    assert await hiding.store.count(ALL, "", None, None) == (2, 0)
    hiding.provider.now += 1000
    hiding.provider.put("000", "Staff")
    hiding.provider.put("s", "All")
    await hiding.harvest()
    assert await hiding.held() == {"000": False, "001": True, "s": True}


def forget(provider: Provider, control: str) -> None:
    del provider.items[f"oai:source.example:{control}"]


async def test_what_is_hidden_and_gone_from_a_full_list_goes(hiding: Field) -> None:
    fill(hiding.provider, 2)
    hiding.provider.put("s", "Staff")
    hiding.provider.put("t", "Staff")
    await hiding.harvest()
    forget(hiding.provider, "s")
    forget(hiding.provider, "001")
    hiding.provider.now += 1000
    outcome = await hiding.harvest(full=True)
    assert (outcome.finished, outcome.gone) == (True, 2)
    assert await states(hiding) == {"visible": 1, "suppressed": 1, "deleted": 2}


async def test_what_is_hidden_and_gets_another_number_leaves_none_behind(hiding: Field) -> None:
    hiding.provider.put("s", "Staff")
    await hiding.harvest()
    hiding.provider.now += 1000
    hiding.provider.put("s2", "Staff", identifier="oai:source.example:s")
    await hiding.harvest()
    assert await states(hiding) == {"suppressed": 1, "deleted": 1}
