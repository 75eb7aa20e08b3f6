"""Batches into the catalogue: what each view then shows, what costs nothing, what is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.catalogue.ingest import Incoming, Ingest, Refusal
from gateway.catalogue.records import ALL, CatalogueRecord, Format, Holding, Provenance, SourceKind
from gateway.catalogue.store.writer import Writer
from library_protocols.marc import Record, from_marcxml, read, to_iso2709
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import ISBNS, incoming, record

SAME: dict[str, Any] = {"isbn": [ISBNS[0]]}


async def listed(store: Writer, view: str, spec: str = "", **more: Any) -> list[CatalogueRecord]:
    page = await store.changes(view, spec, 0, None, None, 1000, **more)
    records = await store.feed_records(view, page)
    assert len(records) == len(page.entries) == page.size
    return records


async def live(store: Writer, view: str, spec: str = "") -> set[tuple[str, str]]:
    return {(one.member, one.control) for one in await listed(store, view, spec) if not one.deleted}


async def test_a_record_is_shown_as_it_came(ingest: Ingest, store: Writer, time: Time) -> None:
    one = incoming("1", isbn=[ISBNS[0]])
    report = await ingest.put("aber", [one])
    assert (report.added, report.refused) == (1, [])
    (found,) = await listed(store, "aber")
    assert from_marcxml(found.marcxml) == one.record
    assert (found.member, found.control, found.format) == ("aber", "1", Format.MARC21)
    assert (found.datestamp, found.sets) == (time(), ("format:book",))
    assert await store.originals([found.id]) == {found.id: (SourceKind.ISO2709, one.original)}
    assert await store.by_identifier("aber", "1") == found
    assert await store.by_identifier("bangor", "1") is None


async def test_loading_the_same_again_writes_nothing(ingest: Ingest, store: Writer, time: Time) -> None:
    batch = [incoming(str(number)) for number in range(5)]
    await ingest.put("aber", batch)
    before = await store.stats()
    time.seconds += 60
    report = await ingest.put("aber", batch)
    assert (report.unchanged, report.added, report.changed) == (5, 0, 0)
    assert await store.stats() == before


async def test_a_changed_record_moves_to_the_end(ingest: Ingest, store: Writer, time: Time) -> None:
    await ingest.put("aber", [incoming("1"), incoming("2", "Another")])
    time.seconds += 60
    report = await ingest.put("aber", [incoming("1", "A history of Wales, revised"), incoming("2", "Another")])
    assert (report.changed, report.unchanged) == (1, 1)
    assert [(one.control, one.datestamp) for one in await listed(store, "aber")] == [
        ("2", time() - 60),
        ("1", time()),
    ]
    assert await store.count("aber", "", time(), None) == (1, 0)


async def test_the_last_of_two_records_with_one_number_counts(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1", "First"), incoming("1", "Second")])
    (found,) = await listed(store, "aber")
    assert from_marcxml(found.marcxml).first("245", "a") == "Second"


async def test_deletion_leaves_a_tombstone_everywhere_it_was(ingest: Ingest, store: Writer, time: Time) -> None:
    await ingest.put("aber", [incoming("1"), incoming("2", "Another")])
    time.seconds += 60
    gone = Incoming(b"", SourceKind.ISO2709, None, deleted=True, control="1")
    report = await ingest.put("aber", [gone, Incoming(b"", SourceKind.ISO2709, None, deleted=True, control="9")])
    assert (report.deleted, report.unchanged) == (1, 1)
    for view, spec in (("aber", ""), ("aber", "format:book"), (ALL, ""), (ALL, "member:aber"), (ALL, "format")):
        assert await live(store, view, spec) == {("aber", "2")}
        assert await store.count(view, spec, None, None) == (1, 1)
        assert [one.deleted for one in await listed(store, view, spec)] == [False, True]
        assert [one.control for one in await listed(store, view, spec, with_deleted=False)] == ["2"]
    tombstone = await store.by_identifier("aber", "1")
    assert tombstone is not None
    assert (tombstone.deleted, tombstone.marcxml, tombstone.datestamp) == (True, b"", time())
    assert await store.by_identifier("aber", "9") is None
    assert (await ingest.put("aber", [gone])).unchanged == 1


async def test_what_was_deleted_may_come_back(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1")])
    (first,) = await listed(store, ALL)
    await ingest.put("aber", [incoming("1", leader="00000dam a2200000 a 4500")])
    assert await live(store, ALL) == set()
    await ingest.put("aber", [incoming("1")])
    (again,) = await listed(store, ALL)
    assert again.shared == first.shared
    assert await store.count(ALL, "", None, None) == (1, 0)


async def test_suppressed_records_are_nowhere_and_private_ones_at_home(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1", suppressed=True, **SAME), incoming("2", "Another", private=True)])
    assert await live(store, "aber") == {("aber", "2")}
    assert await live(store, ALL) == set()
    assert await store.count(ALL, "", None, None) == (0, 0)
    assert await store.by_identifier("aber", "1") is None
    await ingest.put("bangor", [incoming("b", **SAME)])
    (shown,) = await listed(store, ALL)
    assert shown.sets == ("format:book", "member:bangor")
    ids = [entry.id for entry in await store.index_entries(0, 10)]
    assert await store.records(ALL, [1, 2, *ids]) == [None, None, None, shown]
    assert [one.by_member for one in [await store.stats()]] == [
        {"aber": {"suppressed": 1, "private": 1}, "bangor": {"visible": 1}}
    ]


async def test_a_record_that_is_suppressed_later_leaves_its_shared_bib(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1", note="the fuller one", **SAME)])
    await ingest.put("bangor", [incoming("b", **SAME)])
    assert await live(store, ALL) == {("aber", "1")}
    await ingest.put("aber", [incoming("1", note="the fuller one", suppressed=True, **SAME)])
    (shown,) = await listed(store, ALL)
    assert (shown.member, shown.sets) == ("bangor", ("format:book", "member:bangor"))
    assert [one.deleted for one in await listed(store, ALL, "member:aber")] == [True]
    assert [one.deleted for one in await listed(store, "aber")] == [True]
    entries = {entry.id: entry for entry in await store.index_entries(0, 10)}
    assert entries[1].record is None
    assert (entries[2].views, entries[2].holders) == (("bangor", ALL), ("bangor",))


async def test_holdings_of_all_members_are_shown_together(ingest: Ingest, store: Writer, time: Time) -> None:
    of_aber = (Holding("aber", "main", "DA 714", 2, barcodes=("1", "2"), control="1"),)
    of_bangor = (Holding("bangor", "deiniol", "942.9", control="b"),)
    await ingest.put("aber", [incoming("1", holdings=of_aber, **SAME)])
    await ingest.put("bangor", [incoming("b", holdings=of_bangor, **SAME)])
    (shown,) = await listed(store, ALL)
    assert shown.holdings == of_aber + of_bangor
    assert await store.holdings("bangor", [2]) == {2: of_bangor}
    assert await store.holdings("bangor", [1]) == {}
    time.seconds += 60
    report = await ingest.put("bangor", [incoming("b", holdings=(), **SAME)])
    assert report.changed == 1
    (shown,) = await listed(store, ALL)
    assert (shown.holdings, shown.datestamp) == (of_aber, time())
    assert (await ingest.put("bangor", [incoming("b", **SAME)])).unchanged == 1
    assert [one.datestamp for one in await listed(store, "aber")] == [time() - 60]


async def test_provenance_is_kept(ingest: Ingest, store: Writer) -> None:
    origin = Provenance("https://x.example/oai", "oai:x:1", "2020-01-01", "ns", "2026-01-01T00:00:00Z", altered=True)
    await ingest.put("aber", [incoming("1", provenance=origin)])
    (found,) = await listed(store, "aber")
    assert found.provenance == origin


def overlapping() -> Incoming:
    """A record whose directory names the same octets again and again."""
    text = b"10\x1fa" + b"x" * 9_000 + b"\x1e"
    directory = b"001000209005" + b"500%04d00000" % len(text) * 300 + b"\x1e"
    octets = b"00000nam a22%05d a 4500" % (24 + len(directory)) + directory + text + b"7\x1e\x1d"
    return Incoming(octets, SourceKind.ISO2709, read(octets).record, label="byte 0")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (overlapping(), "characters as MARCXML"),
        (incoming("", label="byte 7"), "has no control number"),
        (incoming("x" * 256), "cannot be one"),
        (incoming("a\x00b"), "cannot be one"),
        (Incoming(b"", SourceKind.ISO2709, None, control="1"), "is empty"),
    ],
)
async def test_what_cannot_be_taken_is_reported(ingest: Ingest, store: Writer, one: Incoming, reason: str) -> None:
    report = await ingest.put("aber", [one, incoming("2")])
    assert report.added == 1
    (refusal,) = report.refused
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert refusal.label == one.label
    assert await live(store, "aber") == {("aber", "2")}


async def test_state_is_kept_with_the_batch(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1")], state={"harvest:aber": "7"})
    assert await store.state("harvest:aber") == "7"
    await ingest.put("aber", [], state={"harvest:aber": None})
    assert await store.state("harvest:aber") is None


async def test_a_dictionary_is_made_of_the_first_records(
    ingest: Ingest, store: Writer, writers: Callable[[], Awaitable[Writer]]
) -> None:
    """Records from before it, and readers that were open before it, stay readable."""
    other = await writers()
    batch = [incoming(str(n), f"Book {n * 7919}", note=f"A note that is said often, {n}") for n in range(900)]
    await ingest.put("aber", batch[:100])
    assert not store.compression.has("marcxml")
    await ingest.put("aber", batch[100:])
    assert store.compression.has("marcxml")
    assert store.compression.has("iso2709")
    for opened in (store, other):
        found = await opened.records("aber", range(1, 901))
        assert [from_marcxml(one.marcxml) for one in found if one] == [one.record for one in batch]
    assert await other.originals([900]) == {900: (SourceKind.ISO2709, batch[-1].original)}


async def test_a_unimarc_record(ingest: Ingest, store: Writer) -> None:
    made = record("1")
    unimarc = Record(made.leader, [("001", "1")], [field._replace(tag="200") for field in made.fields("245")])
    await ingest.put("aber", [Incoming(to_iso2709(unimarc, "utf-8"), SourceKind.ISO2709, unimarc, Format.UNIMARC)])
    (found,) = await listed(store, "aber")
    assert (found.format, from_marcxml(found.marcxml)) == (Format.UNIMARC, unimarc)


async def test_sets_defined_by_rules(store: Writer, time: Time) -> None:
    """Also above them in the hierarchy; in `all` the lead decides."""
    of_aber, of_all = Rule("aber", "wales:history", "history"), Rule(ALL, "welsh", "Wales")
    ingest = Ingest(store, sets=[of_aber, of_all], now=time)
    await ingest.put("aber", [incoming("1"), incoming("2", "Poems of Wales"), incoming("3", "A history of ink")])
    await ingest.put("bangor", [incoming("b", "A history of Bangor")])
    assert await live(store, "aber", "wales:history") == {("aber", "1"), ("aber", "3")}
    assert await live(store, "aber", "wales") == {("aber", "1"), ("aber", "3")}
    assert await live(store, ALL, "welsh") == {("aber", "1"), ("aber", "2")}
    assert await live(store, "bangor", "welsh") == set()
    await ingest.put("aber", [incoming("1", "A poem")])
    assert [one.deleted for one in await listed(store, "aber", "wales:history")] == [False, True]
    assert [one.spec for one in await store.sets("aber")] == ["format:book", "wales", "wales:history"]


class Rule:
    """Records with a word in the title."""

    description = ""

    def __init__(self, view: str, spec: str, word: str) -> None:
        self.view, self.spec, self.name, self.query = view, spec, spec, word

    def matches(self, record: Record, marc: Format) -> bool:
        return self.query in record.first("245", "a")


async def test_names_of_sets(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1")])
    assert [(one.spec, one.name) for one in await store.sets(ALL)] == [
        ("format:book", "Books"),
        ("member:aber", "Aberystwyth"),
    ]
    assert await store.sets("bangor") == []


async def test_identifiers_in_all_are_numbers_of_shared_bibs(ingest: Ingest, store: Writer) -> None:
    await ingest.put("aber", [incoming("1", **SAME)])
    await ingest.put("bangor", [incoming("b", **SAME)])
    (shown,) = await listed(store, ALL)
    assert await store.by_identifier(ALL, str(shown.shared)) == shown
    for wrong in ("", "x", "-1", "0", "2", "99", "1" * 30, "١", "1.0"):
        assert await store.by_identifier(ALL, wrong) is None


async def test_an_interrupted_batch_leaves_nothing(
    ingest: Ingest, store: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unreadable(Rule):
        def matches(self, record: Record, marc: Format) -> bool:
            raise RuntimeError("stop")

    await ingest.put("aber", [incoming("1")])
    before = await store.stats()
    with pytest.raises(RuntimeError):
        await Ingest(store, sets=[Unreadable("aber", "x", "")]).put("aber", [incoming("2")])

    async def late(*_: Any) -> None:
        raise RuntimeError("stop")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_state", late)
        with pytest.raises(RuntimeError):
            await ingest.put("aber", [incoming("2")], state={"x": "y"})
    assert await store.stats() == before
    assert (await ingest.put("aber", [incoming("2")])).added == 1
