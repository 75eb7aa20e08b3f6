"""`gateway broker`: what brokers are still to be told, and what they would not hear.

Exit codes: 0 done, 1 there is no such notification, 2 wrong usage or configuration, 3 the store is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from gateway.brokers.outbox import PAGE, Outbox
from gateway.commands.output import print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.store import open_store
from gateway.store.effects import StoreUnavailable
from gateway.store.rows import BrokerNoticeRow

app = typer.Typer(help="Notifications to brokers of interlibrary loans.", no_args_is_help=True)

NO, WRONG, AWAY = 1, 2, 3
DEFAULT_FILE = Path("gateway.toml")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
T = TypeVar("T")


class State(StrEnum):
    """What became of a notification."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


@app.command("list")
def list_notices(
    member: Annotated[str, typer.Argument(help="Code of the member; all members without it.")] = "",
    peer: Annotated[str, typer.Option(help="Only those to this peer.")] = "",
    state: Annotated[list[State] | None, typer.Option(help="Only these: without it, those not sent.")] = None,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """List notifications: what waits and what was given up, with the last reason."""
    wanted = frozenset(state or (State.WAITING, State.GIVEN_UP))
    loaded = _load(config)
    members = [member] if member else list(loaded.members)
    _known(loaded, members)

    async def read(outbox: Outbox) -> list[BrokerNoticeRow]:
        found = [row for code in members async for row in _all(outbox, code)]
        return [row for row in found if _state(row) in wanted and peer in ("", row.peer)]

    rows = _run(loaded, read)
    if as_json:
        print_json([_json(row) for row in rows])
        return
    print_table(
        None,
        ("notification", "member", "peer", "service", "since", "attempts", "state", "last reason"),
        [
            (row.id, row.member, row.peer, row.service, _time(row.created_at), str(row.attempts), _state(row),
             row.last_error or "")
            for row in rows
        ],
    )  # fmt: skip
    print_line(f"{len(rows)} notifications")


@app.command("retry")
def retry(
    member: Annotated[str, typer.Argument(help="Code of the member.")],
    notices: Annotated[list[str] | None, typer.Argument(help="Ids, as `list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait or were given up.")] = False,
    peer: Annotated[str, typer.Option(help="With --all: only those to this peer.")] = "",
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Have notifications sent now: those that wait for another attempt, and those that were given up."""
    if bool(notices) == everything:
        raise typer.BadParameter("ids or --all, one of them")
    loaded = _load(config)
    _known(loaded, [member])

    async def again(outbox: Outbox) -> int:
        ids = list(notices or [])
        if everything:
            ids = [row.id async for row in _all(outbox, member) if row.sent_at is None and peer in ("", row.peer)]
        now = round(datetime.now(UTC).timestamp() * 1000)
        return sum([await outbox.again(member, ids[at : at + PAGE], now) for at in range(0, len(ids), PAGE)])

    done = _run(loaded, again)
    if as_json:
        print_json({"again": done})
    else:
        print_line(f"{done} notifications are sent again")
    raise typer.Exit(NO if notices and not done else 0)


async def _all(outbox: Outbox, member: str) -> AsyncIterator[BrokerNoticeRow]:
    after = ""
    while found := await outbox.listed(member, after):
        for row in found:
            yield row
        after = found[-1].id


def _state(row: BrokerNoticeRow) -> State:
    if row.sent_at is not None:
        return State.SENT
    return State.WAITING if row.given_up_at is None else State.GIVEN_UP


def _json(row: BrokerNoticeRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "member": row.member,
        "peer": row.peer,
        "service": row.service,
        "state": _state(row),
        "created": _time(row.created_at),
        "attempts": row.attempts,
        "next": _time(row.next_at) if _state(row) is State.WAITING else None,
        "sent": None if row.sent_at is None else _time(row.sent_at),
        "last_reason": row.last_error,
    }


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _load(path: Path) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem))
        raise typer.Exit(WRONG) from None


def _known(config: Config, members: list[str]) -> None:
    for code in members:
        if code not in config.members:
            _leave(f"no member is called {code!r}", WRONG)


def _run(config: Config, work: Callable[[Outbox], Awaitable[T]]) -> T:
    async def with_store() -> T:
        async with _opened(config) as outbox:
            return await work(outbox)

    try:
        return asyncio.run(with_store())
    except StoreUnavailable as error:
        _leave(f"the store is away: {error}", AWAY)


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[Outbox]:
    store = await open_store(config.store_url, max_connections=1)
    try:
        yield Outbox(store)
    finally:
        await store.close()


def _leave(reason: str, code: int) -> NoReturn:
    say(reason)
    raise typer.Exit(code)
