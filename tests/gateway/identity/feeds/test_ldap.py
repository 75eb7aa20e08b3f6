"""People from a real slapd: everybody, the proof that it was everybody, and what has changed since."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config.identity import DirectoryConfig, LdapFeedConfig
from gateway.identity.directories.line import Entry
from gateway.identity.feeds.ldap import LdapFeed
from gateway.identity.feeds.port import FeedError, Page, SourceRecord
from tests.bad_network import Relay, SilentServer, closed_port
from tests.certificates import Authority
from tests.gateway.identity.directories.campus import clear, settings
from tests.gateway.identity.feeds.reading import collect, first_page
from tests.slapd import LIMIT, LIMITED, LIMITED_PASSWORD, SUFFIX, CampusPerson, Slapd, person

FIELDS = {
    "username": {"from": "uid"},
    "barcode": {"from": ["pager", "employeeNumber"]},
    "display": {"from": ["givenName", "+", "sn"]},
    "emails": {"from": "mail"},
    "affiliations": {"from": "eduPersonAffiliation"},
    "department": {"from": "departmentNumber"},
}

Make = Callable[..., LdapFeed]


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Forty people whom nobody changes."""
    server = Slapd.start(tmp_path_factory.mktemp("slapd"), people=40)
    yield server
    server.stop()


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Slapd]:
    """Forty people of this test's own."""
    server = Slapd.start(tmp_path, people=40)
    yield server
    server.stop()


@pytest.fixture
async def feed() -> AsyncIterator[Make]:
    made: list[LdapFeed] = []

    def make(directory: DirectoryConfig, **changed: Any) -> LdapFeed:
        document = {"name": "staff", "kind": "ldap", "directory": "campus", "fields": FIELDS, "page_size": 15}
        config = LdapFeedConfig.model_validate({**document, **changed})
        made.append(LdapFeed(config, directory, clock=SystemClock()))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def asked(one: CampusPerson) -> Mapping[str, list[str]]:
    """What the field map reads of a person."""
    names = ("uid", "employeeNumber", "givenName", "sn", "mail", "eduPersonAffiliation", "departmentNumber")
    return {name.lower(): one.attributes[name] for name in names}


async def test_everybody_in_pages(slapd: Slapd, feed: Make) -> None:
    read = await collect(feed(clear(slapd)).read())
    assert [len(page.records) for page in read.pages] == [15, 15, 10]
    assert {record.source_id: record.attributes for record in read.records} == {
        person(n).key: asked(person(n)) for n in range(1, 41)
    }
    assert read.ended.complete
    assert read.ended.next_delta is not None
    assert {page.records[0].where for page in read.pages} == {"page 1", "page 2", "page 3"}


async def test_a_read_begins_again_from_any_position(slapd: Slapd, feed: Make) -> None:
    one = feed(settings(slapd))
    pages = one.read()
    page = await first_page(pages)
    read = await collect(one.read(page.position))
    assert len(read.records) == 40
    assert read.ended.complete


async def test_absent_is_what_nobody_shows_and_empty_what_others_have(living: Slapd, feed: Make) -> None:
    living.modify(person(7).dn, "departmentNumber")
    read = await collect(feed(clear(living)).read())
    records = {record.source_id: record.attributes for record in read.records}
    assert records[person(7).key]["departmentnumber"] == []
    assert records[person(8).key]["departmentnumber"] == ["D08"]
    assert "pager" not in records[person(7).key]
    living.modify(person(8).dn, "pager", "8888")
    read = await collect(feed(clear(living)).read())
    records = {record.source_id: record.attributes for record in read.records}
    assert records[person(7).key]["pager"] == []
    assert records[person(8).key]["pager"] == ["8888"]


async def test_where_an_entry_stands_can_be_asked_for(slapd: Slapd, feed: Make) -> None:
    fields = {"username": {"from": "uid"}, "groups": {"from": "DN"}}
    read = await collect(feed(clear(slapd), fields=fields, filter="(uid=u000003)").read())
    assert read.records[0].attributes == {"uid": ["u000003"], "dn": [person(3).dn]}


async def test_another_key_than_the_profile_s(living: Slapd, feed: Make) -> None:
    living.modify(person(7).dn, "employeeNumber")
    read = await collect(feed(clear(living), source_id="employeeNumber").read())
    assert person(1).attributes["employeeNumber"][0] in read.ids
    assert len(read.ids) == 39
    assert [bad.reason for bad in read.bad] == ["0 values of employeeNumber where one belongs"]
    assert read.ended.complete


@pytest.mark.parametrize(("profile", "key"), [("389-ds", ""), ("openldap", "pager")])
async def test_entries_whose_key_is_not_shown_prove_nothing(slapd: Slapd, feed: Make, profile: str, key: str) -> None:
    """OpenLDAP shows nobody's nsUniqueId, as another server would to an account that lacks the right."""
    read = await collect(feed(clear(slapd, profile=profile), source_id=key).read())
    assert read.records == []
    assert len(read.bad) == 40
    assert not read.ended.complete
    assert read.ended.reason == "40 entries were shown without their key"
    assert read.ended.next_delta is None


async def test_an_account_that_sees_no_more_than_some_proves_nothing(slapd: Slapd, feed: Make) -> None:
    limited = clear(slapd, bind_dn=LIMITED, bind_password=LIMITED_PASSWORD)
    for size in (5, 15):
        read = await collect(feed(limited, page_size=size).read())
        assert not read.ended.complete
        assert "LimitExceeded" in read.ended.reason
        assert read.ended.next_delta is None
        assert len(read.records) <= LIMIT


async def test_nobody_is_a_complete_answer_and_no_error(slapd: Slapd, feed: Make) -> None:
    read = await collect(feed(clear(slapd), filter="(uid=nobody)").read())
    assert read.records == []
    assert read.ended.complete  # how few are too few is for the limits of the sync


async def test_a_base_that_is_not_there_is_an_error(slapd: Slapd, feed: Make) -> None:
    with pytest.raises(FeedError, match="noSuchObject") as error:
        await collect(feed(clear(slapd), base=f"ou=nowhere,{SUFFIX}").read())
    assert not error.value.retry


@pytest.mark.parametrize("after", [100, 2_000, 8_000])
async def test_a_connection_that_breaks_in_mid_read_proves_nothing(slapd: Slapd, feed: Make, after: int) -> None:
    with Relay(slapd.ldap_port) as relay:
        one = feed(clear(slapd, servers=[f"ldap://127.0.0.1:{relay.port}"]), page_size=5)
        pages = one.read()
        assert isinstance(await anext(pages), Page)
        relay.cut_after(after)
        read = await collect(pages)
        assert not read.ended.complete
        assert read.ended.reason == "the read broke off: the connection was lost"
        assert read.ended.next_delta is None
        assert len(read.records) < 35


async def test_a_server_killed_in_mid_read_proves_nothing(living: Slapd, feed: Make) -> None:
    pages = feed(settings(living)).read()
    assert isinstance(await anext(pages), Page)
    living.kill()
    read = await collect(pages)
    assert not read.ended.complete
    assert "broke off" in read.ended.reason


async def test_a_server_that_is_not_there(slapd: Slapd, feed: Make, tmp_path: Path) -> None:
    nobody = clear(slapd, servers=[f"ldap://127.0.0.1:{closed_port()}"])
    with pytest.raises(FeedError, match="Connection refused") as error:
        await collect(feed(nobody).read())
    assert error.value.retry
    stranger = settings(slapd, ca=Authority.create(tmp_path, "Stranger").file)
    with pytest.raises(FeedError, match="not to be trusted"):
        await collect(feed(stranger).read())
    with SilentServer() as silent:
        mute = clear(slapd, servers=[f"ldap://127.0.0.1:{silent.port}"], deadline_seconds=0.3)
        with pytest.raises(FeedError, match="no answer in time"):
            await collect(feed(mute).read())
    refused = clear(slapd, bind_password="another")
    with pytest.raises(FeedError, match="service account was refused") as error:
        await collect(feed(refused).read())
    assert not error.value.retry


async def test_failover_before_a_read(slapd: Slapd, feed: Make) -> None:
    servers = [f"ldap://127.0.0.1:{port}" for port in (closed_port(), slapd.ldap_port)]
    assert (await collect(feed(clear(slapd, servers=servers)).read())).ended.complete


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"delta": "dirsync"}, 'openldap has no delta = "dirsync"'),
        ({"filter": "(uid=*"}, "feed staff: filter: a parenthesis is not closed"),
    ],
)
def test_settings_that_cannot_work(slapd: Slapd, feed: Make, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        feed(clear(slapd), **changed)


async def changes(
    one: LdapFeed, since: Mapping[str, Any] | None
) -> tuple[dict[str, Mapping[str, list[str]]], set[str], Any]:
    """Records by key, keys gone, and where the next changes begin."""
    assert since is not None
    pages = one.delta(since)
    assert pages is not None
    read = await collect(pages)
    assert not read.ended.complete
    assert read.ended.reason == ""
    there = {record.source_id: record.attributes for record in read.records if not record.gone}
    return there, {record.source_id for record in read.records if record.gone}, read.ended.next_delta


async def test_changes_by_time(living: Slapd, feed: Make) -> None:
    one = feed(clear(living), overlap_seconds=0)
    since = (await collect(one.read())).ended.next_delta
    living.modify(person(3).dn, "mail", "new@campus.example")
    living.add(person(41))
    living.delete(person(4).dn)
    there, gone, following = await changes(one, since)
    assert there[person(3).key]["mail"] == ["new@campus.example"]
    assert there[person(3).key]["uid"] == ["u000003"]  # whole, not what has changed alone
    assert ["u000041"] in [attributes["uid"] for attributes in there.values()]
    assert gone == set()  # a deletion leaves no time of modification
    assert person(4).key not in there
    assert following["since"] >= since["since"] if since else False


async def test_the_overlap_reads_back(living: Slapd, feed: Make) -> None:
    later = {"since": "20991231235959"}
    assert await changes(feed(clear(living), overlap_seconds=0), later) == ({}, set(), later)
    back = feed(clear(living), overlap_seconds=80 * 366 * 86_400)
    there, _, following = await changes(back, later)
    assert len(there) == 40
    assert following == later


async def test_a_delta_that_breaks_off_does_not_move_on(slapd: Slapd, feed: Make) -> None:
    with Relay(slapd.ldap_port) as relay:
        one = feed(clear(slapd, servers=[f"ldap://127.0.0.1:{relay.port}"]), page_size=5)
        pages = one.delta({"since": "20200101000000"})
        assert pages is not None
        assert isinstance(await anext(pages), Page)
        relay.cut()
        read = await collect(pages)
        assert read.ended.next_delta is None
        assert read.ended.reason


async def test_a_position_of_another_kind_is_refused(slapd: Slapd, feed: Make) -> None:
    for delta in ("modify-timestamp", "syncrepl"):
        pages = feed(clear(slapd), delta=delta).delta({"elsewhere": 1})
        assert pages is not None
        with pytest.raises(FeedError, match="not known any more") as error:
            await collect(pages)
        assert not error.value.retry


async def test_no_deltas_where_none_are_wanted(slapd: Slapd, feed: Make) -> None:
    one = feed(clear(slapd), delta="none")
    read = await collect(one.read())
    assert read.ended.complete
    assert read.ended.next_delta is None
    assert one.delta({}) is None


async def test_changes_by_synchronization(living: Slapd, feed: Make) -> None:
    one = feed(clear(living), delta="syncrepl")
    since = (await collect(one.read())).ended.next_delta
    assert (await changes(one, since))[:2] == ({}, set())
    living.modify(person(3).dn, "mail", "new@campus.example")
    living.rename(person(5).dn, "uid=married")
    living.add(person(41))
    living.delete(person(4).dn, person(6).dn)
    there, gone, following = await changes(one, since)
    assert there[person(3).key]["mail"] == ["new@campus.example"]
    assert there[person(5).key]["uid"] == ["married"]
    assert len(there) == 3
    assert gone == {person(4).key, person(6).key}
    assert await changes(one, following) == ({}, set(), following)


async def test_synchronization_after_a_restart_tells_changes_and_nobody_gone_by_guess(
    living: Slapd, feed: Make
) -> None:
    """slapd has forgotten whom it deleted (its session log is in memory) and lists instead who is there."""
    one = feed(clear(living), delta="syncrepl")
    since = (await collect(one.read())).ended.next_delta
    living.delete(person(4).dn)
    living.modify(person(3).dn, "mail", "new@campus.example")
    living.restart()
    there, gone, _ = await changes(one, since)
    assert set(there) == {person(3).key}
    assert gone == set()


async def test_by_another_key_synchronization_tells_nobody_gone(living: Slapd, feed: Make) -> None:
    one = feed(clear(living), delta="syncrepl", source_id="employeeNumber")
    since = (await collect(one.read())).ended.next_delta
    living.delete(person(4).dn)
    assert (await changes(one, since))[:2] == ({}, set())


async def test_twenty_thousand_in_pages_and_flat(tmp_path: Path, feed: Make) -> None:
    server = Slapd.start(tmp_path, people=20_000)
    try:
        one = feed(clear(server), page_size=500)
        ids: set[str] = set()
        kept = 0
        async for page in one.read():
            if isinstance(page, Page):
                ids |= {record.source_id for record in page.records}
                assert len(page.records) <= 500
                if len(ids) == 10_000:
                    kept = sum(isinstance(thing, Entry | SourceRecord) for thing in gc.get_objects())
            else:
                assert page.complete
        assert len(ids) == 20_000
        assert 0 < kept <= 2 * 2 * 500  # at most two pages, as entries and as records
    finally:
        server.stop()
