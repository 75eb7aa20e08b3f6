"""The PIN policy: who needs one, what lets nobody in, how guessing ends, how long a link remembers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import Context, LinkMemory
from gateway.canonical.outcomes import AccountOutcome, PatronOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.desk import CheckUnavailable
from gateway.desk import pin as rule
from gateway.desk.line import Line
from tests.gateway.desk.fakes import AWAY, Bench, key, lend, raising

ANN = "20100001"
NEEDED = frozenset({"patron.account", "loan.create"})


def account(patron: str = ANN, pin: str | None = None) -> req.PatronAccount:
    return req.PatronAccount(patron=patron, pin=None if pin is None else SecretStr(pin), loans=True)


async def said(bench: Bench, request: req.Request, **context: Any) -> RefusalCode | None:
    """The code of the refusal, None for a yes."""
    answer = await bench.desk.perform(bench.context(**context), request, key(str(bench.platform.calls.total())))
    return answer.code if isinstance(answer, Refusal) else None


async def guess(bench: Bench, times: int, patron: str = ANN, **context: Any) -> list[RefusalCode | None]:
    return [await said(bench, account(patron, "9999"), **context) for _ in range(times)]


@pytest.mark.parametrize(
    ("request_", "required", "expected"),
    [
        (account(), NEEDED, RefusalCode.PATRON_AUTH_REQUIRED),
        (account(), frozenset(), None),
        (account(pin="1234"), NEEDED, None),
        (account(pin="1234"), frozenset(), None),
        (account(pin="9999"), NEEDED, RefusalCode.PATRON_AUTH_FAILED),
        (account(pin="9999"), frozenset(), RefusalCode.PATRON_AUTH_FAILED),
        (account(pin=""), NEEDED, RefusalCode.PATRON_AUTH_FAILED),
        (account(pin=""), frozenset(), RefusalCode.PATRON_AUTH_FAILED),
        (account("nobody", "1234"), NEEDED, RefusalCode.PATRON_NOT_FOUND),
        (account("nobody"), NEEDED, RefusalCode.PATRON_AUTH_REQUIRED),
        (req.PatronGet(patron=ANN), NEEDED, None),
        (req.PatronGet(patron=ANN, pin=SecretStr("9999")), NEEDED, RefusalCode.PATRON_AUTH_FAILED),
        (req.PatronAuthenticate(patron=ANN), frozenset(), RefusalCode.PATRON_AUTH_REQUIRED),
        (req.PatronAuthenticate(patron=ANN, pin=SecretStr("1234")), frozenset(), None),
        (lend(), NEEDED, RefusalCode.PATRON_AUTH_REQUIRED),
        (lend(pin=SecretStr("9999")), frozenset(), RefusalCode.PATRON_AUTH_FAILED),
        (lend(pin=SecretStr("1234")), NEEDED, None),
        (lend(offline=True), NEEDED, None),
        (req.LoanRenew(loan_id="l1", pin=SecretStr("1234")), frozenset(), RefusalCode.PATRON_AUTH_FAILED),
    ],
)
async def test_who_gets_in(request_: req.Request, required: frozenset[str], expected: RefusalCode | None) -> None:
    bench = Bench()
    assert await said(bench, request_, pin_required=required) is expected
    if expected is not None:
        assert bench.platform.loans == {}


async def test_a_verified_patron_is_marked_as_such() -> None:
    bench = Bench()
    for request in (account(pin="1234"), req.PatronGet(patron=ANN, pin=SecretStr("1234"))):
        answer = await bench.desk.perform(bench.context(), request)
        assert isinstance(answer, PatronOutcome)
        assert answer.pin_verified is True
    answer = await bench.desk.perform(bench.context(), account())
    assert isinstance(answer, AccountOutcome)
    assert answer.pin_verified is None


async def test_guessing_ends_after_five_failures_through_whatever_door_and_name() -> None:
    bench = Bench()
    doors = ["kiosk-1", "kiosk-2", "api:web"]
    codes = [
        await said(bench, account(name, "9999"), terminal=doors[n % 3])
        for n, name in enumerate([ANN, "ann"] * 2 + [ANN])
    ]
    assert set(codes) == {RefusalCode.PATRON_AUTH_FAILED}
    asked = bench.platform.calls["patron.authenticate"]
    assert await said(bench, account(pin="1234"), terminal="another") is RefusalCode.PATRON_AUTH_LIMITED
    assert await said(bench, lend(pin=SecretStr("1234"))) is RefusalCode.PATRON_AUTH_LIMITED
    assert bench.platform.calls["patron.authenticate"] == asked
    assert await said(bench, account("20100002", "4321")) is None


async def test_a_burst_does_not_slip_past_the_limit() -> None:
    bench = Bench()
    answers = await asyncio.gather(
        *(bench.desk.perform(bench.context(), account(pin=f"{n:04}")) for n in range(2000, 2040))
    )
    codes = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert codes.count(RefusalCode.PATRON_AUTH_FAILED) == 5
    assert codes.count(RefusalCode.PATRON_AUTH_LIMITED) == 35


async def test_the_limit_passes_by_itself_and_comes_back_for_longer() -> None:
    bench = Bench()
    waits = []
    for _ in range(4):
        await guess(bench, 5)
        waited = 0
        while await said(bench, account(pin="9999")) is RefusalCode.PATRON_AUTH_LIMITED:
            bench.clock.elapsed += 60
            waited += 1
        waits.append(waited)
        bench.attempts.rows.pop()  # the attempt that showed that the wait was over
    assert waits[:2] == [5, 5]
    assert waits[2] > 40


async def test_attempts_while_limited_do_not_prolong_it() -> None:
    bench = Bench()
    await guess(bench, 5)
    bench.clock.elapsed += 200
    await guess(bench, 50)
    bench.clock.elapsed += 101
    assert await said(bench, account(pin="1234")) is None


async def test_the_right_pin_clears_the_count() -> None:
    bench = Bench()
    await guess(bench, 4)
    assert await said(bench, account(pin="1234")) is None
    assert bench.attempts.rows == []
    assert await guess(bench, 5) == [RefusalCode.PATRON_AUTH_FAILED] * 5


async def test_a_patron_who_does_not_exist_is_limited_alike() -> None:
    bench = Bench()
    assert await guess(bench, 5, "nobody") == [RefusalCode.PATRON_NOT_FOUND] * 5
    assert await guess(bench, 1, "nobody") == [RefusalCode.PATRON_AUTH_LIMITED]
    assert all("nobody" not in row[1] for row in bench.attempts.rows)


async def test_a_platform_that_is_away_counts_no_failure() -> None:
    bench = Bench()
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure):
        await bench.desk.perform(bench.context(), account(pin="9999"))
    assert bench.attempts.rows == []


async def test_a_link_remembers_a_verified_pin_for_three_minutes() -> None:
    bench = Bench()
    link = LinkMemory()
    assert await said(bench, account(pin="1234"), pin_required=NEEDED, link=link) is None
    bench.clock.elapsed += 179
    assert await said(bench, lend(), pin_required=NEEDED, link=link) is None
    bench.clock.elapsed += 2
    assert await said(bench, account(), pin_required=NEEDED, link=link) is RefusalCode.PATRON_AUTH_REQUIRED


@pytest.mark.parametrize(
    "between",
    [account("20100002"), account("20100002", "4321"), account(pin="9999"), account(pin="")],
    ids=["another patron", "another patron's PIN", "a wrong PIN", "an empty PIN"],
)
async def test_a_link_forgets_with(between: req.Request) -> None:
    bench = Bench()
    link = LinkMemory()
    await said(bench, account(pin="1234"), pin_required=NEEDED, link=link)
    await said(bench, between, pin_required=NEEDED, link=link)
    assert await said(bench, account(), pin_required=NEEDED, link=link) is RefusalCode.PATRON_AUTH_REQUIRED


async def test_an_item_in_between_does_not_end_the_patrons_turn() -> None:
    bench = Bench()
    link = LinkMemory()
    await said(bench, account(pin="1234"), pin_required=NEEDED, link=link)
    await said(bench, req.ItemGet(item="30100001"), pin_required=NEEDED, link=link)
    assert await said(bench, account(), pin_required=NEEDED, link=link) is None


async def test_another_link_remembers_nothing() -> None:
    bench = Bench()
    await said(bench, account(pin="1234"), pin_required=NEEDED, link=LinkMemory())
    code = await said(bench, account(), pin_required=NEEDED, link=LinkMemory())
    assert code is RefusalCode.PATRON_AUTH_REQUIRED


async def test_a_terminal_with_very_many_failures_is_slowed_and_never_locked() -> None:
    bench = Bench()
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    bench.desk._pins._sleep = sleep
    for number in range(rule.TERMINAL_FAILURES):
        await said(bench, account(f"nobody {number}", "1234"))
    assert pauses == []
    assert await said(bench, account(pin="1234")) is None
    assert await said(bench, account(pin="1234"), terminal="another") is None
    assert pauses == [rule.TERMINAL_PAUSE]
    bench.clock.elapsed += 301
    await said(bench, account(pin="1234"))
    assert pauses == [rule.TERMINAL_PAUSE]


async def test_no_lock_is_left_behind() -> None:
    bench = Bench()
    await asyncio.gather(*(bench.desk.perform(bench.context(), account(pin="9999")) for _ in range(10)))
    assert bench.desk._pins._turns == {}


async def test_while_attempts_cannot_be_read_nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    async def unreachable(*_: object) -> int:
        raise OSError("the database is away")

    monkeypatch.setattr(bench.attempts, "failures", unreachable)
    for pin in ("1234", "9999"):
        with pytest.raises(PlatformFailure):
            await said(bench, account(pin=pin))


async def test_a_count_that_cannot_be_written_tells_no_right_pin_from_a_wrong_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Disk full: reading goes on. What a guesser hears, and how often, stays the same."""
    bench = Bench()

    async def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(bench.attempts, "record", full)
    monkeypatch.setattr(bench.attempts, "clear", full)
    assert await guess(bench, 4) == [RefusalCode.PATRON_AUTH_FAILED] * 4
    assert await said(bench, account(pin="1234")) is None
    assert await guess(bench, 5) == [RefusalCode.PATRON_AUTH_FAILED] * 5
    assert await said(bench, account(pin="1234")) is RefusalCode.PATRON_AUTH_LIMITED
    monkeypatch.undo()
    bench.clock.elapsed += 301
    assert await said(bench, account(pin="1234")) is None
    assert await guess(bench, 5) == [RefusalCode.PATRON_AUTH_FAILED] * 5


class Elsewhere:
    """A verifier that waits until it is told; `guessed` is what it says of its silence."""

    def __init__(self, guessed: bool = False) -> None:
        self.asked = asyncio.Event()
        self.go = asyncio.Event()
        self.guessed = guessed

    async def verify(
        self, line: Line, ctx: Context, request: req.PatronRequest, found: PatronOutcome | Refusal
    ) -> PatronOutcome | Refusal:
        self.asked.set()
        await self.go.wait()
        raise CheckUnavailable("nobody answers", guessed=self.guessed)


@pytest.mark.parametrize("guessed", [False, True])
async def test_a_check_that_cannot_be_made_counts_only_where_another_said_no(guessed: bool) -> None:
    bench = Bench()
    elsewhere = Elsewhere(guessed)
    elsewhere.go.set()
    bench.desk.replace({"aber": bench.platform}, {}, {"aber": elsewhere})
    with pytest.raises(CheckUnavailable):
        await said(bench, account(pin="1234"))
    assert len(bench.attempts.rows) == guessed


async def test_who_waits_for_another_attempt_of_the_patron_is_told_in_time() -> None:
    bench = Bench()
    elsewhere = Elsewhere()
    bench.desk.replace({"aber": bench.platform}, {}, {"aber": elsewhere})
    first = asyncio.create_task(said(bench, account(pin="1234")))
    await elsewhere.asked.wait()
    request = account(pin="1234")
    for _ in range(6):
        with pytest.raises(CheckUnavailable, match="another attempt"):
            await bench.desk.perform(bench.context(within=rule.HEADROOM + 0.01), request)
    assert not bench.desk.circuit("aber").open, "it was not the platform that was waited for"
    elsewhere.go.set()
    with pytest.raises(CheckUnavailable, match="nobody answers"):
        await first
    assert bench.desk._pins._turns == {}
