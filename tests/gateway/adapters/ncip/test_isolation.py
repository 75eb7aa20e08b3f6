"""A peer of one member never reaches another's, by whatever name: path, agency, user, item, request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.members import Evidence
from gateway.members.secrets import key_digest
from library_protocols.ncip import SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import (
    ABER,
    BANGOR,
    BROKER,
    Open,
    Responder,
    header,
    item,
    item_id,
    patron,
    request_id,
    type_of,
    user_id,
)

OWN_KEY, OTHER_KEY = "gw_relais-of-aber", "gw_reshare-of-aber"
COMBINATION = "Unauthorized Combination Of Element Values For Agency"
BANGORS = SchemeValue("BANGOR")


@pytest.fixture
async def responder(node: Open) -> Responder:
    """Aberystwyth has two peers of its own; `broker` stands at both members."""

    def two(document: dict[str, Any]) -> None:
        peers = document["members"]["aber"]["ncip"]["peers"]
        for name, key in (("relais", OWN_KEY), ("reshare", OTHER_KEY)):
            peers[name] = {**BROKER, "agency_ids": [name.upper()], "api_key_sha256": key_digest(key)}

    return await node(change=two)


def of_relais(message: Any, to: str = "ABER") -> Any:
    return replace(message, initiation_header=header(to=to, sender="RELAIS"))


async def ask(responder: Responder, message: Any, **more: Any) -> Any:
    if message.initiation_header is None:
        message = of_relais(message)
    return await responder.ask(message, **{"key": OWN_KEY, **more})


async def test_neither_path_nor_agency_leads_to_another_member(responder: Responder) -> None:
    message = wire.LookupUser(user_id=user_id(1, BANGOR))
    at_bangor = Evidence(peer="127.0.0.1", path_member="bangor")
    assert type_of(await ask(responder, message, evidence=at_bangor)) == COMBINATION
    listened = Evidence(peer="127.0.0.1", listener_member="bangor")
    assert type_of(await ask(responder, message, evidence=listened)) == COMBINATION
    assert type_of(await ask(responder, of_relais(message, to="BANGOR"))) == COMBINATION
    assert type_of(await ask(responder, of_relais(message, to="BANGOR"), evidence=at_bangor)) == COMBINATION
    both = of_relais(message, to="BANGOR")
    sent = replace(both.initiation_header, on_behalf_of_agency=wire.OnBehalfOfAgency(agency_id=BANGORS))
    assert type_of(await ask(responder, replace(both, initiation_header=sent))) == COMBINATION


@pytest.mark.parametrize("agency", [None, BANGORS, SchemeValue("bangor"), SchemeValue("ABER")])
async def test_another_members_patron_is_nobody(responder: Responder, agency: SchemeValue | None) -> None:
    theirs = wire.UserId(agency_id=agency, user_identifier_value=patron(1, BANGOR))
    nobody = wire.UserId(agency_id=agency, user_identifier_value="9999")
    for message in (
        wire.LookupUser(),
        wire.RequestItem(
            item_id=(item_id(1),), request_type=SchemeValue("Hold"), request_scope_type=SchemeValue("Item")
        ),
        wire.CheckOutItem(item_id=item_id(1)),
        wire.RenewItem(item_id=item_id(1)),
        wire.SendUserNotice(user_notice_details=wire.UserNoticeDetails(notice_content="words")),
        wire.UpdateUser(add_user_fields=wire.AddUserFields(user_language=(SchemeValue("cy"),))),
    ):
        told = [await ask(responder, replace(message, user_id=one)) for one in (theirs, nobody)]
        assert [type_of(one) for one in told] == ["Unknown User"] * 2, type(message)
        details = {one.problem[0].problem_detail for one in told}
        assert len(details) == 1, "which of the two there is cannot be told"


async def test_a_user_of_another_agency_is_not_ours_though_the_number_is(responder: Responder) -> None:
    named = wire.UserId(agency_id=BANGORS, user_identifier_value=patron(1, ABER))
    assert type_of(await ask(responder, wire.LookupUser(user_id=named))) == "Unknown User"
    own = wire.UserId(agency_id=SchemeValue("ABER"), user_identifier_value=patron(1, ABER))
    assert not (await ask(responder, wire.LookupUser(user_id=own))).problem


@pytest.mark.parametrize("agency", [None, BANGORS])
async def test_another_members_item_is_none(responder: Responder, agency: SchemeValue | None) -> None:
    theirs = wire.ItemId(agency_id=agency, item_identifier_value=item(1, BANGOR))
    for message in (
        wire.LookupItem(item_id=theirs),
        wire.CheckOutItem(item_id=theirs, user_id=user_id(1)),
        wire.CheckInItem(item_id=theirs),
        wire.UpdateCirculationStatus(item_id=theirs, circulation_status=SchemeValue("Missing")),
        wire.DeleteItem(item_id=theirs),
        wire.RecallItem(item_id=theirs),
    ):
        nothing = wire.ItemId(agency_id=agency, item_identifier_value="9999")
        told = [await ask(responder, replace(message, item_id=one)) for one in (theirs, nothing)]
        if not isinstance(message, wire.DeleteItem):  # what is not there may be deleted already
            assert type_of(told[0]) == "Unknown Item", type(message)
        first, second = ([(p.problem_type, p.problem_detail) for p in one.problem] for one in told)
        assert first == second, "which of the two there is cannot be told"
    still = await responder.ask(
        wire.LookupItem(item_id=item_id(1, BANGOR), initiation_header=header(to="BANGOR")),
        evidence=Evidence(peer="127.0.0.1", path_member="bangor"),
    )
    assert not still.problem


def requested(name: str, **more: Any) -> wire.RequestItem:
    return wire.RequestItem(
        user_id=user_id(1),
        item_id=(item_id(22),),
        request_id=request_id(name),
        request_type=SchemeValue("Hold"),
        request_scope_type=SchemeValue("Item"),
        **more,
    )


async def test_another_peers_request_is_none_even_at_the_same_member(responder: Responder) -> None:
    assert not (await ask(responder, requested("R1"))).problem
    asked = (
        wire.LookupRequest(request_id=request_id("R1")),
        wire.CancelRequestItem(request_id=request_id("R1"), user_id=user_id(1), request_type=SchemeValue("Hold")),
        wire.UpdateRequestItem(
            request_id=request_id("R1"),
            add_request_fields=wire.AddRequestFields(need_before_date="2027-01-01T00:00:00Z"),
        ),
    )
    for message in asked:
        theirs = replace(message, initiation_header=header(sender="RESHARE"))
        assert type_of(await ask(responder, theirs, key=OTHER_KEY)) == "Unknown Request", type(message)
    assert not (await ask(responder, asked[0])).problem


async def test_the_same_request_of_a_broker_at_two_members_is_two(responder: Responder) -> None:
    there = Evidence(peer="127.0.0.1", path_member="bangor")
    to_bangor = header(to="BANGOR")
    here = await responder.ask(requested("R1"))
    assert not here.problem
    look = wire.LookupRequest(request_id=request_id("R1"))
    unknown = await responder.ask(replace(look, initiation_header=to_bangor), evidence=there)
    assert type_of(unknown) == "Unknown Request"
    theirs = wire.RequestItem(
        user_id=user_id(1, BANGOR),
        item_id=(item_id(22, BANGOR),),
        request_id=request_id("R1"),
        request_type=SchemeValue("Hold"),
        request_scope_type=SchemeValue("Item"),
        initiation_header=to_bangor,
    )
    second = await responder.ask(theirs, evidence=there)
    assert not second.problem
    found = await responder.ask(replace(look, initiation_header=to_bangor), evidence=there)
    assert found.item_id.item_identifier_value == item(22, BANGOR)
    mine = await responder.ask(look)
    assert mine.item_id.item_identifier_value == item(22, ABER)


async def test_what_a_peer_may_not_see_of_a_user_is_not_told(node: Open) -> None:
    responder = await node(peer={"user_elements": ["User Id"]})
    wanted = tuple(
        SchemeValue(name) for name in ("Name Information", "User Address Information", "Date Of Birth", "User Id")
    )
    answer = await responder.ask(wire.LookupUser(user_id=user_id(1), user_element_type=wanted))
    fields = answer.user_optional_fields
    assert fields is None or (fields.name_information, fields.user_address_information) == (None, ())
