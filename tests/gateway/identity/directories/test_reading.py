"""Reading many entries: what proves that these were all, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.clock import SystemClock
from gateway.identity.directories.directory import LdapDirectory
from gateway.identity.directories.ldap3_line import Ldap3Opener
from gateway.identity.directories.line import Entry, LineLost, Search, SearchAnswer
from gateway.identity.directories.port import DirectoryDown, DirectoryEntry
from library_protocols.ldap.controls import PagedResults, find_control
from library_protocols.ldap.facts.oids import PAGED_RESULTS
from library_protocols.ldap.messages import Control
from tests.bad_network import Relay
from tests.gateway.identity.directories.campus import clear
from tests.gateway.identity.directories.conftest import Open
from tests.gateway.identity.directories.scripted import Behaviour, ScriptedOpener
from tests.gateway.identity.directories.test_lines import directory as scripted
from tests.slapd import LIMITED, LIMITED_PASSWORD, SUFFIX, Slapd, person

PEOPLE = "(objectClass=person)"


async def everything(campus: LdapDirectory, page: int = 7) -> list[DirectoryEntry]:
    return [entry async for entries in campus.entries("", PEOPLE, ["uid"], page=page) for entry in entries]


async def test_a_whole_tree(slapd: Slapd, directory: Open) -> None:
    found = await everything(directory(clear(slapd)))
    assert [entry.attributes for entry in found] == [{"uid": [person(n).login.encode()]} for n in range(1, 21)]


async def test_one_level_alone_where_so_configured(slapd: Slapd, directory: Open) -> None:
    assert await everything(directory(clear(slapd, scope="one"))) == []


async def test_a_limited_account(slapd: Slapd, directory: Open) -> None:
    with pytest.raises(DirectoryDown, match="LimitExceeded"):
        await everything(directory(clear(slapd, bind_dn=LIMITED, bind_password=LIMITED_PASSWORD)))


async def test_a_server_that_falls_silent_in_mid_read(slapd: Slapd) -> None:
    with Relay(slapd.ldap_port) as relay:
        config = clear(slapd, servers=[f"ldap://127.0.0.1:{relay.port}"])
        campus = LdapDirectory("campus", config, Ldap3Opener(config), SystemClock(), page_seconds=0.3)
        try:
            pages = campus.entries("", PEOPLE, ["uid"], page=7)
            assert len(await anext(pages)) == 7
            relay.silent = True
            with pytest.raises(DirectoryDown, match="broke off: no answer in time"):
                await anext(pages)
            await relay.deserted()
        finally:
            await campus.close()


async def test_what_is_discarded_is_not_kept(slapd: Slapd, directory: Open) -> None:
    campus = directory(clear(slapd))
    line = await campus.reading.open()
    try:
        everybody = Search(SUFFIX, PEOPLE, ["uid"])
        assert len((await campus.reading.ask(line, everybody)).entries) == 20
        discarded = await campus.reading.ask(line, replace(everybody, discard=True))
        assert (discarded.code, list(discarded.entries)) == (0, [])
        assert len((await campus.reading.ask(line, everybody)).entries) == 20
    finally:
        line.drop()


def entry(number: int) -> Entry:
    return Entry(f"uid={number},dc=x", {"uid": [str(number).encode()]})


def paged(cookie: bytes, *entries: Entry, references: int = 0) -> SearchAnswer:
    return SearchAnswer(0, controls=[PagedResults(0, cookie).control()], entries=entries, references=references)


def answers(*said: SearchAnswer | LineLost) -> tuple[LdapDirectory, ScriptedOpener, list[bytes]]:
    """A directory that says these in turn, and the cookies it was sent."""
    rest, cookies = iter(said), list[bytes]()

    def search(search: Search) -> SearchAnswer | LineLost:
        control = find_control(search.controls, PAGED_RESULTS)
        assert control is not None
        cookies.append(PagedResults.read(control).cookie)
        return next(rest)

    campus, opener = scripted(s1=Behaviour(search=search))
    return campus, opener, cookies


async def test_cookies_go_back_as_they_came() -> None:
    campus, opener, cookies = answers(paged(b"a", entry(1)), paged(b"b"), paged(b"b", entry(2)), paged(b""))
    assert [one.dn for one in await everything(campus)] == ["uid=1,dc=x", "uid=2,dc=x"]
    assert cookies == [b"", b"a", b"b", b"b"]
    assert opener.open_lines == 0


async def test_a_server_without_paging_sends_everything_at_once() -> None:
    campus, _, _ = answers(SearchAnswer(0, entries=[entry(1), entry(2)]))
    assert len(await everything(campus)) == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([paged(b"a", entry(1)), paged(b"a")], "the server repeats the same empty page"),
        ([paged(b"a", entry(1)), paged(b"", references=1)], "a part of the tree is on another server"),
        ([paged(b"", entry(1), references=2)], "a part of the tree is on another server"),
        ([paged(b"a", entry(1)), SearchAnswer(3, entries=[entry(2)])], "3 timeLimitExceeded"),
        ([paged(b"a", entry(1)), SearchAnswer(51)], "51 busy"),
        ([paged(b"a", entry(1)), SearchAnswer(53)], "53 unwillingToPerform"),
        ([paged(b"a", entry(1)), SearchAnswer(10)], "10 referral"),
        ([paged(b"a", entry(1)), SearchAnswer(0, controls=[Control(PAGED_RESULTS, value=b"?")])], "could not be read"),
        ([paged(b"a", entry(1)), LineLost("search", "the connection was lost")], "broke off: the connection was lost"),
    ],
)
async def test_what_proves_nothing(said: list[SearchAnswer | LineLost], reason: str) -> None:
    campus, opener, _ = answers(*said)
    with pytest.raises(DirectoryDown, match=reason):
        await everything(campus)
    assert opener.open_lines == 0


async def test_values_in_ranges_of_somebody_deleted_meanwhile_are_no_whole_entry() -> None:
    group = Entry("cn=g,dc=x", {"member": [], "member;range=0-1": [b"1", b"2"]})
    asked: list[Search] = []

    def search(search: Search) -> SearchAnswer:
        asked.append(search)
        return paged(b"", group) if len(asked) == 1 else SearchAnswer(32)

    campus, _ = scripted(s1=Behaviour(search=search))
    with pytest.raises(DirectoryDown, match="the rest of member could not be read: 32 noSuchObject"):
        await everything(campus)
    assert (asked[1].base, list(asked[1].attributes)) == ("cn=g,dc=x", ["member;range=2-*"])


async def test_languages_of_an_attribute_are_one_attribute() -> None:
    both = Entry("uid=1,dc=x", {"cn": [b"Library"], "cn;lang-cy": [b"Llyfrgell"]})
    campus, _, _ = answers(paged(b"", both))
    assert (await everything(campus))[0].attributes == {"cn": [b"Library", b"Llyfrgell"]}
