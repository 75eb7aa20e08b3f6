"""The LDAP view beside OpenLDAP's server with the same schema and the same entries: both must say the same.

slapd is given the view's own definitions and what the view shows, and then both are asked the same questions.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from gateway.adapters.ldap.schema import subschema
from gateway.crosswalks.ldap import ARC
from library_protocols.ldap import (
    And,
    CompareRequest,
    Dn,
    Equality,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    SearchRequest,
    Substrings,
    folded_dn,
)
from tests.gateway.adapters.ldap.asking import BASE, ONE, SUB, Client, Found, found, search
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    READER,
    Listening,
    executor,
    listening,
    server_tls,
    settings,
)
from tests.slapd import MODULES, SCHEMA, Slapd

__all__ = ["executor", "listening", "server_tls", "settings"]

PEOPLE = f"ou=people,{ABER}"
OURS = (ARC, "1.3.6.1.4.1.5923.")
ADMIN, ADMIN_PASSWORD = f"cn=admin,{ABER}", "admin-secret"


def definitions() -> str:
    """The definitions that OpenLDAP does not bring with it."""
    attributes = subschema().attributes
    lines = [
        f"{kind} {text}"
        for kind, name in (("attributetype", "attributeTypes"), ("objectclass", "objectClasses"))
        for text in (value.decode() for value in attributes[name])
        if text.split()[1].startswith(OURS)
    ]
    return "\n".join(lines)


def configuration(folder: Path) -> str:
    included = "\n".join(f"include {SCHEMA / name}.schema" for name in ("core", "cosine", "inetorgperson"))
    return f"""
modulepath {MODULES}
{included}
{definitions()}
database mdb
suffix "{ABER}"
directory {folder}/db
maxsize 16777216
rootdn "{ADMIN}"
rootpw {ADMIN_PASSWORD}
access to * by * read
"""


def ldif(shown: Found) -> Iterator[str]:
    for dn, attributes in shown.entries.items():
        yield f"dn:: {base64.b64encode(dn.encode()).decode()}\n"
        for name, values in attributes.items():
            yield "".join(f"{name}:: {base64.b64encode(value.encode()).decode()}\n" for value in values)
        yield "\n"


@pytest.fixture
async def both(listening: Listening, tmp_path: Path) -> AsyncIterator[tuple[Client, Client]]:
    """A connection to each, bound."""
    ours = await listening.connect(READER)
    # By name, so that what only the platform knows is among it.
    everything = await ours.search(ABER, "(objectClass=*)", "*", "libraryMayBorrow")
    slapd = await asyncio.to_thread(Slapd.serve, tmp_path, configuration(tmp_path), list(ldif(everything)))
    try:
        theirs = await Client.connect(slapd.ldap_port)
        assert await theirs.bind(ADMIN, ADMIN_PASSWORD) == 0
        yield ours, theirs
        await theirs.close()
    finally:
        slapd.stop()


async def said(client: Client, asked: SearchRequest) -> tuple[int, Dn, dict[Dn, dict[str, list[str]]]]:
    """Code, the name matched, and the entries; names as names are compared, values in an order of their own."""
    told = found(await client.ask(asked))
    entries = {
        folded_dn(dn): {name: sorted(values) for name, values in sorted(attributes.items())}
        for dn, attributes in told.entries.items()
    }
    return told.code, folded_dn(told.matched), dict(sorted(entries.items()))


async def test_both_show_the_same(both: tuple[Client, Client]) -> None:
    ours, theirs = both
    for base, scope, attributes in (
        (ABER, SUB, ("*", "libraryMayBorrow")),
        (ABER, SUB, ("1.1",)),
        (ABER, BASE, ()),
        (ABER, ONE, ("cn", "OU", "nothing")),
        (PEOPLE, ONE, ("name",)),
        (PEOPLE, SUB, ("2.5.4.4", "userid", "cn;lang-cy")),
        (ANN, BASE, ("entryDN", "subschemaSubentry", "hasSubordinates", "structuralObjectClass")),
        (ANN, ONE, ()),
        (ANN, SUB, ("mail",)),
        ("UID = 20100001 , OU=People,DC=aber,dc=DEMO", BASE, ("sn",)),
        (f"uid=gp\\2c x\\+y,{PEOPLE}", BASE, ("uid",)),
        (f"uid=nobody,{PEOPLE}", BASE, ()),
        (f"uid=nobody,{PEOPLE}", SUB, ()),
        (f"ou=nothing,{ABER}", ONE, ()),
        ("no name", BASE, ()),
    ):
        asked = search(base, "(objectClass=*)", *attributes, scope=scope)
        assert await said(ours, asked) == await said(theirs, asked), asked


FILTERS = (
        "(cn=ann jones)", "(cn=ANN   JONES)", "(cn=ann*)", "(cn=*jones)", "(cn=*n j*)", "(cn=a*n*s)", "(sn=ŵyn)",
        "(sn=ŴYN)", "(name=ann)", "(name=*)", "(commonName=ann jones)", "(2.5.4.3=ann jones)", "(uid=AJONES)",
        "(mail=ANN@aber.example)", "(mail=*@aber.example)", "(mail=ŵ)", "(telephoneNumber=+441970622400)",
        "(telephoneNumber=*622 400)", "(objectClass=person)", "(objectClass=2.5.6.6)", "(objectClass=nothing)",
        "(!(objectClass=nothing))", "(!(objectClass=person))", "(nothing=x)", "(!(nothing=x))", "(!(nothing=*))",
        "(cn>=a)", "(!(cn>=a))", "(libraryExpiry>=20260101000000Z)", "(libraryExpiry<=20260101000000Z)",
        "(libraryExpiry=209907312359.9833Z)", "(libraryExpiry=20990801005959+0100)", "(libraryExpiry=soon)",
        "(!(libraryExpiry=soon))", "(libraryExpiry=2099*)", "(!(libraryExpiry=2099*))", "(libraryMayBorrow=TRUE)",
        "(libraryMayBorrow=true)", "(!(libraryMayBorrow=TRUE))", "(libraryMayBorrow=maybe)", "(libraryBlock=*)",
        "(!(libraryBlock=*))", "(&(objectClass=person)(!(mail=*)))", "(|(nothing=x)(sn=jones))",
        "(&(nothing=x)(sn=jones))", "(!(&(nothing=x)(sn=jones)))", "(!(|(nothing=x)(sn=jones)))", "(&)", "(|)",
    "(!(&))",
        "(sn:=rees)", "(sn:caseExactMatch:=rees)", "(sn:caseExactMatch:=Rees)", "(sn:2.5.13.5:=Rees)",
        "(sn:booleanMatch:=TRUE)", "(!(sn:booleanMatch:=TRUE))", "(sn:nothingMatch:=rees)", "(uid:dn:=20100005)",
        "(ou:dn:=people)", "(dc:dn:=aber)", "(:caseExactMatch:=Hockey)", "(:caseExactMatch:=hockey)",
        "(cn~=ann jones)", "(dc=ABER)", "(ou=people)", "(uid=gp, x+y)", "(cn=\\41nn jones)", "(cn=)", "(!(cn=))",
        "(eduPersonAffiliation=STAFF)", "(employeeType=u*)", "(preferredLanguage=cy)", "(description=aberystwyth)",
)  # fmt: skip


async def test_both_find_the_same(both: tuple[Client, Client]) -> None:
    ours, theirs = both
    for text in FILTERS:
        asked = search(ABER, text, "1.1", scope=SUB)
        assert await said(ours, asked) == await said(theirs, asked), text


NAMES = ("cn", "sn", "uid", "name", "mail", "libraryExpiry", "libraryMayBorrow", "libraryStatus", "objectClass",
         "eduPersonAffiliation", "nothing", "telephoneNumber", "ou")  # fmt: skip
VALUES = ("Ann Jones", "jones", "TRUE", "active", "20990731235959Z", "20100001", "person", "student", "people", "bob@")
names, values = st.sampled_from(NAMES), st.sampled_from(VALUES).map(str.encode)
leaves = st.one_of(
    st.builds(Equality, names, values),
    st.builds(Present, names),
    st.builds(GreaterOrEqual, names, values),
    st.builds(LessOrEqual, names, values),
    st.builds(Substrings, names, values.map(lambda value: value[:2])),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)


@hypothesis.given(st.lists(filters, min_size=20, max_size=20))
@hypothesis.settings(
    max_examples=15, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
async def test_both_find_the_same_by_any_filter(both: tuple[Client, Client], asked: list[Filter]) -> None:
    ours, theirs = both
    for one in asked:
        question = SearchRequest(ABER, SUB, 0, 0, 0, False, one, ("1.1",))
        assert await said(ours, question) == await said(theirs, question)


COMPARED = (
    (ANN, "sn", "JONES"),
    (ANN, "sn", "parry"),
    (ANN, "mail", "ann@home.example"),
    (ANN, "libraryExpiry", "20990801005959+0100"),
    (ANN, "libraryBlock", "x"),
    (ANN, "name", "ann"),
    (ANN, "uid", "ajones"),
    (f"uid=nobody,{PEOPLE}", "cn", "x"),
    ("no name", "cn", "x"),
    (PEOPLE, "ou", "PEOPLE"),
    (PEOPLE, "cn", "x"),
)


async def test_both_compare_the_same(both: tuple[Client, Client]) -> None:
    for dn, attribute, value in COMPARED:
        request = CompareRequest(dn, attribute, value.encode())
        ours, theirs = [await client.result(request) for client in both]
        assert (ours.code, ours.matched_dn) == (theirs.code, theirs.matched_dn), (dn, attribute, value)
