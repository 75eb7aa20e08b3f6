"""Which server is asked what, how often, and what follows: with servers that answer as the test says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.directory import LdapDirectory
from gateway.identity.directories.line import Answer, Entry, LineLost, Search, SearchAnswer
from gateway.identity.directories.port import DirectoryDown, Verdict
from tests.gateway.identity.directories.campus import HandClock
from tests.gateway.identity.directories.scripted import Behaviour, ScriptedOpener

JANE = Entry("uid=jane,dc=x", {"uid": [b"jane"], "entryUUID": [b"1"]})


def found(*entries: Entry, code: int = 0) -> Behaviour:
    return Behaviour(search=lambda search: SearchAnswer(code, entries=entries))


def directory(clock: HandClock | None = None, /, **servers: Behaviour | Any) -> tuple[LdapDirectory, ScriptedOpener]:
    """A directory whose servers are `s1`, `s2`...; other names are settings."""
    behaviours = {int(name[1:]): value for name, value in servers.items() if isinstance(value, Behaviour)}
    settings = {name: value for name, value in servers.items() if not isinstance(value, Behaviour)}
    opener = ScriptedOpener(behaviours)
    config = DirectoryConfig.model_validate(
        {
            "servers": [f"ldap://127.0.0.1:{port}" for port in behaviours],
            "security": "none",
            "bind_dn": "cn=reader",
            "bind_password": "secret",
            "base": "dc=x",
            **settings,
        }
    )
    return LdapDirectory("campus", config, opener, clock or HandClock()), opener


async def test_what_a_login_does() -> None:
    campus, opener = directory(s1=found(JANE))
    for _ in range(2):
        assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT
    once = [(1, "search (uid=jane)"), (1, "open"), (1, "bind uid=jane,dc=x")]
    assert opener.done == [(1, "open"), (1, "bind cn=reader"), *once, *once]
    assert opener.open_lines == 1  # the one kept for searching
    await campus.close()
    assert opener.open_lines == 0


async def test_one_entry_behind_a_limit_of_one_is_not_known_to_be_the_only_one() -> None:
    campus, opener = directory(s1=found(JANE, code=4))
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.AMBIGUOUS
    assert (1, "bind uid=jane,dc=x") not in opener.done


@pytest.mark.parametrize("code", [51, 52, 80])
async def test_a_server_that_cannot_now_gives_way_to_the_next(code: int) -> None:
    campus, opener = directory(s1=Behaviour(search=lambda search: SearchAnswer(code)), s2=found(JANE))
    login = await campus.authenticate("jane", "right", deadline=5)
    assert login.verdict is Verdict.RIGHT
    assert opener.done[-1] == (2, "bind uid=jane,dc=x")
    assert opener.open_lines == 1


async def test_a_busy_server_at_the_service_bind_too() -> None:
    campus, _ = directory(s1=Behaviour(bind=lambda name, password: Answer(51)), s2=found(JANE))
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT


@pytest.mark.parametrize("code", [8, 49, 53])
async def test_a_refused_account_is_refused_by_all_of_them(code: int) -> None:
    campus, opener = directory(s1=Behaviour(bind=lambda name, password: Answer(code)), s2=found(JANE))
    with pytest.raises(DirectoryDown, match="service account was refused"):
        await campus.authenticate("jane", "right", deadline=5)
    assert opener.done == [(1, "open"), (1, "bind cn=reader")]
    assert opener.open_lines == 0


async def test_a_person_s_bind_goes_where_the_search_was_and_may_give_way_before_it_is_sent() -> None:
    opened = iter([None, LineLost("connect", "Connection refused")])
    campus, opener = directory(
        s1=Behaviour(search=lambda search: SearchAnswer(0, entries=[JANE]), opens=lambda: next(opened)), s2=Behaviour()
    )
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT
    assert opener.done[-3:] == [(1, "open"), (2, "open"), (2, "bind uid=jane,dc=x")]


@pytest.mark.parametrize(
    "answer", [Answer(51), Answer(80), LineLost("bind", "the connection was lost"), LineLost("bind", "-", silent=True)]
)
async def test_a_person_s_bind_is_sent_once(answer: Answer | LineLost) -> None:
    def bind(name: str, password: str) -> Answer | LineLost:
        return Answer(0) if name == "cn=reader" else answer

    one = Behaviour(search=lambda search: SearchAnswer(0, entries=[JANE]), bind=bind)
    campus, opener = directory(s1=one, s2=one)
    with pytest.raises(DirectoryDown) as down:
        await campus.authenticate("jane", "right", deadline=5)
    assert down.value.step == "bind"
    assert down.value.sent == isinstance(answer, LineLost)
    assert [what for _, what in opener.done].count("bind uid=jane,dc=x") == 1
    assert opener.open_lines == 1


async def test_references_are_not_followed_and_harm_no_login() -> None:
    one = Behaviour(search=lambda search: SearchAnswer(0, entries=[JANE], references=3))
    campus, _ = directory(s1=one)
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT


async def test_a_service_account_without_a_password_is_never_sent() -> None:
    campus, opener = directory(s1=found(JANE), bind_password="")
    with pytest.raises(DirectoryDown, match="no password"):
        await campus.authenticate("jane", "right", deadline=5)
    assert opener.done == [(1, "open")]
    assert opener.open_lines == 0


async def test_without_a_service_account_the_search_is_anonymous() -> None:
    campus, opener = directory(s1=found(JANE), bind_dn="", bind_password="")
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT
    assert opener.done[:2] == [(1, "open"), (1, "search (uid=jane)")]


async def test_waiting_for_a_connection_counts() -> None:
    campus, _ = directory(s1=found(JANE), connections=1)
    lines = campus._lines
    await lines._slots.acquire()
    with pytest.raises(DirectoryDown, match="all connections were busy"):
        await campus.authenticate("jane", "right", deadline=0.05)
    lines._slots.release()
    assert (await campus.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT


async def test_whoever_is_cancelled_leaves_nothing_open() -> None:
    begun = asyncio.Event()

    class Slow(ScriptedOpener):
        async def open(self, server: Any, *, seconds: float) -> Any:
            line = await super().open(server, seconds=seconds)

            async def search(search: Search, *, seconds: float) -> SearchAnswer:
                begun.set()
                await asyncio.sleep(60)
                return SearchAnswer(0)

            line.search = search
            return line

    campus, _ = directory(s1=Behaviour(), connections=1)
    opener = campus._lines._opener = Slow({1: Behaviour()})
    waiting = asyncio.ensure_future(campus.authenticate("jane", "right", deadline=50))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert opener.open_lines == 0
    assert not campus._lines._slots.locked()


async def test_that_a_server_is_passed_over_and_is_back_is_logged_once_and_names_nobody() -> None:
    clock = HandClock()
    lost = LineLost("connect", "no answer in time", silent=True)
    opened = iter([lost, lost, None])
    campus, _ = directory(clock, s1=Behaviour(opens=lambda: next(opened)), s2=found(JANE))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await campus.explain("jane", None, deadline=5)
            clock.seconds += 31
    about = {"directory": "campus", "server": "127.0.0.1:1"}
    why = {"step": "connect", "reason": "no answer in time", "seconds": 30.0}
    assert logs == [
        {"event": "directory.server_passed_over", "log_level": "warning", **about, **why},
        {"event": "directory.server_back", "log_level": "info", **about},
    ]


async def test_no_more_connections_are_kept_than_configured() -> None:
    campus, opener = directory(s1=found(JANE), connections=2)
    for _ in range(5):
        await campus.explain("jane", None, deadline=5)
    assert opener.open_lines == 2


async def test_what_is_told_of_a_login_names_nobody() -> None:
    refusing = Behaviour(
        search=lambda search: SearchAnswer(0, entries=[JANE]),
        bind=lambda name, password: Answer(0 if name == "cn=reader" else 49, "no, Jane: uid=jane,dc=x is locked"),
    )
    campus, _ = directory(s1=refusing)
    explained = await campus.explain("jane", "hunter2", deadline=5)
    assert explained.verdict is Verdict.WRONG
    told = " ".join(f"{step.name} {step.detail}" for step in explained.steps)
    assert "jane" not in told.lower()
    assert "hunter2" not in told
