"""The page on setting up a gateway: its configuration and its SQL, as they stand there, make a member that can lend."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.config import load
from gateway.runtime.check import check
from gateway.store import migrate

PAGE = Path(__file__).parents[3] / "docs/how-to/set-up-a-gateway.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    text = block("toml").replace("$argon2id$...", PasswordHasher(time_cost=1, memory_cost=1024).hash("kiosk"))
    text = re.sub(r"port = \d+", "port = 0", text.replace('sha256 = "..."', f'sha256 = "{"0" * 64}"'))
    (tmp_path / "pepper.secret").write_text("a pepper for this test alone\n")
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return path


async def test_the_page_leads_to_a_member_whose_rules_are_known(configuration: Path) -> None:
    config = load(configuration)
    before = {result.what: result.state for result in await check(config)}
    assert before.pop("members.tref") == "warning"
    assert set(before.values()) == {"ok"}

    await migrate.upgrade(config.store_url)
    rules = block("sql")
    again = rules[rules.index("-- Last") :]  # to be repeated after each change
    with sqlite3.connect(config.data_dir / "gateway.sqlite3") as store:
        store.executescript(rules + again)
    store.close()

    assert {result.what: result.state for result in await check(config)}["members.tref"] == "ok"
    with sqlite3.connect(config.data_dir / "gateway.sqlite3") as store:
        assert store.execute("SELECT policy_version FROM member_state").fetchall() == [(2,)]
        assert store.execute("SELECT count(*) FROM loan_rule").fetchall() == [(1,)]
    store.close()
