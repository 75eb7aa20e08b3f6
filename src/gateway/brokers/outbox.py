"""The notifications to brokers in the database: queued with the position in the event log, sent, given up, forgotten.

What an event calls for is queued in the transaction that moves the position past it, under a name that is made of the
event: however often an event is read, it is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, func, select

from gateway.brokers.notices import Facts
from gateway.store import schema
from gateway.store.effects import Decision, Delete, Effect, Insert, Update
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import BrokerNoticeRow, BrokerPositionRow
from gateway.store.sql import any_of

PAGE = 500
"""Notices read at a time."""

_NOTICE, _POSITION, _EVENT = schema.broker_notice.c, schema.broker_position.c, schema.event.c
_MEMBER = bindparam("member", type_=Text)
_PEER = bindparam("peer", type_=Text)
_OPEN = (_NOTICE.sent_at.is_(None), _NOTICE.given_up_at.is_(None))


@dataclass(slots=True)
class _Queue:
    position: BrokerPositionRow | None
    known: list[dict[str, Any]]


@dataclass(slots=True)
class _Start:
    position: BrokerPositionRow | None
    newest: dict[str, Any]


@dataclass(slots=True)
class _Notices:
    notices: list[BrokerNoticeRow]


_POSITION_PART = Part(
    "position",
    select(schema.broker_position).where(_POSITION.member == _MEMBER, _POSITION.peer == _PEER),
    BrokerPositionRow,
)
_QUEUE = Plan(
    "brokers.queue",
    (
        _POSITION_PART,
        Part("known", select(_NOTICE.id).where(_NOTICE.member == _MEMBER, any_of(_NOTICE.id, "ids")), many=True),
    ),
    _Queue,
)
_START = Plan(
    "brokers.start",
    (_POSITION_PART, Part("newest", select(func.max(_EVENT.seq).label("seq")).where(_EVENT.member == _MEMBER))),
    _Start,
)


def _notices(name: str, *conditions: Any, order: Sequence[Any] = (_NOTICE.event, _NOTICE.id)) -> Plan:
    wanted = select(schema.broker_notice).where(_NOTICE.member == _MEMBER, *conditions).order_by(*order)
    limited = wanted.limit(bindparam("limit", type_=BigInteger))
    return Plan(f"brokers.{name}", (Part("notices", limited, BrokerNoticeRow, many=True),), _Notices)


_WAITING = _notices("waiting", _NOTICE.peer == _PEER, *_OPEN)
_OLD = _notices("old", _NOTICE.created_at < bindparam("before", type_=BigInteger))
_AFTER = _NOTICE.id > bindparam("after", type_=Text)
_ALL = _notices("all", _AFTER, order=(_NOTICE.id,))
_THESE = _notices("these", any_of(_NOTICE.id, "ids"))


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to be queued; `event` is the sequence number of what it tells of."""

    event: int
    service: str
    facts: Facts


class Outbox:
    """The notifications of all members. Every method raises StoreUnavailable; times are milliseconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def in_order(self) -> bool:
        """Whether events appear in the order of their numbers; else one may appear after a higher one."""
        return self._store.inline

    def generation(self, member: str) -> int | None:
        """Moves with every commit of the member; None where nobody can tell."""
        return self._store.generation(member)

    async def position(self, member: str, peer: str) -> int:
        """The last event that need not be looked at again. A peer that is new begins behind the newest one: what was
        before it came is not told."""

        def begin(found: _Start) -> Decision[int]:
            if found.position is not None:
                return Decision(found.position.position)
            newest = found.newest["seq"] or 0
            return Decision(newest, [Insert(BrokerPositionRow(member, peer, newest))])

        return await self._store.command(_START, {"member": member, "peer": peer}, begin)

    async def queue(self, member: str, peer: str, notices: Sequence[Notice], position: int, now: int) -> int:
        """Queues what has not been queued before, and moves the position; how many were new."""
        rows = {row.id: row for row in (_row(member, peer, notice, now) for notice in notices)}

        def add(found: _Queue) -> Decision[int]:
            known = {row["id"] for row in found.known}
            effects: list[Effect] = [Insert(row) for id_, row in rows.items() if id_ not in known]
            new = len(effects)
            if found.position is None:
                effects.append(Insert(BrokerPositionRow(member, peer, position)))
            elif found.position.position < position:
                found.position.position = position
                effects.append(Update(found.position))
            return Decision(new, effects)

        return await self._store.command(_QUEUE, {"member": member, "peer": peer, "ids": list(rows)}, add)

    async def waiting(self, member: str, peer: str) -> list[BrokerNoticeRow]:
        """What is to be sent to a peer, oldest event first."""
        found = await self._store.read(_WAITING, {"member": member, "peer": peer, "limit": PAGE})
        return found.notices

    async def sent(self, notice: BrokerNoticeRow, now: int) -> None:
        await self._change([notice], sent_at=now, attempts=notice.attempts + 1, last_error=None)

    async def failed(self, notice: BrokerNoticeRow, error: str, next_at: int) -> None:
        """Keeps that an attempt failed, and when the next is due."""
        await self._change([notice], attempts=notice.attempts + 1, last_error=error, next_at=next_at)

    async def give_up(self, notices: Sequence[BrokerNoticeRow], now: int, error: str | None = None) -> None:
        """Ends notices without success."""
        await self._change(notices, given_up_at=now, **({} if error is None else {"last_error": error}))

    async def again(self, member: str, ids: Sequence[str], now: int) -> int:
        """Has notices sent now that wait or were given up; how many."""
        return await self._changed(
            member, ids, {"next_at": now, "given_up_at": None}, lambda notice: notice.sent_at is None
        )

    async def forget(self, member: str, peers: Iterable[str], before: int) -> int:
        """Deletes what ended before a time, and what is that old and waits for a peer that is none any more."""
        known = frozenset(peers)

        def drop(found: _Notices) -> Decision[int]:
            gone = [notice for notice in found.notices if _over(notice, before, known)]
            return Decision(len(gone), [Delete(notice) for notice in gone])

        params = {"member": member, "before": before, "limit": PAGE}
        return await self._store.command(_OLD, params, drop)

    async def listed(self, member: str, after: str = "", limit: int = PAGE) -> list[BrokerNoticeRow]:
        """The member's notices in the order of their ids, those behind `after`."""
        found = await self._store.read(_ALL, {"member": member, "after": after, "limit": limit})
        return found.notices

    async def _change(self, notices: Sequence[BrokerNoticeRow], **values: Any) -> None:
        if notices:
            ids = [notice.id for notice in notices]
            await self._changed(notices[0].member, ids, values, lambda _: True)

    async def _changed(self, member: str, ids: Sequence[str], values: Mapping[str, Any], fits: Any) -> int:
        def write(found: _Notices) -> Decision[int]:
            wanted = [notice for notice in found.notices if fits(notice)]
            for notice in wanted:
                for name, value in values.items():
                    setattr(notice, name, value)
            return Decision(len(wanted), [Update(notice) for notice in wanted])

        params = {"member": member, "ids": list(ids), "limit": len(ids)}
        return await self._store.command(_THESE, params, write)


def _row(member: str, peer: str, notice: Notice, now: int) -> BrokerNoticeRow:
    return BrokerNoticeRow(
        member=member,
        id=f"{notice.event:012d}.{peer}.{notice.service}",
        peer=peer,
        service=notice.service,
        facts_json=notice.facts.as_json(),
        event=notice.event,
        created_at=now,
        next_at=now,
        attempts=0,
        last_error=None,
        sent_at=None,
        given_up_at=None,
    )


def _over(notice: BrokerNoticeRow, before: int, peers: frozenset[str]) -> bool:
    ended = notice.sent_at if notice.sent_at is not None else notice.given_up_at
    return notice.peer not in peers if ended is None else ended < before
