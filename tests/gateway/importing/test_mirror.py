"""The platform's bibs and items in the catalogue, at first and as they change."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.outcomes import ItemOutcome
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL, Holding, SourceKind
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.writer import Writer
from gateway.catalogue.visibility import Visibility, condition
from gateway.clock import SystemClock
from gateway.demo import data
from gateway.importing.item_fields import ITEM_FIELDS
from gateway.importing.item_rows import ItemDefaults
from gateway.importing.marc import MarcOptions, import_marc
from gateway.importing.mirror import Mirror
from gateway.store.effects import Effect, Insert, Update
from gateway.store.rows import BibRow, EventRow, ItemRow, MemberStateRow
from tests.gateway.importing.test_marc import iso, record
from tests.gateway.platforms.reference.library import Library

File = Callable[..., Path]
ITEMS = MarcOptions(ITEM_FIELDS["952"], ItemDefaults("BOOK", "MAIN"), {"CPL": "MAIN"}, {"BK": "BOOK"})


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Writer]:
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    await migrate.upgrade(url)
    store = await open_writer(url)
    yield store
    await store.close()


@pytest.fixture
def ingest(catalogue: Writer) -> Ingest:
    return Ingest(catalogue)


async def shown(store: Writer, view: str = "alpha") -> dict[str, Any]:
    page = await store.changes(view, "", 0, None, None, 5000, with_deleted=False)
    return {one.control: one for one in await store.feed_records(view, page)}


async def test_bibs_of_the_platform_with_their_holdings(library: Library, file: File, ingest: Ingest) -> None:
    await import_marc(library.store, library.clock, "alpha", file(iso(record("m1", T1="CPL", T2="CPL"))), ITEMS)
    mirror = Mirror(library.store, ingest)
    assert await mirror.catch_up("alpha") > 0
    found = await shown(ingest.store)
    place = Holding(
        "alpha", "MAIN", "891.66 JON", 2, "Main library", item_type="BOOK", barcodes=("T1", "T2"), control="m1"
    )
    assert [replace(one, location_name="Main library") for one in found["m1"].holdings] == [place]
    assert await mirror.catch_up("alpha") == 0
    ids = await ingest.store.controls("alpha", ["m1"])
    ((kind, _),) = (await ingest.store.originals(list(ids.values()))).values()
    assert kind == SourceKind.PLATFORM


async def test_an_import_keeps_its_original_and_gets_holdings(library: Library, file: File, ingest: Ingest) -> None:
    source = file(iso(record("m1", T1="CPL")))
    await import_marc(library.store, library.clock, "alpha", source, ITEMS, ingest=ingest)
    before = await shown(ingest.store)
    assert before["m1"].holdings == ()
    await Mirror(library.store, ingest).catch_up("alpha")
    after = await shown(ingest.store)
    assert [one.barcodes for one in after["m1"].holdings] == [("T1",)]
    assert after["m1"].marcxml == before["m1"].marcxml
    originals = await ingest.originals("alpha", ["m1"], besides=SourceKind.PLATFORM)
    assert originals == {"m1": (SourceKind.EXACT, source.read_bytes())}


async def test_items_that_come_later(library: Library, file: File, ingest: Ingest) -> None:
    mirror = Mirror(library.store, ingest)
    await import_marc(library.store, library.clock, "alpha", file(iso(record("m1", T1="CPL"))), ITEMS)
    await mirror.catch_up("alpha")
    more = file(iso(record("m1", T1="CPL", T2="BRANCH")), "more.mrc")
    await import_marc(library.store, library.clock, "alpha", more, ITEMS)
    assert await mirror.catch_up("alpha") > 0
    found = await shown(ingest.store)
    assert {one.barcodes for one in found["m1"].holdings} == {("T1",), ("T2",)}
    last = (await ingest.store.stats()).last_seq
    assert await mirror.catch_up("alpha") == 0
    assert (await ingest.store.stats()).last_seq == last


@pytest.mark.parametrize("ahead", ["bibs", "events"])
async def test_a_platform_of_an_earlier_day_is_gone_through_again(
    library: Library, file: File, ingest: Ingest, ahead: str
) -> None:
    """As after a backup that was restored without the catalogue, which has followed what is lost now."""
    await import_marc(library.store, library.clock, "alpha", file(iso(record("m1", T1="CPL"))), ITEMS)
    await Mirror(library.store, ingest).catch_up("alpha")
    position = json.loads(await ingest.store.state("mirror:alpha") or "")
    position[ahead] += 1_000
    await ingest.store.set_state("mirror:alpha", json.dumps(position))
    (item,) = await library.rows(ItemRow, barcode="T1")
    (bib,) = await library.rows(BibRow, id="m1")
    seen = EventRow("alpha", 1, "item.changed", None, item.id, None, "desk", "{}")
    change: list[Effect] = [Update(replace(item, call_number="1 NEW")), Insert(seen)]
    if ahead == "bibs":
        state = await library.row(MemberStateRow)
        change = [Update(replace(bib, suppressed=True, position=state.change_position + 1))]
    await library.store.apply("alpha", change)
    await Mirror(library.store, ingest).catch_up("alpha")
    found = await shown(ingest.store)
    if ahead == "bibs":
        assert "m1" not in found
    else:
        assert [one.call_number for one in found["m1"].holdings] == ["1 NEW"]
    last = (await ingest.store.stats()).last_seq
    assert await Mirror(library.store, ingest).catch_up("alpha") == 0
    assert (await ingest.store.stats()).last_seq == last


async def test_what_the_platform_hides_or_deletes(library: Library, file: File, ingest: Ingest) -> None:
    mirror = Mirror(library.store, ingest)
    source = file(iso(record("m1"), record("m2")))
    await import_marc(library.store, library.clock, "alpha", source, ingest=ingest)
    await mirror.catch_up("alpha")
    state = await library.row(MemberStateRow)
    for name, changes in (("m1", {"suppressed": True}), ("m2", {"deleted_at": 1})):
        (row,) = await library.rows(BibRow, id=name)
        state.change_position += 1
        await library.store.apply("alpha", [Update(replace(row, position=state.change_position, **changes))])
    await mirror.catch_up("alpha")
    assert not {"m1", "m2"} & set(await shown(ingest.store))
    assert not {"m1", "m2"} & set(await shown(ingest.store, ALL))
    stats = (await ingest.store.stats()).by_member["alpha"]
    assert (stats["suppressed"], stats["deleted"]) == (1, 1)
    # The same file with one more record: what staff have hidden stays hidden.
    again = file(iso(record("m1", "Newydd"), record("m3")), "again.mrc")
    await import_marc(library.store, library.clock, "alpha", again, ingest=ingest)
    assert "m1" not in await shown(ingest.store)
    assert "m3" in await shown(ingest.store)


async def test_what_a_member_keeps_to_itself(library: Library, file: File, catalogue: Writer) -> None:
    """Of what it lends, and of what staff have hidden besides."""
    hiding = {"alpha": Visibility(private=(condition("245a=mewnol"), condition("952y")))}
    ingest = Ingest(catalogue, hiding=hiding)
    source = file(iso(record("m1", "Mewnol"), record("m2"), record("m3", T3="CPL")))
    await import_marc(library.store, library.clock, "alpha", source, ITEMS)
    (row,) = await library.rows(BibRow, id="m3")
    state = await library.row(MemberStateRow)
    hidden: Effect = Update(replace(row, suppressed=True, position=state.change_position + 1))
    await library.store.apply("alpha", [hidden])
    await Mirror(library.store, ingest).catch_up("alpha")
    stats = (await catalogue.stats()).by_member["alpha"]
    assert (stats["private"], stats["suppressed"]) == (1, 1)
    assert {"m1", "m2", "m3"} & set(await shown(catalogue)) == {"m1", "m2"}
    assert {"m1", "m2", "m3"} & set(await shown(catalogue, ALL)) == {"m2"}


async def test_the_demo_consortium(migrated_sqlite: Path, tmp_path: Path, ingest: Ingest) -> None:
    from gateway.store import open_store

    path = shutil.copy(migrated_sqlite, tmp_path / "demo.db")
    store = await open_store(f"sqlite:///{path}")
    await data.load(store, SystemClock())
    mirror = Mirror(store, ingest)
    for member in ("aber", "bangor"):
        assert await mirror.catch_up(member) >= 1000
    stats = await ingest.store.stats()
    assert stats.by_member["aber"]["visible"] >= 1000
    assert stats.shared < stats.records
    assert stats.open_reviews == 0
    assert any(one.holdings for one in (await shown(ingest.store, "aber")).values())
    await store.close()


async def test_a_title_made_of_words_is_found_and_an_interlibrary_loan_is_not(library: Library, ingest: Ingest) -> None:
    mirror, ctx = Mirror(library.store, ingest), library.context()
    await mirror.catch_up("alpha")
    words = req.BibWords(title="Cold Comfort Farm", author="Gibbons, Stella")
    own = await library.platform.item_create(ctx, req.ItemCreate(item="OWN", words=words), library.key())
    piece = req.IllAccept(patron="c-ann", external_ref="ncip:p:R-1", words=words)
    await library.platform.ill_accept(ctx, piece, library.key())
    assert await mirror.catch_up("alpha") > 0
    found = await shown(ingest.store)
    assert isinstance(own, ItemOutcome)
    assert [one.barcodes for one in found[own.item.bib_id or ""].holdings] == [("OWN",)]
    assert sum(b"Cold Comfort Farm" in one.marcxml for one in found.values()) == 1
    known = (await ingest.store.stats()).last_seq
    await library.platform.item_delete(ctx, req.ItemDelete(item="R-1"), library.key())
    assert await mirror.catch_up("alpha") > 0
    assert (await ingest.store.stats()).last_seq == known
    await library.platform.item_delete(ctx, req.ItemDelete(item="OWN"), library.key())
    await mirror.catch_up("alpha")
    assert (await shown(ingest.store))[own.item.bib_id or ""].holdings == ()
