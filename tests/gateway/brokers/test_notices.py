"""Notifications as messages: valid by the official schema of every version, and the same from the same facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.brokers.notices import Facts, Sender, Standing, Wish, facts, message, services
from gateway.canonical.entities import Event
from gateway.canonical.vocabulary import ItemStatus
from gateway.clients.ncip import NcipClient, Parties
from gateway.clients.ncip_profiles import PROFILES
from library_protocols.ncip import SchemeValue
from tests.gateway.brokers.bench import NOTIFY, OURS
from tests.ncip_schemas import fault

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MILLISECONDS = round(NOON.timestamp() * 1000)
FULL = Facts(MILLISECONDS, "R-1", "R-1", MILLISECONDS, "ON_LOAN", "HOLD")
WISH = Wish("reshare", frozenset(NOTIFY))


def event(type_: str, **data: object) -> Event:
    return Event(sequence=1, at=NOON, type=type_, item_id="item-1", data=data)


@pytest.mark.parametrize("profile", ["standard", "koha", "aleph", "worldshare"])
@pytest.mark.parametrize("version", ["", "2.0", "2.01", "2.02", "1.0"])
@pytest.mark.parametrize("service", NOTIFY)
def test_every_notification_is_valid(
    service: str, version: str, profile: str, shared_data: Callable[[str], Path]
) -> None:
    row = PROFILES[profile]
    client = NcipClient(f"{row.transports[0]}://127.0.0.1:1", row, version=version, parties=Parties("ALPHA", "BROKER"))
    sender = Sender(SchemeValue("ALPHA"), lambda value: client.request_id(value, "BROKER"))
    document = client.document(message(service, FULL, sender))
    assert fault(document, shared_data("schemas/ncip-lcf-iso18626")) is None


@pytest.mark.parametrize("service", NOTIFY)
def test_facts_are_kept_as_they_were(service: str) -> None:
    assert Facts.of(FULL.as_json()) == FULL


def test_an_item_that_says_no_status_has_the_one_that_is_seen() -> None:
    told = facts(
        "CirculationStatusUpdated", event("loan.returned"), Standing("b-x", ItemStatus.AVAILABLE), WISH
    )  # fmt: skip
    assert told is not None
    assert told.status == "AVAILABLE"
    assert told.item == "b-x"


@pytest.mark.parametrize(
    ("service", "type_", "data"),
    [
        ("ItemCheckedIn", "loan.returned", {"external_ref": OURS}),
        ("ItemRenewed", "loan.renewed", {"external_ref": OURS, "barcode": "R-1"}),
        ("CirculationStatusUpdated", "loan.returned", {"external_ref": OURS, "barcode": "R-1"}),
        ("CirculationStatusUpdated", "loan.returned", {"external_ref": OURS, "barcode": "R-1", "status": "NEW"}),
        ("ItemRequestCancelled", "hold.cancelled", {}),
    ],
)
def test_what_a_message_must_have_and_nobody_knows_is_not_made_up(
    service: str, type_: str, data: dict[str, object]
) -> None:
    assert facts(service, event(type_, **data), None, WISH) is None


def test_only_an_edit_of_the_status_is_told() -> None:
    words = {"external_ref": OURS, "barcode": "R-1", "status": "AVAILABLE", "fields": ["call_number"]}
    assert services(event("item.updated", **words), WISH) == ()
    assert services(event("item.updated", **words, was="MISSING"), WISH) == ("CirculationStatusUpdated",)


def test_a_broker_whose_name_begins_like_another_s_is_another() -> None:
    near = {"external_ref": "ncip:reshare2:R-1", "barcode": "R-1"}
    assert services(event("loan.returned", **near), WISH) == ()
    assert services(event("loan.returned", **near), Wish("reshare2", frozenset(NOTIFY))) != ()
