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
    what it was asked with, `full` whether it is to be the whole list, `token` what leads on, `records` how many came
    since it was last begun, `damaged` how many pieces of it could not be read, `size` its length as the source told it
    last (0: it did not), `least` how many records it had before the source lost its token, `stalled` how many runs on
    end got no page by `token`. `why` says why a list is begun anew, `short` that it is because less came than was to.
    `target` is what was asked of whom: with another target everything begins anew.
    """

    target: str = ""
    since: str = ""
    full_at: int = 0
    ended_at: int = 0
    begun: str = ""
    from_: str = ""
    full: bool = False
    token: str = ""
    records: int = 0
    damaged: int = 0
    size: int = 0
    least: int = 0
    stalled: int = 0
    why: str = ""
    short: bool = False

    def dump(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    def anew(self, *, full: bool = False) -> HarvestState:
        """A list from its beginning: of what is new, or the whole one where `full`, where that is what is begun again,
        and where none has ended yet."""
        whole = full or self.full or not self.since
        return HarvestState(
            target=self.target,
            since=self.since,
            full_at=self.full_at,
            ended_at=self.ended_at,
            from_="" if whole else self.since,
            full=whole,
            least=self.least,
            why=self.why,
            short=self.short,
        )

    @property
    def missing(self) -> int:
        """How many records fewer than it was to have a list had that has come to its end."""
        return max(0, max(self.size, self.least) - self.records - self.damaged)


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
