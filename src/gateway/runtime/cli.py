"""The commands that run a gateway and look after it: demo, serve, check, config, reload, backup, restore, platform."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import ssl
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from gateway.catalogue.store import migrate as catalogue_schema
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.catalogue.store.restoring import catalogue_part
from gateway.catalogue.store.restoring import is_there as catalogue_is_there
from gateway.config import Config, ConfigError, Problem, load, refuse_demo, schema
from gateway.config.model import CATALOGUE_FILE, REGISTER_FILE
from gateway.demo import campus as demo_campus
from gateway.demo import data as demo_data
from gateway.demo.banner import banner
from gateway.demo.config import LISTENERS, demo_config
from gateway.identity.register import migrate as register_schema
from gateway.identity.register.port import RegisterUnavailable
from gateway.identity.register.restoring import is_there as register_is_there
from gateway.identity.register.restoring import register_part
from gateway.runtime import logs
from gateway.runtime.check import check as run_check
from gateway.runtime.compose import compose, problems
from gateway.runtime.data_directory import PID_FILE, PROGRAM_FILE, DataDirectoryInUse, serving_from
from gateway.runtime.listeners import PortInUse, bind
from gateway.runtime.people_work import take_in
from gateway.runtime.program import program
from gateway.runtime.serve import Server, write_ready_file
from gateway.runtime.tls import demo_certificate
from gateway.store import migrate
from gateway.store.backup import BackupError, Manifest, Part, backup, restore
from gateway.store.effects import StoreUnavailable
from gateway.store.url import sqlite_path

T = TypeVar("T")

NO, USAGE, OUTSIDE = 1, 2, 3
HIGHEST_OFFSET = 65535 - max(port for _, port, _ in LISTENERS.values())

console = Console()
diagnostics = Console(stderr=True, highlight=False)

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
ReadyFile = Annotated[
    Path | None, typer.Option(help="Written once every listener answers: one line each, its name and port.")
]
StoreUrl = Annotated[
    str | None,
    typer.Option(help="The store under another name: on PostgreSQL, as a role that row-level security does not bind."),
]
DEFAULT_CONFIG = Path("gateway.toml")

config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
platform_app = typer.Typer(help="The platform behind the gateway.", no_args_is_help=True)


def demo(
    port_offset: Annotated[int, typer.Option(min=0, max=HIGHEST_OFFSET, help="Added to every port.")] = 0,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep the data here; without it they go when the demo ends.")
    ] = None,
    store_url: Annotated[
        str | None, typer.Option(help="Another store than an SQLite file in the data directory.")
    ] = None,
    ready_file: ReadyFile = None,
) -> None:
    """Start the demo consortium on loopback: eleven members, their kiosks, patrons and items, every listener."""
    logs.configure(readable=True)
    if data_dir is not None:
        _demo(data_dir.resolve(), port_offset, store_url, ready_file)
        return
    with tempfile.TemporaryDirectory(prefix="library-gateway-") as directory:
        _demo(Path(directory), port_offset, store_url, ready_file)


def _demo(data_dir: Path, port_offset: int, store_url: str | None, ready_file: Path | None) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    certificate, key = demo_certificate(data_dir / "tls")
    document = demo_config(data_dir, port_offset, certificate=certificate, key=key)
    if store_url:
        document["store"] = {"url": store_url}
    with _campus(data_dir, certificate, key, document) as campus:
        _serve_demo(Config.model_validate(document), data_dir, ready_file, campus=campus)


@contextlib.contextmanager
def _campus(data_dir: Path, certificate: Path, key: Path, document: dict[str, Any]) -> Iterator[bool]:
    """The demo's campus directory, where it can be had; whether it runs."""
    directory = None
    try:
        with bind("127.0.0.1", 0) as free:
            port = free.getsockname()[1]
        directory = demo_campus.start(data_dir / "campus", port, certificate, key)
    except (demo_campus.NoCampus, OSError) as error:
        diagnostics.print(f"The demo goes without a campus directory: slapd says {error}", soft_wrap=True)
    if directory is not None:
        document["members"][demo_campus.MEMBER.code]["identity"] |= directory.settings()
    try:
        yield directory is not None
    finally:
        if directory is not None:
            directory.stop()


def _serve_demo(config: Config, data_dir: Path, ready_file: Path | None, *, campus: bool) -> None:

    async def run() -> None:
        with serving_from(data_dir):
            await serve_demo()

    async def serve_demo() -> None:
        gateway = await compose(config)
        try:
            await demo_data.load(gateway.store, gateway.clock, config.pepper.get_secret_value().encode())
            async for _ in take_in(gateway.store, gateway.register, config.members, gateway.clock):
                pass
        except BaseException:
            await gateway.close()
            raise
        server = Server(gateway)
        diagnostics.print("Getting eleven catalogues ready: some seconds, on a busy machine up to a minute.")

        def ready() -> None:
            # Lines to copy must stay whole, however narrow the terminal is.
            console.print(
                banner(server.ports, _program(), campus=campus), soft_wrap=True, markup=False, highlight=False
            )
            if ready_file is not None:
                write_ready_file(ready_file, server.ports)

        await server.run(ready=ready, with_catalogue=True)

    _run(run(), port_hint=" (--port-offset 100 moves every port)")


def _program() -> str:
    """How this program can be called again from here: by its name where the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    found = shutil.which(called.name)
    if found and Path(found).resolve() == called.resolve():
        return called.name
    path = called.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def serve(config: ConfigPath = DEFAULT_CONFIG, ready_file: ReadyFile = None) -> None:
    """Serve what the configuration says, until SIGTERM. SIGHUP reads the configuration again."""
    loaded = _loaded(config)
    if found := [*problems(loaded), *refuse_demo(loaded)]:
        _refuse(found)
    logs.configure(readable=False)

    async def run() -> None:
        with serving_from(loaded.data_dir):
            await serve_configured()

    async def serve_configured() -> None:
        server = Server(await compose(loaded), reload=lambda: load(config))
        about = {PROGRAM_FILE: program(), PID_FILE: str(os.getpid())}

        def ready() -> None:
            for name, text in about.items():
                (loaded.data_dir / name).write_text(text, encoding="ascii")
            if ready_file is not None:
                write_ready_file(ready_file, server.ports)

        try:
            await server.run(ready=ready)
        finally:
            for name in about:
                (loaded.data_dir / name).unlink(missing_ok=True)

    _run(run())


def check(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Load the configuration and try it: profiles, ports, certificates, stores, members' own servers.

    Exit code 1 where something is wrong.
    """
    loaded = _loaded(config, as_json=as_json)
    results = asyncio.run(run_check(loaded))
    if as_json:
        print(orjson.dumps([result.as_dict() for result in results]).decode())
    else:
        for result in results:
            colour = {"ok": "green", "warning": "yellow", "problem": "red"}[result.state]
            line = Text.assemble((f"{result.state:8}", colour), f"{result.what}: {result.found}")
            console.print(line.append(f" ({result.hint})" if result.hint else ""), soft_wrap=True)
    if any(result.state == "problem" for result in results):
        raise typer.Exit(NO)


def reload(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Make the gateway that serves this configuration read it again, after a check of our own."""
    loaded = _loaded(config)
    if found := [*problems(loaded), *refuse_demo(loaded)]:
        _refuse(found)
    pid_file = loaded.data_dir / PID_FILE
    try:
        os.kill(int(pid_file.read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError):
        diagnostics.print(
            f"No gateway serves from {loaded.data_dir}: {PID_FILE} there names no process", soft_wrap=True
        )
        raise typer.Exit(OUTSIDE) from None
    console.print("The gateway reads its configuration again; its log says what came of it.")


@config_app.command("show")
def config_show(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """The configuration in force, defaults filled in and secrets covered, as JSON."""
    print(_loaded(config).model_dump_json(indent=2))


@config_app.command("schema")
def config_schema() -> None:
    """The JSON Schema of the configuration file."""
    print(orjson.dumps(schema(), option=orjson.OPT_INDENT_2).decode())


@platform_app.command("migrate")
def platform_migrate(
    url: Annotated[str, typer.Option(help="The store, named as its owner: the owner may change tables.")],
    app_role: Annotated[
        str | None, typer.Option(help="PostgreSQL role of the gateway itself, which is granted what it needs.")
    ] = None,
) -> None:
    """Bring the tables of the reference platform, the catalogue and the person register to this version's schema."""

    async def upgrade() -> None:
        await migrate.upgrade(url, app_role=app_role)
        if not url.startswith("sqlite:"):  # there the others are files of their own, which `serve` upgrades
            await catalogue_schema.upgrade(url, app_role=app_role)
            await register_schema.upgrade(url, app_role=app_role)

    _run(upgrade())
    console.print("The tables are as this version needs them.")


def backup_command(
    target: Annotated[Path, typer.Argument(help="File to write.")],
    config: ConfigPath = DEFAULT_CONFIG,
    url: StoreUrl = None,
    without_catalogue: Annotated[
        bool, typer.Option("--without-catalogue", help="Leave the catalogue out, which may be large.")
    ] = False,
) -> None:
    """Copy store, register and catalogue into one file while the gateway runs: compressed, checked, with a manifest."""
    store, register, catalogue = _places(config, url)
    beside = [register] if register_is_there(register.url) else []
    if not without_catalogue and catalogue_is_there(catalogue.url):
        beside.append(catalogue)
    with _progress("Backing up") as (progress, task):
        manifest = _run(
            backup(
                store,
                target,
                lambda done, total: progress.update(task, completed=done, total=total),
                beside=beside,
                leave_out=[part for part in (register, catalogue) if part not in beside],
            )
        )
    _say_held(f"{target}:", manifest)


def restore_command(
    source: Annotated[Path, typer.Argument(help="A file that `gateway backup` wrote.")],
    config: ConfigPath = DEFAULT_CONFIG,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a store that holds data.")] = False,
    url: StoreUrl = None,
) -> None:
    """Put a backup back, all or nothing. The gateway must not be running. What is not in it stays as it is."""
    store, *beside = _places(config, url)
    with _progress("Restoring") as (progress, task):
        manifest = _run(
            restore(
                source,
                store,
                replace=replace,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
                beside=beside,
            )
        )
    _say_held(f"{source}: restored", manifest)
    for part in beside:
        if part.name not in manifest.holds:
            console.print(f"The {part.name} was not in it, and is as it was.")


def _places(config: Path, url: str | None) -> tuple[str, Part, Part]:
    """Where the store is, and the register and the catalogue: in it, or in the files beside it."""
    now = int(time.time())
    if url is None:
        loaded = _loaded(config)
        return loaded.store_url, register_part(loaded.register_url), catalogue_part(loaded.catalogue_url, now)
    path = sqlite_path(url)
    if path is None:
        return url, register_part(url), catalogue_part(url, now)
    register, catalogue = (
        f"sqlite:///{Path(path).absolute().with_name(name)}" for name in (REGISTER_FILE, CATALOGUE_FILE)
    )
    return url, register_part(register), catalogue_part(catalogue, now)


def _say_held(what: str, manifest: Manifest) -> None:
    held = [f"{name} (schema {one.revision}), {sum(one.rows.values()):,} rows" for name, one in manifest.holds.items()]
    console.print(f"{what} {', '.join(held)}", soft_wrap=True)


class _progress:  # noqa: N801
    """A progress bar with time left, on standard error."""

    def __init__(self, what: str) -> None:
        self._bar = Progress(
            TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=diagnostics
        )

    def __enter__(self) -> tuple[Progress, TaskID]:
        self._bar.start()
        return self._bar, self._bar.add_task("", total=None)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _loaded(path: Path, *, as_json: bool = False) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        _refuse(error.problems, as_json=as_json)


def _refuse(found: list[Problem], *, as_json: bool = False) -> NoReturn:
    if as_json:
        print(
            orjson.dumps(
                [{"state": "problem", "what": p.key, "found": p.message, "hint": p.hint} for p in found]
            ).decode()
        )
    for problem in found if not as_json else ():
        diagnostics.print(f"[red]problem[/] {problem}", soft_wrap=True)
    raise typer.Exit(USAGE)


def _run(work: Coroutine[Any, Any, T], *, port_hint: str = "") -> T:
    """Runs `work`; what fails outside is said in one line and is exit code 3. `port_hint`: for a port in use."""
    try:
        return uvloop.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (
        PortInUse,
        DataDirectoryInUse,
        StoreUnavailable,
        CatalogueUnavailable,
        RegisterUnavailable,
        BackupError,
        migrate.WrongRevision,
        ssl.SSLError,
        sqlite3.Error,
        OSError,
    ) as error:
        hint = port_hint if isinstance(error, PortInUse) else ""
        diagnostics.print(f"[red]{type(error).__name__}[/]: {error}{hint}", soft_wrap=True)
        raise typer.Exit(OUTSIDE) from None
