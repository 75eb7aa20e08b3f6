"""One document in, one document out: whatever the document, whoever asks, whatever goes wrong behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import structlog

from gateway.adapters.ncip import mapping
from gateway.canonical.outcomes import Capability
from gateway.canonical.refusals import FailureCode, PlatformFailure
from gateway.crosswalks.ncip import SERVICES as SERVED
from gateway.exchanges.model import Verdict
from gateway.members import Evidence
from library_protocols.ncip import NCIP_1_0, NCIP_2_0, NCIP_2_02, SERVICES, Dialect, ExtMessage, SchemeValue
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode
from tests.gateway.adapters.ncip.responder import (
    BROKER,
    Open,
    Responder,
    header,
    item_id,
    patron,
    problem_of,
    request_id,
    type_of,
    user_id,
)


class Turned:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.elapsed


def lent(number: int = 1, who: int = 1, name: str | None = None) -> wire.CheckOutItem:
    return wire.CheckOutItem(
        user_id=user_id(who), item_id=item_id(number), request_id=request_id(name) if name else None
    )


# Every document has an answer


def test_every_service_that_is_announced_is_carried_out() -> None:
    assert set(mapping.HANDLERS) - {"RenewAllItem"} == set(SERVED) - {"LookupVersion"}
    assert mapping.NEEDS.keys() <= mapping.HANDLERS.keys()


async def test_a_service_that_nobody_serves_is_answered_in_its_own_response(responder: Responder) -> None:
    for name in sorted(SERVICES.keys() - SERVED.keys()):
        for dialect in (NCIP_2_02, NCIP_1_0):
            if dialect is NCIP_1_0 and not SERVICES[name].in_1_0:
                continue
            answer = await responder.ask(SERVICES[name].request(), dialect=dialect)
            assert type(answer) is SERVICES[name].response
            assert type_of(answer) == "Unsupported Service"


@pytest.mark.parametrize("dialect", [NCIP_2_02, NCIP_2_0, NCIP_1_0, replace(NCIP_2_02, namespace=False, prefix=None)])
async def test_an_empty_message_of_every_service_is_answered_in_its_dialect(
    responder: Responder, dialect: Dialect
) -> None:
    for name, row in SERVICES.items():
        if dialect.generation == 1 and not row.in_1_0:
            continue
        if dialect.generation == 2 and (row.since is None or row.since > dialect.version):
            continue
        asked = encode(cast(Any, row.request)(initiation_header=header()), dialect)
        envelope = decode(await responder.octets(asked))
        assert type(envelope.message) is row.response, name
        told = envelope.dialect
        assert (told.generation, told.version, told.namespace) == (
            dialect.generation,
            dialect.version,
            dialect.namespace,
        )
        assert told.version_qualified is dialect.namespace
        problems = getattr(envelope.message, "problem", ())
        assert all(one.problem_type.value != "Temporary Processing Failure" for one in problems), name


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"", "Invalid Message Syntax Error"),
        (b"<NCIPMessage/>", "Invalid Message Syntax Error"),
        (b"<NCIPMessage><Nonsense/></NCIPMessage>", "Unknown Service"),
        (b"<NCIPMessage><Ext><a xmlns='urn:x'/></Ext></NCIPMessage>", "Unknown Service"),
        (b"<NCIPMessage><LookupUserResponse/></NCIPMessage>", "Protocol Error"),
        (b"<NCIPMessage><Problem><ProblemType>x</ProblemType></Problem></NCIPMessage>", "Protocol Error"),
        (b"<html/>", "Invalid Message Syntax Error"),
    ],
)
async def test_what_asks_for_nothing_is_a_problem_alone(responder: Responder, document: bytes, problem: str) -> None:
    answer = decode(await responder.octets(document)).message
    assert isinstance(answer, wire.Problems)
    assert type_of(answer) == problem
    assert responder.recorded.exchanges[-1].verdict is Verdict.BAD_INPUT


async def test_the_service_of_another_version_is_a_problem_alone(responder: Responder) -> None:
    document = encode(wire.LookupUser(initiation_header=header()), NCIP_2_02)
    asked = document.replace(b"LookupUser", b"AuthenticateUser")
    assert type_of(decode(await responder.octets(asked)).message) == "Unsupported Service"


async def test_versions_are_told_to_anybody(responder: Responder) -> None:
    asked = wire.LookupVersion(
        from_agency_id=wire.FromAgencyId(agency_id=SchemeValue("ANYBODY")),
        to_agency_id=wire.ToAgencyId(agency_id=SchemeValue("ABER")),
    )
    answer = await responder.ask(asked, key=None)
    assert isinstance(answer, wire.LookupVersionResponse)
    assert len(answer.version_supported) == 5
    assert answer.to_agency_id is not None
    assert answer.to_agency_id.agency_id is not None
    assert answer.to_agency_id.agency_id.value == "ANYBODY"


async def test_what_came_in_an_extension_is_answered_in_it(responder: Responder) -> None:
    namespace = "http://www.oclc.org/ncip/renewall/2014"
    asked = ExtMessage(service=wire.RenewAllItem(user_id=user_id(1)), namespace=namespace)
    answer = await responder.ask(asked)
    assert isinstance(answer, ExtMessage)
    assert isinstance(answer.service, wire.RenewAllItemResponse)


# Who may ask


async def test_nobody_is_told_anything_without_a_credential(responder: Responder) -> None:
    answer = await responder.ask(wire.LookupUser(user_id=user_id(1)), key=None)
    assert isinstance(answer, wire.LookupUserResponse)
    assert (type_of(answer), answer.user_id) == ("Agency Authentication Failed", None)
    exchange = responder.recorded.exchanges[-1]
    assert (exchange.verdict, exchange.terminal, exchange.calls) == (Verdict.REFUSED, None, [])


async def test_a_peer_may_ask_for_what_it_was_given(node: Open) -> None:
    responder = await node(peer={"services": ["LookupItem"]})
    assert type_of(await responder.ask(lent())) == "Unauthorized Service For Agency"
    assert isinstance(await responder.ask(wire.LookupItem(item_id=item_id(1))), wire.LookupItemResponse)
    assert type_of(await responder.ask(wire.DeleteUser())) == "Unsupported Service"


class Without:
    """The platform, without some operations."""

    def __init__(self, platform: Any, *missing: str) -> None:
        self._platform, self._missing = platform, missing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        own = self._platform.capabilities(member)
        return {name: own[name] for name in own if name not in self._missing}


async def test_what_the_platform_cannot_do_is_unsupported(node: Open) -> None:
    responder = await node(platform=lambda reference: Without(reference, "loan.create", "fee.pay"))
    assert type_of(await responder.ask(lent())) == "Unsupported Service"
    assert not (await responder.ask(wire.LookupItem(item_id=item_id(1)))).problem


# What goes wrong behind it


class Failing(Without):
    """The platform, whose reading of items does as it is told."""

    inline = False
    wanted: Any = None

    async def item_get(self, ctx: Any, request: Any) -> Any:
        return await self.wanted()


async def test_a_platform_that_is_away_is_a_passing_problem(node: Open) -> None:
    async def away() -> Any:
        raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "refused by 10.0.0.1")

    made = {}
    responder = await node(platform=lambda reference: made.setdefault("platform", Failing(reference)))
    made["platform"].wanted = away
    answer = await responder.ask(wire.LookupItem(item_id=item_id(1)))
    assert isinstance(answer, wire.LookupItemResponse)
    problem = problem_of(answer)
    assert type_of(answer) == "Temporary Processing Failure"
    assert "10.0.0.1" not in repr(problem)
    assert (problem.problem_detail or "").startswith("UPSTREAM_ERROR: ")
    assert responder.recorded.exchanges[-1].verdict is Verdict.FAILED


async def test_an_answer_comes_in_time(node: Open) -> None:
    made = {}
    responder = await node(
        platform=lambda reference: made.setdefault("platform", Failing(reference)), answer_seconds=0.05
    )
    made["platform"].wanted = lambda: asyncio.sleep(60)
    answer = await responder.ask(wire.LookupItem(item_id=item_id(1)))
    assert type_of(answer) == "Temporary Processing Failure"


async def test_an_error_of_ours_says_nothing_of_anybody(node: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    responder = await node()

    async def broken(work: Any, message: Any) -> Any:
        raise ValueError(f"patron {message.user_id.user_identifier_value}")

    monkeypatch.setitem(mapping.HANDLERS, "LookupUser", broken)  # pyright: ignore[reportArgumentType]
    with structlog.testing.capture_logs() as logs:
        answer = await responder.ask(wire.LookupUser(user_id=user_id(1)))
    assert type_of(answer) == "Temporary Processing Failure"
    assert patron(1) not in repr(problem_of(answer).problem_detail)
    assert patron(1) not in repr(logs)
    assert [one["error"] for one in logs] == ["ValueError"]
    assert responder.recorded.exchanges[-1].verdict is Verdict.FAILED


async def test_what_is_kept_of_an_exchange(responder: Responder) -> None:
    answer = await responder.ask(lent())
    exchange = responder.recorded.exchanges[-1]
    assert (exchange.protocol, exchange.member, exchange.terminal) == ("ncip", "aber", "ncip:broker")
    assert getattr(exchange.request, "operation", "") == "loan.create"
    assert exchange.answer is not None
    assert [call.operation for call in exchange.calls][-1] == "loan.create"
    assert decode(exchange.bytes_out).message == answer
    await responder.ask(wire.DeleteUser())
    assert getattr(responder.recorded.exchanges[-1].request, "operation", "") == "ncip.DeleteUser"


async def test_answers_carry_the_header_the_other_way_round(responder: Responder) -> None:
    for dialect in (NCIP_2_02, NCIP_1_0):
        told = (await responder.ask(wire.LookupItem(item_id=item_id(1)), dialect=dialect)).response_header
        assert (told.from_agency_id.agency_id.value, told.to_agency_id.agency_id.value) == ("ABER", "BROKER")
    bare = encode(wire.LookupItem(item_id=item_id(1)), NCIP_2_02)
    at_aber = Evidence(peer="127.0.0.1", path_member="aber")
    answer = decode(await responder.octets(bare, evidence=at_aber)).message
    assert isinstance(answer, wire.LookupItemResponse)
    assert (answer.response_header, answer.problem) == (None, ())


async def test_our_name_keeps_the_scheme_that_the_peer_gives_it(node: Open) -> None:
    responder = await node(peer={**BROKER, "our_ids": ["LIB-1"]})
    for name, scheme in (("LIB-1", "urn:theirs"), ("ABER", None)):
        named = replace(header(), to_agency_id=wire.ToAgencyId(agency_id=SchemeValue(name, "urn:theirs")))
        told = await responder.ask(wire.LookupItem(initiation_header=named, item_id=item_id(1)), dialect=NCIP_1_0)
        assert told.item_id.agency_id == SchemeValue("LIB-1", scheme)


# Exactly once


async def loans_of(responder: Responder, who: int) -> int:
    answer = await responder.ask(wire.LookupUser(user_id=user_id(who), loaned_items_desired=True))
    return len(answer.loaned_item)


async def test_a_repeated_message_gets_the_first_answer(node: Open) -> None:
    first, second = await node(), await node()  # two nodes on one store
    answer = await first.ask(lent(name="R1"))
    assert (answer.problem, bool(answer.date_due)) == ((), True)
    for responder in (first, second):
        assert await responder.ask(lent(name="R1")) == answer
    assert await loans_of(first, 1) == 1


async def test_the_same_message_at_once_is_carried_out_once(responder: Responder) -> None:
    answers = await asyncio.gather(*(responder.ask(lent(name="R1")) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].problem == ()
    assert await loans_of(responder, 1) == 1


async def test_one_transaction_has_several_messages_and_may_come_again(responder: Responder) -> None:
    assert not (await responder.ask(lent(name="R1"))).problem
    assert not (await responder.ask(wire.CheckInItem(item_id=item_id(1)))).problem
    assert not (await responder.ask(lent(name="R1"))).problem
    assert await loans_of(responder, 1) == 1


async def test_next_weeks_renewal_is_another_one_and_a_retry_is_not(node: Open) -> None:
    clock = Turned()
    responder = await node(clock=clock)
    assert not (await responder.ask(lent())).problem
    renewal = wire.RenewItem(user_id=user_id(1), item_id=item_id(1))
    clock.elapsed += 3 * 86_400
    first = await responder.ask(renewal)
    assert first.problem == ()
    clock.elapsed += 200
    assert await responder.ask(renewal) == first
    clock.elapsed += 7 * 86_400
    again = await responder.ask(renewal)
    assert again.problem == ()
    assert again.date_due > first.date_due
    assert int(again.renewal_count) == int(first.renewal_count) + 1


async def test_what_was_unknown_is_asked_again_once_it_is_here(responder: Responder) -> None:
    report = wire.UpdateCirculationStatus(
        item_id=wire.ItemId(item_identifier_value="NEW-1"), circulation_status=SchemeValue("Missing")
    )
    made = wire.CreateItem(
        item_id=report.item_id, bibliographic_description=wire.BibliographicDescription(title="The Woodlanders")
    )
    wanted = wire.RequestItem(
        user_id=user_id(1),
        item_id=(item_id(3),),
        request_id=request_id("R1"),
        request_type=SchemeValue("Hold"),
        request_scope_type=SchemeValue("Item"),
    )
    unwanted = wire.CancelRequestItem(user_id=user_id(1), request_id=request_id("R1"), request_type=SchemeValue("Hold"))
    for asked, unknown, remedy in (
        (report, "Unknown Item", made),
        (unwanted, "Unknown Request", wanted),
    ):
        assert type_of(await responder.ask(asked)) == unknown
        assert (await responder.ask(remedy)).problem == ()
        assert (await responder.ask(asked)).problem == ()


async def test_a_payment_with_a_reference_is_taken_once_for_ever(node: Open) -> None:
    clock = Turned()
    responder = await node(clock=clock)

    def paid(amount: str) -> wire.CreateUserFiscalTransaction:
        return wire.CreateUserFiscalTransaction(
            user_id=user_id(10),
            fiscal_transaction_information=wire.FiscalTransactionInformation(
                fiscal_action_type=SchemeValue("Payment"),
                fiscal_transaction_type=SchemeValue("Fine"),
                fiscal_transaction_reference_id=wire.FiscalTransactionReferenceId(
                    agency_id=SchemeValue("BROKER"), fiscal_transaction_identifier_value="F1"
                ),
                amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value=amount),
            ),
        )

    first = await responder.ask(paid("100"))
    assert first.problem == ()
    clock.elapsed += 30 * 86_400
    assert not (await responder.ask(paid("100"))).problem
    assert type_of(await responder.ask(paid("150"))) == "Duplicate Fiscal Transaction"
    account = await responder.ask(wire.LookupUser(user_id=user_id(10), user_fiscal_account_desired=True))
    (kept,) = account.user_fiscal_account
    assert kept.account_balance.monetary_value == "150"


async def test_another_peer_is_another_command(node: Open) -> None:
    def two(document: dict[str, Any]) -> None:
        peers = document["members"]["aber"]["ncip"]["peers"]
        peers["lan"] = {"agency_ids": ["LAN"], "networks": ["127.0.0.0/8"], "services": ["@all"], "pin_required": []}

    responder = await node(change=two)
    asked = replace(lent(name="R1"), initiation_header=header(sender="LAN"))
    assert not (await responder.ask(lent(name="R1"))).problem
    assert (await responder.ask(asked, key=None)).problem


async def test_new_settings_and_peers_count_at_once(node: Open) -> None:
    responder = await node()
    responder.service.replace(replace(responder.service.settings, answer_seconds=5.0))
    assert responder.service.settings.answer_seconds == 5.0
    config = responder.config
    aber = config.members["aber"].model_copy(update={"ncip": type(config.members["aber"].ncip)()})
    responder.peers.replace(config.model_copy(update={"members": {**config.members, "aber": aber}}))
    assert type_of(await responder.ask(wire.LookupItem(item_id=item_id(1)))) == (
        "Unauthorized Combination Of Element Values For Agency"
    )
