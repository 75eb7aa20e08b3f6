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


COMPARED = 200
"""Characters of a folded value that count where it is looked up or is to be unique."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Persons of whom `field` has the value, or with `prefix` begins with it; both sides folded, and compared by their
    first COMPARED characters. The prefix '' fits everybody who has any value there.

    Fields: every IdentifierType (`barcode`, ...), `identifier` (any type), `display`, `family`, `given`, `email`,
    `phone`, `category`, `affiliation`, `group`, `department`, `eppn`, `user_name`, `external_id`, `source_id`; and
    `id`, which is compared as it is written. Another field is a ValueError of `search` and `count`.
    Inactive identifiers are found as well. A value that no text can have (a NUL, half a surrogate pair) fits nobody.
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
    """Writes a person; `expect` is the version that it replaces, 0 for a new one. It is kept as version `expect` + 1,
    whatever it says itself.

    `platform_id`, `provisioned` and `problem` of somebody who is known stay as `Register.provisioned` noted them: who
    writes may have read before the platform was asked. An anonymised person is found by nothing but the id, and what
    was unique is free for others.
    """

    person: Person
    expect: int


@dataclass(frozen=True, slots=True)
class DropPerson:
    """Removes a person and everything that is kept under the id: a group that had it as a member gets a new version."""

    id: str
    expect: int


@dataclass(frozen=True, slots=True)
class PutGroup:
    """Writes a group as version `expect` + 1; `expect` is 0 for a new one. Members who are not there (any more) make it
    StaleVersion of the first of them."""

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
    """Writes a review item, new or known by its id. There is one open item for each feed and source id: another one
    takes its place, and keeps its id and time."""

    review: Review


@dataclass(frozen=True, slots=True)
class DropReview:
    """Removes a review item, whatever has been decided."""

    id: str


@dataclass(frozen=True, slots=True)
class MarkSeen:
    """Notes that a run has met these keys of its source."""

    run: str
    source_ids: tuple[str, ...]


Effect = PutPerson | DropPerson | PutGroup | DropGroup | PutRun | PutReview | DropReview | MarkSeen


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
        """By source id (exactly as written), the persons that a source feeds; anonymised ones left out."""
        ...

    async def unseen(self, member: str, source: str, run: str, *, after: str = "", size: int = 500) -> list[Person]:
        """Persons of a source whom a run has not met, by id; anonymised ones left out."""
        ...

    async def tally(self, member: str, source: str) -> Mapping[Stage, int]:
        """How many persons a source feeds, by stage."""
        ...

    async def unprovisioned(
        self, member: str, *, refused: bool = False, after: str = "", size: int = 100
    ) -> list[Person]:
        """Persons whose version has not been carried to the platform, by id: those not yet tried, or with `refused`
        those who have a problem in the version that they have now."""
        ...

    async def provisioned(self, member: str, id_: str, version: int, platform_id: str, problem: str) -> None:
        """Notes that a version has been carried to the platform (or, with a `problem`, could not be), without making a
        new version of it.

        With a problem `provisioned` stays at the last version that was carried, and '' for `platform_id` keeps the
        known one. Of somebody who has been changed since, the id and the version are noted, the problem is not; of
        somebody who is gone, nothing."""
        ...

    async def linked(self, member: str, platform_ids: Sequence[str]) -> dict[str, str]:
        """By platform id, the person whose patron that is; anonymised persons left out."""
        ...

    async def group(self, member: str, id_: str) -> Group | None: ...

    async def groups(self, member: str, *, after: str = "", size: int = 500) -> list[Group]: ...

    async def groups_of(self, member: str, ids: Sequence[str]) -> dict[str, list[Group]]:
        """The groups that each of these persons is in, by the person's id."""
        ...

    async def runs(self, member: str, feed: str = "", *, size: int = 20) -> list[Run]:
        """The latest runs first, of one feed or of all."""
        ...

    async def run(self, member: str, id_: str) -> Run | None: ...

    async def reviews(
        self, member: str, *, feed: str = "", decided: bool = False, after: str = "", size: int = 100
    ) -> list[Review]:
        """Open items, or decided ones, by id (oldest first), from the first one behind `after`."""
        ...

    async def reviews_of(self, member: str, feed: str, source_ids: Sequence[str]) -> dict[str, list[Review]]:
        """What was ever put on the list about these records, open or decided, by source id and then by id."""
        ...

    async def review(self, member: str, id_: str) -> Review | None: ...

    async def forget_seen(self, member: str, run: str) -> None:
        """Drops what a run has marked as seen."""
        ...

    async def prune(self, member: str, before: int) -> int:
        """Drops runs that ended before a time (UTC milliseconds), and what they have seen; how many there were."""
        ...

    async def write(self, member: str, effects: Sequence[Effect]) -> None:
        """Makes all effects true in one transaction, or none. Raises StaleVersion, Taken, and ValueError for what
        cannot be kept: an id or source id of more than COMPARED characters or with a NUL, a row of another member.

        Effects follow each other; what is to be unique has to be so at the end, so that two persons may swap."""
        ...

    async def close(self) -> None: ...
