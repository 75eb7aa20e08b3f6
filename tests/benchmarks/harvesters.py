"""Harvesters: each follows the list page by page. A process of its own, on the processor of the load.

Reads one JSON object from standard input (see `Load`), writes one with the figures.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

import uvloop
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.commands.output import diagnostics
from tests.benchmarks.machine import LOAD_CPU, pin, python

_TOKEN = re.compile(rb"<resumptionToken([^>]*)>([^<]*)</resumptionToken>")
_SIZE = re.compile(rb'completeListSize="([0-9]+)"')
_HEADER = b"<header"


@dataclass
class Load:
    """Where `seconds` is 0 one harvester reads the whole list; else `harvesters` read from its beginning for so long.

    `again`: instead, the pages behind these tokens ('' is the first page) are read by turns, so many `rounds`."""

    port: int
    path: str
    harvesters: int = 1
    seconds: float = 0.0
    again: list[str] = field(default_factory=list)
    rounds: int = 30


class Page(NamedTuple):
    """`size` is what the list says of its length."""

    records: int
    octets: int
    seconds: float
    token: str
    size: int


class Link:
    """One connection that is kept."""

    def __init__(self, load: Load) -> None:
        self._load = load

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._load.port, limit=1 << 24)

    async def page(self, token: str) -> Page:
        """The page behind a token. Raises ValueError for an answer that is none."""
        began = time.perf_counter()
        asked = f"resumptionToken={quote(token)}" if token else "metadataPrefix=marc21"
        self._writer.write(
            f"GET {self._load.path}?verb=ListRecords&{asked} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Accept-Encoding: identity\r\n\r\n".encode()
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._body(head)
        took = time.perf_counter() - began
        records = body.count(_HEADER)
        found = _TOKEN.search(body)
        if not records or b" 200 " not in head[:16]:
            raise ValueError(f"no page of a list: {body[:500]!r}")
        size = _SIZE.search(found.group(1)) if found else None
        return Page(
            records, len(body), took, found.group(2).decode() if found else "", int(size.group(1)) if size else 0
        )

    async def _body(self, head: bytes) -> bytes:
        if (at := head.find(b"content-length:")) >= 0:
            return await self._reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        parts: list[bytes] = []
        while size := int((await self._reader.readline()), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        self._writer.close()


async def run(load: Load) -> dict[str, Any]:
    if load.again:
        return await _again(load)
    return await (_many(load) if load.seconds else _whole(load))


async def _whole(load: Load) -> dict[str, Any]:
    """The list from its first page to its last, and how long its pages took."""
    link = Link(load)
    await link.open()
    began = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    pages: list[tuple[int, float]] = []
    tokens = [""]
    octets = 0
    with Progress(*columns, console=diagnostics, disable=not diagnostics.is_terminal) as bars:
        bar = bars.add_task("harvesting", total=None)
        token = ""
        while True:
            page = await link.page(token)
            pages.append((page.records, page.seconds))
            octets += page.octets
            bars.update(bar, advance=page.records, total=page.size or None)
            if not page.token:
                break
            token = page.token
            tokens.append(token)
    seconds = time.perf_counter() - began
    link.close()
    records = sum(found for found, _ in pages)
    part = max(len(pages) // 20, 1)
    # The last page of a list is seldom a full one: what is compared is the last full one.
    places = {"first": 0, "middle": len(pages) // 2, "last": max(len(pages) - 2, 0)}
    return {
        "records": records,
        "pages": len(pages),
        "records_per_second": records / seconds,
        "octets_a_record": octets / records,
        "first_page_ms": pages[0][1] * 1000,
        "first_twentieth_ms": statistics.median(took for _, took in pages[:part]) * 1000,
        "last_twentieth_ms": statistics.median(took for _, took in pages[-part - 1 : -1] or pages) * 1000,
        "tokens": {name: tokens[place] for name, place in places.items()},
    }


async def _many(load: Load) -> dict[str, Any]:
    """How many records a second several harvesters get together."""
    until = time.perf_counter() + load.seconds

    async def harvest() -> tuple[int, int]:
        link = Link(load)
        await link.open()
        token, records, octets = "", 0, 0
        while time.perf_counter() < until:
            page = await link.page(token)
            token, records, octets = page.token, records + page.records, octets + page.octets
        link.close()
        return records, octets

    began = time.perf_counter()
    done = await asyncio.gather(*(harvest() for _ in range(load.harvesters)))
    seconds = time.perf_counter() - began
    return {
        "records_per_second": sum(records for records, _ in done) / seconds,
        "megabytes_per_second": sum(octets for _, octets in done) / seconds / 1e6,
    }


async def _again(load: Load) -> dict[str, Any]:
    """Milliseconds that each of some pages takes, the middle of many times."""
    link = Link(load)
    await link.open()
    taken: list[list[float]] = [[] for _ in load.again]
    for _ in range(load.rounds):
        for token, times in zip(load.again, taken, strict=True):
            times.append((await link.page(token)).seconds * 1000)
    link.close()
    return {"ms": [statistics.median(times) for times in taken]}


def harvest(load: Load) -> dict[str, Any]:
    """Runs the load in a process of its own. Raises CalledProcessError where the server did not answer."""
    answer = subprocess.run(
        python("tests.benchmarks.harvesters"),
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


if __name__ == "__main__":
    pin(LOAD_CPU)
    print(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin))))))
