"""The page on testing a supplier's system says nothing that is not so: its commands parse, what it names is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from library_conformance.cli import app
from library_conformance.expectations import Expectation
from library_conformance.probes import probes_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "test-a-suppliers-system.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line.strip()
    for line in "\n".join(text for kind, text in BLOCKS if kind == "sh").replace("\\\n", " ").splitlines()
    if line.strip().startswith("library-conformance ")
] + re.findall(r"\| `(library-conformance [^`]+)` \|", PAGE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_one(line: str) -> None:
    _, name, *words = shlex.split(line)
    group = typer.main.get_group(app)
    command = group.commands[name]
    command.make_context(name, words, resilient_parsing=False)


def test_the_example_of_an_expectation_is_one() -> None:
    for row in tomllib.loads(next(text for kind, text in BLOCKS if kind == "toml"))["expectation"]:
        made = Expectation(**row)
        assert made.requirement in probes_of("sip2")[made.probe].verifies


def test_files_that_the_page_names_are_there() -> None:
    for name in re.findall(r"conformance/inputs/[\w-]+\.toml", PAGE):
        assert (ROOT / name).is_file(), name
