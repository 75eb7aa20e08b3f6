"""The fake domain controller does what Active Directory is documented to do, as ldap3 sees it."""

from __future__ import annotations

import socket
import struct
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPExceptionError

from library_protocols.ldap.facts import bind_reason
from tests.ad_tree import DISABLED, NORMAL, uuid_text
from tests.certificates import Authority
from tests.fake_ad import FakeAd, Policy, in_days
from tests.ldif import ldif

PASSWORD = "Passw0rd!"


@pytest.fixture
def ad() -> Iterator[FakeAd]:
    with FakeAd() as server:
        server.add_user("svc", PASSWORD)
        yield server


def connect(ad: FakeAd, name: str = "svc@uni.example", password: str = PASSWORD) -> ldap3.Connection:
    server = ldap3.Server("127.0.0.1", port=ad.port, get_info=ldap3.NONE, connect_timeout=5)
    return ldap3.Connection(
        server, name, password, auto_referrals=False, check_names=False, receive_timeout=5, auto_range=False,
        return_empty_attributes=False,
    )  # fmt: skip


def bind(ad: FakeAd, name: str, password: str) -> tuple[int, str]:
    connection = connect(ad, name, password)
    connection.bind()
    result = connection.result
    connection.unbind()
    return result["result"], bind_reason(result["message"])


def entries(connection: ldap3.Connection) -> list[dict[str, Any]]:
    return [one for one in connection.response or [] if one["type"] == "searchResEntry"]


def test_three_ways_to_name_somebody(ad: FakeAd) -> None:
    jane = ad.add_user("jsmith", "secret", name="Smith, Jane", userPrincipalName="jane@student.uni.example")
    for name in (
        jane.dn,
        "JANE@student.uni.example",
        "jsmith@uni.example",
        "UNI\\jsmith",
        jane.dn.replace("\\,", "\\2c"),
    ):
        assert bind(ad, name, "secret") == (0, ""), name
    assert bind(ad, "OTHER\\jsmith", "secret") == (49, "525")
    assert bind(ad, "CN=Nobody,CN=Users,DC=uni,DC=example", "secret") == (49, "525")
    ad.policy.tells_unknown = False
    assert bind(ad, "nobody@uni.example", "secret") == (49, "52e")


@pytest.mark.parametrize(
    ("reason", "attributes"),
    [
        ("533", {"control": NORMAL | DISABLED}),
        ("701", {"accountExpires": in_days(-1)}),
        ("773", {"pwdLastSet": 0}),
        ("", {"accountExpires": 0}),
        ("", {"accountExpires": in_days(1)}),
    ],
)
def test_why_somebody_is_not_let_in_is_told_to_who_knows_the_password(
    ad: FakeAd, reason: str, attributes: dict[str, Any]
) -> None:
    ad.add_user("u1", "secret", **attributes)
    assert bind(ad, "u1@uni.example", "secret") == (49 if reason else 0, reason)
    assert bind(ad, "u1@uni.example", "wrong") == (49, "52e")


@pytest.mark.parametrize(
    ("reason", "state"), [("530", "outside_hours"), ("531", "other_workstation"), ("532", "password_expired")]
)
def test_hours_workstations_and_old_passwords(ad: FakeAd, reason: str, state: str) -> None:
    one = ad.add_user("u1", "secret")
    setattr(one, state, True)
    assert bind(ad, "u1@uni.example", "secret") == (49, reason)


def test_an_account_is_locked_and_opens_again() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    with FakeAd(policy=Policy(lockout_threshold=3, lockout_seconds=600), now=lambda: moment) as ad:
        one = ad.add_user("u1", "secret")
        for _ in range(3):
            assert bind(ad, "u1@uni.example", "wrong") == (49, "52e")
        assert one.number("badPwdCount") == 3
        assert bind(ad, "u1@uni.example", "secret") == (49, "775")
        assert bind(ad, "u1@uni.example", "wrong") == (49, "775")
        moment += timedelta(seconds=601)
        assert bind(ad, "u1@uni.example", "secret") == (0, "")
        assert one.number("badPwdCount") == 0


def test_wrong_passwords_long_ago_do_not_count() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    with FakeAd(policy=Policy(lockout_threshold=2, observation_seconds=60), now=lambda: moment) as ad:
        ad.add_user("u1", "secret")
        assert bind(ad, "u1@uni.example", "wrong") == (49, "52e")
        moment += timedelta(seconds=61)
        assert bind(ad, "u1@uni.example", "wrong") == (49, "52e")
        assert bind(ad, "u1@uni.example", "secret") == (0, "")


def test_a_clear_bind_is_refused_where_encryption_is_required(tmp_path: Path) -> None:
    certificate, key = Authority.create(tmp_path).issue("localhost", addresses=("127.0.0.1",))
    policy = Policy(require_encryption=True)
    with FakeAd(certificate=str(certificate), key=str(key), policy=policy) as ad:
        ad.add_user("svc", PASSWORD)
        assert bind(ad, "svc@uni.example", PASSWORD)[0] == 8
        connection = connect(ad)
        connection.open()
        assert connection.start_tls()
        assert connection.bind()
        connection.unbind()
        secure = ldap3.Server("127.0.0.1", port=ad.tls_port, use_ssl=True, get_info=ldap3.NONE)
        connection = ldap3.Connection(secure, "svc@uni.example", PASSWORD)
        assert connection.bind()
        assert connection.extend.standard.who_am_i() == "u:UNI\\svc"
        connection.unbind()


def test_nobody_searches_before_a_bind_but_everybody_sees_the_root(ad: FakeAd) -> None:
    connection = connect(ad, "", "")
    connection.bind()
    assert connection.search("", "(objectClass=*)", ldap3.BASE, attributes=["*", "+"])
    root = entries(connection)[0]["raw_attributes"]
    assert root["defaultNamingContext"] == [b"DC=uni,DC=example"]
    assert b"1.2.840.113556.1.4.800" in root["supportedCapabilities"]
    assert not connection.search(ad.base, "(objectClass=*)")
    assert connection.result["result"] == 1
    assert "successful bind" in connection.result["message"]
    connection.unbind()


def search(ad: FakeAd, filter_: str, base: str = "", scope: Any = ldap3.SUBTREE, **options: Any) -> ldap3.Connection:
    connection = connect(ad)
    assert connection.bind()
    options.setdefault("controls", [("1.2.840.113556.1.4.1339", False, None)])
    connection.search(base or ad.base, filter_, scope, **{"attributes": ["*"], **options})
    return connection


def test_entries_have_the_shapes_of_a_domain_controllers(ad: FakeAd) -> None:
    one = ad.add_user("s00008", name="Student, Number 8", employeeID="10000008", mail="s00008@uni.example")
    group = ad.add_group("UG-Students", [one])
    connection = search(ad, "(sAMAccountName=S00008)")
    (entry,) = entries(connection)
    raw = entry["raw_attributes"]
    assert entry["dn"] == "CN=Student\\, Number 8,CN=Users,DC=uni,DC=example"
    assert (len(raw["objectGUID"][0]), len(raw["objectSid"][0])) == (16, 28)
    assert raw["accountExpires"] == [b"9223372036854775807"]
    assert raw["memberOf"] == [group.dn.encode()]
    assert raw["objectClass"] == [b"top", b"person", b"organizationalPerson", b"user"]
    assert uuid_text(raw["objectGUID"][0]) == str(uuid.UUID(bytes_le=raw["objectGUID"][0]))
    connection.unbind()


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        (
            "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
            {"svc", "u1"},
        ),
        ("(userAccountControl:1.2.840.113556.1.4.804:=3)", {"u2"}),
        ("(sn=Siân*)", {"u1"}),
        ("(sn=*Â*)", {"u1"}),
        ("(employeeID>=5)", {"u2"}),
        ("(employeeID<=5)", {"u1"}),
        ("(!(noSuchAttribute=x))", {"svc", "u1", "u2"}),
        ("(|(mail=*)(sAMAccountName=svc))", {"svc", "u1"}),
        ("(memberOf=CN=G,CN=Users,DC=uni,DC=example)", {"u1"}),
        ("(memberOf:1.2.840.113556.1.4.1941:=CN=Outer,CN=Users,DC=uni,DC=example)", {"u1"}),
    ],
)
def test_filters(ad: FakeAd, filter_: str, found: set[str]) -> None:
    u1 = ad.add_user("u1", sn="Siân Jones", mail="u1@uni.example", employeeID="4")
    ad.add_user("u2", control=NORMAL | DISABLED, employeeID="10")
    ad.add_group("Outer", [ad.add_group("G", [u1])])
    connection = search(ad, f"(&(objectClass=user){filter_})", attributes=["sAMAccountName"])
    names = {one["raw_attributes"]["sAMAccountName"][0].decode() for one in entries(connection)}
    assert names == found
    connection.unbind()


def test_a_binary_key_is_found(ad: FakeAd) -> None:
    one = ad.add_user("u1")
    escaped = "".join(f"\\{octet:02x}" for octet in one.guid)
    connection = search(ad, f"(objectGUID={escaped})")
    assert [found["dn"] for found in entries(connection)] == [one.dn]
    connection.unbind()


def test_what_is_not_there_names_what_is_above_it(ad: FakeAd) -> None:
    connection = search(ad, "(objectClass=*)", "OU=None,CN=Users,DC=uni,DC=example")
    assert connection.result["result"] == 32
    assert connection.result["dn"] == "CN=Users,DC=uni,DC=example"
    connection.unbind()


def test_no_more_than_a_page_without_paging_and_no_larger_page(ad: FakeAd) -> None:
    ad.policy.max_page_size = 10
    unit = ad.add_unit("Students")
    for number in range(25):
        ad.add_user(f"u{number:02d}", parent=unit)
    connection = search(ad, "(objectClass=user)", unit)
    assert connection.result["result"] == 4
    assert len(entries(connection)) == 10
    connection.search(unit, "(objectClass=user)", size_limit=3)
    assert connection.result["result"] == 4
    assert len(entries(connection)) == 3
    sizes: list[int] = []
    cookie = None
    while cookie != b"":
        connection.search(unit, "(objectClass=user)", paged_size=1000, paged_cookie=cookie)
        sizes.append(len(entries(connection)))
        cookie = connection.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    assert sizes == [10, 10, 5]
    connection.search(unit, "(objectClass=user)", paged_size=5)
    cookie = connection.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    connection.search(unit, "(objectClass=group)", paged_size=5, paged_cookie=cookie)
    assert connection.result["result"] == 12  # a cookie is of one search
    connection.unbind()


def test_a_cookie_dies_with_its_connection(ad: FakeAd) -> None:
    first = search(ad, "(objectClass=*)", paged_size=1)
    cookie = first.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    second = search(ad, "(objectClass=*)", paged_size=1, paged_cookie=cookie)
    assert second.result["result"] == 12
    first.unbind()
    second.unbind()


def test_attributes_with_many_values_come_in_ranges(ad: FakeAd) -> None:
    ad.policy.max_val_range = 15
    group = ad.add_group("Big", [ad.add_user(f"u{number:02d}") for number in range(40)])

    def members(wanted: str) -> dict[str, int]:
        connection = search(ad, "(objectClass=*)", group.dn, ldap3.BASE, attributes=[wanted])
        raw = entries(connection)[0]["raw_attributes"]
        connection.unbind()
        return {name: len(values) for name, values in raw.items()}

    assert members("member") == {"member;range=0-14": 15}
    assert members("member;range=15-*") == {"member;range=15-29": 15}
    assert members("member;range=30-*") == {"member;range=30-*": 10}
    assert members("member;range=0-4") == {"member;range=0-4": 5}


def test_the_root_of_the_domain_refers_to_other_partitions(ad: FakeAd) -> None:
    connection = search(ad, "(sAMAccountName=svc)", controls=None)
    references = [one["uri"] for one in connection.response or [] if one["type"] == "searchResRef"]
    assert len(references) == 3
    assert references[2] == ["ldap://uni.example/CN=Configuration,DC=uni,DC=example"]
    connection.search(f"CN=Users,{ad.base}", "(sAMAccountName=svc)")
    assert {one["type"] for one in connection.response or []} == {"searchResEntry"}
    connection.unbind()


def test_the_dead_are_seen_by_who_asks(ad: FakeAd) -> None:
    one = ad.add_user("u1")
    guid = one.guid
    ad.delete(one)
    connection = search(ad, "(isDeleted=TRUE)")
    assert entries(connection) == []
    connection.search(ad.base, "(isDeleted=TRUE)", attributes=["*"], controls=[("1.2.840.113556.1.4.417", True, None)])
    (tombstone,) = entries(connection)
    raw = tombstone["raw_attributes"]
    assert f"\\0ADEL:{uuid_text(guid)},CN=Deleted Objects," in tombstone["dn"]
    assert raw["lastKnownParent"] == [f"CN=Users,{ad.base}".encode()]
    assert "objectCategory" not in raw
    assert raw["objectGUID"] == [guid]
    connection.unbind()


class Changes:
    """DirSync as ldap3 asks for it."""

    def __init__(self, ad: FakeAd, **options: Any) -> None:
        self.connection = connect(ad)
        assert self.connection.bind()
        self.sync = self.connection.extend.microsoft.dir_sync(ad.base, "(objectClass=user)", **options)

    def next(self) -> list[dict[str, Any]]:
        return [one for one in self.sync.loop() if one["type"] == "searchResEntry"]


def test_changes_and_nothing_else(ad: FakeAd) -> None:
    ad.policy.replicators = frozenset(("svc",))
    one = ad.add_user("u1", mail="u1@uni.example", title="Ms")
    gone = ad.add_user("u2")
    changes = Changes(ad, attributes=["*"])
    everybody = {entry["raw_attributes"]["sAMAccountName"][0] for entry in changes.next()}
    assert everybody == {b"svc", b"u1", b"u2"}
    assert changes.next() == []
    ad.change(one, "mail", "new@uni.example")
    ad.change(one, "title")
    ad.delete(gone)
    ad.add_group("G", [one])
    found = {entry["raw_attributes"]["objectGUID"][0]: entry["raw_attributes"] for entry in changes.next()}
    assert set(found) == {one.guid, gone.guid}
    assert found[one.guid]["mail"] == [b"new@uni.example"]
    assert not found[one.guid]["title"]
    assert set(found[one.guid]) == {"mail", "title", "objectGUID", "instanceType"}
    assert found[gone.guid]["isDeleted"] == [b"TRUE"]
    assert changes.next() == []
    changes.connection.unbind()


def test_changes_in_several_answers(ad: FakeAd) -> None:
    ad.policy.replicators = frozenset(("svc",))
    ad.policy.dirsync_objects = 3
    for number in range(7):
        ad.add_user(f"u{number}")
    changes = Changes(ad, attributes=["sAMAccountName"])
    found = 0
    while changes.sync.more_results:
        found += len(changes.next())
    assert found == 8
    changes.connection.unbind()


def test_changes_need_a_right(ad: FakeAd) -> None:
    gone = ad.add_user("u1")
    changes = Changes(ad)
    with pytest.raises(LDAPExceptionError, match="INSUFF_ACCESS_RIGHTS"):
        changes.next()
    changes.connection.unbind()
    ad.delete(gone)
    seen = Changes(ad, object_security=True)
    assert [entry["raw_attributes"]["sAMAccountName"] for entry in seen.next()] == [[b"svc"]]
    seen.connection.unbind()


def test_members_that_came_and_went(ad: FakeAd) -> None:
    ad.policy.replicators = frozenset(("svc",))
    one, other = ad.add_user("u1"), ad.add_user("u2")
    group = ad.add_group("G", [one])
    connection = connect(ad)
    assert connection.bind()
    options = {"attributes": ["member"], "incremental_values": True}
    sync = connection.extend.microsoft.dir_sync(ad.base, "(objectClass=group)", **options)
    assert [entry["raw_attributes"]["member"] for entry in sync.loop()] == [[one.dn.encode()]]
    ad.change(group, "member", other.dn)
    (entry,) = sync.loop()
    assert entry["raw_attributes"]["member;range=1-1"] == [other.dn.encode()]
    assert entry["raw_attributes"]["member;range=0-0"] == [one.dn.encode()]
    connection.unbind()


def test_nothing_is_written_or_compared_beyond_what_is_there(ad: FakeAd) -> None:
    connection = connect(ad)
    assert connection.bind()
    assert not connection.modify(f"CN=svc,CN=Users,{ad.base}", {"mail": [(ldap3.MODIFY_REPLACE, ["x"])]})
    assert connection.result["result"] == 50
    connection.compare(f"CN=svc,CN=Users,{ad.base}", "sAMAccountName", "svc")
    assert connection.result["result"] == 6
    connection.unbind()


def test_faults_happen_on_demand(ad: FakeAd) -> None:
    connection = connect(ad)
    assert connection.bind()
    ad.faults.busy = True
    connection.search(ad.base, "(objectClass=*)")
    assert connection.result["result"] == 51
    ad.faults.busy = False
    ad.faults.drop_after = 1
    with pytest.raises(LDAPExceptionError):
        connection.search(ad.base, "(objectClass=*)")
    ad.faults.drop_after = None
    ad.faults.silent = True
    quiet = ldap3.Connection(
        ldap3.Server("127.0.0.1", port=ad.port, get_info=ldap3.NONE), "svc@uni.example", PASSWORD, receive_timeout=1
    )
    with pytest.raises(LDAPExceptionError):
        quiet.bind()
    ad.faults.silent = False
    ad.faults.garbage = True
    broken = connect(ad)
    with pytest.raises((LDAPExceptionError, struct.error, KeyError, TypeError, IndexError)):
        broken.bind()
    assert ad.seen.binds[0] == ("svc@uni.example", 0)


def test_octets_that_are_no_message_end_the_connection(ad: FakeAd) -> None:

    with socket.create_connection(("127.0.0.1", ad.port), 5) as link:
        link.settimeout(5)
        link.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"1.3.6.1.4.1.1466.20036" in link.recv(4096)
        assert link.recv(4096) == b""


def test_people_have_the_attributes_of_a_real_export(ad: FakeAd, shared_data: Callable[[str], Path]) -> None:
    real = {
        dn: attributes
        for dn, attributes in ldif(shared_data("identity/samba_ad_export.ldif"))
        if b"user" in attributes.get("objectClass", []) and dn.startswith("CN=Student")
    }
    assert real
    unit = ad.add_unit("Students")
    one = ad.add_user("s1", parent=unit, name="Student, Number 1", givenName="Number1", sn="Student",
                      employeeID="10000001", mail="s1@student.uni.example", lastLogoff=0, logonCount=0)  # fmt: skip
    ad.add_group("UG-Students", [one])
    connection = search(ad, "(sAMAccountName=s1)")
    (mine,) = entries(connection)
    connection.unbind()
    raw = mine["raw_attributes"]
    for attributes in real.values():
        assert set(attributes) - {"lastLogonTimestamp"} <= set(raw)  # that one comes with a first login
        for name in ("objectGUID", "objectSid"):
            assert len(attributes[name][0]) == len(raw[name][0])
        for name in ("accountExpires", "pwdLastSet", "userAccountControl", "uSNChanged", "primaryGroupID"):
            assert int(raw[name][0]) >= 0 <= int(attributes[name][0])
        for name in ("whenCreated", "whenChanged"):
            assert len(raw[name][0]) == len(attributes[name][0]) == len("20261122044114.0Z")
