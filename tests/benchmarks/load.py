"""The load: kiosks that each wait for an answer before they say the next thing. Run as a process of its own.

Reads one JSON object from standard input (see `Load`), writes one with the figures. Octets are composed here by hand,
so that nothing of the gateway's own codec is measured twice.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import uvloop

from tests.benchmarks.machine import LOAD_CPU, pin, processor_seconds

DATE = "20261123    090000"
LOGIN = "9300CN{login}|COkiosk-demo|CP|"


@dataclass
class Load:
    """`kind`: item, patron, patron_pin or pair. `members` are demo numbers; `spread` is how many different items or
    patrons of each are asked for, from `first` on, and `once` that each is asked for once (else `messages` in all);
    of pairs `first` is the number of the first step, an even one: what was said before is a repetition and done once;
    `think` is the mean pause in seconds, 0 for none. `echo`: the server only sends back. `server`: its process id, for
    its processor time between the first question and the last answer; logins are before that."""

    port: int
    kind: str
    connections: int
    messages: int
    members: list[tuple[str, int]]  # code, number
    spread: int
    first: int = 0
    once: bool = False
    server: int = 0
    login_suffix: str = "-kiosk-1"
    think: float = 0.0
    echo: bool = False
    seconds: float = 0.0  # with think time: how long


def lendable(place: int) -> int:
    """Number of the demo's item that is an ordinary book of the main library: every seventh is at home elsewhere."""
    return 43 + place // 6 * 7 + place % 6


def sealed(text: str, sequence: int) -> bytes:
    data = f"{text}AY{sequence}AZ".encode()
    return data + b"%04X\r" % (-sum(data) & 0xFFFF)


class Kiosk(asyncio.Protocol):
    """One connection; `number` decides what it asks for."""

    def __init__(self, load: Load, number: int) -> None:
        self.load, self.number = load, number
        self.code, self.member = load.members[number % len(load.members)]
        # A member's kiosks share what is asked of it.
        self.seat, self.seats = (
            number // len(load.members),
            len(range(number % len(load.members), load.connections, len(load.members))),
        )
        if load.once:
            self.quota = len(range(self.seat, load.spread, self.seats))
        else:
            self.quota = 10**9 if load.seconds else max(1, load.messages // load.connections)
        self.institution = self.code.upper()
        self.step = self.begun = load.first if load.kind == "pair" else 0
        self.latencies: list[float] = []
        self.refused = 0
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self._buffer = b""
        self._random = random.Random(number)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        transport.write(sealed(LOGIN.format(login=f"{self.code}{self.load.login_suffix}"), 0))  # pyright: ignore

    def begin(self) -> None:
        if self.load.think:
            asyncio.get_running_loop().call_later(self._random.uniform(0, self.load.think * 2), self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        text = self._text()
        self.step += 1
        self.sent = time.perf_counter()
        self.transport.write(sealed(text, self.step % 10))

    def _text(self) -> str:
        load, step = self.load, self.step
        pick = load.first + (self.seat + step * self.seats) % load.spread
        if load.kind == "item":
            return f"17{DATE}AO{self.institution}|AB3{self.member:02d}{41 + pick:05d}|"
        if load.kind == "patron":
            return f"63001{DATE}          AO{self.institution}|AA2{self.member:02d}{12 + pick:05d}|"
        if load.kind == "patron_pin":
            return f"63001{DATE}          AO{self.institution}|AA2{self.member:02d}{12 + pick:05d}|AD1234|"
        # A pair: the kiosk's own item and patron, and the second of the day moves on as a kiosk's clock does.
        item = f"3{self.member:02d}{lendable(self.seat * 20 + (step // 2) % 20):05d}"
        patron = f"2{self.member:02d}{12 + self.seat % 48:05d}"
        hour, minute, second = 8 + step // 3600 % 12, step // 60 % 60, step % 60
        date = f"20261123    {hour:02d}{minute:02d}{second:02d}"
        if step % 2 == 0:
            return f"11NN{date}{date}AO{self.institution}|AA{patron}|AB{item}|AC|"
        return f"09N{date}{date}AP{self.institution}|AO{self.institution}|AB{item}|AC|"

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(b"\r"):
            return
        answer, self._buffer = self._buffer, b""
        if not self.ready.done():
            self.ready.set_result(None)
            return
        self.latencies.append(time.perf_counter() - self.sent)
        if self.load.kind == "pair" and answer[2:3] != b"1" and not self.load.echo:
            self.refused += 1
        if self.done.done():
            return
        if self.step - self.begun >= self.quota:
            self.done.set_result(None)
        elif self.load.think:
            asyncio.get_running_loop().call_later(self._random.expovariate(1 / self.load.think), self._ask)
        else:
            self._ask()


async def run(load: Load) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    kiosks = [Kiosk(load, number) for number in range(load.connections)]
    for kiosk in kiosks:
        await loop.create_connection(lambda kiosk=kiosk: kiosk, "127.0.0.1", load.port)
    await asyncio.gather(*(kiosk.ready for kiosk in kiosks))
    spent, start = -processor_seconds(load.server), time.perf_counter()
    for kiosk in kiosks:
        kiosk.begin()
    if load.seconds:
        await asyncio.sleep(load.seconds)
    else:
        await asyncio.gather(*(kiosk.done for kiosk in kiosks))
    took = time.perf_counter() - start
    spent += processor_seconds(load.server)
    latencies = sorted(latency for kiosk in kiosks for latency in kiosk.latencies)
    return {
        "messages": len(latencies),
        "per_second": len(latencies) / took,
        "p50_ms": _at(latencies, 0.5),
        "p99_ms": _at(latencies, 0.99),
        "processor_us": spent / len(latencies) * 1e6,
        "refused": sum(kiosk.refused for kiosk in kiosks),
    }


def _at(ordered: list[float], part: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000, 3) if ordered else 0.0


if __name__ == "__main__":
    pin(LOAD_CPU)
    print(json.dumps(uvloop.run(run(Load(**json.load(sys.stdin))))))
