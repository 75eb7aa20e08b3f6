"""Rows of the register as values, and how what stands in their JSON columns is read and written."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import MANY, Group, Person, PersonIdentifier, Review, Run, RunState, Stage

CARRIED, WAITING, REFUSED = 0, 1, 2
"""What `pending` says of a person's version."""
_STAGES = {stage.value: stage for stage in Stage}
_TYPES = {kind.value: kind for kind in IdentifierType}


class PersonRow(NamedTuple):
    """One row of `person`, in the order of its columns."""

    member: str
    id: str
    version: int
    created_at: int
    changed_at: int
    source: str
    source_key: str | None
    digest: str
    stage: str
    stage_since: int
    pending: int
    provisioned: int
    platform_id: str
    problem: str
    data: str


class RunRow(NamedTuple):
    """One row of `run`, in the order of its columns."""

    member: str
    id: str
    feed: str
    kind: str
    state: str
    started_at: int
    ended_at: int | None
    dry: bool
    data: str


class ReviewRow(NamedTuple):
    """One row of `review`, in the order of its columns."""

    member: str
    id: str
    feed: str
    source_id: str
    at: int
    decided: int
    decision: str
    decided_by: str
    decided_at: int | None
    data: str


_KEPT = {
    field.name: field.default
    for field in dataclasses.fields(Person)
    if field.name not in (*PersonRow._fields, "identifiers", "extra")
}
"""Fields of a person that stand in `data`, and what they are where it does not name them."""


def person_row(person: Person, pending: int) -> PersonRow:
    """Raises ValueError for text that no database can hold."""
    data: dict[str, Any] = {
        name: value for name, default in _KEPT.items() if (value := getattr(person, name)) != default
    }
    if person.identifiers:
        data["identifiers"] = [(one.type.value, one.value, one.active) for one in person.identifiers]
    if person.extra:
        data["extra"] = dict(person.extra)
    return PersonRow(
        person.member,
        person.id,
        person.version,
        person.created_at,
        person.changed_at,
        person.source,
        source_key(person),
        person.digest,
        person.stage.value,
        person.stage_since,
        pending,
        person.provisioned,
        person.platform_id,
        person.problem,
        json(data),
    )


def source_key(person: Person) -> str | None:
    """The source id, while nobody else of the source may have it."""
    return None if person.stage is Stage.ANONYMISED else person.source_id or None


def person_of(columns: Sequence[Any]) -> Person:
    row = PersonRow(*columns)
    data = orjson.loads(row.data)
    for name in MANY & data.keys():
        data[name] = tuple(data[name])
    data["identifiers"] = tuple(
        PersonIdentifier(_TYPES[kind], value, active) for kind, value, active in data.get("identifiers", ())
    )
    return Person(
        id=row.id,
        member=row.member,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        source=row.source,
        digest=row.digest,
        stage=_STAGES[row.stage],
        stage_since=row.stage_since,
        provisioned=row.provisioned,
        platform_id=row.platform_id,
        problem=row.problem,
        **{"source_id": "", "display": "", **data},
    )


def group_row(group: Group) -> tuple[Any, ...]:
    data = {"display": group.display, "external_id": group.external_id}
    return group.member, group.id, group.version, group.created_at, group.changed_at, group.source, json(data)


def group_of(columns: Sequence[Any], members: tuple[str, ...]) -> Group:
    member, id_, version, created_at, changed_at, source, data = columns
    return Group(id_, member, version, created_at, changed_at, source, members=members, **orjson.loads(data))


def run_row(run: Run) -> RunRow:
    data = {"counters": dict(run.counters), "position": dict(run.position), "reason": run.reason}
    return RunRow(
        run.member, run.id, run.feed, run.kind, run.state.value, run.started_at, run.ended_at, run.dry, json(data)
    )


def run_of(columns: Sequence[Any]) -> Run:
    row = RunRow(*columns)
    return Run(
        row.id,
        row.member,
        row.feed,
        row.kind,
        RunState(row.state),
        row.started_at,
        row.ended_at,
        bool(row.dry),
        **orjson.loads(row.data),
    )


def review_row(review: Review) -> ReviewRow:
    data = {"reason": review.reason, "candidates": list(review.candidates), "record": dict(review.record)}
    return ReviewRow(
        review.member,
        review.id,
        review.feed,
        review.source_id,
        review.at,
        int(bool(review.decision)),
        review.decision,
        review.decided_by,
        review.decided_at,
        json(data),
    )


def review_of(columns: Sequence[Any]) -> Review:
    row = ReviewRow(*columns)
    data = orjson.loads(row.data)
    return Review(
        row.id,
        row.member,
        row.feed,
        row.source_id,
        data["reason"],
        tuple(data["candidates"]),
        data["record"],
        row.at,
        row.decision,
        row.decided_by,
        row.decided_at,
    )


def json(data: Mapping[str, Any]) -> str:
    """Raises ValueError for what JSON cannot say, such as half a surrogate pair."""
    try:
        return orjson.dumps(data).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(f"cannot be kept: {error}") from error
