"""Records through the doors for searching and harvesting."""

from __future__ import annotations

from library_conformance.model import Seen, breaks, meets, unclear
from library_conformance.probes import probe
from library_conformance.probes.cross.doors import counts, finds, search_doors, titles
from library_conformance.run import Run


@probe("cross.search.count/one-word", inputs=("word", "database"))
def same_count(run: Run) -> Seen:
    """Searches titles for one word through every door."""
    found = counts(run, run.input("word"))
    if None in found.values():
        return unclear("a door tells no number")
    return meets("equally many") if len(set(found.values())) == 1 else breaks("different numbers")


@probe("cross.search.nothing/made-up-word", inputs=("database",))
def nothing(run: Run) -> Seen:
    """Searches titles for a word that nobody has made a title of."""
    found = counts(run, "zzqxconformance")
    if None in found.values():
        return unclear("a door tells no number")
    somewhere = [door for door, number in found.items() if number]
    return breaks(f"found through {', '.join(somewhere)}") if somewhere else meets("found nowhere")


@probe("cross.record.found/first-titles", inputs=("database",))
def harvested_is_found(run: Run) -> Seen:
    """Takes the first titles that harvesters are given, and searches for them."""
    doors = search_doors(run)
    missing = [door for door in doors for title in titles(run) if not finds(run, door, title)]
    return breaks(f"not found through {', '.join(dict.fromkeys(missing))}") if missing else meets("found everywhere")
