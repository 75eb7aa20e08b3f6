"""Which program serves, and which is installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.runtime.check import check
from gateway.runtime.data_directory import PID_FILE, PROGRAM_FILE
from gateway.runtime.program import program


def test_a_program_is_named_by_version_and_digest() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*-[0-9a-f]{8}", program())


@pytest.mark.parametrize(
    ("alive", "runs", "warned"),
    [
        (True, "0.0.9-12345678", True),
        (True, "", True),
        (True, program(), False),
        (False, "0.0.9-12345678", False),
    ],
)
async def test_check_warns_of_a_gateway_that_is_not_the_one_installed(
    tmp_path: Path, alive: bool, runs: str, warned: bool
) -> None:
    config = Config.model_validate({"pepper": "p" * 32, "data_dir": tmp_path, "listeners": {}})
    if alive:
        (tmp_path / PID_FILE).write_text(str(os.getpid()), encoding="ascii")
    if runs:
        (tmp_path / PROGRAM_FILE).write_text(runs, encoding="ascii")
    told = [result for result in await check(config) if result.what == "program"]
    assert [result.state for result in told] == (["warning"] if warned else [])
    assert all("restart it" in result.hint for result in told)
