"""`gateway broker`: what waits, what was given up, and having it sent again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.brokers.cli import app
from gateway.store.rows import BrokerNoticeRow
from tests.gateway.brokers.bench import Bench
from tests.gateway.conftest import StorePlace

RUN = CliRunner()


@pytest.fixture
def file(store_place: StorePlace, tmp_path: Path) -> str:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f"""
data_dir = "{tmp_path}"
pepper = "a pepper for these tests"
[store]
url = "{store_place.url}"
[members.alpha]
name = "Alpha"
main_location = "MAIN"
institution_ids = ["ALPHA"]
"""
    )
    return str(path)


@pytest.fixture
async def notices(bench: Bench) -> list[BrokerNoticeRow]:
    """One that was sent, one that was given up, one that waits."""
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    for number in range(3):
        await bench.accept(f"ncip:reshare:R-{number}")
    await broker.look()
    bench.host.problems |= {"R-1": "Unknown Item", "R-2": "Temporary Processing Failure"}
    await broker.send()
    return await bench.notices()


def run(*arguments: str) -> str:
    done = RUN.invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_what_was_not_sent_is_listed(notices: list[BrokerNoticeRow], file: str) -> None:
    listed = json.loads(run("list", "-c", file, "--json"))
    assert [(row["id"], row["state"], row["last_reason"]) for row in listed] == [
        (notices[1].id, "given-up", "Unknown Item"),
        (notices[2].id, "waiting", "Temporary Processing Failure"),
    ]
    assert len(json.loads(run("list", "alpha", "-c", file, "--json", "--state", "sent"))) == 1
    assert json.loads(run("list", "alpha", "-c", file, "--json", "--peer", "relais")) == []
    assert "2 notifications" in run("list", "-c", file)


def test_what_was_given_up_is_sent_again(notices: list[BrokerNoticeRow], file: str) -> None:
    assert json.loads(run("retry", "alpha", notices[1].id, "-c", file, "--json")) == {"again": 1}
    states = {row["id"]: row["state"] for row in json.loads(run("list", "-c", file, "--json"))}
    assert states == {notices[1].id: "waiting", notices[2].id: "waiting"}
    assert "2 notifications" in run("retry", "alpha", "--all", "-c", file)
    assert "0 notifications" in run("retry", "alpha", "--all", "--peer", "relais", "-c", file)


def test_what_was_sent_is_not_sent_again(notices: list[BrokerNoticeRow], file: str) -> None:
    assert RUN.invoke(app, ["retry", "alpha", notices[0].id, "-c", file]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list", "beta"], 2),
        (["retry", "beta", "--all"], 2),
        (["retry", "alpha"], 2),
        (["retry", "alpha", "x", "--all"], 2),
        (["retry", "alpha", "no-such-id"], 1),
    ],
)
def test_exit_codes(bench: Bench, file: str, arguments: list[str], code: int) -> None:
    assert RUN.invoke(app, [*arguments, "-c", file]).exit_code == code


def test_a_store_that_is_away_is_said(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(
        'pepper = "a pepper for these tests"\n[store]\nurl = "postgresql://nobody@127.0.0.1:9/nowhere"\n'
        '[members.alpha]\nname = "Alpha"\nmain_location = "MAIN"\n'
    )
    done = RUN.invoke(app, ["list", "-c", str(path)])
    assert done.exit_code == 3
    assert RUN.invoke(app, ["list", "-c", str(tmp_path / "none.toml")]).exit_code == 2
