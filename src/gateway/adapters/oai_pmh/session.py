"""One harvest of a list between its requests: where it stands and what to read next. Pure; a token carries it.

A list runs to the end of the feed as it is when its last page is asked for, not as it was when the list began: what
changes in between comes again at the end. So a harvester misses nothing, whichever page's responseDate it goes on from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from library_protocols.oai_pmh import Request, Verb


@dataclass(frozen=True, slots=True)
class ListState:
    """`from_` and `until` are Unix seconds, both included; `set_spec` '' is the whole view.

    `after` is the last position of the feed that was given, `cursor` how many records were, `start` the horizon when
    the list began. Without `old_deletions`, deletions older than `start` are left out of a list that has no `from`.
    """

    view: str
    verb: Verb
    prefix: str
    from_: int | None
    until: int | None
    set_spec: str
    after: int = 0
    cursor: int = 0
    start: int = 0
    old_deletions: bool = True

    def advanced(self, after: int, given: int) -> ListState:
        """The state after a page of `given` records that ended at position `after`."""
        return replace(self, after=after, cursor=self.cursor + given)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the feed by datestamp, both ends included, with or without tombstones."""

    from_: int | None
    until: int | None
    with_deleted: bool = True


def begin(view: str, request: Request, horizon: int, *, old_deletions: bool) -> ListState:
    """The state of a list that is asked for the first time."""
    return ListState(
        view,
        request.verb,
        request.metadata_prefix or "",
        request.from_.first if request.from_ else None,
        request.until.last if request.until else None,
        request.set_spec or "",
        start=horizon,
        old_deletions=old_deletions,
    )


def windows(state: ListState) -> tuple[Window, ...]:
    """What the list is made of, in order.

    Where old deletions are left out there are two stretches: live records from before the list began, then all that
    happened since, because who got a record on the first page must hear of its deletion before the last.
    """
    if state.old_deletions or state.from_ is not None:
        return (Window(state.from_, state.until),)
    last_old = state.start - 1
    if state.until is not None and state.until <= last_old:
        return (Window(None, state.until, with_deleted=False),)
    return Window(None, last_old, with_deleted=False), Window(state.start, state.until)


__all__ = ["ListState", "Window", "begin", "windows"]
