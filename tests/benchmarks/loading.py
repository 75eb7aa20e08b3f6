"""The catalogue loaded and indexed with the benchmarks' records, in processes of their own, so that their time counts.

`python -m tests.benchmarks.loading_process load DATA_DIR FILES` takes FILES/{member}.mrc as `gateway import marc
--catalogue-only` does; `... index DATA_DIR` makes the index as `gateway catalogue rebuild index` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.catalogue import cli
from gateway.catalogue.catalogue import INDEX_FOLDER
from gateway.catalogue.index import directory
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_reader, open_writer
from gateway.catalogue.store.reader import Reader
from gateway.commands.output import diagnostics
from gateway.config import Config
from gateway.demo.config import demo_config
from gateway.importing.marc_catalogue import import_catalogue
from gateway.importing.progress import Step
from gateway.runtime import beside
from gateway.store import migrate as platform_schema
from library_protocols.marc import read, to_marcxml
from tests.benchmarks.corpus import MEMBERS, corpus
from tests.benchmarks.machine import python

_RECORDS = ("tests/benchmarks/corpus.py", "src/gateway/demo/*.py")
_CATALOGUE = (
    *_RECORDS,
    "src/gateway/catalogue/**/*.py",
    "src/gateway/importing/*.py",
    "protocols/library_protocols/marc/**/*.py",
)
ZEBRA = (*_RECORDS, "src/gateway/catalogue/index_map/*.py", "tests/benchmarks/zebra*.py")
"""The code that decides how the data of a benchmark comes out."""
_A_MEMBER = 9_000
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took: seconds by the clock and of processor time, its own and its children's, and most memory,
    its own."""

    seconds: float
    processor_seconds: float
    megabytes: float


def configuration(data_dir: Path) -> Config:
    """The demo's, with the doors of the catalogue on free ports and the data of a benchmark."""
    settings: dict[str, Any] = demo_config(data_dir)
    settings["listeners"] = {
        name: {"protocol": name, "host": "127.0.0.1", "port": 0} for name in ("http", "z3950")
    }  # fmt: skip
    return Config.model_validate(settings)


def members(records: int) -> tuple[str, ...]:
    """Whose so many records are: the n-th is the (n modulo their number)-th member's."""
    return MEMBERS[: max(records // _A_MEMBER, 2)]


def write_files(folder: Path, first: int, after: int) -> None:
    """The records of each member into a file of its own; few records are few members', for a load begins with
    starting processes."""
    made = corpus()
    folder.mkdir(parents=True, exist_ok=True)
    codes = members(after - first)
    with contextlib.ExitStack() as opened:
        files = [opened.enter_context((folder / f"{code}.mrc").open("wb")) for code in codes]
        for number in range(first, after):
            files[number % len(files)].write(made.record(number))


def prepare(data_dir: Path) -> Config:
    """An empty data directory with the stores in it."""
    config = configuration(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)

    async def upgrade() -> None:
        await platform_schema.upgrade(config.store_url)
        await migrate.upgrade(config.catalogue_url)

    asyncio.run(upgrade())
    return config


def load(data_dir: Path, files: Path) -> Took:
    """Loads every member's file. Raises RuntimeError where it ended badly."""
    return _run("load", str(data_dir), str(files))


def index(data_dir: Path) -> Took:
    """Makes the index of what was loaded."""
    return _run("index", str(data_dir))


def _run(*arguments: str) -> Took:
    began = time.perf_counter()
    process = subprocess.Popen(python("tests.benchmarks.loading_process", *arguments), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as answer:
        peak = answer.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} ended with {process.returncode}")
    return Took(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, float(peak))


@contextlib.contextmanager
def workers(config: Config) -> Iterator[list[psutil.Process]]:
    """The catalogue's own processes, as the server starts them, once they are ready."""
    orders = beside.orders(config)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for role in beside.CATALOGUE:
            process = subprocess.Popen(
                python("gateway.runtime.beside", role), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            started.append(process)
            assert process.stdin is not None
            process.stdin.write(len(orders).to_bytes(8, "big") + orders)
            process.stdin.flush()
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline().strip() != b"ready":
                raise RuntimeError(f"a process of the catalogue ended with {process.wait()}")
        yield [psutil.Process(process.pid) for process in started]
    finally:
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
        for process in started:
            process.wait(60)


def wait_until_indexed(config: Config) -> None:
    """Returns once the index has followed everything that was loaded."""
    path = config.data_dir / INDEX_FOLDER

    async def up_to_date(store: Reader) -> bool:
        folder = directory.current(path)
        return folder is not None and not await store.index_entries(directory.position(folder), 1)

    asyncio.run(_watch(config, up_to_date))


def settle(config: Config) -> None:
    """Lets the catalogue's own processes do what they do once after a load: sort the records into sets."""

    async def sorted_into_sets(store: Reader) -> bool:
        return await store.state("sets") is not None

    with workers(config):
        asyncio.run(_watch(config, sorted_into_sets))


async def _watch(config: Config, reached: Callable[[Reader], Awaitable[bool]]) -> None:
    store = await open_reader(config.catalogue_url)
    try:
        while not await reached(store):  # noqa: ASYNC110  another process's work
            await asyncio.sleep(0.1)
    finally:
        await store.close()


def size(path: Path) -> int:
    """Octets of a file with what SQLite keeps beside it, or of a folder."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))


def index_size(data_dir: Path) -> int:
    """Octets of the index that is in use, its headings with it."""
    folder = directory.current(data_dir / INDEX_FOLDER)
    assert folder is not None
    return size(folder)


def cached(records: int, name: str, made_by: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """A folder that `make` has filled: kept between runs, made anew where the code that decides has changed."""
    base = Path(tempfile.gettempdir()) / f"gateway-bench-{records}"
    folder, stamp = base / name, base / f"{name}.made-by"
    version = _version(made_by)
    if not stamp.exists() or stamp.read_text(encoding="ascii") != version:
        stamp.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        stamp.write_text(version, encoding="ascii")
    return folder


def _version(made_by: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for source in made_by:
        for file in sorted(_ROOT.glob(source)):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def files(records: int) -> Path:
    """The first so many records in files: one a member, and all in `all.mrc`, in the order of their numbers."""

    def make(folder: Path) -> None:
        write_files(folder, 0, records)
        with (folder / "all.mrc").open("wb") as whole:
            whole.writelines(corpus().records(0, records))

    return cached(records, "files", _RECORDS, make)


def marcxml(records: int) -> Path:
    """The same records in one file in MARCXML, one a line, as Koha hands them to Zebra."""

    def make(folder: Path) -> None:
        with (folder / "all.xml").open("wb") as whole:
            write_marcxml(whole, records)

    return cached(records, "marcxml", _RECORDS, make)


def write_marcxml(file: BinaryIO, records: int) -> None:
    """The first so many records as one collection."""
    file.write(b'<collection xmlns="http://www.loc.gov/MARC21/slim">\n')
    file.writelines(to_marcxml(read(data).record) + b"\n" for data in corpus().records(0, records))
    file.write(b"</collection>\n")


def catalogue(records: int) -> Path:
    """The data directory of a gateway whose catalogue holds the first so many records, not indexed."""

    def make(folder: Path) -> None:
        prepare(folder)
        load(folder, files(records))

    return cached(records, "catalogue", _CATALOGUE, make)


def indexed_catalogue(records: int) -> Path:
    """The same, indexed."""
    data_dir = catalogue(records)

    def make(_: Path) -> None:
        index(data_dir)
        settle(configuration(data_dir))

    cached(records, "indexed", _CATALOGUE, make)
    return data_dir


def run(work: str, data_dir: str, *files: str) -> None:
    """Does in this process what `load` and `index` measure; its peak of memory goes to standard output."""
    asyncio.run(_load(Path(data_dir), Path(*files)) if work == "load" else _index(Path(data_dir)))
    # Only then is the time of those that it started counted with ours.
    forkserver._forkserver._stop()  # pyright: ignore[reportAttributeAccessIssue]  typeshed does not know it
    print(_peak())


async def _load(data_dir: Path, folder: Path) -> None:
    config = configuration(data_dir)
    store = await open_writer(config.catalogue_url)
    ingest = Ingest.configured(store, config)
    sources = {code: file for code in MEMBERS if (file := folder / f"{code}.mrc").exists()}
    total = sum(file.stat().st_size for file in sources.values())
    before = 0
    try:
        with _bars() as bars:
            bar = bars.add_task("loading", total=total)
            for code, file in sources.items():

                def show(step: Step, before: int = before) -> None:
                    bars.update(bar, completed=before + step.position)

                report = await import_catalogue(ingest, code, file, progress=show)
                if report.rows_refused:
                    raise RuntimeError(f"{report.rows_refused} records of {file} were refused, see {report.rejects}")
                before += file.stat().st_size
    finally:
        await store.close()


async def _index(data_dir: Path) -> None:
    """What the command does."""
    config = configuration(data_dir)
    store = await open_writer(config.catalogue_url)
    try:
        if await cli._reindex(config, store, not diagnostics.is_terminal) is None:
            raise RuntimeError("somebody else writes this index")
    finally:
        await store.close()


def _peak() -> float:
    """Megabytes that this process had at most; what the kernel tells its parent counts the parent's own as well."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=diagnostics, disable=not diagnostics.is_terminal)
