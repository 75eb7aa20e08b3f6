"""Exactly once: a command's key and answer are stored in the transaction of its effect, and a retry gets that answer.

A stored answer is given again (a) always where the key names the transaction for ever, as payment references and
off-line dates do, (b) while its effect still stands, that is while no later command touched its subject, (c) within the
retry window, unless the same terminal has done something else to that subject; a refusal, which has done nothing, only
while nobody has. Else the command is carried out anew.
A key of mere words, which may be said again and meant again, is only good for (c), and only while nobody at all has
done something else to the subject.
What an answer says about a person is kept apart, under that person's key, and may be gone before the answer is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, bindparam, select

from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.personal import put_together, take_apart
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.platforms.reference.policy import MemberRules, StaleRules, version_of
from gateway.platforms.reference.pseudonyms import pseudonyms_in, seal, unseal
from gateway.store import schema
from gateway.store.effects import Decision, Effect, Insert, Replace
from gateway.store.port import Part, Plan
from gateway.store.rows import ChargeRow, IdempotencyRow, ItemRow, PatronRow, PseudonymRow
from gateway.store.sql import any_of


@dataclass(frozen=True, slots=True)
class Command:
    """What a rule may know besides the snapshot. `now` is in UTC milliseconds.

    `people` are the patrons that the decision has met, by id: only what is said about them is stored."""

    ctx: Context
    key: CommandKey
    operation: str
    rules: MemberRules
    now: int
    people: dict[str, PseudonymRow] = field(default_factory=dict)

    @property
    def member(self) -> str:
        return self.ctx.member

    @property
    def terminal(self) -> str:
        return self.ctx.terminal

    @property
    def here(self) -> str:
        """Code of the location where the terminal stands."""
        return self.rules.here(self.ctx.location)


@dataclass(frozen=True, slots=True)
class Subject:
    """What must stay untouched for a late replay: an item, a charge, a patron's account, or nothing."""

    kind: str = "none"  # item | charge | account | none
    id: str | None = None


NO_SUBJECT = Subject()


@dataclass(slots=True)
class Ruling:
    """What a rule decided: the answer, the effects that make it true (never the stored answer), and its subject."""

    answer: Answer
    effects: list[Effect] = field(default_factory=list)
    subject: Subject = NO_SUBJECT


Rule = Callable[[Command, Any], Ruling]
"""A pure decision over one snapshot, which is its own: it may change the rows and hand them back as effects."""

STORED = Part(
    "stored",
    select(schema.idempotency).where(
        schema.idempotency.c.member == bindparam("member", type_=Text),
        schema.idempotency.c.key == bindparam("key", type_=Text),
    ),
    IdempotencyRow,
)
"""Every command's plan has this part and `policy.STATE`."""

STORED_ITEM = (
    select(schema.idempotency.c.subject_id)
    .where(
        schema.idempotency.c.member == bindparam("member", type_=Text),
        schema.idempotency.c.key == bindparam("key", type_=Text),
        schema.idempotency.c.subject_kind == "item",
    )
    .scalar_subquery()
)
"""Id of the item that a stored answer is about, for commands that make an item or take one away: their words do not
name it before, or no longer after."""

_PSEUDONYM = schema.pseudonym
PEOPLE = Plan(
    "reference.replay.people",
    (
        Part(
            "people",
            select(*_PSEUDONYM.c).where(
                _PSEUDONYM.c.member == bindparam("member", type_=Text), any_of(_PSEUDONYM.c.pseudonym, "pseudonyms")
            ),
            PseudonymRow,
            many=True,
        ),
    ),
    dict,
)
"""Who is named in a stored answer; read only where one is given again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored answer that is to be given again."""

    row: IdempotencyRow

    @property
    def pseudonyms(self) -> list[str]:
        """Of the people whom it names."""
        return pseudonyms_in(self.row.personal) if self.row.personal else []

    def opened(self, people: list[PseudonymRow]) -> Answer:
        """What was answered first, without what it said about persons who are not among `people`."""
        parts = unseal(self.row.personal, people, _bound_to(self.row.member, self.row.key)) if self.row.personal else []
        return put_together(self.row.answer_json, parts)


def _bound_to(member: str, key: str) -> str:
    """What keeps a sealed part from being moved to another answer."""
    return f"{member}\0{key}"


def decide(command: Command, rule: Rule, snapshot: Any) -> Decision[Answer | Kept]:
    """Replays, or decides by `rule` and stores the answer. The snapshot has `stored` and `state`, and `item`, `charges`
    or `patron` with `pseudonym` where its subject is of that kind. Raises StaleRules where the rules have moved."""
    command.people.clear()  # a decision made before, which was not written, may have met people of its own making
    stored: IdempotencyRow | None = snapshot.stored
    if stored is not None:
        if stored.fingerprint and command.key.fingerprint and stored.fingerprint != command.key.fingerprint:
            return Decision(Refusal(code=RefusalCode.CONFLICT, detail={"kind": "key_reused"}))
        if stored.operation == command.operation and replayable(stored, command, snapshot):
            return Decision(Kept(stored))
    if version_of(snapshot.state) != command.rules.version:
        raise StaleRules
    ruling = rule(command, snapshot)
    row = _row(command, ruling)
    # Two nodes with one key: the second insert conflicts, is decided again, and finds the first one's answer.
    ruling.effects.append(Insert(row) if stored is None else Replace(row))
    return Decision(ruling.answer, ruling.effects)


def replayable(stored: IdempotencyRow, command: Command, snapshot: Any) -> bool:
    """Whether the stored answer is to be given again; the module says when."""
    if stored.permanent:
        return True
    if _another_item(stored, snapshot):
        return False
    if command.key.repeatable and _is_late(stored, command):
        return False
    if stored.refused and (_patron_changed(stored, snapshot) or _item_changed(stored, snapshot)):
        return False
    touch = _touch(stored, snapshot)
    if touch is not None and not stored.refused and touch[0] == stored.key:
        return True
    if _is_late(stored, command):
        return False
    if touch is None:
        return True
    last_key, last_terminal, at = touch
    moved_on = command.key.repeatable or last_terminal == command.terminal
    return last_key == stored.key or not moved_on or (stored.refused and at < stored.at)


def _is_late(stored: IdempotencyRow, command: Command) -> bool:
    """Whether the retry window is over."""
    return command.now - stored.at > command.key.window * 1000


def touch_item(item: ItemRow, command: Command) -> ItemRow:
    """Marks the item as touched by this command: each command that changes an item or its loan does so."""
    item.last_key = command.key.value
    item.last_terminal = command.terminal
    item.changed_at = command.now
    return item


def touch_charge(charge: ChargeRow, command: Command) -> ChargeRow:
    charge.last_key = command.key.value
    charge.last_terminal = command.terminal
    return charge


def touch_account(patron: PatronRow, command: Command) -> PatronRow:
    """Marks a patron's account as a whole (account-wide payments, blocks)."""
    patron.account_key = command.key.value
    patron.account_terminal = command.terminal
    patron.changed_at = command.now
    return patron


def _touch(stored: IdempotencyRow, snapshot: Any) -> tuple[str | None, str | None, int] | None:
    """Key, terminal and time of the last command on the stored answer's subject; None where there is no subject."""
    if stored.subject_kind == "item":
        item: ItemRow | None = getattr(snapshot, "item", None)
        if item is not None and item.id == stored.subject_id:
            return item.last_key, item.last_terminal, item.changed_at
    elif stored.subject_kind == "charge":
        for charge in getattr(snapshot, "charges", ()):
            if charge.id == stored.subject_id:
                return charge.last_key, charge.last_terminal, stored.at
    elif stored.subject_kind == "account":
        patron: PatronRow | None = getattr(snapshot, "patron", None)
        alias: PseudonymRow | None = getattr(snapshot, "pseudonym", None)
        if patron is not None and alias is not None and alias.pseudonym == stored.subject_id:
            return patron.account_key, patron.account_terminal, patron.changed_at
    return None


def _another_item(stored: IdempotencyRow, snapshot: Any) -> bool:
    """Whether the words of the command now name another item than then: the one that was here has been taken away,
    and its barcode given to another."""
    item: ItemRow | None = getattr(snapshot, "item", None) if stored.subject_kind == "item" else None
    return item is not None and item.id != stored.subject_id


def _patron_changed(stored: IdempotencyRow, snapshot: Any) -> bool:
    """Whether the patron may have changed since: paid, placed a hold, been blocked or let in again. In doubt nothing is
    lost by deciding a refused command anew."""
    patron: PatronRow | None = getattr(snapshot, "patron", None)
    return patron is not None and patron.changed_at >= stored.at


def _item_changed(stored: IdempotencyRow, snapshot: Any) -> bool:
    """Whether another command, of whatever terminal, may have changed or made the item since."""
    item: ItemRow | None = getattr(snapshot, "item", None)
    return item is not None and item.last_key != stored.key and item.changed_at >= stored.at


def _row(command: Command, ruling: Ruling) -> IdempotencyRow:
    refused = isinstance(ruling.answer, Refusal)
    # What already happened has one date for ever: a terminal that hands in its whole day twice must not lend twice.
    happened = getattr(ruling.answer, "offline_accepted", False)
    text, parts = take_apart(ruling.answer)
    subject = ruling.subject.id
    if ruling.subject.kind == "account":
        subject = command.people[subject].pseudonym if subject in command.people else None
    return IdempotencyRow(
        member=command.member,
        key=command.key.value,
        operation=command.operation,
        terminal=command.terminal,
        at=command.now,
        subject_kind=ruling.subject.kind,
        subject_id=subject,
        permanent=(command.key.permanent or happened) and not refused,
        refused=refused,
        answer_json=text,
        fingerprint=command.key.fingerprint,
        personal=seal(parts, command.people, _bound_to(command.member, command.key.value)),
    )
