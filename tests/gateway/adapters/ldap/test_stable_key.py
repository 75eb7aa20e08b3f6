"""`entryUUID`: a key that stays with a person, can be searched by, and says nothing of anybody."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.register.port import PutPerson
from tests.gateway.adapters.ldap.asking import BASE
from tests.gateway.adapters.ldap.conftest import (
    ABER,
    ANN,
    BANGOR,
    BANGOR_READER,
    FEW,
    PEOPLE,
    READER,
    Listening,
    identified,
    patron,
)

KEY = "cc7a7cd2-5a1c-5c1d-8a0e-000000000000"
"""Nobody's."""


async def keys(listening: Listening, account: str, base: str, text: str = "(objectClass=*)") -> dict[str, str]:
    client = await listening.connect(account)
    found = await client.search(base, text, "entryUUID")
    return {dn: values["entryUUID"][0] for dn, values in found.entries.items() if values}


async def test_everything_has_a_key_of_its_own(listening: Listening) -> None:
    ours, theirs = await keys(listening, READER, ABER), await keys(listening, BANGOR_READER, BANGOR)
    assert len(ours) == 10
    every = [*ours.values(), *theirs.values()]
    assert len(set(every)) == len(every)
    assert {str(UUID(one)) for one in every} == set(every)
    assert UUID(ours[ANN]).version == 5


async def test_it_stays_when_card_login_and_name_change(listening: Listening) -> None:
    before = (await keys(listening, READER, ABER))[ANN]
    ann = PEOPLE[0]
    changed = replace(
        ann, display="Ann Morgan", family="Morgan", identifiers=(identified(IdentifierType.BARCODE, "20155555"),),
    )  # fmt: skip
    await listening.register.write("aber", [PutPerson(changed, 1)])
    assert await keys(listening, READER, ABER, f"(entryUUID={before.upper()})") == {
        f"uid=20155555,ou=people,{ABER}": before
    }
    assert ANN not in await keys(listening, READER, ABER)


async def test_keys_that_programs_have_kept_are_these(listening: Listening) -> None:
    """A later version of the gateway must not give anybody another key."""
    found = await keys(listening, READER, ABER)
    assert (found[ANN], found[ABER]) == (
        "95805d28-6769-55f5-bb63-ee6208b8ef14",
        "fb967ebc-c996-5996-95ff-cd6c3734f6cc",
    )


@pytest.mark.parametrize("text", [f"(entryUUID={KEY})", "(entryUUID=20100001)", "(!(entryUUID=20100001))"])
async def test_a_key_of_nobody_and_what_is_none_find_nobody(listening: Listening, text: str) -> None:
    client = await listening.connect(READER)
    found = await client.search(ABER, text, "1.1")
    assert (found.code, found.entries) == (0, {})


async def test_an_account_that_is_not_shown_it_cannot_ask_by_it(listening: Listening) -> None:
    before = (await keys(listening, READER, ABER))[ANN]
    assert await keys(listening, FEW, ABER) == {}
    client = await listening.connect(FEW)
    assert (await client.search(ABER, f"(entryUUID={before})", "uid")).entries == {}


async def test_who_is_in_no_register_has_no_key(listening: Listening) -> None:
    listening.desk.know("aber", patron("p99", [(IdentifierType.BARCODE, "20177777")]))
    client = await listening.connect(READER)
    name = f"uid=20177777,ou=people,{ABER}"
    found = await client.search(name, "(objectClass=*)", "+", "uid", scope=BASE)
    assert found.entries[name]["uid"] == ["20177777"]
    assert "entryUUID" not in found.entries[name]
