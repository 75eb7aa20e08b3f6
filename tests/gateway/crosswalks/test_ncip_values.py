"""NCIP's code lists: every word has a value that its list knows, and what comes back is what went out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    FeeType,
    HoldLevel,
    HoldStatus,
    HoldType,
    IdentifierType,
    ItemStatus,
    MediaType,
    PaymentMethod,
    RoutingAction,
    SecurityMarker,
    UseRestriction,
)
from gateway.crosswalks import ncip_values as ncip
from library_protocols.ncip.elements import SchemeValue
from library_protocols.ncip.facts.schemes import SCHEMES

TABLES: list[tuple[ncip.Words[Any], Collection[Any]]] = [
    (ncip.ITEM_STATUS, ItemStatus),
    (ncip.HOLD_STATUS, HoldStatus),
    (ncip.HOLD_TYPE, HoldType),
    (ncip.HOLD_LEVEL, HoldLevel),
    (ncip.FEE_TYPE, FeeType),
    (ncip.PAYMENT_METHOD, PaymentMethod),
    (ncip.FISCAL_ACTION, ncip.FiscalAction),
    (ncip.USE_RESTRICTION, UseRestriction),
    (ncip.MEDIA, MediaType),
    (ncip.SECURITY_MARKER, SecurityMarker),
    (ncip.USER_IDENTIFIER, IdentifierType),
]
OPEN = {"UserIdentifierType"}
"""Lists that the two sides agree on and the standard only begins."""
WORDLESS = {HoldStatus.FILLED, PaymentMethod.OTHER, UseRestriction.AGE_RESTRICTED, MediaType.OTHER,
            SecurityMarker.OTHER, SecurityMarker.WHISPER_TAPE}  # fmt: skip
"""What NCIP has no value for."""


@pytest.mark.parametrize(("table", "vocabulary"), TABLES, ids=[table.element for table, _ in TABLES])
def test_every_word_has_a_value_of_the_list(table: ncip.Words[Any], vocabulary: Collection[Any]) -> None:
    assert table.words == set(vocabulary)
    fact = SCHEMES[table.element]
    for word in vocabulary:
        value = table.write(word)
        assert (value is None) == (word in WORDLESS), word
        if value is not None:
            assert value.scheme == fact.scheme
            assert table.element in OPEN or value.value in (*fact.values, *fact.also)


@pytest.mark.parametrize(("table", "vocabulary"), TABLES, ids=[table.element for table, _ in TABLES])
def test_what_goes_out_and_comes_back_keeps_its_value(table: ncip.Words[Any], vocabulary: Collection[Any]) -> None:
    for word in vocabulary:
        if (value := table.write(word)) is not None:
            back = table.read(value)
            assert back is not None
            assert table.write(back) == value


@pytest.mark.parametrize(("table", "_"), TABLES, ids=[table.element for table, _ in TABLES])
def test_every_value_of_a_closed_list_is_read(table: ncip.Words[Any], _: object) -> None:
    unread = {value for value in SCHEMES[table.element].values if table.read(value) is None}
    assert unread == {
        "RequestType": {"Non-returnable Copy"},
        "RequestStatusType": {"Need to Accept Conditions", "Requested Via ILL"},
    }.get(table.element, set())


@pytest.mark.parametrize(
    ("table", "said", "word"),
    [
        (ncip.ITEM_STATUS, SchemeValue("Available on shelf", "of-somebody"), ItemStatus.AVAILABLE),
        (ncip.ITEM_STATUS, "  on\n LOAN ", ItemStatus.ON_LOAN),
        (ncip.ITEM_STATUS, "Not Available", ItemStatus.UNAVAILABLE),
        (ncip.ITEM_STATUS, "Recalled", ItemStatus.RECALLED),
        (ncip.HOLD_TYPE, "page", HoldType.PAGE),
        (ncip.HOLD_TYPE, "Loan", HoldType.ILL),
        (ncip.HOLD_LEVEL, "Title", HoldLevel.BIB),
        (ncip.FEE_TYPE, "ILL-fee", FeeType.ILL),
        (ncip.FEE_TYPE, "Service Charge", FeeType.ADMIN),
        (ncip.PAYMENT_METHOD, "credit card", PaymentMethod.CARD),
        (ncip.FISCAL_ACTION, "Penalty", ncip.FiscalAction.CHARGE),
        (ncip.FISCAL_ACTION, "write off", ncip.FiscalAction.WAIVE),
        (ncip.FISCAL_ACTION, "charge-default-patron-fee", None),
        (ncip.FISCAL_ACTION, "Balance", None),
        (ncip.MEDIA, "Music CD", MediaType.CD),
        (ncip.USE_RESTRICTION, "Term Loan", UseRestriction.LIMITED_LONG),
        (ncip.SECURITY_MARKER, "Checkpoint RFID", SecurityMarker.OTHER),
        (ncip.SECURITY_MARKER, "none", SecurityMarker.NONE),
        (ncip.USER_IDENTIFIER, "institution id number", IdentifierType.PRIMARY),
        (ncip.ITEM_STATUS, None, None),
        (ncip.ITEM_STATUS, SchemeValue(), None),
    ],
)
def test_reading_looks_at_the_value_alone(table: ncip.Words[Any], said: SchemeValue | str | None, word: object) -> None:
    assert table.read(said) is word


def test_every_block_has_a_type_that_is_read() -> None:
    for reason in BlockReason:
        for scope in BlockScope:
            types = ncip.block_types(reason, scope, BlockSeverity.BLOCK)
            assert types
            assert all(ncip.restraint_of(type_) is not None for type_ in types)
            assert set(ncip.BLOCK_SCOPE[scope]) <= {type_.value for type_ in types}


def test_a_trap_keeps_from_nothing() -> None:
    for reason in BlockReason:
        (type_,) = ncip.block_types(reason, BlockScope.ALL, BlockSeverity.TRAP)
        assert type_.value in ("Trap For Message", "Trap For Lost Card")


@pytest.mark.parametrize(
    ("said", "reason", "scope", "severity"),
    [
        ("Block Check Out", BlockReason.BORROW_DENIED, BlockScope.BORROW, BlockSeverity.BLOCK),
        ("block hold", BlockReason.HOLD_DENIED, BlockScope.HOLD, BlockSeverity.BLOCK),
        ("Block Request Item", BlockReason.HOLD_DENIED, BlockScope.HOLD, BlockSeverity.BLOCK),
        ("Trap For Lost Card", BlockReason.CARD_LOST, BlockScope.ALL, BlockSeverity.BLOCK),
    ],
)
def test_a_type_is_read_as_a_block(said: str, reason: object, scope: object, severity: object) -> None:
    assert ncip.restraint_of(said) == (reason, scope, severity)
    assert ncip.restraint_of("Protokol") is None


def test_fines_are_penalties() -> None:
    assert ncip.fiscal_action_of_fee(FeeType.OVERDUE).value == "Penalty"
    assert {ncip.fiscal_action_of_fee(one).value for one in FeeType if one is not FeeType.OVERDUE} == {"Assess"}


def test_every_routing_has_words() -> None:
    assert set(ncip.ROUTING) == set(RoutingAction)
    assert len(set(ncip.ROUTING.values())) == len(ncip.ROUTING)
