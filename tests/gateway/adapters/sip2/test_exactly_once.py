"""A command that arrives twice is done once, whatever became of the link; two different ones are two."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.config.model import LimitsConfig
from gateway.exchanges.model import Verdict
from gateway.platforms.reference.platform import ReferencePlatform
from library_protocols.sip2.codec import checksum, decode
from tests.gateway.adapters.sip2.library import (
    NOW,
    UTF8,
    Kiosk,
    Library,
    Open,
    checkin,
    checkout,
    information,
    item,
    item_information,
    patron,
    pay,
)


class Gate:
    """The reference platform, with a gate before or after the effect of one method."""

    def __init__(self, reference: ReferencePlatform, method: str, *, after: bool = False) -> None:
        self._reference = reference
        self._method = method
        self._after = after
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._reference, name)
        if name != self._method:
            return inner

        async def gated(*arguments: Any) -> Any:
            self.calls += 1
            answer = await inner(*arguments) if self._after else None
            self.entered.set()
            await self.open.wait()
            return answer if self._after else await inner(*arguments)

        return gated


async def gated(node: Open, method: str, *, after: bool = False, **options: Any) -> tuple[Library, Gate]:
    made: list[Gate] = []

    def gate(reference: ReferencePlatform) -> Gate:
        made.append(Gate(reference, method, after=after))
        return made[0]

    library = await node(platform=gate, **options)
    return library, made[0]


async def loans_of(kiosk: Kiosk, number: int) -> list[str]:
    return (await kiosk.ask(information(patron(number), summary="  Y"))).get_all("AU")


async def balance(kiosk: Kiosk, number: int) -> str | None:
    return (await kiosk.ask(information(patron(number)))).get("BV")


async def test_a_retransmission_gets_the_same_octets(library: Library) -> None:
    kiosk = await library.kiosk()
    kiosk.send(checkout(patron(1), item(1)), 3)
    first = await kiosk.hear()
    kiosk.send(checkout(patron(1), item(1)), 3)
    assert await kiosk.hear() == first
    assert decode(first, UTF8).fixed["ok"] == "1"
    assert library.recorded.exchanges[-1].verdict is Verdict.REPLAYED
    assert await loans_of(kiosk, 1) == [item(1)]


async def test_a_read_is_executed_again_and_never_served_old(library: Library) -> None:
    kiosk, other = await library.kiosk(), await library.kiosk()
    first = await kiosk.ask(item_information(item(1)), 1)
    await other.ask(checkout(patron(1), item(1)))
    second = await kiosk.ask(item_information(item(1)), 1)
    assert (first.fixed["circulation_status"], second.fixed["circulation_status"]) == ("03", "04")


async def test_two_books_whose_messages_share_sequence_and_checksum_are_two_loans(library: Library) -> None:
    """AZ is a sum: 30100012 and 30100003 have different digits with sums that the dates make equal."""
    kiosk = await library.kiosk()
    one = checkout(patron(1), item(12), at="20261122    090002")
    two = checkout(patron(1), item(3), at="20261122    090002")
    assert sum(one.encode()) == sum(two.encode())
    assert checksum(f"{one}AY1AZ".encode()) == checksum(f"{two}AY1AZ".encode())
    assert (await kiosk.ask(one, 1)).fixed["ok"] == "1"
    assert (await kiosk.ask(two, 1)).fixed["ok"] == "1"
    assert sorted(await loans_of(kiosk, 1)) == [item(3), item(12)]


async def test_a_retry_while_the_first_still_runs_waits_for_it(node: Open) -> None:
    library, gate = await gated(node, "loan_create")
    first, second = await library.kiosk(), await library.kiosk()
    first.send(checkout(patron(1), item(1)), 1)
    await gate.entered.wait()
    second.send(checkout(patron(1), item(1)), 7)
    await asyncio.sleep(0.05)
    assert gate.calls == 1
    gate.open.set()
    answers = decode(await first.hear(), UTF8), decode(await second.hear(), UTF8)
    assert [answer.fixed["ok"] for answer in answers] == ["1", "1"]
    assert [answer.sequence for answer in answers] == ["1", "7"]
    assert gate.calls == 1
    assert await loans_of(first, 1) == [item(1)]


async def test_the_same_retry_on_the_same_link_waits_too(node: Open) -> None:
    library, gate = await gated(node, "loan_create")
    kiosk = await library.kiosk()
    kiosk.send(checkout(patron(1), item(1)), 1)
    await gate.entered.wait()
    kiosk.send(checkout(patron(1), item(1)), 1)
    gate.open.set()
    first, second = await kiosk.hear(), await kiosk.hear()
    assert first == second
    assert gate.calls == 1


@pytest.mark.parametrize("same_node", [True, False])
async def test_a_retry_after_a_lost_link_gets_the_outcome(node: Open, same_node: bool) -> None:
    """The link dies after the effect and before the answer; the kiosk connects again, here or to another node."""
    library, gate = await gated(node, "loan_create", after=True)
    kiosk = await library.kiosk()
    kiosk.send(checkout(patron(1), item(1)), 1)
    await gate.entered.wait()
    kiosk.writer.transport.abort()
    gate.open.set()
    elsewhere = library if same_node else await node()
    again = await elsewhere.kiosk()
    answer = await again.ask(checkout(patron(1), item(1)), 0)
    assert (answer.fixed["ok"], answer.fixed["renewal_ok"]) == ("1", "N")
    assert await loans_of(again, 1) == [item(1)]


async def test_a_check_in_told_again_on_another_link_tells_the_same_routing(library: Library) -> None:
    first, second = await library.kiosk(), await library.kiosk()
    one = await first.ask(checkin(item(29)))
    two = await second.ask(checkin(item(29)))
    assert (one.fields, one.fixed["alert"]) == (two.fields, two.fixed["alert"])


async def test_once_the_effect_no_longer_stands_the_same_words_are_a_new_command(library: Library) -> None:
    """Kiosks without a clock send the same date for ever."""
    kiosk = await library.kiosk()
    blank = " " * 18
    for _ in range(3):
        assert (await kiosk.ask(checkout(patron(1), item(1), at=blank))).fixed["ok"] == "1"
        assert await loans_of(kiosk, 1) == [item(1)]
        assert (await kiosk.ask(checkin(item(1), at=blank))).fixed["ok"] == "1"
        assert await loans_of(kiosk, 1) == []


async def test_two_kiosks_racing_for_one_item(library: Library) -> None:
    one, two = await library.kiosk(), await library.kiosk()
    await one.ask(information(patron(1)))
    await two.ask(information(patron(10)))
    one.send(checkout(patron(1), item(1), pin=None))
    two.send(checkout(patron(10), item(1), pin=None))
    answers = decode(await one.hear(), UTF8), decode(await two.hear(), UTF8)
    assert sorted(answer.fixed["ok"] for answer in answers) == ["0", "1"]


async def test_a_payment_sent_twice_is_taken_once(library: Library) -> None:
    kiosk, other = await library.kiosk(), await library.kiosk()
    first = await kiosk.ask(pay(patron(10), "1.00", more="BKtill-1|"))
    # A retry by the transaction's own number counts, also on another link and with a new date.
    second = await other.ask(pay(patron(10), "1.00", at="20261122    091000", more="BKtill-1|"))
    assert [answer.fixed["payment_accepted"] for answer in (first, second)] == ["Y", "Y"]
    assert await balance(kiosk, 10) == "1.50"


async def test_a_payment_number_used_for_another_sum_is_refused(library: Library) -> None:
    kiosk = await library.kiosk()
    await kiosk.ask(pay(patron(10), "1.00", more="BKtill-2|"))
    other = await kiosk.ask(pay(patron(10), "0.50", at="20261122    091000", more="BKtill-2|"))
    assert other.fixed["payment_accepted"] == "N"
    assert await balance(kiosk, 10) == "1.50"


async def test_payments_without_a_number_are_told_apart_by_their_date(library: Library) -> None:
    kiosk = await library.kiosk()
    for at in (NOW, NOW, "20261122    090001"):
        assert (await kiosk.ask(pay(patron(10), "1.00", at=at))).fixed["payment_accepted"] == "Y"
    assert await balance(kiosk, 10) == "0.50"


FAST = LimitsConfig(answer_seconds=1.0, answer_margin_seconds=0.6)


async def test_a_platform_slower_than_announced_is_answered_no_in_time(node: Open) -> None:
    library, gate = await gated(node, "loan_create", limits=FAST)
    kiosk = await library.kiosk()
    assert (await kiosk.ask("9900802.00")).fixed["timeout_period"] == "010"
    kiosk.send(checkout(patron(1), item(1)), 1)
    refused = decode(await kiosk.hear(1.0), UTF8)
    assert (refused.code, refused.fixed["ok"], refused.sequence) == ("12", "0", "1")
    assert "did not answer in time" in (refused.get("AF") or "")
    gate.open.set()
    await library.desk.drain()
    # Told no, but done: the loan is taken back, so that nobody has a book on their account that stayed here.
    assert await loans_of(kiosk, 1) == []
    assert (await kiosk.ask(item_information(item(1)))).fixed["circulation_status"] == "03"


async def test_a_slow_platform_stops_nobody_else(node: Open) -> None:
    library, gate = await gated(node, "loan_create")
    slow, quick = await library.kiosk(), await library.kiosk()
    slow.send(checkout(patron(1), item(1)))
    await gate.entered.wait()
    assert (await quick.ask(item_information(item(2)))).code == "18"
    assert (await quick.ask(checkin(item(22)))).fixed["ok"] == "1"
    gate.open.set()
    assert decode(await slow.hear(), UTF8).fixed["ok"] == "1"


async def test_a_failure_is_never_replayed(node: Open) -> None:
    class Failing:
        def __init__(self, reference: ReferencePlatform) -> None:
            self._reference = reference
            self.failures = 1

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reference, name)

        async def loan_create(self, *arguments: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "secret detail")
            return await self._reference.loan_create(*arguments)

    library = await node(platform=Failing)
    kiosk = await library.kiosk()
    failed = await kiosk.ask(checkout(patron(1), item(1)), 1)
    assert failed.fixed["ok"] == "0"
    assert "secret" not in (failed.get("AF") or "")
    assert (await kiosk.ask(checkout(patron(1), item(1)), 1)).fixed["ok"] == "1"


async def test_a_defect_of_ours_is_a_refusal_on_the_wire_and_the_link_lives(node: Open) -> None:
    class Broken:
        def __init__(self, reference: ReferencePlatform) -> None:
            self._reference = reference

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reference, name)

        async def item_get(self, *_: Any) -> Any:
            raise RuntimeError("a defect")

    library = await node(platform=Broken)
    kiosk = await library.kiosk()
    refused = await kiosk.ask(item_information(item(1)))
    assert (refused.code, refused.fixed["circulation_status"], refused.get("AB")) == ("18", "01", item(1))
    assert library.recorded.exchanges[-1].verdict is Verdict.FAILED
    assert (await kiosk.ask(information(patron(1)))).get("BL") == "Y"


async def test_an_undone_loan_may_be_made_again_with_the_same_words(library: Library) -> None:
    kiosk = await library.kiosk()
    assert (await kiosk.ask(checkout(patron(1), item(1)))).fixed["ok"] == "1"
    assert (await kiosk.ask(checkin(item(1), more="BIY|"))).fixed["ok"] == "1"
    again = await kiosk.ask(checkout(patron(1), item(1)))
    assert again.fixed["ok"] == "1"
    assert await loans_of(kiosk, 1) == [item(1)]
