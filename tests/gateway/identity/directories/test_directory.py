"""Logins at a real slapd: who is right, who is wrong, and how often anybody is bound as."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.directories import open_directory
from gateway.identity.directories.port import DirectoryDown, Login, Verdict
from tests.gateway.identity.directories.campus import HandClock, clear, settings
from tests.gateway.identity.directories.conftest import Open
from tests.slapd import LOCKOUT, PEOPLE, SUFFIX, Slapd, person


async def test_a_right_password_over_ldaps(slapd: Slapd, directory: Open) -> None:
    login = await directory(settings(slapd, attributes=["mail", "cn"])).authenticate(
        "u000001", "pw-u000001", deadline=5
    )
    assert login.verdict is Verdict.RIGHT
    assert login.dn == person(1).dn
    assert login.attributes["mail"] == ["u000001@campus.example"]
    assert login.attributes["cn"] == person(1).attributes["cn"]
    assert login.attributes["entryuuid"] == [person(1).key]


async def test_and_over_starttls(slapd: Slapd, directory: Open) -> None:
    config = settings(slapd, servers=[slapd.url], security="starttls")
    explained = await directory(config).explain("u000002", "pw-u000002", deadline=5)
    assert explained.verdict is Verdict.RIGHT
    assert [step.name for step in explained.steps] == [
        "connect", "tls", "service bind", "search", "connect", "tls", "bind",
    ]  # fmt: skip
    assert all(step.ok for step in explained.steps)
    tls = explained.steps[1].detail
    assert "TLSv1.3, commonName=localhost, valid until 2" in tls


@pytest.mark.parametrize(
    ("login", "password", "verdict"),
    [
        ("u000003", "pw-u000004", Verdict.WRONG),
        ("u000003", "", Verdict.WRONG),
        ("nobody", "pw-nobody", Verdict.UNKNOWN),
        ("", "pw-u000003", Verdict.UNKNOWN),
        (" ", "pw-u000003", Verdict.UNKNOWN),
        ("u" * 300, "pw-u000003", Verdict.UNKNOWN),
        ("u00000*", "pw-u000003", Verdict.UNKNOWN),
        ("*", "pw-u000003", Verdict.UNKNOWN),
        ("u000003)(uid=*", "pw-u000003", Verdict.UNKNOWN),
        ("u000003)(objectClass=*))(|(uid=x", "pw-u000003", Verdict.UNKNOWN),
        ("u000003\0", "pw-u000003", Verdict.UNKNOWN),
        ("\\2a", "pw-u000003", Verdict.UNKNOWN),
        ("u00000\udcc3", "pw-u000003", Verdict.UNKNOWN),
        ("u000003", "pw-\udcc3", Verdict.WRONG),
        ("u000003", "pw-u000003\0", Verdict.WRONG),
    ],
)
async def test_others(slapd: Slapd, directory: Open, login: str, password: str, verdict: Verdict) -> None:
    found = await directory(clear(slapd)).authenticate(login, password, deadline=5)
    assert found.verdict is verdict
    assert found.attributes == {}


async def test_two_who_fit_are_not_bound_as(slapd: Slapd, directory: Open) -> None:
    config = clear(slapd, login_filter="(|(uid={login})(departmentNumber={login}))")
    found = await directory(config).authenticate("D01", "pw-u000001", deadline=5)
    assert found.verdict is Verdict.AMBIGUOUS
    assert "bind" not in [step.name for step in found.steps]


async def test_no_more_than_two_are_ever_asked_for(slapd: Slapd, directory: Open) -> None:
    everybody = clear(slapd, login_filter="(|(uid={login})(employeeType={login}))")
    assert len(await directory(everybody).find("student", deadline=5)) == 2


async def test_finding_without_a_password(slapd: Slapd, directory: Open) -> None:
    found = await directory(clear(slapd)).find("u000007", deadline=5)
    assert [one.dn for one in found] == [person(7).dn]
    assert found[0].attributes["employeenumber"] == [b"10000007"]
    explained = await directory(clear(slapd)).explain("u000007", None, deadline=5)
    assert explained.verdict is Verdict.RIGHT
    assert explained.attributes["displayname"] == person(7).attributes["displayName"]


@pytest.mark.parametrize(
    ("login", "password", "verdict"),
    [
        ("u000005", "pw-u000005", Verdict.RIGHT),
        ("u000005", "pw-u000004", Verdict.WRONG),
        ("u000005,ou=people", "pw-u000005", Verdict.WRONG),  # one value with a comma in it, which nobody has
        ("u000005+cn=x", "pw-u000005", Verdict.WRONG),
        (" u000005", "pw-u000005", Verdict.RIGHT),  # caseIgnoreMatch: blanks in front do not count
    ],
)
async def test_by_template(slapd: Slapd, directory: Open, login: str, password: str, verdict: Verdict) -> None:
    config = clear(slapd, bind_as="template", bind_template=f"uid={{login}},{PEOPLE}", attributes=["mail"])
    found = await directory(config).authenticate(login, password, deadline=5)
    assert found.verdict is verdict
    assert found.attributes == ({"mail": ["u000005@campus.example"]} if verdict is Verdict.RIGHT else {})
    assert [step.name for step in found.steps if step.name == "search"] == []


async def test_wrong_passwords_count_once_each_and_the_lock_is_seen(tmp_path: Path, directory: Open) -> None:
    server = Slapd.start(tmp_path, people=2, lockout=True)
    try:
        campus = directory(clear(server))
        for wrong in range(1, LOCKOUT + 1):
            assert (await campus.authenticate("u000001", "guess", deadline=5)).verdict is Verdict.WRONG
            assert server.search("(uid=u000001)", "pwdFailureTime").count("pwdFailureTime:") == wrong
        assert (await campus.authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.LOCKED
        assert (await campus.authenticate("u000002", "pw-u000002", deadline=5)).verdict is Verdict.RIGHT
    finally:
        server.stop()


async def test_an_empty_password_reaches_nobody(slapd: Slapd, directory: Open) -> None:
    explained = await directory(clear(slapd)).explain("u000001", "", deadline=5)
    assert explained.verdict is Verdict.WRONG
    assert [step.name for step in explained.steps] == ["bind"]


async def test_names_with_everything_in_them(tmp_path: Path, directory: Open) -> None:
    server = Slapd.start(tmp_path, people=2)
    try:
        server.rename(person(1).dn, r"uid=a\2cb\2bc=\22d\5c\3cŵ")
        server.modify('uid=a\\,b\\+c=\\"d\\\\\\<ŵ,ou=people,dc=campus,dc=example', "userPassword", "pâss wörd")
        for config in (clear(server), clear(server, bind_as="template", bind_template=f"uid={{login}},{PEOPLE}")):
            found = await directory(config).authenticate('a,b+c="d\\<ŵ', "pâss wörd", deadline=5)
            assert found.verdict is Verdict.RIGHT
    finally:
        server.stop()


async def test_a_refused_service_account_is_not_tried_again_at_once(tmp_path: Path, directory: Open) -> None:
    server = Slapd.start(tmp_path, people=1)
    clock = HandClock()
    try:
        server.modify("cn=reader,dc=campus,dc=example", "userPassword", "another-secret")
        campus = directory(clear(server), clock)
        for _ in range(2):
            with pytest.raises(DirectoryDown, match="service account was refused: 49 invalidCredentials") as down:
                await campus.authenticate("u000001", "pw-u000001", deadline=5)
            assert down.value.step == "bind"
            assert not down.value.sent
        server.modify("cn=reader,dc=campus,dc=example", "userPassword", "reader-secret")
        with pytest.raises(DirectoryDown, match="refused"):  # nobody asked the server
            await campus.authenticate("u000001", "pw-u000001", deadline=5)
        clock.seconds += 31
        assert (await campus.authenticate("u000001", "pw-u000001", deadline=5)).verdict is Verdict.RIGHT
    finally:
        server.stop()


async def test_a_base_that_is_not_there_is_no_wrong_password(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd, base="dc=elsewhere,dc=example"))
    with pytest.raises(DirectoryDown, match="noSuchObject") as down:
        await campus.authenticate("u000001", "pw-u000001", deadline=5)
    assert down.value.step == "search"
    steps = await campus.check()
    assert [(step.name, step.ok) for step in steps] == [("connect", True), ("service bind", True), ("base", False)]


async def test_a_check_of_every_server(slapd: Slapd, directory: Open) -> None:
    steps = await directory(settings(slapd)).check()
    assert [(step.name, step.ok) for step in steps] == [
        ("connect", True), ("tls", True), ("service bind", True), ("base", True),
    ]  # fmt: skip
    assert steps[-1].detail == SUFFIX


async def test_many_at_once_share_few_connections(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd, connections=2))
    numbers = [number % 19 + 2 for number in range(40)]
    tries = (campus.authenticate(person(n).login, person(n).password, deadline=20) for n in numbers)
    found = await asyncio.gather(*tries)
    assert [one.dn for one in found] == [person(n).dn for n in numbers]
    assert {one.verdict for one in found} == {Verdict.RIGHT}
    assert sum(step.name == "service bind" for one in found for step in one.steps) <= 2


@given(login=st.text(max_size=20), password=st.text(max_size=20))
@hypothesis.settings(max_examples=60)
def test_whatever_is_typed_is_no_fault_of_the_directory(slapd: Slapd, login: str, password: str) -> None:
    async def typed() -> Login:
        campus = open_directory("campus", clear(slapd), clock=HandClock())
        try:
            return await campus.authenticate(login, password, deadline=10)
        finally:
            await campus.close()

    assert asyncio.run(typed()).verdict in (Verdict.WRONG, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"login_filter": "(uid={login}"},
        {"login_filter": "uid={login})"},
        {"base": "campus"},
        {"bind_as": "template", "bind_template": "{login},dc=example"},
    ],
)
def test_a_filter_or_a_name_that_is_none_is_found_out_at_once(slapd: Slapd, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="directory campus: "):
        open_directory("campus", clear(slapd, **wrong), clock=HandClock())


async def test_a_closed_directory_leaves_no_threads(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd))
    await campus.authenticate("u000001", "pw-u000001", deadline=5)
    before = {thread for thread in threading.enumerate() if thread.name.startswith("directory")}
    assert before
    await campus.close()
    for thread in before:
        thread.join(10)
    assert not any(thread.is_alive() for thread in before)


def test_an_authority_that_cannot_be_read_says_which(slapd: Slapd, tmp_path: Path) -> None:
    absent, empty = tmp_path / "absent.pem", tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    for file in (absent, empty):
        with pytest.raises(ValueError, match=file.name):
            open_directory("campus", settings(slapd, ca=file), clock=HandClock())


async def test_nothing_is_sent_on_a_closed_directory(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd))
    await campus.authenticate("u000001", "pw-u000001", deadline=5)
    await campus.close()
    with pytest.raises(DirectoryDown, match="closed"):
        await campus.authenticate("u000001", "pw-u000001", deadline=5)
