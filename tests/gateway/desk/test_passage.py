"""What every request passes: table of operations, permission, capability; faults of drivers; reads that do not wait."""

from __future__ import annotations

import inspect

import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import Capability, ItemOutcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import Permission
from gateway.desk.operations import METHODS, OPERATIONS
from gateway.platforms.port import Platform
from tests.gateway.desk.fakes import AWAY, Bench, key, lend, raising

REQUESTS = [
    value
    for value in vars(req).values()
    if isinstance(value, type) and issubclass(value, req.Request) and value.operation
]


def test_every_request_has_its_method_of_the_port() -> None:
    assert set(METHODS) == set(REQUESTS)
    assert len(OPERATIONS) == len(METHODS)
    for request, name in METHODS.items():
        parameters = inspect.signature(getattr(Platform, name)).parameters
        assert ("key" in parameters) is request.command, name


@pytest.mark.parametrize("request_class", [r for r in REQUESTS if r.permission], ids=lambda r: r.operation)
async def test_without_its_permission_a_request_reaches_no_platform(request_class: type[req.Request]) -> None:
    bench = Bench()
    assert request_class.permission is not None
    ctx = bench.context(permissions=frozenset(Permission) - {request_class.permission})
    answer = await bench.desk.perform(ctx, request_class.model_construct())
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.TERMINAL_FORBIDDEN
    assert answer.detail == {"permission": request_class.permission.value}
    assert not bench.platform.calls


@pytest.mark.parametrize(
    "request_",
    [lend(offline=True), req.LoanReturn(item="3", offline=True), req.LoanRenew(item="3", offline=True)],
    ids=lambda r: r.operation,
)
async def test_what_happened_off_line_needs_a_permission_of_its_own(request_: req.Request) -> None:
    bench = Bench()
    answer = await bench.desk.perform(bench.context(permissions=frozenset(Permission) - {Permission.OFFLINE}), request_)
    assert isinstance(answer, Refusal)
    assert answer.detail == {"permission": "offline"}


def test_a_read_on_an_inline_platform_completes_without_suspending() -> None:
    bench = Bench()
    work = bench.desk.perform(bench.context(within=5.0), req.ItemGet(item="30100001"))
    with pytest.raises(StopIteration) as stop:
        work.send(None)
    assert isinstance(stop.value.value, ItemOutcome)


async def test_what_the_platform_cannot_do_is_refused_before_it_is_asked() -> None:
    bench = Bench()
    bench.platform.levels = {"item.get": Capability(level="none"), "loan.create": Capability(level="partial")}
    bench.desk.replace({}, {})
    bench.desk.replace({"aber": bench.platform}, {})
    answer = await bench.desk.perform(bench.context(), req.ItemGet(item="3"))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.UNSUPPORTED_BY_PLATFORM
    assert not isinstance(await bench.desk.perform(bench.context(), lend()), Refusal)


async def test_a_fault_of_the_driver_is_a_failure_and_no_reason_to_stop_asking() -> None:
    bench = Bench()
    for _ in range(20):
        with pytest.raises(PlatformFailure) as caught:
            await bench.desk.perform(bench.context(), req.ItemUpdate(item="3"))
        assert caught.value.outcome_unknown
    assert not bench.desk.circuit("aber").open


async def test_a_member_without_a_platform_is_a_failure() -> None:
    bench = Bench()
    bench.desk.replace({}, {})
    with pytest.raises(PlatformFailure):
        await bench.desk.perform(bench.context(), req.ItemGet(item="3"))


async def test_calls_are_recorded_with_their_answer_or_failure() -> None:
    bench = Bench()
    calls: list = []
    ctx = bench.context()
    object.__setattr__(ctx, "calls", calls)
    answer = await bench.desk.perform(ctx, req.ItemGet(item="3"))
    bench.platform.before = raising(AWAY)
    with pytest.raises(PlatformFailure):
        await bench.desk.perform(ctx, lend(), key("k"))
    assert [(call.operation, call.answer, call.failure) for call in calls] == [
        ("item.get", answer, None),
        ("loan.create", None, str(AWAY)),
    ]
    assert all(call.finished is not None for call in calls)


async def test_status_says_what_the_platform_can_and_survives_its_absence() -> None:
    bench = Bench()
    ctx = bench.context()
    here = await bench.desk.status(ctx)
    assert (here.online, here.offline_ok, here.library_name) == (True, True, "Aber")
    bench.platform.before = raising(PlatformFailure(FailureCode.UPSTREAM_TIMEOUT))
    for _ in range(5):
        away = await bench.desk.status(ctx)
        assert (away.online, away.offline_ok) == (False, True)
    assert bench.desk.circuit("aber").open
