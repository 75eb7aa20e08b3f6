"""Somebody's own probes: at the command line, and as the page on them says."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from library_conformance.cli import app
from library_conformance.declared import ENDINGS, ProbeFileError, read
from library_conformance.dialect import DIALECTS, dialect_of
from library_conformance.probes.sip2.dialect import REQUESTS
from library_conformance.web_dialect import PREFIXES
from tests.conformance.judging import demo_inputs
from tests.conformance.servers.sip2_line import serving
from tests.conformance.servers.sip2_sloppy import Sloppy
from tests.conformance.servers.sip2_strict import Strict

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-probe.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
OURS = "sip2.item.due/year-first"


def _run(file: Path, port: int, out: Path) -> tuple[int, str]:
    inputs = [word for name, value in demo_inputs("sip2").items() for word in ("--set", f"{name}={value}")]
    words = ["run", "sip2", f"127.0.0.1:{port}", "--out", str(out), "--probes", str(file), "--only", OURS]
    done = CliRunner().invoke(app, [*words, "--pause", "0", "--patience", "2", *inputs], env={"COLUMNS": "200"})
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("server", "observation", "verdict"),
    [(Strict, "year first", "conforms"), (Sloppy, "no date", "discouraged")],
)
def test_the_example_of_the_page_runs_with_the_suites_own_probes(
    tmp_path: Path, server: type[Strict] | type[Sloppy], observation: str, verdict: str
) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    with serving(server) as peer:
        code, output = _run(file, peer.port, tmp_path / "out")
    assert code == 0, output
    assert f"{OURS}: {observation}" in output
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    ours = next(row for row in document["results"] if row["probe"] == OURS)
    assert (ours["requirement"], ours["observation"], ours["verdict"]) == ("sip2.item.due", observation, verdict)
    assert (tmp_path / "out" / ours["transcript"]).is_file()
    assert f"--probes {file} " in ours["replay"]
    assert ours["replay"].endswith(f" --only {OURS}")


def test_the_command_of_the_page_is_one() -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    _, name, *words = shlex.split(block.replace("\\\n", " "))
    context = typer.main.get_group(app).commands[name].make_context(name, words)
    assert context.params["probes"] == [Path("ours.toml")]
    assert context.params["only"] == [OURS]


def test_the_example_tells_a_date_of_another_form() -> None:
    outcomes = tomllib.loads(EXAMPLE)["probe"][0]["outcomes"]
    forms = [re.compile(one["when"]["field"]["AH"]) for one in outcomes[:2]]
    assert [[bool(form.fullmatch(date)) for form in forms] for date in ("2026-12-01 23:59", "01/12/2026", "")] == [
        [True, True], [False, True], [False, False],
    ]  # fmt: skip


def test_a_file_that_is_wrong_ends_the_command_with_2_and_nothing_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(EXAMPLE.replace("sip2.item.due", "sip2.item.colour"), encoding="utf-8")
    code, output = _run(file, 9, tmp_path / "out")
    assert code == 2
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", output).split())
    assert "sip2.item.colour/year-first: `verifies`: the catalogue has no requirement" in said
    assert not (tmp_path / "out").exists()
    assert _run(tmp_path / "none.toml", 9, tmp_path / "out")[0] == 2


def _vocabulary(standard: str) -> Iterator[str]:
    dialect = dialect_of(standard)
    parts: tuple[Mapping[str, Any], ...] = (dialect.verbs, dialect.options, dialect.settings, dialect.traits)
    for part in parts:
        yield from part
    placeholders = (
        {name for name in dialect.values if not name.startswith("announced.")} | dialect.words.keys() | dialect.own
    )
    yield from (f"{{{name}}}" for name in placeholders)


@pytest.mark.parametrize("standard", DIALECTS)
def test_the_page_tells_every_key_and_placeholder(standard: str) -> None:
    assert [name for name in _vocabulary(standard) if not re.search(rf"`{re.escape(name)}[` ]", PAGE)] == []


def test_the_page_tells_what_outcomes_requests_and_prefixes_there_are() -> None:
    assert [name for name in (*ENDINGS, *REQUESTS, *PREFIXES) if f"`{name}`" not in PAGE] == []
    complaint = re.findall(r"```text\n(.*?)\n```", PAGE)[0]
    with pytest.raises(ProbeFileError) as error:
        read(EXAMPLE.replace('    { breaks = "no date" },\n', ""), "ours.toml")
    assert str(error.value) == complaint
