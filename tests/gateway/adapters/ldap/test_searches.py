"""What a search finds and shows, to whom, and where it stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.adapters.ldap import search, service
from gateway.canonical.vocabulary import BlockReason, BlockSeverity, IdentifierType
from gateway.identity.register.port import RegisterUnavailable
from library_protocols.ldap import Control, Equality, Extensible, Or, Present, ResultCode, SearchRequest
from library_protocols.ldap.facts import oids
from tests.gateway.adapters.ldap.asking import BASE, ONE, SUB
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    FEW,
    PIN,
    READER,
    Listening,
    block,
    patron,
    person,
)

PEOPLE = f"ou=people,{ABER}"
ALL = ["20100001", "20100002", "20100003", "20100004", "20100005", "20100006", "gp\\, x\\+y"]


async def test_an_entry_shows_what_the_register_knows(listening: Listening) -> None:
    client = await listening.connect(READER)
    found = await client.search(ANN, scope=BASE)
    assert found.entries == {
        ANN: {
            "uid": ["20100001", "ajones"],
            "cn": ["Ann Jones"],
            "sn": ["Jones"],
            "givenName": ["Ann"],
            "displayName": ["Annie Jones"],
            "mail": ["ann@aber.example", "ann@home.example"],
            "telephoneNumber": ["+44 1970 622-400"],
            "employeeNumber": ["S-1"],
            "employeeType": ["UG"],
            "departmentNumber": ["Physics"],
            "preferredLanguage": ["cy"],
            "eduPersonAffiliation": ["student", "member"],
            "eduPersonScopedAffiliation": ["student@aber.demo", "member@aber.demo"],
            "eduPersonPrincipalName": ["ajones@aber.example"],
            "libraryBarcode": ["20100001"],
            "libraryCategory": ["UG"],
            "libraryGroup": ["Hockey"],
            "libraryHomeLibrary": ["HOL"],
            "libraryExpiry": ["20990731235959Z"],
            "libraryStatus": ["active"],
            "libraryMayBorrow": ["TRUE"],
            "objectClass": [
                "top", "person", "organizationalPerson", "inetOrgPerson", "eduPerson", "libraryPatron",
            ],
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (["1.1"], set()),
        (["SURNAME", "2.5.4.3", "nothing", "cn;lang-cy", "sn"], {"sn", "cn"}),
        (["name"], {"cn", "sn", "givenName"}),
        (["1.1", "sn"], {"sn"}),
        (["+"], {"structuralObjectClass", "subschemaSubentry", "entryDN", "entryUUID", "hasSubordinates",
                 "createTimestamp", "modifyTimestamp"}),
        (["entryDN"], {"entryDN"}),
        (["userPassword"], set()),
        (["libraryBlock"], set()),
    ],
)  # fmt: skip
async def test_attributes_are_chosen(listening: Listening, asked: list[str], shown: set[str]) -> None:
    client = await listening.connect(READER)
    found = await client.search(ANN, "(objectClass=*)", *asked, scope=BASE)
    assert set(found.entries[ANN]) == shown


async def test_types_alone_have_no_values(listening: Listening) -> None:
    client = await listening.connect(READER)
    found = await client.search(ANN, "(objectClass=*)", "sn", "mail", scope=BASE, types_only=True)
    assert found.entries[ANN] == {"sn": [], "mail": []}


@pytest.mark.parametrize(
    ("base", "scope", "names"),
    [
        (ABER, BASE, [ABER]),
        (ABER, ONE, [PEOPLE, READER]),
        (ABER, SUB, [ABER, PEOPLE, READER, *ALL]),
        (PEOPLE, BASE, [PEOPLE]),
        (PEOPLE, ONE, ALL),
        (PEOPLE, SUB, [PEOPLE, *ALL]),
        ("UID=20100001, OU=People , dc=Aber,DC=demo", BASE, ["20100001"]),
        (ANN, ONE, []),
        (ANN, SUB, ["20100001"]),
        (READER, BASE, [READER]),
        (READER, SUB, [READER]),
        (READER, ONE, []),
        ("", ONE, [ABER]),
        ("", SUB, [ABER, PEOPLE, READER, *ALL]),
    ],
)
async def test_bases_and_scopes(listening: Listening, base: str, scope: int, names: list[str]) -> None:
    client = await listening.connect(READER)
    found = await client.search(base, "(objectClass=*)", "1.1", scope=scope)
    assert found.code == 0
    assert found.names == [f"uid={name},{PEOPLE}" if name in ALL else name for name in names]


@pytest.mark.parametrize(
    ("base", "code", "matched"),
    [
        (f"uid=20199998,{PEOPLE}", ResultCode.NO_SUCH_OBJECT, PEOPLE),
        (f"uid=ajones,{PEOPLE}", ResultCode.NO_SUCH_OBJECT, PEOPLE),
        (f"cn=20100001,{PEOPLE}", ResultCode.NO_SUCH_OBJECT, PEOPLE),
        (f"uid=20100001+cn=Ann,{PEOPLE}", ResultCode.NO_SUCH_OBJECT, PEOPLE),
        (f"cn=few,{ABER}", ResultCode.NO_SUCH_OBJECT, ABER),
        (f"ou=elsewhere,{ABER}", ResultCode.NO_SUCH_OBJECT, ABER),
        ("dc=demo", ResultCode.NO_SUCH_OBJECT, ""),
        ("dc=other", ResultCode.NO_SUCH_OBJECT, ""),
        ("not a name", ResultCode.INVALID_DN_SYNTAX, ""),
    ],
)
async def test_bases_that_are_not_there(listening: Listening, base: str, code: ResultCode, matched: str) -> None:
    client = await listening.connect(READER)
    for scope in (BASE, ONE, SUB):
        found = await client.search(base, scope=scope)
        assert (found.code, found.matched, found.entries) == (code, matched, {})


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("(uid=20100002)", ["20100002"]),
        ("(uid=AJONES)", ["20100001"]),
        ("(uid=20199999)", []),
        ("(libraryBarcode=20100001)", ["20100001"]),
        ("(cn=ann  jones)", ["20100001"]),
        ("(sn=ŵyn)", ["20100003"]),
        ("(cn=siân*)", ["20100003"]),
        ("(cn=*o*b*)", ["20100002"]),
        ("(cn=*parry)", ["20100002"]),
        ("(name=ann)", ["20100001"]),
        ("(mail=bob@*)", ["20100002"]),
        ("(telephoneNumber=+441970622400)", ["20100001"]),
        ("(telephoneNumber=*622400)", ["20100001"]),
        ("(|(uid=20100001)(uid=20100002)(uid=20100009))", ["20100001", "20100002"]),
        ("(&(employeeType=ug)(!(mail=ann@aber.example)))", ["20100002"]),
        ("(&(objectClass=person)(libraryStatus=active))", ["20100001", "20100002", "20100003", "gp\\, x\\+y"]),
        ("(libraryStatus=expired)", ["20100004", "20100006"]),
        ("(libraryStatus=inactive)", ["20100005"]),
        ("(libraryExpiry>=20260101000000Z)", [*ALL[:3], *ALL[4:]]),
        ("(libraryExpiry<=20260101000000Z)", ["20100004"]),
        ("(eduPersonScopedAffiliation=staff@aber.demo)", ["20100003"]),
        ("(&)", ALL),
        ("(|)", []),
        ("(objectClass=domain)", []),
        ("(objectClass=2.16.840.1.113730.3.2.2)", ALL),
        ("(userPassword=*)", []),
        ("(sn:=rees)", ["20100005"]),
        ("(sn:caseExactMatch:=rees)", []),
        ("(sn:caseExactMatch:=Rees)", ["20100005"]),
        ("(:caseIgnoreMatch:=hockey)", ["20100001"]),
        ("(uid:dn:=20100005)", ["20100005"]),
        ("(ou:dn:=people)", ALL),
        ("(:caseIgnoreOrderingMatch:=20100002)", ["20100001"]),
        ("(entryDN=UID=20100002 , ou=People,dc=aber,dc=demo)", ["20100002"]),
        ("(modifyTimestamp>=20200101000000Z)", ALL),
    ],
)
async def test_filters_over_the_wire(listening: Listening, text: str, uids: list[str]) -> None:
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, text, "1.1", scope=ONE)
    assert found.code == 0
    assert found.uids == uids


async def test_a_filter_of_a_kind_that_nobody_knows_fits_nobody(listening: Listening) -> None:
    client = await listening.connect(READER)
    unknown = SearchRequest(PEOPLE, 1, 0, 0, 0, False, Present("x"), ())
    assert len(await client.ask(unknown)) == 1
    assert await client.code(replace(unknown, scope=3)) == ResultCode.PROTOCOL_ERROR


# Who sees what


async def test_the_anonymous_see_the_server_and_nothing_else(listening: Listening) -> None:
    client = await listening.connect()
    root = await client.search("", "(objectClass=*)", "*", "+", scope=BASE)
    assert root.entries[""]["namingContexts"] == [ABER, "dc=bangor,dc=demo"]
    assert root.entries[""]["supportedExtension"] == [oids.WHO_AM_I, oids.START_TLS]
    schema = await client.search("cn=Subschema", "(objectClass=subschema)", "attributeTypes", scope=BASE)
    assert any("libraryMayBorrow" in one for one in schema.entries["cn=Subschema"]["attributeTypes"])
    for base in ("", ABER, PEOPLE, ANN, "dc=other"):
        for scope in (ONE, SUB) if not base else (BASE, ONE, SUB):
            found = await client.search(base, scope=scope)
            assert (found.code, found.matched, found.entries) == (ResultCode.INSUFFICIENT_ACCESS_RIGHTS, "", {})


async def test_the_root_speaks_of_tls_only_where_it_can_be_had(listening: Listening) -> None:
    client = await listening.connect_tls()
    root = await client.search("", "(objectClass=*)", "supportedExtension", "vendorName", scope=BASE)
    assert root.entries[""] == {"supportedExtension": [oids.WHO_AM_I], "vendorName": ["library-gateway"]}


async def test_operational_attributes_of_the_root_are_asked_for(listening: Listening) -> None:
    client = await listening.connect()
    assert (await client.search("", scope=BASE)).entries == {"": {"objectClass": ["top"]}}


async def test_an_account_is_shown_what_its_table_lists_and_can_ask_for_nothing_else(listening: Listening) -> None:
    client = await listening.connect(FEW)
    found = await client.search(PEOPLE, "(uid=20100001)", "*", scope=ONE)
    assert set(found.entries[ANN]) == {"uid", "sn", "libraryMayBorrow", "objectClass"}
    for text in ("(mail=*)", "(cn=Ann Jones)", "(!(mail=bob@aber.example))", "(name=ann)", "(:caseIgnoreMatch:=hockey)",
                 "(modifyTimestamp>=20000101000000Z)", "(libraryBarcode=20100001)"):  # fmt: skip
        assert (await client.search(PEOPLE, text, scope=ONE)).entries == {}
    assert (await client.search(PEOPLE, "(name=jones)", scope=ONE)).uids == ["20100001"]
    assert (await client.search(ANN, "(objectClass=*)", "mail", "cn", scope=BASE)).entries == {ANN: {}}


async def test_a_patron_reads_the_own_entry_alone(listening: Listening) -> None:
    client = await listening.connect(ANN, PIN)
    for base, scope in ((ABER, SUB), (PEOPLE, ONE), (PEOPLE, SUB), (ANN, BASE), ("", SUB)):
        found = await client.search(base, scope=scope)
        assert (found.code, found.names) == (0, [ANN])
    assert (await client.search(ABER, "(uid=20100002)")).entries == {}
    for base in (ABER, PEOPLE):
        assert (await client.search(base, scope=BASE)).entries == {}
    for base in (f"uid=20100002,{PEOPLE}", f"uid=20109999,{PEOPLE}"):
        found = await client.search(base, scope=BASE)
        assert (found.code, found.matched) == (ResultCode.NO_SUCH_OBJECT, PEOPLE)
    own = (await client.search(ANN, "(objectClass=*)", "mail", "libraryBlock", scope=BASE)).entries[ANN]
    assert own == {"mail": ["ann@aber.example", "ann@home.example"]}


async def test_a_patron_finds_the_own_entry_by_the_name_of_the_bind(listening: Listening) -> None:
    client = await listening.connect(f"uid=ajones,{PEOPLE}", PIN)
    assert (await client.search(f"uid=ajones,{PEOPLE}", scope=BASE)).names == [ANN]


# What the platform says


async def test_blocks_and_what_they_keep_somebody_from(listening: Listening) -> None:
    listening.desk.blocks["p1"] = (block(BlockReason.EXCESS_FINES), block(BlockReason.BAD_ADDRESS, BlockSeverity.TRAP))
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, "(uid=20100001)", "libraryBlock", "libraryMayBorrow", scope=ONE)
    assert found.entries[ANN] == {"libraryBlock": ["EXCESS_FINES"], "libraryMayBorrow": ["FALSE"]}
    found = await client.search(PEOPLE, "(libraryMayBorrow=TRUE)", "1.1", scope=ONE)
    assert found.uids == ["20100002", "20100003", "gp\\, x\\+y"]
    found = await client.search(PEOPLE, "(libraryBlock=excess_fines)", "1.1", scope=ONE)
    assert found.uids == ["20100001"]
    found = await client.search(PEOPLE, "(&(sn=p*)(!(libraryBlock=*)))", "1.1", scope=ONE)
    assert found.uids == ["20100002", "gp\\, x\\+y"]


async def test_a_platform_that_is_away_makes_answers_unknown_not_wrong(listening: Listening) -> None:
    listening.desk.away = True
    client = await listening.connect(READER)
    found = await client.search(ANN, "(objectClass=*)", "cn", "libraryBlock", "libraryMayBorrow", scope=BASE)
    assert found.entries[ANN] == {"cn": ["Ann Jones"]}
    for text in ("(libraryMayBorrow=TRUE)", "(!(libraryMayBorrow=TRUE))", "(libraryBlock=*)", "(!(libraryBlock=*))"):
        assert (await client.search(PEOPLE, text, scope=ONE)).entries == {}


async def test_the_platform_is_asked_about_few(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 200)))
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, "(cn=many*)", "libraryMayBorrow", scope=ONE)
    assert len(found.entries) == 100
    assert sum("libraryMayBorrow" in entry for entry in found.entries.values()) == 50
    listening.desk.asked.clear()
    await client.search(PEOPLE, "(cn=many*)", scope=ONE)
    assert listening.desk.asked == [], "nobody is asked about a list that did not ask for it by name"


async def test_a_filter_that_needs_the_platform_for_too_many_says_so(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 200)))
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, "(&(cn=many*)(libraryMayBorrow=TRUE))", "1.1", scope=ONE)
    assert (found.code, len(found.entries)) == (ResultCode.ADMIN_LIMIT_EXCEEDED, 50)
    listening.desk.blocks |= {f"p{number}": (block(BlockReason.CARD_LOST),) for number in range(100, 170)}
    names: list[str] = []
    cookie, sizes = b"", list[int]()
    while not sizes or cookie:
        page = await client.page(40, cookie, PEOPLE, "(&(cn=many*)(libraryMayBorrow=TRUE))", "1.1", scope=ONE)
        assert page.code == 0
        names += page.uids
        sizes.append(len(page.uids))
        cookie = page.cookie or b""
    assert names == [f"201{number:05}" for number in range(170, 200)]
    assert sizes == [0, 30]


async def test_a_patron_whom_the_register_does_not_hold_is_found_by_name(listening: Listening) -> None:
    listening.desk.know("aber", patron("p60", [(IdentifierType.BARCODE, "20100060")], "Only There"))
    client = await listening.connect(READER)
    name = f"uid=20100060,{PEOPLE}"
    assert (await client.search(name, scope=BASE)).names == [name]
    found = await client.search(ABER, "(&(objectClass=person)(uid=20100060))", "cn")
    assert found.entries == {name: {"cn": ["Only There"]}}
    assert (await client.search(ABER, "(&(uid=20100060)(cn=Somebody Else))")).entries == {}
    assert (await client.search(ABER, "(cn=Only There)")).entries == {}


# Limits


async def test_size_limits(listening: Listening) -> None:
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, scope=ONE, size=3)
    assert (found.code, found.uids) == (ResultCode.SIZE_LIMIT_EXCEEDED, ALL[:3])
    assert (await client.search(PEOPLE, scope=ONE, size=7)).code == 0
    listening.settle(size_limit=2)
    found = await client.search(PEOPLE, scope=ONE, size=7)
    assert (found.code, found.uids) == (ResultCode.SIZE_LIMIT_EXCEEDED, ALL[:2])


async def test_time_limits(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 200)))
    listening.settle(time_seconds=0.0)
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, "(cn=many*)", scope=ONE, seconds=60)
    assert found.code == ResultCode.TIME_LIMIT_EXCEEDED
    assert 0 < len(found.entries) < 100


async def test_a_register_that_is_silent_is_not_waited_for(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(listening.register, "search", silent)
    monkeypatch.setattr(service, "SILENT_SECONDS", 0.05)
    client = await listening.connect(READER)
    found = await client.search(PEOPLE, scope=SUB, seconds=1)
    assert (found.code, found.names) == (ResultCode.TIME_LIMIT_EXCEEDED, [PEOPLE])


async def test_a_register_that_is_away_is_said_to_be(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise RegisterUnavailable

    monkeypatch.setattr(listening.register, "search", away)
    client = await listening.connect(READER)
    assert (await client.search()).code == ResultCode.UNAVAILABLE


@pytest.mark.parametrize("critical", [True, False])
async def test_controls_that_nobody_knows(listening: Listening, critical: bool) -> None:
    client = await listening.connect(READER)
    found = await client.search(ANN, scope=BASE, controls=(Control(oids.SORT_REQUEST, critical, b"x"),))
    assert found.code == (ResultCode.UNAVAILABLE_CRITICAL_EXTENSION if critical else 0)
    assert len(found.entries) == (0 if critical else 1)
    manage = Control(oids.MANAGE_DSA_IT, critical)
    assert (await client.search(ANN, scope=BASE, controls=(manage,))).code == 0


# Compare


@pytest.mark.parametrize(
    ("account", "dn", "attribute", "value", "code"),
    [
        (READER, ANN, "sn", "JONES", ResultCode.COMPARE_TRUE),
        (READER, ANN, "sn", "Parry", ResultCode.COMPARE_FALSE),
        (READER, ANN, "mail", "ann@home.example", ResultCode.COMPARE_TRUE),
        (READER, ANN, "name", "ann", ResultCode.COMPARE_TRUE),
        (READER, ANN, "libraryMayBorrow", "TRUE", ResultCode.COMPARE_TRUE),
        (READER, ANN, "libraryMayBorrow", "maybe", ResultCode.INVALID_ATTRIBUTE_SYNTAX),
        (READER, ANN, "libraryBlock", "X", ResultCode.NO_SUCH_ATTRIBUTE),
        (READER, ANN, "nothing", "x", ResultCode.NO_SUCH_ATTRIBUTE),
        (READER, ANN, "userPassword", PIN, ResultCode.NO_SUCH_ATTRIBUTE),
        (FEW, ANN, "cn", "Ann Jones", ResultCode.NO_SUCH_ATTRIBUTE),
        (FEW, ANN, "name", "Ann", ResultCode.COMPARE_FALSE),
        (READER, f"uid=20109999,{PEOPLE}", "cn", "x", ResultCode.NO_SUCH_OBJECT),
        (READER, "uid=20200001,ou=people,dc=bangor,dc=demo", "cn", "x", ResultCode.NO_SUCH_OBJECT),
        (READER, "no name", "cn", "x", ResultCode.INVALID_DN_SYNTAX),
        (READER, PEOPLE, "ou", "People", ResultCode.COMPARE_TRUE),
        (READER, "", "supportedLDAPVersion", "3", ResultCode.COMPARE_TRUE),
        (READER, "cn=Subschema", "cn", "subschema", ResultCode.COMPARE_TRUE),
        (READER, f"cn=few,{ABER}", "cn", "few", ResultCode.NO_SUCH_OBJECT),
    ],
)
async def test_compare(
    listening: Listening, account: str, dn: str, attribute: str, value: str, code: ResultCode
) -> None:
    client = await listening.connect(account)
    assert await client.compare(dn, attribute, value) == code


async def test_the_pin_is_compared_for_an_account_that_may(listening: Listening) -> None:
    client = await listening.connect(f"cn=checker,{ABER}")
    assert await client.compare(ANN, "userPassword", PIN) == ResultCode.COMPARE_TRUE
    assert await client.compare(ANN, "userPassword", "9999") == ResultCode.COMPARE_FALSE
    found = await client.search(ANN, "(userPassword=1234)", scope=BASE)
    assert found.entries == {}
    assert await client.compare(PEOPLE, "userPassword", PIN) == ResultCode.NO_SUCH_ATTRIBUTE
    listening.desk.away = True
    assert await client.compare(ANN, "userPassword", PIN) == ResultCode.UNAVAILABLE


async def test_the_anonymous_compare_nothing_of_people(listening: Listening) -> None:
    client = await listening.connect()
    assert await client.compare(ANN, "cn", "x") == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
    assert await client.compare("", "vendorName", "library-gateway") == ResultCode.COMPARE_TRUE


async def test_a_platform_that_is_away_compares_nothing(listening: Listening) -> None:
    listening.desk.away = True
    client = await listening.connect(READER)
    assert await client.compare(ANN, "libraryMayBorrow", "TRUE") == ResultCode.UNAVAILABLE


async def test_a_filter_that_compares_too_much_is_refused(listening: Listening) -> None:
    client = await listening.connect(READER)
    asked = Or(tuple(Extensible("2.5.13.2", None, b"nobody %d" % number, True) for number in range(1500)))
    assert (await client.search(PEOPLE, asked)).code == ResultCode.ADMIN_LIMIT_EXCEEDED
    assert (await client.search(PEOPLE, "(cn=ann*)")).code == ResultCode.SUCCESS


async def test_others_have_their_turn_within_a_costly_search(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 140)))
    turns = 0
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal turns
        turns += seconds == 0
        await sleep(seconds)

    client = await listening.connect(READER)
    monkeypatch.setattr(search.asyncio, "sleep", counted)
    await client.search(PEOPLE, Or(tuple(Equality("cn", b"nobody %d" % number) for number in range(500))), "1.1")
    assert turns > 20, "every few people, not once at their end"


async def test_pieces_of_all_searches_are_done_one_in_a_round() -> None:
    """However many searches there are, everybody else is served between any two pieces of their work."""
    pieces = search.Pieces()
    rounds = 0
    done: list[int] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    async def work() -> None:
        for _ in range(3):
            await pieces.turn()
            done.append(rounds)

    counting = asyncio.create_task(count())
    await asyncio.gather(*(work() for _ in range(20)))
    counting.cancel()
    assert len(set(done)) == len(done) == 60


async def test_a_name_longer_than_any_is_none(listening: Listening) -> None:
    client = await listening.connect(READER)
    long = f"{'dc=a,' * 10_000}{ABER}"
    assert (await client.search(long)).code == ResultCode.INVALID_DN_SYNTAX
    assert await client.compare(long, "cn", "x") == ResultCode.INVALID_DN_SYNTAX
    assert await client.bind(long, "secret") == ResultCode.INVALID_DN_SYNTAX
