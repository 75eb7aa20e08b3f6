"""The demo's contract, sentence by sentence, as the platform tells it, for every member."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import AccountOutcome, HoldOutcome, LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, HoldStatus, ItemStatus, PatronStatus, Permission, UseRestriction
from gateway.demo import data
from gateway.demo.circulation import AT_LIMIT, ITEMS, RENTAL, TRAVELLING
from gateway.demo.consortium import MEMBERS, PEPPER, TIMEZONE, DemoMember
from gateway.demo.people import PATRONS
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings
from gateway.store import migrate, open_store

CODES = ["aber", "bangor", "cardiffmet", "cardiff", "glyndwr", "nlw", "rwcmd", "swansea", "usw", "uwtsd", "nhs"]


class StandingClock:
    """An instant shortly before the end of a summer day, when the local date is not the date in UTC."""

    instant = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Demo:
    member: DemoMember
    platform: Any  # a ReferencePlatform whose answers the tests know
    keys: int = 0

    @property
    def context(self) -> Context:
        return Context(self.member.code, self.member.kiosk_login, self.member.main_location, frozenset(Permission))

    def key(self) -> CommandKey:
        self.keys += 1
        return CommandKey(f"key-{self.keys}", 60)

    async def account(self, number: int) -> AccountOutcome:
        request = req.PatronAccount(patron=self.member.patron_barcode(number), loans=True, holds=True, fees=True)
        answer = await self.platform.patron_account(self.context, request)
        assert isinstance(answer, AccountOutcome), answer
        return answer

    async def item(self, number: int) -> Any:
        answer = await self.platform.item_get(self.context, req.ItemGet(item=self.member.item_barcode(number)))
        return answer.item

    async def lend(self, item: int, patron: int) -> Any:
        request = req.LoanCreate(patron=self.member.patron_barcode(patron), item=self.member.item_barcode(item))
        return await self.platform.loan_create(self.context, request, self.key())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite3"

    async def fill() -> None:
        await migrate.upgrade(f"sqlite:///{path}")
        store = await open_store(f"sqlite:///{path}")
        await data.load(store, StandingClock())
        await store.close()

    asyncio.run(fill())
    return path


@pytest.fixture(params=MEMBERS, ids=lambda member: member.code)
async def demo(request: pytest.FixtureRequest, loaded: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    path = tmp_path / "demo.sqlite3"
    shutil.copy(loaded, path)
    store = await open_store(f"sqlite:///{path}")
    settings = {m.code: MemberSettings(name=m.name, main_location=m.main_location) for m in MEMBERS}
    platform = ReferencePlatform(store, StandingClock(), pepper=PEPPER.encode(), settings=settings)
    yield Demo(request.param, platform)
    await platform.close()
    await store.close()


def test_members_come_in_the_order_of_the_contract() -> None:
    assert [member.code for member in MEMBERS] == CODES
    assert [member.number for member in MEMBERS] == list(range(1, 12))
    assert MEMBERS[0].patron_barcode(1) == "20100001"
    assert MEMBERS[10].item_barcode(30) == "31100030"
    assert TIMEZONE == "Europe/London"


async def test_patrons_one_to_ten_are_each_what_the_contract_says(demo: Demo) -> None:
    accounts = [await demo.account(number) for number in range(1, 11)]
    good, borrower, debtor, expired, collector, full, lost_card, welsh, empty_pin, small = accounts
    assert (good.loans, good.patron.blocks, good.patron.status) == ((), (), PatronStatus.ACTIVE)
    assert sorted(loan.overdue for loan in borrower.loans) == [False, True]
    assert str(debtor.patron.balance) == "25.00 GBP"
    assert [block.reason for block in debtor.patron.blocks] == [BlockReason.EXCESS_FINES]
    assert expired.patron.status is PatronStatus.EXPIRED
    assert [hold.status for hold in collector.holds] == [HoldStatus.READY]
    assert len(full.loans) == full.patron.limits.loans
    assert BlockReason.TOO_MANY_LOANS in {block.reason for block in full.patron.blocks}
    assert [block.reason for block in lost_card.patron.blocks] == [BlockReason.CARD_LOST]
    assert {"ŵ", "ŷ"} <= set(welsh.patron.name.display.casefold())
    assert empty_pin.patron.blocks == ()
    assert (str(small.patron.balance), small.patron.blocks) == ("2.50 GBP", ())


async def test_items_one_to_thirty_are_each_what_the_contract_says(demo: Demo) -> None:
    items = {number: await demo.item(number) for number in range(1, RENTAL + 1)}
    assert all(items[number].status is ItemStatus.AVAILABLE for number in range(1, 21))
    assert items[21].restrictions == (UseRestriction.NOT_FOR_LOAN,)
    statuses = {number: item.status for number, item in items.items() if 22 <= number <= 30}
    assert statuses == {
        22: ItemStatus.ON_LOAN,
        23: ItemStatus.ON_LOAN,
        24: ItemStatus.ON_HOLD_SHELF,
        25: ItemStatus.IN_TRANSIT,
        26: ItemStatus.LOST,
        27: ItemStatus.ON_ORDER,
        28: ItemStatus.MISSING,
        29: ItemStatus.ON_LOAN,
        30: ItemStatus.AVAILABLE,
    }
    barcode = demo.member.item_barcode
    overdue, lent = (await demo.account(2)).loans
    assert (overdue.item_barcode, overdue.overdue, lent.item_barcode) == (barcode(22), True, barcode(23))
    assert (await demo.account(5)).holds[0].item_barcode == barcode(24)
    assert items[25].destination == demo.member.main_location
    assert {loan.item_barcode for loan in (await demo.account(6)).loans} == {barcode(number) for number in AT_LIMIT}
    requested = (await demo.account(1)).holds
    assert [(hold.bib_id, hold.status, hold.queue_position) for hold in requested] == [
        (items[29].bib_id, HoldStatus.PENDING, 1)
    ]
    assert items[29].hold_queue_length == 1


async def test_what_is_loanable_can_be_borrowed_and_what_is_not_cannot(demo: Demo) -> None:
    for number in range(1, 11):
        assert isinstance(await demo.lend(number, 12), LoanOutcome)
    for number in range(11, 21):
        assert isinstance(await demo.lend(number, 13), LoanOutcome)
    short = await demo.lend(30, 1)
    assert short.loan.due - StandingClock.instant == timedelta(hours=4)
    codes = {number: (await demo.lend(number, 1)).code for number in range(21, 30) if number != TRAVELLING}
    assert codes == {
        21: RefusalCode.ITEM_NOT_FOR_LOAN,
        22: RefusalCode.ALREADY_ON_LOAN_TO_OTHER,
        23: RefusalCode.ALREADY_ON_LOAN_TO_OTHER,
        24: RefusalCode.ON_HOLD_FOR_OTHER,
        26: RefusalCode.ITEM_UNAVAILABLE,
        27: RefusalCode.ITEM_UNAVAILABLE,
        28: RefusalCode.ITEM_UNAVAILABLE,
        29: RefusalCode.ALREADY_ON_LOAN_TO_OTHER,
    }


async def test_who_may_not_borrow_is_told_why(demo: Demo) -> None:
    answers = {patron: await demo.lend(1, patron) for patron in (3, 4, 6, 7)}
    assert {patron: answer.code for patron, answer in answers.items()} == {
        3: RefusalCode.FEE_LIMIT,
        4: RefusalCode.PATRON_EXPIRED,
        6: RefusalCode.LIMIT_REACHED,
        7: RefusalCode.PATRON_BLOCKED,
    }


async def test_who_may_borrow_does(demo: Demo) -> None:
    for item, patron in enumerate((1, 2, 5, 8, 9, 10), 1):
        assert isinstance(await demo.lend(item, patron), LoanOutcome), patron


async def test_pins(demo: Demo) -> None:
    async def enter(patron: int, pin: str) -> Any:
        request = req.PatronAuthenticate(patron=demo.member.patron_barcode(patron), pin=SecretStr(pin))
        return await demo.platform.patron_authenticate(demo.context, request)

    assert not isinstance(await enter(1, "1234"), Refusal)
    for patron, pin in ((1, ""), (1, "0000"), (9, ""), (9, "1234")):
        answer = await enter(patron, pin)
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.PATRON_AUTH_FAILED


async def test_a_title_may_be_held_while_a_sister_copy_is_on_the_shelf(demo: Demo) -> None:
    assert (await demo.item(1)).bib_id == (await demo.item(2)).bib_id
    request = req.HoldPlace(patron=demo.member.patron_barcode(1), item=demo.member.item_barcode(1))
    answer = await demo.platform.hold_place(demo.context, request, demo.key())
    assert isinstance(answer, HoldOutcome)
    assert answer.available


async def test_a_thousand_records_and_three_on_wales_with_holdings(demo: Demo) -> None:
    first = await demo.platform.bib_changes(demo.context, req.BibChanges(limit=1000))
    rest = await demo.platform.bib_changes(demo.context, req.BibChanges(after=1000, limit=1000))
    bibs = [change.bib for change in (*first.changes, *rest.changes)]
    assert len(bibs) >= 1000
    wales = [bib for bib in bibs if "Wales" in bib.title]
    assert len(wales) >= 3
    assert any(bib.author.startswith("J") for bib in wales if bib.author)
    assert sum(bib.language == "wel" for bib in bibs) >= 20
    for start in range(0, len(bibs), 100):
        ids = tuple(bib.id for bib in bibs[start : start + 100])
        answer = await demo.platform.bib_availability(demo.context, req.BibAvailability(bib_ids=ids))
        assert all(one.total >= 1 for one in answer.bibs)


async def test_records_are_marc_that_agrees_with_what_is_shown(demo: Demo) -> None:
    changes = await demo.platform.bib_changes(demo.context, req.BibChanges(limit=50))
    for change in changes.changes:
        request = req.BibGet(bib_id=change.bib.id, with_marc=True)
        bib = (await demo.platform.bib_get(demo.context, request)).bib
        root = etree.fromstring(bib.marcxml.encode())
        names = {"m": "http://www.loc.gov/MARC21/slim"}
        assert root.xpath("string(m:controlfield[@tag='001'])", namespaces=names) == bib.id
        title = root.xpath("string(m:datafield[@tag='245']/m:subfield[@code='a'])", namespaces=names)
        assert bib.title.startswith(title.rstrip(" :/"))


async def test_a_fleet_has_something_to_do(demo: Demo) -> None:
    for number in (12, 30, PATRONS):
        account = await demo.account(number)
        assert (account.patron.blocks, account.loans, account.fees) == ((), (), ())
    assert (await demo.item(RENTAL)).fee is not None
    for number in (RENTAL + 1, 500, ITEMS):
        assert (await demo.item(number)).status is ItemStatus.AVAILABLE


async def test_loading_again_changes_nothing(loaded: Path, tmp_path: Path) -> None:
    path = tmp_path / "demo.sqlite3"
    shutil.copy(loaded, path)
    before = path.read_bytes()
    store = await open_store(f"sqlite:///{path}")
    await data.load(store, StandingClock())
    await store.close()
    assert path.read_bytes() == before


async def test_records_are_shared_between_members_but_not_all_the_same() -> None:
    from gateway.demo.bibs import bibs_of, pool

    held = [{bib.id for bib in bibs_of(member)} for member in MEMBERS]
    assert all(len(one & other) > 100 for one in held for other in held)
    assert all(one != other for i, one in enumerate(held) for other in held[i + 1 :])
    assert set.union(*held) == {bib.id for bib in pool()}
