"""`gateway sync`: people from a member's feeds into the register, now. Ctrl-C ends after the batch at hand.

Exit codes: 0 done, 1 the run was stopped, failed or is under way elsewhere, or a decision cannot be taken, 2 wrong
usage or configuration, 3 the register is away, 4 interrupted (the next run goes on where this one ended).
"""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from gateway.clock import SystemClock
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, load
from gateway.config.identity import FeedConfig
from gateway.identity.feeds.port import FeedError
from gateway.identity.model import Person, Review, Run, RunState
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.identity.sync import review as reviewing
from gateway.identity.sync.engine import Kind, Outcome, Step
from gateway.identity.sync.history import REMARKS
from gateway.identity.sync.planning import Line
from gateway.identity.sync.schedule import feeds, sync_feed
from gateway.identity.turns import Busy

app = typer.Typer(help="Bring people in from directories and student systems.", no_args_is_help=True)
review_app = typer.Typer(help="Records that may be one of several people, for people to decide.", no_args_is_help=True)
app.add_typer(review_app, name="review")

NO, WRONG, AWAY, INTERRUPTED = 1, 2, 3, 4
DEFAULT_FILE = Path("gateway.toml")
BAD_SHOWN = 20

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Member = Annotated[str, typer.Argument(help="Code of the member.")]
Show = Annotated[bool, typer.Option("--show", help="With the values, which are personal data.")]

T = TypeVar("T")


class Decision(StrEnum):
    """What people say of a record."""

    SAME = "same"
    NEW = "new"
    IGNORE = "ignore"
    OPEN = "open"


@app.command("run")
def run(
    member: Member,
    feed: Annotated[str, typer.Argument(help="Name of the feed.")],
    full: Annotated[bool, typer.Option("--full", help="Everything, from the beginning.")] = False,
    delta: Annotated[bool, typer.Option("--delta", help="What has changed, where the source gives that.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare, write nobody.")] = False,
    accept_missing: Annotated[
        int, typer.Option(min=0, help="So many people may go in this run, whatever the limits say.")
    ] = 0,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Run a feed: what was interrupted, else what has changed, else everything.

    Exit codes: 1 stopped, failed or under way elsewhere, 2 wrong usage, 3 the register is away, 4 interrupted.
    """
    if full and delta:
        raise typer.BadParameter("--full or --delta, not both")
    kind: Kind | None = "full" if full else "delta" if delta else None
    outcome = _synced(config, member, feed, kind, dry_run=dry_run, accept=accept_missing, quiet=as_json)
    if as_json:
        print_json(_outcome_json(outcome))
    else:
        _print_outcome(feed, outcome)
    _leave(outcome)


@app.command("diff")
def diff(
    member: Member,
    feed: Annotated[str, typer.Argument(help="Name of the feed.")],
    show: Show = False,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Say what a complete run would do, person by person. Reads everything, writes nobody."""
    outcome = _synced(config, member, feed, "full", dry_run=True, accept=0, quiet=as_json)
    if as_json:
        print_json(_outcome_json(outcome) | {"lines": [_line_json(line, show) for line in outcome.lines]})
    else:
        _print_lines(outcome, show)
        _print_outcome(feed, outcome)
    _leave(outcome)


@app.command("status")
def status(
    member: Annotated[str | None, typer.Argument(help="Code of the member; all where not given.")] = None,
    size: Annotated[int, typer.Option(min=1, help="Runs of each feed.")] = 5,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """The latest runs of each feed, and how many people each feeds."""

    async def look(settings: Config, register: Register) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for code, feed in feeds(settings):
            if member not in (None, code):
                continue
            tally = await register.tally(code, f"feed:{feed.name}")
            waiting = [item async for item in reviewing.listed(register, code, feed.name)]
            runs = await register.runs(code, feed.name, size=size)
            found.append(
                {
                    "member": code,
                    "feed": feed.name,
                    "kind": feed.kind,
                    "people": {str(stage): count for stage, count in tally.items()},
                    "review": len(waiting),
                    "runs": [_run_json(run) for run in runs],
                }
            )
        return found

    found = _with_register(config, look, member)
    if as_json:
        print_json(found)
        return
    for one in found:
        people = ", ".join(f"{count:,} {stage}" for stage, count in sorted(one["people"].items())) or "nobody yet"
        waiting = f"; {_counted_records(one['review'])} to decide about" if one["review"] else ""
        print_line(f"[bold]{one['member']} {escape(one['feed'])}[/bold] ({one['kind']}): {people}{waiting}")
        rows = [
            (_at(of["started_at"]), of["kind"] + (" (dry)" if of["dry"] else ""), of["state"],
             _counted(of["counters"]), of["reason"])
            for of in one["runs"]
        ]  # fmt: skip
        if rows:
            print_table(None, ("began", "what", "state", "counted", "why"), rows)
            _print_remarks(one["runs"][0]["remarks"])
    if not found:
        print_line("No feeds: see members.CODE.identity.feeds in the configuration.")


@review_app.command("list")
def review_list(
    member: Member,
    feed: Annotated[str, typer.Option(help="Of one feed.")] = "",
    decided: Annotated[bool, typer.Option("--decided", help="Those that have been decided.")] = False,
    size: Annotated[int, typer.Option(min=1, help="Items shown.")] = 50,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """What is waiting for a decision, oldest first."""

    async def look(settings: Config, register: Register) -> list[Review]:
        return [item async for item in reviewing.listed(register, member, feed, decided=decided)]

    items = _with_register(config, look, member)
    if as_json:
        print_json([_review_json(item, [], show=False) for item in items[:size]])
        return
    rows = [
        (item.id, item.feed, _at(item.at), item.reason, f"{len(item.candidates)}", item.decision)
        for item in items[:size]
    ]
    print_table(None, ("item", "feed", "since", "why", "candidates", "decision"), rows)
    print_line(f"{len(items):,} in all.")


@review_app.command("show")
def review_show(
    member: Member,
    item: Annotated[str, typer.Argument(help="Id of the item.")],
    show: Show = False,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """One item: what the record says, and who it may be."""

    async def look(settings: Config, register: Register) -> tuple[Review, list[Person]]:
        found = await _item(register, member, item)
        return found, await reviewing.candidates(register, found)

    found, people = _with_register(config, look, member)
    if as_json:
        print_json(_review_json(found, people, show=show))
        return
    print_line(f"[bold]{found.id}[/bold] {escape(found.feed)}, since {_at(found.at)}: {escape(found.reason)}")
    said = _flat(found.record)
    rows = []
    for name in dict.fromkeys([*said, *(name for person in people for name in _described(person))]):
        values = [said.get(name, ""), *(_described(person).get(name, "") for person in people)]
        rows.append((name, *(value if show or name == "source" else _masked(value) for value in values)))
    print_table(None, ("field", "record", *(person.id for person in people)), rows)
    if found.decision:
        print_line(f"Decided: {escape(found.decision)}, by {escape(found.decided_by)}.")


@review_app.command("settle")
def review_settle(
    member: Member,
    item: Annotated[str, typer.Argument(help="Id of the item.")],
    decision: Annotated[
        Decision, typer.Argument(help="One of the candidates, somebody new, left out; `open` takes a decision back.")
    ],
    person: Annotated[str, typer.Argument(help="Which candidate is the `same`, where there are several.")] = "",
    by: Annotated[str | None, typer.Option(help="Who decides; your login where not given.")] = None,
    config: ConfigFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """Decide about a record. It is carried out at once and holds for later runs."""

    async def decide(settings: Config, register: Register) -> Review:
        found = await _item(register, member, item)
        if decision is Decision.OPEN:
            return await reviewing.reopen(register, found)
        feed = next((of for code, of in feeds(settings) if (code, of.name) == (member, found.feed)), None)
        zone, who = settings.members[member].zone, by or getpass.getuser()
        return await reviewing.settle(register, feed, found, decision.value, who, SystemClock(), zone, person=person)

    made = _with_register(config, decide, member)
    if as_json:
        print_json(_review_json(made, [], show=False))
    else:
        print_line(f"{made.id}: {escape(made.decision) or 'open'}.")


async def _item(register: Register, member: str, id_: str) -> Review:
    found = await register.review(member, id_)
    if found is None:
        raise reviewing.NotSettled(f"{member} has no item {id_}")
    return found


# running


def _synced(
    path: Path, member: str, name: str, kind: Kind | None, *, dry_run: bool, accept: int, quiet: bool
) -> Outcome:
    async def work(settings: Config, register: Register) -> Outcome:
        feed = _feed(settings, member, name)
        asked = asyncio.Event()
        columns = (BarColumn(), TaskProgressColumn(), _Rate(), TimeRemainingColumn())
        with Progress(TextColumn("{task.description}"), *columns, console=diagnostics, disable=quiet) as bars:
            bar = bars.add_task(escape(name), total=None, step=None)

            def show(step: Step) -> None:
                bars.update(bar, completed=step.read, total=step.expected, step=step)  # type: ignore[arg-type]

            running = asyncio.ensure_future(
                sync_feed(
                    settings, member, feed, register, SystemClock(), kind=kind, dry_run=dry_run, accept=accept,
                    progress=show, stop=asked.is_set,
                )
            )  # fmt: skip
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:  # which is what Ctrl-C becomes: the batch at hand is finished
                say("stopping after the batch at hand")
                asked.set()
                return await running

    try:
        return _with_register(path, work, member)
    except Busy as other:
        say(f"this feed is being run by {other}")
        raise typer.Exit(NO) from other
    except FeedError as problem:
        say(f"{name}: {problem.reason}")
        raise typer.Exit(NO) from problem


def _feed(settings: Config, member: str, name: str) -> FeedConfig:
    known = {feed.name: feed for code, feed in feeds(settings) if code == member}
    if name not in known:
        has = f"; it has {', '.join(known)}" if known else f": see members.{member}.identity.feeds"
        say(f"{member} has no feed {name!r}{has}")
        raise typer.Exit(WRONG)
    return known[name]


def _with_register(path: Path, work: Callable[[Config, Register], Awaitable[T]], member: str | None) -> T:
    async def opened(settings: Config) -> T:
        if member is not None and member not in settings.members:
            say(f"there is no member {member!r}")
            raise typer.Exit(WRONG)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if settings.register_url.startswith("sqlite:"):
            await migrate.upgrade(settings.register_url)
        register = await open_register(settings.register_url)
        try:
            return await work(settings, register)
        finally:
            await register.close()

    try:
        return asyncio.run(opened(load(path)))
    except (ConfigError, OSError) as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    except reviewing.NotSettled as reason:
        say(str(reason))
        raise typer.Exit(NO) from reason
    except RegisterUnavailable as away:
        say(f"the person register does not answer: {away}")
        raise typer.Exit(AWAY) from away


class _Rate(ProgressColumn):
    """Records so far and how many come in a second."""

    def render(self, task: Task) -> Text:
        step: Step | None = task.fields["step"]
        if step is None or not task.elapsed:
            return Text("")
        return Text(f"{step.read:,} records ({(step.read - step.resumed_at) / task.elapsed:,.0f}/s)")


def _leave(outcome: Outcome) -> None:
    if outcome.nothing or outcome.run.state is RunState.DONE:
        return
    raise typer.Exit(INTERRUPTED if outcome.run.state is RunState.INTERRUPTED else NO)


# showing


def _print_outcome(feed: str, outcome: Outcome) -> None:
    of = outcome.run
    if outcome.nothing:
        print_line(f"{escape(feed)}: {escape(outcome.nothing)}.")
        return
    what = {"full": "everything", "delta": "what has changed"}[of.kind] + (", nothing written" if of.dry else "")
    print_line(f"[bold]{escape(feed)}[/bold] ({what}): {of.state}. {_counted(of.counters) or 'Nobody was read'}.")
    if of.reason:
        say(f"{feed}: {of.reason}")
    _print_remarks(of.position.get(REMARKS, {}))
    if outcome.bad:
        rows = [(bad.where, bad.reason) for bad in outcome.bad[:BAD_SHOWN]]
        more = f" (the first {len(rows)} of {len(outcome.bad):,})" if len(rows) < len(outcome.bad) else ""
        print_table(f"Put aside{more}", ("where", "why"), rows)
    if of.counters.get("review"):
        waiting = _counted_records(of.counters["review"])
        say(f"to be decided about: {waiting} (`gateway sync review list {of.member}`)")
    if of.state is RunState.INTERRUPTED:
        say(f"interrupted; `gateway sync run {of.member} {of.feed}` goes on there")


def _print_remarks(remarks: Mapping[str, int]) -> None:
    if remarks:
        rows = [(f"{count:,}", remark) for remark, count in remarks.items()]
        print_table("Odd records", ("how many", "why"), rows)


def _print_lines(outcome: Outcome, show: bool) -> None:
    by_what: defaultdict[str, list[Line]] = defaultdict(list)
    for line in outcome.lines:
        by_what[line.what].append(line)
    for what, lines in by_what.items():
        rows = [
            (
                line.person or "-",
                line.source_id if show else _masked(line.source_id),
                line.reason or _differences(line, show),
            )
            for line in lines
        ]
        print_table(f"{what} ({len(lines):,})", ("person", "key", "what"), rows)
    if outcome.more:
        print_line(f"and {outcome.more:,} more.")


def _differences(line: Line, show: bool) -> str:
    if show:
        return "; ".join(f"{name}: {before or '-'} → {after or '-'}" for name, before, after in line.fields)
    return ", ".join(name for name, _, _ in line.fields)


def _counted_records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"


def _masked(value: str) -> str:
    """As much of a value as tells that there is one."""
    return "•••" if value else ""


def _counted(counters: Any) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counters.items())


def _at(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _flat(record: Any) -> dict[str, str]:
    said = {**record.get("identifiers", {}), **record.get("fields", {})}
    return {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in said.items()}


def _described(person: Person) -> dict[str, str]:
    names = ("display", "category", "department", "expires_on", "birth_on", "eppn", "source")
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for one in person.identifiers:
        kinds[str(one.type)].append(one.value)
    found = {kind: ", ".join(values) for kind, values in kinds.items()} | {"emails": ", ".join(person.emails)}
    return found | {name: getattr(person, name) for name in names}


def _run_json(of: Run) -> dict[str, Any]:
    """A run without where it goes on, which is the feed's own affair."""
    found = dataclasses.asdict(of) | {"state": str(of.state), "remarks": of.position.get(REMARKS, {})}
    del found["position"]
    return found


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "nothing": outcome.nothing,
        "resumed": outcome.resumed,
        "run": None if outcome.nothing else _run_json(outcome.run),
        "bad": [dataclasses.asdict(bad) for bad in outcome.bad],
    }


def _line_json(line: Line, show: bool) -> dict[str, Any]:
    fields = [{"name": name, "before": before, "after": after} for name, before, after in line.fields]
    hidden = [{"name": name} for name, _, _ in line.fields]
    return {"what": line.what, "person": line.person, "reason": line.reason, "fields": fields if show else hidden} | (
        {"source_id": line.source_id} if show else {}
    )


def _review_json(item: Review, people: list[Person], *, show: bool) -> dict[str, Any]:
    found = dataclasses.asdict(dataclasses.replace(item, record={}))
    if not show:
        del found["source_id"], found["record"]
        return found
    return found | {"record": dict(item.record), "people": [{"id": one.id} | _described(one) for one in people]}
