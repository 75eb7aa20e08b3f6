"""A scripted platform: a few loans in memory, and hooks to make it slow, dead, or dying after it has done the work."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.canonical import outcomes as out
from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context, LinkMemory
from gateway.canonical.entities import Fee, Item, Loan, Patron, PatronName, Payment
from gateway.canonical.money import Money
from gateway.canonical.outcomes import Capability
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    FeeStatus,
    FeeType,
    ItemStatus,
    LoanStatus,
    PaymentMethod,
    Permission,
)
from gateway.desk import Desk
from gateway.journal import Journal

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PINS = {"20100001": "1234", "20100002": "4321"}
NAMES = {"20100001": "20100001", "ann": "20100001", "20100002": "20100002"}
ZERO = Money.of_minor(0, "GBP")

AWAY = PlatformFailure(FailureCode.UPSTREAM_ERROR, "away")
UNKNOWN = PlatformFailure(FailureCode.UPSTREAM_ERROR, "lost on the way", outcome_unknown=True)


class HandClock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed


class MemoryAttempts:
    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, datetime]] = []

    async def failures(self, member: str, patron_id: str, since: datetime) -> int:
        await asyncio.sleep(0)
        return sum(row[:2] == (member, patron_id) and row[3] > since for row in self.rows)

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None:
        self.rows.append((member, patron_id, terminal, at))

    async def clear(self, member: str, patron_id: str) -> None:
        self.rows = [row for row in self.rows if row[:2] != (member, patron_id)]


Hook = Callable[[], Awaitable[None]]


async def _absent(*_: object) -> Any:
    raise NotImplementedError


_ABSENT: Any = _absent


class ScriptedPlatform:
    """`before` runs before the work of a command and `after` behind it; both may wait or raise PlatformFailure."""

    name = "scripted"

    def __init__(self, clock: HandClock, *, inline: bool = True, own: bool = True) -> None:
        self.clock = clock
        self.inline = inline
        self.own = own
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.levels: dict[str, Capability] = {}
        self.calls: Counter[str] = Counter()
        self.loans: dict[str, Loan] = {}  # open, by item barcode
        self.keys: dict[str, Any] = {}
        self.touched_by: dict[str, str] = {}
        self.payments: list[Money] = []

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        return self.levels

    def item(self, barcode: str) -> Item:
        status = ItemStatus.ON_LOAN if barcode in self.loans else ItemStatus.AVAILABLE
        return Item(id=f"i{barcode}", barcode=barcode, title="Wales", status=status)

    def patron(self, request: req.PatronRequest) -> Patron | Refusal:
        barcode = NAMES.get(request.patron or "") or (request.patron_id or "").removeprefix("p")
        if barcode not in PINS:
            return Refusal(code=RefusalCode.PATRON_NOT_FOUND)
        return Patron(id=f"p{barcode}", name=PatronName(display="Ann"))

    async def _query(self, operation: str) -> None:
        self.calls[operation] += 1
        if self.before is not None:
            await self.before()

    async def _command(self, operation: str, key: CommandKey, work: Callable[[], Any]) -> Any:
        """Exactly once by key, as a platform of ours has it."""
        self.calls[operation] += 1
        if self.before is not None:
            await self.before()
        if not self.own or key.value not in self.keys:
            self.keys[key.value] = work()
        if self.after is not None:
            await self.after()
        return self.keys[key.value]

    async def status(self, ctx: Context, request: req.SystemStatus) -> out.Status:
        await self._query("status")
        return out.Status(online=True, offline_ok=False, library_name="Aber")

    async def item_get(self, ctx: Context, request: req.ItemGet) -> out.ItemOutcome:
        await self._query("item.get")
        return out.ItemOutcome(item=self.item(request.item or ""))

    async def patron_get(self, ctx: Context, request: req.PatronGet) -> out.PatronOutcome | Refusal:
        await self._query("patron.get")
        patron = self.patron(request)
        return patron if isinstance(patron, Refusal) else out.PatronOutcome(patron=patron)

    async def patron_authenticate(self, ctx: Context, request: req.PatronAuthenticate) -> out.PatronOutcome | Refusal:
        await self._query("patron.authenticate")
        await asyncio.sleep(0)
        patron = self.patron(request)
        if isinstance(patron, Refusal):
            return patron
        if request.pin is None or request.pin.get_secret_value() != PINS[patron.id[1:]]:
            return Refusal(code=RefusalCode.PATRON_AUTH_FAILED)
        return out.PatronOutcome(patron=patron, pin_verified=True)

    async def patron_account(self, ctx: Context, request: req.PatronAccount) -> out.AccountOutcome | Refusal:
        await self._query("patron.account")
        patron = self.patron(request)
        if isinstance(patron, Refusal):
            return patron
        loans = tuple(loan for loan in self.loans.values() if loan.patron_id == patron.id)
        return out.AccountOutcome(patron=patron, loans=loans if request.loans else ())

    async def loan_create(self, ctx: Context, request: req.LoanCreate, key: CommandKey) -> Any:
        def work() -> Any:
            barcode = request.item or ""
            patron = self.patron(request)
            if isinstance(patron, Refusal):
                return patron
            if barcode in self.loans:
                return Refusal(code=RefusalCode.ALREADY_ON_LOAN_TO_OTHER)
            now = request.happened_at or self.clock.now()
            self.loans[barcode] = Loan(
                id=f"l{len(self.keys)}", item_id=f"i{barcode}", patron_id=patron.id, item_barcode=barcode,
                status=LoanStatus.OPEN, loaned_at=now, due=request.due or now + timedelta(days=14),
            )  # fmt: skip
            self.touched_by[barcode] = key.value
            return out.LoanOutcome(loan=self.loans[barcode], item=self.item(barcode))

        return await self._command("loan.create", key, work)

    async def loan_return(self, ctx: Context, request: req.LoanReturn, key: CommandKey) -> Any:
        def work() -> Any:
            loan = self.loans.pop(request.item or "", None)
            self.touched_by[request.item or ""] = key.value
            return out.ReturnOutcome(item=self.item(request.item or ""), loan=loan)

        return await self._command("loan.return", key, work)

    async def loan_renew(self, ctx: Context, request: req.LoanRenew, key: CommandKey) -> Any:
        def work() -> Any:
            loan = self.loans.get(request.item or "")
            if loan is None:
                return Refusal(code=RefusalCode.LOAN_NOT_FOUND)
            self.touched_by[request.item or ""] = key.value
            renewed = loan.model_copy(update={"renewals_used": loan.renewals_used + 1})
            self.loans[request.item or ""] = renewed
            return out.LoanOutcome(loan=renewed, item=self.item(request.item or ""), renewed=True)

        return await self._command("loan.renew", key, work)

    async def loan_undo(self, ctx: Context, request: req.LoanUndo, key: CommandKey) -> Any:
        def work() -> Any:
            barcode = request.item or ""
            if barcode not in self.loans or (request.made_by and self.touched_by.get(barcode) != request.made_by):
                return Refusal(code=RefusalCode.UNDO_NOT_POSSIBLE)
            loan = self.loans.pop(barcode)
            return out.UndoOutcome(item=self.item(barcode), loan=loan, what=request.what)

        return await self._command("loan.undo", key, work)

    async def fee_pay(self, ctx: Context, request: req.FeePay, key: CommandKey) -> Any:
        def work() -> Any:
            self.payments.append(request.amount)
            payment = Payment(
                id="pay", patron_id="p", amount=request.amount, method=PaymentMethod.CARD, taken_at=self.clock.now()
            )
            return out.PaymentOutcome(payment=payment, balance=ZERO)

        return await self._command("fee.pay", key, work)

    async def fee_create(self, ctx: Context, request: req.FeeCreate, key: CommandKey) -> Any:
        def work() -> Any:
            fee = Fee(
                id="f", patron_id="p", type=FeeType.OTHER, status=FeeStatus.OPEN, original=request.amount,
                balance=request.amount, created_at=self.clock.now(),
            )  # fmt: skip
            return out.FeeOutcome(fee=fee)

        return await self._command("fee.create", key, work)

    async def item_update(self, ctx: Context, request: req.ItemUpdate, key: CommandKey) -> Any:
        raise KeyError("a fault of the driver")

    async def conflict_list(self, ctx: Context, request: req.ConflictList) -> out.ConflictsOutcome:
        await self._query("conflict.list")
        return out.ConflictsOutcome(conflicts=())

    # What no test of the desk asks for.
    loan_renew_all = hold_place = hold_update = hold_cancel = fee_waive = patron_block = patron_enable = _ABSENT
    patron_provision = patron_anonymise = patron_notify = _ABSENT
    item_create = item_delete = item_report = loan_recall = loan_recall_cancel = hold_get = _ABSENT
    ill_accept = ill_note = _ABSENT
    bib_get = bib_availability = bib_changes = config_list = event_list = conflict_resolve = _ABSENT

    async def close(self) -> None: ...


class Bench:
    """A desk with its scripted platform, journal and clock, for member `aber`."""

    def __init__(self, *, inline: bool = True, own: bool = True, journal: Journal | None = None) -> None:
        self.clock = HandClock()
        self.platform = ScriptedPlatform(self.clock, inline=inline, own=own)
        self.attempts = MemoryAttempts()
        self.journal = journal or Journal(None, clock=self.clock)
        self.desk = Desk(
            {"aber": self.platform}, clock=self.clock, attempts=self.attempts, journal=self.journal, policies={}
        )

    def context(
        self,
        *,
        permissions: frozenset[Permission] = frozenset(Permission),
        pin_required: frozenset[str] = frozenset(),
        terminal: str = "kiosk",
        within: float | None = None,
        link: LinkMemory | None = None,
    ) -> Context:
        """`within`: seconds until the deadline."""
        return Context(
            member="aber",
            terminal=terminal,
            location="ABER",
            permissions=permissions,
            pin_required=pin_required,
            deadline=None if within is None else self.clock.monotonic() + within,
            link=link or LinkMemory(),
        )


def key(value: str, **more: Any) -> CommandKey:
    return CommandKey(value, 60.0, **more)


def lend(item: str = "30100001", patron: str = "20100001", **more: Any) -> req.LoanCreate:
    return req.LoanCreate(patron=patron, item=item, **more)


def raising(failure: Exception) -> Hook:
    async def hook() -> None:
        raise failure

    return hook
