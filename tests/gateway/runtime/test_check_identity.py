"""`gateway check` of campus directories: what answers, what is away, what must be put right, and what not to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config
from gateway.config.identity import MemberIdentityConfig
from gateway.runtime.check import check
from gateway.runtime.check_identity import check_directories, check_feeds, check_passwords, check_register
from gateway.runtime.results import Result
from gateway.store import migrate, open_store
from gateway.store.effects import Insert
from gateway.store.rows import PatronCategoryRow
from tests.slapd import READER, READER_PASSWORD, SUFFIX, Slapd


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd.start(tmp_path_factory.mktemp("campus"))
    yield server
    server.stop()


def config(slapd: Slapd, tmp_path: Path, **changed: Any) -> Config:
    campus = {
        "servers": [slapd.secure_url],
        "ca": str(slapd.authority),
        "base": SUFFIX,
        "bind_dn": READER,
        "bind_password": READER_PASSWORD,
        **changed,
    }
    member = {"name": "A", "main_location": "A", "identity": {"directories": {"campus": campus}}}
    return Config.model_validate({"pepper": "p" * 32, "data_dir": str(tmp_path), "members": {"aber": member}})


async def checked(made: Config) -> Result:
    [result] = [result async for result in check_directories(made)]
    assert result.what == "members.aber.identity.directories.campus"
    return result


async def test_a_directory_that_answers(slapd: Slapd, tmp_path: Path) -> None:
    result = await checked(config(slapd, tmp_path))
    assert (result.state, result.hint) == ("ok", "")
    assert SUFFIX in result.found


@pytest.mark.parametrize(
    ("changed", "state", "hint"),
    [
        ({"bind_password": "not this one"}, "problem", "`bind_password`"),
        ({"base": "dc=elsewhere"}, "problem", "`base`"),
        ({"ca": None}, "problem", "`ca`"),
    ],
)
async def test_what_must_be_put_right(
    slapd: Slapd, tmp_path: Path, changed: dict[str, Any], state: str, hint: str
) -> None:
    result = await checked(config(slapd, tmp_path, **changed))
    assert result.state == state
    assert hint in result.hint
    assert "not this one" not in result.found


async def test_a_server_that_is_away_is_a_warning(slapd: Slapd, tmp_path: Path, free_port: Callable[[], int]) -> None:
    away = f"ldaps://localhost:{free_port()}"
    for servers in ([away], [away, slapd.secure_url], [slapd.secure_url, away]):
        result = await checked(config(slapd, tmp_path, servers=servers))
        assert (result.state, result.found.partition(":")[0]) == ("warning", "connect")


async def test_a_file_of_authorities_that_is_none(slapd: Slapd, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    result = await checked(config(slapd, tmp_path, ca=str(tmp_path / "ca.pem")))
    assert (result.state, result.hint) == ("problem", "a PEM file of certificates")


def test_a_feed_that_cannot_be_is_found_before_it_runs(slapd: Slapd, tmp_path: Path) -> None:
    feed = {"kind": "ldap", "name": "people", "directory": "campus"}
    feeds = [feed, {**feed, "name": "wrong", "filter": "(objectClass=person"}]
    made = config(slapd, tmp_path)
    member = made.members["aber"]
    identity = MemberIdentityConfig.model_validate({**member.identity.model_dump(), "feeds": feeds})
    made = made.model_copy(update={"members": {"aber": member.model_copy(update={"identity": identity})}})
    good, wrong = check_feeds(made)
    assert (good.what, good.state) == ("members.aber.identity.feeds.people", "ok")
    assert (wrong.what, wrong.state) == ("members.aber.identity.feeds.wrong", "problem")


@pytest.mark.parametrize(
    ("feed", "found"),
    [
        ({"categories": [{"category": "UG"}]}, []),
        ({"categories": [{"category": "PG", "when": {"groups": "x"}}, {"category": "UGG"}]}, ["'PG', 'UGG'"]),
        ({"fields": {"category": {"value": "STAFF"}}}, ["'STAFF'"]),
        ({"fields": {"category": {"from": "role", "codes": {"1": "UG", "*": "GUEST"}}}}, ["'GUEST'"]),
        ({"fields": {"category": {"from": "role"}}}, []),
    ],
)
async def test_a_category_that_would_let_nobody_in_is_found(tmp_path: Path, feed: Any, found: list[str]) -> None:
    feeds = [{"kind": "csv", "name": "people", "folder": str(tmp_path), "source_id": "id", **feed}]
    member = {"name": "A", "main_location": "A", "identity": {"feeds": feeds}}
    made = Config.model_validate({"pepper": "p" * 32, "data_dir": str(tmp_path), "members": {"aber": member}})
    await migrate.upgrade(made.store_url)
    store = await open_store(made.store_url)
    await store.apply("aber", [Insert(PatronCategoryRow("aber", "UG", "Undergraduate", None, None, None, None, None))])
    await store.close()
    warned = [each for each in await check(made) if each.what.endswith("feeds.people") and each.state == "warning"]
    assert [each.found.removeprefix("the platform does not know the category ") for each in warned] == found


def test_a_drop_folder_must_be_there(slapd: Slapd, tmp_path: Path) -> None:
    made = config(slapd, tmp_path).model_dump()
    drop = tmp_path / "drop"
    made["members"]["aber"]["identity"]["feeds"] = [{"kind": "csv", "name": "students", "folder": str(drop)}]
    parsed = Config.model_validate(made)
    assert [result.state for result in check_feeds(parsed)] == ["problem"]
    drop.mkdir()
    assert [result.state for result in check_feeds(parsed)] == ["ok"]


@pytest.mark.parametrize(
    ("listener", "checks", "warned"),
    [
        ({}, [{"by": "directory:campus"}], True),
        ({}, [{"by": "platform"}], False),
        ({"host": "127.0.0.1"}, [{"by": "directory:campus"}], False),
        ({"tls": True}, [{"by": "directory:campus"}], False),
        ({"protocol": "http"}, [{"by": "directory:campus"}], False),
    ],
)
def test_campus_passwords_in_clear_are_worth_a_word(
    slapd: Slapd, tmp_path: Path, listener: dict[str, Any], checks: list[dict[str, Any]], warned: bool
) -> None:
    made = config(slapd, tmp_path).model_dump()
    made["members"]["aber"]["identity"]["authentication"]["checks"] = checks
    made["listeners"] = {"kiosks": {"protocol": "sip2", "host": "0.0.0.0", "port": 6001, **listener}}
    results = list(check_passwords(Config.model_validate(made)))
    assert [(result.what, result.state) for result in results] == [("listeners.kiosks", "warning")] * warned


async def test_the_register_is_made_and_counted(slapd: Slapd, tmp_path: Path) -> None:
    [result] = [result async for result in check_register(config(slapd, tmp_path))]
    assert (result.what, result.state) == ("register", "ok")
    assert result.found.startswith("0 people, schema ")


async def test_a_register_that_cannot_be_opened(slapd: Slapd, tmp_path: Path) -> None:
    (tmp_path / "register.sqlite3").mkdir()
    [result] = [result async for result in check_register(config(slapd, tmp_path))]
    assert result.state == "problem"
