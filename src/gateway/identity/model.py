"""A person of one member, as the register holds it: identifiers, category, expiry, affiliation; no PIN and no loans.

Frozen, without I/O. What a feed says about somebody is a `Draft`, in which a field that the feed did not speak of is
not there at all, and one that it said to be empty is there with nothing in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.canonical.vocabulary import IdentifierType


class Stage(StrEnum):
    """How far somebody has gone who is no longer in a source. Each step back to `present` is taken by being seen again,
    except from `anonymised`, of which nothing is left to come back.

    Who finds somebody due writes `anonymised` and leaves everything else as it is, `stage_since` too: the provisioning
    worker asks the platform, and on a yes empties the record (`blank`), on a no puts `expired` back."""

    PRESENT = "present"
    MISSING = "missing"  # not in the last complete read; nothing else is changed yet
    EXPIRED = "expired"  # may not borrow any more; loans, holds and debts stand
    ANONYMISED = "anonymised"  # nothing personal is left; only where nothing was owed


class Owner(StrEnum):
    """Who decides the value of a field."""

    SOURCE = "source"  # the feed, at every run
    LIBRARY = "library"  # the library; a feed never writes it
    FIRST_WRITE = "first-write"  # the feed while it is empty, the library from then on


@dataclass(frozen=True, slots=True)
class PersonIdentifier:
    """One of the ways to name a person. Unique per member and type, however it is written (see `folded`)."""

    type: IdentifierType
    value: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A person of one member. Times are UTC milliseconds since 1970, days ISO 8601 dates; '' and () are "not known".

    `version` counts from 1 with every change and is SCIM's ETag. `source` names who feeds the record: `feed:NAME`,
    `scim:KEY`, or `library`; `source_id` is the stable key there. `active` False is somebody whom the source or SCIM
    has switched off, which is not the same as gone. `platform_id` is the patron's id on the platform, once there is
    one; `provisioned` the version that was last carried there, and `problem` why a later one could not be.
    """

    id: str
    member: str
    version: int
    created_at: int
    changed_at: int
    source: str
    source_id: str
    display: str
    identifiers: tuple[PersonIdentifier, ...] = ()
    family: str = ""
    given: str = ""
    middle: str = ""
    preferred: str = ""
    category: str = ""  # the member's patron category; '' where no rule gave one
    affiliations: tuple[str, ...] = ()  # eduPersonAffiliation: student, staff, faculty, alum, affiliate, ...
    groups: tuple[str, ...] = ()  # group names of the source, as it has them
    programmes: tuple[str, ...] = ()  # of a student with several, in one record
    department: str = ""
    home_library: str = ""
    language: str = ""  # ISO 639-1
    birth_on: str = ""
    valid_from_on: str = ""
    expires_on: str = ""  # the last day on which the person may borrow
    emails: tuple[str, ...] = ()  # preferred first, as the next two
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    eppn: str = ""  # eduPersonPrincipalName; may be given to somebody else later: never a key
    active: bool = True
    stage: Stage = Stage.PRESENT
    stage_since: int = 0
    digest: str = ""  # of what the source said last, by the map of that time; equal: nothing to do
    user_name: str = ""  # SCIM userName
    external_id: str = ""  # SCIM externalId
    extra: Mapping[str, Any] = field(default_factory=dict)  # SCIM attributes that the register has no field for
    platform_id: str = ""
    provisioned: int = 0
    problem: str = ""

    def identifier(self, kind: IdentifierType) -> str:
        """The first active identifier of a type, '' where there is none."""
        return next((one.value for one in self.identifiers if one.type == kind and one.active), "")


def blank(person: Person, now: int) -> Person:
    """What is left of somebody who is anonymised: that there was a record, which source's, and since when not."""
    return Person(
        person.id, person.member, person.version, 0, now, person.source, "", "", active=False,
        stage=Stage.ANONYMISED, stage_since=now,
    )  # fmt: skip


FIELDS = (
    "display", "family", "given", "middle", "preferred", "category", "affiliations", "groups", "programmes",
    "department", "home_library", "language", "birth_on", "valid_from_on", "expires_on", "emails", "phones",
    "addresses", "eppn", "active",
)  # fmt: skip
"""What a field map may write beside identifiers, by the names of `Person`."""
MANY = frozenset({"affiliations", "groups", "programmes", "emails", "phones", "addresses"})
"""Those of FIELDS that hold several values."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a feed says of one person, mapped. `fields` has names of FIELDS; `identifiers` the values of each type that
    the feed spoke of, an empty tuple where it said that there is none. `problems` are remarks for the report, in words
    that name fields and never values."""

    source_id: str
    fields: Mapping[str, Any]
    identifiers: Mapping[IdentifierType, tuple[str, ...]] = field(default_factory=dict)
    digest: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group that a SCIM client keeps. `members` are ids of persons."""

    id: str
    member: str
    version: int
    created_at: int
    changed_at: int
    source: str
    display: str
    external_id: str = ""
    members: tuple[str, ...] = ()


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a threshold or an incomplete read: nobody was deprovisioned
    FAILED = "failed"  # the source did not answer, or its data could not be read
    INTERRUPTED = "interrupted"  # can be resumed


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a feed. `counters` by word (read, added, changed, unchanged, back, missing, expired, anonymised,
    review, refused); `position` is the feed's own, to go on from; `reason` says why it stopped, to people."""

    id: str
    member: str
    feed: str
    kind: str  # full | delta
    state: RunState
    started_at: int
    ended_at: int | None = None
    dry: bool = False
    counters: Mapping[str, int] = field(default_factory=dict)
    position: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Something that people decide: a record that may be one of several persons, or whose identifier is another's.

    `candidates` are ids of persons; `record` is the draft as JSON. `decision` is '' while open, else `same:PERSON`,
    `new`, `ignore`, or `gone` where the record has left the source meanwhile.
    """

    id: str
    member: str
    feed: str
    source_id: str
    reason: str
    candidates: tuple[str, ...]
    record: Mapping[str, Any]
    at: int
    decision: str = ""
    decided_by: str = ""
    decided_at: int | None = None


def folded(text: str) -> str:
    """How identifiers and names are compared: compatibility forms, case and white space do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
