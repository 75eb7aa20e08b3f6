"""Programs that ask the LDAP view: whose they are, what they are shown, and how guesses at them are slowed down."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.config import Config
from gateway.members import guarded
from gateway.members.ldap_accounts import AccountRefused, LdapAccount, LdapAccounts
from gateway.members.secrets import hash_password, password_matches
from tests.gateway.desk.fakes import HandClock

HASHES = {name: hash_password(f"secret of {name}") for name in ("proxy", "print")}
PROXY = ("aber", "proxy", "secret of proxy", "127.0.0.1")


def config(proxy: str = HASHES["proxy"], **fields: Any) -> Config:
    return Config.model_validate(
        {
            "pepper": "a pepper for these tests",
            "limits": {"login_failures": 2, "login_backoff_seconds": 30},
            "members": {
                "aber": {
                    "name": "Aberystwyth",
                    "main_location": "ABER",
                    "identity": {
                        "ldap": {
                            "suffix": "dc=aber,dc=example",
                            "accounts": {
                                "proxy": {"password_hash": proxy, "attributes": ["uid", "sn"], **fields},
                                "print": {"password_hash": HASHES["print"], "networks": ["192.0.2.0/24"]},
                            },
                        }
                    },
                },
                "bangor": {"name": "Bangor", "main_location": "BANGOR"},
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
def accounts(clock: HandClock, executor: ThreadPoolExecutor) -> LdapAccounts:
    return LdapAccounts(config(), clock=clock, executor=executor)


async def test_a_right_password_is_the_members_own_account(accounts: LdapAccounts) -> None:
    assert await accounts.login(*PROXY) == LdapAccount("aber", "proxy", frozenset({"uid", "sn"}))


@pytest.mark.parametrize(
    "wrong",
    [
        ("aber", "proxy", "secret of print", "127.0.0.1"),
        ("bangor", "proxy", "secret of proxy", "127.0.0.1"),
        ("", "proxy", "secret of proxy", "127.0.0.1"),
        ("aber", "nobody", "secret of proxy", "127.0.0.1"),
        ("aber", "print", "secret of print", "127.0.0.1"),
        ("aber", "print", "secret of print", None),
        ("aber", "proxy", "\udcff", "127.0.0.1"),
    ],
)
async def test_everything_else_is_refused_in_the_same_words(
    accounts: LdapAccounts, wrong: tuple[str, str, str, str | None]
) -> None:
    assert await accounts.login(*wrong) == AccountRefused()


async def test_an_account_comes_from_where_it_may(accounts: LdapAccounts) -> None:
    assert isinstance(await accounts.login("aber", "print", "secret of print", "192.0.2.7"), LdapAccount)


async def test_guesses_are_slowed_down(accounts: LdapAccounts, clock: HandClock) -> None:
    for _ in range(2):
        assert await accounts.login("aber", "proxy", "guess", "127.0.0.1") == AccountRefused()
    refused = await accounts.login(*PROXY)
    assert isinstance(refused, AccountRefused)
    assert refused.retry_after > 0
    clock.elapsed += 31
    assert isinstance(await accounts.login(*PROXY), LdapAccount)


async def test_a_password_that_was_right_is_not_hashed_again_for_a_minute(
    accounts: LdapAccounts, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def matches(password: str, hashed: str | None) -> bool:
        checked.append(password)
        return password_matches(password, hashed)

    monkeypatch.setattr(guarded, "password_matches", matches)
    for _ in range(3):
        await accounts.login(*PROXY)
    assert len(checked) == 1
    clock.elapsed += 61
    await accounts.login(*PROXY)
    assert len(checked) == 2
    accounts.replace(config())
    await accounts.login(*PROXY)
    assert len(checked) == 3


async def test_a_reload_holds_for_the_next_bind(accounts: LdapAccounts) -> None:
    accounts.replace(config(proxy=HASHES["print"], attributes=["*"]))
    assert await accounts.login(*PROXY) == AccountRefused()
    assert await accounts.login("aber", "proxy", "secret of print", "127.0.0.1") == LdapAccount(
        "aber", "proxy", frozenset({"*"})
    )


async def test_long_names_are_not_kept(accounts: LdapAccounts) -> None:
    for _ in range(2):
        await accounts.login("aber", "x" * 100_000, "guess", "127.0.0.1")
    assert all(len(login or "") < 100 for _, login in accounts._guarded._throttle._failures)
