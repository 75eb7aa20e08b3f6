"""Loads the demo consortium into a store: one transaction a member, relative to the clock.

A member that the store already knows is left alone, so that starting again on kept data changes nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from gateway.clock import Clock
from gateway.demo.bibs import bibs_of
from gateway.demo.circulation import Circulation
from gateway.demo.consortium import MEMBERS, PATRON_PIN, PEPPER, DemoMember
from gateway.demo.people import PinHashes, blocks, identifiers, patrons
from gateway.demo.rules import categories, closed_days, item_types, loan_rules, locations
from gateway.platforms.reference.pins import Pins
from gateway.platforms.reference.policy import STATE, millis
from gateway.platforms.reference.pseudonyms import new_pseudonym
from gateway.store.effects import Insert
from gateway.store.port import Plan, Store
from gateway.store.rows import BibRow, EventRow, MemberStateRow, PseudonymRow

_KNOWN = Plan("demo.known", (STATE,), dict)


async def load(store: Store, clock: Clock, pepper: bytes = PEPPER.encode()) -> None:
    """Makes every demo member's data. `pepper` is the one that the platform checks PINs with.

    Raises StoreUnavailable.
    """
    pins = Pins(pepper)
    try:
        for member in MEMBERS:
            known = await store.read(_KNOWN, {"member": member.code})
            if known["state"] is None:
                hashes = await asyncio.to_thread(_hashes, pins, member)
                await store.apply(member.code, [Insert(row) for row in rows(member, clock.now(), hashes)])
    finally:
        pins.close()


def rows(member: DemoMember, now: datetime, pins: PinHashes) -> Iterator[Any]:
    """All rows of a member, parents before children."""
    circulation = Circulation(member, now)
    catalogue = list(_bib_rows(member, now))
    yield MemberStateRow(member.code, policy_version=1, change_position=len(catalogue))
    yield from locations(member)
    yield from closed_days(member, now.date())
    yield from categories(member)
    yield from item_types(member)
    yield from loan_rules(member)
    yield from catalogue
    yield from patrons(member, now, pins)
    yield from identifiers(member)
    yield from blocks(member, now)
    yield from circulation.items()
    yield from circulation.loans
    yield from circulation.holds
    yield from circulation.charges
    yield from _history(circulation)


def _hashes(pins: Pins, member: DemoMember) -> PinHashes:
    return PinHashes(usual=pins.hash(member.code, PATRON_PIN), empty=pins.hash(member.code, ""))


def _bib_rows(member: DemoMember, now: datetime) -> Iterator[BibRow]:
    """Changes lie up to two years back, oldest first, as the change positions say."""
    bibs = bibs_of(member)
    for position, bib in enumerate(bibs, 1):
        at = millis(now - timedelta(days=730 * (len(bibs) - position + 1) / len(bibs)))
        said = bib.description
        yield BibRow(
            member=member.code,
            id=bib.id,
            title=said.title,
            author=said.author,
            publisher=said.publisher,
            year=said.year,
            edition=said.edition,
            isbn_json=json.dumps(said.isbn),
            issn_json=json.dumps(said.issn),
            oclc_json=json.dumps(said.oclc),
            language=said.language,
            media_type=said.media_type,
            suppressed=False,
            marc=bib.marc,
            position=position,
            created_at=at,
            changed_at=at,
            deleted_at=None,
        )


def _history(circulation: Circulation) -> Iterator[PseudonymRow | EventRow]:
    """What the event log would hold had all this happened through the gateway."""
    member, terminal = circulation.member.code, circulation.member.kiosk_login
    happened: list[tuple[int, str, str, str | None, str | None, dict[str, Any]]] = []
    for loan in circulation.loans:
        happened.append((loan.loaned_at, "loan.created", loan.patron_id, loan.item_id, loan.id, {}))
        if loan.returned_at is not None:
            happened.append((loan.returned_at, "loan.returned", loan.patron_id, loan.item_id, loan.id, {}))
    for hold in circulation.holds:
        happened.append((hold.placed_at, "hold.placed", hold.patron_id, None, None, {"hold": hold.id}))
        if hold.filled_item_id is not None:
            ready = millis(circulation.now - timedelta(days=1))
            happened.append((ready, "hold.ready", hold.patron_id, hold.filled_item_id, None, {"hold": hold.id}))
    for charge in circulation.charges:
        said = {"charge": charge.id, "type": charge.type, "amount": charge.original}
        happened.append((charge.created_at, "fee.created", charge.patron_id, charge.item_id, charge.loan_id, said))
    happened.sort(key=lambda event: event[0])
    aliases = {patron: new_pseudonym(member, patron) for patron in dict.fromkeys(event[2] for event in happened)}
    yield from aliases.values()
    for at, kind, patron, item, loan, data in happened:
        yield EventRow(member, at, kind, aliases[patron].pseudonym, item, loan, terminal, json.dumps(data))
