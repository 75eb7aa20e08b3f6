"""Exactly once on a platform that is not ours: an intent, of unknown outcome, before the call, and the answer after it.

A retry gets the stored answer. Where the outcome stays unknown the command is not sent again within its window, and
staff look.
"""

from __future__ import annotations

import structlog

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import Request
from gateway.desk.line import Line
from gateway.journal import Entry, Journal, JournalUnavailable, State

_log = structlog.get_logger(__name__)


async def carry_out(journal: Journal, line: Line, ctx: Context, request: Request, key: CommandKey) -> Answer:
    """The answer of the command, stored or fresh. Raises PlatformFailure."""
    try:
        entry = journal.intent(ctx, key)
        if entry is not None and (stored := _stored(entry, request, key)) is not None:
            return stored
        entry = journal.begin(ctx, request, key)
    except JournalUnavailable as error:
        raise PlatformFailure(FailureCode.UPSTREAM_ERROR, "the journal cannot be used") from error
    try:
        answer = await line.ask(ctx, request, key)
    except PlatformFailure as failure:
        if not failure.outcome_unknown:
            _close(journal, entry, None)
        raise
    _close(journal, entry, answer)
    return answer


def _close(journal: Journal, entry: Entry, answer: Answer | None) -> None:
    """Notes the answer, or that nothing happened. Where that fails a retry will be told that the outcome is unknown."""
    try:
        if answer is None:
            journal.forget(entry)
        else:
            journal.mark_answered(entry, answer)
    except JournalUnavailable as error:
        _log.error("an intent is not closed", member=entry.member, entry=entry.id, error=str(error))


def _stored(entry: Entry, request: Request, key: CommandKey) -> Answer | None:
    if key.fingerprint and entry.key.fingerprint and key.fingerprint != entry.key.fingerprint:
        return Refusal(
            code=RefusalCode.CONFLICT, detail={"kind": "key_reused"}, messages=(MessageRef(id="refusal.conflict"),)
        )
    if entry.state is State.ANSWERED:
        return entry.answer
    raise PlatformFailure(
        FailureCode.UPSTREAM_TIMEOUT, f"what became of the first {request.operation} is not known", outcome_unknown=True
    )
