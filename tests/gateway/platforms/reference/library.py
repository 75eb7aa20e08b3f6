"""A small library with two members for tests: rows with sensible defaults, a clock turned by hand, short commands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.vocabulary import ForeignItems, HoldType, Permission
from gateway.platforms.reference.parts import of_member
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings, build_rules, millis
from gateway.store import schema
from gateway.store.effects import Insert
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import (
    BibRow,
    ChargeRow,
    HoldRow,
    ItemRow,
    ItemTypeRow,
    LoanRow,
    LoanRuleRow,
    LocationRow,
    MemberStateRow,
    PatronBlockRow,
    PatronCategoryRow,
    PatronIdentifierRow,
    PatronRow,
)

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PEPPER = b"a pepper only for tests"
DAY = timedelta(days=1)


class HandClock:
    """Stands still until it is turned."""

    def __init__(self, now: datetime = MONDAY_NOON) -> None:
        self.instant = now

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()

    def turn(self, by: timedelta) -> None:
        self.instant += by

    @property
    def millis(self) -> int:
        return millis(self.instant)


def rule(**changes: Any) -> LoanRuleRow:
    """14 days, two renewals from now, 10 pence a day after none free, at most 50 pence."""
    return replace(
        LoanRuleRow(
            member="alpha",
            id="standard",
            patron_category="*",
            item_type="*",
            location="*",
            loanable=True,
            period=14,
            period_unit="day",
            fixed_due_on=None,
            max_loans=None,
            max_renewals=2,
            renew_from="now",
            holdable=True,
            hold_shelf_days=7,
            recallable=True,
            recall_minimum_days=3,
            overdue_fee=10,
            overdue_unit="day",
            overdue_grace=0,
            overdue_ceiling=50,
            rental_fee=0,
        ),
        **changes,
    )


def location(code: str, member: str = "alpha", **changes: Any) -> LocationRow:
    row = LocationRow(member, code, code, code.title(), "library", None, True, "", 0, 1440)
    return replace(row, **changes)


def category(code: str = "UG", member: str = "alpha", **changes: Any) -> PatronCategoryRow:
    return replace(PatronCategoryRow(member, code, code, 5, 3, 5, 1000, 2), **changes)


def patron(name: str, now: int = 0, member: str = "alpha", **changes: Any) -> PatronRow:
    row = PatronRow(
        member=member,
        id=name,
        name=name.title(),
        family=name,
        given=None,
        category="UG",
        home_library=None,
        status="active",
        expires_on=None,
        valid_from_on=None,
        birth_on=None,
        language="en",
        emails_json="[]",
        phones_json="[]",
        addresses_json="[]",
        pin_hash=None,
        is_institution=False,
        account_key=None,
        account_terminal=None,
        created_at=now,
        changed_at=now,
    )
    return replace(row, **changes)


def card(name: str, member: str = "alpha") -> PatronIdentifierRow:
    """The card of a patron has the barcode `c-` and the patron's id."""
    return PatronIdentifierRow(member, f"c-{name}", "barcode", name, f"C-{name}", True, 0)


def bib(name: str, member: str = "alpha", now: int = 0) -> BibRow:
    words = (name, f"The {name} book", "Jones", None, None, None, "[]", "[]", "[]", None, None)
    return BibRow(
        member, *words, suppressed=False, marc=None, position=1, created_at=now, changed_at=now, deleted_at=None
    )


def item(name: str, now: int = 0, member: str = "alpha", **changes: Any) -> ItemRow:
    """A copy on the shelf of the main library; its barcode is `b-` and its id, its bib the part before a dot."""
    row = ItemRow(
        member=member,
        id=name,
        bib_id=name.partition(".")[0],
        barcode=f"b-{name}",
        status="AVAILABLE",
        item_type="BOOK",
        permanent_location="MAIN",
        current_location="MAIN",
        destination=None,
        call_number=None,
        copy_number=None,
        enumeration=None,
        collection=None,
        media_type="book",
        restrictions="",
        security_marker="none",
        magnetic=None,
        properties=None,
        price=None,
        temporary=False,
        owner_member=None,
        lent_to_member=None,
        hold_id=None,
        last_key=None,
        last_terminal=None,
        changed_at=now,
    )
    return replace(row, **changes)


def loan(name: str, who: str, at: int, due: int, member: str = "alpha", **changes: Any) -> LoanRow:
    row = LoanRow(
        member=member,
        id=f"loan-{name}",
        item_id=name,
        patron_id=who,
        status="open",
        loaned_at=at,
        due_at=due,
        due_precision="day",
        original_due_at=None,
        renewals=0,
        recalled_at=None,
        rule_id="standard",
        location="MAIN",
        terminal="t",
        returned_at=None,
        return_terminal=None,
        offline=False,
    )
    return replace(row, **changes)


def hold(name: str, who: str, at: int, member: str = "alpha", **changes: Any) -> HoldRow:
    """A title hold on the bib `name`."""
    row = HoldRow(
        member=member,
        id=f"hold-{name}-{who}",
        patron_id=who,
        level="bib",
        type=HoldType.HOLD,
        bib_id=name,
        item_id=None,
        status="PENDING",
        pickup_location="MAIN",
        place=at,
        placed_at=at,
        needed_before_at=None,
        suspended_until_at=None,
        hold_until_at=None,
        filled_item_id=None,
        comment=None,
        closed_at=None,
    )
    return replace(row, **changes)


def charge(name: str, who: str, amount: int, at: int = 0, member: str = "alpha", **changes: Any) -> ChargeRow:
    row = ChargeRow(
        member, name, who, "OVERDUE", "open", amount, amount, "GBP", None, None, None, None, at, None, None
    )  # fmt: skip
    return replace(row, **changes)


def block(name: str, who: str, reason: str = "CARD_LOST", member: str = "alpha", **changes: Any) -> PatronBlockRow:
    return replace(PatronBlockRow(member, name, who, reason, "all", "block", None, "manual", 0, None), **changes)


def rules_of(*loan_rules: LoanRuleRow, settings: MemberSettings | None = None, **rows: Any) -> Any:
    """MemberRules without a store."""
    found = {"locations": [location("MAIN"), location("BRANCH")], "categories": [category()], **rows}
    return build_rules(
        "alpha",
        settings or MemberSettings(main_location="MAIN"),
        state=MemberStateRow("alpha", 1, 0),
        loan_rules=loan_rules or [rule()],
        **found,
    )


@dataclass
class Library:
    """Members `alpha` and `beta`, each with the locations MAIN and BRANCH and one loan rule."""

    store: Store
    clock: HandClock = field(default_factory=HandClock)
    settings: dict[str, MemberSettings] = field(
        default_factory=lambda: {m: MemberSettings(name=m, main_location="MAIN") for m in ("alpha", "beta")}
    )
    foreign_items: ForeignItems = ForeignItems.UNKNOWN

    def __post_init__(self) -> None:
        self.platform = ReferencePlatform(self.store, self.clock, pepper=PEPPER, settings=self.settings)
        self._numbers = count(1)

    async def furnish(self, *extra: Any, loan_rules: tuple[LoanRuleRow, ...] = ()) -> None:
        """The policies of both members and, at alpha, two patrons, `ann` and `bob`, and the items `x`, `y.1`, `y.2`."""
        for member in ("alpha", "beta"):
            rows: list[Any] = [
                MemberStateRow(member, 1, 0),
                location("MAIN", member),
                location("BRANCH", member),
                category(member=member),
                ItemTypeRow(member, "BOOK", "Book", "book", 2000, 500),
            ]
            rows += [replace(r, member=member) for r in loan_rules or (rule(),)]
            await self.add(*rows, member=member)
        await self.add(
            *(row for name in ("ann", "bob", "cai") for row in (patron(name), card(name))),
            bib("x"),
            bib("y"),
            item("x"),
            item("y.1"),
            item("y.2"),
        )
        await self.add(*extra)

    async def add(self, *rows: Any, member: str = "alpha") -> None:
        await self.store.apply(member, [Insert(row) for row in rows])

    def context(self, member: str = "alpha", terminal: str = "t1", location: str = "MAIN") -> Context:
        return Context(member, terminal, location, frozenset(Permission), foreign_items=self.foreign_items)

    def key(self, value: str | None = None, window: float = 60) -> CommandKey:
        return CommandKey(value or f"key-{next(self._numbers)}", window)

    async def lend(
        self, item: str, who: str, *, key: CommandKey | None = None, at: dict[str, str] | None = None, **more: Any
    ) -> Any:
        request = req.LoanCreate(patron=f"c-{who}", item=f"b-{item}", **more)
        return await self.platform.loan_create(self.context(**at or {}), request, key or self.key())

    async def take_back(
        self, item: str, *, key: CommandKey | None = None, at: dict[str, str] | None = None, **more: Any
    ) -> Any:
        request = req.LoanReturn(item=f"b-{item}", **more)
        return await self.platform.loan_return(self.context(**at or {}), request, key or self.key())

    async def renew(
        self,
        item: str | None,
        who: str,
        *,
        key: CommandKey | None = None,
        at: dict[str, str] | None = None,
        **more: Any,
    ) -> Any:
        request = req.LoanRenew(patron=f"c-{who}", item=item and f"b-{item}", **more)
        return await self.platform.loan_renew(self.context(**at or {}), request, key or self.key())

    async def renew_all(self, who: str, *, key: CommandKey | None = None, **more: Any) -> Any:
        request = req.LoanRenewAll(patron=f"c-{who}", **more)
        return await self.platform.loan_renew_all(self.context(), request, key or self.key())

    async def undo(
        self, what: str, item: str, *, key: CommandKey | None = None, at: dict[str, str] | None = None, **more: Any
    ) -> Any:
        request = req.LoanUndo(what=what, item=f"b-{item}", **more)
        return await self.platform.loan_undo(self.context(**at or {}), request, key or self.key())

    async def rows(self, kind: type, member: str = "alpha", **match: Any) -> list[Any]:
        """All rows of a table, in the order of their keys."""
        table = schema.TABLES[kind]
        order = [table.c.seq] if "seq" in table.c else list(table.primary_key.columns)
        part = Part("rows", of_member(table).order_by(*order), kind, many=True)
        found = await self.store.read(Plan(f"test.{table.name}", (part,), dict), {"member": member})
        return [row for row in found["rows"] if all(getattr(row, k) == v for k, v in match.items())]

    async def row(self, kind: type, **match: Any) -> Any:
        (found,) = await self.rows(kind, **match)
        return found
