"""Every kind of feed that the configuration knows is opened by its settings, and connects to nothing yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.config.identity import FeedConfig
from gateway.identity.feeds import open_feed
from tests.gateway.identity.sync.scripted import FIELDS

KINDS: dict[str, dict[str, Any]] = {
    "ldap": {"directory": "campus"},
    "csv": {"folder": "drop"},
    "alma-xml": {"folder": "drop"},
    "json": {"url": "https://sis.example/people", "records": "people"},
    "soap": {"wsdl": "sis.wsdl", "operation": "GetStudents", "records": "Students"},
}


def config(feed: dict[str, Any], **directory: Any) -> Config:
    campus = {"servers": ["ldaps://ldap.example"], "base": "dc=example", **directory}
    member = {
        "name": "Aberystwyth",
        "main_location": "ABER",
        "identity": {"directories": {"campus": campus}, "feeds": [{"name": "people", "fields": FIELDS, **feed}]},
    }
    return Config.model_validate({"pepper": "p" * 32, "members": {"aber": member}})


def test_there_is_one_of_each() -> None:
    models = get_args(get_args(FeedConfig)[0])
    assert set(KINDS) == {get_args(model.model_fields["kind"].annotation)[0] for model in models}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_feed_is_opened(kind: str) -> None:
    made = config({"kind": kind} | KINDS[kind])
    (settings,) = made.members["aber"].identity.feeds
    feed = open_feed(made, "aber", settings, clock=SystemClock())
    assert type(feed).__name__.lower().removesuffix("feed") == kind.replace("-", "")
    await feed.close()


def test_a_file_of_authorities_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = config({"kind": "ldap"} | KINDS["ldap"], ca=tmp_path / "missing.pem")
    with pytest.raises(ValueError, match=r"missing\.pem"):
        open_feed(made, "aber", made.members["aber"].identity.feeds[0], clock=SystemClock())
