"""What is wrong with NCIP peers is said before anything is served, not by whoever would tell them something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config
from gateway.demo.config import demo_config
from gateway.runtime.ncip_doors import ncip_problems


@pytest.mark.parametrize(
    ("outward", "key"),
    [
        ({"url": "https://broker.example/ncip"}, None),
        ({"url": "https://broker.example/ncip", "profile": "nobodys"}, "profile"),
        ({"url": "tcp://broker.example"}, "url"),
        ({"url": "tcp://broker.example:5001/ncip"}, "url"),
        ({"url": "https://somebody:hush@broker.example/ncip"}, "url"),
        ({"url": "http://broker.example:port/ncip"}, "url"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_problem(tmp_path: Path, outward: dict[str, Any], key: str | None) -> None:
    settings = demo_config(tmp_path, catalogue=False)
    settings["members"]["aber"]["ncip"]["peers"]["demo"]["outward"] = outward
    found = list(ncip_problems(Config.model_validate(settings)))
    assert [problem.key for problem in found] == ([f"members.aber.ncip.peers.demo.outward.{key}"] if key else [])
    assert not any("hush" in problem.message for problem in found)
