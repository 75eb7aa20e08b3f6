"""`gateway harvest`: a member's systems over OAI-PMH, now. Ctrl-C ends after the page at hand.

Exit codes: 0 everything harvested, 1 a source had a problem or records were refused, 2 wrong usage or configuration,
3 the catalogue is away, 4 interrupted before everything was harvested (the next harvest goes on where this one ended).
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.clock import SystemClock
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from gateway.config import Config, ConfigError, HarvestConfig, load
from gateway.harvesting.harvest import Outcome, Step
from gateway.harvesting.schedule import harvest_source, sources

PROBLEM, WRONG, AWAY, INTERRUPTED = 1, 2, 3, 4
REFUSED_SHOWN = 20

DEFAULT_FILE = Path("gateway.toml")


def harvest(
    member: Annotated[str, typer.Argument(help="Code of the member.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Name of a source; all of the member's where not given. Repeatable.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole list, anew; what it lacks is deleted here.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask and read, write nothing.")] = False,
    accept_deletions: Annotated[
        bool, typer.Option("--accept-deletions", help="With --full: believe it however much is missing.")
    ] = False,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, no progress bar.")] = False,
) -> None:
    """Harvest a member's systems over OAI-PMH: what is new since the last time, or everything.

    Exit codes: 1 a source had a problem or records were refused, 2 wrong usage, 3 the catalogue is away, 4 interrupted.
    """
    try:
        settings = load(config)
    except ConfigError as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    chosen = _chosen(settings, member, source or [])
    outcomes: list[Outcome] = []
    try:
        asyncio.run(
            _run(
                settings, member, chosen, outcomes, full=full, dry_run=dry_run, accept_gone=accept_deletions,
                quiet=as_json,
            )
        )  # fmt: skip
    except KeyboardInterrupt:  # before a source was asked, after the last one, or for the second time
        pass
    except ConfigError as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    except CatalogueUnavailable as away:
        say(f"the catalogue does not answer: {away}")
        raise typer.Exit(AWAY) from away
    if as_json:
        print_json([dataclasses.asdict(outcome) for outcome in outcomes])
    else:
        for outcome, asked in zip(outcomes, chosen, strict=False):
            _show(outcome, asked, dry_run=dry_run)
    if left := _left(outcomes, chosen):
        goes_on = f"the next `gateway harvest {member}` goes on there"
        say(f"interrupted: {', '.join(left)} not harvested to the end; {goes_on}")
        raise typer.Exit(INTERRUPTED)
    if any(outcome.problem or outcome.refused for outcome in outcomes):
        raise typer.Exit(PROBLEM)


def _chosen(settings: Config, member: str, names: list[str]) -> list[HarvestConfig]:
    """The sources meant; says what is wrong and ends where there are none."""
    if member not in settings.members:
        say(f"there is no member {member!r}")
        raise typer.Exit(WRONG)
    known = {source.name: source for code, source in sources(settings) if code == member}
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        has = f"; it has {', '.join(known)}" if known else f": see members.{member}.catalogue.harvest"
        say(f"{member} has no source {', '.join(unknown) or 'to harvest'}{has}")
        raise typer.Exit(WRONG)
    return [known[name] for name in names] or list(known.values())


def _left(outcomes: list[Outcome], chosen: list[HarvestConfig]) -> list[str]:
    """The sources that were not come to, or stopped at: without a problem nothing else keeps one from its end."""
    ended = {outcome.source for outcome in outcomes if outcome.finished or outcome.problem}
    return [source.name for source in chosen if source.name not in ended]


async def _run(
    settings: Config,
    member: str,
    chosen: list[HarvestConfig],
    outcomes: list[Outcome],
    *,
    full: bool,
    dry_run: bool,
    accept_gone: bool,
    quiet: bool,
) -> None:
    """Harvests one source after the other into `outcomes`. Raises ConfigError, CatalogueUnavailable."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.catalogue_url.startswith("sqlite:"):
        await migrate.upgrade(settings.catalogue_url)
    store = await open_writer(settings.catalogue_url)
    stop = threading.Event()
    columns = (BarColumn(), TaskProgressColumn(), _Records(), TimeRemainingColumn())
    try:
        intake = Ingest.configured(store, settings)
        with Progress(TextColumn("{task.description}"), *columns, console=diagnostics, disable=quiet) as bars:
            for source in chosen:
                bar = bars.add_task(escape(source.name), total=None, step=None)

                def show(step: Step, bar: object = bar) -> None:
                    bars.update(bar, completed=step.records, total=step.size, step=step)  # type: ignore[arg-type]

                work = harvest_source(
                    member,
                    source,
                    store,
                    intake,
                    SystemClock(),
                    settings,
                    stop,
                    full=full,
                    dry_run=dry_run,
                    accept_gone=accept_gone,
                    progress=show,
                )
                running = asyncio.ensure_future(work)
                try:
                    outcomes.append(await asyncio.shield(running))
                except asyncio.CancelledError:  # which is what Ctrl-C becomes: the page at hand is finished
                    say("stopping after the page at hand")
                    stop.set()
                    outcomes.append(await running)
                if stop.is_set():
                    break
    finally:
        await store.close()


class _Records(ProgressColumn):
    """Records so far and their rate."""

    def render(self, task: Task) -> Text:
        step: Step | None = task.fields["step"]
        if step is None or not task.elapsed:
            return Text("")
        rate = (step.records - step.resumed_at) / task.elapsed
        return Text(f"{step.records:,} records ({rate:,.0f}/s)")


def _show(outcome: Outcome, source: HarvestConfig, *, dry_run: bool) -> None:
    if outcome.begun_anew:
        say(f"{outcome.source}: begun from the beginning again: {outcome.begun_anew}")
    if outcome.problem and not outcome.pages:
        say(f"{outcome.source}: {outcome.problem}")
        return
    how = "read, nothing written" if dry_run else f"{outcome.added:,} new, {outcome.changed:,} changed"
    kind = "the whole list" if outcome.full else "what is new"
    text = f"[bold]{escape(outcome.source)}[/bold]: {outcome.records:,} records ({kind}): {how}"
    text += f", {outcome.deleted + outcome.gone:,} deleted, {len(outcome.refused):,} refused"
    if outcome.resumed_at:
        text += f"; {outcome.resumed_at:,} of them in an earlier run"
    print_line(text + ("." if outcome.finished else "; not to the end."))
    if outcome.problem:
        say(f"{outcome.source}: {outcome.problem}")
    if outcome.full and outcome.finished and not outcome.records and source.set_spec:
        say(f"{outcome.source}: the set {source.set_spec!r} is empty, or the source has none of that name (ListSets)")
    if outcome.refused:
        rows = [(refusal.label, refusal.reason) for refusal in outcome.refused[:REFUSED_SHOWN]]
        print_table(f"Refused (the first {len(rows)} of {len(outcome.refused):,})", ("record", "why"), rows)
