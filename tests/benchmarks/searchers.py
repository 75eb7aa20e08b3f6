"""The load on search servers: clients that wait for an answer before they ask the next thing. A process of its own.

Reads one JSON object from standard input (see `Load`), writes one with the figures. The same for every server that is
compared: requests are encoded beforehand, and of answers no more is read than where they end and what they count.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil
import uvloop

from library_protocols.z3950 import Framer, InitializeRequest, PresentRequest, Query, SearchRequest, encode, parse_pqf
from library_protocols.z3950.facts import Option
from library_protocols.z3950.facts.oids import USMARC
from tests.benchmarks.machine import LOAD_CPU, pin, processor_seconds, python
from tests.benchmarks.questions import PAGE

_COUNT, _RETURNED = 0x97, 0x98
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")
_HITS = re.compile(rb"numberOfRecords>([0-9]+)<")
_LEADER = b"leader>"


@dataclass
class Load:
    """`kind` is z3950 or sru, `questions` are in PQF or CQL accordingly; `records` asks for ten records each time.

    Each question is asked once where `seconds` is 0, else all are asked over and over for so long. `server` is the
    process whose processor time counts, with that of its children: Zebra has one for each connection."""

    port: int
    kind: str
    database: str
    connections: int
    questions: list[str]
    records: bool = False
    seconds: float = 0.0
    server: int = 0


def numbers(pdu: bytes) -> dict[int, int]:
    """The integers at the beginning of a PDU, by tag: all of them stand before its records."""
    found: dict[int, int] = {}
    at = 2 + (pdu[1] & 0x7F) * (pdu[1] > 0x80)
    while at + 1 < len(pdu) and not pdu[at] & 0x20 and pdu[at + 1] < 0x80:
        end = at + 2 + pdu[at + 1]
        found[pdu[at]] = int.from_bytes(pdu[at + 2 : end], "big")
        at = end
    return found


class Asked(NamedTuple):
    hits: int
    records: int
    seconds: float


class Searcher(asyncio.Protocol):
    """One connection, which takes every n-th question."""

    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        self.requests = [self.request(text) for text in load.questions[number :: load.connections]]
        self.buffer = bytearray()
        self.asked: list[Asked] = []
        self.at = 0
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.until = 0.0
        self.hits = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.greet()

    def begin(self, until: float) -> None:
        self.until = until
        self.ask()

    def ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.requests[self.at % len(self.requests)])
        self.at += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        try:
            self.take()
        except ValueError as error:
            self.fail(error)

    def answered(self, hits: int, records: int) -> None:
        now = time.perf_counter()
        self.asked.append(Asked(hits, records, now - self.sent))
        if now < self.until or (not self.until and self.at < len(self.requests)):
            self.ask()
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(exc or ConnectionError("the server closed the connection"))

    def fail(self, error: Exception) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(error)

    @abstractmethod
    def request(self, text: str) -> bytes: ...

    @abstractmethod
    def greet(self) -> None: ...

    @abstractmethod
    def take(self) -> None:
        """Looks for a whole answer in the buffer. Raises ValueError for what is none."""


class Z3950Searcher(Searcher):
    def __init__(self, load: Load, number: int) -> None:
        super().__init__(load, number)
        self.framer = Framer()

    def request(self, text: str) -> bytes:
        return encode(
            SearchRequest(
                small_set_upper_bound=0,
                large_set_lower_bound=1,
                medium_set_present_number=0,
                replace_indicator=True,
                result_set_name="default",
                database_names=(self.load.database,),
                query=Query(1, parse_pqf(text)),
            )
        )

    def greet(self) -> None:
        init = InitializeRequest(
            protocol_version=frozenset(range(3)),
            options=frozenset({Option.SEARCH, Option.PRESENT}),
            preferred_message_size=1_048_576,
            exceptional_record_size=1_048_576,
            implementation_name="benchmark",
        )
        self.transport.write(encode(init))

    def take(self) -> None:
        pdus = self.framer.feed(bytes(self.buffer))
        self.buffer.clear()
        if self.framer.error is not None:
            raise ValueError(str(self.framer.error))
        for pdu in pdus:
            self.heard(pdu)

    def heard(self, pdu: bytes) -> None:
        found = numbers(pdu)
        match pdu[0]:
            case 0xB5:  # initializeResponse
                self.ready.set_result(None)
            case 0xB7:  # searchResponse
                self.hits = found[_COUNT]
                if self.load.records and self.hits:
                    self.transport.write(_present(min(self.hits, PAGE)))
                else:
                    self.answered(self.hits, 0)
            case 0xB9:  # presentResponse
                self.answered(self.hits, found[_RETURNED])
            case tag:
                raise ValueError(f"a PDU {tag:#x} that was not asked for")


def _present(number: int) -> bytes:
    return encode(
        PresentRequest(
            result_set_id="default",
            result_set_start_point=1,
            number_of_records_requested=number,
            simple="F",
            preferred_record_syntax=USMARC,
        )
    )


class SruSearcher(Searcher):
    def request(self, text: str) -> bytes:
        wanted = PAGE if self.load.records else 0
        target = (
            f"{self.load.database}?version=1.1&operation=searchRetrieve&query={quote(text)}"
            f"&maximumRecords={wanted}&recordSchema=marcxml"
        )
        return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode("ascii")

    def greet(self) -> None:
        self.ready.set_result(None)

    def take(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        header = bytes(self.buffer[:end])
        if (length := _LENGTH.search(header)) is not None:
            size = end + 4 + int(length.group(1))
            if len(self.buffer) < size:
                return
        elif _CHUNKED.search(header):
            if not self.buffer.endswith(b"\r\n0\r\n\r\n"):
                return
            size = len(self.buffer)
        else:
            raise ValueError("an answer that does not say where it ends")
        body = bytes(self.buffer[end:size])
        del self.buffer[:size]
        hits = _HITS.search(body)
        if hits is None:
            raise ValueError(f"no answer to a search: {body[:300]!r}")
        self.answered(int(hits.group(1)), body.count(_LEADER) // 2)


async def run(load: Load, kind: Callable[[Load, int], Searcher]) -> dict[str, Any]:
    """Asks as long as the load says. Raises what `Searcher.take` or the connection does."""
    loop = asyncio.get_running_loop()
    searchers = [kind(load, number) for number in range(load.connections)]
    for one in searchers:
        await loop.create_connection(lambda one=one: one, "127.0.0.1", load.port)
    await asyncio.gather(*(one.ready for one in searchers))
    spent, start = -_spent(load), time.perf_counter()
    for one in searchers:
        one.begin(start + load.seconds if load.seconds else 0.0)
    await asyncio.gather(*(one.done for one in searchers))
    took = time.perf_counter() - start
    spent += _spent(load)
    asked = [each for one in searchers for each in one.asked]
    seconds = sorted(each.seconds for each in asked)
    return {
        "searches": len(asked),
        "searches_per_second": len(asked) / took,
        "records_per_second": sum(each.records for each in asked) / took,
        "records": sum(each.records for each in asked),
        "hits": sum(each.hits for each in asked),
        "with_hits": sum(each.hits > 0 for each in asked),
        "p50_ms": _at(seconds, 0.5),
        "p99_ms": _at(seconds, 0.99),
        "processor_us": spent / len(asked) * 1e6,
    }


def _spent(load: Load) -> float:
    if not load.server:
        return 0.0
    children = psutil.Process(load.server).children(recursive=True)
    return sum(map(processor_seconds, (load.server, *(child.pid for child in children))))


def _at(ordered: list[float], part: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000, 3)


def search(load: Load, module: str = "tests.benchmarks.searchers") -> dict[str, Any]:
    """Runs the load in a process of its own. Raises CalledProcessError where the server did not answer."""
    answer = subprocess.run(
        python(module),
        input=json.dumps(asdict(load)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout)


if __name__ == "__main__":
    pin(LOAD_CPU)
    wanted = Load(**json.load(sys.stdin))
    asked_by = Z3950Searcher if wanted.kind == "z3950" else SruSearcher
    print(json.dumps(uvloop.run(run(wanted, asked_by))))
