"""A kiosk, a campus password, a real directory: who gets in, what a directory that is away is called, who is locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.consortium import BANGOR, PIN
from tests.acceptance.nodes import Change, Node, with_data
from tests.acceptance.sip2_line import checkout, patron_information, patron_status
from tests.acceptance.staff import Staff
from tests.slapd import READER, READER_PASSWORD, SUFFIX, CampusPerson, Slapd

CHECKS = [{"by": "platform"}, {"by": "directory:campus"}]
DEADLINE, RETRY = 3.0, 30.0  # seconds
AWAY = "Your PIN or password cannot be checked at the moment. Please try again later."


@dataclass(frozen=True, slots=True)
class Student(CampusPerson):
    """A person of the campus whose login is the user name that the library knows."""

    @property
    def login(self) -> str:
        return f"aber{self.number:04d}"


def student(barcode: str) -> Student:
    return Student(int(barcode[-4:]))


def campus(slapd: Slapd, checks: list[dict[str, Any]] | None = None, **settings: Any) -> Change:
    """What makes the demo's first member check passwords at `slapd`."""

    def change(document: dict[str, Any]) -> None:
        document["members"]["aber"]["terminals"]["aber-kiosk-1"]["overrides"] = {"texts": {"language": "en"}}
        document["members"]["aber"]["identity"] |= {
            "directories": {
                "campus": {
                    "servers": [f"ldaps://localhost:{slapd.ldaps_port}"], "ca": str(slapd.authority),
                    "base": SUFFIX, "bind_dn": READER, "bind_password": READER_PASSWORD,
                    "deadline_seconds": DEADLINE, "retry_seconds": RETRY, "max_failures": 2, **settings,
                }
            },
            "authentication": {"checks": checks or CHECKS},
        }  # fmt: skip

    return change


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """With a password policy that locks after three wrong passwords."""
    server = Slapd.start(tmp_path_factory.mktemp("campus"), people=0, lockout=True)
    server.add(*(Student(number) for number in range(1, 61)))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def node(demo_data: Path, tmp_path_factory: pytest.TempPathFactory, slapd: Slapd) -> Iterator[Node]:
    """A gateway that most tests share: the library PIN first, then the campus password."""
    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), campus(slapd))
    yield running
    running.stop()


def locked(slapd: Slapd, patron: str) -> bool:
    return "pwdAccountLockedTime:" in slapd.search(f"(uid={student(patron).login})", "pwdAccountLockedTime")


def test_a_campus_password_opens_the_account_and_lends(node: Node) -> None:
    patron, item = node.new_patron(), node.new_item()
    password = student(patron).password
    with node.kiosk() as kiosk:
        answer = kiosk.ask(patron_information(patron, password))
        assert (answer["BL"], answer["CQ"]) == ("Y", "Y")
        assert answer["AE"] != ""
        assert kiosk.ask(checkout(patron, item, password)).ok
        assert kiosk.ask(patron_status(patron, PIN))["CQ"] == "Y", "the library PIN still does"


def test_by_user_name_as_well(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(student(patron).login, student(patron).password))["CQ"] == "Y"


def test_a_wrong_password_is_wrong(node: Node) -> None:
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        answer = kiosk.ask(patron_information(patron, "not it"))
        assert (answer["BL"], answer["CQ"], answer["AE"]) == ("N", "N", "")
        assert answer.screen == "The card number or the PIN is not right."
        assert not kiosk.ask(checkout(patron, node.new_item(), "not it")).ok


def test_another_members_kiosks_ask_their_own_library_alone(node: Node) -> None:
    patron = node.new_patron(BANGOR)
    with node.kiosk(BANGOR) as kiosk:
        assert kiosk.ask(patron_information(patron, student(patron).password))["CQ"] == "N"


def test_guesses_at_kiosks_lock_nobody_out_of_the_campus(node: Node, slapd: Slapd) -> None:
    patron = node.new_patron()
    for number in range(8):
        with node.kiosk() as kiosk:
            assert kiosk.ask(patron_information(patron, f"guess {number}"))["CQ"] == "N"
            node.clock.ahead += 61
    assert not locked(slapd, patron)
    with node.kiosk() as kiosk:
        answer = kiosk.ask(patron_information(patron, student(patron).password))
        assert answer["CQ"] == "N"
        assert "university password has been wrong too often" in answer.screen
        node.clock.ahead += 1801
        assert kiosk.ask(patron_information(patron, student(patron).password))["CQ"] == "Y"


def test_an_account_that_is_locked_over_there_is_called_so(node: Node, slapd: Slapd) -> None:
    patron = node.new_patron()
    slapd.modify(student(patron).dn, "pwdAccountLockedTime", "000001010000Z")
    with node.kiosk() as kiosk:
        answer = kiosk.ask(patron_information(patron, student(patron).password))
        assert (answer["BL"], answer["CQ"]) == ("N", "N")
        assert "locked" in answer.screen


def test_a_directory_that_is_away_is_no_wrong_pin(node: Node, slapd: Slapd) -> None:
    patron = node.new_patron()
    slapd.kill()
    try:
        with node.kiosk() as kiosk, Staff(node) as staff:
            answer = kiosk.ask(patron_information(patron, student(patron).password))
            assert (answer["BL"], answer["CQ"], answer.screen) == ("N", "N", AWAY)
            refused = kiosk.ask(checkout(patron, node.new_item(), student(patron).password))
            assert (refused.ok, refused.screen) == (False, AWAY)
            assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y", "the library PIN is asked for first"
            problem = staff.api.post("/authentications", json={"patron": patron, "pin": student(patron).password})
            assert problem.status_code == 503
            assert problem.json()["code"] == "AUTHENTICATION_UNAVAILABLE"
    finally:
        slapd.restart()
    with node.kiosk() as kiosk:
        node.clock.ahead += RETRY + 0.1
        assert kiosk.ask(patron_information(patron, student(patron).password))["CQ"] == "Y"


def test_a_silent_directory_costs_who_asks_it_one_deadline_and_nobody_else_anything(node: Node, slapd: Slapd) -> None:
    asking, lending, other = node.new_patron(), node.new_patron(), node.new_patron(BANGOR)
    slapd.pause()
    try:
        with node.kiosk() as waiting, node.kiosk() as kiosk, node.kiosk(BANGOR) as elsewhere:
            waiting.send(waiting.message(patron_information(asking, student(asking).password)))
            assert kiosk.ask(checkout(lending, node.new_item(), PIN)).ok
            assert elsewhere.ask(patron_information(other, PIN))["CQ"] == "Y"
            assert waiting.silent(0.01), "the others were answered while this one waited"
            answer = waiting.receive()
            assert (answer["BL"], answer["CQ"], answer.screen) == ("N", "N", AWAY)
            # The server is passed over now: the next one is told at once, well before another deadline is over.
            assert kiosk.ask(patron_information(asking, student(asking).password)).screen == AWAY
            assert not node.composition.desk.circuit("aber").open
    finally:
        slapd.resume()
    with node.kiosk() as kiosk:
        node.clock.ahead += RETRY + 0.1
        assert kiosk.ask(patron_information(asking, student(asking).password))["CQ"] == "Y"


def test_a_library_may_keep_its_kiosks_open_by_its_own_pin(make_node: Callable[..., Node], slapd: Slapd) -> None:
    node = make_node(campus(slapd, [{"by": "directory:campus", "when_down": "next"}, {"by": "platform"}]))
    patron, guessed = node.new_patron(), node.new_patron()
    slapd.kill()
    try:
        with node.kiosk() as kiosk:
            assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "Y"
            answer = kiosk.ask(patron_information(patron, student(patron).password))
            assert answer["CQ"] == "N"
            assert answer.screen == "That was not right, and university passwords cannot be checked at the moment."
            for number in range(5):
                kiosk.ask(patron_information(guessed, f"000{number}"))
            assert kiosk.ask(patron_information(guessed, PIN))["CQ"] == "N", "guessing is limited all the same"
    finally:
        slapd.restart()


def test_no_campus_password_is_kept_in_any_file(make_node: Callable[..., Node], slapd: Slapd) -> None:
    node = make_node(campus(slapd))
    patron = node.new_patron()
    with node.kiosk() as kiosk:
        assert kiosk.ask(patron_information(patron, student(patron).password))["CQ"] == "Y"
        kiosk.ask(patron_information(patron, "SECRET-PASSWORD"))
    node.stop()
    for path in node.data_dir.rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            assert student(patron).password.encode() not in octets, path
            assert b"SECRET-PASSWORD" not in octets, path
