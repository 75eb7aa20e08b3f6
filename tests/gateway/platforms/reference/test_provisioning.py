"""Patrons as the register of persons has them, and what is left of those who have gone."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.entities import Identifier, PatronName
from gateway.canonical.outcomes import AnonymiseOutcome, PatronOutcome, ProvisionOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import IdentifierType, PatronStatus
from gateway.platforms.reference.pseudonyms import new_pseudonym
from gateway.store.rows import (
    ChargeRow,
    EventRow,
    HoldRow,
    IdempotencyRow,
    LoanRow,
    OfflineConflictRow,
    PatronBlockRow,
    PatronIdentifierRow,
    PatronRow,
    PinFailureRow,
    PseudonymRow,
)
from tests.gateway.platforms.reference.library import DAY, Library, block, card, charge, hold, loan, patron

BARCODE, SIS, USERNAME = IdentifierType.BARCODE, IdentifierType.SIS, IdentifierType.USERNAME
OWEN = PatronName(display="Owen Ŵyn", family="Ŵyn", given="Owen")


def ids(**values: str) -> tuple[Identifier, ...]:
    return tuple(Identifier(type=IdentifierType(kind), value=value) for kind, value in values.items())


def asked(**fields: Any) -> req.PatronProvision:
    given: dict[str, Any] = {"identifiers": ids(barcode="D-1", sis="s1"), "name": OWEN, "category": "UG"}
    return req.PatronProvision(**given | fields)


async def provision(library: Library, request: req.PatronProvision, key: str | None = None) -> Any:
    return await library.platform.patron_provision(library.context(), request, library.key(key))


async def provisioned(library: Library, request: req.PatronProvision) -> ProvisionOutcome:
    answer = await provision(library, request)
    assert isinstance(answer, ProvisionOutcome), answer
    return answer


async def everything(library: Library) -> dict[type, list[Any]]:
    kinds = (PatronRow, PatronIdentifierRow, PatronBlockRow, LoanRow, HoldRow, ChargeRow, EventRow, IdempotencyRow)
    return {kind: await library.rows(kind) for kind in kinds}


def numbers(rows: dict[type, list[Any]]) -> set[str]:
    return {f"{row.type} {row.value} {row.patron_id}" for row in rows[PatronIdentifierRow]}


async def test_a_new_patron_is_made_once(library: Library) -> None:
    request = asked(
        home_library="MAIN",
        expires_on=date(2027, 7, 31),
        valid_from_on=date(2024, 9, 1),
        birth_on=date(2000, 1, 2),
        language="cy",
        emails=("a@x", "b@x"),
        phones=("1",),
        addresses=("1 Stryd\nTref",),
    )
    made = await provisioned(library, request)
    assert (made.created, made.changed) == (True, True)
    row = await library.row(PatronRow, id=made.patron_id)
    assert dataclasses.astuple(row)[2:14] == (
        "Owen Ŵyn", "Ŵyn", "Owen", "UG", "MAIN", "active", "2027-07-31", "2024-09-01", "2000-01-02", "cy",
        '["a@x", "b@x"]', '["1"]',
    )  # fmt: skip
    assert (row.pin_hash, row.account_key, row.is_institution) == (None, None, False)
    found = await library.platform.patron_get(library.context(), req.PatronGet(patron="d-1"))
    assert isinstance(found, PatronOutcome)
    assert [(one.type, one.value) for one in found.patron.identifiers] == [(BARCODE, "D-1"), (SIS, "s1")]
    (event,) = await library.rows(EventRow, type="patron.created")
    pseudonym = await library.row(PseudonymRow, patron_id=made.patron_id)
    assert event.subject == pseudonym.pseudonym
    before = await everything(library)
    again = await provisioned(library, request)
    assert again == ProvisionOutcome(patron_id=made.patron_id)
    assert await provisioned(library, request.model_copy(update={"patron_id": made.patron_id})) == again
    assert await everything(library) == before


async def test_a_retry_gets_the_first_answer_although_all_is_done(library: Library) -> None:
    first = await provision(library, asked(), "k")
    library.clock.turn(DAY)
    assert (await provision(library, asked(), "k")).patron_id == first.patron_id
    assert len(await library.rows(EventRow, type="patron.created")) == 1


async def test_what_is_said_is_changed_and_nothing_else(library: Library) -> None:
    """An account with all that somebody may have: nothing of it moves when the person changes."""
    await library.add(
        patron("owen", category="UG", birth_on="1999-01-01", emails_json='["old@x"]', language="cy", pin_hash="pin",
               account_key="k", home_library="MAIN", expires_on="2026-01-01"),
        card("owen"),
        PatronIdentifierRow("alpha", "tag", "rfid_uid", "owen", "TAG", True, 1),
        loan("x", "owen", 0, 10**13), charge("c", "owen", 500), hold("y", "owen", 0), block("b", "owen"),
    )  # fmt: skip
    before = await everything(library)
    answer = await provisioned(
        library,
        asked(
            identifiers=ids(barcode="C-OWEN", sis="s9"),
            emails=("new@x",),
            status=PatronStatus.INACTIVE,
            cleared=frozenset({"language", "birth_on", "pin_hash", "name", "emails", "loans"}),
        ),
    )
    assert answer == ProvisionOutcome(patron_id="owen", changed=True)
    after = await everything(library)
    (was,), (now,) = ([row for row in rows[PatronRow] if row.id == "owen"] for rows in (before, after))
    changed = {f.name for f in dataclasses.fields(now) if getattr(was, f.name) != getattr(now, f.name)}
    assert changed == {
        "name",
        "family",
        "given",
        "status",
        "birth_on",
        "language",
        "emails_json",
        "changed_at",
        "version",
    }
    assert (now.birth_on, now.language, now.emails_json, now.expires_on) == (None, None, '["new@x"]', "2026-01-01")
    assert numbers(after) - numbers(before) == {"sis s9 owen"}
    for kind in (LoanRow, ChargeRow, HoldRow, PatronBlockRow):
        assert after[kind] == before[kind]
    (event,) = [row for row in after[EventRow] if row.type == "patron.updated"]
    assert "new@x" not in event.data_json
    assert "emails_json" in event.data_json


async def test_identifiers_are_those_of_the_register_for_the_types_it_speaks_of(library: Library) -> None:
    made = await provisioned(library, asked(identifiers=ids(barcode="1", sis="s", username="u")))
    who = made.patron_id
    inactive = Identifier(type=BARCODE, value="1", active=False)
    await provisioned(library, asked(patron_id=who, identifiers=(Identifier(type=BARCODE, value="2"), inactive)))
    rows = await library.rows(PatronIdentifierRow, patron_id=who)
    assert {(row.type, row.value, row.active) for row in rows} == {
        ("barcode", "1", False), ("barcode", "2", True), ("sis", "s", True), ("username", "u", True),
    }  # fmt: skip
    assert isinstance(await library.platform.patron_get(library.context(), req.PatronGet(patron="1")), Refusal)
    await provisioned(library, asked(patron_id=who, identifiers=ids(barcode="2"), cleared=frozenset({"sis"})))
    rows = await library.rows(PatronIdentifierRow, patron_id=who)
    assert {(row.type, row.value) for row in rows} == {("barcode", "2"), ("username", "u")}


async def test_one_number_as_two_types_is_one_identifier(library: Library) -> None:
    made = await provisioned(library, asked(identifiers=ids(sis="N1", username=" n1 ", barcode="")))
    rows = await library.rows(PatronIdentifierRow, patron_id=made.patron_id)
    assert [(row.type, row.value, row.shown) for row in rows] == [("sis", "n1", "N1")]


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"identifiers": ids(barcode="C-ann", sis="s1"), "patron_id": "bob"}, {"kind": "taken", "types": ["barcode"]}),
        ({"identifiers": ids(barcode="C-ann", sis="C-bob")}, {"kind": "several", "types": ["sis"]}),
        # A student's number that happens to be somebody's card is no proof.
        ({"identifiers": ids(sis="c-ann")}, {"kind": "taken", "types": ["sis"]}),
    ],
)
async def test_what_is_anothers_is_not_taken(library: Library, fields: dict[str, Any], detail: dict[str, Any]) -> None:
    before = await everything(library)
    answer = await provision(library, asked(**fields))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.detail) == (RefusalCode.PATRON_NOT_UNIQUE, detail)
    after = await everything(library)
    assert {kind for kind in after if after[kind] != before[kind]} == {IdempotencyRow}


@pytest.mark.parametrize(
    ("fields", "kind", "wrong"),
    [
        ({"category": "NONE", "home_library": "NOWHERE"}, "unknown_value", ["category", "home_library"]),
        ({"status": PatronStatus.DELETED}, "unknown_value", ["status"]),
        ({"name": None, "category": None, "identifiers": ()}, "incomplete", ["name", "category", "identifiers"]),
        ({"identifiers": (Identifier(type=BARCODE, value="1", active=False),)}, "incomplete", ["identifiers"]),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    library: Library, fields: dict[str, Any], kind: str, wrong: list[str]
) -> None:
    answer = await provision(library, asked(**fields))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.detail) == (RefusalCode.CONFLICT, {"kind": kind, "fields": wrong})
    assert await library.rows(EventRow) == []


async def test_a_patron_who_is_not_there_is_not_made_under_that_id(library: Library) -> None:
    answer = await provision(library, asked(patron_id="nobody"))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.PATRON_NOT_FOUND


async def test_one_whom_the_library_had_deleted_comes_back_with_the_same_card(library: Library) -> None:
    await library.add(patron("owen", status="deleted"), card("owen"))
    answer = await provisioned(library, asked(identifiers=ids(barcode="c-OWEN")))
    assert answer == ProvisionOutcome(patron_id="owen", changed=True)
    assert (await library.row(PatronRow, id="owen")).status == "active"


async def anonymise(library: Library, who: str = "owen") -> Any:
    request = req.PatronAnonymise(patron_id=who)
    return await library.platform.patron_anonymise(library.context(), request, library.key())


FULL = (
    patron("owen", family="Ŵyn", given="Owen", emails_json='["owen@x"]', pin_hash="hash", birth_on="2000-01-02"),
    card("owen"),
    block("b", "owen", text="Owen is loud"),
    new_pseudonym("alpha", "owen"),
    PinFailureRow("alpha", "f", "owen", "t1", 1),
    OfflineConflictRow("alpha", "o", 1, "t1", "loan.create", "refused", "b-x", "owen", 5, "C-owen"),
    loan("x", "owen", 1, 2, status="returned", returned_at=3),
    charge("c", "owen", 0, status="paid"),
)


async def test_of_somebody_anonymised_only_the_account_is_left(library: Library) -> None:
    await library.add(*FULL)
    assert await anonymise(library) == AnonymiseOutcome(changed=True)
    kinds = (PatronRow, PatronIdentifierRow, PatronBlockRow, PseudonymRow, PinFailureRow, OfflineConflictRow,
             EventRow, IdempotencyRow)  # fmt: skip
    text = str([dataclasses.asdict(row) for kind in kinds for row in await library.rows(kind) if kind is not PatronRow])
    assert "owen" not in text.casefold()
    row = await library.row(PatronRow, id="owen")
    assert [value for value in dataclasses.astuple(row) if isinstance(value, str)] == [
        "alpha", "owen", "", "UG", "deleted", "[]", "[]", "[]",
    ]  # fmt: skip
    assert len(await library.rows(LoanRow, patron_id="owen")) == 1
    gone = await library.platform.patron_get(library.context(), req.PatronGet(patron="C-owen"))
    assert isinstance(gone, Refusal)
    assert await anonymise(library) == AnonymiseOutcome()
    answer = await provision(library, asked(patron_id="owen"))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.PATRON_NOT_FOUND


@pytest.mark.parametrize(
    ("rows", "owing"),
    [
        ((loan("y.1", "owen", 1, 2),), {"loans": 1}),
        ((loan("y.1", "owen", 1, 2, status="lost"), loan("y.1", "owen", 1, 2, id="z", status="claimed")), {"loans": 2}),
        ((hold("y", "owen", 1),), {"holds": 1}),
        ((charge("d", "owen", 10),), {"charges": 1}),
        ((OfflineConflictRow("alpha", "p", 1, "t1", "loan.create", "refused", "b-x", "owen", None),), {"conflicts": 1}),
    ],
)
async def test_who_owes_something_keeps_the_name(
    library: Library, rows: tuple[Any, ...], owing: dict[str, int]
) -> None:
    await library.add(*FULL, *rows)
    before = await library.row(PatronRow, id="owen")
    answer = await anonymise(library)
    assert isinstance(answer, Refusal)
    nothing = dict.fromkeys(("loans", "holds", "charges", "conflicts"), 0)
    assert (answer.code, answer.detail) == (RefusalCode.CONFLICT, {"kind": "owing", **nothing, **owing})
    assert await library.row(PatronRow, id="owen") == before
    assert len(await library.rows(PseudonymRow, patron_id="owen")) == 1


async def test_nobody_cannot_be_anonymised(library: Library) -> None:
    answer = await anonymise(library, "nobody")
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.PATRON_NOT_FOUND


async def test_only_somebody_new_will_do(library: Library) -> None:
    request = asked(new=True)
    made = await provision(library, request, "first")
    assert made.created
    before = await everything(library)
    assert await provision(library, request, "first") == made
    for name in ("D-1", "s1"):
        other = asked(new=True, identifiers=ids(barcode=name), name=PatronName(display="Somebody else"))
        refused = await provision(library, other)
        assert (refused.code, refused.detail) == (RefusalCode.CONFLICT, {"kind": "exists"})
    after = await everything(library)
    assert {kind: rows for kind, rows in after.items() if kind is not IdempotencyRow} == {
        kind: rows for kind, rows in before.items() if kind is not IdempotencyRow
    }


async def test_whether_a_patron_is_active_can_be_left_alone(library: Library) -> None:
    made = await provisioned(library, asked(status=PatronStatus.INACTIVE))
    await provisioned(library, asked(status=None, language="cy"))
    row = await library.row(PatronRow, id=made.patron_id)
    assert (row.status, row.language) == ("inactive", "cy")
