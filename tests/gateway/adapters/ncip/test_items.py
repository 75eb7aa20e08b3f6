"""Items and requests as a peer reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from library_protocols.ncip import NCIP_1_0, SchemeValue, encode
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import (
    Open,
    Responder,
    header,
    item,
    item_id,
    patron,
    problem_of,
    request_id,
    type_of,
    user_id,
)
from tests.gateway.adapters.ncip.words import DIALECTS, ITEM_ELEMENTS, elements, known, schema_of


async def lookup(responder: Responder, number: int, *names: str, **more: Any) -> Any:
    return await responder.ask(wire.LookupItem(item_id=item_id(number), item_element_type=elements(*names), **more))


async def test_nothing_is_told_that_was_not_asked_for(responder: Responder) -> None:
    answer = await lookup(responder, 1)
    assert answer.item_id.item_identifier_value == item(1)
    assert answer.item_optional_fields is None


async def test_a_peer_may_have_everything_unasked(node: Open) -> None:
    responder = await node(peer={"elements_unasked": "all"})
    told = (await lookup(responder, 1)).item_optional_fields
    assert told.circulation_status.value == "Available On Shelf"
    assert told.bibliographic_description.title


async def test_everything_that_is_known_of_an_item(responder: Responder) -> None:
    told = (await lookup(responder, 22, *ITEM_ELEMENTS)).item_optional_fields
    here = await known(responder, item(22))
    bib = (await responder.desk_says(req.BibGet(bib_id=here.bib_id))).bib
    described = told.bibliographic_description
    assert (described.title, described.author, described.publisher) == (bib.title, bib.author, bib.publisher)
    (record,) = [one for one in described.bibliographic_record_id if one.agency_id is not None]
    assert (record.bibliographic_record_identifier, record.agency_id.value) == (bib.id, "ABER")
    assert told.circulation_status.value == "On Loan"
    assert told.date_due
    assert told.hold_queue_length == str(here.hold_queue_length)
    assert told.item_description.call_number == here.call_number
    (place,) = told.location
    assert place.location_type.value == "Permanent Location"
    assert place.location_name.location_name_instance[0].location_name_value == here.permanent_location
    assert told.physical_condition is None
    assert told.electronic_resource is None


@pytest.mark.parametrize(
    ("number", "status"),
    [(1, "Available On Shelf"), (24, "Available For Pickup"), (25, "In Transit Between Library Locations"),
     (26, "Lost"), (27, "On Order"), (28, "Missing")],
)  # fmt: skip
async def test_statuses(responder: Responder, number: int, status: str) -> None:
    told = (await lookup(responder, number, "circulation status")).item_optional_fields
    assert told.circulation_status.value == status
    assert told.date_due is None
    assert told.bibliographic_description is None


async def test_what_may_not_be_borrowed_says_so(responder: Responder) -> None:
    told = (await lookup(responder, 21, "Item Use Restriction Type")).item_optional_fields
    assert [one.value for one in told.item_use_restriction_type] == ["Not For Loan"]


async def test_who_has_an_item_is_told_nobody(responder: Responder) -> None:
    answer = await lookup(responder, 22, *ITEM_ELEMENTS, current_borrower_desired=True, current_requesters_desired=True)
    assert answer.item_transaction is None
    assert patron(2) not in repr(answer)


async def test_version_1(responder: Responder) -> None:
    question = wire.LookupItem(item_id=item_id(22), item_element_type=elements("Circulation Status", "Location"))
    answer = await responder.ask(question, dialect=NCIP_1_0)
    assert answer.item_optional_fields.circulation_status.value == "On Loan"


async def test_an_item_that_is_not_here(responder: Responder) -> None:
    unknown = await responder.ask(wire.LookupItem(item_id=wire.ItemId(item_identifier_value="none")))
    assert type_of(unknown) == "Unknown Item"
    assert problem_of(unknown).problem_element == "LookupItem/ItemId/ItemIdentifierValue"
    assert problem_of(unknown).problem_value == "none"
    others = wire.ItemId(agency_id=SchemeValue("BANGOR"), item_identifier_value=item(1))
    assert type_of(await responder.ask(wire.LookupItem(item_id=others))) == "Unknown Item"
    assert type_of(await responder.ask(wire.LookupItem())) == "Needed Data Missing"


async def request(responder: Responder, number: int = 1, **more: Any) -> Any:
    message = wire.RequestItem(
        user_id=user_id(number), item_id=(item_id(23),), request_id=request_id("R-1"),
        request_type=SchemeValue("Hold"), request_scope_type=SchemeValue("Item"), **more,
    )  # fmt: skip
    answer = await responder.ask(message)
    assert not answer.problem, answer
    return answer


async def test_an_item_by_the_request_that_is_for_it(responder: Responder) -> None:
    await request(responder)
    answer = await responder.ask(
        wire.LookupItem(request_id=request_id("R-1"), item_element_type=elements("Circulation Status"))
    )
    assert answer.request_id.request_identifier_value == "R-1"
    assert answer.item_id.item_identifier_value == item(23)
    assert answer.item_optional_fields.circulation_status.value in ("On Loan", "Recalled")
    unknown = await responder.ask(wire.LookupItem(request_id=request_id("R-2")))
    assert problem_of(unknown).problem_element == "LookupItem/RequestId/RequestIdentifierValue"


# LookupRequest


async def test_a_request_by_its_number_and_by_who_wants_what(responder: Responder) -> None:
    await request(responder)
    asked = elements("Request Type", "Request Scope Type", "Request Status Type", "Pickup Location", "User Id",
                     "Date Of User Request", "Hold Queue Position")  # fmt: skip
    by_number = await responder.ask(
        wire.LookupRequest(
            request_id=request_id("R-1"), request_element_type=asked, user_element_type=elements("Name Information"),
            item_element_type=elements("Circulation Status"),
        )
    )  # fmt: skip
    assert by_number.request_id.request_identifier_value == "R-1"
    assert by_number.user_id.user_identifier_value == patron(1)
    assert (by_number.request_type.value, by_number.request_scope_type.value) == ("Hold", "Item")
    assert by_number.request_status_type.value == "In Process"
    assert by_number.pickup_location.value == "ABER"
    assert by_number.date_of_user_request
    assert by_number.user_optional_fields.name_information is not None
    assert by_number.item_optional_fields.circulation_status is not None
    by_words = await responder.ask(
        wire.LookupRequest(
            user_id=user_id(1), item_id=item_id(23), request_type=SchemeValue("Hold"), request_element_type=asked
        )
    )
    assert by_words.request_id.request_identifier_value == "R-1"
    unknown = await responder.ask(wire.LookupRequest(request_id=request_id("R-2")))
    assert type_of(unknown) == "Unknown Request"
    assert type_of(await responder.ask(wire.LookupRequest())) == "Needed Data Missing"


async def test_who_wants_it_is_told_only_to_whom_may_see_users(node: Open) -> None:
    responder = await node(peer={"user_elements": []})
    await request(responder)
    answer = await responder.ask(
        wire.LookupRequest(
            request_id=request_id("R-1"), request_element_type=elements("User Id", "Request Type"),
            user_element_type=elements("Name Information", "User Id"),
        )
    )  # fmt: skip
    assert answer.user_id is None
    assert answer.user_optional_fields is None
    assert answer.request_type.value == "Hold"


# What is written


@pytest.mark.parametrize("version", ["1.0", "2.0", "2.01", "2.02"])
async def test_answers_are_valid(responder: Responder, version: str, shared_data: Callable[[str], Path]) -> None:
    schema = schema_of(version, shared_data)
    await request(responder)
    asked = elements(*ITEM_ELEMENTS)
    questions: list[wire.Request] = [
        *(wire.LookupItem(item_id=item_id(number), item_element_type=asked) for number in range(1, 31)),
        wire.LookupItem(request_id=request_id("R-1"), item_element_type=asked),
        wire.LookupItem(item_id=wire.ItemId(item_identifier_value="none"), item_element_type=asked),
    ]
    if version != "1.0":
        questions.append(wire.LookupRequest(request_id=request_id("R-1"), item_element_type=asked))
    for message in questions:
        document = encode(replace(message, initiation_header=header()), DIALECTS[version])
        assert schema.complaint(await responder.octets(document)) == "", message
