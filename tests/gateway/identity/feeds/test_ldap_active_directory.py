"""People from a domain controller: pages and their limit, values in ranges, referrals, DirSync with tombstones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.config.identity import DirectoryConfig, LdapFeedConfig
from gateway.identity.feeds.ldap import LdapFeed
from gateway.identity.feeds.port import FeedError, Page
from tests.ad_tree import uuid_text
from tests.fake_ad import FakeAd, Policy
from tests.gateway.identity.feeds.reading import collect

FIELDS = {
    "username": {"from": "sAMAccountName"},
    "sis": {"from": "employeeID"},
    "department": {"from": "department"},
    "groups": {"from": "memberOf"},
    "active": {"from": "userAccountControl"},
}
PEOPLE = "(&(objectCategory=person)(objectClass=user)(employeeID=*))"

Make = Callable[..., LdapFeed]


@pytest.fixture
def ad() -> Iterator[FakeAd]:
    with FakeAd(policy=Policy(max_page_size=20, dirsync_objects=10)) as server:
        server.add_user("reader", "reader-secret")
        staff, students = server.add_unit("Staff"), server.add_unit("Students")
        for number in range(50):
            parent = staff if number % 5 == 0 else students
            server.add_user(f"u{number:03d}", parent=parent, employeeID=f"{1000 + number}", department="D1")
        yield server


@pytest.fixture
async def feed(ad: FakeAd) -> AsyncIterator[Make]:
    made: list[LdapFeed] = []

    def make(*, base: str = "", replicates: bool = False, **changed: Any) -> LdapFeed:
        if replicates:
            ad.policy.replicators = frozenset({"reader"})
        directory = DirectoryConfig.model_validate(
            {
                "servers": [f"ldap://127.0.0.1:{ad.port}"],
                "profile": "active-directory",
                "security": "none",
                "bind_dn": "reader@uni.example",
                "bind_password": "reader-secret",
                "base": base or ad.base,
            }
        )
        document = {"name": "ad", "kind": "ldap", "directory": "ad", "fields": FIELDS, "filter": PEOPLE}
        config = LdapFeedConfig.model_validate({**document, **changed})
        made.append(LdapFeed(config, directory, clock=SystemClock()))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def key(ad: FakeAd, login: str) -> str:
    one = ad.find(f"{login}@uni.example")
    assert one is not None
    return uuid_text(one.guid)


async def changes(
    one: LdapFeed, since: Mapping[str, Any] | None
) -> tuple[dict[str, Mapping[str, list[str]]], set[str], Any]:
    assert since is not None
    pages = one.delta(since)
    assert pages is not None
    read = await collect(pages)
    assert not read.ended.complete
    assert read.ended.reason == ""
    there = {record.source_id: record.attributes for record in read.records if not record.gone}
    return there, {record.source_id for record in read.records if record.gone}, read.ended.next_delta


async def test_everybody_though_the_server_gives_small_pages(ad: FakeAd, feed: Make) -> None:
    read = await collect(feed().read())
    assert [len(page.records) for page in read.pages] == [20, 20, 10]
    assert read.ended.complete
    assert len(set(read.ids)) == 50
    record = next(one for one in read.records if one.source_id == key(ad, "u007"))
    assert record.attributes == {
        "samaccountname": ["u007"],
        "employeeid": ["1007"],
        "department": ["D1"],
        "useraccountcontrol": ["512"],
    }  # nobody is in a group, so groups are absent


async def test_a_group_for_one_makes_the_others_have_none(ad: FakeAd, feed: Make) -> None:
    member = ad.find("u007@uni.example")
    assert member is not None
    group = ad.add_group("Library staff", [member])
    records = {one.source_id: one.attributes for one in (await collect(feed().read())).records}
    assert records[key(ad, "u007")]["memberof"] == [group.dn]
    assert records[key(ad, "u008")]["memberof"] == []


async def test_a_connection_dropped_in_mid_page(ad: FakeAd, feed: Make) -> None:
    pages = feed().read()
    assert isinstance(await anext(pages), Page)
    ad.faults.drop_after = 7
    read = await collect(pages)
    assert not read.ended.complete
    assert "broke off" in read.ended.reason
    assert read.records == []  # half a page is none


async def test_a_server_that_turns_busy(ad: FakeAd, feed: Make) -> None:
    pages = feed().read()
    assert isinstance(await anext(pages), Page)
    ad.faults.busy = True
    read = await collect(pages)
    assert not read.ended.complete
    assert "51 busy" in read.ended.reason
    with pytest.raises(FeedError, match="51 busy") as error:
        await collect(feed().read())
    assert error.value.retry


async def test_values_in_ranges_are_put_together(ad: FakeAd, feed: Make) -> None:
    ad.policy.max_val_range = 4
    people = [ad.find(f"u{number:03d}@uni.example") for number in range(11)]
    group = ad.add_group("Everybody", [one for one in people if one is not None])
    fields = {"username": {"from": "sAMAccountName"}, "groups": {"from": "member"}}
    read = await collect(feed(fields=fields, filter="(objectClass=group)").read())
    assert read.ended.complete
    assert [record.source_id for record in read.records] == [uuid_text(group.guid)]
    assert sorted(read.records[0].attributes["member"]) == sorted(one.dn for one in people if one is not None)


async def test_changes_by_time(ad: FakeAd, feed: Make) -> None:
    one = feed(overlap_seconds=0)
    since = (await collect(one.read())).ended.next_delta
    person = ad.find("u003@uni.example")
    assert person is not None
    ad.change(person, "department", "D2")
    there, gone, _ = await changes(one, since)
    assert there[key(ad, "u003")]["department"] == ["D2"]
    assert gone == set()
    assert (await changes(one, {"since": "20991231000000"}))[0] == {}


async def test_dirsync_tells_who_changed_who_came_and_who_is_gone(ad: FakeAd, feed: Make) -> None:
    one = feed(delta="dirsync", replicates=True)
    since = (await collect(one.read())).ended.next_delta
    assert (await changes(one, since))[:2] == ({}, set())
    changed, deleted = ad.find("u003@uni.example"), ad.find("u004@uni.example")
    assert changed is not None
    assert deleted is not None
    ad.change(changed, "department", "D2")
    ad.change(changed, "title", "Dr")  # nothing that is read
    ad.delete(deleted)
    ad.add_user("new", employeeID="2000")
    there, gone, following = await changes(one, since)
    assert set(there) == {key(ad, "u003"), key(ad, "new")}
    assert there[key(ad, "u003")] == {
        "samaccountname": ["u003"],
        "employeeid": ["1003"],
        "department": ["D2"],
        "useraccountcontrol": ["512"],
    }  # whole, though the department alone was told of
    assert gone == {uuid_text(deleted.guid)}
    assert (await changes(one, following))[:2] == ({}, set())


async def test_dirsync_tells_who_does_not_fit_any_more(ad: FakeAd, feed: Make) -> None:
    students = f"OU=Students,{ad.base}"
    one = feed(delta="dirsync", base=students, replicates=True)
    read = await collect(one.read())
    assert len(read.records) == 40
    unfit, moved, staff = (ad.find(f"{login}@uni.example") for login in ("u001", "u002", "u005"))
    assert unfit is not None
    assert moved is not None
    assert staff is not None
    ad.change(unfit, "employeeID")  # in the filter
    with ad.lock:
        ad.tree.rename(moved, f"CN=u002,OU=Staff,{ad.base}")
    ad.change(staff, "department", "D9")  # of nobody whom this feed reads
    there, gone, _ = await changes(one, read.ended.next_delta)
    assert there == {}
    assert gone == {uuid_text(unfit.guid), uuid_text(moved.guid), uuid_text(staff.guid)}


async def test_dirsync_in_many_rounds(ad: FakeAd, feed: Make) -> None:
    one = feed(delta="dirsync", replicates=True)
    since = (await collect(one.read())).ended.next_delta
    for number in range(50):
        person = ad.find(f"u{number:03d}@uni.example")
        assert person is not None
        ad.change(person, "department", f"D{number}")
    there, gone, _ = await changes(one, since)
    assert sorted(attributes["department"][0] for attributes in there.values()) == sorted(f"D{n}" for n in range(50))
    assert gone == set()


async def test_dirsync_without_the_right_to_replicate_tells_changes_alone(ad: FakeAd, feed: Make) -> None:
    one = feed(delta="dirsync")
    since = (await collect(one.read())).ended.next_delta
    changed, deleted = ad.find("u003@uni.example"), ad.find("u004@uni.example")
    assert changed is not None
    assert deleted is not None
    ad.change(changed, "department", "D2")
    ad.delete(deleted)
    there, gone, _ = await changes(one, since)
    assert set(there) == {key(ad, "u003")}
    assert gone == set()


async def test_a_cookie_that_the_server_does_not_know(ad: FakeAd, feed: Make) -> None:
    pages = feed(delta="dirsync").delta({"cookie": "AAAA"})
    assert pages is not None
    with pytest.raises(FeedError, match="DirSync: 2 protocolError") as error:
        await collect(pages)
    assert not error.value.retry
