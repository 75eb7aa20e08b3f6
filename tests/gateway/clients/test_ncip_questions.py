"""Messages from words: every service can be asked with short names alone, and any element by its path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.clients.ncip import NcipClient, Parties
from gateway.clients.ncip_questions import BESIDE, SHORT, NoSuchPath, Words, names_of, question
from library_protocols.ncip import SERVICES, ExtMessage, SchemeValue
from library_protocols.ncip import messages as wire
from library_protocols.ncip.elements.base import rows
from tests.ncip_schemas import fault

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VALUES = {
    "user": "20100001", "item": "30100001", "request": "R-1", "bib": "b1", "pickup": "ABER", "agency": "ABER",
    "status": "On Loan", "title": "From afar", "name": "Someone", "note": "Words", "date": "2026-04-01",
}  # fmt: skip


LEFT_OUT = {
    "LookupItem": ("request",),
    "ItemRequested": ("request",),
    "ItemRequestUpdated": ("user", "item"),
    "LookupRequest": ("user", "item"),
    "UpdateRequestItem": ("user", "item"),
}
"""Of what the schema has a choice between."""


def words_for(service: str) -> Words:
    """Everything that has a short name and a place in the service."""
    cls = BESIDE.get(service) or SERVICES[service].request
    named = {row.name for row in rows(cls)}
    fitting = {
        name: value
        for name, value in VALUES.items()
        if name not in LEFT_OUT.get(service, ()) and any(path.partition("/")[0] in named for path in SHORT[name])
    }
    if "BibliographicId" in named and "agency" not in fitting:
        fitting["bib"] = ""
    amount = Decimal("2.50") if "FiscalTransactionInformation" in named and "fiscal" in service.lower() else None
    pin = "1234" if service == "AuthenticateUser" else ""
    return Words(fitting | ({"user": "20100001"} if pin else {}), amount=amount, pin=pin)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_service_can_be_asked_and_is_valid(service: str, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("schemas/ncip-lcf-iso18626")
    row = SERVICES[service]
    versions = [version for version in ("2.02", "1.0") if (row.since if version == "2.02" else row.in_1_0)]
    words = words_for(service)
    reported = (("ItemReportedLost", ""),) if "StatusChange" in service else ()
    made = question(service, Words(words.short, reported, pin=words.pin, amount=words.amount), NOW)
    for version in versions:
        client = NcipClient("tcp://127.0.0.1:1", version=version, parties=Parties("ABER", "BROKER"))
        assert fault(client.document(made), folder) is None


def test_a_user_who_has_a_pin_authenticates() -> None:
    made = question("LookupUser", Words({"user": "20100001"}, pin="1234"), NOW)
    assert isinstance(made, wire.LookupUser)
    assert made.user_id is None
    assert [one.authentication_input_data for one in made.authentication_input] == ["20100001", "1234"]
    assert [
        one.authentication_input_type.value for one in made.authentication_input if one.authentication_input_type
    ] == [
        "Barcode Id",
        "PIN",
    ]
    assert "1234" not in repr(Words(pin="1234"))


def test_any_element_is_set_by_its_path() -> None:
    paths = (
        ("itemoptionalfields/BibliographicDescription/Title", "From afar"),
        ("ItemOptionalFields/ItemUseRestrictionType", "Renewals Not Permitted"),
        ("ItemOptionalFields/ItemUseRestrictionType", "Whatever they call it"),
        ("RequestId/AgencyId", "BROKER"),
        ("RenewalNotPermitted", ""),
        ("DateForReturn", "2026-04-01"),
    )
    made = question("AcceptItem", Words({"request": "R-1", "user": "20100001"}, paths), NOW)
    assert isinstance(made, wire.AcceptItem)
    fields = made.item_optional_fields
    assert fields is not None
    assert fields.bibliographic_description == wire.BibliographicDescription(title="From afar")
    known, own = fields.item_use_restriction_type
    assert known.scheme is not None
    assert own == SchemeValue("Whatever they call it")
    assert made.renewal_not_permitted
    assert made.date_for_return == "2026-04-01T00:00:00Z"
    assert made.requested_action_type is not None
    assert made.requested_action_type.value == "Hold For Pickup"


def test_what_repeats_begins_anew_where_the_last_one_is_full() -> None:
    paths = tuple(
        pair
        for number in ("b1", "b2")
        for pair in (
            ("BibliographicId/BibliographicRecordId/BibliographicRecordIdentifier", number),
            ("BibliographicId/BibliographicRecordId/AgencyId", "ABER"),
        )
    )
    made = question("LookupItemSet", Words(paths=paths), NOW)
    assert isinstance(made, wire.LookupItemSet)
    numbers = [one.bibliographic_record_id.bibliographic_record_identifier for one in made.bibliographic_id]  # type: ignore[union-attr]
    assert numbers == ["b1", "b2"]


def test_elements_are_asked_for_by_name() -> None:
    made = question("CheckInItem", Words({"item": "1"}, elements=("Circulation Status", "Block Or Trap")), NOW)
    assert isinstance(made, wire.CheckInItem)
    assert [one.value for one in made.item_element_type] == ["Circulation Status"]
    assert [one.value for one in made.user_element_type] == ["Block Or Trap"]


def test_what_stands_beside_the_services_can_be_asked_too() -> None:
    assert question("LookupVersion", Words(), NOW) == wire.LookupVersion()
    renewed = question("RenewAllItem", Words({"user": "1"}), NOW)
    assert isinstance(renewed, ExtMessage)
    assert isinstance(renewed.service, wire.RenewAllItem)


@pytest.mark.parametrize(
    ("service", "words", "said"),
    [
        ("LookupItem", Words({"pickup": "X"}), "no place for --pickup"),
        ("CheckInItem", Words(), "wants ItemId"),
        ("CheckOutItem", Words({"item": "1"}), "UserId or AuthenticationInput"),
        ("CheckInItem", Words({"item": "1"}, pin="1234"), "no place for --pin"),
        ("CheckInItem", Words({"item": "1"}, (("NoSuch", "x"),)), "no element of that name"),
        ("CheckInItem", Words({"item": "1"}, (("ItemId", "x"),)), "has elements in it"),
        ("CheckInItem", Words({"item": "1"}, (("ItemId/ItemIdentifierValue/X", "x"),)), "no elements in it"),
        ("CheckInItem", Words({"item": "1"}, (("ItemId/ItemIdentifierValue", "2"),)), "stands once"),
        ("CheckInItem", Words({"item": "1"}, elements=("No Such Element",)), "cannot be asked"),
    ],
)
def test_what_a_service_has_not_is_said_without_the_value(service: str, words: Words, said: str) -> None:
    with pytest.raises(NoSuchPath, match=said) as wrong:
        question(service, words, NOW)
    assert "1234" not in str(wrong.value)


def test_a_sum_finer_than_its_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="smallest unit"):
        question("CreateUserFiscalTransaction", Words({"user": "1"}, amount=Decimal("0.005")), NOW)
    with pytest.raises(KeyError):
        question("NoSuchService", Words(), NOW)


def test_one_kind_of_address_stands_instead_of_the_other() -> None:
    paths = (
        ("ShippingInformation/ElectronicAddress/ElectronicAddressType", "mailto"),
        ("ShippingInformation/ElectronicAddress/ElectronicAddressData", "ill@library.example"),
    )
    made = question("ItemShipped", Words({"item": "1"}, paths), NOW)
    assert isinstance(made, wire.ItemShipped)
    assert made.shipping_information is not None
    assert made.shipping_information.physical_address is None
    assert made.date_shipped == "2026-03-02T12:00:00Z"


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("CheckInItem", ("item",)),
        ("LookupUser", ("user", "pin")),
        ("LookupAgency", ()),
        ("AuthenticateUser", ("user", "pin")),
        ("CreateUserFiscalTransaction", ("user", "action", "type", "pin", "amount")),
    ],
)
def test_a_service_says_which_short_names_it_takes(service: str, names: tuple[str, ...]) -> None:
    assert names_of(service) == names


@pytest.mark.parametrize("service", [*SERVICES, *BESIDE])
def test_a_name_is_refused_exactly_where_a_service_does_not_take_it(service: str) -> None:
    refused = set()
    for name in SHORT.keys() - {"agency"}:
        try:
            pin = "1234" if "pin" in names_of(service) else ""
            question(service, Words({name: VALUES.get(name, "x")}, pin=pin), NOW)
        except NoSuchPath as error:
            refused |= {name} if "no place" in str(error) else set()
    assert refused == SHORT.keys() - {"agency", *names_of(service)}
