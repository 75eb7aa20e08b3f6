"""Where an item stands, as records tell it that are found in the catalogue: OPAC records of Z39.50, and in SRU."""

from __future__ import annotations

from collections.abc import Iterator

from library_conformance.model import LOAN, NotApplicable, Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes import probe
from library_conformance.probes.cross.doors import AVAILABLE, DOOR, at, cql_of, lending, long_words, pqf_of
from library_conformance.probes.sru import _ask as sru
from library_conformance.probes.z3950 import talk as z3950
from library_conformance.run import Run
from library_conformance.web import child, local, text
from library_protocols.z3950 import BerError
from library_protocols.z3950.facts.oids import OPAC
from library_protocols.z3950.records import HoldingsAndCirc, read_opac

RECORDS = 10
"""Records that are looked at, of those that have the item's title."""
_SHELVES = ("z3950", "sru")


def available(run: Run, door: str, title: str, item: str) -> bool | None:
    """Whether an item is there now; None where no record with its title tells of it."""
    tell = _over_z3950 if door == "z3950" else _over_sru
    return next((there for barcode, there in tell(at(run, door), long_words(title)) if barcode == item), None)


def _over_z3950(run: Run, words: list[str]) -> Iterator[tuple[str, bool]]:
    with z3950.association(run) as talk:
        count = talk.search(pqf_of(words)).result_count
        records = talk.present(1, min(count, RECORDS), preferred_record_syntax=OPAC).records if count else ()
    for one in records or ():
        found = one.record.retrieval_record
        if found is None or found.direct_reference != OPAC:
            continue
        try:
            holdings = read_opac(found).holdings_data or ()
        except BerError:
            continue
        for holding in holdings:
            if isinstance(holding, HoldingsAndCirc):
                yield from ((item.item_id or "", item.available_now) for item in holding.circulation_data or ())


def _over_sru(run: Run, words: list[str]) -> Iterator[tuple[str, bool]]:
    for record in sru.search(run, cql_of(words), RECORDS, recordSchema="opac").records:
        if record.data is None or record.surrogate:
            continue
        for item in record.data.iter():
            if isinstance(item.tag, str) and local(item) == "circulation":
                there = child(item, "availableNow")
                yield text(item, "itemId") or "", there is not None and there.get("value") == "1"


@probe(
    "cross.item.shelf/lend-and-look-in-records",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron", "item", "database"),
)
def lend_and_look(run: Run) -> Seen:
    """Lends an item, looks in the catalogue's records whether it is there, returns it, and looks again."""
    patron, item = run.input("patron"), run.input("item")
    doors = [name for name in _SHELVES if DOOR + name in run.inputs]
    if not doors:
        raise NotApplicable("a door for searching is needed")
    with lending(run) as desk:
        title = desk.title(item)
        if desk.status(item) != AVAILABLE or not long_words(title):
            raise SetupFailed("the item is not on the shelf, or has no title")
        telling = {name: there for name in doors if (there := available(run, name, title, item)) is not None}
        if not telling:
            raise NotApplicable("no record tells whether the item is there")
        run.left.add(LOAN)
        if not desk.lend(patron, item):
            run.left.discard(LOAN)
            raise SetupFailed("the item cannot be lent")
        try:
            still = [name for name in telling if available(run, name, title, item)]
        finally:
            returned = desk.take_back(item)
        if not returned:
            return unsafe("the item could not be returned")
        run.left.discard(LOAN)
        away = [name for name in telling if not available(run, name, title, item)]
    away += [name for name, there in telling.items() if not there and name not in away]
    if still:
        return breaks(f"lent, and there in records through {', '.join(still)}")
    return breaks(f"on the shelf, and not in records through {', '.join(away)}") if away else meets("as it is")
