"""Items made, changed, taken away and reported over NCIP, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.vocabulary import ItemStatus, LoanStatus, SecurityMarker, UseRestriction
from library_protocols.ncip import SchemeValue, encode
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
from tests.gateway.adapters.ncip.words import DIALECTS, elements, known, schema_of, titles


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
    assert problem_of(own).problem_element == "DeleteItem/ItemId/ItemIdentifierValue"
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


@pytest.mark.parametrize("version", ["2.0", "2.01", "2.02"])
async def test_answers_are_valid(responder: Responder, version: str, shared_data: Callable[[str], Path]) -> None:
    schema = schema_of(version, shared_data)
    questions: list[wire.Request] = [
        new_item(),
        new_item(item_id=item_id(1)),
        wire.UpdateCirculationStatus(item_id=item_id(1), circulation_status=SchemeValue("Missing")),
        wire.DeleteItem(item_id=wire.ItemId(item_identifier_value="N-1")),
    ]
    for message in questions:
        document = encode(replace(message, initiation_header=header()), DIALECTS[version])
        assert schema.complaint(await responder.octets(document)) == "", message
