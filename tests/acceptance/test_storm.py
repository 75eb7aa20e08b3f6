"""Killed in the middle of a storm: whatever a kiosk was told is true afterwards, and nothing half-done is left.

Many links lend, take back, undo, reserve and pay over a few shared items and debts while the process is killed by
SIGKILL. Each message is unlike any other, so that every effect in the store belongs to one message that was sent.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.consortium import ABER, PIN
from tests.acceptance.nodes import STORE_FILE, Process, start_process
from tests.acceptance.sip2_line import LONDON, Answer, LineClosed, checkin, checkout, fee_paid, hold, moment
from tests.acceptance.staff import Staff

pytestmark = pytest.mark.soak

LINKS = 20
SECONDS = 3.0
KILLS = 2
LIMIT = 10  # loans an undergraduate may have
SHARED_ITEMS = [ABER.item(number) for number in (43, 44, 45, 46, 47)]
PATRONS = [ABER.patron(number) for number in range(12, 18)]
PAYERS = [ABER.patron(number) for number in range(18, 24)]  # who owes so much borrows nothing
OWN_ITEMS = [ABER.item(number) for number in range(50, 50 + 2 * LINKS) if number % 7][:LINKS]


@dataclass
class Sent:
    """A message, and what came back; `answer` is None where the process died first."""

    kind: str  # lend | return | undo | pay | hold
    patron: str
    subject: str  # barcode, or reference of a payment
    body: str
    answer: Answer | None = None


@dataclass
class Link:
    """One kiosk of the storm; its own item is touched by nobody else."""

    number: int
    item: str
    choice: random.Random
    round: int
    sent: list[Sent] = field(default_factory=list)
    lent: bool = False

    def run(self, place: Process, until: float) -> None:
        with contextlib.suppress(LineClosed, ConnectionError), place.kiosk() as kiosk:
            while time.monotonic() < until:
                one = self._next()
                self.sent.append(one)
                kiosk.send(kiosk.message(one.body))
                one.answer = kiosk.receive()
                if one.subject == self.item and one.answer.ok:
                    self.lent = one.kind == "lend"

    def _next(self) -> Sent:
        patron, item = self.choice.choice(PATRONS), self.choice.choice(SHARED_ITEMS)
        if self.choice.random() < 0.3:
            patron, item = ABER.patron(30 + self.number), self.item
            return self._back(item) if self.lent else self._lend(patron, item)
        kind = self.choice.choices(("lend", "return", "undo", "pay", "hold"), (5, 3, 1, 4, 1))[0]
        if kind == "lend":
            return self._lend(patron, item)
        if kind == "return":
            return self._back(item)
        if kind == "undo":
            return Sent("undo", patron, item, checkin(item, cancel="Y", at=self._own_time()))
        if kind == "pay":
            reference = f"{self.round}-{self.number}-{len(self.sent)}"
            payer = self.choice.choice(PAYERS)
            return Sent("pay", payer, reference, fee_paid(payer, "0.01", transaction=reference))
        return Sent("hold", patron, item, hold("+", patron, item, PIN))

    def _lend(self, patron: str, item: str) -> Sent:
        return Sent("lend", patron, item, checkout(patron, item, PIN, at=self._own_time()))

    def _back(self, item: str) -> Sent:
        return Sent("return", "", item, checkin(item, at=self._own_time()))

    def _own_time(self) -> str:
        """A transaction date that no other message of the storm has."""
        number = (self.round * LINKS + self.number) * 10_000 + len(self.sent)
        return moment(datetime(2026, 1, 1, 12, tzinfo=LONDON) + timedelta(seconds=number))


def _storm(place: Process, data_dir: Path, round_: int) -> list[Link]:
    """Kiosks at work for a while, until the process is killed under them."""
    links = [Link(number, OWN_ITEMS[number], random.Random(f"{round_}-{number}"), round_) for number in range(LINKS)]
    with contextlib.closing(sqlite3.connect(data_dir / STORE_FILE)) as store:
        for link in links:
            link.lent = _open_loans(store, link.item) == 1
    until = time.monotonic() + SECONDS * 3
    threads = [threading.Thread(target=link.run, args=(place, until)) for link in links]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    place.kill()
    for thread in threads:
        thread.join(30)
    return links


def test_whatever_a_kiosk_was_told_is_true_after_a_kill_in_the_middle_of_a_storm(
    data_dir: Path, tmp_path: Path
) -> None:
    place = start_process(tmp_path, data_dir)
    sent: list[Sent] = []
    try:
        with Staff(place) as staff:
            for patron in PAYERS:
                for amount in ("30.00", "0.03", "40.00"):
                    staff.charge(patron, amount)
        for round_ in range(KILLS):
            links = _storm(place, data_dir, round_)
            now = [one for link in links for one in link.sent]
            assert sum(one.answer is not None and one.answer.ok for one in now) > LINKS, "no storm"
            with contextlib.closing(sqlite3.connect(data_dir / STORE_FILE)) as store:
                _told_is_true(store, sent + now, links)
                _whole(store)
            place = start_process(tmp_path, data_dir)
            _retried(place, links)
            sent += now
            with contextlib.closing(sqlite3.connect(data_dir / STORE_FILE)) as store:
                _told_is_true(store, sent, links)
                _whole(store)
    finally:
        place.stop()


def _retried(place: Process, links: list[Link]) -> None:
    """Each kiosk that heard nothing asks again, as the standard has it."""
    with place.kiosk() as kiosk:
        for link in links:
            if link.sent and link.sent[-1].answer is None:
                one = link.sent[-1]
                one.answer = kiosk.ask(one.body)
                if one.subject == link.item:
                    assert one.answer.ok, f"nobody else touches this item: {one.body}"
                    link.lent = one.kind == "lend"


def _told_is_true(store: sqlite3.Connection, sent: list[Sent], links: list[Link]) -> None:
    """Effects in the store against answers: at least those that were told, at most those besides that nobody heard."""
    for kind, event in (("lend", "loan.created"), ("return", None), ("undo", "loan.undone")):
        wanted = (event,) if event else ("loan.returned", "item.checked_in")
        told = Counter(one.subject for one in sent if one.kind == kind and one.answer is not None and one.answer.ok)
        unheard = Counter(one.subject for one in sent if one.kind == kind and one.answer is None)
        for item in (*SHARED_ITEMS, *OWN_ITEMS):
            happened = _events(store, item, wanted)
            assert told[item] <= happened <= told[item] + unheard[item], (kind, item, happened, told[item])
    told_paid = {one.subject for one in sent if one.kind == "pay" and one.answer is not None and one.answer.ok}
    unheard_paid = {one.subject for one in sent if one.kind == "pay" and one.answer is None}
    paid = [reference for (reference,) in store.execute("SELECT external_ref FROM payment WHERE external_ref <> ''")]
    assert len(paid) == len(set(paid)), "a payment was taken twice"
    assert told_paid <= set(paid) <= told_paid | unheard_paid
    for link in links:
        last = next((one for one in reversed(link.sent) if one.subject == link.item), None)
        if last is None or last.answer is not None:
            assert _open_loans(store, link.item) == link.lent, link.item


def _events(store: sqlite3.Connection, item: str, kinds: tuple[str, ...]) -> int:
    marks = ", ".join("?" * len(kinds))
    query = (
        "SELECT count(*) FROM event JOIN item ON item.member = event.member AND item.id = event.item_id "
        f"WHERE item.member = 'aber' AND item.barcode = ? AND event.type IN ({marks})"
    )
    return store.execute(query, (item, *kinds)).fetchone()[0]


def _open_loans(store: sqlite3.Connection, item: str) -> int:
    query = (
        "SELECT count(*) FROM loan JOIN item ON item.member = loan.member AND item.id = loan.item_id "
        "WHERE item.member = 'aber' AND item.barcode = ? AND loan.status = 'open'"
    )
    return store.execute(query, (item,)).fetchone()[0]


IMPOSSIBLE = {
    "two open loans of one item": """
        SELECT member, item_id FROM loan WHERE status = 'open' GROUP BY member, item_id HAVING count(*) > 1""",
    "an item on loan without a loan": """
        SELECT barcode FROM item WHERE status = 'ON_LOAN' AND lent_to_member IS NULL AND NOT EXISTS (
            SELECT 1 FROM loan WHERE loan.member = item.member AND loan.item_id = item.id AND loan.status = 'open')""",
    "a loan of an item that is not on loan": """
        SELECT barcode, item.status FROM item JOIN loan ON loan.member = item.member AND loan.item_id = item.id
        WHERE loan.status = 'open' AND item.status <> 'ON_LOAN'""",
    "more loans than the limit": f"""
        SELECT member, patron_id FROM loan WHERE status = 'open' AND member = 'aber'
        GROUP BY member, patron_id HAVING count(*) > {LIMIT}""",
    "a charge that is not what is left of it": """
        SELECT id, original, balance, status FROM charge WHERE balance < 0 OR balance > original
        OR (balance = 0) <> (status <> 'open')""",
    "money that a charge lost or gained": """
        SELECT charge.id FROM charge LEFT JOIN payment_line AS line
            ON line.member = charge.member AND line.charge_id = charge.id
        WHERE charge.description IS NULL AND charge.type = 'OTHER' AND charge.member = 'aber'
        GROUP BY charge.member, charge.id HAVING charge.original - charge.balance <> coalesce(sum(line.amount), 0)""",
    "a payment that is not the sum of its lines": """
        SELECT payment.id FROM payment LEFT JOIN payment_line AS line
            ON line.member = payment.member AND line.payment_id = payment.id
        GROUP BY payment.member, payment.id HAVING payment.amount <> coalesce(sum(line.amount), 0)""",
    "a loan that no event tells of": """
        SELECT loan.id FROM loan WHERE member = 'aber' AND location <> '' AND loaned_at > :since AND 1 <> (
            SELECT count(*) FROM event WHERE event.member = loan.member AND event.loan_id = loan.id
            AND event.type = 'loan.created')""",
    "a return that no event tells of": """
        SELECT loan.id FROM loan WHERE member = 'aber' AND status = 'returned' AND returned_at > :since AND 0 = (
            SELECT count(*) FROM event WHERE event.member = loan.member AND event.loan_id = loan.id
            AND event.type IN ('loan.returned', 'loan.undone'))""",
    "a payment that no event tells of": """
        SELECT payment.id FROM payment WHERE taken_at > :since AND 1 <> (
            SELECT count(*) FROM event WHERE event.member = payment.member AND event.type = 'payment.taken'
            AND json_extract(event.data_json, '$.payment') = payment.id)""",
    "a held item that waits for nobody": """
        SELECT barcode FROM item LEFT JOIN hold
            ON hold.member = item.member AND hold.id = item.hold_id AND hold.closed_at IS NULL
        WHERE item.status = 'ON_HOLD_SHELF' AND hold.id IS NULL""",
}


def _whole(store: sqlite3.Connection) -> None:
    """What may never be found in a store, whatever happened to it."""
    assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert store.execute("PRAGMA foreign_key_check").fetchall() == []
    since = (time.time() - 600) * 1000
    for name, query in IMPOSSIBLE.items():
        assert store.execute(query, {"since": since}).fetchall() == [], name
