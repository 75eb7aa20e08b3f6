"""Runs one command as a program of its own would, and gives back what it wrote where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from gateway.commands.output import console, diagnostics

WIDTH = 120


def run(command: Callable[..., Any] | typer.Typer, *arguments: str, stdin: str | None = None) -> Result:
    """`command` is a function to be made a command, or an app."""
    if isinstance(command, typer.Typer):
        app = command
    else:
        app = typer.Typer()
        app.command()(command)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "_color_system", None)
        patch.setattr(console, "width", WIDTH)
        patch.setattr(diagnostics, "width", WIDTH)
        return CliRunner().invoke(app, list(arguments), input=stdin)
