"""The catalogue beside Zebra, YAZ's test server and a file: the same records, the same questions, in one run.

How many records is `--records`; without it so many that a scenario takes some minutes.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from tests.benchmarks import harvesters, loading, questions, searchers, zebra
from tests.benchmarks.catalogue_node import node
from tests.benchmarks.machine import LOAD_CPU, megabytes
from tests.benchmarks.scenarios import Figures, folder

INGESTED, INGESTED_QUICK = 100_000, 2_000
SEARCHED, SEARCHED_QUICK = 20_000, 2_000
HARVESTED, HARVESTED_QUICK = 1_000_000, 2_000
SECONDS, SECONDS_QUICK = 4.0, 0.5
CONNECTIONS = (1, 16)
QUESTIONS = 4_000
BOTH_KNOW = ("word", "two_words", "phrase", "prefix", "author", "anywhere")
"""Kinds of questions that Zebra's plain configuration has an index for as well."""
_CATALOGUE = "catalogue.sqlite3"


def ingest(quick: bool, records: int | None) -> Figures:
    """Records loaded and indexed at the same time, until the last can be found, against zebraidx."""
    if absent := zebra.missing():
        return {"skipped": absent}
    count = records or (INGESTED_QUICK if quick else INGESTED)
    with folder() as made:
        ours = _ours(made, count)
        anew = loading.index(made / "data")
        figures: Figures = {
            "records": count,
            "ours": ours,
            "index_alone": {
                "records_per_second": count / anew.seconds,
                "processor_us": anew.processor_seconds / count * 1e6,
                "index_bytes": loading.index_size(made / "data") / count,
            },
        }
        for configuration in zebra.CONFIGURATIONS:
            theirs = _theirs(zebra.index(made / configuration, configuration, _records(configuration, count), count))
            figures[f"zebra_{configuration}"] = theirs
            figures[f"times_zebra_{configuration}"] = {
                "records_per_second": ours["records_per_second"] / theirs["records_per_second"],
                "of_processor_time": theirs["processor_us"] / ours["processor_us"],
                "index_bytes": ours["index_bytes"] / theirs["register_bytes"],
                "index_bytes_without_records": ours["index_bytes"] / theirs["without_records_bytes"],
            }
    return figures


def _records(configuration: str, count: int) -> Path:
    """What a configuration of Zebra reads."""
    return loading.marcxml(count) / "all.xml" if configuration == zebra.KOHA else loading.files(count) / "all.mrc"


def _ours(made: Path, count: int) -> Figures:
    loading.write_files(made / "files", 0, count)
    data_dir = made / "data"
    config = loading.prepare(data_dir)
    with loading.workers(config) as processes:
        spent = -_processor(processes)
        began = time.perf_counter()
        loaded = loading.load(data_dir, made / "files")
        loading.wait_until_indexed(config)
        seconds = time.perf_counter() - began
        spent += _processor(processes) + loaded.processor_seconds
    return {
        "records_per_second": count / seconds,
        "loaded_per_second": count / loaded.seconds,
        "processor_us": spent / count * 1e6,
        "store_bytes": loading.size(data_dir / _CATALOGUE) / count,
        "index_bytes": loading.index_size(data_dir) / count,
        "load_megabytes": loaded.megabytes,
    }


def _processor(processes: list[psutil.Process]) -> float:
    """With the time of threads that have ended."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def _theirs(took: zebra.Indexing) -> Figures:
    return {
        "records_per_second": took.records / took.seconds,
        "processor_us": took.processor_seconds / took.records * 1e6,
        "register_bytes": took.octets / took.records,
        "without_records_bytes": (took.octets - took.stored) / took.records,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class _Target:
    """A server that answers, its database over Z39.50 and its path over SRU."""

    server: int
    z3950: int
    database: str
    sru: int = 0
    path: str = ""


def z3950(quick: bool, records: int | None) -> Figures:
    """Searches, and searches with ten records each, against Zebra; YAZ's test server says what the protocol allows."""
    if absent := zebra.missing():
        return {"skipped": absent}
    count = records or (SEARCHED_QUICK if quick else SEARCHED)
    asked = [one.pqf for one in questions.questions(count, QUESTIONS, BOTH_KNOW)]
    for_records = [one.pqf for one in questions.questions(count, QUESTIONS, questions.COMMON, common=True)]

    def measure(target: _Target) -> Figures:
        found: Figures = {}
        for connections in CONNECTIONS:
            load = searchers.Load(target.z3950, "z3950", target.database, connections, asked, server=target.server)
            found[f"searches_{connections}"] = _timed(load, quick)
            load = dataclasses.replace(load, questions=for_records, records=True)
            found[f"records_{connections}"] = _timed(load, quick)
        return found

    figures: Figures = {"records": count, "questions": len(asked), "questions_for_records": len(for_records)}
    figures |= {name: measure(target) for name, target in _targets(count)}
    with zebra.ceiling() as (port, process):
        figures["ztest"] = measure(_Target(process.pid, port, zebra.DATABASE))
    return figures | _compared(figures)


def sru(quick: bool, records: int | None) -> Figures:
    """Searches with ten records in MARCXML each, against Zebra."""
    if absent := zebra.missing():
        return {"skipped": absent}
    count = records or (SEARCHED_QUICK if quick else SEARCHED)
    asked = [one.cql for one in questions.questions(count, QUESTIONS, questions.COMMON, common=True)]

    def measure(target: _Target) -> Figures:
        load = searchers.Load(target.sru, "sru", target.path, 1, asked, records=True, server=target.server)
        return {f"at_{n}": _timed(dataclasses.replace(load, connections=n), quick) for n in CONNECTIONS}

    figures: Figures = {"records": count, "questions": len(asked)}
    figures |= {name: measure(target) for name, target in _targets(count)}
    return figures | _compared(figures)


def _compared(figures: Figures) -> Figures:
    """Our rates as multiples of Zebra's, and Zebra's processor time as a multiple of ours: where others use the
    processors as well, the second says more."""
    compared: Figures = {}
    for name in zebra.CONFIGURATIONS:
        times: Figures = {}
        for key, ours in figures["ours"].items():
            theirs = figures[name][key]
            rate = "records_per_second" if "records_per_second" in ours else "searches_per_second"
            times[key] = ours[rate] / theirs[rate]
            times[f"{key}_of_processor_time"] = theirs["processor_us"] / ours["processor_us"]
        compared[f"times_{name}"] = times
    return compared


def _timed(load: searchers.Load, quick: bool) -> Figures:
    """The rates of a load that has run in before: what is cold is asked for once, and by nobody twice."""
    searchers.search(dataclasses.replace(load, seconds=SECONDS_QUICK))
    found = searchers.search(dataclasses.replace(load, seconds=SECONDS_QUICK if quick else SECONDS))
    if not found["hits"] or (load.records and not found["records"]):
        raise RuntimeError(f"nothing was found on port {load.port}: {found}")
    wanted = ("searches_per_second", "p50_ms", "p99_ms", "processor_us")
    figures = {name: found[name] for name in wanted} | {"hits_a_search": found["hits"] / found["searches"]}
    if load.records:
        figures |= {"records_per_second": found["records_per_second"]}
    return figures


def _targets(count: int) -> Iterator[tuple[str, _Target]]:
    """Our server and Zebra's, each while it is looked at."""
    with node(loading.indexed_catalogue(count)) as running:
        yield "ours", _Target(running.process.pid, running.z3950, "all", running.http, "/sru")
    for name in zebra.CONFIGURATIONS:
        with _zebra(count, name) as target:
            yield name, target


@contextmanager
def _zebra(count: int, configuration: str) -> Iterator[_Target]:
    def make(made: Path) -> None:
        zebra.index(made, configuration, _records(configuration, count), count)

    register = loading.cached(count, f"zebra-{configuration}", loading.ZEBRA, make)
    with zebra.server(register) as (port, process):
        yield _Target(process.pid, port, zebra.DATABASE, port, f"/{zebra.DATABASE}")


def oai(quick: bool, records: int | None) -> Figures:
    """The whole list in MARCXML by one harvester and by four, its last page against its first, against a file."""
    count = records or (HARVESTED_QUICK if quick else HARVESTED)
    with node(loading.catalogue(count), alone=True) as running:
        load = harvesters.Load(running.http, "/oai")
        whole = harvesters.harvest(load)
        four = harvesters.harvest(dataclasses.replace(load, harvesters=4, seconds=SECONDS_QUICK if quick else 10.0))
        flat = pages_again(load, whole)
        memory = megabytes(running.process)
    from_file = _file(min(count, SEARCHED))
    return {
        "records_in_store": count,
        "records": whole["records"],
        "one_harvester_per_second": whole["records_per_second"],
        "four_harvesters_per_second": four["records_per_second"],
        "four_harvesters_megabytes_per_second": four["megabytes_per_second"],
        **flat,
        "megabytes": memory,
        **from_file,
        "of_file_parsed": four["records_per_second"] / from_file["file_parsed_per_second"],
    }


def pages_again(load: harvesters.Load, whole: dict[str, Any]) -> Figures:
    """The first, the middle and the last page by turns, and how much longer the last takes."""
    tokens: dict[str, str] = whole["tokens"]
    again = harvesters.harvest(dataclasses.replace(load, again=list(tokens.values())))
    times: dict[str, float] = dict(zip(tokens, again["ms"], strict=True))
    return {
        **{f"{name}_page_ms": took for name, took in times.items()},
        "last_to_first": times["last"] / times["first"],
        "last_to_first_in_passing": whole["last_twentieth_ms"] / whole["first_twentieth_ms"],
    }


def _file(count: int) -> Figures:
    """The same records in a MARCXML file, read as octets and parsed."""
    psutil.Process().cpu_affinity([LOAD_CPU])
    try:
        with folder() as made:
            file = made / "records.xml"
            with file.open("wb") as written:
                loading.write_marcxml(written, count)
            return {
                "file_read_per_second": count / _fastest(lambda: _count_octets(file)),
                "file_parsed_per_second": count / _fastest(lambda: _count_parsed(file)),
            }
    finally:
        psutil.Process().cpu_affinity([])


def _fastest(work: Callable[[], int]) -> float:
    times: list[float] = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _count_octets(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(chunk.count(b"</record>") for chunk in iter(lambda: opened.read(1 << 20), b""))


def _count_parsed(file: Path) -> int:
    count = 0
    for _, element in etree.iterparse(file, tag="{http://www.loc.gov/MARC21/slim}record"):
        count += 1
        element.clear()
        while (before := element.getprevious()) is not None:
            parent = element.getparent()
            assert parent is not None
            parent.remove(before)
    return count


class Scenario(Protocol):
    def __call__(self, quick: bool, records: int | None) -> Figures: ...


SCENARIOS: dict[str, Scenario] = {
    "ingest": ingest,
    "z3950": z3950,
    "sru": sru,
    "oai": oai,
}
