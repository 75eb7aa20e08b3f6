"""What the benchmarks of identity stand on: they ask what they say, take no wrong answer for a fast one, and end."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.config.identity import LdapFeedConfig
from gateway.crosswalks.ldap import attribute
from gateway.identity.sync.engine import Step
from library_protocols.ldap import (
    LdapMessage,
    Result,
    ResultCode,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    decode,
    encode,
)
from library_protocols.ldap.filters import Equality
from library_protocols.ldap.messages import BindResponse
from tests.benchmarks import identity, ldap_node, ldap_peer, logins_process, people_process
from tests.benchmarks.ldap_searchers import LdapSearcher, head
from tests.benchmarks.machine import pin_process
from tests.benchmarks.searchers import Load
from tests.presence import missing
from tests.slapd import PEOPLE, Slapd, person

FEW = 30
SUCCESS = Result(ResultCode.SUCCESS)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    if absent := ldap_peer.missing():
        missing(absent)
    server = Slapd.start(tmp_path_factory.mktemp("slapd"), people=FEW, changed=identity.LONG_AGO)
    yield server
    server.stop()


@pytest.fixture
def with_python_ldap() -> None:
    if absent := identity._without_python_ldap():
        missing(absent)


class Sent:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.messages: list[LdapMessage] = []

    def write(self, octets: bytes) -> None:
        self.messages.append(decode(octets))


def searcher(*questions: str) -> tuple[LdapSearcher, Sent]:
    made, sent = LdapSearcher(Load(0, "ldap", "dc=x", 1, list(questions)), 0), Sent()
    made.connection_made(sent)  # pyright: ignore[reportArgumentType]
    made.data_received(encode(LdapMessage(1, BindResponse(SUCCESS))))
    return made, sent


def entry(octets: int) -> bytes:
    return encode(LdapMessage(2, SearchResultEntry("uid=a,dc=x", (("cn", (b"a" * octets,)),))))


def done(code: ResultCode = ResultCode.SUCCESS) -> bytes:
    return encode(LdapMessage(2, SearchResultDone(Result(code))))


@pytest.mark.parametrize("octets", [1, 100, 200, 70_000])
def test_heads_say_where_an_element_ends(octets: int) -> None:
    message = entry(octets)
    found = head(b"xx" + message + b"more", 2)
    assert found is not None
    assert (found[0], found[2]) == (0x30, 2 + len(message))
    assert head(message[:1], 0) is None
    assert head(entry(200)[:2], 0) is None


@pytest.mark.parametrize("piece", [1, 7, 100_000])
async def test_entries_are_counted_however_they_arrive(piece: int) -> None:
    made, sent = searcher("(uid=one)", "(uid=two)")
    assert made.ready.done()
    made.begin(0.0)
    answers = [entry(10) + entry(300) + done(), done()]
    for answer in answers:
        for at in range(0, len(answer), piece):
            made.data_received(answer[at : at + piece])
    assert [asked.hits for asked in made.asked] == [2, 0]
    assert made.done.done()
    asked = [message.op for message in sent.messages[1:]]
    assert all(isinstance(one, SearchRequest) and one.base == "dc=x" for one in asked)
    assert [one.filter for one in asked if isinstance(one, SearchRequest)] == [
        Equality("uid", b"one"),
        Equality("uid", b"two"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        done(ResultCode.TIME_LIMIT_EXCEEDED),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100,
        encode(LdapMessage(1, BindResponse(Result(ResultCode.INVALID_CREDENTIALS)))),
    ],
)
async def test_a_wrong_answer_ends_the_load(answer: bytes) -> None:
    made, _ = searcher("(uid=one)")
    made.begin(0.0)
    made.data_received(answer)
    with pytest.raises(ValueError, match=r"no LDAPMessage|an answer"):
        await made.done


def test_questions_are_different_and_find_one_person_each() -> None:
    asked = identity.questions(500)
    assert len(set(asked)) == 500
    by_value: dict[str, int] = {}
    for number in range(1, 501):
        for one in ldap_node.person(number).identifiers[:2]:
            assert by_value.setdefault(f"(uid={one.value})", number) == number
    assert {by_value[text] for text in asked} == set(range(1, 501))
    assert len(identity.questions(10_000)) == identity.QUESTIONS


def test_the_view_is_shown_what_the_register_knows(tmp_path: Path) -> None:
    config = ldap_node.configuration(tmp_path)
    (account,) = config.members[ldap_node.MEMBER].identity.ldap.accounts.values()
    rows = [row for name in account.attributes if (row := attribute(name))]
    assert len(rows) == len(account.attributes) > 20
    assert not any(row.live or row.name == "userPassword" for row in rows)


def test_the_configuration_of_the_feed_is_one(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(identity.toml(tmp_path, Slapd(tmp_path, 1, 2, tmp_path / "ca.pem")), encoding="utf-8")
    config: Config = load(file)
    (feed,) = config.members[identity.MEMBER].identity.feeds
    assert isinstance(feed, LdapFeedConfig)
    assert {name: source.source[0] for name, source in feed.fields.items()} == {
        name: source["from"] for name, source in identity.FIELDS.items()
    }
    assert [rule.category for rule in feed.categories] == ["staff", "student"]
    assert feed.delta == "modify-timestamp"
    assert feed.overlap_seconds < 1200  # as far apart as the people of the directory were changed


def test_a_schema_is_without_what_is_known() -> None:
    subschema: dict[str, list[bytes]] = {
        "attributeTypes": [b"( 2.5.4.3 NAME 'cn' SUP name )", b"( 1.2.3 NAME 'own' SUP name )"],
        "objectClasses": [b"( 1.2.4 NAME 'ownPerson' MAY own )"],
    }
    made = ldap_peer.schema(("cn=Subschema", subschema), {"2.5.4.3"})
    assert made == "attributetype ( 1.2.3 NAME 'own' SUP name )\nobjectclass ( 1.2.4 NAME 'ownPerson' MAY own )\n"


def test_servers_that_say_something_else_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[int, Any] = {
        1: {"cn": [b"a", b"b"]},
        2: {"CN": [b"b", b"a"]},
        3: {"cn": [b"a"]},
    }
    monkeypatch.setattr(ldap_peer, "search", lambda port, *_: [("uid=a", said[port])] if port in said else [])
    assert ldap_peer.same(tmp_path, (1, 2), "dc=x", ["(uid=a)", "(uid=b)"]) == 2
    for other in ((1, 3), (1, 9), (9, 9)):
        with pytest.raises(RuntimeError):
            ldap_peer.same(tmp_path, other, "dc=x", ["(uid=a)"])


async def test_memory_is_taken_as_people_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = iter([10.0, 20.0, 30.0, 40.0, 50.0])
    monkeypatch.setattr(people_process, "megabytes", lambda process: {"own": next(memory)})
    shown: list[int] = []

    class Ended:
        run = type("Run", (), {"state": "done", "counters": {"read": 100}})

    async def sync_feed(*, progress: Any) -> Ended:
        for read in (10, 25, 60, 99, 100):
            progress(Step("campus", read, 0, None))
        return Ended()

    monkeypatch.setattr(people_process, "sync_feed", sync_feed)
    watch = people_process.Watch(100)
    await watch(progress=lambda step: shown.append(step.read))
    assert shown == [10, 25, 60, 99, 100]
    assert (watch.figures["quarter_megabytes"], watch.figures["end_megabytes"]) == (20.0, 50.0)
    assert watch.memory_at(101) is None


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor only")
def test_another_process_is_kept_on_a_processor() -> None:
    sleep = subprocess.Popen([shutil.which("sleep") or "sleep", "30"])
    try:
        pin_process(sleep.pid, 1)
        assert os.sched_getaffinity(sleep.pid) == {1}
    finally:
        sleep.kill()
        sleep.wait()


def of_the_campus(slapd: Slapd, password: str = "") -> logins_process.Logins:
    who = person(3)
    return logins_process.Logins(identity.directory(slapd), [(who.login, password or who.password)], 2, 0.05)


async def test_nobody_is_let_in_by_a_wrong_password(slapd: Slapd) -> None:
    assert (await logins_process.run(of_the_campus(slapd)))["logins"] >= 2
    with pytest.raises(RuntimeError, match="wrong"):
        await logins_process.run(of_the_campus(slapd, "other"))


@pytest.mark.usefixtures("with_python_ldap")
def test_nor_by_the_bare_program(slapd: Slapd) -> None:
    assert logins_process.check(of_the_campus(slapd), bare=True)["logins"] >= 2
    with pytest.raises(subprocess.CalledProcessError):
        logins_process.check(of_the_campus(slapd, "other"), bare=True)


def test_a_bare_read_must_have_everybody(slapd: Slapd) -> None:
    figures = identity.ldapsearch(slapd, FEW)
    assert figures["per_second"] > 0
    assert (slapd.folder / "read.ldif").read_text().count(f",{PEOPLE}\n") == FEW
    with pytest.raises(RuntimeError, match=f"found {FEW} of {FEW + 1}"):
        identity.ldapsearch(slapd, FEW + 1)


@pytest.mark.usefixtures("slapd")
@pytest.mark.timeout(240)
def test_people_are_synced() -> None:
    figures = identity.people(True, 60)
    assert (figures["people"], figures["changed"]) == (60, 6)
    assert all(figures[name]["per_second"] > 0 for name in ("first", "unchanged", "delta", "ldapsearch"))
    assert figures["first"]["own_megabytes_at_end"] > 0


@pytest.mark.usefixtures("slapd", "with_python_ldap")
@pytest.mark.timeout(240)
def test_campus_logins_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SECONDS_QUICK", 0.1)
    monkeypatch.setattr(identity, "CONCURRENCY", (2,))
    figures = identity.campus(True, 20)
    assert figures["at_2"]["ours"]["logins"] >= 2
    assert figures["at_2"]["ratio"] > 0


@pytest.mark.usefixtures("slapd")
@pytest.mark.timeout(240)
def test_searches_are_measured_on_the_same_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SECONDS_QUICK", 0.1)
    monkeypatch.setattr(identity, "CONCURRENCY", (2,))
    figures = identity.ldap(True, 40)
    assert figures["compared"] == identity.SAMPLE
    assert figures["at_2"]["ratio"] > 0
