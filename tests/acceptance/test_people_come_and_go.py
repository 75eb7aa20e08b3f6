"""People of a student system, end to end: a file brings them, a kiosk knows them, LDAP shows them, and who has left
may not borrow any more while what is on loan stays on loan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.identity.model import RunState, Stage
from gateway.identity.register import open_register
from gateway.identity.register.port import Lookup
from gateway.identity.sync.engine import Outcome
from gateway.identity.sync.schedule import sync_feed
from tests.acceptance.consortium import ABER, BANGOR
from tests.acceptance.nodes import Node, with_data
from tests.acceptance.sip2_line import Kiosk, checkout, patron_status

HEAD = "ID,CARD,LOGIN,SURNAME,FORENAME,ENDS\n"
SOON = 60.0
STUDENTS = 40


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drop")


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory, drop: Path) -> Iterator[Node]:
    def change(document: dict[str, Any]) -> None:
        # Without a PIN: the register holds none, and these people have set none yet.
        document["members"]["aber"]["terminals"]["aber-kiosk-1"]["pin_required"] = []
        document["members"]["aber"]["identity"]["feeds"] = [
            {
                "kind": "csv",
                "name": "students",
                "folder": str(drop),
                "source_id": "ID",
                "fields": {
                    "barcode": {"from": "CARD"},
                    "username": {"from": "LOGIN"},
                    "family": {"from": "SURNAME"},
                    "given": {"from": "FORENAME"},
                    "display": {"from": ["FORENAME", "+", "SURNAME"]},
                    "expires_on": {"from": "ENDS", "date_format": "%d/%m/%Y"},
                },
                "categories": [{"category": "UG"}],
                "deprovision": {"expire_days": 0},
            }
        ]

    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), change)
    yield running
    running.stop()


def row(number: int) -> str:
    return f"S{number},99{number:06d},stu{number:04d},Ŵyn-{number},Siân,31/07/2040\n"


def read(node: Node, drop: Path, numbers: range) -> Outcome:
    """Drops a file with these students, and takes it."""
    written = drop.parent / "students.part"
    written.write_text(HEAD + "".join(map(row, numbers)), encoding="utf-8")
    written.rename(drop / f"students-{time.monotonic_ns()}.csv")
    config: Config = node.config

    async def run() -> Outcome:
        register = await open_register(config.register_url)
        try:
            [feed] = config.members["aber"].identity.feeds
            return await sync_feed(config, "aber", feed, register, SystemClock())
        finally:
            await register.close()

    return asyncio.run(run())


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def stage(node: Node, barcode: str) -> Stage:
    async def look() -> Stage:
        register = await open_register(node.config.register_url)
        try:
            [person] = await register.search("aber", Lookup("barcode", barcode))
        finally:
            await register.close()
        return person.stage

    return asyncio.run(look())


def shown(node: Node, barcode: str, member: str = "aber") -> list[dict[str, Any]]:
    """What the LDAP view says of a card to a member's own service account."""
    server = ldap3.Server("127.0.0.1", node.ports["ldap"])
    suffix = f"dc={member},dc=demo"
    with ldap3.Connection(server, f"cn=reader,{suffix}", "reader-demo", auto_bind=True) as connection:
        connection.search(suffix, f"(libraryBarcode={barcode})", attributes=["cn", "libraryMayBorrow", "libraryStatus"])
        return [entry["attributes"] for entry in connection.response or []]


def may_borrow(node: Node, barcode: str) -> bool:
    [entry] = shown(node, barcode)
    return entry["libraryMayBorrow"]


def denied(kiosk: Kiosk, barcode: str) -> bool:
    """Whether the platform has heard of it: the first flag of 24, "charge privileges denied"."""
    return kiosk.ask(patron_status(barcode)).raw[2:3] == b"Y"


def valid(kiosk: Kiosk, barcode: str) -> bool:
    return kiosk.ask(patron_status(barcode))["BL"] == "Y"


def test_people_come_stay_and_leave(node: Node, drop: Path) -> None:
    first, leaver, item = "99000001", f"99{STUDENTS:06d}", node.new_item()
    with node.kiosk() as kiosk:
        assert not valid(kiosk, first)
        came = read(node, drop, range(1, STUDENTS + 1))
        assert (came.run.state, came.run.counters["added"]) == (RunState.DONE, STUDENTS)
        until(lambda: valid(kiosk, leaver))
        assert kiosk.ask(patron_status(first))["AE"] == "Siân Ŵyn-1"
        assert kiosk.ask(checkout(leaver, item)).ok
        [entry] = shown(node, leaver)
        assert entry["cn"] == [f"Siân Ŵyn-{STUDENTS}"]
        assert may_borrow(node, leaver)
        assert shown(node, leaver, "bangor") == []
        with node.kiosk(BANGOR) as elsewhere:
            assert not valid(elsewhere, first)

        emptied = read(node, drop, range(1, STUDENTS // 2))
        assert emptied.run.state is RunState.STOPPED
        assert stage(node, leaver) is Stage.PRESENT

        left = read(node, drop, range(1, STUDENTS))
        assert (left.run.state, left.run.counters["expired"]) == (RunState.DONE, 1)
        assert stage(node, leaver) is Stage.EXPIRED
        assert not may_borrow(node, leaver)
        until(lambda: denied(kiosk, leaver))
        assert not kiosk.ask(checkout(leaver, node.new_item())).ok
        with node.http(ABER) as api:
            assert api.get("/items", params={"barcode": item}).json()["item"]["status"] == "ON_LOAN"
        assert kiosk.ask(checkout(first, node.new_item())).ok

        back = read(node, drop, range(1, STUDENTS + 1))
        assert (back.run.state, back.run.counters["back"]) == (RunState.DONE, 1)
        until(lambda: not denied(kiosk, leaver))
        assert may_borrow(node, leaver)
        assert kiosk.ask(checkout(leaver, node.new_item())).ok
