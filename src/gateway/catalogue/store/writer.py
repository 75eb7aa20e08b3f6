"""What is written beside records: the state of harvests, the horizon, dictionaries, decisions."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractAsyncContextManager

from gateway.catalogue.store import statements as sql
from gateway.catalogue.store.compress import ORIGINAL, RENDERING, SAMPLES, train
from gateway.catalogue.store.port import EVERYTHING
from gateway.catalogue.store.reader import Reader
from gateway.store.statement import Session

_POSITION_ROW = 1


class Writer(Reader):
    """Implements `gateway.catalogue.store.port.CatalogueStore`."""

    @abstractmethod
    def writing(self) -> AbstractAsyncContextManager[Session]:
        """The one transaction that writes at this moment: committed at the end, rolled back on any exception.

        Raises CatalogueUnavailable."""

    async def set_state(self, key: str, value: str | None) -> None:
        async with self.writing() as session:
            await self.put_state(session, key, value)

    async def put_state(self, session: Session, key: str, value: str | None) -> None:
        """Keeps a value within a transaction that is open."""
        if value is None:
            await session.run(sql.DROP_STATE, [(key,)])
        else:
            await session.run(sql.PUT_STATE, [(key, value)])

    async def beat(self, now: int) -> int:
        async with self.writing() as session:
            horizon, last_seq, last_id = await self._position(session)
            if now > horizon:
                horizon = now
                await self.put_position(session, horizon, last_seq, last_id)
        return horizon

    async def put_position(self, session: Session, horizon: int, last_seq: int, last_id: int) -> None:
        """Horizon, and the last numbers given."""
        await session.run(sql.PUT_POSITION, [(_POSITION_ROW, horizon, last_seq, last_id)])

    async def learn(self, kind: str, fresh: list[bytes]) -> None:
        """Makes the kind's dictionary where there is none yet and records enough to train one: those in the store, and
        `fresh` ones that are about to be written."""
        if await self.learnt(kind):
            return
        async with self.snapshot(EVERYTHING) as session:
            samples = [*await self._samples(session, kind), *fresh][:SAMPLES]
        if (made := train(samples)) is None:
            return
        async with self.writing() as session:
            known = await session.fetch(sql.DICTIONARIES)
            if not any(row[1] == kind for row in known):
                number = max((row[0] for row in known), default=0) + 1
                await session.run(sql.PUT_DICTIONARY, [(number, kind, made)])
        # Only what is committed is written with: a record whose dictionary was rolled back could never be read.
        async with self.snapshot(EVERYTHING) as session:
            self.compression.learn(await session.fetch(sql.DICTIONARIES))

    async def learnt(self, kind: str) -> bool:
        """Whether the kind has its dictionary, which is known from then on."""
        if not self.compression.has(kind):
            async with self.snapshot(EVERYTHING) as session:
                self.compression.learn(await session.fetch(sql.DICTIONARIES))
        return self.compression.has(kind)

    async def _samples(self, session: Session, kind: str) -> list[bytes]:
        if kind == RENDERING:
            rows = [(row[1], row[2]) for row in await session.fetch(sql.FIRST_RENDERINGS, size=SAMPLES)]
        else:
            found = await session.fetch(sql.FIRST_ORIGINALS, size=SAMPLES)
            rows = [(row[2], row[3]) for row in found if ORIGINAL[row[1]] == kind]
        await self._learn(session, {dictionary for dictionary, _ in rows})
        return [self.compression.unpack(dictionary, data) for dictionary, data in rows]
