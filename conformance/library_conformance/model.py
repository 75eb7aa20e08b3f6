"""What the judge speaks of: requirements, probes, what was seen, and the four facts that make a result.

Whether a probe ran, what it saw and what that means are never one word: "timeout" is an observation, "blocked" says
that nothing was observed, and only the verdict depends on how much the standard asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from library_conformance.foreign import said


class Level(StrEnum):
    """How much the standard asks for."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"
    CONDITIONAL = "conditional"  # must, where the condition holds


class Force(StrEnum):
    """Where a requirement comes from."""

    NORMATIVE = "normative"
    PROFILE = "profile"
    PRACTICE = "practice"  # what peers rely on, though no text says it
    SECURITY = "security"


class Role(StrEnum):
    SERVER = "server"
    CLIENT = "client"
    BOTH = "both"


class Status(StrEnum):
    DRAFT = "draft"
    REVIEWED = "reviewed"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"  # its id is never used again


class Safety(StrEnum):
    """What a probe does to a live subject."""

    READ = "read"
    WRITE_REVERSIBLE = "write-reversible"  # takes back what it did, and proves it
    DISRUPTIVE = "disruptive"  # may slow others down, lock an account, or leave something behind


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the catalogue. `clause` points into the standard, `statement` says in our own words what is asked for;
    `capability` is what a librarian wants to do with it; `related` names the same in other standards."""

    id: str
    standard: str
    edition: str
    clause: str
    statement: str
    level: Level
    force: Force
    role: Role
    group: str
    capability: str
    when: str = ""
    testable: bool = True
    not_tested_reason: str = ""
    status: Status = Status.REVIEWED
    related: tuple[str, ...] = ()


class Behaviour(StrEnum):
    """What an observation says about the requirement, before its level is looked at."""

    MEETS = "meets"
    BREAKS = "breaks"
    ABSENT = "absent"  # the feature is not offered, and that was said properly
    UNCLEAR = "unclear"  # a person has to look
    UNSAFE = "unsafe"
    INFORMATION = "information"


class Execution(StrEnum):
    RAN = "ran"
    BLOCKED = "blocked"  # by another probe that did not succeed
    NOT_APPLICABLE = "not_applicable"  # its condition does not hold
    NOT_SELECTED = "not_selected"  # more than was allowed, or without its inputs
    HARNESS_ERROR = "harness_error"  # an error of ours
    SETUP_ERROR = "setup_error"  # the subject could not be reached, or the inputs are not what they say


class Verdict(StrEnum):
    CONFORMS = "conforms"
    DEVIATES = "deviates"  # a must is broken
    DISCOURAGED = "discouraged"  # a should is broken
    PERMITTED = "permitted"  # a may, either way
    INFORMATIONAL = "informational"
    UNDECIDED = "undecided"
    UNSAFE = "unsafe"
    NONE = "none"  # nothing was observed


def verdict_of(level: Level, behaviour: Behaviour) -> Verdict:
    """What a behaviour means at a level."""
    if behaviour is Behaviour.MEETS:
        return Verdict.CONFORMS
    if behaviour in (Behaviour.BREAKS, Behaviour.ABSENT):
        if level is Level.CONDITIONAL and behaviour is Behaviour.ABSENT:
            return Verdict.PERMITTED
        by_level = {Level.SHOULD: Verdict.DISCOURAGED, Level.MAY: Verdict.PERMITTED}
        return by_level.get(level, Verdict.DEVIATES)
    return {
        Behaviour.UNCLEAR: Verdict.UNDECIDED,
        Behaviour.UNSAFE: Verdict.UNSAFE,
        Behaviour.INFORMATION: Verdict.INFORMATIONAL,
    }[behaviour]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a probe saw: `observation` in a few words that are the same for the same behaviour (no dates, numbers of
    messages or names), and what it says about each requirement: `behaviour`, or `behaviours` by id where they differ.
    `manner` lists what was wrong with the way of the answer (`slow`, `unclean close`, `other framing`), `note` adds
    details for people."""

    observation: str
    behaviour: Behaviour = Behaviour.MEETS
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    manner: tuple[str, ...] = ()
    note: str = ""

    def of(self, requirement: str) -> Behaviour:
        return self.behaviours.get(requirement, self.behaviour)


def meets(observation: str, *manner: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.MEETS, manner=manner, note=note)


def breaks(observation: str, *manner: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.BREAKS, manner=manner, note=note)


def absent(observation: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.ABSENT, note=note)


def unclear(observation: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.UNCLEAR, note=note)


def unsafe(observation: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.UNSAFE, note=note)


def told(observation: str, note: str = "") -> Seen:
    return Seen(observation, Behaviour.INFORMATION, note=note)


LOAN, REQUEST, PIECE = "a loan of the item", "a request of the patron", "a piece for the patron"
"""What probes change, in the words in which a result says that it may be left."""


class NotApplicable(Exception):
    """Raised by a probe whose condition does not hold; the text says why."""


class SetupFailed(Exception):
    """Raised where the subject cannot be reached, or an input is not what it is said to be."""


class Unreachable(SetupFailed):
    """Raised where no connection comes about: whoever is there takes none, or nobody is."""


@dataclass(frozen=True, slots=True)
class Result:
    """One requirement looked at by one probe. `lifecycle` is `finished` or `aborted`; `transcript` a path below the
    results' folder, "" where nothing was said; `replay` the command that does it again. Words in which a subject may
    have had a hand are made fit to be shown."""

    requirement: str
    probe: str
    lifecycle: str
    execution: Execution
    observation: str
    verdict: Verdict
    manner: tuple[str, ...] = ()
    note: str = ""
    blocked_by: str = ""
    seconds: float = 0.0
    transcript: str = ""
    replay: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "observation", said(self.observation))
        object.__setattr__(self, "note", said(self.note))
        object.__setattr__(self, "manner", tuple(map(said, self.manner)))
