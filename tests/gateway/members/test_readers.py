"""Who may read which view of the catalogue."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.config import Config
from gateway.members import guarded, remembered
from gateway.members.readers import Reader, ReaderRefused, Readers
from gateway.members.remembered import Remembered
from gateway.members.secrets import hash_password, password_matches
from tests.gateway.desk.fakes import HandClock

HASHES = {name: hash_password(f"secret of {name}") for name in ("union", "opac", "gate")}


OPAC = ("opac", "secret of opac", "127.0.0.1")


def config(*, opac: str = HASHES["opac"], **catalogue: Any) -> Config:
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
                            "opac": {"password_hash": opac},
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
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def readers(executor: ThreadPoolExecutor, clock: HandClock) -> Readers:
    return Readers(config(), clock=clock, executor=executor)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that argon2 was asked about."""
    asked: list[str] = []

    def matches(password: str, hashed: str | None) -> bool:
        asked.append(password)
        return password_matches(password, hashed)

    monkeypatch.setattr(guarded, "password_matches", matches)
    return asked


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


@pytest.mark.parametrize(
    ("name", "password"),
    [("opac", "secret of union"), ("nobody", "secret of opac"), ("", ""), ("opac", "no UTF-8: \udcff")],
)
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


async def test_a_right_password_is_not_checked_again_for_a_minute(
    readers: Readers, clock: HandClock, checked: list[str]
) -> None:
    for _ in range(3):
        assert await readers.login(*OPAC) == Reader("opac", frozenset({"bangor"}))
    assert len(checked) == 1
    clock.elapsed += remembered.SECONDS - 0.1  # counted from the check, not from the last use
    await readers.login(*OPAC)
    assert len(checked) == 1
    clock.elapsed += 0.1
    await readers.login(*OPAC)
    assert len(checked) == 2


async def test_a_wrong_password_is_checked_every_time(readers: Readers, clock: HandClock, checked: list[str]) -> None:
    for _ in range(3):
        assert await readers.login("opac", "a guess", "127.0.0.1") == ReaderRefused()
        clock.elapsed += 120
    assert checked == ["a guess"] * 3


async def test_what_is_remembered_helps_nobody_to_guess(readers: Readers, checked: list[str]) -> None:
    await readers.login(*OPAC)
    assert await readers.login("opac", "a guess", "127.0.0.1") == ReaderRefused()
    assert await readers.login("gate", "secret of opac", "127.0.0.1") == ReaderRefused()
    assert await readers.login("opac", "another", "127.0.0.1") == ReaderRefused()
    assert checked == ["secret of opac", "a guess", "secret of opac", "another"]
    waiting = await readers.login(*OPAC)  # two guesses at this name: the right password waits, remembered or not
    assert isinstance(waiting, ReaderRefused)
    assert waiting.retry_after > 0


async def test_networks_are_looked_at_every_time(readers: Readers) -> None:
    assert isinstance(await readers.login("gate", "secret of gate", "192.0.2.9"), Reader)
    assert await readers.login("gate", "secret of gate", "198.51.100.1") == ReaderRefused()


async def test_a_changed_password_is_in_force_at_once(readers: Readers) -> None:
    assert isinstance(await readers.login(*OPAC), Reader)
    readers.replace(config(opac=hash_password("another secret")))
    assert await readers.login(*OPAC) == ReaderRefused()
    assert isinstance(await readers.login("opac", "another secret", "127.0.0.1"), Reader)


async def test_a_reload_forgets_what_was_remembered(readers: Readers, checked: list[str]) -> None:
    await readers.login(*OPAC)
    readers.replace(config())
    await readers.login(*OPAC)
    assert len(checked) == 2


async def test_a_reader_removed_while_the_password_is_checked_is_refused(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(password: str, hashed: str | None) -> bool:
        readers.replace(config(opac=HASHES["union"]))
        return password_matches(password, hashed)

    monkeypatch.setattr(guarded, "password_matches", slow)
    assert await readers.login(*OPAC) == ReaderRefused()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "SIZE", 2)
    memory = Remembered()
    for name in ("first", "second", "third"):
        memory.keep(name, "p", "h", 0.0)
    assert [memory.knows(name, "p", "h", 1.0) for name in ("first", "second", "third")] == [False, True, True]


def test_the_parts_of_what_is_remembered_cannot_be_shifted() -> None:
    memory = Remembered()
    memory.keep("name", "password", "hash", 0.0)
    assert not memory.knows("namep", "assword", "hash", 0.0)
    assert not memory.knows("name", "passwordh", "ash", 0.0)


def test_no_name_password_or_hash_lies_in_what_is_remembered() -> None:
    memory = Remembered()
    memory.keep("opac-of-bangor", "a secret password", HASHES["opac"], 0.0)
    held, seen = [memory.__dict__], set[int]()
    found: list[bytes] = []
    while held:
        one = held.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes):
            found.append(one.encode() if isinstance(one, str) else one)
        held += gc.get_referents(one)
    assert len(found) >= 2  # the key and a digest
    for secret in (b"opac-of-bangor", b"a secret password", HASHES["opac"].encode()):
        assert not any(secret in one for one in found)
    other = Remembered()
    other.keep("opac-of-bangor", "a secret password", HASHES["opac"], 0.0)
    assert not set(other.__dict__["_until"]) & set(memory.__dict__["_until"])  # keyed: no list of digests helps
