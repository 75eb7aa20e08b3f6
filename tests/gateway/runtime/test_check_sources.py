"""Members' own servers as `gateway check` finds them: there, wrong, silent and away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.config import Config
from gateway.runtime import check_sources
from gateway.runtime.results import Result
from tests.gateway.harvesting.provider import Provider, Reply
from tests.sru_server import sru_server


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture(scope="module")
def sru(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sru_server(tmp_path_factory.mktemp("sru")) as url:
        yield url


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


def closed_port() -> int:
    with closing(socket.socket()) as once:
        once.bind(("127.0.0.1", 0))
        return once.getsockname()[1]


async def results(**catalogue: Any) -> list[Result]:
    member = {"name": "Aberystwyth", "main_location": "MAIN", "catalogue": catalogue}
    config = Config.model_validate({"pepper": "p" * 32, "members": {"aber": member}})
    return [result async for result in check_sources.check_sources(config)]


async def test_servers_that_answer(sru: str, provider: Provider) -> None:
    searched, harvested = await results(source={"url": f"{sru}/aber"}, harvest=[{"name": "ils", "url": provider.url}])
    assert (searched.what, searched.state) == ("members.aber.catalogue.source", "ok")
    assert "2 records with 'history'" in searched.found
    assert (harvested.what, harvested.state) == ("members.aber.catalogue.harvest.ils", "ok")
    assert harvested.found == f"{provider.url} is 'Source' and has marc21"
    assert await results() == []


async def test_a_database_that_is_not_there(sru: str) -> None:
    [nowhere] = await results(source={"url": f"{sru}/nobody"})
    assert (nowhere.state, "/nobody" in nowhere.found) == ("warning", True)


async def test_a_format_that_the_provider_has_not(provider: Provider) -> None:
    [wrong] = await results(harvest=[{"name": "ils", "url": provider.url, "metadata_prefix": "unimarc"}])
    assert (wrong.state, wrong.hint) == ("problem", "`metadata_prefix` is one of marc21")


async def test_a_set_is_looked_for_in_all_that_is_listed(provider: Provider) -> None:
    source = {"name": "ils", "url": provider.url, "set_spec": "catalogue"}
    [without] = await results(harvest=[source])
    provider.sets = ("theses", "catalogue:books")
    [below] = await results(harvest=[source])
    [other] = await results(harvest=[source | {"set_spec": "cat"}])
    assert [without.state, below.state, other.state] == ["warning", "ok", "warning"]
    assert other.found == f"{provider.url} lists no set 'cat'"


async def test_servers_that_are_away_are_a_warning() -> None:
    address = f"127.0.0.1:{closed_port()}"
    found = await results(
        source={"url": f"z3950://{address}/Default"}, harvest=[{"name": "ils", "url": f"http://{address}/oai"}]
    )
    assert [(one.state, address in one.found or "Connection" in one.found) for one in found] == [("warning", True)] * 2
    assert all(one.hint for one in found)


async def test_servers_that_say_nothing_are_not_waited_for(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_sources, "SECONDS", 0.2)
    found = await results(
        source={"url": f"z3950://127.0.0.1:{silent}/Default"},
        harvest=[{"name": "ils", "url": f"http://127.0.0.1:{silent}/oai"}],
    )
    assert [one.state for one in found] == ["warning", "warning"]


async def test_what_is_no_provider(provider: Provider) -> None:
    provider.faults.append(lambda *_: Reply(200, b"<html>Welcome!</html>"))
    provider_away = Reply(503, b"", {"Retry-After": "600"})
    [page] = await results(harvest=[{"name": "ils", "url": provider.url}])
    provider.faults[:] = [lambda *_: provider_away]
    [busy] = await results(harvest=[{"name": "ils", "url": provider.url}])
    assert [page.state, busy.state] == ["warning", "warning"]
    assert "503" in busy.found
