"""One list of conflicts for staff: the platform's, then what the journal could not carry out."""

from __future__ import annotations

from gateway.canonical.context import Context
from gateway.canonical.entities import OfflineConflict
from gateway.canonical.outcomes import ConflictsOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import ConflictList, ConflictResolve
from gateway.desk.line import Line
from gateway.journal import Entry, Journal

_PREFIX = "journal:"


def is_ours(conflict_id: str) -> bool:
    return conflict_id.startswith(_PREFIX)


async def listed(journal: Journal, line: Line, ctx: Context, request: ConflictList) -> ConflictsOutcome | Refusal:
    """The platform's conflicts, and when those are through, the journal's."""
    found: tuple[OfflineConflict, ...] = ()
    after = 0
    if request.after is not None and is_ours(request.after):
        number = request.after.removeprefix(_PREFIX)
        after = int(number) if number.isdecimal() and len(number) < 19 else 0
    else:
        answer = await line.ask(ctx, request)
        if isinstance(answer, Refusal):
            return answer
        found = answer.conflicts
    room = request.limit - len(found)
    if room > 0:
        ours = journal.conflicts(ctx.member, after=after, limit=room, include_resolved=request.include_resolved)
        found += tuple(_conflict(entry) for entry in ours)
    return ConflictsOutcome(conflicts=found)


def resolved(journal: Journal, ctx: Context, request: ConflictResolve) -> ConflictsOutcome | Refusal:
    number = request.conflict_id.removeprefix(_PREFIX)
    entry = journal.resolve(ctx.member, int(number)) if number.isdecimal() and len(number) < 19 else None
    if entry is None:
        return Refusal(code=RefusalCode.CONFLICT, detail={"kind": "unknown_conflict"})
    return ConflictsOutcome(conflicts=(_conflict(entry),))


def _conflict(entry: Entry) -> OfflineConflict:
    request = entry.request
    return OfflineConflict(
        id=f"{_PREFIX}{entry.id}",
        at=entry.at,
        terminal=entry.context.terminal,
        operation=request.operation,
        reason=entry.reason,
        item_barcode=getattr(request, "item", None),
        patron_barcode=getattr(request, "patron", None),
        resolved_at=entry.resolved_at,
    )
