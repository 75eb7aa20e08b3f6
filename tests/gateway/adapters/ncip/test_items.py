"""Items as a peer reads them, one by one and in sets by pages; items made, changed, taken away and reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.vocabulary import ItemStatus, LoanStatus, SecurityMarker, UseRestriction
from library_protocols.ncip import NCIP_1_0, NCIP_2_0, NCIP_2_01, NCIP_2_02, ExtMessage, SchemeValue, encode
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
from tests.protocols.ncip.schemas import FOLDER, load_xsd

ELEMENTS = (
    "Bibliographic Description", "Circulation Status", "Electronic Resource", "Hold Queue Length", "Item Description",
    "Item Use Restriction Type", "Location", "Physical Condition", "Security Marker", "Sensitization Flag",
)  # fmt: skip


def elements(*names: str) -> tuple[SchemeValue, ...]:
    return tuple(map(SchemeValue, names))


async def lookup(responder: Responder, number: int, *names: str, **more: Any) -> Any:
    return await responder.ask(wire.LookupItem(item_id=item_id(number), item_element_type=elements(*names), **more))


async def known(responder: Responder, barcode: str) -> Any:
    return (await responder.desk_says(req.ItemGet(item=barcode))).item


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
    told = (await lookup(responder, 22, *ELEMENTS)).item_optional_fields
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
    answer = await lookup(responder, 22, *ELEMENTS, current_borrower_desired=True, current_requesters_desired=True)
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


# LookupItemSet


def record(number: str, agency: str | None = "ABER", code: str | None = None) -> wire.BibliographicId:
    return wire.BibliographicId(
        bibliographic_record_id=wire.BibliographicRecordId(
            bibliographic_record_identifier=number,
            agency_id=SchemeValue(agency) if agency else None,
            bibliographic_record_identifier_code=SchemeValue(code) if code else None,
        )
    )


async def titles(responder: Responder, count: int) -> list[str]:
    """Records of ours that have items, each once."""
    found: dict[str, None] = {}
    for number in range(1, 30):
        found[(await known(responder, item(number))).bib_id] = None
    return list(found)[:count]


def told_items(answer: Any) -> list[str]:
    assert not answer.problem, answer
    return [
        one.item_id.item_identifier_value
        for bib in answer.bib_information
        for held in bib.holdings_set
        for one in held.item_information
    ]


async def all_of(responder: Responder, ids: list[str]) -> list[str]:
    outcome = await responder.desk_says(req.BibAvailability(bib_ids=tuple(ids)))
    return [one.barcode for bib in outcome.bibs for one in bib.items]


async def test_titles_with_their_items(responder: Responder) -> None:
    ids = await titles(responder, 3)
    question = wire.LookupItemSet(
        bibliographic_id=(*map(record, ids), record("none")), item_element_type=elements(*ELEMENTS)
    )
    answer = await responder.ask(question)
    assert answer.next_item_token is None
    *here, unknown = answer.bib_information
    assert [one.bibliographic_id.bibliographic_record_id.bibliographic_record_identifier for one in here] == ids
    assert all(one.bibliographic_description.title for one in here)
    assert told_items(answer) == await all_of(responder, ids)
    fields = here[0].holdings_set[0].item_information[0].item_optional_fields
    assert fields.circulation_status is not None
    assert fields.bibliographic_description is None
    (problem,) = unknown.problem
    assert problem.problem_type.value == "Unknown Item"
    assert problem.problem_value == "none"
    assert unknown.bibliographic_id.bibliographic_record_id.bibliographic_record_identifier == "none"


async def test_a_set_by_its_own_number(responder: Responder) -> None:
    (id_,) = await titles(responder, 1)
    first = await responder.ask(wire.LookupItemSet(bibliographic_id=(record(id_),)))
    held = first.bib_information[0].holdings_set
    again = await responder.ask(
        wire.LookupItemSet(holdings_set_id=(held[0].holdings_set_id, f"{id_}@NOWHERE", "none@ABER"))
    )
    found, nowhere, unknown = again.bib_information
    assert [one.holdings_set_id for one in found.holdings_set] == [held[0].holdings_set_id]
    assert nowhere.problem[0].problem_type.value == "Unknown Item"
    assert unknown.problem[0].problem_element == "LookupItemSet/HoldingsSetId"


async def test_single_items(responder: Responder) -> None:
    asked = (item_id(3), wire.ItemId(item_identifier_value="none"), item_id(1))
    answer = await responder.ask(wire.LookupItemSet(item_id=asked, item_element_type=elements("Circulation Status")))
    assert told_items(answer) == [item(3), "none", item(1)]
    _, unknown, _ = [bib.holdings_set[0].item_information[0] for bib in answer.bib_information]
    (problem,) = unknown.problem
    assert problem.problem_type.value == "Unknown Item"
    assert problem.problem_value == "none"


@pytest.mark.parametrize(
    ("agency", "code", "found"),
    [("ABER", None, True), (None, "Accession Number", True), (None, "OCLC", False), ("BANGOR", None, False)],
)
async def test_whose_numbers_are_ours(responder: Responder, agency: Any, code: Any, found: bool) -> None:
    (id_,) = await titles(responder, 1)
    answer = await responder.ask(wire.LookupItemSet(bibliographic_id=(record(id_, agency, code),)))
    assert bool(told_items(answer)) is found


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_have_every_item_once(responder: Responder, size: int) -> None:
    ids = await titles(responder, 4)
    asked = (record(ids[0]), record("none"), *map(record, ids[1:]), record("none-2"))
    question: dict[str, Any] = {"bibliographic_id": asked, "maximum_items_count": str(size)}
    found: list[str] = []
    problems, token, pages = 0, "", 0
    while token is not None:
        answer = await responder.ask(wire.LookupItemSet(**question, next_item_token=token))
        entries = sum(len(bib.problem) for bib in answer.bib_information)
        assert 0 < len(told_items(answer)) + entries <= size
        found += told_items(answer)
        problems += entries
        token, pages = answer.next_item_token, pages + 1
        assert pages < 100
    assert found == await all_of(responder, ids)
    assert problems == 2


async def test_a_page_is_no_longer_than_the_gateway_allows(node: Open) -> None:
    responder = await node(page=2)
    ids = await titles(responder, 4)
    question = wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), maximum_items_count="1000")
    answer = await responder.ask(question)
    assert len(told_items(answer)) == 2
    assert answer.next_item_token


async def test_a_token_is_of_its_peer_and_question(node: Open) -> None:
    responder = await node(page=1)
    ids = await titles(responder, 3)
    question = wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)))
    token = (await responder.ask(question)).next_item_token
    changed = [
        wire.LookupItemSet(bibliographic_id=tuple(map(record, ids[:2])), next_item_token=token),
        wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), next_item_token=token[:-2]),
        wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), next_item_token="ä" * 40),
        wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), next_item_token="AAAA"),
    ]
    for other in changed:
        answer = await responder.ask(other)
        assert problem_of(answer).problem_element == "LookupItemSet/NextItemToken"
    again = wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), next_item_token=token)
    assert not (await responder.ask(again)).problem
    for first in (None, "", "0"):
        begin = wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), next_item_token=first)
        assert (await responder.ask(begin)).next_item_token == token


async def test_sets_need_names_and_room(responder: Responder) -> None:
    assert type_of(await responder.ask(wire.LookupItemSet())) == "Needed Data Missing"
    for count in ("0", "-1", "many"):
        question = wire.LookupItemSet(bibliographic_id=(record("none"),), maximum_items_count=count)
        assert problem_of(await responder.ask(question)).problem_element == "LookupItemSet/MaximumItemsCount"


async def test_the_toolkits_own_item_set_is_answered_in_ext(responder: Responder) -> None:
    (id_,) = await titles(responder, 1)
    question = wire.LookupItemSet(bibliographic_id=(record(id_),))
    answer = await responder.ask(ExtMessage(service=question))
    assert isinstance(answer, ExtMessage)
    assert told_items(answer.service) == await all_of(responder, [id_])


# Made, changed, taken away


def words(title: str = "Llyfr newydd", **more: Any) -> wire.BibliographicDescription:
    return wire.BibliographicDescription(title=title, author="Puw, Nia", **more)


def place(kind: str, code: str) -> wire.Location:
    names = (
        wire.LocationNameInstance(location_name_level="1", location_name_value="Campus"),
        wire.LocationNameInstance(location_name_level="2", location_name_value=code),
    )
    return wire.Location(location_type=SchemeValue(kind), location_name=wire.LocationName(location_name_instance=names))


def new_item(barcode: str | None = "N-1", **more: Any) -> wire.CreateItem:
    fields: dict[str, Any] = {
        "item_id": wire.ItemId(item_identifier_value=barcode) if barcode else None,
        "bibliographic_description": words(publication_date="2026", medium_type=SchemeValue("Audio Tape")),
        "item_use_restriction_type": (SchemeValue("User Signature Required"),),
        "circulation_status": SchemeValue("In Process"),
        "item_description": wire.ItemDescription(call_number="PB 1", copy_number="2", number_of_pieces="1"),
        "location": (place("Permanent Location", "ABER"),),
        "security_marker": SchemeValue("Tattle-Tape Security Strip"),
    }
    return wire.CreateItem(**fields | more)


async def test_an_item_is_made_once(responder: Responder) -> None:
    made = await responder.ask(new_item())
    assert made.item_id.item_identifier_value == "N-1"
    assert await responder.ask(new_item()) == made
    here = await known(responder, "N-1")
    assert (here.title, here.status, here.call_number, here.copy_number) == (
        "Llyfr newydd", ItemStatus.IN_PROCESS, "PB 1", "2",
    )  # fmt: skip
    assert (here.permanent_location, here.restrictions) == ("ABER", (UseRestriction.SIGNATURE_REQUIRED,))
    assert here.security_marker is SecurityMarker.TATTLE_TAPE
    without = await responder.ask(new_item(None))
    assert without.item_id.item_identifier_value not in ("", "N-1")


async def test_a_further_copy_of_a_title_that_is_here(responder: Responder) -> None:
    (id_,) = await titles(responder, 1)
    ours = wire.BibliographicRecordId(bibliographic_record_identifier=id_, agency_id=SchemeValue("ABER"))
    await responder.ask(new_item(bibliographic_description=words(bibliographic_record_id=(ours,))))
    assert (await known(responder, "N-1")).bib_id == id_


async def test_what_is_no_item(responder: Responder) -> None:
    cases = [
        ({"bibliographic_description": None}, "Needed Data Missing", "BibliographicDescription"),
        ({"bibliographic_description": wire.BibliographicDescription(publisher="x")}, "Needed Data Missing",
         "BibliographicDescription/Title"),
        ({"circulation_status": SchemeValue("Eaten")}, "Unknown Value From Known Scheme", "CirculationStatus"),
        ({"circulation_status": SchemeValue("On Loan")}, "Unknown Value From Known Scheme", "CirculationStatus"),
        ({"location": (place("Permanent Location", "Top Floor"),)}, "Unknown Value From Known Scheme", "Location"),
        ({"item_use_restriction_type": (SchemeValue("Never"),)}, "Unknown Value From Known Scheme",
         "ItemUseRestrictionType"),
        ({"item_id": item_id(1)}, "Duplicate Item", "ItemId/ItemIdentifierValue"),
    ]  # fmt: skip
    for fields, type_, element in cases:
        answer = await responder.ask(new_item(**fields))
        assert type_of(answer) == type_, fields
        assert problem_of(answer).problem_element == f"CreateItem/{element}", fields
    gone = await responder.ask(wire.LookupItem(item_id=wire.ItemId(item_identifier_value="N-1")))
    assert type_of(gone) == "Unknown Item"


async def test_an_item_is_changed(responder: Responder) -> None:
    await responder.ask(new_item())
    named = wire.ItemId(item_identifier_value="N-1")
    message = wire.UpdateItem(
        item_id=named,
        delete_item_fields=wire.DeleteItemFields(
            item_use_restriction_type=(SchemeValue("User Signature Required"),),
            item_description=wire.ItemDescription(copy_number="2"),
        ),
        add_item_fields=wire.AddItemFields(
            bibliographic_description=wire.BibliographicDescription(edition="2nd"),
            item_use_restriction_type=(SchemeValue("Renewals Not Permitted"),),
            item_description=wire.ItemDescription(
                call_number="PB 2",
                holdings_information=wire.HoldingsInformation(unstructured_holdings_data="v. 3"),
            ),
        ),
    )
    answer = await responder.ask(message)
    assert answer.item_id.item_identifier_value == "N-1"
    assert not answer.problem
    here = await known(responder, "N-1")
    assert (here.call_number, here.copy_number, here.enumeration) == ("PB 2", None, "v. 3")
    assert here.restrictions == (UseRestriction.NO_RENEWALS,)
    assert (await responder.desk_says(req.BibGet(bib_id=here.bib_id))).bib.edition == "2nd"
    assert await responder.ask(message) == answer


async def test_what_is_not_kept_of_an_item_is_refused_whole(responder: Responder) -> None:
    before = await known(responder, item(1))
    about = wire.ItemDescription(call_number="changed")
    added = [
        ({"physical_condition": wire.PhysicalCondition(physical_condition_type=SchemeValue("Faded"))},
         "PhysicalCondition"),
        ({"sensitization_flag": True}, "SensitizationFlag"),
        ({"bibliographic_description": wire.BibliographicDescription(pagination="480")},
         "BibliographicDescription/Pagination"),
        ({"item_description": wire.ItemDescription(number_of_pieces="2")}, "ItemDescription/NumberOfPieces"),
    ]  # fmt: skip
    for fields, element in added:
        message = wire.UpdateItem(
            item_id=item_id(1), add_item_fields=wire.AddItemFields(**{"item_description": about} | fields)
        )
        answer = await responder.ask(message)
        assert type_of(answer) == "Unable To Add Element"
        assert problem_of(answer).problem_element == f"UpdateItem/AddItemFields/{element}"
    deleted = wire.DeleteItemFields(bibliographic_description=wire.BibliographicDescription(title=before.title))
    answer = await responder.ask(wire.UpdateItem(item_id=item_id(1), delete_item_fields=deleted))
    assert type_of(answer) == "Unable To Delete Element"
    assert problem_of(answer).problem_element == "UpdateItem/DeleteItemFields/BibliographicDescription"
    nowhere = wire.AddItemFields(location=(place("Permanent Location", "Top Floor"),))
    answer = await responder.ask(wire.UpdateItem(item_id=item_id(1), add_item_fields=nowhere))
    assert problem_of(answer).problem_element == "UpdateItem/AddItemFields/Location"
    assert problem_of(answer).problem_value == "Top Floor"
    catalogued = wire.AddItemFields(bibliographic_description=words())
    answer = await responder.ask(wire.UpdateItem(item_id=item_id(1), add_item_fields=catalogued))
    assert type_of(answer) == "Unable To Add Element"
    empty = wire.AddItemFields(item_description=wire.ItemDescription(call_number=""))
    answer = await responder.ask(wire.UpdateItem(item_id=item_id(1), add_item_fields=empty))
    assert type_of(answer) == "Needed Data Missing"
    assert await known(responder, item(1)) == before


async def test_an_item_is_taken_away_once(responder: Responder) -> None:
    await responder.ask(new_item())
    message = wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="N-1"))
    answer = await responder.ask(message)
    assert answer.item_id.item_identifier_value == "N-1"
    assert await responder.ask(message) == answer
    gone = await responder.ask(wire.LookupItem(item_id=wire.ItemId(item_identifier_value="N-1")))
    assert type_of(gone) == "Unknown Item"
    lent = await responder.ask(wire.DeleteItem(item_id=item_id(22)))

    assert (problem_of(lent).problem_detail or "").startswith("ITEM_UNAVAILABLE.on_loan")


@pytest.mark.parametrize("wish", ["problem", "success"])
async def test_what_becomes_of_an_item_that_is_gone_already(node: Open, wish: str) -> None:
    responder = await node(peer={"delete_missing": wish})
    answer = await responder.ask(wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="none")))
    if wish == "success":
        assert answer.item_id.item_identifier_value == "none"
        assert not answer.problem
    else:
        assert type_of(answer) == "Unknown Item"
        assert problem_of(answer).problem_value == "none"


async def test_a_broker_takes_away_only_what_its_own_loans_have_brought(node: Open) -> None:
    def two(document: dict[str, Any]) -> None:
        peers = document["members"]["aber"]["ncip"]["peers"]
        peers["other"] = {"networks": ["127.0.0.0/8"], "agency_ids": ["OTHER"], "services": ["@borrowing"]}
        peers["broker"]["services"] = ["@borrowing", "@lookup"]

    responder = await node(change=two)
    own = await responder.ask(wire.DeleteItem(item_id=item_id(1)))
    assert (problem_of(own).problem_detail or "").startswith("CONFLICT.permanent")
    accepted = wire.AcceptItem(
        request_id=request_id("R-9"), requested_action_type=SchemeValue("Hold For Pickup"), user_id=user_id(1),
        item_id=wire.ItemId(item_identifier_value="ILL-9"),
        item_optional_fields=wire.ItemOptionalFields(bibliographic_description=words()),
    )  # fmt: skip
    assert not (await responder.ask(accepted)).problem
    theirs = wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="ILL-9"))
    header = wire.InitiationHeader(
        from_agency_id=wire.FromAgencyId(agency_id=SchemeValue("OTHER")),
        to_agency_id=wire.ToAgencyId(agency_id=SchemeValue("ABER")),
    )
    foreign = wire.DeleteItem(initiation_header=header, item_id=theirs.item_id)
    refused = await responder.ask(foreign, key=None)
    assert (problem_of(refused).problem_detail or "").startswith("OTHER_TRANSACTION")
    assert not (await responder.ask(theirs)).problem


async def test_statuses_are_set_as_a_desk_sees_them(responder: Responder) -> None:
    async def asked(number: int, status: str) -> Any:
        message = wire.UpdateCirculationStatus(item_id=item_id(number), circulation_status=SchemeValue(status))
        return await responder.ask(message)

    assert not (await asked(1, "missing")).problem
    assert (await known(responder, item(1))).status is ItemStatus.MISSING
    assert not (await asked(1, "Available on shelf")).problem
    assert (await known(responder, item(1))).status is ItemStatus.AVAILABLE
    for status in ("On Loan", "Eaten"):
        answer = await asked(1, status)
        assert type_of(answer) == "Unknown Value From Known Scheme"
        assert problem_of(answer).problem_value == status
        assert problem_of(answer).problem_element == "UpdateCirculationStatus/CirculationStatus"
    assert (problem_of(await asked(22, "Missing")).problem_detail or "").startswith("ITEM_UNAVAILABLE")
    nothing = await responder.ask(wire.UpdateCirculationStatus(item_id=item_id(1)))
    assert type_of(nothing) == "Needed Data Missing"


async def test_what_users_say_of_items(responder: Responder) -> None:
    async def asked(number: int, borrower: int, **said: Any) -> Any:
        message = wire.ReportCirculationStatusChange(
            item_id=item_id(number), user_id=user_id(borrower), item_element_type=elements("Circulation Status"), **said
        )
        return await responder.ask(message)

    returned = wire.ItemReportedReturned(date_reported_returned="2026-11-20T10:00:00Z")
    answer = await asked(22, 2, item_reported_returned=returned)
    assert answer.item_optional_fields.circulation_status.value == "Claimed Returned Or Never Borrowed"
    assert answer.user_id.user_identifier_value == patron(2)
    others = await asked(23, 1, item_reported_never_borrowed=True)
    assert (problem_of(others).problem_detail or "").startswith("LOAN_OF_OTHER_PATRON")
    loans = (await responder.desk_says(req.PatronAccount(patron=patron(2), loans=True))).loans
    assert LoanStatus.OPEN in {loan.status for loan in loans}
    assert type_of(await asked(23, 2)) == "Needed Data Missing"


# What is written


@pytest.mark.parametrize("version", ["2.0", "2.01", "2.02"])
async def test_answers_are_valid(responder: Responder, version: str, shared_data: Callable[[str], Path]) -> None:
    schema = load_xsd(shared_data(f"{FOLDER}/ncip2") / f"ncip_v{version.replace('.', '_')}.xsd")
    dialect = {"2.0": NCIP_2_0, "2.01": NCIP_2_01, "2.02": NCIP_2_02}[version]
    await request(responder)
    asked = elements(*ELEMENTS)
    questions: list[wire.Request] = [
        *(wire.LookupItem(item_id=item_id(number), item_element_type=asked) for number in range(1, 31)),
        wire.LookupItem(request_id=request_id("R-1"), item_element_type=asked),
        wire.LookupItem(item_id=wire.ItemId(item_identifier_value="none")),
        wire.LookupRequest(request_id=request_id("R-1"), item_element_type=asked),
        new_item(),
        wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="N-1")),
    ]
    if version == "2.02":
        ids = await titles(responder, 5)
        bibs = (*map(record, ids), record("none"))
        questions.append(wire.LookupItemSet(bibliographic_id=bibs, item_element_type=asked))
        questions.append(wire.LookupItemSet(item_id=(item_id(1), wire.ItemId(item_identifier_value="none"))))
    for message in questions:
        document = encode(replace(message, initiation_header=header()), dialect)
        assert schema.complaint(await responder.octets(document)) == "", message
