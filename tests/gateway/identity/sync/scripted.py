"""A feed that says what a test tells it to, and a bench to run it on a register in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.canonical.vocabulary import IdentifierType
from gateway.config.identity import CsvFeedConfig
from gateway.identity.feeds.port import Bad, End, FeedError, Page, SourceRecord
from gateway.identity.ids import new_id
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register.port import Everyone, PutPerson, Register
from gateway.identity.sync.engine import Kind, Outcome, Sync
from tests.gateway.identity.memory_register import MemoryRegister

MEMBER = "aber"
LONDON = ZoneInfo("Europe/London")
FIELDS = {
    "family": {"from": "sn"}, "given": {"from": "given"}, "expires_on": {"from": "expiry"}, "emails": {"from": "mail"},
    "active": {"from": "status"}, "category": {"from": "category"}, "eppn": {"from": "eppn"},
    "barcode": {"from": "card"}, "sis": {"from": "number"}, "username": {"from": "login"},
}  # fmt: skip


def settings(**changes: Any) -> CsvFeedConfig:
    said = {
        "kind": "csv", "name": "sis", "folder": "drop", "source_id": "id", "fields": FIELDS,
        "deprovision": {"max_missing": 1000, "max_missing_percent": 100},
    }  # fmt: skip
    return CsvFeedConfig.model_validate(said | changes)


def record(key: str, /, **attributes: str | list[str]) -> SourceRecord:
    lists = {name: [value] if isinstance(value, str) else value for name, value in attributes.items()}
    return SourceRecord(key, lists, where=f"record {key}")


def deleted(key: str) -> SourceRecord:
    return SourceRecord(key, gone=True)


def student(number: int, /, **attributes: str | list[str]) -> SourceRecord:
    said = {"sn": f"Jones{number}", "given": "Mair", "card": f"2{number:05}", "number": f"s{number}"}
    return record(f"k{number}", **(said | attributes))


class Script:
    """A feed: its pages in order, then `end`, or `error` instead."""

    def __init__(
        self,
        records: Iterable[SourceRecord] = (),
        *,
        size: int = 3,
        end: End | None = None,
        error: Exception | None = None,
        bad: Sequence[Bad] = (),
        changes: Script | None = None,
        resumes: bool = True,
    ) -> None:
        self.records = list(records)
        self.size = size
        self.end = end or End(complete=True)
        self.error = error
        self.bad = list(bad)
        self.changes = changes
        self.resumes = resumes
        self.settled: list[bool] = []
        self.began: list[int] = []
        self.since: list[Mapping[str, Any]] = []

    async def read(self, position: Mapping[str, Any] | None = None) -> AsyncIterator[Page | End]:
        at = (position or {}).get("at", 0)
        self.began.append(at)
        for start in range(at, len(self.records), self.size):
            part = self.records[start : start + self.size]
            behind = {"at": start + len(part)} if self.resumes else {}
            yield Page(part, behind, self.bad if start == at else [], len(self.records))
        if self.error is not None:
            raise self.error
        yield self.end

    def delta(self, since: Mapping[str, Any]) -> AsyncIterator[Page | End] | None:
        self.since.append(since)
        return self.changes.read() if self.changes else None

    async def settle(self, *, done: bool) -> None:
        self.settled.append(done)

    async def close(self) -> None:
        pass


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = datetime(2026, 10, 1, 6, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def forward(self, **length: float) -> None:
        self.time += timedelta(**length)


class Bench:
    """Runs feeds into one register."""

    def __init__(self, folder: Path, *, register: Register | None = None, **changes: Any) -> None:
        self.register: Register = register or MemoryRegister()
        self.clock = Hands()
        self.folder = folder
        self.settings = settings(**changes)

    def sync(self, feed: Script, **options: Any) -> Sync:
        return Sync(MEMBER, self.settings, feed, self.register, self.clock, LONDON, self.folder, **options)

    async def run(self, feed: Script | Iterable[SourceRecord], kind: Kind | None = None, **options: Any) -> Outcome:
        script = feed if isinstance(feed, Script) else Script(feed)
        outcome = await self.sync(script, **options).run(kind)
        self.clock.forward(seconds=1)
        return outcome

    async def everybody(self) -> dict[str, Person]:
        """Who is not anonymised, by the key of the source."""
        people = await self.register.search(MEMBER, Everyone(), size=100_000)
        return {person.source_id: person for person in people}

    async def put(self, source: str = "library", key: str = "", **content: Any) -> Person:
        """Somebody who is there before; identifiers by type, with `=` in front where inactive."""
        kinds = {kind for kind in IdentifierType if kind in content}
        identifiers = tuple(
            PersonIdentifier(kind, content[kind].removeprefix("="), active=not content[kind].startswith("="))
            for kind in sorted(kinds)
        )
        rest = {name: value for name, value in content.items() if name not in kinds}
        now = int(self.clock.now().timestamp() * 1000)
        person = Person(
            new_id(), MEMBER, 1, now, now, source, key, rest.pop("display", "Old Name"), identifiers,
            stage_since=now, **rest,
        )  # fmt: skip
        await self.register.write(MEMBER, [PutPerson(person, 0)])
        return person


__all__ = ["MEMBER", "Bench", "FeedError", "Hands", "Script", "deleted", "record", "settings", "student"]
