"""`make bench-scale`: everything about the catalogue again with ten million records, or `--records N`.

The steps so far are kept beside the data, so that a run that was interrupted goes on where it was; what was loaded in
an interrupted piece does not count for the rate. The data goes when all is done. A result is kept unless there is one
of more records.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from gateway.catalogue.catalogue import INDEX_FOLDER
from tests.benchmarks import harvesters, loading, page, questions, searchers
from tests.benchmarks.catalogue import pages_again
from tests.benchmarks.catalogue_node import Node, node
from tests.benchmarks.machine import describe, megabytes

NAME = "scale"
RECORDS = 10_000_000
PIECE = 500_000
"""Records that are written into files and loaded at once."""
_QUESTIONS = 2_000
_KINDS = ("word", "two_words", "phrase", "prefix", "isbn")
_STATE = "scale.json"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-scale")
    parser.add_argument("--records", type=int, default=RECORDS, help="records in the catalogue")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the data has room")
    asked = parser.parse_args(arguments)
    machine = describe()
    data_dir = asked.folder / f"gateway-bench-scale-{asked.records}"
    figures = page.rounded(measure(data_dir, asked.records))
    print(json.dumps({NAME: figures}, indent=2))
    if _kept() <= asked.records:
        page.keep(NAME, machine, figures)
        page.write()
    shutil.rmtree(data_dir)
    return 0


def _kept() -> int:
    file = page.RESULTS / f"{NAME}.json"
    return json.loads(file.read_text(encoding="utf-8"))["figures"]["records"] if file.exists() else 0


def measure(data_dir: Path, records: int) -> dict[str, Any]:
    steps = Steps(data_dir)
    figures: dict[str, Any] = {"records": records, "load": _load(steps, data_dir, records)}
    figures["index"] = _index(steps, data_dir, records)
    figures["bytes_a_record"] = _sizes(data_dir, records)
    with node(data_dir) as running:
        at_start = _memory(running)
        figures["searches"] = _searches(running, records)
        figures["harvest"] = _harvest(running)
        figures["megabytes_at_start"], figures["megabytes_at_end"] = at_start, _memory(running)
    return figures


class Steps:
    """What has been done, kept in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _STATE
        folder.mkdir(parents=True, exist_ok=True)
        self._done: dict[str, Any] = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}

    def get(self, name: str) -> Any:
        return self._done.get(name)

    def put(self, name: str, value: Any) -> None:
        self._done[name] = value
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(self._done), encoding="utf-8")
        written.replace(self._file)


def _load(steps: Steps, data_dir: Path, records: int) -> dict[str, Any]:
    if steps.get("prepared") is None:
        loading.prepare(data_dir)
        steps.put("prepared", True)
    pieces: list[dict[str, Any]] = []
    for first in range(0, records, PIECE):
        after = min(first + PIECE, records)
        name = f"piece {first}"
        if (took := steps.get(name)) is None or took == "begun":
            say(f"loading records {first:,} to {after:,} of {records:,}")
            interrupted = took == "begun"
            steps.put(name, "begun")
            files = data_dir / f"files-{first}"
            loading.write_files(files, first, after)
            measured = dataclasses.asdict(loading.load(data_dir, files))
            took = {} if interrupted else measured | {"records": after - first}
            steps.put(name, took)
            shutil.rmtree(files)
        if took:
            pieces.append(took)
    if not pieces:
        return {"interrupted_pieces": -(-records // PIECE)}
    counted = sum(piece["records"] for piece in pieces)
    return {
        "records_per_second": counted / sum(piece["seconds"] for piece in pieces),
        "first_piece_per_second": pieces[0]["records"] / pieces[0]["seconds"],
        "last_piece_per_second": pieces[-1]["records"] / pieces[-1]["seconds"],
        "seconds": sum(piece["seconds"] for piece in pieces),
        "processor_us": sum(piece["processor_seconds"] for piece in pieces) / counted * 1e6,
        "megabytes": max(piece["megabytes"] for piece in pieces),
        "interrupted_pieces": -(-records // PIECE) - len(pieces),
    }


def _index(steps: Steps, data_dir: Path, records: int) -> dict[str, Any]:
    if (took := steps.get("index")) is None:
        say("indexing")
        took = dataclasses.asdict(loading.index(data_dir))
        steps.put("index", took)
    if steps.get("settled") is None:
        say("sorting into sets")
        loading.settle(loading.configuration(data_dir))
        steps.put("settled", True)
    return {
        "records_per_second": records / took["seconds"],
        "seconds": took["seconds"],
        "processor_us": took["processor_seconds"] / records * 1e6,
        "megabytes": took["megabytes"],
    }


def _sizes(data_dir: Path, records: int) -> dict[str, float]:
    whole = loading.index_size(data_dir)
    headings = sum(file.stat().st_size for file in (data_dir / INDEX_FOLDER).rglob("headings.sqlite3*"))
    return {
        "store": loading.size(data_dir / "catalogue.sqlite3") / records,
        "index": (whole - headings) / records,
        "headings": headings / records,
    }


def _memory(running: Node) -> dict[str, dict[str, float]]:
    """Of the server and of the catalogue's own processes, by role."""
    processes = {"server": running.process}
    for child in running.process.children():
        processes[child.cmdline()[-1]] = child  # its role is the last word
    return {name: megabytes(process) for name, process in processes.items()}


def _searches(running: Node, records: int) -> dict[str, Any]:
    """Milliseconds of searches over Z39.50, each asked once; 16 connections ask all kinds."""
    found: dict[str, Any] = {}
    everything: list[str] = []
    load = searchers.Load(running.z3950, "z3950", "all", 1, [], server=running.process.pid)
    for kind in _KINDS:
        say(f"searching: {kind}")
        asked = [one.pqf for one in questions.questions(records, _QUESTIONS, (kind,))]
        everything += asked
        measured = searchers.search(dataclasses.replace(load, questions=asked))
        found[kind] = {
            "p50_ms": measured["p50_ms"],
            "p99_ms": measured["p99_ms"],
            "hits_a_search": measured["hits"] / measured["searches"],
        }
    say("searching: 16 connections")
    many = searchers.search(dataclasses.replace(load, questions=everything, connections=16))
    common = questions.questions(records, _QUESTIONS, questions.COMMON, common=True)
    ten = searchers.search(dataclasses.replace(load, questions=[one.pqf for one in common], records=True))
    found["all_kinds_16"] = {key: many[key] for key in ("searches_per_second", "p50_ms", "p99_ms")}
    found["with_ten_records"] = {key: ten[key] for key in ("records_per_second", "p50_ms", "p99_ms")}
    return found


def _harvest(running: Node) -> dict[str, Any]:
    say("harvesting the whole list")
    load = harvesters.Load(running.http, "/oai")
    whole = harvesters.harvest(load)
    flat = pages_again(load, whole)
    return {name: whole[name] for name in ("records", "records_per_second", "first_page_ms", "octets_a_record")} | flat


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
