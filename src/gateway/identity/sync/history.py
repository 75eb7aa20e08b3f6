"""What a feed's earlier runs say about the next one. The latest run's position carries all of it."""

from __future__ import annotations

from typing import Any

from gateway.identity.model import Run, RunState
from gateway.identity.register.port import Register

FEED, NEXT, FULL_AT, STOPPED_AT = "feed", "next", "full_at", "stopped_at"
MAP, PEOPLE, REMARKS = "map", "people", "remarks"
"""Keys of `Run.position`: where the feed goes on, where the next changes begin, when the last complete read began and
when the last one was stopped (UTC milliseconds), the version of the field map, how many people were there when the run
began, and what was odd about records, counted by words without values."""

STALE = 86_400_000
"""A run interrupted longer ago (milliseconds) begins again: whom it has met may be gone since."""
RECENT = 20


async def latest(register: Register, member: str, feed: str) -> Run | None:
    """The last run that was no dry run."""
    size = RECENT
    while True:
        runs = await register.runs(member, feed, size=size)
        found = next((run for run in runs if not run.dry), None)
        if found is not None or len(runs) < size:
            return found
        size *= 4


def carried(run: Run | None) -> dict[str, Any]:
    """What goes on to the next run's position, whatever became of this one."""
    return {key: run.position[key] for key in (NEXT, FULL_AT, STOPPED_AT) if key in run.position} if run else {}


def resumable(run: Run | None, map_version: str, now: int) -> bool:
    """Whether a run can go on where it was interrupted: a read of everything, by the same map, not long ago."""
    return (
        run is not None
        and run.state is RunState.INTERRUPTED
        and run.kind == "full"
        and bool(run.position.get(FEED))
        and run.position.get(MAP) == map_version
        and now - (run.ended_at or run.started_at) < STALE
    )
