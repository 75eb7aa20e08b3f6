"""`gateway import`: a member's rules, patrons, items and records from files. Ctrl-C ends after the batch at hand.

Exit codes: 0 everything loaded, 1 some rows were refused, 2 wrong usage or configuration, 3 the store is away,
4 interrupted (the same command goes on where it ended).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import Format
from gateway.catalogue.store import migrate as catalogue_schema
from gateway.catalogue.store import open_writer
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.clock import SystemClock
from gateway.commands.output import diagnostics, print_json, print_line, say
from gateway.config import Config, ConfigError, load
from gateway.identity.register import migrate as register_schema
from gateway.identity.register import open_register
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.importing.csv_items import ItemOptions, import_items
from gateway.importing.csv_patrons import PatronOptions, import_patrons
from gateway.importing.item_fields import ITEM_FIELDS, ItemFields
from gateway.importing.item_rows import ItemDefaults
from gateway.importing.marc import MarcOptions, import_marc
from gateway.importing.marc_catalogue import import_catalogue
from gateway.importing.people import adopt
from gateway.importing.progress import ImportProblem, Progress, Report, Step, Stop
from gateway.importing.rules import Change, export_rules, import_rules
from gateway.importing.rules_model import write_rules
from gateway.importing.rules_text import described
from gateway.platforms.reference.pins import Pins
from gateway.store import open_store
from gateway.store.effects import StoreUnavailable, WriteConflict
from gateway.store.port import Store

app = typer.Typer(help="Load rules, patrons, items and records from files.", no_args_is_help=True)

REFUSED, WRONG, AWAY, INTERRUPTED = 1, 2, 3, 4

MemberCode = Annotated[str, typer.Argument(help="Code of the member whose data this is.")]
Source = Annotated[Path, typer.Argument(help="The file to load.", exists=True, dir_okay=False, readable=True)]
ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Rejects = Annotated[Path | None, typer.Option(help="Where refused rows go; beside the source where not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="The report as JSON, no progress bar.")]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", help="THEIRS=OURS for a column, THEIRS=- leaves it out; repeatable.")
]
Encoding = Annotated[str | None, typer.Option(help="Encoding of the file; found out where not given.")]
ItemType = Annotated[str | None, typer.Option(help="Item type of new items that name none.")]
Location = Annotated[str | None, typer.Option(help="Location of new items that name none.")]

DEFAULT_FILE = Path("gateway.toml")

T = TypeVar("T")
Work = Callable[[Store, Progress, Stop], Awaitable[Report]]


@app.command("patrons")
def patrons(
    member: MemberCode,
    source: Source,
    config: ConfigFile = DEFAULT_FILE,
    mapping: Mapping = None,
    encoding: Encoding = None,
    date_format: Annotated[str, typer.Option(help="How dates are written, as strptime has it.")] = "%Y-%m-%d",
    rejects: Rejects = None,
    as_json: AsJson = False,
) -> None:
    """Load patrons from CSV: made, or brought up to date where an identifier is known; then the person register, which
    LDAP and SCIM read, takes them in."""
    settings = _settings(config, member)
    options = PatronOptions(_pairs(mapping), encoding, date_format)
    clock = SystemClock()

    async def work(store: Store, progress: Progress, stop: Stop) -> Report:
        pins = Pins(settings.pepper.get_secret_value().encode())
        try:
            report = await import_patrons(
                store, clock, member, source, pins, options, rejects=rejects, progress=progress, stop=stop
            )
        finally:
            pins.close()
        register = await _register(settings)
        try:
            await adopt(store, register, member, now=lambda: int(clock.now().timestamp() * 1000), stop=stop)
        finally:
            await register.close()
        return report

    _perform(settings, work, as_json)


@app.command("items")
def items(
    member: MemberCode,
    source: Source,
    config: ConfigFile = DEFAULT_FILE,
    mapping: Mapping = None,
    encoding: Encoding = None,
    item_type: ItemType = None,
    location: Location = None,
    rejects: Rejects = None,
    as_json: AsJson = False,
) -> None:
    """Load items from CSV: copies of titles that are there already."""
    settings = _settings(config, member)
    options = ItemOptions(_pairs(mapping), encoding, ItemDefaults(item_type, location))

    async def work(store: Store, progress: Progress, stop: Stop) -> Report:
        return await import_items(
            store, SystemClock(), member, source, options, rejects=rejects, progress=progress, stop=stop
        )

    _perform(settings, work, as_json)


@app.command("marc")
def marc(
    member: MemberCode,
    sources: Annotated[
        list[Path], typer.Argument(help="The files to load.", exists=True, dir_okay=False, readable=True)
    ],
    config: ConfigFile = DEFAULT_FILE,
    marc_format: Annotated[
        Format | None, typer.Option("--format", help="What the records are; found out one by one where not given.")
    ] = None,
    catalogue_only: Annotated[
        bool, typer.Option("--catalogue-only", help="Leave the platform alone: its bibs and items come another way.")
    ] = False,
    items: Annotated[
        str | None, typer.Option(help="Item fields to read: 952 (Koha), 852 (holdings), 949, or any tag with --item.")
    ] = None,
    item: Annotated[list[str] | None, typer.Option("--item", help="COLUMN=SUBFIELD of the item field.")] = None,
    item_type: ItemType = None,
    location: Location = None,
    map_location: Annotated[list[str] | None, typer.Option(help="THEIRS=OURS for a location code.")] = None,
    map_item_type: Annotated[list[str] | None, typer.Option(help="THEIRS=OURS for an item type.")] = None,
    rejects: Rejects = None,
    as_json: AsJson = False,
) -> None:
    """Load bibliographic records, with their items where asked, from ISO 2709 or MARCXML.

    They go into the catalogue and, to be lent, into the platform. What had to be repaired is told beside the file."""
    if rejects is not None and len(sources) > 1:
        raise typer.BadParameter("--rejects names one file: load the sources one by one")
    settings = _settings(config, member)
    options = MarcOptions(
        _item_fields(items, _pairs(item, "COLUMN=SUBFIELD")),
        ItemDefaults(item_type, location),
        _pairs(map_location),
        _pairs(map_item_type),
        marc_format,
    )
    reports = [
        _answered(_loaded(settings, member, source, options, rejects, as_json, catalogue_only)) for source in sources
    ]
    _tell(reports, as_json, sources)


async def _loaded(
    settings: Config,
    member: str,
    source: Path,
    options: MarcOptions,
    rejects: Path | None,
    as_json: bool,
    catalogue_only: bool,
) -> Report:
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if settings.catalogue_url.startswith("sqlite:"):
        await catalogue_schema.upgrade(settings.catalogue_url)
    catalogue = await open_writer(settings.catalogue_url)
    try:
        ingest = Ingest.configured(catalogue, settings)

        async def both(store: Store, progress: Progress, stop: Stop) -> Report:
            return await import_marc(
                store, SystemClock(), member, source, options,
                ingest=ingest, rejects=rejects, progress=progress, stop=stop,
            )  # fmt: skip

        async def one(progress: Progress, stop: Stop) -> Report:
            return await import_catalogue(
                ingest, member, source, options, rejects=rejects, progress=progress, stop=stop
            )

        if catalogue_only:
            return await _with_bars(one, as_json)
        return await _opened(settings, lambda store: _with_bars(partial(both, store), as_json))
    finally:
        await catalogue.close()


@app.command("rules")
def rules(
    member: MemberCode,
    source: Annotated[
        Path | None, typer.Argument(help="The TOML file to load.", exists=True, dir_okay=False, readable=True)
    ] = None,
    config: ConfigFile = DEFAULT_FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what only the store has and nothing uses.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Print the rules as they are, as such a file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The changes as JSON.")] = False,
) -> None:
    """Load locations, patron categories, item types, closed days and loan rules: all of a TOML file, or nothing.

    A running gateway decides by them from its next command on. The same file again changes nothing."""
    if export == (source is not None) or (export and (dry_run or prune or as_json)):
        raise typer.BadParameter("give either a file to load, or --export alone")
    settings = _settings(config, member)
    known = settings.members[member]

    async def work(store: Store) -> list[Change]:
        if source is None:
            typer.echo(
                write_rules(await export_rules(store, known), f"The rules of {known.name}", known.currency), nl=False
            )
            return []
        return await import_rules(store, known, source, prune=prune, dry_run=dry_run)

    changes = _answered(_opened(settings, work))
    if as_json:
        print_json([dataclasses.asdict(change) for change in changes])
    elif source is not None:
        for line in described(changes, dry_run=dry_run):
            print_line(escape(line))


def _item_fields(tag: str | None, subfields: dict[str, str]) -> ItemFields | None:
    if tag is None:
        if subfields:
            raise typer.BadParameter("--item needs --items, the tag of the field")
        return None
    known = ITEM_FIELDS.get(tag)
    return ItemFields(tag, {**(known.subfields if known else {}), **subfields})


def _pairs(given: list[str] | None, shape: str = "THEIRS=OURS") -> dict[str, str]:
    pairs = [text.partition("=") for text in given or ()]
    for left, equals, right in pairs:
        if not left or not equals or not right:
            raise typer.BadParameter(f"{left}{equals}{right!s}: write {shape}")
    return {left: right for left, _, right in pairs}


def _settings(path: Path, member: str) -> Config:
    try:
        config = load(path)
    except ConfigError as error:
        say(str(error))
        raise typer.Exit(WRONG) from error
    if member not in config.members:
        say(f"there is no member {member!r}; there are: {', '.join(sorted(config.members))}")
        raise typer.Exit(WRONG)
    return config


def _perform(config: Config, work: Work, as_json: bool) -> None:
    _tell([_answered(_opened(config, lambda store: _with_bars(partial(work, store), as_json)))], as_json)


def _tell(reports: list[Report], as_json: bool, sources: Sequence[Path] = ()) -> None:
    """Says what was done, as one object for one file and a list for several, and ends with the exit code for it."""
    if as_json:
        told = [json.loads(json.dumps(dataclasses.asdict(report), default=str)) for report in reports]
        print_json(told if len(told) > 1 else told[0])
    else:
        for number, report in enumerate(reports):
            name = f"{sources[number]}: " if len(reports) > 1 else ""
            print_line(escape(name + _sentence(report)))
    if not all(report.finished for report in reports):
        raise typer.Exit(INTERRUPTED)
    if any(report.rows_refused for report in reports):
        raise typer.Exit(REFUSED)


def _answered(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives; where it cannot be done, its problem is said and the command ends."""
    try:
        return asyncio.run(work)
    except (ImportProblem, ConfigError, OSError) as problem:
        say(str(problem))
        raise typer.Exit(WRONG) from problem
    except (StoreUnavailable, CatalogueUnavailable, RegisterUnavailable) as away:
        say(f"the store does not answer: {away}")
        raise typer.Exit(AWAY) from away
    except WriteConflict as conflict:
        say(f"others write the same rows without a pause, try again: {conflict}")
        raise typer.Exit(AWAY) from conflict


async def _register(config: Config) -> Register:
    """The person register; one in a file is brought to the current schema. Raises RegisterUnavailable."""
    if config.register_url.startswith("sqlite:"):
        await register_schema.upgrade(config.register_url)
    return await open_register(config.register_url)


async def _opened(config: Config, work: Callable[[Store], Awaitable[T]]) -> T:
    store = await open_store(config.store_url)
    try:
        return await work(store)
    finally:
        await store.close()


async def _with_bars(work: Callable[[Progress, Stop], Awaitable[Report]], as_json: bool) -> Report:
    columns = (BarColumn(), TaskProgressColumn(), _Rows(), TimeRemainingColumn())
    with Bars(TextColumn("loading"), *columns, console=diagnostics, disable=as_json) as bars:
        bar = bars.add_task("loading", total=None, step=None)

        def show(step: Step) -> None:
            bars.update(bar, completed=step.position, total=step.total, step=step)

        return await _interruptible(lambda stop: work(show, stop))


async def _interruptible(work: Callable[[Stop], Awaitable[Report]]) -> Report:
    """Runs `work`; when this task is cancelled, which is what Ctrl-C does, it is asked to stop and waited for."""
    asked = False
    running = asyncio.ensure_future(work(lambda: asked))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        asked = True
        return await running


class _Rows(ProgressColumn):
    """Rows so far with their rate, and how many were refused."""

    def render(self, task: Task) -> Text:
        step: Step | None = task.fields["step"]
        if step is None or not task.elapsed:
            return Text("")
        rate = (step.rows_done - step.resumed_at) / task.elapsed
        return Text(f"{step.rows_done:,} rows ({rate:,.0f}/s), {step.rows_refused:,} refused")


def _sentence(report: Report) -> str:
    rows = f"{report.rows_done:,} {'row' if report.rows_done == 1 else 'rows'}"
    nothing_left = report.finished and report.resumed_at == report.rows_done > 0
    text = f"Read {rows}" if report.finished else f"Interrupted after {rows}"
    if nothing_left:
        text = f"Nothing left to do: {rows} {'was' if report.rows_done == 1 else 'were'} read before"
    elif report.resumed_at:
        text += f", {report.resumed_at:,} of them earlier"
    if report.rejects is not None:
        text += f"; {report.rows_refused:,} refused, see {report.rejects}"
    if report.repairs is not None:
        text += f"; {report.rows_repaired:,} repaired, see {report.repairs}"
    return text + "."
