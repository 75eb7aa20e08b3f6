"""`make soak-harvest`: the whole catalogue of a consortium harvested by sickle and by Perl's HTTP::OAI, and then what
has changed, whole and by sets, each list broken off twice: once the server is killed, once the harvester.

What they hold in the end is compared with the store, record by record. The result is kept only where all agrees.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.catalogue.ingest import Ingest
from gateway.catalogue.records import ALL
from gateway.catalogue.store import open_reader, open_writer
from gateway.config import Config
from gateway.importing.marc_catalogue import import_catalogue
from library_protocols.oai_pmh import parse_datestamp
from tests.benchmarks import harvest_clients, loading, page
from tests.benchmarks.catalogue_node import Node, node
from tests.benchmarks.corpus import corpus
from tests.benchmarks.machine import describe

NAME = "soak-harvest"
RECORDS = 100_000
CLIENTS = ("sickle", "HTTP::OAI")
SETS = ("", "format:book", "member:bangor")
"""'' is everything."""
CHANGED, DELETED = 50, 100
"""Every so many records one is changed, or deleted; so many as are deleted are new."""
_PAGE = 10_000


class Wrong(Exception):
    """A harvester does not hold what the store does."""


class Servers:
    """One server after the other over the same data."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._open: Any = None
        self._node: Node | None = None

    @property
    def url(self) -> str:
        assert self._node is not None
        return f"http://127.0.0.1:{self._node.http}/oai"

    def start(self) -> None:
        self._open = node(self._data_dir)
        self._node = self._open.__enter__()

    def stop(self) -> None:
        self._open.__exit__(None, None, None)

    def kill(self) -> None:
        """As a machine that loses its power; another one follows."""
        assert self._node is not None
        self._node.process.kill()
        self.stop()
        self.start()


@dataclass
class Harvested:
    """What came of a list: records of the parts that were whole, in the order they came."""

    came: list[tuple[str, bool]] = field(default_factory=list)
    parts: int = 0
    since: str = ""
    token: str = ""
    broken_off: int = 0

    def live(self, before: set[str] | None = None) -> set[str]:
        """The identifiers that a harvester has after this list, with those that it had before."""
        held = set(before or ())
        for identifier, deleted in self.came:
            (held.discard if deleted else held.add)(identifier)
        return held


def harvest(client: str, servers: Servers, verb: str, arguments: dict[str, str], parts: int) -> Harvested:
    """The whole list of so many parts. Where they are more than a few the server is killed after two fifths of them,
    and the harvester after four fifths; each time a new process goes on with the token of the last whole part."""
    done = Harvested()
    kills = {parts * 2 // 5: "server", parts * 4 // 5: "client"} if parts >= 5 else {}
    while True:
        asked = {"resumptionToken": done.token} if done.token else arguments
        begun = done.parts
        code = _part_of(client, servers, verb, asked, done, kills)
        if code == 0:
            return done
        done.broken_off += 1
        if done.parts == begun and done.broken_off > 5:
            raise Wrong(f"{client} does not get on with {asked}, and ends with {code}")


def _part_of(
    client: str, servers: Servers, verb: str, asked: dict[str, str], done: Harvested, kills: dict[int, str]
) -> int:
    """Harvests until the list, the server or the harvester ends; the harvester's exit code."""
    command = harvest_clients.command(client, servers.url, verb, asked)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        came: list[tuple[str, bool]] = []
        for line in process.stdout:
            first, *rest = line.split()
            if first != "part":
                came.append((first, rest == ["deleted"]))
                continue
            done.came += came
            came = []
            done.parts += 1
            done.since = done.since or rest[0]
            done.token = rest[1] if len(rest) > 1 else ""
            match kills.pop(done.parts, ""):
                case "server":
                    servers.kill()
                case "client":
                    process.kill()
        return process.wait()


@dataclass(frozen=True)
class Held:
    """What the store holds of a list: identifier and whether it was deleted."""

    entries: list[tuple[str, bool]]

    def live(self) -> set[str]:
        return {identifier for identifier, deleted in self.entries if not deleted}


async def held(config: Config, set_spec: str, since: str = "") -> Held:
    """What the store holds of the consortium's view or a set of it, changed since then."""
    date = parse_datestamp(since) if since else None
    reader = await open_reader(config.catalogue_url)
    entries: list[tuple[str, bool]] = []
    after, more = 0, True
    try:
        while more:
            found = await reader.changes(ALL, set_spec, after, date.first if date else None, None, _PAGE)
            repository = config.catalogue.repository_identifier
            entries += [(f"oai:{repository}:{ALL}:{each.shared}", each.deleted) for each in found.entries]
            after, more = (found.entries[-1].seq, found.more) if found.entries else (after, False)
    finally:
        await reader.close()
    return Held(entries)


def compare(what: str, done: Harvested, expected: Held) -> None:
    """Raises Wrong where a record is missing, came twice, or came otherwise than the store has it."""
    twice = [each for each, times in Counter(done.came).items() if times > 1]
    lost, added = set(expected.entries) - set(done.came), set(done.came) - set(expected.entries)
    if twice or lost or added:
        raise Wrong(f"{what}: {len(lost)} lost {sorted(lost)[:3]}, {len(twice)} twice {twice[:3]}, "
                    f"{len(added)} that the store has not {sorted(added)[:3]}")  # fmt: skip


async def change(config: Config, folder: Path, records: int) -> dict[str, int]:
    """Changes, deletes and adds records, as loads of members' files beside the server that serves."""
    made = corpus()
    members = loading.members(records)
    files: dict[str, list[bytes]] = {code: [] for code in members}
    counts = Counter[str]()
    for number in range(0, records, CHANGED):
        data = made.record(number)
        if number % DELETED == 0:
            counts["deleted"] += 1
            data = data[:5] + b"d" + data[6:]  # leader 05
        else:
            counts["changed"] += 1
            data = data[:17] + (b"7" if data[17:18] == b"8" else b"8") + data[18:]  # leader 17: how full it is
        files[members[number % len(members)]].append(data)
    for number in range(records, records + counts["deleted"]):
        files[members[number % len(members)]].append(made.record(number))
        counts["added"] += 1
    store = await open_writer(config.catalogue_url)
    try:
        ingest = Ingest.configured(store, config)
        for code, content in files.items():
            source = folder / f"{code}-changes.mrc"
            source.write_bytes(b"".join(content))
            await import_catalogue(ingest, code, source, workers=0)
    finally:
        await store.close()
    return dict(counts)


def soak(data_dir: Path, records: int) -> dict[str, Any]:
    """Everything, with counts of what was done. Raises Wrong."""
    config = loading.configuration(data_dir)
    figures: dict[str, Any] = {"records": records}
    with _running(data_dir) as servers:
        first = {(client, spec): _list(client, servers, config, spec) for client in CLIENTS for spec in SETS}
        figures["changes"] = asyncio.run(change(config, data_dir, records))
        for client in CLIENTS:
            figures[client] = {}
            for spec in SETS:
                whole = first[client, spec]
                news = _list(client, servers, config, spec, whole.since)
                if news.live(whole.live()) != asyncio.run(held(config, spec)).live():
                    raise Wrong(f"{client}, {spec or 'everything'}: not what the store holds after the changes")
                figures[client][spec or "everything"] = {
                    "records": len(whole.came), "parts": whole.parts, "broken_off": whole.broken_off,
                    "changes": len(news.came), "deleted": sum(deleted for _, deleted in news.came),
                    "changes_broken_off": news.broken_off,
                }  # fmt: skip
    return figures


def _list(client: str, servers: Servers, config: Config, spec: str, since: str = "") -> Harvested:
    """A list, compared with the store: everything as records, a set as headers."""
    expected = asyncio.run(held(config, spec, since))
    verb = "ListIdentifiers" if spec else "ListRecords"
    chosen = {"set": spec} if spec else {}
    chosen |= {"from": since} if since else {}
    parts = len(expected.entries) // config.catalogue.limits.page_records
    done = harvest(client, servers, verb, {"metadataPrefix": "marc21", **chosen}, parts)
    compare(f"{client}, {spec or 'everything'}, from {since or 'the beginning'}", done, expected)
    print(
        f"{client:10} {spec or 'everything':14} {len(done.came):8,} in {done.parts:4} parts, {done.broken_off} breaks"
    )
    return done


@contextmanager
def _running(data_dir: Path) -> Iterator[Servers]:
    servers = Servers(data_dir)
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make soak-harvest")
    parser.add_argument("--records", type=int, default=RECORDS, help="records in the catalogue")
    parser.add_argument("--keep", action="store_true", help="keep the result of fewer records as well")
    asked = parser.parse_args()
    machine = describe()
    made = loading.indexed_catalogue(asked.records)
    with tempfile.TemporaryDirectory(prefix="gateway-soak-harvest-") as folder:
        data_dir = Path(folder) / "data"
        shutil.copytree(made, data_dir)
        figures = soak(data_dir, asked.records)
    if asked.keep or asked.records >= RECORDS:
        page.keep(NAME, machine, figures)
        page.write()


if __name__ == "__main__":
    main()
