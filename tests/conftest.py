"""Fixtures every test may use: shared test data, free ports, and a private PostgreSQL cluster.

Whatever is started here is stopped here, by its process id. What is missing on this machine makes a test skip
with the reason, except under CI=true, where it fails: a green run there has run everything.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.demo import demo, demo_and_data, demo_data
from tests.postgres import Cluster, Database, find_binaries
from tests.presence import IN_CI, missing

__all__ = ["demo", "demo_and_data", "demo_data"]

# What a run in the background of a shell inherits, and its processes after it: nothing could be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Processes that tests start would all compile what they import.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SHARED = Path(__file__).resolve().parents[2] / "shared"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("fuzz", settings.get_profile("default"), max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "default"))


def pytest_collection_finish() -> None:
    """What thousands of collected tests are made of stays to the end: no collection of garbage need look through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Finds a file or folder of the data kept beside the repository: `shared_data("sip2/messages.jsonl")`."""

    def find(name: str) -> Path:
        path = SHARED / "data" / name
        if path.exists():
            return path
        reason = f"no {name} in the shared data beside the repository"
        if SHARED.exists():
            missing(reason)
        pytest.skip(reason)

    return find


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a loopback TCP port that nobody listened on a moment ago. Prefer binding port 0."""

    def pick() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return pick


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A private PostgreSQL cluster on a free port, for the whole run."""
    binaries = find_binaries()
    if binaries is None:
        missing("PostgreSQL's initdb and postgres are not installed")
    cluster = Cluster.start(binaries, tmp_path_factory.mktemp("postgres"))
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def postgres_database(postgres_cluster: Cluster) -> Iterator[Callable[[], Database]]:
    """Makes fresh, empty databases for one test; they are dropped after it."""
    created: list[Database] = []

    def create() -> Database:
        created.append(postgres_cluster.create_database())
        return created[-1]

    yield create
    for database in created:
        postgres_cluster.drop_database(database)
