"""How far a harvest has come: JSON in the catalogue's store, written in the transaction of the records it tells of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from gateway.config import HarvestConfig
from library_protocols.oai_pmh import Granularity, format_datestamp, parse_datestamp
from library_protocols.oai_pmh.datestamps import DAY_SECONDS

OVERLAP_SECONDS = 60  # providers whose records become visible a little after their datestamp are many


@dataclass(frozen=True, slots=True)
class HarvestState:
    """`since` is the `from` of the next harvest, empty before the first has ended; `full_at` and `ended_at` (Unix
    seconds) say when the last full and the last harvest ended.

    The rest is about a list that has begun: `begun` is the responseDate of its first page (empty: none has), `from_`
    what it was asked with, `full` whether it is to be the whole list, `token` what leads on, `last` the highest
    datestamp so far and `ordered` whether datestamps have only risen, `records` how many came, `damaged` whether some
    could not be read. `target` is what was asked of whom: with another target everything begins anew.
    """

    target: str = ""
    since: str = ""
    full_at: int = 0
    ended_at: int = 0
    begun: str = ""
    from_: str = ""
    full: bool = False
    token: str = ""
    last: str = ""
    ordered: bool = True
    records: int = 0
    damaged: bool = False

    def dump(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def restart_from(self) -> str:
        """Where a list begins again whose token is lost: with the last datestamp where they rose, else as it began."""
        return self.last if self.ordered and self.last else self.from_


def state_key(member: str, name: str) -> str:
    return f"harvest:{member}:{name}"


def target_of(source: HarvestConfig) -> str:
    """What is asked of whom."""
    return json.dumps([source.url, source.metadata_prefix, source.set_spec])


def load_state(text: str | None, target: str) -> HarvestState:
    """The state as kept, or a new one where none is, or it is of another target or a later version."""
    try:
        told = json.loads(text) if text else {}
    except ValueError:
        told = {}
    known = {field.name for field in fields(HarvestState)}
    if not isinstance(told, dict) or told.get("target") != target or not told.keys() <= known:
        return HarvestState(target=target)
    return HarvestState(**told)


def next_from(begun: str, granularity: str, now: int) -> str:
    """The `from` of the next harvest: the first page's responseDate with an overlap, a day where datestamps are days.

    A responseDate that is none, or lies in our future, is replaced by our own time, a day earlier."""
    told = parse_datestamp(begun)
    moment = told.first if told is not None and told.first <= now else now - DAY_SECONDS
    if granularity == Granularity.DAY.value:
        return format_datestamp(moment - DAY_SECONDS, Granularity.DAY)
    return format_datestamp(moment - OVERLAP_SECONDS)


__all__ = ["HarvestState", "load_state", "next_from", "state_key", "target_of"]
