"""patron.notify: words left for a patron, which stop nothing and are shown wherever the patron's state is shown.

A notice is a stored trap of its own reason, so that it is exported and erased with the patron; it ends by itself.
"""

from __future__ import annotations

from datetime import timedelta

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockScope, BlockSeverity, BlockSource
from gateway.platforms.reference import patrons
from gateway.platforms.reference.circulation import patron_named
from gateway.platforms.reference.core import Core
from gateway.platforms.reference.events import Log
from gateway.platforms.reference.exactly_once import Command, Ruling, Subject, touch_account
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import instant, millis
from gateway.store.effects import Delete, Effect, Insert, Update
from gateway.store.rows import PatronBlockRow

SHOWN = timedelta(days=30)
"""How long a notice is shown that does not say until when."""

LENGTH = 500
"""Characters that are kept: as many as a kiosk's screen can show."""

AT_ONCE = 10
"""Notices of one patron. The oldest goes for a new one: whoever sends more has written nothing that anybody reads."""


async def notify(core: Core, ctx: Context, request: req.PatronNotify, key: CommandKey) -> PatronOutcome | Refusal:
    """Leaves the words. Those that are there already are not left twice, but may be shown for longer.

    Refused: PATRON_NOT_FOUND, INVALID_DATE for a last day that is past, CONFLICT (`kind`: incomplete) without words."""

    def rule(command: Command, snapshot: patrons.AccountSnapshot) -> Ruling:
        return _decide(request, command, snapshot)

    return await core.command(ctx, request, key, patrons.CHANGE_BLOCKS, patron_named(request), rule)


def _decide(request: req.PatronNotify, command: Command, snapshot: patrons.AccountSnapshot) -> Ruling:
    patron = patrons.living(snapshot)
    if patron is None:
        return Ruling(patrons.NOT_FOUND)
    text = _in_one_line(request.text)
    if not text:
        return Ruling(Refusal(code=RefusalCode.CONFLICT, detail={"kind": "incomplete", "fields": ["text"]}))
    until = millis(request.expires_at or instant(command.now) + SHOWN)
    if until <= command.now:
        return Ruling(Refusal(code=RefusalCode.INVALID_DATE, detail={"kind": "expires_at"}))
    effects: list[Effect] = [Update(touch_account(patron, command))]
    standing = [row for row in snapshot.blocks if patrons.is_notice(row) and (row.expires_at or until) > command.now]
    same = next((row for row in standing if row.text == text), None)
    if same is not None:
        same.expires_at = max(until, same.expires_at or until)
        effects.append(Update(same))
    else:
        row = PatronBlockRow(
            member=command.member,
            id=new_id(command.now),
            patron_id=patron.id,
            reason=BlockReason.NOTICE,
            scope=BlockScope.ALL,
            severity=BlockSeverity.TRAP,
            text=text,
            source=BlockSource.MANUAL,
            placed_at=command.now,
            expires_at=until,
        )
        gone = standing[: max(0, len(standing) + 1 - AT_ONCE)]
        snapshot.blocks = [*(block for block in snapshot.blocks if block not in gone), row]
        effects += [*(Delete(block) for block in gone), Insert(row)]
    log = Log(command, snapshot.pseudonym)
    log.add("patron.notified", patron_id=patron.id)
    answer = PatronOutcome(patron=patrons.patron_of(snapshot, patron, command.rules, command.now))
    return Ruling(answer, [*effects, *log.effects], Subject("account", patron.id))


def _in_one_line(text: str) -> str:
    """Without line ends and what cannot be shown, and no longer than is kept."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return shown[:LENGTH].rstrip()
