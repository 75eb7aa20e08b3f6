"""A tiny fleet against a small library: books that agree, and libraries that break each rule and are caught."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest

from gateway.clients.fleet import Fleet, FleetMember, Plan, Result
from gateway.clients.ledger import Wrong
from library_protocols.sip2 import Dialect, Message, Request
from tests.gateway.clients.scripted_acs import Script, scripted_acs
from tests.gateway.clients.small_library import PIN, SmallLibrary

UTF8 = Dialect(encoding="utf-8")
ITEMS = [f"301{number:05d}" for number in range(41, 71)]
PATRONS = [f"201{number:05d}" for number in range(12, 15)]


def clock() -> Callable[[], str]:
    """Every message has a second of its own, so that the small library never takes two for one."""
    ticks = itertools.count()
    return lambda: (
        f"2026112{3 + (tick := next(ticks)) // 86400}    {tick // 3600 % 24:02}{tick // 60 % 60:02}{tick % 60:02}"
    )


async def run_fleet(script: Script, port: int | None = None, messages: int = 250, **changes: object) -> Result:
    """Runs until so many messages were answered, however slow the machine is."""
    fleets: list[Fleet] = []

    def counted(request: Request) -> Message | bytes | None:
        if fleets[0].tally.messages >= messages:
            fleets[0].stopped.set()
        return script(request)

    async with scripted_acs(counted, dialect=UTF8) as acs:
        member = FleetMember("aber-kiosk-1", "kiosk-demo", "ABER", PIN, PATRONS, ITEMS)
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": acs.port if port is None else port,
            "members": [member],
            "count": 3,
            "think": 0.004,
            "duration": 60.0,
            "duplicates": 0.2,
            "drops": 0.1,
            "timeout": 5.0,
            "seed": 7,
        }
        plan = Plan(**(values | changes))  # pyright: ignore[reportArgumentType]
        fleet = Fleet(plan, clock())
        fleets.append(fleet)
        return await fleet.run()


def kinds(result: Result) -> set[Wrong]:
    return {violation.kind for violation in result.ledger.violations}


async def test_a_library_that_does_everything_once() -> None:
    library = SmallLibrary(owed=dict.fromkeys(PATRONS, Decimal("2.50")))
    result = await run_fleet(library.script)
    tally = result.tally
    assert result.ledger.violations == []
    assert (result.accounts_checked, result.interrupted) == (3, False)
    assert result.items_checked > 0
    assert {"23", "63", "11", "09", "35"} <= set(tally.codes)
    assert tally.messages == tally.codes.total()
    assert tally.duplicates > 0
    assert tally.reconnects > 0
    assert library.replays > 0, "the same command came twice"
    assert sum(library.owed.values()) < Decimal("7.50"), "something was paid"
    assert library.loans == {}, "everything was brought back"
    assert 0 < (tally.percentile(0.5) or 0) <= (tally.percentile(0.99) or 0)


async def test_what_is_borrowed_may_stay_out() -> None:
    library = SmallLibrary()
    result = await run_fleet(library.script, tidy=False)
    assert library.loans == result.ledger.loans != {}


async def test_loans_from_before_are_taken_over_and_returned() -> None:
    library = SmallLibrary(loans={ITEMS[0]: PATRONS[0], "30199000": PATRONS[1]})
    result = await run_fleet(library.script)
    assert result.ledger.violations == []
    assert library.loans == {"30199000": PATRONS[1]}, "an item that is not the fleet's stays out"


@pytest.mark.parametrize(
    ("fault", "kind"), [("forgetful", Wrong.LOST), ("generous", Wrong.MADE_UP), ("greedy", Wrong.MONEY)]
)
async def test_a_library_that_breaks_a_rule_is_caught(fault: str, kind: Wrong) -> None:
    library = SmallLibrary(owed=dict.fromkeys(PATRONS, Decimal("90.00")))
    setattr(library, fault, True)
    result = await run_fleet(library.script, duplicates=0.5, messages=500)
    assert kind in kinds(result)


async def test_a_library_that_runs_repeated_commands_again_is_caught() -> None:
    """A check-out that is done again says no to the repetition: told no, lent all the same."""
    library = SmallLibrary()
    taken: list[str] = []

    def once_yes_then_no(request: Request) -> Message | bytes | None:
        message = request.message
        item = message.get("AB") or ""
        if message.code == "11" and item in library.loans:
            taken.append(item)
            said = SmallLibrary(loans={item: "somebody"}).script(request)
            assert isinstance(said, Message)
            return said
        library.done.clear()
        return library.script(request)

    result = await run_fleet(once_yes_then_no, duplicates=0.0, drops=0.5, tidy=False)
    assert taken
    assert Wrong.MADE_UP in kinds(result)


async def test_an_answer_about_something_else_is_noticed() -> None:
    library = SmallLibrary()

    def mixed_up(request: Request) -> Message | bytes | None:
        said = library.script(request)
        if isinstance(said, Message) and said.code == "12":
            said.fields = [(code, "30100001" if code == "AB" else value) for code, value in said.fields]
        return said

    assert Wrong.FOREIGN_ANSWER in kinds(await run_fleet(mixed_up))


async def test_an_account_that_closes_is_noticed() -> None:
    library = SmallLibrary()
    seen: list[Request] = []

    def closing(request: Request) -> Message | bytes | None:
        if request.message.code == "63":
            seen.append(request)
            if len(seen) > 12:
                request.message.fields = [
                    (code, "") if code == "AD" else (code, value) for code, value in request.message.fields
                ]
        return library.script(request)

    assert Wrong.NOT_SHOWN in kinds(await run_fleet(closing))


async def test_a_refused_login_is_a_failure_and_nothing_is_compared() -> None:
    member = FleetMember("aber-kiosk-1", "wrong", "ABER", PIN, PATRONS, ITEMS)
    result = await run_fleet(SmallLibrary().script, members=[member], duration=0.2)
    assert result.tally.connected == result.accounts_checked == 0
    assert set(result.tally.failures) == {"login aber-kiosk-1 refused"}


async def test_nobody_listens(free_port: Callable[[], int]) -> None:
    result = await run_fleet(SmallLibrary().script, port=free_port(), duration=0.2)
    assert result.tally.connected == 0
    assert result.tally.failures


async def test_silence_is_given_up_and_proves_nothing() -> None:
    library = SmallLibrary()

    def no_answer_to_checkouts(request: Request) -> Message | bytes | None:
        said = library.script(request)
        return b"" if request.message.code == "11" else said

    result = await run_fleet(no_answer_to_checkouts, timeout=0.05, count=1, tidy=False, messages=5)
    assert result.tally.given_up > 0
    assert result.ledger.unknown_items
    assert result.ledger.violations == []


async def test_items_are_divided_among_a_members_kiosks() -> None:
    result = await run_fleet(SmallLibrary().script, tidy=False, drops=0.0, duplicates=0.0)
    by_patron = [{item for item, holder in result.ledger.loans.items() if holder == patron} for patron in PATRONS]
    for place, items in enumerate(by_patron):
        assert items <= set(ITEMS[place::3])


async def test_a_fleet_that_is_interrupted_still_compares() -> None:
    library = SmallLibrary()
    busy = asyncio.Event()

    def watched(request: Request) -> Message | bytes | None:
        if len(library.done) > 5:
            busy.set()
        return library.script(request)

    async with scripted_acs(watched, dialect=UTF8) as acs:
        member = FleetMember("aber-kiosk-1", "kiosk-demo", "ABER", PIN, PATRONS, ITEMS)
        plan = Plan("127.0.0.1", acs.port, [member], count=3, think=0.01, duration=600.0)
        running = asyncio.create_task(Fleet(plan, clock()).run())
        await busy.wait()
        running.cancel()
        result = await running
    assert result.interrupted
    assert (result.accounts_checked, result.ledger.violations) == (3, [])
