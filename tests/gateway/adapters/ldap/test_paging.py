"""Paged results: every entry once, and cookies that are of one search of one bind of one connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.adapters.ldap.paging import BadCookie, Cookies
from library_protocols.ldap import Control, PagedResults, ResultCode, SearchRequest
from library_protocols.ldap.facts import oids
from tests.gateway.adapters.ldap.asking import BASE, ONE, SUB, Client, Found, found, search
from tests.gateway.adapters.ldap.conftest import ABER, ANN, FEW, PIN, READER, Listening, person

PEOPLE = f"ou=people,{ABER}"


async def pages(client: Client, size: int, *args: str, scope: int = SUB, limit: int = 0) -> list[Found]:
    """Every page, until there is no cookie."""
    gathered: list[Found] = []
    cookie = b""
    while not gathered or cookie:
        one = await client.page(size, cookie, *args, scope=scope, size=limit)
        gathered.append(one)
        cookie = one.cookie or b""
    return gathered


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9, 10, 11, 1000])
async def test_pages_hold_everything_once(listening: Listening, size: int) -> None:
    client = await listening.connect(READER)
    whole = await client.search(ABER, "(objectClass=*)", "1.1")
    parts = await pages(client, size, ABER, "(objectClass=*)", "1.1")
    assert [name for part in parts for name in part.names] == whole.names
    assert [len(part.names) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert 0 < len(parts[-1].names) <= size
    assert all(part.code == 0 for part in parts)


async def test_pages_over_many_people_hold_only_those_who_fit(listening: Listening) -> None:
    await listening.add(
        *(person(number, f"{'Odd' if number % 2 else 'Even'} One{number}") for number in range(100, 700))
    )
    client = await listening.connect(READER)
    parts = await pages(client, 70, PEOPLE, "(cn=*dd one*)", "1.1", scope=ONE)
    assert [len(part.names) for part in parts] == [70, 70, 70, 70, 20]
    assert [uid for part in parts for uid in part.uids] == [f"201{number:05}" for number in range(101, 700, 2)]


async def test_a_page_larger_than_ours_is_ours(listening: Listening) -> None:
    listening.settle(page_size=4, size_limit=2)
    client = await listening.connect(READER)
    parts = await pages(client, 1000, PEOPLE, scope=ONE)
    assert [len(part.names) for part in parts] == [4, 3], "an account that pages is not limited in all"


async def test_the_clients_limit_holds_over_all_pages(listening: Listening) -> None:
    client = await listening.connect(READER)
    first = await client.page(3, b"", PEOPLE, scope=ONE, size=5)
    assert (first.code, len(first.names)) == (0, 3)
    second = await client.page(3, first.cookie or b"", PEOPLE, scope=ONE, size=5)
    assert (second.code, len(second.names), second.cookie) == (ResultCode.SIZE_LIMIT_EXCEEDED, 2, None)


async def test_people_who_come_between_pages_are_met_or_not_and_nobody_twice(listening: Listening) -> None:
    client = await listening.connect(READER)
    first = await client.page(3, b"", PEOPLE, "(objectClass=*)", "1.1", scope=ONE)
    await listening.add(person(90, "Late Comer"))
    rest = await client.page(100, first.cookie or b"", PEOPLE, "(objectClass=*)", "1.1", scope=ONE)
    assert len({*first.names, *rest.names}) == len(first.names) + len(rest.names) == 8


async def test_a_page_of_nothing_ends_the_paging(listening: Listening) -> None:
    client = await listening.connect(READER)
    first = await client.page(3, b"", PEOPLE, scope=ONE)
    for cookie in (b"", first.cookie or b""):
        ended = await client.page(0, cookie, PEOPLE, scope=ONE)
        assert (ended.code, ended.names, ended.cookie) == (0, [], b"")


async def test_one_entry_comes_on_one_page(listening: Listening) -> None:
    client = await listening.connect(READER)
    for base in (ANN, READER, ABER, ""):
        one = await client.page(1, b"", base, scope=BASE)
        assert (one.code, len(one.names), one.cookie) == (0, 1, b"")


async def test_a_patron_pages_through_one_entry(listening: Listening) -> None:
    client = await listening.connect(ANN, PIN)
    assert [part.names for part in await pages(client, 1, ABER)] == [[ANN]]


async def test_another_connection_cannot_use_a_cookie(listening: Listening) -> None:
    client, other = await listening.connect(READER), await listening.connect(READER)
    cookie = (await client.page(2, b"", PEOPLE, scope=ONE)).cookie or b""
    assert (await other.page(2, cookie, PEOPLE, scope=ONE)).code == ResultCode.UNWILLING_TO_PERFORM
    assert (await client.page(2, cookie, PEOPLE, scope=ONE)).code == 0


@pytest.mark.parametrize("again", [READER, FEW])
async def test_another_bind_cannot_use_a_cookie(listening: Listening, again: str) -> None:
    client = await listening.connect(READER)
    cookie = (await client.page(2, b"", PEOPLE, scope=ONE)).cookie or b""
    assert await client.bind(again, "correct horse") == 0
    refused = await client.page(2, cookie, PEOPLE, scope=ONE)
    assert (refused.code, refused.names) == (ResultCode.UNWILLING_TO_PERFORM, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"base": ABER},
        {"filter": search(text="(cn=*)").filter},
        {"scope": SUB},
        {"attributes": ("mail",)},
        {"types_only": True},
        {"size_limit": 9},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_another_search_cannot_use_a_cookie(listening: Listening, changes: dict[str, object]) -> None:
    client = await listening.connect(READER)
    asked = search(PEOPLE, scope=ONE)
    first = found(await client.ask(asked, PagedResults(2).control()))
    changed: SearchRequest = replace(asked, **changes)  # pyright: ignore[reportArgumentType]
    refused = found(await client.ask(changed, PagedResults(2, first.cookie or b"").control()))
    assert (refused.code, refused.names) == (ResultCode.UNWILLING_TO_PERFORM, [])


@pytest.mark.parametrize("cookie", [b"x", b"\0" * 20, b"\xff" * 40])
async def test_what_is_no_cookie(listening: Listening, cookie: bytes) -> None:
    client = await listening.connect(READER)
    assert (await client.page(2, cookie, PEOPLE, scope=ONE)).code == ResultCode.UNWILLING_TO_PERFORM


def test_every_octet_of_a_cookie_counts() -> None:
    cookies, asked = Cookies(b"secret"), search()
    made = cookies.make("link/1", asked, "aber-000001", 7)
    assert cookies.read("link/1", asked, made) == ("aber-000001", 7)
    for at in range(len(made)):
        changed = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
        with pytest.raises(BadCookie):
            cookies.read("link/1", asked, changed)
    with pytest.raises(BadCookie):
        Cookies(b"other").read("link/1", asked, made)


@pytest.mark.parametrize("value", [None, b"", b"0", b"\x30\x03\x02\x01\x02"])
async def test_a_paging_control_that_says_nothing(listening: Listening, value: bytes | None) -> None:
    client = await listening.connect(READER)
    refused = await client.search(PEOPLE, controls=(Control(oids.PAGED_RESULTS, True, value),))
    assert refused.code == ResultCode.PROTOCOL_ERROR


async def test_pages_are_asked_for_side_by_side(listening: Listening) -> None:
    client = await listening.connect(READER)
    numbers = [
        client.send(search(PEOPLE, "(objectClass=*)", "1.1", scope=ONE), PagedResults(size).control())
        for size in (1, 2, 3)
    ]
    answers = [found(await client.answers(number)) for number in numbers]
    assert [len(one.names) for one in answers] == [1, 2, 3]
