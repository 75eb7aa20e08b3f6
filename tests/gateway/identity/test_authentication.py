"""The chain of checks: who is asked in what order, what each no and each silence leads to, and what is never done."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import PlatformCall
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import IdentifierType
from gateway.config.identity import DirectoryConfig
from gateway.crosswalks.refusals import messages_of
from gateway.crosswalks.texts import CATALOGUE, text
from gateway.identity.authentication import ENDS, GRAIN
from gateway.identity.directories.port import DirectoryDown, Verdict
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register.port import PutPerson, Register, RegisterUnavailable
from tests.gateway.desk.fakes import AWAY, MemoryAttempts, raising
from tests.gateway.identity.campus_bench import ANN, BOB, CAMPUS, PIN, Campus, ScriptedDirectory, configured
from tests.gateway.identity.memory_register import MemoryRegister

FAILED, LIMITED = RefusalCode.PATRON_AUTH_FAILED, RefusalCode.PATRON_AUTH_LIMITED
DOWN = DirectoryDown("connect", "nobody answers")


async def test_a_member_without_a_directory_has_no_chain() -> None:
    assert Campus("platform").authentication.verifiers == {}


@pytest.mark.parametrize(
    ("checks", "pin", "expected", "asked"),
    [
        (["directory:campus"], CAMPUS, None, 1),
        (["directory:campus"], PIN, "PATRON_AUTH_FAILED", 1),
        (["platform", "directory:campus"], PIN, None, 0),
        (["platform", "directory:campus"], CAMPUS, None, 1),
        (["platform", "directory:campus"], "neither", "PATRON_AUTH_FAILED", 1),
        (["directory:campus", "platform"], PIN, None, 1),
        (["directory:campus", "platform"], CAMPUS, None, 1),
        ([{"by": "directory:campus", "when_wrong": "refuse"}, "platform"], PIN, "PATRON_AUTH_FAILED", 1),
        ([{"by": "platform", "when_wrong": "refuse"}, "directory:campus"], CAMPUS, "PATRON_AUTH_FAILED", 0),
        (["directory:campus"], "", "PATRON_AUTH_FAILED", 0),
    ],
)
async def test_steps_are_asked_in_order(checks: list[Any], pin: str, expected: str | None, asked: int) -> None:
    bench = Campus(*checks)
    assert await bench.said(pin) == expected
    assert bench.campus.asked == ["ann1"] * asked
    assert bench.counted == (expected is not None and pin != "")


async def test_an_unknown_name_goes_by_a_policy_of_its_own() -> None:
    for when_unknown, expected in (("next", None), ("refuse", "PATRON_AUTH_FAILED")):
        bench = Campus({"by": "directory:campus", "when_unknown": when_unknown, "when_wrong": "refuse"}, "platform")
        bench.campus.passwords.clear()
        assert await bench.said(PIN) == expected


async def test_somebody_without_a_library_pin_is_unknown_to_the_platform() -> None:
    bench = Campus({"by": "platform", "when_wrong": "refuse", "when_unknown": "next"}, "directory:campus")
    bench.platform.pins = False
    assert await bench.said(CAMPUS) is None


async def test_whom_the_platform_does_not_know_no_directory_is_asked_about() -> None:
    bench = Campus("directory:campus")
    bench.campus.passwords["nobody"] = CAMPUS
    assert await bench.said(CAMPUS, "nobody") == "PATRON_NOT_FOUND"
    assert bench.campus.asked == []
    assert bench.counted == 1


@pytest.mark.parametrize("verdict", ENDS)
async def test_what_the_directory_knows_of_an_account_ends_it_there(verdict: Verdict) -> None:
    bench = Campus("directory:campus", "platform")
    bench.campus.says = verdict
    answer = await bench.ask(PIN)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.detail) == (FAILED, {"kind": ENDS[verdict]})
    assert bench.platform.calls["patron.authenticate"] == 0
    (message,) = messages_of(answer)
    assert text(message, "en") == CATALOGUE[f"refusal.patron_auth_failed.{ENDS[verdict]}"]["en"]
    assert text(message, "cy") != text(message, "en")


async def test_several_people_found_are_nobody() -> None:
    bench = Campus("directory:campus")
    bench.campus.says = Verdict.AMBIGUOUS
    assert await bench.said(CAMPUS) == "PATRON_AUTH_FAILED"
    assert not any(row[1].startswith("dir:") for row in bench.attempts.rows)


# A directory that does not answer


@pytest.mark.parametrize(
    ("checks", "pin", "expected", "counted"),
    [
        (["directory:campus"], CAMPUS, "AUTHENTICATION_UNAVAILABLE", 0),
        (["directory:campus", "platform"], PIN, "AUTHENTICATION_UNAVAILABLE", 0),
        ([{"by": "directory:campus", "when_down": "next"}, "platform"], PIN, None, 0),
        ([{"by": "directory:campus", "when_down": "next"}], CAMPUS, "AUTHENTICATION_UNAVAILABLE", 0),
        # Guessing at the library's PIN is not free while the directory is away.
        ([{"by": "directory:campus", "when_down": "next"}, "platform"], "0", "PATRON_AUTH_FAILED.directory_down", 1),
        (["platform", "directory:campus"], "0", "AUTHENTICATION_UNAVAILABLE", 1),
        (["platform", {"by": "directory:campus", "when_down": "next"}], "0", "PATRON_AUTH_FAILED.directory_down", 1),
        (["platform", "directory:campus"], PIN, None, 0),
    ],
)
async def test_a_directory_that_is_away_is_never_a_wrong_pin(
    checks: list[Any], pin: str, expected: str | None, counted: int
) -> None:
    bench = Campus(*checks)
    bench.campus.says = DOWN
    assert await bench.said(pin) == expected
    assert bench.counted == counted
    assert not any(row[1].startswith("dir:") for row in bench.attempts.rows)
    assert not bench.desk.circuit("aber").open


async def test_a_platform_that_is_away_behind_a_wrong_password_counts() -> None:
    bench = Campus("directory:campus", "platform")

    bench.platform.checks_pins = False
    assert await bench.said("neither") == "AUTHENTICATION_UNAVAILABLE"
    assert bench.counted == 1


async def test_a_platform_that_is_away_says_so_itself() -> None:
    bench = Campus("directory:campus")
    bench.platform.before = raising(AWAY)
    assert await bench.said(CAMPUS) == FailureCode.UPSTREAM_ERROR


async def test_a_fault_of_the_driver_is_a_silence() -> None:
    bench = Campus("directory:campus")
    bench.campus.says = ValueError("cn=Ann")
    assert await bench.said(CAMPUS) == "AUTHENTICATION_UNAVAILABLE"


async def test_a_silent_directory_costs_its_deadline_and_leaves_time_to_answer() -> None:
    bench = Campus("directory:campus", deadline_seconds=3)
    bench.campus.takes, bench.campus.says = 99.0, DOWN
    await bench.ask(CAMPUS, within=9.0)
    await bench.ask(CAMPUS, within=2.0)
    await bench.ask(CAMPUS)
    assert bench.campus.deadlines == [3.0, pytest.approx(1.9), 3.0]
    assert not bench.desk.circuit("aber").open


async def test_directories_that_are_silent_do_not_make_the_platform_look_so() -> None:
    bench = Campus("directory:campus", deadline_seconds=5)
    bench.campus.takes, bench.campus.says = 99.0, DOWN
    for _ in range(10):
        assert await bench.said(CAMPUS, within=1.0) == "AUTHENTICATION_UNAVAILABLE"
    assert not bench.desk.circuit("aber").open
    bench.campus.takes, bench.campus.says = 0.0, None
    assert await bench.said(CAMPUS, within=1.0) is None


# What is counted


async def test_five_failures_over_all_steps_and_doors() -> None:
    bench = Campus("platform", "directory:campus", max_failures=100)
    for number in range(5):
        assert await bench.said(f"wrong {number}", terminal=f"kiosk-{number}") == "PATRON_AUTH_FAILED"
    assert await bench.said(CAMPUS) == "PATRON_AUTH_LIMITED"
    assert len(bench.campus.asked) == 5


async def test_the_directory_is_left_alone_below_its_own_threshold() -> None:
    bench = Campus("directory:campus", max_failures=3, failure_minutes=30)
    for number in range(3):
        assert await bench.said(f"wrong {number}") == "PATRON_AUTH_FAILED"
    for _ in range(20):
        bench.clock.elapsed += 60
        assert await bench.said(CAMPUS) == "PATRON_AUTH_LIMITED.directory"
    assert len(bench.campus.asked) == 3
    bench.clock.elapsed += 601
    assert await bench.said(CAMPUS) is None


async def test_a_burst_of_guesses_does_not_slip_past_the_directorys_limit() -> None:
    bench = Campus("directory:campus", max_failures=3)
    await asyncio.gather(*(bench.said(f"wrong {n}", terminal=f"kiosk-{n}") for n in range(20)))
    assert len(bench.campus.asked) == 3


async def test_guesses_at_two_nodes_are_counted_together() -> None:
    counted = MemoryAttempts()
    nodes = [Campus("directory:campus", attempts=counted, max_failures=3) for _ in range(2)]
    for number in range(10):
        await nodes[number % 2].said(f"wrong {number}")
    assert sum(len(node.campus.asked) for node in nodes) == 3


async def test_guesses_by_several_logins_of_one_person_are_counted_together() -> None:
    """A filter may find one account by its user name and by its card."""
    bench = Campus("directory:campus", login_by=["rfid_uid"], max_failures=3)
    bench.campus.passwords |= {ANN: CAMPUS, "ann": CAMPUS}
    for name in (ANN, "ann", ANN, "ann"):
        await bench.said("wrong", name)
    assert len(bench.campus.asked) == 3
    assert set(bench.campus.asked) == {ANN, "ann"}


async def test_the_right_password_clears_the_directorys_count() -> None:
    bench = Campus("directory:campus", max_failures=3)
    for _ in range(4):
        await bench.said("wrong")
        await bench.said("wrong")
        assert await bench.said(CAMPUS) is None
    assert bench.attempts.rows == []


async def test_the_library_pin_goes_on_while_the_directory_is_left_alone() -> None:
    """Somebody who types the library's PIN is wrong at the directory each time."""
    bench = Campus("directory:campus", "platform", max_failures=3)
    for _ in range(6):
        assert await bench.said(PIN) is None
    assert len(bench.campus.asked) == 3
    assert await bench.said("neither") == "PATRON_AUTH_FAILED.directory_limited"
    assert bench.counted == 1


async def test_a_locked_account_is_not_asked_about_for_ever() -> None:
    bench = Campus("directory:campus", max_failures=3)
    bench.campus.says = Verdict.LOCKED
    for _ in range(3):
        assert await bench.said(CAMPUS) == "PATRON_AUTH_FAILED.locked"
    assert await bench.said(CAMPUS) == "PATRON_AUTH_LIMITED.directory"
    assert len(bench.campus.asked) == 3


async def test_a_password_that_was_sent_and_not_answered_may_have_counted_over_there() -> None:
    bench = Campus("directory:campus", max_failures=3)
    bench.campus.says = DirectoryDown("bind", "no answer", sent=True)
    for _ in range(3):
        assert await bench.said("wrong") == "AUTHENTICATION_UNAVAILABLE"
    assert await bench.said("wrong") == "PATRON_AUTH_LIMITED.directory"
    assert bench.counted == 0


async def test_while_failures_cannot_be_counted_the_directory_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Campus("directory:campus")
    counted = bench.attempts.failures

    async def away(member: str, subject: str, since: Any) -> int:
        if subject.startswith("dir:"):
            raise OSError("the database is away")
        return await counted(member, subject, since)

    monkeypatch.setattr(bench.attempts, "failures", away)
    assert await bench.said(CAMPUS) == FailureCode.UPSTREAM_ERROR
    assert bench.campus.asked == []


async def test_neither_login_nor_password_stands_in_what_is_counted() -> None:
    bench = Campus("directory:campus")
    await bench.said("not it")
    assert bench.attempts.rows
    assert not any("ann" in str(row) or "not it" in str(row) for row in bench.attempts.rows)


# Which login


def bobs(**changes: Any) -> Person:
    identifiers = (
        PersonIdentifier(IdentifierType.BARCODE, BOB),
        PersonIdentifier(IdentifierType.USERNAME, "bob1"),
        PersonIdentifier(IdentifierType.BARCODE, "lost card", active=False),
    )
    values = {"platform_id": f"p{BOB}", "identifiers": identifiers, **changes}
    return Person("1", "aber", 1, 0, 0, "feed:sits", "s1", "Bob", **values)


async def test_the_register_knows_a_login_that_the_platform_does_not() -> None:
    bench = Campus("directory:campus")
    await bench.register.write("aber", [PutPerson(bobs(), 0)])
    assert await bench.said(CAMPUS, BOB) is None
    assert bench.campus.asked == ["bob1"]


async def test_without_a_login_anywhere_what_was_typed_is_asked_about() -> None:
    bench = Campus("directory:campus")
    bench.campus.passwords[BOB] = CAMPUS
    assert await bench.said(CAMPUS, BOB) is None
    assert bench.campus.asked == [BOB]


@pytest.mark.parametrize(
    "person",
    [
        bobs(platform_id="somebody else"),
        bobs(identifiers=(*(PersonIdentifier(IdentifierType.BARCODE, BOB, active=False),), *bobs().identifiers[1:2])),
        bobs(identifiers=bobs().identifiers[:1]),
    ],
    ids=["another patron's", "by a card that is not in use", "without a login"],
)
async def test_the_register_is_not_believed_where_it_may_mean_somebody_else(person: Person) -> None:
    bench = Campus("directory:campus")
    await bench.register.write("aber", [PutPerson(person, 0)])
    await bench.said(CAMPUS, BOB)
    assert bench.campus.asked == [BOB]


async def test_the_order_of_login_by_decides() -> None:
    bench = Campus("directory:campus", login_by=["barcode", "username"])
    await bench.said(CAMPUS)
    assert bench.campus.asked == [ANN]


class NoRegister(MemoryRegister):
    async def search(self, *_: Any, **__: Any) -> list[Person]:
        raise RegisterUnavailable


async def test_a_register_that_is_away_is_never_a_wrong_pin() -> None:
    register: Register = NoRegister()
    bench = Campus("directory:campus", register=register)
    assert await bench.said(CAMPUS, BOB) == "AUTHENTICATION_UNAVAILABLE"
    assert await bench.said(CAMPUS, ANN) is None, "whose login the platform knows"


# What an onlooker learns


@pytest.mark.parametrize("takes", [0.0, 0.01, 0.24, 0.3])
async def test_a_no_is_told_on_the_next_quarter_of_a_second(takes: float) -> None:
    bench = Campus("directory:campus")
    bench.campus.takes = takes
    began = bench.clock.elapsed
    await bench.said("wrong")
    grains = (bench.clock.elapsed - began) / GRAIN
    assert round(grains) >= 1
    assert grains == pytest.approx(round(grains))
    bench.waits.clear()
    await bench.said(CAMPUS)
    assert bench.waits == []


async def test_a_stranger_waits_as_long_as_somebody_known() -> None:
    """At doors that do not say which of them it was, the time must not either."""
    bench = Campus("directory:campus")
    bench.campus.takes = 0.6
    took = []
    for patron in (ANN, "nobody"):
        began = bench.clock.elapsed
        await bench.said("wrong", patron)
        took.append(bench.clock.elapsed - began)
    assert took == [pytest.approx(0.75), pytest.approx(0.75)]


async def test_the_record_of_an_exchange_names_directory_and_verdict_and_nothing_else() -> None:
    bench = Campus("directory:campus")
    calls: list[PlatformCall] = []
    ctx = bench.context()
    object.__setattr__(ctx, "calls", calls)
    for pin in ("wrong", CAMPUS):
        await bench.desk.perform(ctx, req.PatronGet(patron=ANN, pin=SecretStr(pin)))
    bench.campus.says = DOWN
    with pytest.raises(PlatformFailure):
        await bench.desk.perform(ctx, req.PatronGet(patron=ANN, pin=SecretStr(CAMPUS)))
    made = [call for call in calls if call.operation == "directory.campus"]
    assert [call.failure for call in made] == ["wrong", None, "down at connect"]
    assert all(call.finished is not None and call.request is None for call in made)


# Taking a new configuration


async def test_a_directory_whose_settings_stay_is_kept() -> None:
    bench = Campus("directory:campus", "directory:other")
    campus, other = bench.directories["campus"], bench.directories["other"]
    changed = configured("directory:campus")
    bench.authentication.replace(changed)
    await asyncio.sleep(0)
    assert (campus.closed, other.closed) == (False, True)
    bench.authentication.replace(configured("directory:campus", max_failures=1))
    await asyncio.sleep(0)
    assert campus.closed
    assert bench.campus is not campus
    bench.authentication.replace(configured("platform"))
    assert bench.authentication.verifiers == {}
    await bench.authentication.close()
    assert bench.campus.closed


async def test_a_directory_that_cannot_be_opened_leaves_what_was() -> None:
    bench = Campus("directory:campus")
    before = bench.authentication.verifiers

    def refuse(name: str, settings: DirectoryConfig) -> ScriptedDirectory:
        raise OSError("no such file of authorities")

    bench.authentication._open = refuse
    with pytest.raises(OSError, match="authorities"):
        bench.authentication.replace(configured("directory:campus", deadline_seconds=1))
    assert bench.authentication.verifiers is before
    assert not bench.campus.closed


async def test_reload_of_the_desk_without_verifiers_keeps_the_chain() -> None:
    bench = Campus("directory:campus")
    bench.desk.replace({"aber": bench.platform}, {})
    assert await bench.said(CAMPUS) is None
