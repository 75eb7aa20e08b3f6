"""OpenLDAP's programs, ldap3 with the schema, and Perl's Net::LDAP against our LDAP door."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import LDAPBindError, LDAPStartTLSError

from gateway.identity.model import Person
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    PASSWORD,
    PIN,
    READER,
    Listening,
    executor,
    listening,
    person,
    server_tls,
    settings,
)
from tests.presence import missing

__all__ = ["executor", "listening", "server_tls", "settings"]

SECONDS = 30
PEOPLE = f"ou=people,{ABER}"


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.out.splitlines() if line and not line.startswith("#")]


async def run(listening: Listening, name: str, *words: str) -> Ended:
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed")
    process = await asyncio.create_subprocess_exec(
        found,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LDAPTLS_CACERT": str(listening.authority), "LC_ALL": "C.UTF-8"},
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def plain(listening: Listening) -> list[str]:
    return ["-x", "-H", f"ldap://127.0.0.1:{listening.port}"]


def start_tls(listening: Listening) -> list[str]:
    return ["-x", "-ZZ", "-H", f"ldap://127.0.0.1:{listening.port}"]


def ldaps(listening: Listening) -> list[str]:
    return ["-x", "-H", f"ldaps://127.0.0.1:{listening.tls_port}"]


WAYS: list[Callable[[Listening], list[str]]] = [plain, start_tls, ldaps]
AS_READER = ["-D", READER, "-w", PASSWORD]


@pytest.mark.parametrize("way", WAYS)
async def test_ldapsearch(listening: Listening, way: Callable[[Listening], list[str]]) -> None:
    found = await run(
        listening, "ldapsearch", *way(listening), *AS_READER, "-LLL", "-b", PEOPLE, "(uid=ajones)", "cn", "mail"
    )
    assert found.code == 0, found.err
    assert found.lines == [f"dn: {ANN}", "cn: Ann Jones", "mail: ann@aber.example", "mail: ann@home.example"]


async def test_ldapsearch_reads_names_that_need_care(listening: Listening) -> None:
    found = await run(
        listening, "ldapsearch", *plain(listening), *AS_READER, "-LLL", "-b", f"uid=gp\\, x\\+y,{PEOPLE}", "uid"
    )
    assert found.lines == [f"dn: uid=gp\\, x\\+y,{PEOPLE}", "uid: gp, x+y"]
    found = await run(listening, "ldapsearch", *plain(listening), *AS_READER, "-LLL", "-b", PEOPLE, "(sn=Ŵyn)", "uid")
    assert found.lines == [f"dn: uid=20100003,{PEOPLE}", "uid: 20100003"]


async def test_ldapsearch_reads_the_root_and_the_schema(listening: Listening) -> None:
    root = await run(listening, "ldapsearch", *plain(listening), "-LLL", "-s", "base", "-b", "", "+")
    assert f"namingContexts: {ABER}" in root.lines
    assert "supportedLDAPVersion: 3" in root.lines
    schema = await run(
        listening, "ldapsearch", *plain(listening), "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", "cn=Subschema",
        "objectClasses",
    )  # fmt: skip
    assert any("NAME 'libraryPatron'" in line for line in schema.lines)


async def test_ldapsearch_reads_page_by_page(listening: Listening) -> None:
    await listening.add(*(person(number, f"Many People{number}") for number in range(100, 350)))
    found = await run(
        listening, "ldapsearch", *plain(listening), *AS_READER, "-LLL", "-E", "pr=40/noprompt", "-b", PEOPLE,
        "(cn=many*)", "1.1",
    )  # fmt: skip
    assert found.code == 0, found.err
    assert len({line for line in found.lines if line.startswith("dn: ")}) == 250


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-D", READER, "-w", "wrong", "-b", ABER], 49),
        (["-D", ANN, "-w", "9999", "-b", ABER], 49),
        ([*AS_READER, "-b", "dc=bangor,dc=demo"], 32),
        ([*AS_READER, "-b", ABER, "-z", "2"], 4),
        (["-b", ABER], 50),
        ([*AS_READER, "-b", ABER, "-E", "!sss=cn"], 12),
    ],
)
async def test_ldapsearch_is_told_why_not(listening: Listening, words: list[str], code: int) -> None:
    assert (await run(listening, "ldapsearch", *plain(listening), *words)).code == code


@pytest.mark.parametrize("way", WAYS)
async def test_ldapwhoami(listening: Listening, way: Callable[[Listening], list[str]]) -> None:
    for name, password in ((READER, PASSWORD), (ANN, PIN)):
        found = await run(listening, "ldapwhoami", *way(listening), "-D", name, "-w", password)
        assert (found.code, found.lines) == (0, [f"dn:{name}"]), found.err
    anonymous = await run(listening, "ldapwhoami", *way(listening))
    assert (anonymous.code, anonymous.lines) == (0, ["anonymous"])


@pytest.mark.parametrize(("assertion", "code"), [("sn:jones", 6), ("sn:parry", 5), ("libraryBlock:x", 16)])
async def test_ldapcompare(listening: Listening, assertion: str, code: int) -> None:
    found = await run(listening, "ldapcompare", *start_tls(listening), *AS_READER, ANN, assertion)
    assert found.code == code, found.err


async def test_nothing_is_changed(listening: Listening) -> None:
    for name, words in {
        "ldapdelete": [ANN],
        "ldappasswd": ["-s", "new", ANN],
        "ldapmodrdn": [ANN, "uid=other"],
    }.items():
        said = await run(listening, name, *plain(listening), *AS_READER, *words)
        assert said.code != 0
        assert "unwilling to perform (53)" in said.out + said.err


# ldap3


def with_ldap3(listening: Listening, name: str, password: str, **options: Any) -> ldap3.Connection:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(listening.authority))
    server = ldap3.Server("localhost", port=listening.port, get_info=ldap3.ALL, tls=tls, connect_timeout=10)
    return ldap3.Connection(server, name, password, receive_timeout=10, raise_exceptions=False, **options)


async def test_ldap3_reads_the_schema_and_uses_it(listening: Listening) -> None:
    def ask() -> None:
        connection = with_ldap3(listening, READER, PASSWORD, auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND)
        info, schema = connection.server.info, connection.server.schema
        assert info.naming_contexts == [ABER]
        assert {one[0] for one in info.supported_controls} >= {"1.2.840.113556.1.4.319"}
        assert schema.attribute_types["libraryExpiry"].single_value
        assert schema.attribute_types["cn"].superior == ["name"]
        assert set(schema.object_classes["libraryPatron"].may_contain) >= {"libraryMayBorrow"}
        assert schema.matching_rules["caseIgnoreMatch"].syntax == "1.3.6.1.4.1.1466.115.121.1.15"
        assert connection.search(PEOPLE, "(uid=20100001)", attributes=["*", "+"])
        (entry,) = connection.entries
        assert entry.libraryMayBorrow.value is True
        assert entry.libraryExpiry.value.year == 2099
        assert entry.mail.values == ["ann@aber.example", "ann@home.example"]
        assert connection.compare(ANN, "sn", "jones")
        assert connection.extend.standard.who_am_i() == f"dn:{READER}"
        connection.unbind()

    await asyncio.to_thread(ask)


async def test_ldap3_pages_through_everybody(listening: Listening) -> None:
    people: list[Person] = [person(number, f"Many People{number}") for number in range(100, 350)]
    await listening.add(*people)

    def ask() -> list[str]:
        with with_ldap3(listening, READER, PASSWORD) as connection:
            found = connection.extend.standard.paged_search(
                PEOPLE, "(cn=many*)", attributes=["uid"], paged_size=60, generator=True
            )
            return [entry["attributes"]["uid"][0] for entry in found]

    assert sorted(await asyncio.to_thread(ask)) == [one.identifiers[0].value for one in people]


async def test_ldap3_binds_a_patron_and_is_refused_a_wrong_pin(listening: Listening) -> None:
    def ask() -> None:
        with with_ldap3(listening, ANN, PIN) as connection:
            assert connection.search(ABER, "(objectClass=person)", attributes=["cn"])
            assert [str(entry.cn) for entry in connection.entries] == ["Ann Jones"]
            assert not connection.rebind(READER, "wrong")
            assert not connection.search(ABER, "(objectClass=*)")
        with pytest.raises((LDAPBindError, LDAPStartTLSError)):
            with_ldap3(listening, ANN, "9999", auto_bind=True)

    await asyncio.to_thread(ask)


# Net::LDAP

PERL = r"""
use strict; use warnings;
use Net::LDAP; use Net::LDAP::Control::Paged; use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);
my ($port, $ca, $name, $password, $people) = @ARGV;
my $ldap = Net::LDAP->new("localhost", port => $port, timeout => 10) or die "no connection: $@";
my $said = $ldap->start_tls(verify => "require", cafile => $ca, sslversion => "tlsv1_2");
print "tls ", $said->code, "\n";
print "bind ", $ldap->bind($name, password => $password)->code, "\n";
my $page = Net::LDAP::Control::Paged->new(size => 3);
my @search = (base => $people, scope => "one", filter => "(objectClass=person)", attrs => ["uid"], control => [$page]);
my $pages = 0;
while (1) {
    my $found = $ldap->search(@search);
    die $found->error if $found->code;
    $pages++;
    print "uid ", scalar $_->get_value("uid"), "\n" for $found->entries;
    my ($answer) = $found->control(LDAP_CONTROL_PAGED) or last;
    my $cookie = $answer->cookie;
    last unless defined $cookie and length $cookie;
    $page->cookie($cookie);
}
print "pages $pages\n";
print "schema ", $ldap->schema->attribute("libraryExpiry")->{name}, "\n";
print "root ", join(" ", $ldap->root_dse->get_value("supportedLDAPVersion")), "\n";
print "compare ", $ldap->compare("uid=20100001,$people", attr => "sn", value => "JONES")->code, "\n";
print "add ", $ldap->add("uid=x,$people", attrs => [objectClass => "person"])->code, "\n";
$ldap->unbind;
"""


async def test_net_ldap(listening: Listening) -> None:
    if (await run(listening, "perl", "-MNet::LDAP", "-MIO::Socket::SSL", "-e", "1")).code:
        missing("Perl's Net::LDAP is not installed")
    said = await run(
        listening, "perl", "-e", PERL, str(listening.port), str(listening.authority), READER, PASSWORD, PEOPLE
    )
    assert said.code == 0, said.err
    assert said.lines == [
        "tls 0",
        "bind 0",
        *(f"uid {uid}" for uid in [*(f"2010000{number}" for number in range(1, 7)), "gp, x+y"]),
        "pages 3",
        "schema libraryExpiry",
        "root 3",
        "compare 6",
        "add 53",
    ]
