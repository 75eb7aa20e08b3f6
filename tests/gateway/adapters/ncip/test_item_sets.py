"""Sets of items as a peer reads them, by title, by set and one by one, in pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import Availability, AvailabilityOutcome
from library_protocols.ncip import NCIP_2_02, ExtMessage, SchemeValue, encode
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import (
    Open,
    Responder,
    header,
    item,
    item_id,
    problem_of,
    type_of,
)
from tests.gateway.adapters.ncip.scripted import Scripted
from tests.gateway.adapters.ncip.words import ITEM_ELEMENTS, elements, schema_of, titles


def record(number: str, agency: str | None = "ABER", code: str | None = None) -> wire.BibliographicId:
    return wire.BibliographicId(
        bibliographic_record_id=wire.BibliographicRecordId(
            bibliographic_record_identifier=number,
            agency_id=SchemeValue(agency) if agency else None,
            bibliographic_record_identifier_code=SchemeValue(code) if code else None,
        )
    )


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


@pytest.mark.parametrize(("agency", "code"), [(None, None), ("ABER", "OCLC")])
async def test_a_title_is_given_back_as_the_schema_has_it(
    responder: Responder, shared_data: Callable[[str], Path], agency: str | None, code: str | None
) -> None:
    (known,) = await titles(responder, 1)
    question = wire.LookupItemSet(bibliographic_id=(record(known, agency, code), record("none", agency, code)))
    octets = await responder.octets(encode(question, NCIP_2_02))
    assert schema_of("2.02", shared_data).complaint(octets) == ""


async def test_titles_with_their_items(responder: Responder) -> None:
    ids = await titles(responder, 3)
    question = wire.LookupItemSet(
        bibliographic_id=(*map(record, ids), record("none")), item_element_type=elements(*ITEM_ELEMENTS)
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


async def test_answers_are_valid(responder: Responder, shared_data: Callable[[str], Path]) -> None:
    schema = schema_of("2.02", shared_data)
    asked = elements(*ITEM_ELEMENTS)
    ids = await titles(responder, 5)
    questions = [
        wire.LookupItemSet(bibliographic_id=(*map(record, ids), record("none")), item_element_type=asked),
        wire.LookupItemSet(bibliographic_id=tuple(map(record, ids)), maximum_items_count="1"),
        wire.LookupItemSet(holdings_set_id=("none@ABER",)),
        wire.LookupItemSet(item_id=(item_id(1), wire.ItemId(item_identifier_value="none")), item_element_type=asked),
    ]
    for message in questions:
        document = encode(replace(message, initiation_header=header()), NCIP_2_02)
        assert schema.complaint(await responder.octets(document)) == "", message


async def test_an_item_that_was_taken_away_is_in_no_set(responder: Responder) -> None:
    (id_,) = await titles(responder, 1)
    before = told_items(await responder.ask(wire.LookupItemSet(bibliographic_id=(record(id_),))))
    ours = wire.BibliographicRecordId(bibliographic_record_identifier=id_, agency_id=SchemeValue("ABER"))
    description = wire.BibliographicDescription(bibliographic_record_id=(ours,))
    copy = wire.ItemId(item_identifier_value="N-1")
    assert not (await responder.ask(wire.CreateItem(item_id=copy, bibliographic_description=description))).problem
    more = told_items(await responder.ask(wire.LookupItemSet(bibliographic_id=(record(id_),), maximum_items_count="9")))
    assert sorted(more) == sorted([*before, "N-1"])
    assert not (await responder.ask(wire.DeleteItem(item_id=copy))).problem
    assert told_items(await responder.ask(wire.LookupItemSet(bibliographic_id=(record(id_),)))) == before


async def test_a_title_without_items_says_so(demo: dict[str, Any]) -> None:
    scripted = Scripted(demo)
    desk = scripted.desk(bib__availability=AvailabilityOutcome(bibs=(Availability(bib_id="b1"),)))
    told = await scripted.ask(desk, wire.LookupItemSet(bibliographic_id=(record("b1"),)))
    (bib,) = told.bib_information
    assert bib.problem == ()
    (held,) = bib.holdings_set
    assert held.problem[0].problem_type.value == "Unknown Item"
    assert told.next_item_token is None
