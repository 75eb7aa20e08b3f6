"""The reference page of feeds: its examples are settings that can be read."""

from __future__ import annotations

import re
import tomllib

import pytest
from pydantic import TypeAdapter

from gateway.config.identity import FeedConfig
from tests.sources import ROOT

PAGE = (ROOT / "docs/reference/people-feeds.md").read_text(encoding="utf-8")
EXAMPLES = [
    feed
    for block in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for feed in tomllib.loads(block)["members"]["bangor"]["identity"]["feeds"]
]


@pytest.mark.parametrize("said", EXAMPLES, ids=lambda said: str(said["kind"]))
def test_an_example_can_be_read(said: dict[str, object]) -> None:
    if "password" in said:
        said = {**said, "password": "read from the file"}
    assert TypeAdapter[FeedConfig](FeedConfig).validate_python(said).name == said["name"]


def test_every_kind_is_described() -> None:
    for kind in ("csv", "alma-xml", "json", "soap"):
        assert f"\n## `{kind}`\n" in PAGE
    assert {str(said["kind"]) for said in EXAMPLES} == {"csv", "json", "soap"}
