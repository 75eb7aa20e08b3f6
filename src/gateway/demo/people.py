"""The demo members' patrons as rows; what the contract says of patrons 4, 7, 8 and 9 is said here.

What somebody has borrowed, requested or owes stands in `gateway.demo.circulation`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    BlockSource,
    IdentifierType,
    PatronStatus,
)
from gateway.demo.consortium import DemoMember
from gateway.demo.rules import EXTERNAL, POSTGRADUATE, STAFF, UNDERGRADUATE
from gateway.demo.words import FAMILY_NAMES, GIVEN_NAMES
from gateway.platforms.reference.policy import millis
from gateway.store.rows import PatronBlockRow, PatronIdentifierRow, PatronRow

PATRONS = 60
EXPIRED, LOST_CARD, WELSH_NAME, EMPTY_PIN = 4, 7, 8, 9

_LATER_CATEGORIES = (UNDERGRADUATE, UNDERGRADUATE, POSTGRADUATE, STAFF, EXTERNAL)


@dataclass(frozen=True, slots=True)
class PinHashes:
    """One hash a member: hashing each PIN anew would take longer than everything else together."""

    usual: str
    empty: str


def patron_id(number: int) -> str:
    return f"P{number:05d}"


def username(member: DemoMember, number: int) -> str:
    return f"{member.code}{number:04d}"


def category_of(number: int) -> str:
    return UNDERGRADUATE if number <= 10 else _LATER_CATEGORIES[number % len(_LATER_CATEGORIES)]


def patrons(member: DemoMember, now: datetime, pins: PinHashes) -> list[PatronRow]:
    return [_patron(member, number, now, pins) for number in range(1, PATRONS + 1)]


def identifiers(member: DemoMember) -> list[PatronIdentifierRow]:
    """Barcode and user name; both find the patron at every door."""
    rows: list[PatronIdentifierRow] = []
    for number in range(1, PATRONS + 1):
        names = (
            (IdentifierType.BARCODE, member.patron_barcode(number)),
            (IdentifierType.USERNAME, username(member, number)),
        )
        rows += [
            PatronIdentifierRow(member.code, value, kind, patron_id(number), value, True, position)
            for position, (kind, value) in enumerate(names)
        ]
    return rows


def blocks(member: DemoMember, now: datetime) -> list[PatronBlockRow]:
    return [
        PatronBlockRow(
            member=member.code,
            id="B00001",
            patron_id=patron_id(LOST_CARD),
            reason=BlockReason.CARD_LOST,
            scope=BlockScope.ALL,
            severity=BlockSeverity.BLOCK,
            text=None,
            source=BlockSource.MANUAL,
            placed_at=millis(now - timedelta(days=3)),
            expires_at=None,
        )
    ]


def _patron(member: DemoMember, number: int, now: datetime, pins: PinHashes) -> PatronRow:
    given, family = name_of(member, number)
    expires = now - timedelta(days=30) if number == EXPIRED else now + timedelta(days=400)
    created = millis(now - timedelta(days=700 - number))
    return PatronRow(
        member=member.code,
        id=patron_id(number),
        name=f"{given} {family}",
        family=family,
        given=given,
        category=category_of(number),
        home_library=member.main_location,
        status=PatronStatus.ACTIVE,
        expires_on=expires.date().isoformat(),
        valid_from_on=(now - timedelta(days=700)).date().isoformat(),
        birth_on=f"{1975 + number % 30}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        language="cy" if number == WELSH_NAME or number % 3 == 0 else "en",
        emails_json=json.dumps([f"{username(member, number)}@{member.code}.example"]),
        phones_json=json.dumps([f"01632 9{member.number:02d}{number:03d}"]),
        addresses_json=json.dumps([f"{number} Stryd y Bont, {member.name}"], ensure_ascii=False),
        pin_hash=pins.empty if number == EMPTY_PIN else pins.usual,
        is_institution=False,
        account_key=None,
        account_terminal=None,
        created_at=created,
        changed_at=created,
    )


def name_of(member: DemoMember, number: int) -> tuple[str, str]:
    """Given and family name."""
    if number == WELSH_NAME:
        return "Llŷr", "Gŵyr"
    given = GIVEN_NAMES[(number * 7 + member.number * 3) % len(GIVEN_NAMES)]
    return given, FAMILY_NAMES[(number * 5 + member.number) % len(FAMILY_NAMES)]
