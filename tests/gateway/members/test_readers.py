"""Who may read which view of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.members.readers import Reader, ReaderRefused, Readers
from gateway.members.secrets import hash_password

HASHES = {name: hash_password(f"secret of {name}") for name in ("union", "opac", "gate")}


def config(**catalogue: Any) -> Config:
    return Config.model_validate(
        {
            "pepper": "a pepper for these tests",
            "limits": {"login_failures": 2},
            "catalogue": {"readers": {"union": {"password_hash": HASHES["union"]}}, **catalogue},
            "members": {
                "aber": {"name": "Aberystwyth", "main_location": "ABER"},
                "bangor": {
                    "name": "Bangor",
                    "main_location": "BANGOR",
                    "catalogue": {
                        "anonymous": False,
                        "readers": {
                            "opac": {"password_hash": HASHES["opac"]},
                            "gate": {"password_hash": HASHES["gate"], "networks": ["192.0.2.0/24"]},
                        },
                    },
                },
            },
        }
    )


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def readers(executor: ThreadPoolExecutor) -> Readers:
    return Readers(config(), clock=SystemClock(), executor=executor)


def test_an_open_view_asks_for_nothing_and_a_closed_one_for_a_reader(readers: Readers) -> None:
    assert readers.views == ("all", "aber", "bangor")
    assert readers.may_read("all")
    assert readers.may_read("aber")
    assert not readers.may_read("bangor")
    assert not readers.may_read("nowhere")
    assert not readers.exists("nowhere")


async def test_a_members_reader_reads_that_members_view_and_no_other_closed_one(readers: Readers) -> None:
    opac = await readers.login("opac", "secret of opac", "127.0.0.1")
    assert isinstance(opac, Reader)
    assert opac == Reader("opac", frozenset({"bangor"}))
    assert readers.may_read("bangor", opac)
    assert not readers.may_read("nowhere", opac)


async def test_a_reader_of_the_consortium_reads_every_view(readers: Readers) -> None:
    union = await readers.login("union", "secret of union", "127.0.0.1")
    assert isinstance(union, Reader)
    assert all(readers.may_read(view, union) for view in readers.views)


@pytest.mark.parametrize(("name", "password"), [("opac", "secret of union"), ("nobody", "secret of opac"), ("", "")])
async def test_a_wrong_name_or_password_is_refused(readers: Readers, name: str, password: str) -> None:
    assert await readers.login(name, password, "127.0.0.1") == ReaderRefused()


async def test_a_reader_bound_to_networks_comes_from_nowhere_else(readers: Readers) -> None:
    assert await readers.login("gate", "secret of gate", "198.51.100.1") == ReaderRefused()
    assert isinstance(await readers.login("gate", "secret of gate", "192.0.2.9"), Reader)


async def test_guessing_is_slowed_down_and_the_right_password_waits_too(readers: Readers) -> None:
    for _ in range(2):
        assert await readers.login("opac", "a guess", "127.0.0.1") == ReaderRefused()
    waiting = await readers.login("opac", "secret of opac", "127.0.0.1")
    assert isinstance(waiting, ReaderRefused)
    assert waiting.retry_after > 0


async def test_a_new_configuration_closes_and_opens_views(readers: Readers) -> None:
    readers.replace(config(anonymous=False, readers={}))
    assert not readers.may_read("all")
    assert isinstance(await readers.login("union", "secret of union", "127.0.0.1"), ReaderRefused)
