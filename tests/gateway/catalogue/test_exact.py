"""Originals that are given out as they came: those of just the records that a view shows, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.catalogue.ingest import Incoming, Ingest
from gateway.catalogue.records import ALL, Format, SourceKind
from gateway.catalogue.store.writer import Writer
from library_protocols.marc import from_marcxml, read, to_iso2709
from tests.gateway.catalogue.making import ISBNS, incoming


def came(control: str, title: str, **said: Any) -> Incoming:
    """A record as a file gives it whose octets are what we would write of it."""
    one = incoming(control, title, **said)
    parsed = read(one.original)
    assert parsed.exact
    return replace(one, kind=SourceKind.EXACT, record=parsed.record)


async def test_what_a_view_shows_is_to_be_had_as_it_came(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [came("1", "Dŵr Cymru", isbn=ISBNS[:1]), incoming("2", "From elsewhere")])
    await ingest.put("bangor", [came("1", "Dŵr Cymru", isbn=ISBNS[:1]), came("2", "Private", private=True)])
    await ingest.put("bangor", [came("3", "Suppressed", suppressed=True), came("4", "Gone")])
    await ingest.put("bangor", [incoming("4", "Gone", deleted=True)])
    ids = {
        (member, control): number
        for member, controls in (("aber", ["1", "2"]), ("bangor", ["1", "2", "3", "4"]))
        for control, number in (await store.controls(member, controls)).items()
    }
    assert len(ids) == 6
    seen = {
        view: {key for key, number in ids.items() if number in await store.exact(view, list(ids.values()))}
        for view in ("aber", "bangor", "cardiff", ALL)
    }
    assert seen == {
        "aber": {("aber", "1")},
        "bangor": {("bangor", "1"), ("bangor", "2")},
        "cardiff": set(),
        ALL: {("aber", "1"), ("bangor", "1")},
    }
    for view in ("aber", "bangor", ALL):
        shown = await store.exact(view, list(ids.values()))
        records = dict(zip(shown, await store.records(view, list(shown)), strict=True))
        for number, (marc, octets) in shown.items():
            record = records[number]
            assert record is not None
            assert (marc, octets) == (Format.MARC21, to_iso2709(from_marcxml(record.marcxml), "utf-8"))
