"""One entry of the journal, and its form in the file. A PIN is never part of it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from gateway.canonical import requests
from gateway.canonical.answers import Answer, load
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.requests import Request
from gateway.canonical.vocabulary import ForeignItems, Permission


class JournalUnavailable(Exception):
    """The journal's file cannot be read or written; nothing may be promised."""


class Kind(StrEnum):
    OFFLINE = "offline"  # happened at the terminal; to be carried out here
    DOUBT = "doubt"  # told "no" although it may have been done
    INTENT = "intent"  # sent to a platform that keeps no keys


class State(StrEnum):
    PENDING = "pending"
    ANSWERED = "answered"  # an intent with its answer
    UNKNOWN = "unknown"  # an intent whose outcome nobody knows
    DONE = "done"
    CONFLICT = "conflict"  # for staff
    RESOLVED = "resolved"  # by staff


FOR_STAFF = (State.CONFLICT, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` is when it was written; `attempts` counts replays that failed while the platform answered others."""

    id: int
    member: str
    kind: Kind
    state: State
    key: CommandKey
    context: Context
    request: Request
    at: datetime
    attempts: int = 0
    reason: str = ""
    resolved_at: datetime | None = None
    answer: Answer | None = None


_REQUESTS: dict[str, type[Request]] = {
    value.operation: value
    for value in vars(requests).values()
    if isinstance(value, type) and issubclass(value, Request) and value.operation
}


def packed(ctx: Context, request: Request, key: CommandKey) -> dict[str, Any]:
    """The columns that say what is to be done, for whom."""
    context = {
        "terminal": ctx.terminal,
        "location": ctx.location,
        "permissions": sorted(ctx.permissions),
        "protocol": ctx.protocol,
        "foreign_items": ctx.foreign_items,
    }
    return {
        "member": ctx.member,
        "key": key.value,
        "key_window": key.window,
        "key_permanent": key.permanent,
        "key_fingerprint": key.fingerprint,
        "operation": request.operation,
        "context": orjson.dumps(context).decode(),
        "request": request.model_dump_json(exclude={"pin"}, exclude_defaults=True),
    }


def unpacked(row: sqlite3.Row) -> Entry:
    context = orjson.loads(row["context"])
    return Entry(
        id=row["id"],
        member=row["member"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        key=CommandKey(row["key"], row["key_window"], bool(row["key_permanent"]), row["key_fingerprint"]),
        context=Context(
            member=row["member"],
            terminal=context["terminal"],
            location=context["location"],
            permissions=frozenset(Permission(name) for name in context["permissions"]),
            protocol=context["protocol"],
            foreign_items=ForeignItems(context["foreign_items"]),
        ),
        request=_REQUESTS[row["operation"]].model_validate_json(row["request"]),
        at=instant(row["at"]),
        attempts=row["attempts"],
        reason=row["reason"],
        resolved_at=None if row["resolved_at"] is None else instant(row["resolved_at"]),
        answer=None if row["answer"] is None else load(row["answer"]),
    )


def instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
