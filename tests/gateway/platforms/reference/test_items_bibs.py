"""Items and bibs: what is shown of them, what a terminal may change, availability of many, the change feed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types
from pymarc import Field, Indicators, Record, Subfield

from gateway.canonical import requests as req
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import ItemStatus, SecurityMarker
from gateway.store.rows import EventRow, ItemRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import Library, bib, hold


def refused(answer: Any, code: RefusalCode) -> None:
    assert isinstance(answer, Refusal), answer
    assert answer.code is code


async def get(library: Library, barcode: str, **at: str) -> Any:
    return await asked(library).item_get(library.context(**at), req.ItemGet(item=barcode))


async def test_an_item_shows_its_title_its_loan_and_its_queue(library: Library) -> None:
    await library.lend("x", "bob")
    await library.add(hold("x", "ann", library.clock.millis))
    shown = (await get(library, " b-x ")).item
    assert (shown.title, shown.author, shown.status) == ("The x book", "Jones", ItemStatus.ON_LOAN)
    assert shown.due is not None
    assert shown.hold_queue_length == 1


async def test_items_of_another_member_do_not_exist(library: Library) -> None:
    refused(await get(library, "b-x", member="beta"), RefusalCode.ITEM_NOT_FOUND)
    refused(await get(library, "b-none"), RefusalCode.ITEM_NOT_FOUND)


async def test_only_the_fields_given_are_changed(library: Library) -> None:
    async def update(**fields: Any) -> Any:
        request = req.ItemUpdate(item="b-x", **fields)
        return await asked(library).item_update(library.context(), request, library.key())

    first = await update(properties="spine torn")
    assert (first.item.properties, first.item.current_location) == ("spine torn", "MAIN")
    second = await update(security_marker=SecurityMarker.TATTLE_TAPE, current_location="BRANCH")
    assert (second.item.properties, second.item.current_location) == ("spine torn", "BRANCH")
    refused(await update(current_location="MOON"), RefusalCode.CONFLICT)
    assert (await library.row(ItemRow, id="x")).current_location == "BRANCH"
    assert len(await library.rows(EventRow, type="item.updated", item_id="x")) == 2


async def test_availability_comes_in_the_order_asked_for_each_title_once(library: Library) -> None:
    await library.lend("y.1", "bob")
    await library.add(hold("y", "ann", library.clock.millis))
    request = req.BibAvailability(bib_ids=("y", "none", "x", "y"))
    answer = await asked(library).bib_availability(library.context(), request)
    assert [(b.bib_id, b.available, b.total, b.hold_queue_length) for b in answer.bibs] == [
        ("y", 1, 2, 1),
        ("x", 1, 1, 0),
    ]
    on_loan = answer.bibs[0].items[0]
    assert (on_loan.barcode, on_loan.status) == ("b-y.1", ItemStatus.ON_LOAN)
    assert on_loan.due is not None


async def test_availability_has_a_limit(library: Library) -> None:
    many = req.BibAvailability(bib_ids=tuple(str(n) for n in range(101)))
    refused(await asked(library).bib_availability(library.context(), many), RefusalCode.BAD_REQUEST)


async def test_a_bib_gives_its_record_as_xml_where_asked(library: Library) -> None:
    record = Record(force_utf8=True)
    record.add_field(Field("001", data="m"))
    record.add_field(Field("245", Indicators("0", "0"), [Subfield("a", "Tŷ & <gŵydd>")]))
    await library.add(replace(bib("m"), marc=record.as_marc()))
    with_marc = await asked(library).bib_get(library.context(), req.BibGet(bib_id="m", with_marc=True))
    root = etree.fromstring(with_marc.bib.marcxml.encode())
    assert root.tag == "{http://www.loc.gov/MARC21/slim}record"
    assert root.xpath("string(//*[@code='a'])") == "Tŷ & <gŵydd>"
    without = await asked(library).bib_get(library.context(), req.BibGet(bib_id="m"))
    assert without.bib.marcxml is None
    elsewhere = library.context(member="beta")
    refused(await asked(library).bib_get(elsewhere, req.BibGet(bib_id="m")), RefusalCode.BIB_NOT_FOUND)


async def test_a_deleted_bib_is_gone_but_in_the_change_feed(library: Library) -> None:
    await library.add(
        replace(bib("b2"), position=3, deleted_at=7), replace(bib("b3"), position=2), replace(bib("b4"), position=9)
    )
    refused(await asked(library).bib_get(library.context(), req.BibGet(bib_id="b2")), RefusalCode.BIB_NOT_FOUND)
    page = await asked(library).bib_changes(library.context(), req.BibChanges(after=1, limit=2))
    assert [(c.position, c.bib.id, c.bib.deleted_at is not None) for c in page.changes] == [
        (2, "b3", False),
        (3, "b2", True),
    ]
    rest = await asked(library).bib_changes(library.context(), req.BibChanges(after=3))
    assert [c.position for c in rest.changes] == [9]
    assert (await asked(library).bib_changes(library.context("beta"), req.BibChanges())).changes == ()
