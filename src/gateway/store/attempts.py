"""Failed PINs in the database, where every door and every node counts them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import bindparam, func, select

from gateway.store import schema
from gateway.store.effects import Decision, Delete, Insert
from gateway.store.port import Part, Plan, Store
from gateway.store.rows import PinFailureRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAILURE = schema.pin_failure.c
_OF_THE_PATRON = (_FAILURE.member == bindparam("member"), _FAILURE.patron_id == bindparam("patron_id"))


def _count(count: dict[str, int]) -> int:
    return count["failures"]


def _failures(failures: list[PinFailureRow]) -> list[PinFailureRow]:
    return failures


_SINCE = Plan(
    "pin_failures_since",
    (Part("count", select(func.count().label("failures")).where(*_OF_THE_PATRON, _FAILURE.at >= bindparam("since"))),),
    _count,
)
_ALL = Plan(
    "pin_failures",
    (Part("failures", select(schema.pin_failure).where(*_OF_THE_PATRON), PinFailureRow, many=True),),
    _failures,
)


class StoreAttempts:
    """What the desk's PIN rule counts, kept in the store. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, new_id: Callable[[], str] = lambda: uuid4().hex) -> None:
        self._store = store
        self._new_id = new_id

    async def failures(self, member: str, patron_id: str, since: datetime) -> int:
        """How many failures the patron has had at `since` (aware) or later, at any terminal of the member."""
        values = {"member": member, "patron_id": patron_id, "since": _milliseconds(since)}
        return await self._store.read(_SINCE, values)

    async def record(self, member: str, patron_id: str, terminal: str, at: datetime) -> None:
        """Keeps one failure."""
        failure = PinFailureRow(member, self._new_id(), patron_id, terminal, _milliseconds(at))
        await self._store.apply(member, [Insert(failure)])

    async def clear(self, member: str, patron_id: str) -> None:
        """Forgets the patron's failures, after the right PIN."""

        def forget(failures: list[PinFailureRow]) -> Decision[None]:
            return Decision(None, [Delete(failure) for failure in failures])

        await self._store.command(_ALL, {"member": member, "patron_id": patron_id}, forget)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
