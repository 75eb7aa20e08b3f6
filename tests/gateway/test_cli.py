"""The command line as a whole: every command is there, says what it is for, and loads no more than it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gateway.cli import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output
    assert name in result.output


def test_the_root_lists_every_command() -> None:
    output = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in COMMANDS if name not in output] == []


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["brew"]).exit_code == 2


def test_decoding_a_message_loads_no_server() -> None:
    program = (
        "import sys; from gateway.cli import app; from typer.testing import CliRunner;"
        "assert CliRunner().invoke(app, ['decode', '97AZFEF5']).exit_code == 0;"
        "print([m for m in ('uvicorn', 'fastapi', 'sqlalchemy', 'gateway.store') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_demo_beyond_the_last_port_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["demo", "--port-offset", "60000"]).exit_code == 2
