"""The feed against a simple model: any order of changes, and every view lists exactly what is true, once, in order."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.ingest import Incoming, Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.records import ALL, Holding, SourceKind
from gateway.catalogue.store import open_writer
from gateway.catalogue.store.writer import Writer
from gateway.catalogue.visibility import Visibility, condition
from tests.gateway.catalogue.making import ISBNS, incoming

MEMBERS = ("aber", "bangor", "cardiff")
TITLES = ("Wales", "Poems", "Chemistry")
START = 1_700_000_000


class Hiding(NamedTuple):
    """What a member keeps to itself: records with these titles."""

    member: str = ""
    suppressed: str = "none"
    private: str = "none"

    def configured(self) -> dict[str, Visibility]:
        return {self.member: Visibility((condition(f"245a={self.suppressed}"),), (condition(f"245a={self.private}"),))}

    def shows(self, member: str, said: dict[str, Any]) -> dict[str, Any]:
        """What becomes of what was said of a record."""
        state = said["state"]
        if member == self.member and said["title"] == self.suppressed:
            state = "suppressed"
        elif member == self.member and said["title"] == self.private and state == "visible":
            state = "private"
        return {**said, "state": state}


actions = st.lists(
    st.tuples(
        st.sampled_from(MEMBERS),
        st.lists(
            st.fixed_dictionaries(
                {
                    "control": st.sampled_from(("1", "2", "3")),
                    "title": st.sampled_from(TITLES),
                    "isbn": st.sampled_from(ISBNS[:2]),
                    "leader": st.sampled_from(("00000nam a2200000 a 4500", "00000ncm a2200000 a 4500")),
                    "state": st.sampled_from(("visible", "visible", "visible", "suppressed", "private", "deleted")),
                    "held": st.sampled_from((None, "main", "annexe")),
                }
            ),
            max_size=4,
        ),
        st.integers(-30, 60),  # the clock may go back
        st.none() | st.builds(Hiding, *map(st.sampled_from, (MEMBERS, TITLES, TITLES))),  # None: as before
    ),
    max_size=12,
)


def coming(said: dict[str, Any], member: str) -> Incoming:
    if said["state"] == "deleted":
        return Incoming(b"", SourceKind.ISO2709, None, deleted=True, control=said["control"])
    holdings = None if said["held"] is None else (Holding(member, said["held"]),)
    return incoming(
        said["control"],
        said["title"],
        isbn=[said["isbn"]],
        leader=said["leader"],
        holdings=holdings,
        suppressed=said["state"] == "suppressed",
        private=said["state"] == "private",
    )


class Harvester:
    """Takes what is new since its last visit, by datestamp as OAI-PMH has it, and knows what there is."""

    def __init__(self, view: str, spec: str) -> None:
        self.view, self.spec = view, spec
        self.known: dict[int, bytes] = {}
        self._from: int | None = None

    async def visit(self, store: Writer) -> None:
        position = 0
        while True:
            page = await store.changes(self.view, self.spec, position, self._from, None, 2)
            for entry, one in zip(page.entries, await store.feed_records(self.view, page), strict=True):
                key = entry.shared if self.view == ALL else entry.record
                if one.deleted:
                    self.known.pop(key, None)
                else:
                    self.known[key] = one.marcxml + repr(one.holdings).encode()
                position = entry.seq
            if not page.more:
                break
        self._from = page.horizon


async def check(store: Writer, last: dict[tuple[str, str], dict[str, Any]], harvesters: list[Harvester]) -> None:
    """`last` is what was last said of each record that is not deleted."""
    for member in MEMBERS:
        mine = {c: s for (m, c), s in last.items() if m == member and s["state"] in ("visible", "private")}
        for spec, wanted in (
            ("", set(mine)),
            ("format:book", {c for c, s in mine.items() if s["leader"][6] == "a"}),
            ("format:score", {c for c, s in mine.items() if s["leader"][6] == "c"}),
        ):
            await check_scope(store, member, spec, wanted)
    visible = {key for key, said in last.items() if said["state"] == "visible"}
    page = await store.changes(ALL, "", 0, None, None, 1000)
    entries = {entry.id: entry for entry in await store.index_entries(0, 1000) if entry.record is not None}
    assert {(e.record.member, e.record.control) for e in entries.values() if e.record} == {
        key for key, said in last.items() if said["state"] in ("visible", "private")
    }
    leads = {entry.id for entry in entries.values() if ALL in entry.views}
    assert leads == {entry.record for entry in page.entries if not entry.deleted}
    # Every visible record is in exactly one shared bib: by what the index is told, and by what `all` shows.
    rows = await store.records(ALL, list(entries))
    groups: dict[int, set[tuple[str, str]]] = {}
    for entry, row in zip(entries.values(), rows, strict=True):
        assert entry.record is not None
        key = (entry.record.member, entry.record.control)
        assert (row is not None) == (key in visible)
        if row is not None:
            groups.setdefault(row.shared, set()).add(key)
            assert key[0] in entry.holders or ALL not in entry.views
    assert set(groups) == {entry.shared for entry in page.entries if not entry.deleted}
    for keys in groups.values():
        assert len({member for member, _ in keys}) == len(keys)
    await check_scope(store, ALL, "", None)
    for member in MEMBERS:
        found = await store.changes(ALL, f"member:{member}", 0, None, None, 1000)
        held = {number for number, keys in groups.items() if member in {m for m, _ in keys}}
        assert {entry.shared for entry in found.entries if not entry.deleted} == held
    for harvester in harvesters:
        await harvester.visit(store)
        fresh = Harvester(harvester.view, harvester.spec)
        await fresh.visit(store)
        assert harvester.known == fresh.known


async def check_scope(store: Writer, view: str, spec: str, wanted: set[str] | None) -> None:
    page = await store.changes(view, spec, 0, None, None, 1000)
    live = [entry for entry in page.entries if not entry.deleted]
    items = [entry.shared if view == ALL else entry.record for entry in page.entries]
    assert len(set(items)) == len(items)
    assert [entry.seq for entry in page.entries] == sorted({entry.seq for entry in page.entries})
    stamps = [entry.datestamp for entry in page.entries]
    assert stamps == sorted(stamps)
    assert all(stamp <= page.horizon for stamp in stamps)
    assert await store.count(view, spec, None, None) == (len(live), len(items) - len(live))
    for stamp in set(stamps):
        window = await store.changes(view, spec, 0, stamp, stamp, 1000)
        assert window.entries == tuple(entry for entry in page.entries if entry.datestamp == stamp)
        assert window.size == len(window.entries) == sum(await store.count(view, spec, stamp, stamp))
    if page.entries:
        middle = page.entries[len(items) // 2]
        rest = await store.changes(view, spec, middle.seq, None, None, 1)
        assert (rest.size, rest.before) == (len(items), len(items) // 2 + 1)
        assert rest.entries == page.entries[len(items) // 2 + 1 :][:1]
        assert await store.earliest(view) is not None
    if wanted is not None:
        shown = await store.records(view, [entry.record for entry in live])
        assert {one.control for one in shown if one is not None} == wanted
        assert all(spec == "" or spec in one.sets for one in shown if one is not None)


@pytest.mark.fuzz
@settings(max_examples=60)
@given(actions)
def test_any_history(catalogue_file: Path, history: list[tuple[str, list[dict[str, Any]], int, Hiding | None]]) -> None:
    async def run(url: str) -> None:
        store = await open_writer(url)
        clock = [START]
        hiding = Hiding()
        last: dict[tuple[str, str], dict[str, Any]] = {}
        harvesters = [Harvester("aber", ""), Harvester(ALL, ""), Harvester(ALL, "member:bangor")]
        try:
            for member, batch, seconds, now_hiding in history:
                clock[0] += seconds
                if now_hiding is not None:
                    hiding = now_hiding
                    kept = hiding.configured()
                    await rebuild(store, sets=(), union=(), hiding=kept, names={}, now=lambda: clock[0])
                ingest = Ingest(store, hiding=hiding.configured(), now=lambda: clock[0])
                await ingest.put(member, [coming(said, member) for said in batch])
                for said in batch:
                    if said["state"] == "deleted":
                        last.pop((member, said["control"]), None)
                    else:
                        last[member, said["control"]] = said
                shown = {key: hiding.shows(key[0], said) for key, said in last.items()}
                await check(store, shown, harvesters)
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(catalogue_file, Path(folder) / "catalogue.sqlite3")
        asyncio.run(run(f"sqlite:///{path}"))
