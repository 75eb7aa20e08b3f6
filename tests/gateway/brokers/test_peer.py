"""What a broker is told, when, how often and in which order: events of a library, and a responder that keeps them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.brokers import peer as peers
from gateway.brokers.notices import Facts
from gateway.canonical import requests as req
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.store.rows import BrokerPositionRow
from library_protocols.ncip import messages as wire
from tests.gateway.brokers.bench import NOTIFY, OURS, Bench, barcode

SECOND = timedelta(seconds=1)


async def test_a_transaction_is_told_step_by_step(bench: Bench) -> None:
    broker = bench.broker(notify=tuple(set(NOTIFY) - {"CirculationStatusUpdated"}))
    await broker.look()
    item = await bench.accept()
    await bench.lend(item)
    bench.library.clock.turn(timedelta(days=1))
    await bench.library.platform.loan_renew(
        bench.library.context(), req.LoanRenew(patron="c-ann", item=item), bench.library.key()
    )
    await bench.library.platform.loan_recall(bench.library.context(), req.LoanRecall(item=item), bench.library.key())
    await bench.take_back(item)
    assert await broker.look() == 5
    assert await broker.send() == 5
    assert bench.host.services == ["ItemReceived", "ItemCheckedOut", "ItemRenewed", "ItemRecalled", "ItemCheckedIn"]
    assert {barcode(message) for message in bench.host.told} == {item}
    received, lent, renewed, recalled, returned = bench.host.told
    assert isinstance(received, wire.ItemReceived)
    assert received.request_id == wire.RequestId(agency_id=wire.SchemeValue("RESHARE"), request_identifier_value="R-1")
    assert received.date_received == "2026-03-02T12:00:00Z"
    assert isinstance(lent, wire.ItemCheckedOut)
    assert lent.date_due is not None
    assert isinstance(renewed, wire.ItemRenewed)
    assert isinstance(recalled, wire.ItemRecalled)
    assert recalled.date_due < renewed.date_due
    assert returned.ext is not None
    named = returned.ext.find("RequestId")
    assert named is not None
    assert named.find("RequestIdentifierValue").text == "R-1"  # type: ignore[union-attr]
    for message in bench.host.told:
        header = message.initiation_header
        assert header is not None
        assert header.from_agency_id == wire.FromAgencyId(agency_id=wire.SchemeValue("ALPHA-ILL"))
        assert header.to_agency_id == wire.ToAgencyId(agency_id=wire.SchemeValue("RESHARE"))
        assert header.from_agency_authentication == "between us"


async def test_no_patron_is_in_a_notice_nor_in_the_outbox_nor_in_the_log(bench: Bench) -> None:
    broker = bench.broker()
    await broker.look()
    item = await bench.accept()
    with capture_logs() as logs:
        await bench.lend(item)
        await bench.take_back(item)
        await broker.look()
        await broker.send()
    kept = " ".join(row.facts_json for row in await bench.notices())
    sent = b" ".join(bench.host.documents).decode()
    for word in ("ann", "Ann", "c-ann"):
        assert word not in kept
        assert word not in sent
        assert word not in repr(logs)
    assert item not in repr(logs)
    lent = next(message for message in bench.host.told if isinstance(message, wire.ItemCheckedOut))
    assert lent.user_id is not None
    assert lent.user_id.user_identifier_value == "withheld"


async def test_statuses_are_told_as_the_standard_has_them(bench: Bench) -> None:
    broker = bench.broker(notify=["CirculationStatusUpdated"])
    await broker.look()
    item = await bench.accept()
    await broker.look()
    await bench.lend(item)
    await broker.look()
    report = req.ItemReport(item=item, patron="c-ann", reported_as="lost")  # type: ignore[arg-type]
    await bench.library.platform.item_report(bench.library.context(), report, bench.library.key())
    await broker.look()
    await broker.send()
    statuses = [m.circulation_status.value for m in bench.host.told if isinstance(m, wire.CirculationStatusUpdated)]  # type: ignore[union-attr]
    assert statuses == ["Available For Pickup", "On Loan", "Lost"]


async def test_what_is_no_affair_of_the_brokers_is_not_told(bench: Bench) -> None:
    broker, other = bench.broker(), bench.broker("relais")
    everything = bench.broker("relais", notify_about="all")
    await broker.look()
    await other.look()
    await bench.library.lend("x", "ann")
    await bench.accept()
    assert await broker.look() > 0
    assert await other.look() == 0
    assert await everything.look() > 0  # beside `other`, at the same position
    assert {row.peer for row in await bench.notices()} == {"reshare", "relais"}
    told = [Facts.of(row.facts_json) for row in await bench.notices() if row.peer == "relais"]
    assert "b-x" in {facts.item for facts in told}
    assert {facts.reference for facts in told} == {None}  # another broker's name of its transaction


async def test_a_broker_is_not_told_what_it_did_itself(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "ItemCheckedOut"])
    await broker.look()
    item = await bench.accept(terminal="ncip:reshare")
    await bench.lend(item, terminal="kiosk-1")
    await broker.look()
    assert [row.service for row in await bench.notices()] == ["ItemCheckedOut"]


async def test_a_request_that_ends_here_is_told_by_its_number(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemRequestCancelled"])
    await broker.look()
    place = req.HoldPlace(patron="c-bob", item="b-x", external_ref=OURS)
    placed = await bench.library.platform.hold_place(bench.library.context(), place, bench.library.key())
    cancel = req.HoldCancel(patron="c-bob", hold_id=placed.hold.id)  # type: ignore[union-attr]
    await bench.library.platform.hold_cancel(bench.library.context(), cancel, bench.library.key())
    await broker.look()
    assert await broker.send() == 1
    (message,) = bench.host.told
    assert isinstance(message, wire.ItemRequestCancelled)
    assert message.request_id is not None
    assert message.request_id.request_identifier_value == "R-1"
    assert message.request_type is not None
    assert message.request_type.value == "Hold"


async def test_a_new_broker_is_not_told_what_was_before_it(bench: Bench) -> None:
    await bench.accept()
    broker = bench.broker()
    assert await broker.look() == 0
    item = await bench.accept("ncip:reshare:R-2")
    assert await broker.look() > 0
    assert all(item in row.facts_json for row in await bench.notices())


async def test_an_event_is_told_once_however_often_it_is_read(bench: Bench) -> None:
    """Also by another process that begins where the position was written last."""
    first, second = bench.broker(), bench.broker()
    await first.look()
    await second.look()
    await bench.accept()
    queued = await first.look()
    assert queued > 0
    assert await second.look() == 0
    assert len(await bench.notices()) == queued
    restarted = bench.broker()
    assert await restarted.look() == 0
    assert len(await bench.notices()) == queued


async def test_a_position_that_is_read_past_is_written_in_the_end(bench: Bench) -> None:
    broker = bench.broker()
    await broker.look()
    (before,) = await bench.library.rows(BrokerPositionRow)
    await bench.library.lend("x", "ann")  # no affair of the broker's
    await broker.look()
    bench.library.clock.turn(timedelta(seconds=peers.LAZY_SECONDS + peers.SETTLED_SECONDS))
    await bench.library.lend("y.1", "ann")
    await broker.look()
    (after,) = await bench.library.rows(BrokerPositionRow)
    assert after.position > before.position


async def test_a_broker_that_is_down_hears_everything_later_in_order(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "ItemCheckedOut", "ItemCheckedIn"])
    await broker.look()
    item = await bench.accept()
    await bench.lend(item)
    await bench.take_back(item)
    await broker.look()
    bench.host.down = True
    assert await broker.send() == 0
    first, *others = await bench.notices()
    assert (first.attempts, [row.attempts for row in others]) == (1, [0, 0])
    assert first.next_at == bench.library.clock.millis + 60_000
    assert first.last_error
    bench.host.down = False
    assert await broker.send() == 0  # not yet
    bench.library.clock.turn(60 * SECOND)
    assert await broker.send() == 3
    assert bench.host.services == ["ItemReceived", "ItemCheckedOut", "ItemCheckedIn"]
    assert all(row.sent_at is not None for row in await bench.notices())


async def test_pauses_grow_from_a_minute_to_an_hour(bench: Bench) -> None:
    assert [peers.pause(attempts) for attempts in (1, 2, 3, 6, 7, 50)] == [60, 120, 240, 1920, 3600, 3600]
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()
    bench.host.down = True
    for minutes in (1, 2, 4):
        await broker.send()
        (notice,) = await bench.notices()
        assert notice.next_at - bench.library.clock.millis == minutes * 60_000
        bench.library.clock.turn(minutes * 60 * SECOND)


async def test_what_does_not_arrive_in_time_is_given_up(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "ItemCheckedOut"], retry_hours=1)
    await broker.look()
    item = await bench.accept()
    await bench.lend(item)
    await broker.look()
    bench.host.down = True
    await broker.send()
    bench.library.clock.turn(timedelta(hours=2))
    await broker.send()
    assert all(row.given_up_at is not None for row in await bench.notices())
    bench.host.down = False
    assert await broker.send() == 0
    ids = [row.id for row in await bench.notices()]
    assert await bench.outbox.again("alpha", ids, bench.library.clock.millis) == 2
    assert await broker.send() == 2


async def test_a_definite_no_ends_a_notice_and_the_next_one_goes_on(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "ItemCheckedOut"])
    await broker.look()
    item = await bench.accept()
    await bench.lend(item)
    await broker.look()
    bench.host.problems["ItemReceived"] = "Unsupported Service"
    assert await broker.send() == 1
    refused, sent = await bench.notices()
    assert refused.given_up_at is not None
    assert refused.last_error == "Unsupported Service"
    assert sent.sent_at is not None


async def test_a_passing_no_holds_up_only_the_same_item(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "ItemCheckedOut"])
    await broker.look()
    first, second = await bench.accept(), await bench.accept("ncip:reshare:R-2")
    await bench.lend(first)
    await bench.lend(second)
    await broker.look()
    bench.host.problems[first] = "Temporary Processing Failure"
    assert await broker.send() == 2
    assert [barcode(message) for message in bench.host.told] == [first, second, second]
    bench.host.problems.clear()
    bench.library.clock.turn(60 * SECOND)
    assert await broker.send() == 2
    assert [barcode(message) for message in bench.host.told[3:]] == [first, first]


async def test_every_attempt_sends_the_same_document(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()
    bench.host.problems["ItemReceived"] = "Agency Authentication Failed"
    await broker.send()
    bench.library.clock.turn(timedelta(minutes=5))
    await bench.broker(notify=["ItemReceived"]).send()
    first, second = bench.host.documents
    assert first == second


async def test_a_service_that_the_version_cannot_say_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    await broker.look()
    monkeypatch.setattr(peers, "message", lambda *_: wire.AuthenticateUser())
    assert await broker.send() == 0
    (notice,) = await bench.notices()
    assert notice.given_up_at is not None


async def test_numbers_that_appear_late_are_not_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL an event may appear after one with a higher number: the tail is read again for a while."""
    monkeypatch.setattr(type(bench.outbox), "in_order", property(lambda _: False))
    monkeypatch.setattr(type(bench.outbox), "generation", lambda *_: None)
    broker = bench.broker(notify=["ItemReceived"])
    await broker.look()
    await bench.accept()
    hidden = {"R-1"}
    perform = broker.perform

    async def without_hidden(ctx, request, key):  # type: ignore[no-untyped-def]
        answer = await perform(ctx, request, key)
        if isinstance(request, req.EventList):
            seen = [e for e in answer.events if not any(str(e.data.get("external_ref")).endswith(h) for h in hidden)]  # type: ignore[union-attr]
            return answer.model_copy(update={"events": tuple(seen)})  # type: ignore[union-attr]
        return answer

    broker.perform = without_hidden
    await bench.accept("ncip:reshare:R-2")
    assert await broker.look() == 1
    hidden.clear()
    bench.library.clock.turn(5 * SECOND)
    assert await broker.look() == 1
    bench.library.clock.turn(timedelta(seconds=peers.SETTLED_SECONDS))
    assert await broker.look() == 0
    assert {row.facts_json.partition("R-")[2][:1] for row in await bench.notices()} == {"1", "2"}


async def test_a_platform_without_events_has_nothing_to_tell(bench: Bench) -> None:
    broker = bench.broker()

    async def refuse(*_: object) -> object:
        return Refusal(code=RefusalCode.UNSUPPORTED_BY_PLATFORM)

    broker.perform = refuse  # type: ignore[assignment]
    with capture_logs() as logs:
        assert await broker.look() == 0
        bench.library.clock.turn(SECOND)
        await bench.library.lend("x", "ann")
        assert await broker.look() == 0
    assert [entry["event"] for entry in logs] == ["brokers.no_events"]


async def test_what_was_taken_away_meanwhile_is_told_by_the_name_it_had(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemReceived", "CirculationStatusUpdated"])
    await broker.look()
    item = await bench.accept()
    await bench.library.platform.item_delete(bench.library.context(), req.ItemDelete(item=item), bench.library.key())
    await broker.look()
    await broker.send()
    assert {barcode(message) for message in bench.host.told} == {item}
    last = bench.host.told[-1]
    assert isinstance(last, wire.CirculationStatusUpdated)
    assert last.circulation_status is not None
    assert last.circulation_status.value == "Not Available"


async def test_an_undone_return_is_told_as_the_loan_it_is_again(bench: Bench) -> None:
    broker = bench.broker(notify=["ItemCheckedOut", "ItemCheckedIn"])
    await broker.look()
    item = await bench.accept()
    await bench.lend(item)
    await bench.take_back(item)
    undo = req.LoanUndo(what="return", item=item)
    undone = await bench.library.platform.loan_undo(bench.library.context(), undo, bench.library.key())
    assert not isinstance(undone, Refusal)
    await broker.look()
    await broker.send()
    assert bench.host.services == ["ItemCheckedOut", "ItemCheckedIn", "ItemCheckedOut"]
    first, _, last = bench.host.told
    assert isinstance(first, wire.ItemCheckedOut)
    assert isinstance(last, wire.ItemCheckedOut)
    assert last.date_due == first.date_due


async def test_what_cannot_be_told_is_logged_without_names(bench: Bench) -> None:
    """The library's own item, gone before the broker was told of it."""
    broker = bench.broker(notify=["ItemCheckedIn"], notify_about="all")
    await broker.look()
    await bench.library.lend("x", "ann")
    await bench.library.take_back("x")
    await bench.library.platform.item_delete(bench.library.context(), req.ItemDelete(item="b-x"), bench.library.key())
    with capture_logs() as logs:
        assert await broker.look() == 0
    assert [(entry["event"], entry["service"]) for entry in logs] == [("brokers.untold", "ItemCheckedIn")]
