"""What a traceback in the log must not hold: the values of variables, which may be somebody's name or PIN."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from gateway.runtime import logs
logs.configure(readable={readable})

def look_up(patron):
    raise KeyError("no such thing")

try:
    look_up("Llinos " + "Bowen")
except KeyError:
    structlog.get_logger("test").exception("it.failed")
"""


@pytest.mark.parametrize("readable", [True, False])
def test_traceback_shows_lines_of_code_and_no_values(readable: bool) -> None:
    command = [sys.executable, "-c", PROGRAM.format(readable=readable)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    assert "it.failed" in said
    assert "look_up" in said
    assert "Llinos Bowen" not in said


@pytest.mark.parametrize("readable", [True, False])
def test_a_process_knows_how_its_children_have_to_write(readable: bool) -> None:
    asked = f"from gateway.runtime import logs; logs.configure(readable={readable}); print(logs.is_readable())"
    command = [sys.executable, "-c", asked]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.strip() == str(readable)
