"""Patrons: found by any identifier, shown with what they have, PINs, blocks; and nothing across members."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockScope, PatronStatus
from gateway.store.rows import EventRow, PatronBlockRow, PatronIdentifierRow, PseudonymRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import (
    DAY,
    Library,
    block,
    card,
    charge,
    loan,
    patron,
)


async def get(library: Library, name: str, **at: str) -> Any:
    return await asked(library).patron_get(library.context(**at), req.PatronGet(patron=name))


async def authenticate(library: Library, name: str, pin: str | None) -> Any:
    request = req.PatronAuthenticate(patron=name, pin=None if pin is None else SecretStr(pin))
    return await asked(library).patron_authenticate(library.context(), request)


async def change_block(library: Library, request: req.PatronBlock | req.PatronEnable) -> Any:
    method = asked(library).patron_block if isinstance(request, req.PatronBlock) else asked(library).patron_enable
    return await method(library.context(), request, library.key())


def refused(answer: Any, code: RefusalCode) -> None:
    assert isinstance(answer, Refusal), answer
    assert answer.code is code


async def test_every_active_identifier_finds_the_patron_whatever_its_case(library: Library) -> None:
    await library.add(
        PatronIdentifierRow("alpha", "ann@alpha.example", "username", "ann", "Ann@Alpha.example", True, 1),
        PatronIdentifierRow("alpha", "old-card", "barcode", "ann", "OLD-CARD", False, 2),
    )
    for name in ("c-ann", " C-ANN ", "ANN@alpha.example"):
        assert (await get(library, name)).patron.id == "ann"
    refused(await get(library, "old-card"), RefusalCode.PATRON_NOT_FOUND)
    found = (await get(library, "c-ann")).patron
    assert found.barcode == "C-ann"
    assert [identifier.active for identifier in found.identifiers] == [True, True, False]


@pytest.mark.parametrize("name", ["", "  ", "c-nobody", "ann'--", "c-an_", "c-an%"])
async def test_a_stranger_is_not_found(library: Library, name: str) -> None:
    refused(await get(library, name), RefusalCode.PATRON_NOT_FOUND)


async def test_a_deleted_patron_is_nobody(library: Library) -> None:
    await library.add(patron("gone", status="deleted"), card("gone"))
    refused(await get(library, "c-gone"), RefusalCode.PATRON_NOT_FOUND)
    refused(await authenticate(library, "c-gone", "1234"), RefusalCode.PATRON_NOT_FOUND)
    refused(await change_block(library, req.PatronBlock(patron="c-gone")), RefusalCode.PATRON_NOT_FOUND)


async def test_patrons_of_another_member_do_not_exist(library: Library) -> None:
    refused(await get(library, "c-ann", member="beta"), RefusalCode.PATRON_NOT_FOUND)
    by_id = req.PatronGet(patron_id="ann")
    refused(await asked(library).patron_get(library.context(member="beta"), by_id), RefusalCode.PATRON_NOT_FOUND)


async def test_the_same_barcode_in_two_members_names_two_patrons(library: Library) -> None:
    await library.add(patron("zoe", member="beta"), replace(card("zoe", "beta"), value="c-ann"), member="beta")
    assert (await get(library, "c-ann")).patron.id == "ann"
    assert (await get(library, "c-ann", member="beta")).patron.id == "zoe"


async def test_the_account_lists_what_is_asked_for(library: Library) -> None:
    now = library.clock.millis
    day = int(DAY.total_seconds() * 1000)
    await library.add(
        loan("x", "ann", now - 20 * day, now - 6 * day), loan("y.1", "ann", now, now + day, recalled_at=now)
    )
    await library.add(charge("c1", "ann", 120, item_id="x"), charge("c2", "ann", 99, status="paid"))
    request = req.PatronAccount(patron="c-ann", loans=True, holds=True, fees=True)
    account = await asked(library).patron_account(library.context(), request)
    assert [(one.item_barcode, one.title, one.overdue) for one in account.loans] == [
        ("b-x", "The x book", True),
        ("b-y.1", "The y book", False),
    ]
    assert [(one.id, one.item_barcode) for one in account.fees] == [("c1", "b-x")]
    counts = account.patron.counts
    assert (counts.loans, counts.overdue, counts.recalled, counts.fines, counts.fees) == (2, 1, 1, 1, 1)
    assert str(account.patron.balance) == "1.20 GBP"
    only_patron = await asked(library).patron_account(library.context(), req.PatronAccount(patron="c-ann"))
    assert (only_patron.loans, only_patron.fees) == ((), ())
    assert only_patron.patron == account.patron


async def test_only_the_right_pin_lets_in(library: Library) -> None:
    hashed = library.platform.pins.hash("alpha", "1234")
    empty = library.platform.pins.hash("alpha", "")
    await library.add(patron("pia", pin_hash=hashed), card("pia"), patron("eve", pin_hash=empty), card("eve"))
    right = await authenticate(library, "c-pia", "1234")
    assert isinstance(right, PatronOutcome)
    assert right.pin_verified is True
    for name, pin in (("c-pia", "1235"), ("c-pia", ""), ("c-eve", ""), ("c-ann", ""), ("c-ann", "1234")):
        refused(await authenticate(library, name, pin), RefusalCode.PATRON_AUTH_FAILED)
    refused(await authenticate(library, "c-pia", None), RefusalCode.PATRON_AUTH_REQUIRED)
    refused(await authenticate(library, "c-nobody", "1234"), RefusalCode.PATRON_NOT_FOUND)


async def test_one_members_pin_hash_is_useless_to_another(library: Library) -> None:
    await library.add(patron("pia", pin_hash=library.platform.pins.hash("beta", "1234")), card("pia"))
    refused(await authenticate(library, "c-pia", "1234"), RefusalCode.PATRON_AUTH_FAILED)


async def test_a_block_stops_lending_until_it_is_lifted(library: Library) -> None:
    answer = await change_block(library, req.PatronBlock(patron="c-ann", card_retained=True))
    assert [(b.reason, b.scope) for b in answer.patron.blocks] == [(BlockReason.CARD_LOST, BlockScope.ALL)]
    refused(await library.lend("x", "ann"), RefusalCode.PATRON_BLOCKED)
    again = await change_block(library, req.PatronBlock(patron="c-ann"))
    assert len(again.patron.blocks) == 1
    lifted = await change_block(library, req.PatronEnable(patron="c-ann"))
    assert lifted.patron.blocks == ()
    assert not isinstance(await library.lend("x", "ann"), Refusal)
    kinds = [event.type for event in await library.rows(EventRow) if event.type.startswith("patron.")]
    assert kinds == ["patron.blocked", "patron.blocked", "patron.enabled"]
    (pseudonym,) = await library.rows(PseudonymRow)
    assert all("ann" not in event.data_json for event in await library.rows(EventRow))
    assert pseudonym.pseudonym != "ann"


async def test_one_block_of_several_is_lifted_by_its_id(library: Library) -> None:
    await library.add(block("b1", "ann"), block("b2", "ann", "BAD_ADDRESS", severity="trap"))
    answer = await change_block(library, req.PatronEnable(patron="c-ann", block_id="b1"))
    assert [b.id for b in answer.patron.blocks] == ["b2"]
    refused(await change_block(library, req.PatronEnable(patron="c-ann", block_id="b1")), RefusalCode.BLOCK_NOT_FOUND)


async def test_a_block_ends_by_itself(library: Library) -> None:
    until = library.clock.now() + DAY
    await change_block(library, req.PatronBlock(patron="c-ann", expires_at=until))
    assert (await get(library, "c-ann")).patron.blocks != ()
    library.clock.turn(DAY + timedelta(seconds=1))
    assert (await get(library, "c-ann")).patron.blocks == ()


async def test_a_retried_block_is_stored_once(library: Library) -> None:
    key, request = library.key(), req.PatronBlock(patron="c-ann")
    first = await asked(library).patron_block(library.context(), request, key)
    again = await asked(library).patron_block(library.context(), request, key)
    assert first == again
    assert len(await library.rows(PatronBlockRow)) == 1


async def test_expiry_is_the_end_of_the_last_valid_day(library: Library) -> None:
    await library.add(patron("last", expires_on="2026-03-02"), card("last"))
    assert (await get(library, "c-last")).patron.status is PatronStatus.ACTIVE
    library.clock.turn(DAY)
    expired = (await get(library, "c-last")).patron
    assert expired.status is PatronStatus.EXPIRED
    assert [b.reason for b in expired.blocks] == [BlockReason.BORROW_DENIED]
