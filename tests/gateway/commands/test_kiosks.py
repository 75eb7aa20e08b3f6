"""`gateway kiosks`: its options, what it prints, its exit codes; and a fleet against a whole gateway."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.clients.fleet import Fleet, FleetMember, Plan
from gateway.commands.kiosks import CLEAN, LINK, USAGE, VIOLATED, kiosks
from gateway.commands.probe_link import now
from gateway.config import Config
from gateway.demo import data as demo_data
from gateway.demo.config import demo_config
from gateway.demo.consortium import BY_CODE
from gateway.exchanges.file import FILE_NAME, ExchangeFile
from gateway.runtime.compose import compose
from gateway.runtime.serve import Server
from library_protocols.sip2 import Dialect
from tests.gateway.clients.scripted_acs import ScriptedAcs, scripted_acs
from tests.gateway.clients.small_library import SmallLibrary
from tests.gateway.commands.runner import run

SMALL = ("--count", "2", "--think", "0.01", "--duration", "0.5", "--member", "aber", "--seed", "3")


@pytest.fixture
def serve() -> Iterator[Callable[[SmallLibrary], str]]:
    """Serves small libraries on a loop of their own; gives the address of each."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opened = []

    def start(library: SmallLibrary) -> str:
        served = scripted_acs(library.script, dialect=Dialect(encoding="utf-8"))
        acs: ScriptedAcs = asyncio.run_coroutine_threadsafe(served.__aenter__(), loop).result(10)
        opened.append(served)
        return f"127.0.0.1:{acs.port}"

    yield start
    for served in opened:
        asyncio.run_coroutine_threadsafe(served.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_books_that_agree_for_programs(serve: Callable[[SmallLibrary], str]) -> None:
    answer = run(kiosks, serve(SmallLibrary()), *SMALL, "--json")
    said = json.loads(answer.stdout)
    assert answer.exit_code == CLEAN, said
    assert (said["kiosks"], said["violations"], said["interrupted"]) == (2, [], False)
    assert said["messages"] == sum(said["by_message"].values()) > 0
    assert said["milliseconds"]["p50"] <= said["milliseconds"]["p99"]


def test_books_that_agree_for_people(serve: Callable[[SmallLibrary], str]) -> None:
    answer = run(kiosks, serve(SmallLibrary()), *SMALL)
    words = " ".join(answer.stdout.split())
    assert answer.exit_code == CLEAN
    assert "kiosks 2" in words
    assert "violations 0" in words


def test_violations_are_listed(serve: Callable[[SmallLibrary], str]) -> None:
    answer = run(kiosks, serve(SmallLibrary(generous=True)), *SMALL, "--duration", "1.5")
    assert answer.exit_code == VIOLATED
    assert "loan made up" in answer.stdout


def test_nobody_gets_through(free_port: Callable[[], int]) -> None:
    answer = run(kiosks, f"127.0.0.1:{free_port()}", *SMALL)
    assert answer.exit_code == LINK
    assert "No kiosk" in answer.stderr


def test_identities_of_another_system(serve: Callable[[SmallLibrary], str], tmp_path: Path) -> None:
    (tmp_path / "patrons").write_text("29900001\n29900002\n")
    (tmp_path / "items").write_text("39900001\n\n39900002\n39900003\n")
    library = SmallLibrary()
    options = ("--login", "k1", "--password", "kiosk-demo", "--institution", "X", "--no-tidy")
    files = ("--patrons", str(tmp_path / "patrons"), "--items", str(tmp_path / "items"))
    answer = run(kiosks, serve(library), *SMALL, *options, *files)
    assert answer.exit_code == CLEAN
    assert {said[0] for said in library.done} >= {"11"}
    assert set(library.loans.values()) <= {"29900001", "29900002"}


@pytest.mark.parametrize(
    "options",
    [
        ["nowhere"],
        ["127.0.0.1:1", "--count", "0"],
        ["127.0.0.1:1", "--count", "100000"],
        ["127.0.0.1:1", "--member", "oxford"],
        ["127.0.0.1:1", "--patrons", "some"],
        ["127.0.0.1:1", "--items", "9-1"],
        ["127.0.0.1:1", "--login", "k1"],
    ],
)
def test_wrong_usage(options: list[str]) -> None:
    assert run(kiosks, *options).exit_code == USAGE


async def test_a_fleet_against_a_whole_gateway(tmp_path: Path) -> None:
    """The real thing: SIP2 through desk and platform to SQLite, with messages sent twice and links cut."""
    values = demo_config(tmp_path, catalogue=False)
    values["listeners"] = {"sip2": {"protocol": "sip2", "host": "127.0.0.1", "port": 0}}
    gateway = await compose(Config.model_validate(values))
    server = Server(gateway)
    try:
        await demo_data.load(gateway.store, gateway.clock, gateway.config.pepper.get_secret_value().encode())
        await server.start()
        members = [
            FleetMember(
                member.kiosk_login,
                "kiosk-demo",
                member.main_location,
                "1234",
                [member.patron_barcode(number) for number in (10, 12, 13)],
                [member.item_barcode(number) for number in range(41, 80)],
            )
            for member in (BY_CODE["aber"], BY_CODE["nlw"])
        ]
        plan = Plan(
            host="127.0.0.1",
            port=server.ports["sip2"],
            members=members,
            count=6,
            think=0.02,
            duration=4.0,
            duplicates=0.2,
            drops=0.1,
            timeout=20.0,
        )
        result = await Fleet(plan, now).run()
    finally:
        await server.close()
    assert result.ledger.violations == []
    assert result.accounts_checked == 6
    assert result.tally.given_up == 0
    assert result.tally.codes["11"] > 0
    assert result.tally.duplicates > 0
    records = [record for _, chunk in ExchangeFile(tmp_path / FILE_NAME, read_only=True).chunks() for record in chunk]
    kept = json.dumps(records)
    assert len(records) >= result.tally.messages
    assert any(item in kept for item in result.ledger.touched)
    assert [patron for patron in members[0].patrons if patron in kept] == []
