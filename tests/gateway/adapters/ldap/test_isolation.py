"""What one member's account can learn of another member: nothing, by any base, scope, filter or control."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest

from gateway.canonical.vocabulary import IdentifierType
from library_protocols.ldap import Control, ExtendedRequest, ResultCode
from library_protocols.ldap.facts import oids
from tests.gateway.adapters.ldap.asking import BASE, ONE, SUB, Client, found, search
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    BANGOR,
    BANGOR_READER,
    PASSWORD,
    PIN,
    READER,
    Listening,
    patron,
)

THEIRS = f"uid=20200001,ou=people,{BANGOR}"
THEIR_BASES = (
    BANGOR, BANGOR.upper(), f" {BANGOR} ", "0.9.2342.19200300.100.1.25=bangor,dc=demo", "dc=#0406" + b"bangor".hex()
    + ",dc=demo", "dc=b\\61ngor,dc=demo", f"ou=people,{BANGOR}", THEIRS, BANGOR_READER,
)  # fmt: skip
NO_BASES = (
    "dc=nowhere,dc=demo",
    "ou=people,dc=nowhere,dc=demo",
    "uid=20200001,ou=people,dc=nowhere,dc=demo",
    "dc=demo",
)
FILTERS = ("(objectClass=*)", "(uid=20200001)", "(cn=Bangor Jones)", "(dc=bangor)", "(!(dc=aber))", "(dc:dn:=bangor)",
           "(|(employeeType=UG)(uid=*))", f"(entryDN={THEIRS})", "(&)")  # fmt: skip
CONTROLS = (
    (),
    (Control(oids.MANAGE_DSA_IT, True),),
    (Control(oids.SHOW_DELETED),),
    (Control(oids.DOMAIN_SCOPE),),
)


@pytest.mark.parametrize("scope", [BASE, ONE, SUB])
async def test_another_members_names_are_names_that_do_not_exist(listening: Listening, scope: int) -> None:
    client = await listening.connect(READER)
    answers = {
        (one.code, one.matched, one.diagnostic, one.cookie)
        for base, text in product((*THEIR_BASES, *NO_BASES), FILTERS)
        if not (one := await client.search(base, text, scope=scope)).entries
    }
    assert answers == {(ResultCode.NO_SUCH_OBJECT, "", "", None)}


async def test_no_filter_reaches_over(listening: Listening) -> None:
    client = await listening.connect(READER)
    for base, text, controls in product(("", ABER, f"ou=people,{ABER}"), FILTERS, CONTROLS):
        one = found(await client.ask(search(base, text, "*", "+", scope=SUB), *controls))
        assert one.code == 0
        assert not [name for name in one.names if "bangor" in name.lower()]
        told = [value for entry in one.entries.values() for values in entry.values() for value in values]
        assert not [value for value in told if "bangor" in value.lower()]


async def test_comparisons_do_not_reach_over(listening: Listening) -> None:
    client = await listening.connect(READER)
    for base in (*THEIR_BASES, *NO_BASES):
        assert await client.compare(base, "cn", "Bangor Jones") == ResultCode.NO_SUCH_OBJECT


async def test_the_root_names_the_own_suffix_alone(listening: Listening) -> None:
    for name, suffix in ((READER, ABER), (BANGOR_READER, BANGOR)):
        client = await listening.connect(name)
        root = await client.search("", "(objectClass=*)", "+", scope=BASE)
        assert root.entries[""]["namingContexts"] == [suffix]
        assert (await client.search("", f"(namingContexts={suffix})", scope=BASE)).names == [""]
    assert (await client.search("", f"(namingContexts={ABER})", scope=BASE)).names == []


async def test_a_cookie_does_not_reach_over(listening: Listening) -> None:
    theirs, ours = await listening.connect(BANGOR_READER), await listening.connect(READER)
    cookie = (await theirs.page(1, b"", BANGOR)).cookie or b""
    assert cookie
    assert (await ours.page(1, cookie, BANGOR)).code == ResultCode.NO_SUCH_OBJECT
    assert (await ours.page(1, cookie, ABER)).code == ResultCode.UNWILLING_TO_PERFORM


async def test_the_desk_is_asked_about_own_patrons_alone(listening: Listening) -> None:
    listening.desk.know("bangor", patron("p9", [(IdentifierType.BARCODE, "20200009")]))
    client = await listening.connect(READER)
    for text in ("(uid=20200009)", "(uid=20200001)"):
        assert (await client.search(ABER, text, "libraryBlock")).entries == {}
    assert (await client.search(f"uid=20200009,ou=people,{ABER}", scope=BASE)).code == ResultCode.NO_SUCH_OBJECT
    assert {context.member for context in listening.desk.contexts} == {"aber"}


async def test_a_patron_of_one_member_is_nobody_at_another(listening: Listening) -> None:
    client = await listening.connect(ANN, PIN)
    for base, scope in product((*THEIR_BASES, *NO_BASES), (BASE, ONE, SUB)):
        one = await client.search(base, scope=scope)
        assert (one.code, one.matched, one.entries) == (ResultCode.NO_SUCH_OBJECT, "", {})
    assert (await client.search("", "(uid=20200001)", scope=SUB)).entries == {}


async def test_a_member_whose_tree_is_taken_away_has_nothing_any_more(listening: Listening) -> None:
    client = await listening.connect(READER)
    listening.settle(trees={"bangor": listening.door.settings.trees["bangor"]})
    one = await client.search(ABER)
    assert (one.code, one.entries) == (ResultCode.INSUFFICIENT_ACCESS_RIGHTS, {})
    assert await client.compare(ANN, "cn", "x") == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
    assert await client.code(ExtendedRequest(oids.WHO_AM_I)) == 0


async def test_a_members_own_listener_knows_nobody_else(listening: Listening) -> None:
    factory = listening.door.factory(listener_member="bangor")
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    client = await Client.connect(server.sockets[0].getsockname()[1])
    listening.clients.append(client)
    root = await client.search("", "(objectClass=*)", "namingContexts", scope=BASE)
    assert root.entries[""]["namingContexts"] == [BANGOR]
    assert await client.bind(READER, PASSWORD) == ResultCode.INVALID_CREDENTIALS
    assert await client.bind(ANN, PIN) == ResultCode.INVALID_CREDENTIALS
    assert listening.desk.asked == []
    assert await client.bind(BANGOR_READER, PASSWORD) == 0
    assert (await client.search("", "(objectClass=person)", scope=SUB)).names == [THEIRS]
    server.close()
