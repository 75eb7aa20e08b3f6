"""A peer that may ask for one service alone can have all of it: no service needs another one's permissions."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.refusals import EDGE_ERRORS, Refusal
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Open, Responder, item_id, patron, user_id
from tests.gateway.adapters.ncip.words import ITEM_ELEMENTS, elements, titles

USER_ELEMENTS = ("Name Information", "User Privilege", "Block Or Trap")


async def lookup_item(_: Responder) -> wire.Request:
    return wire.LookupItem(item_id=item_id(1), item_element_type=elements(*ITEM_ELEMENTS))


async def lookup_item_set(responder: Responder) -> wire.Request:
    (id_,) = await titles(responder, 1, name="all")
    number = wire.BibliographicRecordId(bibliographic_record_identifier=id_)
    return wire.LookupItemSet(
        bibliographic_id=(wire.BibliographicId(bibliographic_record_id=number),),
        item_element_type=elements(*ITEM_ELEMENTS),
    )


async def lookup_request(responder: Responder) -> wire.Request:
    holds = (await responder.desk_says(req.PatronAccount(patron=patron(5), holds=True), name="all")).holds
    return wire.LookupRequest(
        request_id=wire.RequestId(request_identifier_value=holds[0].id), request_element_type=elements("User Id"),
        item_element_type=elements(*ITEM_ELEMENTS), user_element_type=elements(*USER_ELEMENTS),
    )  # fmt: skip


async def lookup_user(_: Responder) -> wire.Request:
    return wire.LookupUser(
        user_id=user_id(2), user_element_type=elements(*USER_ELEMENTS),
        loaned_items_desired=True, requested_items_desired=True, user_fiscal_account_desired=True,
    )  # fmt: skip


async def lookup_agency(_: Responder) -> wire.Request:
    return wire.LookupAgency(
        agency_id=SchemeValue("ABER"), agency_element_type=elements("Organization Name Information")
    )


def _title() -> wire.BibliographicDescription:
    return wire.BibliographicDescription(title="Llyfr")


async def create_item(_: Responder) -> wire.Request:
    return wire.CreateItem(bibliographic_description=_title())


async def update_item(_: Responder) -> wire.Request:
    restriction = (SchemeValue("Renewals Not Permitted"),)
    return wire.UpdateItem(
        item_id=item_id(1), add_item_fields=wire.AddItemFields(item_use_restriction_type=restriction)
    )


async def delete_item(_: Responder) -> wire.Request:
    return wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="none"))


async def update_circulation_status(_: Responder) -> wire.Request:
    return wire.UpdateCirculationStatus(item_id=item_id(1), circulation_status=SchemeValue("Missing"))


async def report_circulation_status_change(_: Responder) -> wire.Request:
    return wire.ReportCirculationStatusChange(
        item_id=item_id(22), user_id=user_id(2), item_reported_lost=True,
        item_element_type=elements("Circulation Status"), user_element_type=elements(*USER_ELEMENTS),
    )  # fmt: skip


def _block() -> tuple[wire.BlockOrTrap, ...]:
    return (wire.BlockOrTrap(agency_id=SchemeValue("ABER"), block_or_trap_type=SchemeValue("Block Check Out")),)


async def create_user(responder: Responder) -> wire.Request:
    category = (await responder.desk_says(req.PatronGet(patron=patron(1)), name="all")).patron.category.code
    name = wire.PersonalNameInformation(unstructured_personal_user_name="Nia Puw")
    return wire.CreateUser(
        user_id=wire.UserId(user_identifier_value="N-1"),
        name_information=wire.NameInformation(personal_name_information=name),
        user_privilege=(
            wire.UserPrivilege(agency_id=SchemeValue("ABER"), agency_user_privilege_type=SchemeValue(category)),
        ),
        block_or_trap=_block(),
    )


async def update_user(_: Responder) -> wire.Request:
    return wire.UpdateUser(
        user_id=user_id(1),
        add_user_fields=wire.AddUserFields(block_or_trap=_block(), user_language=(SchemeValue("wel"),)),
        delete_user_fields=wire.DeleteUserFields(block_or_trap=_block()),
    )


async def create_user_fiscal_transaction(_: Responder) -> wire.Request:
    return wire.CreateUserFiscalTransaction(
        user_id=user_id(1),
        fiscal_transaction_information=wire.FiscalTransactionInformation(
            fiscal_action_type=SchemeValue("Assess"), fiscal_transaction_type=SchemeValue("Fine"),
            amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value="100"),
        ),
    )  # fmt: skip


async def send_user_notice(_: Responder) -> wire.Request:
    return wire.SendUserNotice(
        user_id=user_id(1), user_notice_details=wire.UserNoticeDetails(notice_type=SchemeValue("Overdue"))
    )


MESSAGES = (
    lookup_item, lookup_item_set, lookup_request, lookup_user, lookup_agency, create_item, update_item, delete_item,
    update_circulation_status, report_circulation_status_change, create_user, update_user,
    create_user_fiscal_transaction, send_user_notice,
)  # fmt: skip


@pytest.mark.parametrize("made", MESSAGES, ids=lambda made: made.__name__)
async def test_a_service_needs_no_other(node: Open, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service = "".join(part.capitalize() for part in made.__name__.split("_"))

    def alone(document: dict[str, Any]) -> None:
        peers = document["members"]["aber"]["ncip"]["peers"]
        peers["all"] = peers["broker"] | {"agency_ids": ["ALL"], "api_key_sha256": "0" * 64}
        peers["broker"]["services"] = [service]

    responder = await node(change=alone)
    message = await made(responder)
    assert type(message).__name__ == service
    perform, refused = responder.desk.perform, []

    async def watched(ctx: Any, request: Any, key: Any = None) -> Any:
        said = await perform(ctx, request, key)
        refused.extend([request.operation] if isinstance(said, Refusal) and said.code in EDGE_ERRORS else [])
        return said

    monkeypatch.setattr(responder.desk, "perform", watched)
    answer = await responder.ask(message)
    assert not answer.problem, answer
    assert not refused
