"""Programs that ask the LDAP view of patrons: each is one member's, and is shown what its table lists."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.config import Config
from gateway.config.identity import LdapAccountConfig
from gateway.members.evidence import within
from gateway.members.guarded import Guarded

_LONGEST = 64  # characters; an account's name has 32 at most


@dataclass(frozen=True, slots=True)
class LdapAccount:
    """An account whose password was right. `attributes` as they are configured, `*` for everything."""

    member: str
    name: str
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """`retry_after` in seconds where the address has guessed too often; 0 where name or password are wrong."""

    retry_after: float = 0.0


class LdapAccounts:
    """The accounts of all members. Replaced as a whole with the configuration."""

    def __init__(self, config: Config, *, clock: Clock, executor: Executor) -> None:
        self._accounts: dict[str, tuple[str, str, LdapAccountConfig]] = {}
        self._guarded = Guarded(clock, executor, self._hash_of)
        self.replace(config)

    def replace(self, config: Config) -> None:
        """Takes a new configuration. What an account is shown holds until it binds again."""
        self._accounts = {
            _key(code, name): (code, name, account)
            for code, member in config.members.items()
            for name, account in member.identity.ldap.accounts.items()
        }
        self._guarded.replace(config.limits.login_failures, config.limits.login_backoff_seconds)

    async def login(self, member: str, name: str, password: str, peer: str | None) -> LdapAccount | AccountRefused:
        """Takes as long for a wrong member or name as for a wrong password."""
        key = _key(member, name)
        wait = await self._guarded.check(key, password, peer, lambda: _may_come(self._accounts.get(key), peer))
        found = self._accounts.get(key)
        return AccountRefused(wait or 0.0) if wait is not None or found is None else _account(found)

    def _hash_of(self, key: str) -> str | None:
        found = self._accounts.get(key)
        return found[2].password_hash.get_secret_value() if found else None


def _key(member: str, name: str) -> str:
    """A member's code has no slash in it. A name longer than any is cut, for it is kept with the wrong passwords."""
    return f"{member}/{name[:_LONGEST]}"


def _account(found: tuple[str, str, LdapAccountConfig]) -> LdapAccount:
    member, name, account = found
    return LdapAccount(member, name, frozenset(account.attributes))


def _may_come(found: tuple[str, str, LdapAccountConfig] | None, peer: str | None) -> bool:
    return found is not None and (not found[2].networks or within(peer, found[2].networks))
