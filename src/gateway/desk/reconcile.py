"""Told no, but done: puts right what happened although the kiosk was told that it did not (canonical model 3.1).

A check-out is undone while nothing else has happened to the item, else it is listed for staff. A check-in, a payment
and everything else that favours the patron is kept.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context, LinkMemory
from gateway.canonical.entities import Loan
from gateway.canonical.outcomes import AccountOutcome, LoanOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import LoanCreate, LoanUndo, PatronAccount
from gateway.desk.line import Line
from gateway.desk.running import Run
from gateway.journal import Entry, Journal, JournalUnavailable

_EARLIER = timedelta(minutes=2)  # than the doubt: longest time to answer, and the platform's clock against ours
_UNDO_WINDOW = 86_400.0  # seconds within which a repeated undo is the same undo

_log = structlog.get_logger(__name__)


class Reconciler:
    """Notes doubts in the journal before the "no" is told, and resolves them when the outcome is known."""

    def __init__(self, journal: Journal, lines: dict[str, Line]) -> None:
        self._journal = journal
        self._lines = lines
        self._doubts: dict[Run, Entry] = {}
        self._ours: set[int] = set()  # entries whose command runs here, until it is settled

    def doubt(self, run: Run) -> None:
        """A "no" is about to be told although the check-out may have happened, or still may."""
        if isinstance(run.request, LoanCreate) and not run.request.offline:
            try:
                entry = self._doubts[run] = self._journal.doubt(run.ctx, run.request, run.key)
            except JournalUnavailable as error:
                _log.error("a doubtful check-out is not noted", member=run.ctx.member, error=str(error))
            else:
                self._ours.add(entry.id)

    async def settle(self, run: Run, result: Answer | PlatformFailure) -> None:
        """The command has ended. Whoever still listens hears its answer; else the check-out is undone."""
        entry = self._doubts.pop(run, None)
        if entry is None:
            return
        try:
            await self._settle(entry, result, heard=bool(run.listeners))
        except (PlatformFailure, JournalUnavailable) as error:
            # It stays in the journal, and the replayer looks after it.
            _log.warning(
                "a doubtful check-out is not settled yet", member=entry.member, entry=entry.id, error=str(error)
            )
        finally:
            self._ours.discard(entry.id)

    async def _settle(self, entry: Entry, result: Answer | PlatformFailure, *, heard: bool) -> None:
        if isinstance(result, PlatformFailure):
            if not result.outcome_unknown:
                self._journal.mark_done(entry)
        elif heard or not isinstance(result, LoanOutcome) or result.renewed:
            self._journal.mark_done(entry)
        else:
            await self._undo(self._lines[entry.member], entry, result.loan)

    async def look(self, entry: Entry) -> None:
        """Resolves a doubt whose outcome is not known here: the platform is asked. Raises PlatformFailure.

        One whose command still runs is left to `settle`, which knows whether somebody hears the answer after all."""
        if entry.id in self._ours:
            return
        request = entry.request
        line = self._lines[entry.member]
        if not isinstance(request, LoanCreate):
            self._journal.mark_done(entry)
            return
        account = await line.ask(
            _unhurried(entry.context), PatronAccount(patron=request.patron, patron_id=request.patron_id, loans=True)
        )
        loan = _loan_of(account, request, entry)
        if loan is None:
            self._journal.mark_done(entry)
        else:
            await self._undo(line, entry, loan)

    async def _undo(self, line: Line, entry: Entry, loan: Loan) -> None:
        request = LoanUndo(
            what="loan",
            item=loan.item_barcode or None,
            item_id=loan.item_id or None,
            loan_id=loan.id or None,
            patron_id=loan.patron_id or None,
            only_if_untouched=True,
            made_by=entry.key.value,
        )
        key = CommandKey(f"undo:{entry.key.value}", _UNDO_WINDOW)
        answer = await line.ask(_unhurried(entry.context), request, key)
        if isinstance(answer, Refusal):
            reason = "told_no_but_done" if answer.code is RefusalCode.UNDO_NOT_POSSIBLE else answer.code.value
            self._journal.mark_conflict(entry, reason)
        else:
            self._journal.mark_done(entry)


def _unhurried(ctx: Context) -> Context:
    """The same terminal, with no deadline and nobody's link or record."""
    return replace(ctx, deadline=None, calls=None, link=LinkMemory())


def _loan_of(account: AccountOutcome | Refusal, request: LoanCreate, entry: Entry) -> Loan | None:
    """The loan that the doubtful check-out made: new since then, never renewed. An older one is none of its doing."""
    if isinstance(account, Refusal):
        return None
    for loan in account.loans:
        named = loan.item_id == request.item_id if request.item_id else loan.item_barcode == request.item
        if named and not loan.renewals_used and loan.loaned_at >= entry.at - _EARLIER:
            return loan
    return None
