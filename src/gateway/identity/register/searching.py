"""How people are found: by sets of ids where some index keeps them few, else by a walk in the order of ids.

A set may hold too many, never too few: everybody found is looked at once more, so that any plan gives the same answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from gateway.identity.model import Person, folded
from gateway.identity.register import statements as sql
from gateway.identity.register.port import COMPARED, AllOf, AnyOf, Everyone, Lookup, Wanted
from gateway.identity.register.rows import person_of
from gateway.identity.register.terms import FIELDS, IDENTIFIERS, LOOKUPS, NAMES, fits, writable
from gateway.store.statement import Session

NARROW = 20_000
"""More ids than this are not gathered: walking past those who do not fit costs less."""
LEAST, STRIDE = 20, 500
"""Rows of one step, at least and at most; others get their turn in between."""
BROAD = frozenset({"category", "affiliation", "group", "department"})
"""Fields in which many have the same."""
_LAST = chr(0x10FFFF)

Reading = Callable[[str], AbstractAsyncContextManager[Session]]


def checked(wanted: Wanted) -> Wanted:
    """The same without what says nothing. Raises ValueError for a field that is not looked up."""
    match wanted:
        case Lookup(field):
            if field not in FIELDS:
                raise ValueError(f"{field} is not a field that is looked up")
            return wanted
        case AllOf(parts):
            some = tuple(one for part in parts if not isinstance(one := checked(part), Everyone))
            return some[0] if len(some) == 1 else AllOf(some) if some else Everyone()
        case AnyOf(parts):
            some = tuple(checked(part) for part in parts)
            return Everyone() if any(isinstance(part, Everyone) for part in some) else AnyOf(some)
        case Everyone():
            return wanted


def beyond(prefix: str) -> str:
    """The first text behind all that begin with `prefix`, by code point."""
    for place in range(len(prefix) - 1, -1, -1):
        if (code := ord(prefix[place])) < ord(_LAST):
            following = 0xE000 if code + 1 == 0xD800 else code + 1  # surrogates are no text
            return prefix[:place] + chr(following)
    return _LAST * (COMPARED + 1)


def _breadth(part: Wanted) -> int:
    """What is likely to find few comes first."""
    if not isinstance(part, Lookup):
        return 2
    return 3 if part.field in BROAD else 2 if part.prefix else 0 if part.field in NAMES | {"id"} else 1


@dataclass(slots=True)
class Search:
    """One search of one member; `wanted` as `checked` gives it."""

    reading: Reading
    member: str
    wanted: Wanted

    async def page(self, after: str, size: int) -> list[Person]:
        """The first `size` who fit, by id, from the first one behind `after`."""
        found: list[Person] = []
        async for person in self._in_order(after, size):
            if fits(person, self.wanted):
                found.append(person)
                if len(found) == size:
                    break
        return found

    async def count(self, limit: int) -> int:
        async with self.reading(self.member) as session:
            if isinstance(self.wanted, Everyone):
                return (await session.fetch(sql.COUNT_ALL, member=self.member, size=limit))[0][0]
            if isinstance(self.wanted, Lookup) and (exact := self._exact()) is not None:
                field, value = exact
                rows = await session.fetch(sql.LOOKUP_COUNT, member=self.member, field=field, value=value, size=limit)
                return rows[0][0]
        found = 0
        async for person in self._in_order("", STRIDE):
            found += fits(person, self.wanted)
            if found >= limit:
                break
        return found

    async def _in_order(self, after: str, size: int) -> AsyncIterator[Person]:
        """Everybody who may fit, by id."""
        async with self.reading(self.member) as session:
            few = await self._gathered(session, self.wanted, after)
        if few is not None:
            ids = sorted(id_ for id_ in few if id_ > after)
            piece = min(max(size, LEAST), STRIDE)  # not all of them may fit
            for start in range(0, len(ids), piece):
                for person in await self._read(ids[start : start + piece]):
                    yield person
            return
        statement, values = sql.WALK, {}
        if (exact := self._exact()) is not None:
            statement, values = sql.LOOKUP_WALK, dict(zip(("field", "value"), exact, strict=True))
        while True:
            async with self.reading(self.member) as session:
                rows = await session.fetch(statement, member=self.member, after=after, size=STRIDE, **values)
            for row in rows:
                yield person_of(row)
            if len(rows) < STRIDE:
                return
            after = rows[-1][1]
            await asyncio.sleep(0)

    async def _read(self, ids: Sequence[str]) -> list[Person]:
        async with self.reading(self.member) as session:
            rows = await session.fetch(sql.PERSONS, member=self.member, ids=list(ids))
        return sorted((person_of(row) for row in rows), key=lambda person: person.id)

    def _exact(self) -> tuple[str, str] | None:
        """A value in the index of lookups that all who fit have, by which a walk goes past the others."""
        for part in self.wanted.parts if isinstance(self.wanted, AllOf) else (self.wanted,):
            if isinstance(part, Lookup) and not part.prefix and part.field in LOOKUPS and writable(part.value):
                return part.field, folded(part.value)[:COMPARED]
        return None

    async def _gathered(self, session: Session, wanted: Wanted, after: str) -> set[str] | None:
        """Ids behind `after` of all who fit, maybe of others; None where there are too many to gather."""
        match wanted:
            case Everyone():
                return None
            case Lookup():
                return await self._looked_up(session, wanted, after)
            case AllOf(parts):
                few: set[str] | None = None
                for part in sorted(parts, key=_breadth):
                    found = await self._gathered(session, part, after)
                    if found is not None:
                        few = found if few is None else few & found
                    if few is not None and len(few) <= STRIDE:
                        break  # to look at these costs less than to narrow them down
                return few
            case AnyOf(parts):
                together: set[str] = set()
                for part in parts:
                    if (found := await self._gathered(session, part, after)) is None:
                        return None
                    together |= found
                    if len(together) > NARROW:
                        return None
                return together

    async def _looked_up(self, session: Session, wanted: Lookup, after: str) -> set[str] | None:
        if not writable(wanted.value):
            return set()
        if wanted.field == "id":
            return None if wanted.prefix else {wanted.value}
        value = folded(wanted.value)[:COMPARED]
        fields = sorted(IDENTIFIERS) if wanted.field == "identifier" else [wanted.field]
        found: set[str] = set()
        for field in fields:
            asked = {"member": self.member, "field": field, "value": value}
            room = {"size": NARROW + 1}
            if wanted.prefix:
                statement = sql.NAME_PREFIX if field in NAMES else sql.LOOKUP_PREFIX
                rows = await session.fetch(statement, **asked, **room, beyond=beyond(value))
            elif field in NAMES:
                rows = await session.fetch(sql.NAME_EXACT, **asked)
            else:
                rows = await session.fetch(sql.LOOKUP_EXACT, **asked, **room, after=after)
            if len(rows) > NARROW:
                return None
            found.update(row[0] for row in rows)
        return found
