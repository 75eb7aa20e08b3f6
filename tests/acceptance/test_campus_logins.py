"""A kiosk, a campus password, a real directory: who gets in, what a directory that is away is called, who is locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.consortium import BANGOR, LIBRARIES, PIN, Library
from tests.acceptance.nodes import Change, Node, with_data
from tests.acceptance.sip2_line import checkout, patron_information, patron_status
from tests.acceptance.staff import Staff
from tests.ad_tree import DISABLED
from tests.certificates import Authority
from tests.fake_ad import FakeAd
from tests.slapd import READER, READER_PASSWORD, SUFFIX, CampusPerson, Slapd

CARDIFF = LIBRARIES[3]
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
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("ad"))


@pytest.fixture(scope="module")
def ad(authority: Authority) -> Iterator[FakeAd]:
    """Bangor's, which locks after five wrong passwords."""
    certificate, key = authority.issue("localhost", addresses=("127.0.0.1",))
    with FakeAd(certificate=str(certificate), key=str(key)) as server:
        server.add_user("svc-library", "svc-secret")
        yield server


def active_directory(ad: FakeAd, authority: Path) -> Change:
    """What makes Bangor check passwords at `ad`, and nowhere else."""

    def change(document: dict[str, Any]) -> None:
        document["members"]["bangor"]["terminals"]["bangor-kiosk-1"]["overrides"] = {"texts": {"language": "en"}}
        document["members"]["bangor"]["identity"] |= {
            "directories": {
                "ad": {
                    "servers": [f"ldaps://localhost:{ad.tls_port}"], "ca": str(authority),
                    "profile": "active-directory", "base": ad.base, "login_filter": "(sAMAccountName={login})",
                    "bind_dn": "svc-library@uni.example", "bind_password": "svc-secret", "max_failures": 4,
                }
            },
            "authentication": {"checks": [{"by": "directory:ad"}]},
        }  # fmt: skip

    return change


@pytest.fixture(scope="module")
def node(
    demo_data: Path, tmp_path_factory: pytest.TempPathFactory, slapd: Slapd, ad: FakeAd, authority: Authority
) -> Iterator[Node]:
    """A gateway that most tests share: at Aberystwyth the library PIN and then the campus password, at Bangor that of
    Active Directory alone."""

    def change(document: dict[str, Any]) -> None:
        campus(slapd)(document)
        active_directory(ad, authority.file)(document)

    running = Node(with_data(demo_data, tmp_path_factory.mktemp("node") / "data"), change)
    yield running
    running.stop()


def login(barcode: str, library: Library) -> str:
    """The user name of the demo's patron."""
    return f"{library.code}{int(barcode[-4:]):04d}"


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


def test_another_members_kiosks_ask_their_own_directory_alone(node: Node, ad: FakeAd) -> None:
    patron = node.new_patron(BANGOR)
    ad.add_user(login(patron, BANGOR), "bangor-secret")
    with node.kiosk(BANGOR) as kiosk:
        assert kiosk.ask(patron_information(patron, student(patron).password))["CQ"] == "N"
        assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "N"
        assert kiosk.ask(patron_information(patron, "bangor-secret"))["CQ"] == "Y"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"control": DISABLED}, "Your university account is switched off. Please ask the university's IT service."),
        ({"accountExpires": 1}, "Your university account has expired. Please ask the university's IT service."),
        ({"pwdLastSet": 0}, "Your university password has expired. Please change it and try again."),
    ],
)
def test_what_active_directory_says_of_an_account_is_told(
    node: Node, ad: FakeAd, state: dict[str, Any], words: str
) -> None:
    patron = node.new_patron(BANGOR)
    ad.add_user(login(patron, BANGOR), "bangor-secret", **state)
    with node.kiosk(BANGOR) as kiosk:
        answer = kiosk.ask(patron_information(patron, "bangor-secret"))
        assert (answer["BL"], answer["CQ"], answer["AE"], answer.screen) == ("N", "N", "", words)
        answer = kiosk.ask(patron_information(patron, "not it"))
        assert answer.screen == "The card number or the PIN is not right.", "nobody is told who does not know it"


def test_guesses_stop_before_active_directory_locks(node: Node, ad: FakeAd) -> None:
    patron = node.new_patron(BANGOR)
    person = ad.add_user(login(patron, BANGOR), "bangor-secret")
    with node.kiosk(BANGOR) as kiosk:
        for number in range(20):
            assert kiosk.ask(patron_information(patron, f"guess {number}"))["CQ"] == "N"
            node.clock.ahead += 61
    assert (person.number("badPwdCount"), person.number("lockoutTime")) == (4, 0)


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
    asking, lending, other = node.new_patron(), node.new_patron(), node.new_patron(CARDIFF)
    slapd.pause()
    try:
        with node.kiosk() as waiting, node.kiosk() as kiosk, node.kiosk(CARDIFF) as elsewhere:
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
