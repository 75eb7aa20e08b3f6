"""Lists over many pages: nothing lost, whatever changes on the way, and every number honest."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.adapters.oai_pmh.service import SLICE
from gateway.catalogue.records import Format
from library_protocols.oai_pmh import Response
from tests.gateway.adapters.oai_pmh.conftest import Asked

DC = {"metadataPrefix": "oai_dc"}


def fill(asked: Asked, count: int, first: int = 0, **more: tuple[str, ...]) -> None:
    for number in range(first, first + count):
        asked.shelf.put("aber", str(number), **more)  # type: ignore[arg-type]


def controls(pages: list[Response]) -> list[str]:
    headers = [each.header for page in pages for each in page.records] + [h for page in pages for h in page.headers]
    return [header.identifier.rpartition(":")[2] for header in headers]


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 35])
async def test_every_record_once_and_no_useless_page(asked: Asked, verb: str, count: int) -> None:
    fill(asked, count)
    pages = await asked.harvest(verb, metadataPrefix="oai_dc")
    assert controls(pages) == [str(number) for number in range(count)]
    assert len(pages) == -(-count // 10)
    tokens = [page.token for page in pages if page.token is not None]
    if count <= 10:
        assert tokens == []
        return
    assert [token.cursor for token in tokens] == list(range(0, count, 10))
    assert {token.complete_list_size for token in tokens} == {count}
    assert [bool(token.value) for token in tokens] == [True] * (len(pages) - 1) + [False]


async def test_the_same_token_twice_is_the_same_page(asked: Asked) -> None:
    fill(asked, 25)
    token = (await asked.ask("ListRecords", **DC)).token
    assert token is not None
    once = await asked.get({"verb": "ListRecords", "resumptionToken": token.value})
    again = await asked.get({"verb": "ListRecords", "resumptionToken": token.value})
    assert once.content == again.content


async def test_what_changes_meanwhile_comes_again(asked: Asked) -> None:
    fill(asked, 25)
    first = await asked.ask("ListRecords", **DC)
    assert first.token is not None
    asked.shelf.now += 5
    asked.shelf.put("aber", "0", "changed")
    asked.shelf.put("aber", "24", deleted=True)
    asked.shelf.put("aber", "new")
    rest = await asked.harvest(resumptionToken=first.token.value)
    assert controls(rest) == [*map(str, range(10, 24)), "0", "24", "new"]
    assert rest[-1].records[-2].header.deleted
    assert rest[0].token is not None
    assert rest[0].token.complete_list_size == 27  # ten given, seventeen to come


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
async def test_a_harvester_that_goes_on_from_any_response_date_knows_everything(
    asked: Asked, data: st.DataObject
) -> None:
    """A model of a harvester beside a catalogue that changes between any two requests."""
    view, old_deletions = data.draw(st.sampled_from([("/oai/aber", True), ("/oai/aber", False), ("/oai", False)]))
    asked.settle(page_records=data.draw(st.integers(1, 4)), old_deletions=old_deletions)
    controls_used = [str(number) for number in range(8)]
    truth: dict[str, bool] = {}
    for control in controls_used:
        truth[control] = data.draw(st.integers(0, 3)) == 0
        asked.shelf.put("aber", control, deleted=truth[control])
    asked.shelf.now += 1

    def change() -> None:
        for _ in range(data.draw(st.integers(1, 3))):
            control, deleted = data.draw(st.sampled_from(controls_used)), data.draw(st.booleans())
            asked.shelf.now += data.draw(st.integers(0, 1))
            asked.shelf.put("aber", control, f"v{asked.shelf.now}", deleted=deleted)
            truth[control] = deleted

    held: dict[str, bool] = {}
    since: dict[str, str] = {}
    for _ in range(data.draw(st.integers(1, 2))):
        page = await asked.ask("ListRecords", view, **DC, **since)
        dates = [page.response_date]
        for _ in range(60):
            for record in page.records:
                held[record.header.identifier] = record.header.deleted
            if page.token is None or not page.token.value:
                break
            change()
            page = await asked.ask("ListRecords", view, resumptionToken=page.token.value)
            dates.append(page.response_date)
        since = {"from_": data.draw(st.sampled_from(dates))}
        change()
    final = await asked.harvest("ListRecords", view, **DC, **since)
    for page in final:
        for record in page.records:
            held[record.header.identifier] = record.header.deleted
    live = {control for control, deleted in truth.items() if not deleted}
    assert sum(not deleted for deleted in held.values()) == len(live)
    if view == "/oai/aber":
        assert {name.rpartition(":")[2] for name, deleted in held.items() if not deleted} == live


async def test_a_range_includes_both_ends(asked: Asked) -> None:
    for number in range(5):
        asked.shelf.put("aber", str(number))
        asked.shelf.now += 1
    found = await asked.harvest(**DC, from_="2023-11-14T22:13:21Z", until="2023-11-14T22:13:23Z")
    assert controls(found) == ["1", "2", "3"]
    assert controls(await asked.harvest(**DC, from_="2023-11-14", until="2023-11-14")) == list("01234")
    assert [e.code for e in (await asked.ask("ListRecords", **DC, from_="2023-11-15")).errors] == ["noRecordsMatch"]


async def test_sets_and_what_leaves_them(asked: Asked) -> None:
    asked.shelf.put("aber", "1", sets=("format:book",))
    asked.shelf.put("aber", "2", sets=("format:map",))
    assert controls(await asked.harvest(**DC, set="format:book")) == ["1"]
    assert controls(await asked.harvest(**DC, set="format")) == ["1", "2"]
    asked.shelf.now += 1
    asked.shelf.put("aber", "1", sets=("format:map",))
    gone = (await asked.ask("ListRecords", **DC, set="format:book")).records
    assert [(each.header.identifier, each.header.deleted) for each in gone] == [("oai:demo.example:aber:1", True)]


async def test_old_deletions_may_be_left_out_of_a_first_harvest(asked: Asked) -> None:
    fill(asked, 12)
    asked.shelf.now += 1
    for number in range(0, 12, 2):
        asked.shelf.put("aber", str(number), deleted=True)
    asked.shelf.now += 1
    assert len(controls(await asked.harvest(**DC))) == 12
    asked.settle(old_deletions=False, page_records=4)
    first = await asked.ask("ListRecords", **DC)
    assert first.token is not None
    assert first.token.complete_list_size == 6
    asked.shelf.put("aber", "1", deleted=True)  # given live on the first page: its deletion must be told
    rest = await asked.harvest(resumptionToken=first.token.value)
    assert controls([first, *rest]) == ["1", "3", "5", "7", "9", "11", "1"]
    assert rest[-1].records[-1].header.deleted
    assert len(controls(await asked.harvest(**DC, from_="2023-11-14"))) == 12
    assert controls(await asked.harvest(**DC, until="2023-11-14T22:13:20Z")) == ["3", "5", "7", "9", "11"]


async def test_a_record_without_the_format_breaks_no_list(asked: Asked) -> None:
    for number in range(25):
        asked.shelf.put("aber", str(number), "cannot be" if number < 12 or number == 20 else "fine")
    pages = await asked.harvest(**DC)
    assert controls(pages) == [str(number) for number in range(12, 25) if number != 20]
    assert len(controls(await asked.harvest(metadataPrefix="marc21"))) == 25
    assert any(each.error and "no such form" in each.error for each in asked.recorded.exchanges)


async def test_a_list_of_nothing_that_can_be_given_is_empty(asked: Asked) -> None:
    for number in range(15):
        asked.shelf.put("aber", str(number), "cannot be")
    assert [error.code for error in (await asked.ask("ListRecords", **DC)).errors] == ["noRecordsMatch"]


async def test_a_rest_that_has_moved_away_ends_the_list(asked: Asked) -> None:
    fill(asked, 12)
    first = await asked.ask("ListRecords", **DC, until="2023-11-14T22:13:20Z")
    assert first.token is not None
    asked.shelf.now += 60
    fill(asked, 2, first=10)
    last = await asked.ask("ListRecords", resumptionToken=first.token.value)
    assert controls([last]) == ["0"]  # again: a list cannot be empty
    assert last.token is not None
    assert (last.token.value, last.token.cursor) == ("", 10)


async def test_long_pages_are_made_in_slices(asked: Asked) -> None:
    asked.settle(page_records=1000)
    fill(asked, SLICE * 2 + 1)
    assert len(controls(await asked.harvest(**DC))) == SLICE * 2 + 1
    assert asked.shelf.reads == [SLICE, SLICE, 1]


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
async def test_lists_hold_the_records_that_have_the_format(asked: Asked, verb: str) -> None:
    """Every third is UNIMARC, and so are the first and the last page: the tokens' numbers are never too small."""
    others = {*range(10), *range(11, 30, 3), *range(30, 45)}
    for number in range(45):
        asked.shelf.put("aber", str(number), marc=Format.UNIMARC if number in others else Format.MARC21)
    pages = await asked.harvest(verb, metadataPrefix="marc21")
    expected = [str(number) for number in range(45) if number not in others]
    assert controls(pages) == [*expected, expected[0]]  # the last page would have been empty
    tokens = [page.token for page in pages if page.token is not None]
    given = 0
    for page, token in zip(pages, tokens, strict=True):
        assert token.cursor is not None
        assert token.complete_list_size is not None
        assert given <= token.cursor
        given += len(page.records) + len(page.headers)
        assert given <= token.complete_list_size
    asked.shelf.put("aber", "0", deleted=True, marc=Format.UNIMARC)
    pages = await asked.harvest(verb, metadataPrefix="marc21")
    assert controls(pages) == [*expected, "0"]


async def test_a_list_in_the_one_format_of_all_records_has_exact_numbers(asked: Asked) -> None:
    for number in range(25):
        asked.shelf.put("aber", str(number), marc=Format.UNIMARC)
    for page in await asked.harvest(**DC):
        assert page.token is not None
        assert page.token.complete_list_size == 25
    assert [error.code for error in (await asked.ask("ListRecords", metadataPrefix="marc21")).errors] == [
        "noRecordsMatch"
    ]
