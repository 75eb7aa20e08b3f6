"""What an engine offers: snapshots and commands. `gateway.store.sqlite` and `gateway.store.postgres` implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.sql import Select

from gateway.store.effects import Decision, Effect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One named piece of a snapshot. `row` is the row class; None: the rows are plain dicts of the columns selected."""

    name: str
    select: Select[*tuple[Any, ...]]
    row: type | None = None
    many: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything one command or query needs to know, read in one round trip.

    Every select takes its values from bind parameters by name (`bindparam("member")`, ...), all plans `member`; lists
    through `gateway.store.sql.any_of`. A parameter that is compared with no column needs a type (`type_=Text`).
    A command that also touches rows of a second member names it in its values as `partner`.
    Parts are independent of each other: a part that depends on another says so in SQL, by a subquery.
    `snapshot` is called with the parts as keyword arguments and gives the object the rules look at.
    """

    name: str
    parts: tuple[Part, ...]
    snapshot: Callable[..., Any]


class Store(Protocol):
    """`inline` says that reads finish without suspending (SQLite on the event loop)."""

    inline: bool

    def generation(self, member: str) -> int | None:
        """Moves whenever anybody commits anything of the member: what was read after it was asked is true while it
        stands. None where the engine cannot tell. Raises StoreUnavailable."""
        ...

    async def read(self, plan: Plan, params: Mapping[str, Any]) -> Any:
        """The snapshot of `plan`. Raises StoreUnavailable."""
        ...

    async def command(self, plan: Plan, params: Mapping[str, Any], decide: Callable[[Any], Decision[T]]) -> T:
        """Read, decide, apply, commit durably; the answer is given only after the commit.

        `decide` must be pure: it may be called again with a fresh snapshot after a WriteConflict. An exception
        raised by it leaves nothing written and reaches the caller; other commands of the same commit are not disturbed.
        Raises StoreUnavailable.
        """
        ...

    async def apply(self, member: str, effects: list[Effect]) -> None:
        """Writes effects in a transaction of their own (bulk loading, demo data, housekeeping).

        Raises WriteConflict and StoreUnavailable."""
        ...

    async def close(self) -> None: ...
