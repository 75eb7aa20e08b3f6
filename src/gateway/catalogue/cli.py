"""`gateway catalogue`: what is in it, what people must decide, and what is made anew after a change of settings.

Exit codes: 0 done, 1 the answer is no (no such pair, somebody else is writing the index), 2 wrong usage or
configuration, 3 the catalogue is away, 4 interrupted (the same command goes on where it ended).
"""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.catalogue import review as reviewing
from gateway.catalogue import set_rules, visibility
from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index import directory
from gateway.catalogue.index import writer as index
from gateway.catalogue.index.progress import Making, making
from gateway.catalogue.rebuild import Rebuilt
from gateway.catalogue.rebuild import rebuild as rebuild_records
from gateway.catalogue.records import IndexEntry, StoreStats
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.rows import Status
from gateway.catalogue.store.writer import Writer
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.store.lock_file import Held
from library_protocols.marc import from_marcxml

app = typer.Typer(help="Look into the catalogue, and keep it true.", no_args_is_help=True)

NO, WRONG, AWAY, INTERRUPTED = 1, 2, 3, 4
DEFAULT_FILE = Path("gateway.toml")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]

T = TypeVar("T")


class Part(StrEnum):
    """What can be made anew."""

    SETS = "sets"
    INDEX = "index"


class Decision(StrEnum):
    """What people say of a pair."""

    SAME = "same"
    DIFFERENT = "different"
    OPEN = "open"


@app.command("stats")
def stats(config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """How many records each member has, how many shared bibs they make, how large it is, whether an index is made."""
    found, made = _run(config, _stats)
    if as_json:
        print_json(dataclasses.asdict(found) | {"index": made and dataclasses.asdict(made)})
        return
    states = [status.name.lower() for status in Status]
    rows = [[member, *(f"{of.get(state, 0):,}" for state in states)] for member, of in sorted(found.by_member.items())]
    print_table(None, ["member", *states], rows)
    print_line(f"{found.records:,} records in {found.shared:,} shared bibs, {found.bytes / 1e6:,.0f} MB.")
    print_line(f"{found.open_reviews:,} pairs to look at. Last change {found.last_seq}, at {_at(found.horizon)}.")
    if made is not None:
        print_line(f"At {_at(made.at)} {made}.")


@app.command("review")
def review(
    pair: Annotated[int | None, typer.Argument(help="Number of a pair; the list where not given.")] = None,
    decision: Annotated[Decision | None, typer.Argument(help="What they are; `open` takes a decision back.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; your login where not given.")] = None,
    after: Annotated[int, typer.Option(help="Go on behind this number.")] = 0,
    size: Annotated[int, typer.Option(min=1, help="Pairs shown.")] = 20,
    decided: Annotated[bool, typer.Option("--decided", help="The pairs that have been decided.")] = False,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """List pairs of records that may be the same, or decide about one. A decision holds for later loads too."""
    if (pair is None) != (decision is None):
        raise typer.BadParameter(f"say what pair {pair} is: {', '.join(Decision)}")
    if pair is None or decision is None:
        listed = _run(config, lambda _, store: _listed(store, after, size, decided))
        _show(listed, as_json)
        return
    said = {Decision.SAME: reviewing.SAME, Decision.DIFFERENT: reviewing.DIFFERENT, Decision.OPEN: reviewing.OPEN}
    who = by or getpass.getuser()
    try:
        made = _run(config, lambda _, store: reviewing.decide(store, pair, said[decision], who, int(time.time())))
    except reviewing.NoSuchPair as unknown:
        say(str(unknown))
        raise typer.Exit(NO) from unknown
    if as_json:
        print_json(dataclasses.asdict(made))
    else:
        print_line(f"Pair {made.id}: {decision.value}.")


@app.command("rebuild")
def rebuild(
    part: Annotated[Part, typer.Argument(help="`sets`: also who sees a record, and what is put together.")],
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Make anew what follows from settings: sets, who sees a record and shared bibs, or the index (while no gateway
    runs).

    What enters or leaves a set or a view, and nothing else, is a change that harvesters get."""
    if part is Part.INDEX:
        try:
            done = _run(config, lambda settings, store: _reindex(settings, store, as_json))
        except ChildProcessError as ended:
            say(f"{ended}: the index is as it was")
            raise typer.Exit(INTERRUPTED) from ended
    else:
        done = _run(config, lambda settings, store: _resort(settings, store, as_json))
    if done is None:
        say("a running gateway writes this index: stop it first, or let it be")
        raise typer.Exit(NO)
    looked, moved, finished = done
    if as_json:
        print_json({"looked": looked, "moved": moved, "finished": finished})
    else:
        how = "Looked at" if finished else "Interrupted after"
        changed = "" if part is Part.INDEX else f", {moved:,} came out differently"
        print_line(f"{how} {looked:,} records{changed}.")
    if not finished:
        raise typer.Exit(INTERRUPTED)


def _run(path: Path, work: Callable[[Config, Writer], Awaitable[T]]) -> T:
    async def opened(config: Config) -> T:
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if config.catalogue_url.startswith("sqlite:"):
            await migrate.upgrade(config.catalogue_url)
        store = await open_writer(config.catalogue_url)
        try:
            return await work(config, store)
        finally:
            await store.close()

    try:
        return asyncio.run(opened(load(path)))
    except ChildProcessError:
        raise
    except (ConfigError, OSError) as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    except CatalogueUnavailable as away:
        say(f"the catalogue does not answer: {away}")
        raise typer.Exit(AWAY) from away


async def _stats(config: Config, store: Writer) -> tuple[StoreStats, Making | None]:
    return await store.stats(), making(config.data_dir / INDEX_FOLDER)


async def _listed(store: Writer, after: int, size: int, decided: bool) -> list[dict[str, Any]]:
    pairs = await store.reviews(after=after, size=size, decided=decided)
    shown = await store.sources([number for pair in pairs for number in (pair.a, pair.b)])
    titles = {number: (member, control, _title(marcxml)) for number, (member, control, marcxml) in shown.items()}
    return [
        {**dataclasses.asdict(pair), "records": [_named(titles, number) for number in (pair.a, pair.b)]}
        for pair in pairs
    ]


def _named(titles: dict[int, tuple[str, str, str]], number: int) -> dict[str, str]:
    member, control, title = titles.get(number, ("", "", ""))
    return {"member": member, "control": control, "title": title}


def _title(marcxml: bytes) -> str:
    record = from_marcxml(marcxml)
    return " ".join(record.all("245", "abnpc") or record.all("200", "aefhi"))


def _show(listed: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(listed)
        return
    if not listed:
        print_line("No pairs to look at.")
    for one in listed:
        reason = f"{one['evidence']} in common, but: {one['reason']}" if one["evidence"] else one["reason"]
        verdict = (
            f"; decided: [bold]{one['decision']}[/bold], by {escape(one['decided_by'])}" if one["decision"] else ""
        )
        print_line(f"[bold]{one['id']}[/bold] {escape(reason)}{verdict}")
        for record in one["records"]:
            print_line(f"    {escape(record['member'])} {escape(record['control'])}: {escape(record['title'])}")


async def _resort(config: Config, store: Writer, quiet: bool) -> tuple[int, int, bool]:
    total = (await store.stats()).records
    names = {code: member.name for code, member in config.members.items()}
    with _bars(quiet) as bars:
        bar = bars.add_task("records", total=total)

        def show(so_far: Rebuilt) -> None:
            bars.update(bar, completed=so_far.looked)

        report = await _interruptible(
            lambda asked: rebuild_records(
                store,
                sets=set_rules.configured(config),
                union=config.catalogue.union_ids,
                hiding=visibility.configured(config),
                names=names,
                now=lambda: int(time.time()),
                progress=show,
                stop=asked.is_set,
            )
        )
    return report.looked, report.moved, report.finished


async def _reindex(config: Config, store: Writer, quiet: bool) -> tuple[int, int, bool] | None:
    """None where another process writes the index."""
    path = config.data_dir / INDEX_FOLDER
    try:
        with directory.alone(path):
            total = (await store.stats()).records
            with _bars(quiet) as bars:
                feed = _Watched(store, lambda count: bars.update(bar, advance=count))
                bar = bars.add_task("records", total=total)
                made = await _interruptible(
                    lambda asked: index.rebuild(feed, path, asked, processors=index.processors())
                )
    except Held:
        return None
    return feed.seen, 0, made is not None


class _Watched:
    """The feed as the index follows it, counting."""

    def __init__(self, store: Writer, tell: Callable[[int], None]) -> None:
        self._store = store
        self._tell = tell
        self.seen = 0

    async def lineage(self) -> str:
        return await self._store.lineage()

    async def last_seq(self) -> int:
        return await self._store.last_seq()

    async def index_entries(self, after_seq: int, size: int) -> list[IndexEntry]:
        entries = await self._store.index_entries(after_seq, size)
        self.seen += len(entries)
        self._tell(len(entries))
        return entries


def _bars(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=diagnostics, disable=quiet)


async def _interruptible(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """Runs `work`; Ctrl-C asks it to stop and waits for it."""
    asked = asyncio.Event()
    running = asyncio.ensure_future(work(asked))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        asked.set()
        return await running


def _at(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
