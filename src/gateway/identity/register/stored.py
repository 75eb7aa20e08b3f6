"""The register on a database, the same on both: the engines only say what a reading and a writing transaction is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from gateway.identity.model import Group, Person, Review, Run, Stage
from gateway.identity.register import statements as sql
from gateway.identity.register.port import Effect, Known, RegisterUnavailable, Wanted
from gateway.identity.register.rows import CARRIED, REFUSED, WAITING, person_of, review_of, run_of
from gateway.identity.register.searching import Search, checked
from gateway.identity.register.terms import writable
from gateway.identity.register.writing import carry_out, check, read_groups
from gateway.store.statement import Session

FORGOTTEN = 5000
"""Rows that one transaction of `forget_seen` drops."""
TRIES = 5


class Again(Exception):
    """Two transactions met at one row: what was to be done may be done again."""


class StoredRegister(ABC):
    """Implements `gateway.identity.register.port.Register`."""

    @abstractmethod
    def reading(self, member: str) -> AbstractAsyncContextManager[Session]:
        """A session that sees the member's rows. Raises RegisterUnavailable."""

    @abstractmethod
    def writing(self, member: str) -> AbstractAsyncContextManager[Session]:
        """A transaction, committed at the end and rolled back on any exception. Raises RegisterUnavailable, Again, and
        ValueError for what no column takes."""

    async def person(self, member: str, id_: str) -> Person | None:
        return (await self.persons(member, [id_])).get(id_)

    async def persons(self, member: str, ids: Sequence[str]) -> dict[str, Person]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.PERSONS, member=member, ids=_writable(ids))
        return {person.id: person for person in map(person_of, rows)}

    async def search(self, member: str, wanted: Wanted, *, after: str = "", size: int = 500) -> list[Person]:
        return await Search(self.reading, member, checked(wanted)).page(after, size)

    async def count(self, member: str, wanted: Wanted, *, limit: int = 1_000_000) -> int:
        return await Search(self.reading, member, checked(wanted)).count(limit)

    async def known(self, member: str, source: str, source_ids: Sequence[str]) -> dict[str, Known]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.KNOWN, member=member, source=source, keys=_writable(source_ids))
        return {key: Known(id_, key, digest, Stage(stage)) for key, id_, digest, stage in rows}

    async def unseen(self, member: str, source: str, run: str, *, after: str = "", size: int = 500) -> list[Person]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.UNSEEN, member=member, source=source, run=run, after=after, size=size)
        return [person_of(row) for row in rows]

    async def tally(self, member: str, source: str) -> Mapping[Stage, int]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.TALLY, member=member, source=source)
        return {Stage(stage): number for stage, number in rows}

    async def unprovisioned(
        self, member: str, *, refused: bool = False, after: str = "", size: int = 100
    ) -> list[Person]:
        pending = REFUSED if refused else WAITING
        async with self.reading(member) as session:
            rows = await session.fetch(sql.UNPROVISIONED, member=member, pending=pending, after=after, size=size)
        return [person_of(row) for row in rows]

    async def provisioned(self, member: str, id_: str, version: int, platform_id: str, problem: str) -> None:
        async with self.writing(member) as session:
            rows = await session.fetch(sql.LOCKED_PERSONS, member=member, ids=[id_])
            if not rows:
                return
            known = person_of(rows[0])
            same = known.version == version
            await session.fetch(
                sql.NOTE,
                member=member,
                id=id_,
                carried=known.provisioned if problem else max(known.provisioned, version),
                patron=platform_id or known.platform_id,
                trouble=problem if same else known.problem,
                state=(REFUSED if problem else CARRIED) if same else WAITING,
            )

    async def linked(self, member: str, platform_ids: Sequence[str]) -> dict[str, str]:
        asked = [one for one in _writable(platform_ids) if one]
        async with self.reading(member) as session:
            rows = await session.fetch(sql.LINKED, member=member, platform_ids=asked)
        return dict(map(tuple, rows))

    async def group(self, member: str, id_: str) -> Group | None:
        if not writable(id_):
            return None
        async with self.reading(member) as session:
            return (await read_groups(session, member, {id_})).get(id_)

    async def groups(self, member: str, *, after: str = "", size: int = 500) -> list[Group]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.GROUPS, member=member, after=after, size=size)
            found = await read_groups(session, member, {row[1] for row in rows})
        return [found[row[1]] for row in rows if row[1] in found]

    async def groups_of(self, member: str, ids: Sequence[str]) -> dict[str, list[Group]]:
        async with self.reading(member) as session:
            pairs = await session.fetch(sql.GROUPS_OF, member=member, persons=_writable(ids))
            groups = await read_groups(session, member, {group for _, group in pairs})
        found: dict[str, list[Group]] = {}
        for person, group in sorted(map(tuple, pairs)):
            if group in groups:
                found.setdefault(person, []).append(groups[group])
        return found

    async def runs(self, member: str, feed: str = "", *, size: int = 20) -> list[Run]:
        async with self.reading(member) as session:
            if feed:
                rows = await session.fetch(sql.RUNS_OF_FEED, member=member, feed=feed, size=size)
            else:
                rows = await session.fetch(sql.RUNS, member=member, size=size)
        return [run_of(row) for row in rows]

    async def run(self, member: str, id_: str) -> Run | None:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.RUN, member=member, id=id_)
        return run_of(rows[0]) if rows else None

    async def reviews(
        self, member: str, *, feed: str = "", decided: bool = False, after: str = "", size: int = 100
    ) -> list[Review]:
        values = {"member": member, "decided": int(decided), "after": after, "size": size}
        async with self.reading(member) as session:
            if feed:
                rows = await session.fetch(sql.REVIEWS_OF_FEED, feed=feed, **values)
            else:
                rows = await session.fetch(sql.REVIEWS, **values)
        return [review_of(row) for row in rows]

    async def reviews_of(self, member: str, feed: str, source_ids: Sequence[str]) -> dict[str, list[Review]]:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.REVIEWS_OF, member=member, feed=feed, source_ids=_writable(source_ids))
        found: dict[str, list[Review]] = {}
        for review in sorted(map(review_of, rows), key=lambda review: review.id):
            found.setdefault(review.source_id, []).append(review)
        return found

    async def review(self, member: str, id_: str) -> Review | None:
        async with self.reading(member) as session:
            rows = await session.fetch(sql.REVIEW, member=member, id=id_)
        return review_of(rows[0]) if rows else None

    async def forget_seen(self, member: str, run: str) -> None:
        while True:
            async with self.writing(member) as session:
                rows = await session.fetch(sql.SEEN_SOME, member=member, run=run, size=FORGOTTEN)
                await session.run(sql.DROP_SEEN, [tuple(row) for row in rows])
            if len(rows) < FORGOTTEN:
                return

    async def prune(self, member: str, before: int) -> int:
        async with self.reading(member) as session:
            ended = [row[0] for row in await session.fetch(sql.ENDED, member=member, before=before)]
        for run in ended:
            await self.forget_seen(member, run)
        async with self.writing(member) as session:
            await session.run(sql.DROP_RUN, [(member, run) for run in ended])
        return len(ended)

    async def write(self, member: str, effects: Sequence[Effect]) -> None:
        check(member, effects)
        for _ in range(TRIES):
            try:
                async with self.writing(member) as session:
                    await carry_out(session, member, effects)
            except Again:
                continue
            return
        raise RegisterUnavailable("others keep writing the same rows")

    @abstractmethod
    async def close(self) -> None: ...


def _writable(keys: Sequence[str]) -> list[str]:
    return [key for key in dict.fromkeys(keys) if writable(key)]
