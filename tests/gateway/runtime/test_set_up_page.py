"""The page on setting up a gateway: its configuration and its rules, as they stand there, make a member."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from gateway.config import load
from gateway.importing.cli import app
from gateway.importing.rules_model import Category, ClosedDays, Entry, ItemType, LoanRule, Location
from gateway.runtime.check import check
from gateway.store import open_store
from gateway.store.rows import MemberStateRow
from library_protocols.marc import DataField, Record, to_iso2709
from tests.gateway.platforms.reference.library import Library

PAGE = Path(__file__).parents[3] / "docs/how-to/set-up-a-gateway.md"


def block(number: int) -> str:
    """A block of TOML: the first is the configuration, the second the rules."""
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[number]


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    text = block(0).replace("$argon2id$...", PasswordHasher(time_cost=1, memory_cost=1024).hash("kiosk"))
    text = re.sub(r"port = \d+", "port = 0", text.replace('sha256 = "..."', f'sha256 = "{"0" * 64}"'))
    (tmp_path / "pepper.secret").write_text("a pepper for this test alone\n")
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return path


async def test_the_page_leads_to_a_member_whose_rules_are_known(configuration: Path) -> None:
    config = load(configuration)
    before = {result.what: result for result in await check(config)}
    member = before.pop("members.tref")
    assert (member.state, "`gateway import rules tref FILE.toml`" in member.hint) == ("warning", True)
    assert {result.state for result in before.values()} == {"ok"}

    rules = configuration.with_name("tref-rules.toml")
    rules.write_text(block(1))
    for changed in (True, False):
        arguments = ["rules", "tref", str(rules), "-c", str(configuration)]
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
        assert (done.exit_code, "Nothing to change" in done.stdout) == (0, not changed), done.output

    assert {result.what: result.state for result in await check(config)}["members.tref"] == "ok"
    store = await open_store(config.store_url)
    library = Library(store)
    (state,) = await library.rows(MemberStateRow, "tref")
    assert state.policy_version == 1
    await library.platform.close()
    await store.close()


def test_check_warns_before_harvesters_get_identifiers_of_nobody(configuration: Path, tmp_path: Path) -> None:
    def told() -> list[tuple[str, bool]]:
        results = asyncio.run(check(load(configuration)))
        return [(one.state, "catalogue.invalid" in one.found) for one in results if one.what == "catalogue"]

    records = tmp_path / "one.mrc"
    title = DataField("245", "00", (("a", "Hanes"),))
    records.write_bytes(to_iso2709(Record("00000nam a2200000 a 4500", (("001", "1"),), (title,)), "utf-8"))
    arguments = ["marc", "tref", str(records), "--catalogue-only", "-c", str(configuration)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert told() == [("ok", False), ("warning", True)]
    configuration.write_text(configuration.read_text() + '[catalogue]\nrepository_identifier = "tref.example"\n')
    assert told() == [("ok", False)]


@pytest.mark.parametrize("entry", [Location, Category, ItemType, ClosedDays, LoanRule])
def test_the_page_names_every_setting_of_the_rules(entry: type[Entry]) -> None:
    page = PAGE.read_text("utf-8")
    names = {field.alias or name for name, field in entry.model_fields.items()}
    assert {name for name in names if not re.search(rf"^\|.*`{name}`.*\|.*\|$", page, re.MULTILINE)} == set()
