"""Random commands, in any order, from two terminals and two branches: what must always be true stays true."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.money import Money
from gateway.canonical.outcomes import IllOutcome, LoanOutcome, RenewAllOutcome
from gateway.canonical.refusals import Refusal
from gateway.canonical.vocabulary import HoldLevel, ItemStatus, OnDuplicate, RoutingAction, ShipmentStep
from gateway.platforms.reference import randomness
from gateway.platforms.reference.trapping import next_hold
from gateway.store.rows import (
    BibRow,
    ChargeRow,
    EventRow,
    HoldRow,
    IdempotencyRow,
    ItemRow,
    LoanRow,
    PaymentLineRow,
    PaymentRow,
)
from gateway.store.sqlite import SqliteStore
from tests.gateway.platforms.reference.library import Library
from tests.gateway.platforms.reference.library import rule as loan_rule

T = TypeVar("T")
LIMIT = 5
CEILING = 50
WATCHED = (BibRow, ItemRow, LoanRow, HoldRow, ChargeRow, PaymentRow, PaymentLineRow)

items = st.sampled_from(["x", "y.1", "y.2"])
pieces = st.sampled_from(["R-1", "R-2"])  # numbers of interlibrary loans, and the barcodes of what they bring
people = st.sampled_from(["ann", "bob", "cai"])
places = st.sampled_from(["MAIN", "BRANCH"])
terminals = st.sampled_from(["t1", "t2"])


class Circulation(RuleBasedStateMachine):
    """Each rule is one command; its last one can be sent again at any time."""

    @initialize()
    def open(self) -> None:
        # Ids in the order of their making: a run that is done again must meet the same rows in the same order.
        numbers = count(1)
        self.ids = patch.object(randomness, "octets", lambda size: next(numbers).to_bytes(size, "big"))
        self.ids.start()
        self.loop = asyncio.new_event_loop()
        self.store = SqliteStore(":memory:")
        self.run(self.store.open())
        self.library = Library(self.store)
        self.run(self.library.furnish(loan_rules=(loan_rule(overdue_ceiling=CEILING),)))
        self.last: tuple[str, Any, Any, CommandKey, Any] | None = None
        self.seen = self.run(self.tables())

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.run(self.library.platform.close())
            self.run(self.store.close())
            self.loop.close()
            self.ids.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def tables(self) -> dict[type, list[Any]]:
        return {kind: await self.library.rows(kind) for kind in (*WATCHED, EventRow)}

    def send(self, operation: str, request: Any, terminal: str, place: str) -> Any:
        """One command under a key of its own; what it changed must stand in the event log."""
        ctx = self.library.context(terminal=terminal, location=place)
        key = self.library.key(window=60)
        answer = self.run(getattr(self.library.platform, operation)(ctx, request, key))
        self.last = (operation, request, ctx, key, answer)
        now = self.run(self.tables())
        changed = any(now[kind] != self.seen[kind] for kind in WATCHED)
        assert changed <= (len(now[EventRow]) > len(self.seen[EventRow])), f"{operation} left no event"
        if isinstance(answer, Refusal):
            assert now == self.seen, f"{operation} was refused and changed something"
        self.seen = now
        return answer

    @rule(item=items, who=people, terminal=terminals, place=places, own=st.booleans())
    def lend(self, item: str, who: str, terminal: str, place: str, own: bool) -> None:
        request = req.LoanCreate(patron=f"c-{who}", item=f"b-{item}", renew_if_own=own)
        answer = self.send("loan_create", request, terminal, place)
        if isinstance(answer, LoanOutcome):
            assert self.open_loans()[item].patron_id == who

    @rule(item=items, terminal=terminals, place=places)
    def take_back(self, item: str, terminal: str, place: str) -> None:
        copy = next(row for row in self.seen[ItemRow] if row.id == item)
        queue = sorted((h for h in self.seen[HoldRow] if h.bib_id == copy.bib_id), key=lambda h: (h.place, h.id))
        expected = copy.hold_id
        if expected is None:
            first = next_hold(queue, copy, self.library.clock.millis)
            expected = first.id if first else None
        if copy.status in ("WITHDRAWN", "IN_PROCESS", "UNAVAILABLE"):  # for staff, not for the queue
            expected = None
        answer = self.send("loan_return", req.LoanReturn(item=f"b-{item}"), terminal, place)
        assert answer.routing.hold_id == expected
        assert item not in self.open_loans()

    @rule(item=items, who=people, terminal=terminals)
    def renew(self, item: str, who: str, terminal: str) -> None:
        before = self.open_loans().get(item)
        answer = self.send("loan_renew", req.LoanRenew(patron=f"c-{who}", item=f"b-{item}"), terminal, "MAIN")
        if isinstance(answer, LoanOutcome):
            assert before is not None
            assert before.patron_id == who
            assert self.open_loans()[item].due_at > before.due_at

    @rule(who=people)
    def renew_all(self, who: str) -> None:
        mine = sum(1 for loan in self.open_loans().values() if loan.patron_id == who)
        answer = self.send("loan_renew_all", req.LoanRenewAll(patron=f"c-{who}"), "t1", "MAIN")
        if isinstance(answer, RenewAllOutcome):
            assert len(answer.renewed) + len(answer.unrenewed) == mine

    @rule(item=items, what=st.sampled_from(["loan", "return"]))
    def undo(self, item: str, what: str) -> None:
        answer = self.send("loan_undo", req.LoanUndo(item=f"b-{item}", what=what), "t1", "MAIN")
        if not isinstance(answer, Refusal):
            assert (item in self.open_loans()) is (answer.loan.status == "open")
            assert what == "loan" or answer.loan.status == "open"

    @rule(item=items, who=people, place=places, by_copy=st.booleans())
    def request(self, item: str, who: str, place: str, by_copy: bool) -> None:
        named: dict[str, Any] = {"item": f"b-{item}"} if by_copy else {"bib_id": item.partition(".")[0]}
        level = HoldLevel.ITEM if by_copy else HoldLevel.BIB
        asked = req.HoldPlace(patron=f"c-{who}", level=level, pickup_location=place, **named)
        self.send("hold_place", asked, "t1", "MAIN")

    @rule(who=people, index=st.integers(0, 2))
    def cancel(self, who: str, index: int) -> None:
        mine = [h for h in self.seen[HoldRow] if h.patron_id == who and h.closed_at is None]
        if mine:
            asked = req.HoldCancel(patron=f"c-{who}", hold_id=mine[index % len(mine)].id)
            self.send("hold_cancel", asked, "t1", "MAIN")

    @rule(who=people, pence=st.integers(1, 60))
    def pay(self, who: str, pence: int) -> None:
        self.send("fee_pay", req.FeePay(patron=f"c-{who}", amount=Money.of_minor(pence, "GBP")), "t1", "MAIN")

    @rule(
        piece=pieces, who=st.none() | people, place=places, volumes=st.booleans(), days=st.none() | st.integers(1, 30)
    )
    def take_in(self, piece: str, who: str | None, place: str, volumes: bool, days: int | None) -> None:
        asked = req.IllAccept(
            patron=who and f"c-{who}",
            hold=who is not None,
            external_ref=f"ncip:p:{piece}",
            pickup_location=place,
            on_duplicate=OnDuplicate.SUFFIX if volumes else OnDuplicate.REFUSE,
            return_by=None if days is None else self.library.clock.now() + timedelta(days=days),
        )
        answer = self.send("ill_accept", asked, "t1", "MAIN")
        if isinstance(answer, IllOutcome):
            assert answer.item is not None
            assert (answer.hold is not None) is (who is not None)
            assert answer.item.barcode in (piece, *(f"{piece}-{n}" for n in range(2, 100)))

    @precondition(lambda self: self.pieces())
    @rule(index=st.integers(0, 3), who=people, place=places)
    def lend_piece(self, index: int, who: str, place: str) -> None:
        row = self.piece(index)
        waiting = [h for h in self.seen[HoldRow] if h.item_id == row.id and h.closed_at is None]
        answer = self.send("loan_create", req.LoanCreate(patron=f"c-{who}", item=row.barcode), "t1", place)
        if isinstance(answer, LoanOutcome):
            assert all(hold.patron_id == who for hold in waiting)
            assert row.return_by_at is None or self.open_loans()[row.id].due_at <= row.return_by_at

    @precondition(lambda self: self.pieces())
    @rule(index=st.integers(0, 3), who=people)
    def renew_piece(self, index: int, who: str) -> None:
        row = self.piece(index)
        answer = self.send("loan_renew", req.LoanRenew(patron=f"c-{who}", item=row.barcode), "t1", "MAIN")
        if isinstance(answer, LoanOutcome):
            assert row.return_by_at is None or self.open_loans()[row.id].due_at <= row.return_by_at

    @precondition(lambda self: self.pieces())
    @rule(index=st.integers(0, 3), place=places)
    def take_piece_back(self, index: int, place: str) -> None:
        answer = self.send("loan_return", req.LoanReturn(item=self.piece(index).barcode), "t2", place)
        if answer.routing.hold_id is None:
            assert (answer.routing.action, answer.item.status) == (RoutingAction.ILL_RETURN, "IN_PROCESS")

    @precondition(lambda self: len(self.pieces()) > 1)
    @rule(index=st.integers(0, 3))
    def remove(self, index: int) -> None:
        row = self.piece(index)
        answer = self.send("item_delete", req.ItemDelete(item=row.barcode, only_temporary=True), "t1", "MAIN")
        assert isinstance(answer, Refusal) is (row.id in self.open_loans())

    @rule(item=items.map("b-{}".format) | pieces, status=st.sampled_from(ItemStatus))
    def put_on_record(self, item: str, status: ItemStatus) -> None:
        self.send("item_update", req.ItemUpdate(item=item, status=status), "t1", "MAIN")

    @rule(piece=pieces, step=st.sampled_from(list(ShipmentStep)))
    def note(self, piece: str, step: ShipmentStep) -> None:
        self.send("ill_note", req.IllNote(step=step, external_ref=f"ncip:p:{piece}"), "t1", "MAIN")

    @rule(hours=st.integers(1, 500))
    def wait(self, hours: int) -> None:
        self.library.clock.turn(timedelta(hours=hours))

    @precondition(lambda self: getattr(self, "last", None) is not None)
    @rule(seconds=st.integers(0, 30))
    def send_again(self, seconds: int) -> None:
        """The retry gets the first answer, and nothing happens."""
        assert self.last is not None
        operation, request, ctx, key, answer = self.last
        self.library.clock.turn(timedelta(seconds=seconds))
        kept_as = self.library.platform.stored_key(key.value)
        stored = self.run(self.library.rows(IdempotencyRow, key=kept_as))
        if stored and self.library.clock.millis - stored[0].at <= key.window * 1000:
            again = self.run(getattr(self.library.platform, operation)(ctx, request, key))
            assert again.model_dump_json() == answer.model_dump_json()
            assert self.run(self.tables()) == self.seen

    def pieces(self) -> list[ItemRow]:
        """What interlibrary loans have brought and nobody has taken away."""
        return [row for row in self.seen[ItemRow] if row.temporary and not row.barcode.startswith(" ")]

    def piece(self, index: int) -> ItemRow:
        found = self.pieces()
        return found[index % len(found)]

    def open_loans(self) -> dict[str, LoanRow]:
        return {loan.item_id: loan for loan in self.seen[LoanRow] if loan.status == "open"}

    @invariant()
    def an_item_is_on_loan_exactly_while_it_has_an_open_loan(self) -> None:
        if not hasattr(self, "seen"):
            return
        counted = Counter(loan.item_id for loan in self.seen[LoanRow] if loan.status == "open")
        assert max(counted.values(), default=0) <= 1
        on_loan = {row.id for row in self.seen[ItemRow] if row.status in ("ON_LOAN", "RECALLED")}
        assert on_loan == set(counted)

    @invariant()
    def holds_and_items_name_each_other(self) -> None:
        if not hasattr(self, "seen"):
            return
        trapped = {h.id: h for h in self.seen[HoldRow] if h.status in ("READY", "IN_TRANSIT")}
        assert {row.hold_id for row in self.seen[ItemRow] if row.hold_id} == set(trapped)
        for row in self.seen[ItemRow]:
            if row.hold_id is None:
                assert row.status != "ON_HOLD_SHELF"
                continue
            waiting = trapped[row.hold_id]
            assert waiting.filled_item_id == row.id
            assert waiting.closed_at is None
            assert (row.status, waiting.status) in (("ON_HOLD_SHELF", "READY"), ("IN_TRANSIT", "IN_TRANSIT"))
            assert row.destination == (waiting.pickup_location if waiting.status == "IN_TRANSIT" else None)
        for waiting in self.seen[HoldRow]:
            assert (waiting.closed_at is None) is (waiting.status in ("PENDING", "IN_PROCESS", "READY", "IN_TRANSIT"))

    @invariant()
    def nothing_hangs_on_what_has_gone(self) -> None:
        """A piece is taken away with its title and its hold, and never while it is lent."""
        if not hasattr(self, "seen"):
            return
        gone = {row.id for row in self.seen[ItemRow] if row.temporary} - {row.id for row in self.pieces()}
        assert not gone & set(self.open_loans())
        assert not [h for h in self.seen[HoldRow] if h.closed_at is None and {h.item_id, h.filled_item_id} & gone]
        titles = {row.id for row in self.seen[BibRow] if row.suppressed and row.deleted_at is None}
        assert titles == {row.bib_id for row in self.pieces()}

    @invariant()
    def money_adds_up(self) -> None:
        if not hasattr(self, "seen"):
            return
        paid: Counter[str] = Counter()
        for line in self.seen[PaymentLineRow]:
            paid[line.charge_id] += line.amount
        for row in self.seen[ChargeRow]:
            assert 0 <= paid[row.id] <= row.original
            assert row.balance == (row.original - paid[row.id] if row.status == "open" else 0)
            assert row.status != "paid" or paid[row.id] == row.original
        for payment in self.seen[PaymentRow]:
            assert payment.amount == sum(x.amount for x in self.seen[PaymentLineRow] if x.payment_id == payment.id)

    @invariant()
    def fines_of_a_loan_stay_below_their_ceiling(self) -> None:
        if not hasattr(self, "seen"):
            return
        fines: Counter[str] = Counter()
        for row in self.seen[ChargeRow]:
            if row.type == "OVERDUE" and row.status != "reversed":
                fines[row.loan_id] += row.original
        assert max(fines.values(), default=0) <= CEILING

    @invariant()
    def nobody_has_more_than_the_limit(self) -> None:
        if hasattr(self, "seen"):
            counted = Counter(loan.patron_id for loan in self.open_loans().values())
            assert max(counted.values(), default=0) <= LIMIT


@pytest.mark.fuzz
def test_circulation_keeps_its_promises() -> None:
    profile = settings()
    examples = 25 if profile.max_examples <= 100 else profile.max_examples // 50
    run_state_machine_as_test(Circulation, settings=settings(profile, max_examples=examples, stateful_step_count=40))
