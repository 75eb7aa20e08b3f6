"""Who is asking: logins, evidence that disagrees, throttling, links, keys, and a configuration that changes."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher

from gateway.canonical.context import LinkMemory
from gateway.canonical.vocabulary import ForeignItems, Permission
from gateway.config import Config
from gateway.members import Evidence, Identity, LoginRefused, Members, Refused
from gateway.members.secrets import key_digest
from tests.gateway.desk.fakes import HandClock

HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("right")
CERTIFICATE = "CN=k2,O=Aber"
HERE = Evidence(peer="10.0.0.1")


def configuration(**terminals: dict[str, Any]) -> Config:
    """Two members; `terminals` are added to aber's."""
    return Config.model_validate(
        {
            "pepper": "x" * 16,
            "members": {
                "aber": {
                    "name": "Aber",
                    "main_location": "ABER",
                    "institution_ids": ["ABER", "Aberystwyth"],
                    "tls_names": ["aber.example"],
                    "policies": {"foreign_items": "fulfil", "pin_required": ["patron.account"]},
                    "terminals": {"aber-1": {"password_hash": HASH}, **terminals},
                    "api_keys": [
                        {"name": "web", "sha256": key_digest("aber's key"), "scopes": ["patron_read"]},
                        {"name": "inside", "sha256": key_digest("inside"), "networks": ["10.0.0.0/8"]},
                    ],
                },
                "bangor": {
                    "name": "Bangor",
                    "main_location": "BANGOR",
                    "institution_ids": ["BANGOR"],
                    "tls_names": ["bangor.example"],
                    "terminals": {"bangor-1": {"password_hash": HASH, "client_certificate": "CN=b"}},
                },
                "nlw": {"name": "NLW", "main_location": "NLW", "terminals": {"nlw-1": {"password_hash": HASH}}},
            },
        }
    )


@pytest.fixture(scope="module")
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def people(executor: ThreadPoolExecutor, clock: HandClock):
    def make(**terminals: dict[str, Any]) -> Members:
        return Members(configuration(**terminals), clock=clock, executor=executor)

    return make


async def enter(members: Members, user: str = "aber-1", password: str = "right", evidence: Evidence = HERE) -> Identity:
    found = await members.login(user, password, evidence)
    assert isinstance(found, Identity), found
    return found


async def refusal(
    members: Members, user: str = "aber-1", password: str = "right", evidence: Evidence = HERE
) -> Refused:
    found = await members.login(user, password, evidence)
    assert isinstance(found, LoginRefused)
    return found.reason


async def test_a_login_tells_member_terminal_and_what_it_may_do(people: Any) -> None:
    identity = await enter(people())
    link = LinkMemory()
    ctx = identity.context(protocol="sip2", link=link, deadline=7.0)
    assert (ctx.member, ctx.terminal, ctx.location, ctx.protocol) == ("aber", "aber-1", "ABER", "sip2")
    assert (ctx.deadline, ctx.foreign_items) == (7.0, ForeignItems.FULFIL)
    assert ctx.link is link
    assert ctx.pin_required == {"patron.account"}
    assert Permission.CHECKOUT in ctx.permissions


async def test_a_terminals_own_settings_come_before_the_members(people: Any) -> None:
    identity = await enter(people(own={"password_hash": HASH, "location": "PHYSICAL", "pin_required": []}), "own")
    ctx = identity.context(protocol="sip2")
    assert (ctx.location, ctx.pin_required) == ("PHYSICAL", frozenset())


@pytest.mark.parametrize(("user", "password"), [("aber-1", "wrong"), ("nobody", "right"), ("aber-1", ""), ("", "")])
async def test_a_wrong_login(people: Any, user: str, password: str) -> None:
    assert await refusal(people(), user, password) is Refused.WRONG


AGREEMENT = [
    (Evidence(peer="10.0.0.1"), None),
    (Evidence(listener_member="aber"), None),
    (Evidence(listener_member="bangor"), Refused.DISAGREES),
    (Evidence(tls=True, tls_name="aber.example"), None),
    (Evidence(tls=True, tls_name="ABER.EXAMPLE"), None),
    (Evidence(tls=True, tls_name="bangor.example"), Refused.DISAGREES),
    (Evidence(tls=True, tls_name="gateway.example"), None),
    (Evidence(path_member="aber"), None),
    (Evidence(path_member="bangor"), Refused.DISAGREES),
    (Evidence(institution="aberystwyth"), None),
    (Evidence(institution="BANGOR"), Refused.DISAGREES),
    (Evidence(institution="nobody's"), None),
    (Evidence(tls=True, client_certificate="CN=b"), Refused.DISAGREES),
    (Evidence(tls=True, client_certificate="CN=somebody else"), None),
    (Evidence(listener_member="aber", tls_name="bangor.example"), Refused.DISAGREES),
]


@pytest.mark.parametrize(("evidence", "expected"), AGREEMENT)
async def test_weaker_evidence_may_only_agree(people: Any, evidence: Evidence, expected: Refused | None) -> None:
    found = await people().login("aber-1", "right", evidence)
    assert (found.reason if isinstance(found, LoginRefused) else None) is expected
    if isinstance(found, Identity):
        assert found.member.code == "aber"


@pytest.mark.parametrize(
    ("terminal", "evidence", "expected"),
    [
        ({"require_tls": True}, Evidence(), Refused.TLS_REQUIRED),
        ({"require_tls": True}, Evidence(tls=True), None),
        ({"networks": ["10.1.0.0/16"]}, Evidence(peer="10.1.2.3"), None),
        ({"networks": ["10.1.0.0/16"]}, Evidence(peer="::ffff:10.1.2.3"), None),
        ({"networks": ["10.1.0.0/16"]}, Evidence(peer="10.2.2.3"), Refused.NETWORK),
        ({"networks": ["10.1.0.0/16"]}, Evidence(peer=None), Refused.NETWORK),
        ({"networks": ["10.1.0.0/16"]}, Evidence(peer="not an address"), Refused.NETWORK),
        ({"networks": ["10.1.0.0/16", "fd00::/8"]}, Evidence(peer="fd00::1%eth0"), None),
        ({"client_certificate": CERTIFICATE}, Evidence(tls=True), Refused.CERTIFICATE),
        ({"client_certificate": CERTIFICATE}, Evidence(tls=True, client_certificate="CN=x"), Refused.CERTIFICATE),
        ({"client_certificate": CERTIFICATE}, Evidence(tls=True, client_certificate=CERTIFICATE), None),
    ],
)
async def test_what_a_terminal_demands(
    people: Any, terminal: dict[str, Any], evidence: Evidence, expected: Refused | None
) -> None:
    found = await people(k={"password_hash": HASH, **terminal}).login("k", "right", evidence)
    assert (found.reason if isinstance(found, LoginRefused) else None) is expected


@pytest.mark.parametrize(
    ("evidence", "login"),
    [
        (Evidence(tls=True, client_certificate=CERTIFICATE), "by-certificate"),
        (Evidence(tls=True, client_certificate=CERTIFICATE, listener_member="bangor"), None),
        (Evidence(tls=True, client_certificate="CN=unknown", peer="10.9.0.1"), None),
        (Evidence(peer="10.9.0.1"), "by-network"),
        (Evidence(peer="10.8.0.1"), None),
        (Evidence(peer="10.9.0.1", institution="BANGOR"), None),
        (Evidence(peer="10.9.9.1"), None),
        (Evidence(), None),
    ],
)
async def test_a_terminal_without_a_login(people: Any, evidence: Evidence, login: str | None) -> None:
    members = people(
        **{
            "by-certificate": {"client_certificate": CERTIFICATE},
            "by-network": {"networks": ["10.9.0.0/16"]},
            "ambiguous": {"networks": ["10.9.9.0/24"]},
        }
    )
    found = members.by_evidence(evidence)
    assert (found and found.credential) == login


async def test_a_terminal_without_a_password_cannot_log_in(people: Any) -> None:
    assert await refusal(people(n={"networks": ["10.0.0.0/8"]}), "n", "") is Refused.WRONG


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("", True), ("ABER", True), ("aberYSTWYTH", True), ("BANGOR", False), ("bangor", False), ("nobody's", False)],
)
async def test_institutions_inside_messages(people: Any, name: str, accepted: bool) -> None:
    assert (await enter(people())).accepts_institution(name) is accepted


@pytest.mark.parametrize(("name", "accepted"), [("", True), ("whatever", True), ("BANGOR", False)])
async def test_a_member_without_names_of_its_own_accepts_what_is_nobodys(
    people: Any, name: str, accepted: bool
) -> None:
    assert (await enter(people(), "nlw-1")).accepts_institution(name) is accepted


async def test_guessing_is_slowed_by_address_and_login_and_never_locks(people: Any, clock: HandClock) -> None:
    members = people()
    for _ in range(5):
        assert await refusal(members, password="guess") is Refused.WRONG
    waiting = await members.login("aber-1", "right", HERE)
    assert waiting == LoginRefused(Refused.THROTTLED, 1.0)
    await enter(members, evidence=Evidence(peer="10.0.0.2"))
    await enter(members, "nlw-1")
    clock.elapsed += 1
    await enter(members)


async def test_guesses_that_come_all_at_once_are_slowed_like_others(people: Any) -> None:
    members = people()
    found = await asyncio.gather(*(members.login("aber-1", f"guess-{number}", HERE) for number in range(100)))
    checked = [one for one in found if one.reason is Refused.WRONG]
    assert len(checked) <= 6, "five are free, and one may be under way beside the last of them"
    assert await refusal(members) is Refused.THROTTLED


async def test_the_wait_doubles_up_to_its_ceiling(people: Any, clock: HandClock) -> None:
    members = people()
    waits = []
    for _ in range(12):
        await members.login("aber-1", "guess", HERE)
        found = await members.login("aber-1", "guess", HERE)
        if found.reason is Refused.THROTTLED:
            waits.append(found.retry_after)
            clock.elapsed += found.retry_after
    assert waits[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert set(waits[6:]) == {60.0}


async def test_one_address_at_many_logins_waits_shortly_for_all(people: Any) -> None:
    members = people()
    for number in range(60):
        await members.login(f"guess-{number}", "x", HERE)
    found = await members.login("aber-1", "right", HERE)
    assert isinstance(found, LoginRefused)
    assert 0 < found.retry_after <= 5.0


async def test_one_link_too_many_ends_the_oldest(people: Any) -> None:
    members = people(k={"password_hash": HASH, "links": 2})
    first, second, third = [await enter(members, "k") for _ in range(3)]
    assert [first.live, second.live, third.live] == [False, True, True]
    members.release(second)
    fourth = await enter(members, "k")
    assert [third.live, fourth.live] == [True, True]


async def test_a_link_that_is_forgotten_takes_no_place(people: Any) -> None:
    members = people(k={"password_hash": HASH, "links": 1})
    await enter(members, "k")
    gc.collect()
    kept = await enter(members, "k")
    assert kept.live


@pytest.mark.parametrize(
    ("key", "evidence", "name"),
    [
        ("aber's key", None, "api:web"),
        ("aber's key", Evidence(path_member="bangor"), None),
        ("aber's key", Evidence(tls_name="bangor.example"), None),
        ("inside", Evidence(peer="10.1.1.1"), "api:inside"),
        ("inside", Evidence(peer="192.0.2.1"), None),
        ("another", None, None),
        ("", None, None),
    ],
)
def test_api_keys(people: Any, key: str, evidence: Evidence | None, name: str | None) -> None:
    found = people().by_api_key(key, evidence)
    assert (found and found.credential) == name
    if found is not None:
        assert found.context(protocol="http").pin_required == frozenset()


async def test_a_new_configuration_refuses_only_whose_credential_is_gone(people: Any) -> None:
    members = people(k={"password_hash": HASH})
    stays, goes = await enter(members), await enter(members, "k")
    members.replace(configuration())
    assert (stays.live, goes.live) == (True, False)
    assert await refusal(members, "k") is Refused.WRONG
    assert members.by_api_key("aber's key") is not None


async def test_a_password_replaced_while_it_is_checked_lets_nobody_in(people: Any) -> None:
    members = people(k={"password_hash": HASH})
    login = asyncio.ensure_future(members.login("k", "right", HERE))
    await asyncio.sleep(0)
    other = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("new")
    members.replace(configuration(k={"password_hash": other}))
    assert await login == LoginRefused(Refused.WRONG)
