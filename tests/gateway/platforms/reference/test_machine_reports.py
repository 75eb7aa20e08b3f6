"""Random recalls, reports and notices among all other commands: what is said of a loan and of its item is one thing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from gateway.canonical import requests as req
from gateway.canonical.outcomes import ItemOutcome, LoanOutcome, PatronOutcome
from gateway.canonical.vocabulary import ReportedAs
from gateway.platforms.reference.ids import is_retired
from gateway.store.rows import ItemRow, LoanRow
from tests.gateway.platforms.reference.library import DAY
from tests.gateway.platforms.reference.test_machine import Circulation, items, people, terminals

STATUS_OF: Mapping[str, str] = {"claimed": "CLAIMED_RETURNED", "lost": "LOST"}


class Reported(Circulation):
    """Everything that the other machine does, and what people say of items and ask back."""

    @rule(item=items, terminal=terminals, days=st.none() | st.integers(-1, 40))
    def recall(self, item: str, terminal: str, days: int | None) -> None:
        before = self.open_loans().get(item)
        wish = None if days is None else self.library.clock.now() + days * DAY
        answer = self.send("loan_recall", req.LoanRecall(item=f"b-{item}", desired_due=wish), terminal, "MAIN")
        if isinstance(answer, LoanOutcome):
            assert before is not None
            after = self.open_loans()[item]
            assert after.recalled_at is not None
            assert after.due_at <= before.due_at
            assert before.recalled_at is None or after == before

    @rule(item=items)
    def take_back_recall(self, item: str) -> None:
        answer = self.send("loan_recall_cancel", req.LoanRecallCancel(item=f"b-{item}"), "t1", "MAIN")
        if isinstance(answer, LoanOutcome):
            after = self.open_loans()[item]
            assert (after.recalled_at, after.original_due_at) == (None, None)

    @rule(item=items, who=st.none() | people, said=st.sampled_from(ReportedAs), terminal=terminals)
    def report(self, item: str, who: str | None, said: ReportedAs, terminal: str) -> None:
        asked = req.ItemReport(item=f"b-{item}", patron=who and f"c-{who}", reported_as=said)
        answer = self.send("item_report", asked, terminal, "MAIN")
        if isinstance(answer, ItemOutcome):
            assert item not in self.open_loans()
            assert answer.item.status.value in ("MISSING", *STATUS_OF.values())

    @rule(who=people, text=st.sampled_from(["one", "two"]))
    def notify(self, who: str, text: str) -> None:
        answer = self.send("patron_notify", req.PatronNotify(patron=f"c-{who}", text=text), "t1", "MAIN")
        assert isinstance(answer, PatronOutcome)
        assert len({block.text for block in answer.patron.blocks if block.text}) <= 2

    @invariant()
    def a_loan_and_its_item_tell_one_story(self) -> None:
        if not hasattr(self, "seen"):
            return
        standing = {row.id: row.status for row in self.seen[ItemRow] if not is_retired(row.barcode)}
        unreturned = {loan.item_id: loan.status for loan in self.seen[LoanRow] if loan.status in STATUS_OF}
        for item_id, status in unreturned.items():
            assert standing.get(item_id, STATUS_OF[status]) == STATUS_OF[status]
        assert {i for i, status in standing.items() if status == "CLAIMED_RETURNED"} <= unreturned.keys()

    @invariant()
    def a_recall_never_lengthens(self) -> None:
        if not hasattr(self, "seen"):
            return
        for loan in self.open_loans().values():
            assert loan.original_due_at is None or (loan.recalled_at is not None)


@pytest.mark.fuzz
def test_what_is_said_of_items_is_kept_with_their_loans() -> None:
    profile = settings()
    examples = 15 if profile.max_examples <= 100 else profile.max_examples // 50
    run_state_machine_as_test(Reported, settings=settings(profile, max_examples=examples, stateful_step_count=40))
