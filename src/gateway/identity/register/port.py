"""What the person register offers. `sqlite.py` and `postgres.py` implement it.

Every call names the member. Methods are async for PostgreSQL's sake; on SQLite they end without suspending. All raise
RegisterUnavailable where the database does not answer or has another schema than this program knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.identity.model import Group, Person, Review, Run, Stage


class RegisterUnavailable(Exception):
    """The register's database does not answer, or has another schema than this program knows."""


class StaleVersion(Exception):
    """Somebody else has changed what was to be written; `id` says which."""

    def __init__(self, id_: str) -> None:
        super().__init__(f"{id_} has been changed meanwhile")
        self.id = id_


class Taken(Exception):
    """An identifier, userName or source id that is to be unique is another person's."""

    def __init__(self, what: str, value: str, owner: str) -> None:
        super().__init__(f"{what} is taken")
        self.what = what  # an IdentifierType, `user_name` or `source_id`
        self.value = value
        self.owner = owner  # id of the person who has it


@dataclass(frozen=True, slots=True)
class Lookup:
    """Persons of whom `field` has the value, or with `prefix` begins with it; both sides folded.

    Fields: every IdentifierType (`barcode`, ...), `identifier` (any type), `display`, `family`, `given`, `email`,
    `phone`, `category`, `affiliation`, `group`, `department`, `eppn`, `user_name`, `external_id`, `source_id`, `id`.
    Inactive identifiers are found as well.
    """

    field: str
    value: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Everyone:
    """Everybody of the member who is not anonymised."""


Wanted = Lookup | AllOf | AnyOf | Everyone


@dataclass(frozen=True, slots=True)
class PutPerson:
    """Writes a person; `expect` is the version that it replaces, 0 for a new one."""

    person: Person
    expect: int


@dataclass(frozen=True, slots=True)
class DropPerson:
    """Removes a person and everything that is kept under the id."""

    id: str
    expect: int


@dataclass(frozen=True, slots=True)
class PutGroup:
    group: Group
    expect: int


@dataclass(frozen=True, slots=True)
class DropGroup:
    id: str
    expect: int


@dataclass(frozen=True, slots=True)
class PutRun:
    """Writes a run, new or known by its id."""

    run: Run


@dataclass(frozen=True, slots=True)
class PutReview:
    """Writes a review item, new or known by its id. There is one open item for each feed and source id."""

    review: Review


@dataclass(frozen=True, slots=True)
class MarkSeen:
    """Notes that a run has met these keys of its source."""

    run: str
    source_ids: tuple[str, ...]


Effect = PutPerson | DropPerson | PutGroup | DropGroup | PutRun | PutReview | MarkSeen


@dataclass(frozen=True, slots=True)
class Known:
    """As much of a person as says whether a feed's record has changed."""

    id: str
    source_id: str
    digest: str
    stage: Stage


class Register(Protocol):
    async def person(self, member: str, id_: str) -> Person | None: ...

    async def persons(self, member: str, ids: Sequence[str]) -> dict[str, Person]:
        """By id, without those that are not there."""
        ...

    async def search(self, member: str, wanted: Wanted, *, after: str = "", size: int = 500) -> list[Person]:
        """Ordered by id, from the first one behind `after`; fewer than `size` means that these are the last.

        Exactly those who fit `wanted`, whatever the plan. Anonymised persons are never found."""
        ...

    async def count(self, member: str, wanted: Wanted, *, limit: int = 1_000_000) -> int:
        """How many `search` would list in all, counted no further than `limit`."""
        ...

    async def known(self, member: str, source: str, source_ids: Sequence[str]) -> dict[str, Known]:
        """By source id, the persons that a source feeds."""
        ...

    async def unseen(self, member: str, source: str, run: str, *, after: str = "", size: int = 500) -> list[Person]:
        """Persons of a source whom a run has not met, by id; anonymised ones left out."""
        ...

    async def tally(self, member: str, source: str) -> Mapping[Stage, int]:
        """How many persons a source feeds, by stage."""
        ...

    async def unprovisioned(self, member: str, *, after: str = "", size: int = 100) -> list[Person]:
        """Persons whose version has not been carried to the platform, by id."""
        ...

    async def provisioned(self, member: str, id_: str, version: int, platform_id: str, problem: str) -> None:
        """Notes that a version has been carried to the platform (or, with a `problem`, could not be), without making a
        new version of it. A person who has been changed or dropped since keeps what is noted by then."""
        ...

    async def group(self, member: str, id_: str) -> Group | None: ...

    async def groups(self, member: str, *, after: str = "", size: int = 500) -> list[Group]: ...

    async def groups_of(self, member: str, ids: Sequence[str]) -> dict[str, list[Group]]:
        """The groups that each of these persons is in, by the person's id."""
        ...

    async def runs(self, member: str, feed: str = "", *, size: int = 20) -> list[Run]:
        """The latest runs first, of one feed or of all."""
        ...

    async def reviews(self, member: str, *, feed: str = "", decided: bool = False, size: int = 100) -> list[Review]:
        """Open items, or decided ones, oldest first."""
        ...

    async def review(self, member: str, id_: str) -> Review | None: ...

    async def forget_seen(self, member: str, run: str) -> None:
        """Drops what a run has marked as seen."""
        ...

    async def write(self, member: str, effects: Sequence[Effect]) -> None:
        """Makes all effects true in one transaction, or none. Raises StaleVersion, Taken."""
        ...

    async def close(self) -> None: ...
