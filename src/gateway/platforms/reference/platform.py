"""The reference platform behind the Platform port: a module an operation or entity, and here one delegation each."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.canonical import outcomes as out
from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import Capability
from gateway.canonical.refusals import Refusal
from gateway.platforms.reference import (
    bibs,
    fees,
    foreign,
    forgetting,
    hold_place,
    holds,
    ill,
    item_edit,
    listings,
    loan_renew,
    notices,
    patrons,
    provisioning,
    recall,
    reports,
)
from gateway.platforms.reference.core import Core

_FULL = Capability(level="full")


class ReferencePlatform(Core):
    """Real circulation over the store; commands are stored with their answers in the transaction of their effect."""

    name = "reference"
    own = True

    @property
    def inline(self) -> bool:
        return self.store.inline

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        return CAPABILITIES

    async def status(self, ctx: Context, request: req.SystemStatus) -> out.Status:
        await self.rules(ctx.member)
        name = self.settings[ctx.member].name if ctx.member in self.settings else ""
        return out.Status(
            online=True,
            offline_ok=True,
            capabilities=dict(CAPABILITIES),
            library_name=name or None,
            now=self.clock.now(),
        )

    async def patron_get(self, ctx: Context, request: req.PatronGet) -> out.PatronOutcome | Refusal:
        return await patrons.get(self, ctx, request)

    async def patron_authenticate(self, ctx: Context, request: req.PatronAuthenticate) -> out.PatronOutcome | Refusal:
        return await patrons.authenticate(self, ctx, request)

    async def patron_account(self, ctx: Context, request: req.PatronAccount) -> out.AccountOutcome | Refusal:
        return await patrons.account(self, ctx, request)

    async def patron_block(
        self, ctx: Context, request: req.PatronBlock, key: CommandKey
    ) -> out.PatronOutcome | Refusal:
        return await patrons.block(self, ctx, request, key)

    async def patron_enable(
        self, ctx: Context, request: req.PatronEnable, key: CommandKey
    ) -> out.PatronOutcome | Refusal:
        return await patrons.enable(self, ctx, request, key)

    async def item_get(self, ctx: Context, request: req.ItemGet) -> out.ItemOutcome | Refusal:
        return await foreign.look(self, ctx, request)

    async def item_update(self, ctx: Context, request: req.ItemUpdate, key: CommandKey) -> out.ItemOutcome | Refusal:
        return await item_edit.update(self, ctx, request, key)

    async def item_create(self, ctx: Context, request: req.ItemCreate, key: CommandKey) -> out.ItemOutcome | Refusal:
        return await item_edit.create(self, ctx, request, key)

    async def item_delete(self, ctx: Context, request: req.ItemDelete, key: CommandKey) -> out.ItemOutcome | Refusal:
        return await item_edit.delete(self, ctx, request, key)

    async def item_report(self, ctx: Context, request: req.ItemReport, key: CommandKey) -> out.ItemOutcome | Refusal:
        return await reports.report(self, ctx, request, key)

    async def loan_create(self, ctx: Context, request: req.LoanCreate, key: CommandKey) -> out.LoanOutcome | Refusal:
        return await foreign.create(self, ctx, request, key)

    async def loan_return(self, ctx: Context, request: req.LoanReturn, key: CommandKey) -> out.ReturnOutcome | Refusal:
        return await foreign.take_back(self, ctx, request, key)

    async def loan_renew(self, ctx: Context, request: req.LoanRenew, key: CommandKey) -> out.LoanOutcome | Refusal:
        return await foreign.renew(self, ctx, request, key)

    async def loan_renew_all(
        self, ctx: Context, request: req.LoanRenewAll, key: CommandKey
    ) -> out.RenewAllOutcome | Refusal:
        return await loan_renew.perform_all(self, ctx, request, key)

    async def loan_recall(self, ctx: Context, request: req.LoanRecall, key: CommandKey) -> out.LoanOutcome | Refusal:
        return await recall.recall(self, ctx, request, key)

    async def loan_recall_cancel(
        self, ctx: Context, request: req.LoanRecallCancel, key: CommandKey
    ) -> out.LoanOutcome | Refusal:
        return await recall.cancel(self, ctx, request, key)

    async def loan_undo(self, ctx: Context, request: req.LoanUndo, key: CommandKey) -> out.UndoOutcome | Refusal:
        return await foreign.undo(self, ctx, request, key)

    async def hold_place(self, ctx: Context, request: req.HoldPlace, key: CommandKey) -> out.HoldOutcome | Refusal:
        return await hold_place.place(self, ctx, request, key)

    async def hold_get(self, ctx: Context, request: req.HoldGet) -> out.HoldOutcome | Refusal:
        return await holds.get(self, ctx, request)

    async def hold_update(self, ctx: Context, request: req.HoldUpdate, key: CommandKey) -> out.HoldOutcome | Refusal:
        return await holds.update(self, ctx, request, key)

    async def hold_cancel(self, ctx: Context, request: req.HoldCancel, key: CommandKey) -> out.HoldOutcome | Refusal:
        return await holds.cancel(self, ctx, request, key)

    async def ill_accept(self, ctx: Context, request: req.IllAccept, key: CommandKey) -> out.IllOutcome | Refusal:
        return await ill.accept(self, ctx, request, key)

    async def ill_note(self, ctx: Context, request: req.IllNote, key: CommandKey) -> out.IllOutcome | Refusal:
        return await ill.note(self, ctx, request, key)

    async def fee_pay(self, ctx: Context, request: req.FeePay, key: CommandKey) -> out.PaymentOutcome | Refusal:
        return await fees.pay(self, ctx, request, key)

    async def fee_create(self, ctx: Context, request: req.FeeCreate, key: CommandKey) -> out.FeeOutcome | Refusal:
        return await fees.create(self, ctx, request, key)

    async def fee_waive(self, ctx: Context, request: req.FeeWaive, key: CommandKey) -> out.FeeOutcome | Refusal:
        return await fees.waive(self, ctx, request, key)

    async def patron_notify(
        self, ctx: Context, request: req.PatronNotify, key: CommandKey
    ) -> out.PatronOutcome | Refusal:
        return await notices.notify(self, ctx, request, key)

    async def patron_provision(
        self, ctx: Context, request: req.PatronProvision, key: CommandKey
    ) -> out.ProvisionOutcome | Refusal:
        return await provisioning.provision(self, ctx, request, key)

    async def patron_anonymise(
        self, ctx: Context, request: req.PatronAnonymise, key: CommandKey
    ) -> out.AnonymiseOutcome | Refusal:
        return await forgetting.anonymise(self, ctx, request, key)

    async def bib_get(self, ctx: Context, request: req.BibGet) -> out.BibOutcome | Refusal:
        return await bibs.get(self, ctx, request)

    async def bib_availability(self, ctx: Context, request: req.BibAvailability) -> out.AvailabilityOutcome | Refusal:
        return await bibs.availability(self, ctx, request)

    async def bib_changes(self, ctx: Context, request: req.BibChanges) -> out.BibChangesOutcome | Refusal:
        return await bibs.changes(self, ctx, request)

    async def config_list(self, ctx: Context, request: req.ConfigList) -> out.ConfigOutcome | Refusal:
        return await listings.config(self, ctx, request)

    async def event_list(self, ctx: Context, request: req.EventList) -> out.EventsOutcome | Refusal:
        return await listings.events(self, ctx, request)

    async def conflict_list(self, ctx: Context, request: req.ConflictList) -> out.ConflictsOutcome | Refusal:
        return await listings.conflicts(self, ctx, request)

    async def conflict_resolve(
        self, ctx: Context, request: req.ConflictResolve, key: CommandKey
    ) -> out.ConflictsOutcome | Refusal:
        return await listings.resolve(self, ctx, request, key)


CAPABILITIES: Mapping[str, Capability] = {
    kind.operation: _FULL for kind in vars(req).values() if isinstance(kind, type) and getattr(kind, "operation", "")
}
