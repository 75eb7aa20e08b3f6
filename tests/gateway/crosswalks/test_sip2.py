"""The code tables: every canonical value has a code the standard knows, and what comes back is what went out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.canonical.outcomes import Capability
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    FeeType,
    HoldLevel,
    ItemStatus,
    MediaType,
    PaymentMethod,
    Permission,
    RoutingAction,
    SecurityMarker,
)
from gateway.crosswalks import sip2
from gateway.crosswalks.languages import language_of, sip2_code
from library_protocols.sip2.facts import MESSAGES, TABLES

TO_CODE = [
    (sip2.ITEM_STATUS, ItemStatus, "circulation_status"),
    (sip2.SECURITY_MARKER, SecurityMarker, "security_marker"),
    (sip2.MEDIA_TYPE, MediaType, "media_type"),
    (sip2.FEE_TYPE, FeeType, "fee_type"),
    (sip2.PAYMENT_METHOD, PaymentMethod, "payment_type"),
    (sip2.HOLD_LEVEL, HoldLevel, "hold_type"),
]
FROM_CODE = [
    (sip2.ITEM_STATUS_OF, "circulation_status"),
    (sip2.SECURITY_MARKER_OF, "security_marker"),
    (sip2.MEDIA_TYPE_OF, "media_type"),
    (sip2.FEE_TYPE_OF, "fee_type"),
    (sip2.ALERT_TYPE_OF, "alert_type"),
]


@pytest.mark.parametrize(("mapping", "vocabulary", "table"), TO_CODE)
def test_every_value_has_a_code_of_the_table(mapping: Mapping[str, str], vocabulary: type, table: str) -> None:
    assert set(mapping) == set(vocabulary)  # pyright: ignore[reportArgumentType]
    assert all(TABLES[table].row(code) is not None for code in mapping.values())


@pytest.mark.parametrize(("mapping", "table"), FROM_CODE)
def test_every_code_that_is_read_stands_in_the_table(mapping: Mapping[str, str], table: str) -> None:
    assert all(TABLES[table].row(code) is not None for code in mapping)


def test_what_goes_out_and_comes_back_keeps_its_code() -> None:
    for out, back in (
        (sip2.ITEM_STATUS, sip2.ITEM_STATUS_OF),
        (sip2.SECURITY_MARKER, sip2.SECURITY_MARKER_OF),
        (sip2.MEDIA_TYPE, sip2.MEDIA_TYPE_OF),
        (sip2.FEE_TYPE, sip2.FEE_TYPE_OF),
    ):
        for code in set(out.values()):
            assert out[back[code]] == code  # pyright: ignore[reportArgumentType]


def test_alert_types_by_hand() -> None:
    """3M extensions: 01 hold here, 02 hold elsewhere, 03 interlibrary loan, 04 transfer, 99 other."""
    assert sip2.ALERT_TYPE == {
        RoutingAction.RESHELVE: None,
        RoutingAction.HOLD_HERE: "01",
        RoutingAction.TRANSIT_HOLD: "02",
        RoutingAction.ILL_RETURN: "03",
        RoutingAction.TRANSIT_HOME: "04",
        RoutingAction.PROCESS: "99",
        RoutingAction.EXCEPTION: "99",
    }


def test_patron_status_positions_by_hand() -> None:
    """The fourteen of the standard, in its order; reasons beyond have none."""
    assert sip2.STATUS_POSITION[BlockReason.BORROW_DENIED] == 0
    assert sip2.STATUS_POSITION[BlockReason.CARD_LOST] == 4
    assert sip2.STATUS_POSITION[BlockReason.TOO_MANY_LOANS] == 5
    assert sip2.STATUS_POSITION[BlockReason.EXCESS_FINES] == 10
    assert sip2.STATUS_POSITION[BlockReason.TOO_MANY_BILLED] == 13
    assert BlockReason.BAD_ADDRESS not in sip2.STATUS_POSITION
    assert set(sip2.SCOPE_POSITIONS) == set(BlockScope)


FULL = {request.operation: Capability(level="full") for request in sip2.OPERATIONS.values()}


def test_bx_by_hand() -> None:
    """Order of BX: 23 11 09 01 99 97 93 63 35 37 17 19 25 15 29 65."""
    everything = frozenset(Permission)
    assert sip2.supported_messages(everything, FULL) == "Y" * 16
    assert sip2.supported_messages((), {}) == "NNNNYYYNYNNNNNNN"
    assert sip2.supported_messages(everything - {Permission.CHECKOUT}, FULL)[1] == "N"
    no_holds = {**FULL, "hold.place": Capability(level="none")}
    assert sip2.supported_messages(everything, no_holds)[13] == "N"
    partly = {**FULL, "hold.place": Capability(level="partial")}
    assert sip2.supported_messages(everything, partly)[13] == "Y"


def test_every_command_of_the_wire_has_an_operation_that_is_one() -> None:
    for code, request in sip2.OPERATIONS.items():
        assert MESSAGES[code].command is request.command


@pytest.mark.parametrize(
    ("language", "code"), [("en", "001"), ("en-GB", "024"), ("fr", "002"), ("fr-CH", "002"), ("cy", None), (None, None)]
)
def test_languages(language: str | None, code: str | None) -> None:
    assert sip2_code(language, {}) == code


def test_a_kiosks_own_code_for_welsh_comes_first() -> None:
    own = {"cy": "031", "en": "999"}
    assert (sip2_code("cy", own), sip2_code("cy-GB", own), sip2_code("en", own)) == ("031", "031", "999")
    assert (language_of("031", own), language_of("002", own), language_of("000", own)) == ("cy", "fr", None)
