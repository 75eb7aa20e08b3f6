"""The Platform port: what fulfils the canonical API. Each driver is a package beside this module.

Every method takes the context (which carries the member) and the canonical request, and answers with an outcome or a
`Refusal`; it raises `PlatformFailure` where the platform is away or broken, and nothing else. Commands take the
`CommandKey`: a platform of ours stores key and answer in the transaction of the effect; others may use it as they can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gateway.canonical import outcomes as out
from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import Capability
from gateway.canonical.refusals import Refusal


class Platform(Protocol):
    """`inline`: queries finish without suspending, commands await nothing but futures of the loop (no task is theirs).
    `own`: stores a command's key and answer with its effect."""

    name: str
    own: bool

    @property
    def inline(self) -> bool: ...

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        """Per operation name (`Request.operation`) what this platform can do for this member."""
        ...

    async def status(self, ctx: Context, request: req.SystemStatus) -> out.Status: ...

    async def patron_get(self, ctx: Context, request: req.PatronGet) -> out.PatronOutcome | Refusal: ...

    async def patron_authenticate(self, ctx: Context, request: req.PatronAuthenticate) -> out.PatronOutcome | Refusal:
        """Checks the PIN in constant time. Does not count failures: the desk does, across all platforms."""
        ...

    async def patron_account(self, ctx: Context, request: req.PatronAccount) -> out.AccountOutcome | Refusal: ...

    async def item_get(self, ctx: Context, request: req.ItemGet) -> out.ItemOutcome | Refusal: ...

    async def item_update(
        self, ctx: Context, request: req.ItemUpdate, key: CommandKey
    ) -> out.ItemOutcome | Refusal: ...

    async def item_create(
        self, ctx: Context, request: req.ItemCreate, key: CommandKey
    ) -> out.ItemOutcome | Refusal: ...

    async def item_delete(
        self, ctx: Context, request: req.ItemDelete, key: CommandKey
    ) -> out.ItemOutcome | Refusal: ...

    async def item_report(
        self, ctx: Context, request: req.ItemReport, key: CommandKey
    ) -> out.ItemOutcome | Refusal: ...

    async def loan_create(
        self, ctx: Context, request: req.LoanCreate, key: CommandKey
    ) -> out.LoanOutcome | Refusal: ...

    async def loan_return(
        self, ctx: Context, request: req.LoanReturn, key: CommandKey
    ) -> out.ReturnOutcome | Refusal: ...

    async def loan_renew(self, ctx: Context, request: req.LoanRenew, key: CommandKey) -> out.LoanOutcome | Refusal: ...

    async def loan_renew_all(
        self, ctx: Context, request: req.LoanRenewAll, key: CommandKey
    ) -> out.RenewAllOutcome | Refusal: ...

    async def loan_recall(
        self, ctx: Context, request: req.LoanRecall, key: CommandKey
    ) -> out.LoanOutcome | Refusal: ...

    async def loan_recall_cancel(
        self, ctx: Context, request: req.LoanRecallCancel, key: CommandKey
    ) -> out.LoanOutcome | Refusal: ...

    async def loan_undo(self, ctx: Context, request: req.LoanUndo, key: CommandKey) -> out.UndoOutcome | Refusal: ...

    async def hold_place(self, ctx: Context, request: req.HoldPlace, key: CommandKey) -> out.HoldOutcome | Refusal: ...

    async def hold_get(self, ctx: Context, request: req.HoldGet) -> out.HoldOutcome | Refusal: ...

    async def hold_update(
        self, ctx: Context, request: req.HoldUpdate, key: CommandKey
    ) -> out.HoldOutcome | Refusal: ...

    async def hold_cancel(
        self, ctx: Context, request: req.HoldCancel, key: CommandKey
    ) -> out.HoldOutcome | Refusal: ...

    async def ill_accept(self, ctx: Context, request: req.IllAccept, key: CommandKey) -> out.IllOutcome | Refusal: ...

    async def ill_note(self, ctx: Context, request: req.IllNote, key: CommandKey) -> out.IllOutcome | Refusal: ...

    async def fee_pay(self, ctx: Context, request: req.FeePay, key: CommandKey) -> out.PaymentOutcome | Refusal: ...

    async def fee_create(self, ctx: Context, request: req.FeeCreate, key: CommandKey) -> out.FeeOutcome | Refusal: ...

    async def fee_waive(self, ctx: Context, request: req.FeeWaive, key: CommandKey) -> out.FeeOutcome | Refusal: ...

    async def patron_block(
        self, ctx: Context, request: req.PatronBlock, key: CommandKey
    ) -> out.PatronOutcome | Refusal: ...

    async def patron_enable(
        self, ctx: Context, request: req.PatronEnable, key: CommandKey
    ) -> out.PatronOutcome | Refusal: ...

    async def patron_notify(
        self, ctx: Context, request: req.PatronNotify, key: CommandKey
    ) -> out.PatronOutcome | Refusal: ...

    async def patron_provision(
        self, ctx: Context, request: req.PatronProvision, key: CommandKey
    ) -> out.ProvisionOutcome | Refusal: ...

    async def patron_anonymise(
        self, ctx: Context, request: req.PatronAnonymise, key: CommandKey
    ) -> out.AnonymiseOutcome | Refusal: ...

    async def bib_get(self, ctx: Context, request: req.BibGet) -> out.BibOutcome | Refusal: ...

    async def bib_availability(
        self, ctx: Context, request: req.BibAvailability
    ) -> out.AvailabilityOutcome | Refusal: ...

    async def bib_changes(self, ctx: Context, request: req.BibChanges) -> out.BibChangesOutcome | Refusal: ...

    async def config_list(self, ctx: Context, request: req.ConfigList) -> out.ConfigOutcome | Refusal: ...

    async def event_list(self, ctx: Context, request: req.EventList) -> out.EventsOutcome | Refusal: ...

    async def conflict_list(self, ctx: Context, request: req.ConflictList) -> out.ConflictsOutcome | Refusal: ...

    async def conflict_resolve(
        self, ctx: Context, request: req.ConflictResolve, key: CommandKey
    ) -> out.ConflictsOutcome | Refusal: ...

    async def close(self) -> None: ...
