"""A fleet of simulated kiosks: each tells little stories of patrons, and misbehaves now and then as real ones do.

Every kiosk has items of its own and a patron, so that what the ledger expects is never a matter of who came first.
A message is sometimes sent twice, a link sometimes cut between request and answer; then the same octets go again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.clients.ledger import Ledger, Wrong, amount
from gateway.clients.sip2 import Answer, Sip2Client, Sip2LinkFailed, Sip2Timeout
from gateway.clients.sip2_requests import Requests, Summary, said_yes
from library_protocols.sip2 import Dialect, Message

SAMPLES = 1_000_000
"""Times kept for percentiles; beyond that a random choice of them."""

RESUMES = 3
"""How often a kiosk comes back with the same octets before it gives a message up."""

LOANS_AT_ONCE = 4
PAYMENT = Decimal("0.10")
RAMP_SECONDS = 5.0
"""Kiosks come up over this time at most, as they do when a library opens, not in one moment."""

COMPARED_AT_ONCE = 32
"""Kiosks that compare at the same time: the end of a run is no load test."""

BORROWS, PAYS, RENEWS, CANCELS = 0.6, 0.3, 0.2, 0.05


@dataclass(frozen=True, slots=True)
class FleetMember:
    """One library's kiosks: how they log in, and the patrons and items they may use."""

    login: str
    password: str
    institution: str
    pin: str
    patrons: Sequence[str]
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fleet does. Times in seconds, `duplicates` and `drops` are shares of commands."""

    host: str
    port: int
    members: Sequence[FleetMember]
    count: int
    think: float
    duration: float
    duplicates: float = 0.05
    drops: float = 0.02
    timeout: float = 10.0
    seed: int | None = None
    tidy: bool = True
    dialect: Dialect = field(default_factory=lambda: Dialect(encoding="utf-8"))
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Tally:
    """What has happened so far."""

    messages: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    connected: int = 0
    reconnects: int = 0
    duplicates: int = 0
    repeats: int = 0
    given_up: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def answered(self, asked: Message, answer: Answer, chance: random.Random) -> None:
        self.messages += 1
        self.codes[asked.code] += 1
        self.repeats += answer.sendings - 1
        if len(self.seconds) < SAMPLES:
            self.seconds.append(answer.seconds)
        else:
            self.seconds[chance.randrange(SAMPLES)] = answer.seconds
        if not said_yes(answer.message):
            words = answer.message.get("AF") or "no reason given"
            self.refusals[f"{asked.code}: {words}"] += 1

    def percentile(self, share: float) -> float | None:
        """Milliseconds within which `share` of the answers came; None before the first."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


@dataclass(frozen=True, slots=True)
class Result:
    """`running` is how long the stories were told, in seconds; the rest counts what the comparison after them saw."""

    tally: Tally
    ledger: Ledger
    running: float
    accounts_checked: int
    items_checked: int
    interrupted: bool


class _ClosingTime(Exception):
    """The fleet has stopped; a story ends where it is."""


class Fleet:
    """Runs a plan once. `now` gives the transaction date of a message."""

    def __init__(self, plan: Plan, now: Callable[[], str]) -> None:
        self.plan = plan
        self.tally = Tally()
        self.ledger = Ledger()
        self.stopped = asyncio.Event()
        self.comparing = False
        self._turns = asyncio.Semaphore(COMPARED_AT_ONCE)
        self._chance = random.Random(plan.seed)  # noqa: S311  think times need no secrecy
        self._kiosks = [self._kiosk(number, now) for number in range(plan.count)]

    def _kiosk(self, number: int, now: Callable[[], str]) -> Kiosk:
        members = self.plan.members
        member = members[number % len(members)]
        place = number // len(members)
        sisters = (self.plan.count - number % len(members) + len(members) - 1) // len(members)
        items = member.items[place::sisters]
        patron = member.patrons[place % len(member.patrons)]
        requests = Requests(member.institution, now, language="001")
        return Kiosk(self, member, patron, list(items), requests, random.Random(self._chance.random()))  # noqa: S311

    async def run(self) -> Result:
        """Tells stories for the planned time, or until cancelled, then compares the books."""
        loop = asyncio.get_running_loop()
        interrupted = False
        stories = [asyncio.create_task(kiosk.run()) for kiosk in self._kiosks]
        started = loop.time()
        try:
            await asyncio.wait(stories, timeout=self.plan.duration)
        except asyncio.CancelledError:
            interrupted = True
        running = loop.time() - started
        self.stopped.set()
        await asyncio.gather(*stories)
        accounts, items = await self._compare()
        await asyncio.gather(*(kiosk.close() for kiosk in self._kiosks))
        return Result(self.tally, self.ledger, running, accounts, items, interrupted)

    async def _compare(self) -> tuple[int, int]:
        """Each account once, by the first kiosk that knows it; each item that was touched."""
        self.comparing = True
        first = {kiosk.patron: kiosk for kiosk in reversed(self._kiosks) if kiosk.patron in self.ledger.opening}
        accounts = await self._in_turns(kiosk.compare_account() for kiosk in first.values())
        items = await self._in_turns(kiosk.compare_items() for kiosk in self._kiosks)
        if self.plan.tidy:
            await self._in_turns(kiosk.tidy_up() for kiosk in self._kiosks)
        return sum(accounts), sum(items)

    async def _in_turns(self, jobs: Iterable[Coroutine[Any, Any, int]]) -> list[int]:
        async def in_turn(job: Coroutine[Any, Any, int]) -> int:
            async with self._turns:
                return await job

        return await asyncio.gather(*map(in_turn, jobs))


class Kiosk:
    """One kiosk with a patron in front of it."""

    def __init__(
        self,
        fleet: Fleet,
        member: FleetMember,
        patron: str,
        items: list[str],
        requests: Requests,
        chance: random.Random,
    ) -> None:
        self.patron = patron
        self._fleet = fleet
        self._tally = fleet.tally
        self._ledger = fleet.ledger
        self._member = member
        self._items = items
        self._requests = requests
        self._chance = chance
        self._borrowed: list[str] = []
        self._owed = Decimal(0)
        plan = fleet.plan
        self._client = Sip2Client(
            plan.host, plan.port, dialect=plan.dialect, tls=plan.tls, timeout=plan.timeout, retries=1
        )

    async def run(self) -> None:
        """Stories until the fleet stops."""
        await self._pause(self._chance.uniform(0, min(self._fleet.plan.think, RAMP_SECONDS)))
        with contextlib.suppress(_ClosingTime):
            while not self._fleet.stopped.is_set():
                if await self._at_work():
                    await self._story()
                else:
                    await self._pause(self._think())

    async def _story(self) -> None:
        room = LOANS_AT_ONCE - len(self._borrowed)
        if room > 0 and (not self._borrowed or self._chance.random() < BORROWS):
            await self._visit(self._chance.randint(1, room))
        else:
            await self._return_some()

    async def close(self) -> None:
        await self._client.close()

    async def compare_account(self) -> int:
        """The account's loans and debts against the ledger; the number of accounts seen, 0 when there is no link."""
        if not await self._at_work():
            return 0
        answer = await self._deliver(self._account_request())
        if answer is None:
            return 0
        if not said_yes(answer.message):
            self._ledger.blame(Wrong.NOT_SHOWN, self.patron, answer.message.get("AF") or "no reason given")
            return 0
        self._ledger.compare_account(self.patron, listed(answer.message), answer.message.get("BV"))
        return 1

    async def compare_items(self) -> int:
        """The status of every item of this kiosk that was touched; the number of items seen."""
        seen = 0
        for item in self._items:
            if item in self._ledger.touched and await self._at_work():
                answer = await self._deliver(self._requests.item_information(item))
                if answer is not None:
                    self._ledger.compare_item(item, answer.message.fixed["circulation_status"])
                    seen += 1
        return seen

    async def tidy_up(self) -> int:
        """Brings back what this kiosk lent; the number of items."""
        brought = 0
        for item in self._borrowed:
            if await self._at_work() and await self._deliver(self._requests.checkin(item)) is not None:
                brought += 1
        return brought

    async def _at_work(self) -> bool:
        """Whether there is a link with a login, and the account was opened; makes both where they are missing."""
        if not self._client.connected and not await self._connect():
            return False
        if self.patron in self._ledger.opening:
            return True
        answer = await self._deliver(self._account_request())
        if answer is None or not said_yes(answer.message):
            return False
        lent = listed(answer.message)
        self._ledger.open_account(self.patron, lent, answer.message.get("BV"))
        self._borrowed = [item for item in lent if item in self._items]
        return True

    async def _connect(self) -> bool:
        member = self._member
        try:
            await self._client.connect()
            answer = await self._client.send(self._requests.login(member.login, member.password))
        except (Sip2LinkFailed, Sip2Timeout) as error:
            self._tally.failures[str(error)] += 1
            return False
        if not said_yes(answer.message):
            self._tally.failures[f"login {member.login} refused"] += 1
            await self._client.close()
            return False
        self._tally.connected += 1
        return True

    async def _visit(self, wanted: int) -> None:
        """A patron comes: looks at the account, borrows, perhaps renews or pays, and goes."""
        requests, pin = self._requests, self._member.pin
        if await self._ask(requests.patron_status(self.patron, pin)) is None:
            return
        answer = await self._ask(self._account_request())
        if answer is not None and said_yes(answer.message):
            self._owed = amount(answer.message.get("BV"))
        free = [item for item in self._items if item not in self._ledger.loans]
        for item in self._chance.sample(free, min(wanted, len(free))):
            await self._borrow(item)
        if self._borrowed and self._chance.random() < RENEWS:
            item = self._chance.choice(self._borrowed)
            await self._ask(requests.renew(self.patron, pin, item=item))
        if self._owed >= PAYMENT and self._chance.random() < PAYS:
            await self._pay()
        await self._ask(requests.end_session(self.patron, pin))

    async def _borrow(self, item: str) -> None:
        answer = await self._ask(self._requests.checkout(item, self.patron, self._member.pin))
        if answer is None:
            self._ledger.unanswered(item)
        elif said_yes(answer.message):
            self._ledger.lent(item, self.patron)
            self._borrowed.append(item)
            if self._chance.random() < CANCELS:
                await self._return(item, undo=True)

    async def _return_some(self) -> None:
        for item in self._chance.sample(self._borrowed, self._chance.randint(1, len(self._borrowed))):
            await self._return(item)

    async def _return(self, item: str, *, undo: bool = False) -> None:
        answer = await self._ask(self._requests.checkin(item, undo=undo))
        if answer is None:
            self._ledger.unanswered(item)
            self._borrowed.remove(item)
        elif said_yes(answer.message):
            self._ledger.returned(item)
            self._borrowed.remove(item)

    async def _pay(self) -> None:
        name = secrets.token_hex(8)
        answer = await self._ask(self._requests.fee_paid(str(PAYMENT), self.patron, self._member.pin, transaction=name))
        if answer is None:
            self._ledger.payment_unanswered(self.patron)
        elif said_yes(answer.message):
            self._ledger.paid_in(self.patron, PAYMENT)
            self._owed -= PAYMENT

    async def _ask(self, message: Message) -> Answer | None:
        """Thinks, then delivers. Raises _ClosingTime instead of beginning anything once the fleet has stopped."""
        await self._pause(self._think())
        if self._fleet.stopped.is_set():
            raise _ClosingTime
        return await self._deliver(message)

    async def _deliver(self, message: Message) -> Answer | None:
        """The answer, whatever it takes; None when the kiosk has given up and nobody knows."""
        try:
            answer = await self._send(message)
        except (Sip2LinkFailed, Sip2Timeout) as error:
            self._tally.failures[str(error)] += 1
            answer = await self._come_back()
        if answer is None:
            self._tally.given_up += 1
            return None
        if not self._fleet.comparing:
            self._tally.answered(message, answer, self._chance)
        for code in ("AA", "AB"):
            asked, told = message.get(code), answer.message.get(code)
            if asked and told and asked != told and answer.message.code != "10":
                self._ledger.blame(Wrong.FOREIGN_ANSWER, asked, f"the {answer.message.code} is about {told}")
        return answer

    async def _send(self, message: Message) -> Answer | None:
        plan, roll = self._fleet.plan, self._chance.random()
        if roll < plan.drops:
            await self._client.begin(message)
            self._client.abort()
            return await self._come_back()
        if roll < plan.drops + plan.duplicates:
            self._tally.duplicates += 1
            await self._client.begin(message)
            return await self._client.again()
        return await self._client.send(message)

    async def _come_back(self) -> Answer | None:
        """On a new link, the same octets again."""
        for _ in range(RESUMES):
            self._tally.reconnects += 1
            if not await self._connect():
                continue
            try:
                return await self._client.resume()
            except (Sip2LinkFailed, Sip2Timeout) as error:
                self._tally.failures[str(error)] += 1
        await self._client.close()
        return None

    def _account_request(self) -> Message:
        return self._requests.patron_information(self.patron, self._member.pin, Summary.LOANS)

    def _think(self) -> float:
        return self._fleet.plan.think * self._chance.uniform(0.5, 1.5)

    async def _pause(self, seconds: float) -> None:
        """Waits, but not beyond the fleet's end."""
        try:
            async with asyncio.timeout(seconds):
                await self._fleet.stopped.wait()
        except TimeoutError:
            return


def listed(account: Message) -> list[str]:
    """The items on loan that a 64 lists; a title after the item number is cut off."""
    return [line.split(" ")[0] for line in account.get_all("AU")]
