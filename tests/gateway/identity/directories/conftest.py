"""One slapd for the tests that only read from it, and directories that are closed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from gateway.clock import Clock, SystemClock
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import open_directory
from gateway.identity.directories.directory import LdapDirectory
from tests.slapd import Slapd

Open = Callable[..., LdapDirectory]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Twenty people, and accounts that are locked after three wrong passwords. Nothing is changed in it."""
    server = Slapd.start(tmp_path_factory.mktemp("slapd"), lockout=True)
    yield server
    server.stop()


@pytest.fixture
async def directory() -> AsyncIterator[Open]:
    """Opens directories for one test."""
    opened: list[LdapDirectory] = []

    def make(config: DirectoryConfig, clock: Clock | None = None) -> LdapDirectory:
        opened.append(open_directory("campus", config, clock=clock or SystemClock()))
        return opened[-1]

    yield make
    for one in opened:
        await one.close()
