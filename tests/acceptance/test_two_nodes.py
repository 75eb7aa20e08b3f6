"""Two gateways on one PostgreSQL: what one has done the other knows, and what both try one of them does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.consortium import ABER, BANGOR, PIN
from tests.acceptance.nodes import Node, Process, start_demo, start_process
from tests.acceptance.sip2_line import LineClosed, checkin, checkout, fee_paid, item_information, patron_information
from tests.acceptance.staff import Staff
from tests.acceptance.test_races import at_once, race_for_items
from tests.postgres import Cluster, Database

ROUNDS = 12


@pytest.fixture(scope="module")
def database(postgres_cluster: Cluster) -> Iterator[Database]:
    """A database that its owner has migrated; the gateways come as a role that may change no table."""
    made = postgres_cluster.create_database()
    command = [str(Path(sys.executable).with_name("gateway")), "platform", "migrate"]
    command += ["--url", made.admin_dsn, "--app-role", made.app_role]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    yield made
    postgres_cluster.drop_database(made)


@pytest.fixture(scope="module")
def one(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """`gateway demo` on the database."""
    running = start_demo(tmp_path_factory.mktemp("one"), "--store-url", database.app_dsn)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def two(database: Database, one: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The second gateway, whose platform can be held back."""
    running = Node(tmp_path_factory.mktemp("two"), store_url=database.app_dsn)
    running.new_patron, running.new_item = one.new_patron, one.new_item
    yield running
    running.stop()


def test_retry_on_the_other_node_gets_the_first_outcome(one: Process, two: Node) -> None:
    patron, item = one.new_patron(), one.new_item()
    body = checkout(patron, item, PIN)
    with one.kiosk() as here, two.kiosk() as there, Staff(one) as staff:
        first = here.ask(body)
        again = there.ask(body)
        assert first.ok
        assert again.without_time() == first.without_time()
        assert staff.events(item, "loan.created") == 1
        assert there.ask(checkin(item)).ok
        assert here.ask(item_information(item)).fixed[:2] == "03"


@pytest.mark.parametrize("after", [False, True], ids=["before its commit", "after its commit"])
def test_retry_on_the_other_node_while_the_first_still_runs_is_the_same_loan(
    one: Process, two: Node, after: bool
) -> None:
    patron, item = one.new_patron(), one.new_item()
    with two.kiosk() as slow, one.kiosk() as quick, Staff(one) as staff:
        quick.sequence = slow.sequence
        asked = slow.message(checkout(patron, item, PIN))
        with two.brake("loan_create", after=after) as brake:
            slow.send(asked)
            brake.wait()
            quick.send(asked)
            second = quick.receive()
            brake.release()
            first = slow.receive()
        assert first.ok
        assert second.ok
        assert first.without_time() == second.without_time()
        assert staff.loans(patron) == [item]
        assert staff.events(item, "loan.created") == 1


def test_one_of_two_kiosks_at_two_nodes_gets_the_item(one: Process, two: Node) -> None:
    race_for_items(one, two, ROUNDS)


def test_payment_sent_to_both_nodes_is_taken_once(one: Process, two: Node) -> None:
    patron = one.new_patron()
    with one.kiosk() as here, two.kiosk() as there, Staff(one) as staff:
        staff.charge(patron, "9.00")
        for number in range(3):
            body = fee_paid(patron, "1.00", transaction=f"both-{number}")
            assert [answer.ok for answer in at_once((here, body), (there, body))] == [True, True]
        assert staff.owed(patron) == "6.00"


def test_retry_reaches_another_node_after_the_first_was_killed(
    one: Process, database: Database, tmp_path: Path
) -> None:
    patron, item = one.new_patron(), one.new_item()
    body = checkout(patron, item, PIN)
    dying = start_process(tmp_path, tmp_path / "dying", dies_after="loan_create", store_url=database.app_dsn)
    try:
        with dying.kiosk() as kiosk:
            kiosk.send(kiosk.message(body))
            with pytest.raises(LineClosed):
                kiosk.receive()
        assert dying.wait() == -signal.SIGKILL
    finally:
        dying.stop()
    with one.kiosk() as kiosk, Staff(one) as staff:
        answer = kiosk.ask(body)
        assert answer.ok
        assert answer.fixed[1] == "N"
        assert staff.loans(patron) == [item]
        assert staff.events(item, "loan.created") == 1


def test_wrong_pins_are_counted_at_both_nodes_together(one: Process, two: Node) -> None:
    patron = one.new_patron()
    with one.kiosk() as here, two.kiosk() as there:
        for number in range(5):
            kiosk = (here, there)[number % 2]
            assert kiosk.ask(patron_information(patron, f"000{number}"))["CQ"] == "N"
        for kiosk in (here, there):
            assert kiosk.ask(patron_information(patron, PIN))["CQ"] == "N"
        assert there.ask(patron_information(ABER.patron(1), PIN))["CQ"] == "Y"


def test_libraries_are_apart_on_one_database(one: Process, two: Node) -> None:
    with one.kiosk(ABER) as here, two.kiosk(BANGOR) as there:
        assert here.ask(item_information(BANGOR.item(1)))["AJ"] == ""
        assert there.ask(item_information(BANGOR.item(1)))["AJ"]
        assert here.ask(patron_information(BANGOR.patron(1), PIN))["BL"] == "N"
        assert there.ask(patron_information(BANGOR.patron(1), PIN))["BL"] == "Y"
